"""Lines printed above the prompt, and printed again when the window has another size."""

import asyncio
import os
import signal
from collections.abc import Sequence

from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Size
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.output import Output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.renderer import print_formatted_text
from prompt_toolkit.styles import BaseStyle

from asyncchat.ui.view.reflow import Line, Recent, reflows, rows_of, without_tabs

SETTLED = 0.05
"""Seconds without another change of size until the window is filled anew: a hand that drags it makes many."""

SETTLED_LATE = 0.3
"""The same where the text can be read meanwhile: tmux tells a size 0.25 s late if there were two, and a false one."""

AT_THE_BOTTOM = 2
"""Rows that the prompt and the status take at least."""


class Terminal(Vt100_Output):
    """The terminal's output."""

    def erase_down(self) -> None:
        """Erase the row of the cursor, which is at its beginning, and all rows below.

        As lines that are deleted (DL in ECMA-48, 8.3.32), since tmux and others keep in their scrollback what is erased
        (ED) from the first row on, for one the prompt itself.
        """
        self.write_raw(f"\x1b[{self.get_size().rows}M")


class Printer:
    """Prints into the scrollback of the terminal that `app` uses.

    What a terminal makes of its window when the size changes is not the same in any two of them, and can't be asked. So
    then the window is emptied, without its scrollback, and filled again from memory. What others had printed there, as
    a shell before this program began, goes into the scrollback.
    """

    def __init__(self, app: Application[None], output: Output, style: BaseStyle) -> None:
        self._app = app
        self._output = output
        self._style = style
        self._reflows = reflows(os.environ)
        self._pause = SETTLED_LATE if self._reflows else SETTLED
        self._size = output.get_size()  # for which the window was filled
        self._recent = Recent()
        self._unprinted = 0
        self._standing = 0  # lines that stand above the prompt, with nothing between them
        self._timer: asyncio.TimerHandle | None = None

    def watch(self) -> None:
        """Take note of the window's size from now on."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGWINCH, self._resized)
        # Others may have printed meanwhile, and a change of size is not told to a program that is stopped.
        loop.add_signal_handler(signal.SIGCONT, lambda: self._fill(is_ours=False))

    def stop_watching(self) -> None:
        """Take no note of it any more; what waits for it is printed."""
        asyncio.get_running_loop().remove_signal_handler(signal.SIGCONT)  # the toolkit has taken back the other one
        if self._timer:
            self._fill()

    def print(self, lines: Sequence[Line]) -> None:
        """Print lines of styled text."""
        lines = [without_tabs(row) for line in lines for row in rows_of(line)]
        self._recent.add(lines)
        if self._timer:
            self._unprinted += len(lines)
            return
        # Not run_in_terminal, which lets the terminal echo and edit what is typed in that moment.
        self._app.renderer.erase()
        self._write(lines)
        self._standing += len(lines)

    def clear(self) -> None:
        """Empty the window; the scrollback stays."""
        self._recent.clear()
        self._unprinted = self._standing = 0
        self._app.renderer.clear()
        self._app.invalidate()

    def _write(self, lines: Sequence[Line]) -> None:
        text = FormattedText(piece for line in lines for piece in (*line, ("", "\n")))
        print_formatted_text(self._output, text, self._style)
        self._app.invalidate()

    def _resized(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._pause, self._fill)

    def _fill(self, *, is_ours: bool = True) -> None:
        """Fill the window anew; `is_ours`: what stands right above the prompt was printed here."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        before, now = self._size, self._output.get_size()
        prompt = self._app.layout.container.preferred_height(now.columns, now.rows).preferred
        room = now.rows - prompt
        at_stake = self._rows_that_may_be_text(before, now, prompt)
        recent, new = self._recent, self._unprinted
        seen = recent.count(Size(before.rows - AT_THE_BOTTOM, before.columns), but_last=new)
        # A terminal that wraps anew has in its scrollback what does not fit any more.
        owed = 0 if self._reflows else min(recent.owed - new, seen)
        self._make_room(before, now, is_ours=is_ours)
        lines = recent.last(Size(room + at_stake, now.columns), owed, new)
        self._write(lines)
        # The first of them may be cut.
        self._standing = max(self._standing + new, len(lines)) if is_ours else max(0, len(lines) - 1)
        recent.owed = min(owed + new, recent.count(Size(room, now.columns)))
        self._size, self._unprinted = now, 0

    def _rows_that_may_be_text(self, before: Size, now: Size, prompt: int) -> int:
        """Return how many of the rows at the bottom, where the prompt will be, may have lines in them."""
        last = self._app.renderer.last_rendered_screen
        if not last:
            return prompt - 1
        cursor = last.get_cursor_position(self._app.layout.current_window)
        # A window that gets lower may lose what is below the cursor first.
        return max(0, prompt - (cursor.y + 1 if now.rows < before.rows else last.height))

    def _make_room(self, before: Size, now: Size, *, is_ours: bool) -> None:
        self._app.renderer.erase()
        if is_ours:
            # Never further up than where our own lines begin, since what stands before them is lost with that.
            standing = self._standing, self._unprinted
            heights = [self._recent.height(*standing, Size(now.rows, size.columns)) for size in (before, now)]
            self._output.cursor_up(heights[1] if self._reflows else min(heights))
            self._output.erase_down()
        self._output.write_raw("\n" * (now.rows - 1))  # as many rows scroll as stand above the cursor
        self._output.cursor_goto(1, 1)
        self._output.erase_down()
