"""Standard input and output as bytes: no buffers of our own, so that no thread that waits there holds up the end."""

import contextlib
import os
import select

from asyncchat.errors import ChatError, OutputClosed

INPUT, OUTPUT, ERRORS = 0, 1, 2
CHUNK = 1 << 16
BELLS = ("off", "mentions", "all")
"""When the terminal's bell may ring."""


def secure() -> None:
    """See to it that the three standard descriptors are open; else a socket could take a number that we print to."""
    for descriptor in (INPUT, OUTPUT, ERRORS):
        try:
            os.fstat(descriptor)
        except OSError:
            # It takes the lowest free number, so this one; read-only, so that writing there is still an error.
            os.open(os.devnull, os.O_RDONLY)


def read() -> bytes:
    """Wait for standard input and return what is there; nothing at its end. Raises ChatError if it can't be read."""
    while True:
        try:
            return os.read(INPUT, CHUNK)
        except BlockingIOError:  # somebody who shares it made it non-blocking
            select.select([INPUT], [], [])
        except OSError as error:
            raise ChatError(f"can't read standard input: {os.strerror(error.errno or 0).lower()}") from None


def write(data: bytes, descriptor: int = OUTPUT) -> None:
    """Write all of `data`, however long that takes.

    Raises OutputClosed if nobody reads it any more, and ChatError if it can't be written for another reason.
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


def report(message: str, patience: float | None = 1.0) -> None:
    """Write a line to standard error, if anybody takes it within `patience` seconds (None: however long it takes).

    It is one line, whatever there is in a path that it names.
    """
    line = "".join([sign if sign.isprintable() else ascii(sign)[1:-1] for sign in message])
    with contextlib.suppress(OSError):  # Windows, which can't tell
        if not select.select([], [ERRORS], [], patience)[1]:
            return
    with contextlib.suppress(OutputClosed, ChatError):
        write(f"asyncchat: {line}\n".encode(), ERRORS)


def columns() -> int:
    """Return how wide the terminal is at which the output is read."""
    try:
        return int(os.environ.get("COLUMNS") or os.get_terminal_size(OUTPUT).columns)
    except (ValueError, OSError):
        return 80


def is_interactive() -> bool:
    """Tell whether a person types at standard input."""
    return os.isatty(INPUT)


def is_comfortable() -> bool:
    """Tell whether a person sits at a terminal on which a line can be edited while others appear."""
    return os.isatty(INPUT) and os.isatty(OUTPUT) and os.environ.get("TERM", "") not in {"", "dumb", "unknown"}
