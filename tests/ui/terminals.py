"""A terminal as a person sees it: a program on a pty, and a screen that understands what it writes."""

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import pyte
from wcwidth import wcwidth

from tests.programs import PATIENCE, Program, seconds

ENTER, TAB, UP, HOME, CTRL_C, CTRL_D = "\r", "\t", "\x1b[A", "\x1b[H", "\x03", "\x04"

FILLING = b"\x1b[1;1H"
"""What the program writes, and nowhere else, before it fills the window anew."""


class _Screen(pyte.Screen):
    """A screen that keeps what has left it at the top; pyte's own that does so is several times slower."""

    def __init__(self, columns: int, rows: int) -> None:
        self.scrolled: list[str] = []
        super().__init__(columns, rows)

    @property
    def scrollback(self) -> list[str]:
        """What has left it at the top."""
        return self.scrolled

    def index(self) -> None:
        """Go to the next row, and scroll at the last."""
        if self.cursor.y == self.lines - 1:
            self.scrolled.append("".join(self.buffer[0][column].data for column in range(self.columns)).rstrip())
        super().index()


class XTerm(_Screen):
    """A screen that leaves its rows as they are when its width changes, and forgets what is cut off.

    Unlike pyte's it wraps before a wide character for which there is half of a place, and lower it keeps the rows that
    scroll out of it.
    """

    def draw(self, data: str) -> None:
        """Write text from the cursor on."""
        for character in data:
            if self.cursor.x + wcwidth(character) > self.columns and pyte.modes.DECAWM in self.mode:
                self.wrap()
            super().draw(character)

    def wrap(self) -> None:
        """Go on in the next row."""
        self.carriage_return()
        self.linefeed()

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """Change the size; what is below the cursor goes first if it gets lower."""
        lines = lines or self.lines
        while self.cursor.y >= lines:
            here = self.cursor.y
            self.cursor.y = self.lines - 1
            self.index()
            self.cursor.y = here - 1
        for row in range(lines, self.lines):
            self.buffer.pop(row, None)
        self.lines = lines
        super().resize(lines, columns)
        self.cursor.x = min(self.cursor.x, self.columns - 1)


class Tmux(XTerm):
    """A screen that wraps its rows anew when its width changes, with its scrollback, as tmux 3.3 does."""

    def __init__(self, columns: int, rows: int) -> None:
        self._left: list[_Row] = []
        super().__init__(columns, rows)

    @property
    def scrollback(self) -> list[str]:
        """What has left it at the top."""
        return ["".join(cell.data for cell in row.cells).rstrip() for row in self._left]

    def wrap(self) -> None:
        """Go on in the next row."""
        self.buffer[self.cursor.y][_GOES_ON] = self.cursor.attrs
        super().wrap()

    def index(self) -> None:
        """Go to the next row, and scroll at the last."""
        if self.cursor.y == self.lines - 1:
            self._left.append(self._row(0))
        super().index()

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """Change the size; rows come back from the scrollback if there is room."""
        lines, columns = lines or self.lines, columns or self.columns
        super().resize(lines, None)
        rows = [*self._left, *(self._row(row) for row in range(self.lines))]
        here = len(self._left) + self.cursor.y
        while len(rows) - 1 > here and not rows[-1].cells:
            rows.pop()
        wrapped, place = _wrapped(rows, here, self.cursor.x, columns)
        self._left, shown = wrapped[: max(0, len(wrapped) - lines)], wrapped[-lines:]
        self.columns = columns
        self.set_margins()
        self.buffer.clear()
        for number, row in enumerate(shown):
            self.buffer[number].update(enumerate(row.cells))
            if row.goes_on:
                self.buffer[number][_GOES_ON] = self.cursor.attrs
        self.cursor.y, self.cursor.x = place[0] - len(self._left), place[1]

    def _row(self, number: int) -> "_Row":
        row = self.buffer[number]
        width = max((column for column, cell in row.items() if cell.data != " " or cell.reverse), default=-1) + 1
        return _Row([row[column] for column in range(width)], _GOES_ON in row)


_GOES_ON = -1
"""The column in which a row is marked whose text goes on in the next one."""


class _Row(NamedTuple):
    cells: list[pyte.screens.Char]
    goes_on: bool


def _wrapped(rows: list[_Row], here: int, column: int, columns: int) -> tuple[list[_Row], tuple[int, int]]:
    """Return the rows in so many columns, and where the cursor is then that was in the row `here`."""
    wrapped: list[_Row] = []
    place = 0, 0
    cells: list[pyte.screens.Char] = []
    cursor = -1
    for number, row in enumerate(rows):
        if number == here:
            cursor = len(cells) + column
            row = row._replace(cells=row.cells + [pyte.screens.Char(" ")] * (column - len(row.cells)))
        cells = cells + row.cells
        if row.goes_on:
            continue
        start = 0
        while True:
            end = start + columns
            if end < len(cells) and not cells[end].data:  # the second half of a wide one
                end -= 1
            if start <= cursor <= end:
                place = len(wrapped), cursor - start
            wrapped.append(_Row(cells[start:end], end < len(cells)))
            if end >= len(cells):
                break
            start = end
        cells, cursor = [], -1
    return wrapped, place


