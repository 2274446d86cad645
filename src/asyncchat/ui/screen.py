"""The terminal: a line to type in with what stands around it, and lines printed into the scrollback above."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

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
from prompt_toolkit.layout.menus import CompletionsMenu
from prompt_toolkit.layout.processors import BeforeInput, ConditionalProcessor, PasswordProcessor
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.renderer import print_formatted_text
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import suspend_to_background_supported
from prompt_toolkit.widgets.toolbars import SearchToolbar

from asyncchat.ui.reflow import more_rows, reflows
from asyncchat.ui.style import STYLES

MENU_ROWS = 8
"""Rows of the completion menu, and room for it below the line while it is open."""


class Around(NamedTuple):
    """What surrounds the line, made anew each time it is drawn: both get the width of the window."""

    above: Callable[[int], Sequence[str]]
    status: Callable[[int], str]


class Screen:
    """One line to type in behind `prompt`, which `send` gets when Enter is pressed; use it within `opened`.

    Ctrl-D on an empty line ends `run`; Ctrl-C cancels the task that runs it.
    """

    def __init__(
        self,
        around: Around,
        *,
        send: Callable[[str], None],
        prompt: Callable[[], str],
        completer: Completer,
        history: History,
    ) -> None:
        self._around = around
        self._send = send
        self._prompt = prompt
        self._brought: object = None  # something new for each line that was brought back, until a key is pressed
        self._brought_before: object = None  # the same, before the key at hand
        self._asking: tuple[str, Callable[[str], None]] | None = None
        self._history = history
        self._clipboard = InMemoryClipboard()
        is_seen = Condition(lambda: not self.is_asking)
        self._buffer = Buffer(completer=ConditionalCompleter(completer, is_seen), history=history, multiline=False)
        self._search = SearchToolbar()
        self._style = Style.from_dict(STYLES)
        self._task: asyncio.Task[object] | None = None

    @contextmanager
    def opened(self) -> "Iterator[None]":
        """Have the terminal: what others print meanwhile goes to the scrollback, too."""
        output = Vt100_Output.from_pty(
            sys.stdout, term=os.environ.get("TERM"), default_color_depth=ColorDepth.from_env()
        )
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
            self._app.before_render += self._shrink
            self._app.key_processor.before_key_press += self._remember_brought
            self._app.key_processor.after_key_press += self._forget_brought
            yield

    async def run(self, started: Callable[[], None]) -> None:
        """Let the person type, until `close` or Ctrl-D; `started` is called as soon as `close` works."""
        self._task = asyncio.current_task()

        def start() -> None:
            # The toolkit's own handler, which it puts back at the end, takes every terminal for one that wraps nothing.
            asyncio.get_running_loop().call_soon(self._watch_size)
            started()

        # Other signals, and mistakes, are for whoever runs this loop.
        await self._app.run_async(pre_run=start, handle_sigint=False, set_exception_handler=False)

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

    def ask(self, question: str, then: Callable[[str], None]) -> None:
        """Let the next line be typed unseen, and give it to `then`: nothing gets there from other lines, or back."""
        self._asking = question, then
        self._buffer.history, self._app.clipboard = InMemoryHistory(), InMemoryClipboard()
        self._buffer.reset()

    @property
    def is_asking(self) -> bool:
        """Whether the next line is typed unseen."""
        return self._asking is not None

    def print(self, lines: Sequence[Sequence[tuple[str, str]]]) -> None:
        """Print lines of styled text above."""
        text = FormattedText(piece for line in lines for piece in (*line, ("", "\n")))
        # Not run_in_terminal, which lets the terminal echo and edit what is typed in that moment.
        self._app.renderer.erase()
        print_formatted_text(self._output, text, self._style)
        self._app.invalidate()

    def draw(self) -> None:
        """Draw anew what stands around the line."""
        self._app.invalidate()

    def ring(self) -> None:
        """Ring the bell."""
        self._output.bell()

    def clear(self) -> None:
        """Empty the screen; the scrollback stays."""
        self._app.renderer.clear()
        self._app.invalidate()

    def _layout(self) -> Layout:
        line = Window(
            BufferControl(
                self._buffer,
                input_processors=[
                    ConditionalProcessor(PasswordProcessor(), Condition(lambda: bool(self._asking))),
                    BeforeInput(lambda: [("class:question", self._asking[0])] if self._asking else self._prompt()),
                ],
                search_buffer_control=self._search.control,
            ),
            height=self._height,
            style=lambda: "class:dim" if self._brought else "",
            wrap_lines=True,
            dont_extend_height=True,
        )
        above = Window(FormattedTextControl(self._above), dont_extend_height=True)
        status = Window(
            FormattedTextControl(lambda: self._around.status(self.size[0])),
            height=Dimension(min=0, max=1, preferred=1),
            style="class:status",
        )
        whole = HSplit(
            [
                ConditionalContainer(above, Condition(lambda: bool(self._around.above(self.size[0])))),
                line,
                self._search,
                status,
            ]
        )
        menu = Float(CompletionsMenu(max_height=MENU_ROWS), xcursor=True, ycursor=True)
        return Layout(FloatContainer(whole, [menu]), focused_element=line)

    def _above(self) -> FormattedText:
        return FormattedText([("class:dim", "\n".join(self._around.above(self.size[0])))])

    def _height(self) -> Dimension:
        if not has_completions():
            return Dimension(min=1)
        return Dimension(min=max(1, min(MENU_ROWS + 1, self.size[1] - 2)))

    def _watch_size(self) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, self._resized)

    def _resized(self) -> None:
        last = self._app.renderer.last_rendered_screen
        if last and reflows(os.environ):
            cursor = last.get_cursor_position(self._app.layout.current_window)
            rows = [last.data_buffer[row] for row in range(cursor.y)]
            lengths = [max((place for place, cell in row.items() if cell.char != " "), default=-1) + 1 for row in rows]
            self._output.cursor_up(more_rows(lengths, cursor.x, max(self.size[0], 1)))
        self._app.renderer.erase()
        self._app.invalidate()

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

        @keys.add("enter", filter=typing)
        def _(event: KeyPressEvent) -> None:
            state = self._buffer.complete_state
            if state and state.current_completion:
                self._buffer.complete_state = None
            else:
                self._enter(self._buffer.text)

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

        @keys.add("c-d", filter=typing & Condition(lambda: not self._buffer.text))
        def _(event: KeyPressEvent) -> None:
            self.close()

        @keys.add("c-c")
        def _(event: KeyPressEvent) -> None:
            assert self._task
            self._task.cancel()

        @keys.add("c-z", filter=Condition(suspend_to_background_supported))
        def _(event: KeyPressEvent) -> None:
            event.app.suspend_to_background()

        return keys

    def _paste(self, data: str) -> None:
        """Insert one line; of several, send each, together with what stood before and behind the cursor."""
        if self._brought:
            self._buffer.reset()
        first, *others = data.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
        self._buffer.insert_text(first)
        for line in others:
            document = self._buffer.document
            self._enter(document.text_before_cursor)
            self._buffer.document = Document(line + document.text_after_cursor, len(line))
        if others:
            self._enter(self._buffer.text)

    def _enter(self, line: str) -> None:
        line = line.encode(errors="replace").decode()  # bytes that were no UTF-8 come as lone surrogates
        if self._asking:
            (_, then), self._asking = self._asking, None
            self._buffer.history, self._app.clipboard = self._history, self._clipboard
            self._buffer.reset()
            then(line)
            return
        if line.strip():
            self._buffer.history.append_string(line)
        self._buffer.reset()
        if line.strip():
            self._send(line)
