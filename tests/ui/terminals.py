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

import pyte

from tests.programs import PATIENCE, Program, seconds

ENTER, TAB, UP, HOME, CTRL_C, CTRL_D = "\r", "\t", "\x1b[A", "\x1b[H", "\x03", "\x04"


class _Screen(pyte.Screen):
    """A screen that keeps what has left it at the top; pyte's own that does so is several times slower."""

    def __init__(self, columns: int, rows: int) -> None:
        self.scrolled: list[str] = []
        super().__init__(columns, rows)

    def index(self) -> None:
        """Go to the next row, and scroll at the last."""
        if self.cursor.y == self.lines - 1:
            self.scrolled.append("".join(self.buffer[0][column].data for column in range(self.columns)).rstrip())
        super().index()


class Terminal(Program):
    """`asyncchat join` with a screen of `columns` and `rows`; `state` is the folder where it keeps its history."""

    def __init__(self, *arguments: str, state: Path, columns: int = 80, rows: int = 24, **environment: str) -> None:
        clean = dict.fromkeys(("NO_COLOR", "PROMPT_TOOLKIT_COLOR_DEPTH", "TMUX", "VTE_VERSION"), "")
        super().__init__(
            "join",
            *arguments,
            terminal=True,
            environment=clean | {"TERM": "xterm-256color", "XDG_STATE_HOME": str(state)} | environment,
        )
        self.raw = b""
        self._screen = _Screen(columns, rows)
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
        return [*self._screen.scrolled, *self.rows]

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
        self._screen.resize(rows, columns)
        self._set_size(columns, rows)
        self.signal(signal.SIGWINCH)

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