class Terminal(Program):
    """`asyncchat join` with a `screen` of `columns` and `rows`; `state` is the folder where it keeps its history."""

    def __init__(
        self,
        *arguments: str,
        state: Path,
        columns: int = 80,
        rows: int = 24,
        screen: type[_Screen] = _Screen,
        command: tuple[str, ...] = (),
        **environment: str,
    ) -> None:
        clean = dict.fromkeys(("NO_COLOR", "PROMPT_TOOLKIT_COLOR_DEPTH", "TMUX", "VTE_VERSION"), "")
        super().__init__(
            "join",
            *arguments,
            command=command,
            terminal=True,
            environment=clean | {"TERM": "xterm-256color", "XDG_STATE_HOME": str(state)} | environment,
        )
        self.raw = b""
        self._screen = screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._set_size(columns, rows)
        self.attributes_before = self.attributes

    @property
    def attributes(self) -> list[object]:
        """How the terminal is set, as by stty."""
        return termios.tcgetattr(self._terminal)

    @property
    def rows(self) -> list[str]:
        """What stands on the screen, without the empty rows at its end."""
        return "\n".join(row.rstrip() for row in self._screen.display).rstrip().split("\n")

    @property
    def everything(self) -> list[str]:
        """The same, with the scrollback before it."""
        return [*self._screen.scrollback, *self.rows]

    @property
    def typed(self) -> str:
        """What stands in the line at the bottom, joined over its rows; there is a status line below it."""
        rows = self.rows
        start = max((index for index, row in enumerate(rows) if row.startswith(">")), default=len(rows))
        return "".join(row.ljust(self._screen.columns) for row in rows[start:-1]).rstrip()[2:]

    @property
    def above(self) -> str:
        """What stands in the row above that line."""
        rows = self.rows
        return next((rows[index - 1] for index in range(1, len(rows)) if rows[index].startswith(">")), "")

    @property
    def title(self) -> str:
        return self._screen.title

    def style(self, row: int) -> set[tuple[str, bool, bool]]:
        """Return colour, boldness and reversal of what is not blank in a row."""
        cells = self._screen.buffer[row].values()
        return {(cell.fg, cell.bold, cell.reverse) for cell in cells if cell.data.strip()}

    def until(self, condition: Callable[[], object], limit: float = PATIENCE) -> None:
        """Read what the program writes until the condition holds."""
        deadline = time.monotonic() + seconds(limit)
        while not condition():
            self._read(deadline - time.monotonic())

    def until_row(self, wanted: str, limit: float = PATIENCE) -> None:
        """The same, until there is a row with `wanted` in it."""
        self.until(lambda: any(wanted in row for row in self.rows), limit)

    def until_prompt(self) -> None:
        """The same, until one can type and is connected."""
        self.until(lambda: self.is_connected and self.rows[-2:-1] == [">"])

    @property
    def is_connected(self) -> bool:
        """Whether the status line says so, or has no room for that."""
        return self.rows[-1].endswith((" connected", " member", " members"))

    def until_typed(self, line: str) -> None:
        """The same, until this stands in the line."""
        self.until(lambda: self.typed == line)

    def until_said(self, line: str, limit: float = PATIENCE) -> None:
        """The same, until this message is there."""
        self.until(lambda: self.said(line), limit)

    def said(self, line: str) -> int:
        """Count how often a message is to be seen, with the time before it."""
        return sum(bool(re.fullmatch(rf"\d\d:\d\d {re.escape(line)}", row)) for row in self.everything)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the window."""
        self._fillings = self.raw.count(FILLING)
        self._screen.resize(rows, columns)
        self._set_size(columns, rows)
        self.signal(signal.SIGWINCH)

    def until_filled(self) -> None:
        """Read until the window is filled anew that was resized last."""
        self.until(lambda: self.raw.count(FILLING) > self._fillings)

    def show(self, text: str) -> None:
        """Show what another program prints, as a shell."""
        self._stream.feed(text.encode())

    def ended(self) -> int:
        """Return the exit code, when all that the program has written is read."""
        with contextlib.suppress(EOFError):
            self.until(lambda: False)
        return self.wait()

    def _read(self, limit: float) -> None:
        if limit <= 0 or not select.select([self._terminal], [], [], limit)[0]:
            raise TimeoutError("\n".join(["it did not come; on the screen:", *self.rows]))
        try:
            data = os.read(self._terminal, 1 << 16)
        except OSError:  # what a pty says whose other end is closed
            raise EOFError("\n".join(["the program has ended; on the screen:", *self.rows])) from None
        self.raw += data
        self._stream.feed(data)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if kind is None:
            assert b"Traceback" not in self.raw
