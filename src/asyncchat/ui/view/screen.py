"""The terminal: an input with what stands around it, and lines printed into the scrollback above."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from prompt_toolkit.application import Application, create_app_session
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.clipboard.in_memory import InMemoryClipboard
from prompt_toolkit.completion import Completer, ConditionalCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition, has_completions, has_focus
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import History, InMemoryHistory
from prompt_toolkit.input import create_input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout.containers import ConditionalContainer, Float, FloatContainer, HSplit, Window
from prompt_toolkit.layout.controls import BufferControl, FormattedTextControl
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.layout import Layout
from prompt_toolkit.layout.processors import BeforeInput, ConditionalProcessor, PasswordProcessor, TabsProcessor
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import suspend_to_background_supported
from prompt_toolkit.widgets.toolbars import SearchToolbar

from asyncchat.text.sanitize import is_blank
from asyncchat.ui.view.menu import menu
from asyncchat.ui.view.paste import MOST_TYPED, hint, pasted, question
from asyncchat.ui.view.printer import Printer, Terminal
from asyncchat.ui.view.reflow import TAB, Line
from asyncchat.ui.view.status_bar import Around
from asyncchat.ui.view.style import STYLES

MENU_ROWS = 8
"""Rows of the completion menu, and room for it below the line while it is open."""


class Screen:
    """An input behind `prompt`, which `send` gets when Enter is pressed; use it within `opened`.

    Several lines, as they come from a paste or with Alt-Enter, go to `send` together, and are no commands then. `keys`:
    what other keys do, by their names, pressed together with Alt.
    Ctrl-D on an empty line ends `run`; Ctrl-C drops several lines, else it cancels the task that runs it.
    """

    def __init__(
        self,
        around: Around,
        *,
        send: Callable[[str], None],
        prompt: Callable[[], str],
        completer: Completer,
        history: History,
        keys: Mapping[str, Callable[[], None]],
    ) -> None:
        self._around = around
        self._send = send
        self._keys = keys
        self._prompt = prompt
        self._brought: object = None  # something new for each line that was brought back, until a key is pressed
        self._brought_before: object = None  # the same, before the key at hand
        self._asking: tuple[str, Callable[[str], None]] | None = None
        self._history = history
        self._clipboard = InMemoryClipboard()
        is_completed = Condition(lambda: not self.is_asking and not self._has_lines)
        self._buffer = Buffer(completer=ConditionalCompleter(completer, is_completed), history=history, multiline=True)
        self._buffer.on_text_changed += self._withdraw_question
        self._question = ""  # before several lines are sent
        self._search = SearchToolbar()
        self._style = Style.from_dict(STYLES)
        self._task: asyncio.Task[object] | None = None

    @contextmanager
    def opened(self) -> "Iterator[None]":
        """Have the terminal: what others print meanwhile goes to the scrollback, too."""
        output = Terminal.from_pty(sys.stdout, term=os.environ.get("TERM"), default_color_depth=ColorDepth.from_env())
        # Not asking where the cursor is keeps the status line next to the input instead of at the bottom, and no late
        # answer can end up in what is typed, or in the shell afterwards.
        output.enable_cpr = False
        self._output = output
        with create_app_session(create_input(), output), patch_stdout():
            self._app = Application[None](
                layout=self._layout(),
                style=self._style,
                key_bindings=self._bindings(),
                clipboard=self._clipboard,
                erase_when_done=True,
                terminal_size_polling_interval=None,  # the signal tells
            )
            self._printer = Printer(self._app, output, self._style)
            self._app.before_render += self._shrink
            self._app.key_processor.before_key_press += self._remember_brought
            self._app.key_processor.after_key_press += self._forget_brought
            yield

    async def run(self, started: Callable[[], None]) -> None:
        """Let the person type, until `close` or Ctrl-D; `started` is called as soon as `close` works."""
        self._task = asyncio.current_task()

        def start() -> None:
            # The toolkit's own handler, which it puts back at the end, takes every terminal for one that wraps nothing.
            asyncio.get_running_loop().call_soon(self._printer.watch)
            started()

        # Other signals, and mistakes, are for whoever runs this loop.
        try:
            await self._app.run_async(pre_run=start, handle_sigint=False, set_exception_handler=False)
        finally:
            self._printer.stop_watching()

    def close(self) -> None:
        """End `run`."""
        if self._app.is_running and not self._app.is_done:
            self._app.exit()

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the window."""
        size = self._output.get_size()
        return size.columns, size.rows

    @property
    def typed(self) -> str:
        """What stands in the line."""
        return self._buffer.text

    def bring_back(self, text: str) -> None:
        """Put something into the line, to be mended or sent again; typing something else replaces it."""
        self._buffer.document = Document(text)
        self._brought = object()

    def exchange(self, draft: Document) -> Document:
        """Put what was typed before into the line, and return what stands there."""
        before, self._question, self._brought = self._buffer.document, "", None
        self._buffer.reset(draft)
        return before

    def reload_history(self) -> None:
        """Let the arrow keys bring back what the history has now."""
        if not self.is_asking:  # else that is done afterwards
            self._buffer.reset(self._buffer.document)

    def ask(self, question: str, then: Callable[[str], None]) -> None:
        """Let the next line be typed unseen, and give it to `then`: nothing gets there from other lines, or back."""
        self._asking = question, then
        self._buffer.history, self._app.clipboard = InMemoryHistory(), InMemoryClipboard()
        self._buffer.reset()

    @property
    def is_asking(self) -> bool:
        """Whether the next line is typed unseen."""
        return self._asking is not None

    def print(self, lines: Sequence[Line]) -> None:
        """Print lines of styled text above."""
        self._printer.print(lines)

    def draw(self) -> None:
        """Draw anew what stands around the line."""
        self._app.invalidate()

    def ring(self) -> None:
        """Ring the bell."""
        self._output.bell()

    def clear(self) -> None:
        """Empty the screen; the scrollback stays."""
        self._printer.clear()

    def _layout(self) -> Layout:
        line = Window(
            BufferControl(
                self._buffer,
                input_processors=[
                    ConditionalProcessor(PasswordProcessor(), Condition(lambda: bool(self._asking))),
                    TabsProcessor(char1=" ", char2=" ", tabstop=TAB),
                    BeforeInput(lambda: [("class:question", self._asking[0])] if self._asking else self._prompt()),
                ],
                search_buffer_control=self._search.control,
            ),
            height=self._height,
            style=lambda: "class:dim" if self._brought else "",
            wrap_lines=True,
            dont_extend_height=True,
        )
        above = Window(FormattedTextControl(self._above), dont_extend_height=True, wrap_lines=True)
        # Not the whole row, since a terminal that wraps anew would make two of it whenever it gets narrower.
        status = Window(
            FormattedTextControl(lambda: [("class:status", self._around.status(self.size[0]))]),
            height=Dimension(min=0, max=1, preferred=1),
        )
        whole = HSplit(
            [ConditionalContainer(above, Condition(lambda: bool(self._above()))), line, self._search, status]
        )
        completions = Float(menu(MENU_ROWS), xcursor=True, ycursor=True)
        return Layout(FloatContainer(whole, [completions]), focused_element=line)

    def _above(self) -> FormattedText:
        rows = [("class:dim", row) for row in self._around.above(self.size[0])]
        if self._has_lines:
            rows.append(("class:reason", self._question or hint(self._buffer.document.line_count)))
        return FormattedText(
            (style, f"{row}\n" if index < len(rows) else row) for index, (style, row) in enumerate(rows, 1)
        )

    def _height(self) -> Dimension:
        if has_completions():
            return Dimension(min=max(1, min(MENU_ROWS + 1, self.size[1] - 2)))
        return Dimension(min=1, max=max(1, self.size[1] // 2))  # what was said stays in sight

    def _shrink(self, app: Application[None]) -> None:
        """Leave no blank rows where something was that is gone."""
        size = self._output.get_size()
        last = app.renderer.last_rendered_screen
        if last and last.height > app.layout.container.preferred_height(size.columns, size.rows).preferred:
            app.renderer.erase()

    def _remember_brought(self, _: object) -> None:
        self._brought_before = self._brought

    def _forget_brought(self, _: object) -> None:
        """A line that was brought back is like any other as soon as a key was pressed after that."""
        if self._brought and self._brought is self._brought_before:
            self._brought = None

    def _bindings(self) -> KeyBindings:
        keys = KeyBindings()
        typing = has_focus(self._buffer)
        asking = Condition(lambda: self.is_asking)
        questioned = typing & Condition(lambda: bool(self._question))
        several = Condition(lambda: self._has_lines)

        @keys.add("enter", filter=typing)
        def _(event: KeyPressEvent) -> None:
            state = self._buffer.complete_state
            if state and state.current_completion:
                self._buffer.complete_state = None
            elif not self._question:
                self._enter()

        @keys.add("escape", "enter", filter=typing & ~asking)
        def _(event: KeyPressEvent) -> None:
            self._buffer.insert_text("\n")

        for key, act in self._keys.items():
            keys.add("escape", key, filter=typing & ~asking)(partial(lambda act, _: act(), act))

        @keys.add("y", filter=questioned)
        def _(event: KeyPressEvent) -> None:
            self._send_lines()

        @keys.add(Keys.Any, filter=questioned)
        @keys.add("escape", filter=questioned, eager=True)
        def _(event: KeyPressEvent) -> None:
            self._question = ""

        @keys.add(Keys.Any, filter=typing & Condition(lambda: self._brought is not None))
        def _(event: KeyPressEvent) -> None:
            self._buffer.document = Document()
            self._buffer.insert_text(event.data)

        @keys.add("escape", filter=typing & has_completions, eager=True)
        def _(event: KeyPressEvent) -> None:
            self._buffer.cancel_completion()

        @keys.add(Keys.BracketedPaste, filter=typing)
        def _(event: KeyPressEvent) -> None:
            self._paste(event.data)

        @keys.add("c-d", filter=typing & Condition(lambda: not self._buffer.text or self._brought is not None))
        def _(event: KeyPressEvent) -> None:
            self.close()

        @keys.add("c-c", filter=typing & several)
        def _(event: KeyPressEvent) -> None:
            self._drop_lines()

        @keys.add("c-c", filter=typing & Condition(lambda: self.is_asking))
        def _(event: KeyPressEvent) -> None:
            self._buffer.reset()
            self._enter()

        @keys.add("c-c", filter=~(typing & several) & ~Condition(lambda: self.is_asking))
        def _(event: KeyPressEvent) -> None:
            assert self._task
            self._task.cancel()

        @keys.add("c-z", filter=Condition(suspend_to_background_supported))
        def _(event: KeyPressEvent) -> None:
            event.app.suspend_to_background()

        return keys

    @property
    def _has_lines(self) -> bool:
        return "\n" in self._buffer.text

    def _paste(self, data: str) -> None:
        text = pasted(data)
        if self._asking:
            self._refuse_paste("a password is typed, not pasted")
        elif len(self._buffer.text) + len(text) > MOST_TYPED:
            self._refuse_paste(f"more than {MOST_TYPED} characters; asyncchat join < FILE sends a file")
        else:
            if self._brought:
                self._buffer.reset()
            self._buffer.insert_text(text)

    def _refuse_paste(self, why: str) -> None:
        self.print([[("class:reason", f"not pasted: {why}.")]])

    def _withdraw_question(self, _: object = None) -> None:
        self._question = ""

    def _enter(self) -> None:
        # Bytes that were no UTF-8 come as lone surrogates.
        text = self._buffer.text.encode(errors="replace").decode()
        if self._asking:
            (_, then), self._asking = self._asking, None
            self._buffer.history, self._app.clipboard = self._history, self._clipboard
            self._buffer.reset()
            then(text)
        elif self._has_lines:
            self._question = question(text.split("\n"))
            if not self._question:
                self._send_lines()
        elif text.strip():
            self._buffer.history.append_string(text)
            self._buffer.reset()
            self._send(text)
        else:
            self._buffer.reset()

    def _send_lines(self) -> None:
        text = self._buffer.text.encode(errors="replace").decode()
        self._drop_lines()
        if not is_blank(text):
            self._buffer.history.append_string(text)
            self._send(text)

    def _drop_lines(self) -> None:
        self._question = ""
        self._buffer.reset()
