"""Standard input and output as bytes: no buffers of our own, so that no thread that waits there holds up the end."""

import contextlib
import os
import select
import stat
from collections.abc import Iterator

from asyncchat.errors import ChatError, OutputClosed

INPUT, OUTPUT, ERRORS = 0, 1, 2
CHUNK = 1 << 16
BELLS = ("off", "mentions", "all")
"""When the terminal's bell may ring."""


LONGEST_SECRET = 4096
"""Bytes of a file with a password that are read."""

SECRET_TIMEOUT = 60.0
"""Seconds in which a program may write a password to a pipe."""


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


def read_secret(path: str) -> str:
    """Return the first line of a file that only its owner can read. Raises ChatError.

    The file may be a pipe to which a program writes (`<(pass show chat)` in a shell); one without waits for nobody.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            others = stat.S_IMODE(os.fstat(descriptor).st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
            if others and os.name != "nt":
                raise ChatError(f"others can read {path}, which has a password in it: write chmod 600 {path}")
            return _first_line(descriptor, path)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ChatError(f"can't read {path}: {os.strerror(error.errno or 0).lower()}") from None
    except ValueError:
        raise ChatError(f"can't read {path}: no path can have a NUL in it") from None


def _first_line(descriptor: int, name: str) -> str:
    """Return the first line of what is called `name`. Raises OSError, and ChatError."""
    line = b""
    while b"\n" not in line and len(line) < LONGEST_SECRET:
        try:
            if not (more := os.read(descriptor, LONGEST_SECRET)):
                break
        except BlockingIOError:
            if not select.select([descriptor], [], [], SECRET_TIMEOUT)[0]:
                raise ChatError(f"can't read {name}: nothing comes from it") from None
        else:
            line += more
    try:
        return line.partition(b"\n")[0].decode("utf-8-sig").rstrip("\r")
    except UnicodeDecodeError:
        raise ChatError(f"can't read {name}: it is not UTF-8") from None


@contextlib.contextmanager
def unseen() -> Iterator[None]:
    """Let nothing that is typed be seen meanwhile."""
    import termios

    before = termios.tcgetattr(INPUT)
    hidden = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(INPUT, termios.TCSADRAIN, hidden)
    try:
        yield
    finally:
        termios.tcsetattr(INPUT, termios.TCSADRAIN, before)


def ask_unseen(question: str) -> str:
    """Return the line that somebody types, unseen, or else the first line of standard input.

    Raises ChatError.
    """
    with contextlib.ExitStack() as asking:
        if is_interactive():
            asking.enter_context(unseen())  # before it is asked for: some type fast
            asking.callback(write, b"\n", ERRORS)
            write(question.encode(), ERRORS)
        try:
            return _first_line(INPUT, "standard input")
        except OSError as error:
            raise ChatError(f"can't read standard input: {os.strerror(error.errno or 0).lower()}") from None


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
