"""Standard input and output as bytes, without Python's buffers: a thread blocked in one would delay the exit."""

import contextlib
import os
import select

from asyncchat.errors import ChatError, OutputClosed

TYPE_CHECKING = False  # typing's own takes longer to load than most transcripts take to filter
if TYPE_CHECKING:
    from collections.abc import Callable

INPUT, OUTPUT, ERRORS = 0, 1, 2
CHUNK = 1 << 16
BELLS = ("off", "mentions", "all")
"""When the terminal's bell may ring."""


def secure() -> None:
    """Open those standard descriptors that are closed; otherwise a socket could get the number of one."""
    for descriptor in (INPUT, OUTPUT, ERRORS):
        try:
            os.fstat(descriptor)
        except OSError:
            # It gets the lowest free number, which is this one; read-only, so that writing is still an error.
            os.open(os.devnull, os.O_RDONLY)


def read() -> bytes:
    """Wait for standard input and return it; empty at its end. Raises ChatError if it can't be read."""
    while True:
        try:
            return os.read(INPUT, CHUNK)
        except BlockingIOError:  # another process that shares it made it non-blocking
            select.select([INPUT], [], [])
        except OSError as error:
            raise ChatError(f"can't read standard input: {os.strerror(error.errno or 0).lower()}") from None


def write(data: bytes, descriptor: int = OUTPUT) -> None:
    """Write all of `data`, however long that takes.

    Raises OutputClosed if its reader has closed it, and ChatError for other failures.
    """
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            select.select([], [descriptor], [])
        except BrokenPipeError:
            raise OutputClosed from None
        except OSError as error:
            raise ChatError(f"can't write the output: {os.strerror(error.errno or 0).lower()}") from None


class _Form:
    """The form of the lines on standard error."""

    of_line: "Callable[[str, str], str]" = staticmethod(lambda _, message: f"asyncchat: {message}")


def use_form(of_line: "Callable[[str, str], str]") -> None:
    """Have `report` write lines in another form; `of_line` gets the level, and the message."""
    _Form.of_line = staticmethod(of_line)


def report(message: str, patience: float | None = 1.0, level: str = "info") -> None:
    """Write a line to standard error, unless that blocks for `patience` seconds (None: wait for ever).

    Control characters, for example in a path, are escaped, so that it stays one line. `level`: how serious it is.
    """
    line = "".join([sign if sign.isprintable() else ascii(sign)[1:-1] for sign in message])
    with contextlib.suppress(OSError):  # Windows can't select a file
        if not select.select([], [ERRORS], [], patience)[1]:
            return
    with contextlib.suppress(OutputClosed, ChatError):
        write(f"{_Form.of_line(level, line)}\n".encode(), ERRORS)


def columns() -> int:
    """Return the width of the terminal."""
    try:
        return int(os.environ.get("COLUMNS") or os.get_terminal_size(OUTPUT).columns)
    except (ValueError, OSError):
        return 80


def is_interactive() -> bool:
    """Tell whether standard input is a terminal."""
    return os.isatty(INPUT)


def is_comfortable() -> bool:
    """Tell whether the terminal can show the full client, with an input line below the messages."""
    return os.isatty(INPUT) and os.isatty(OUTPUT) and os.environ.get("TERM", "") not in {"", "dumb", "unknown"}
