"""Reads passwords: from a file that only its owner can read, or from the terminal without echo."""

import contextlib
import os
import select
import stat
from collections.abc import Iterator

from asyncchat.errors import ChatError
from asyncchat.system import stdio

LONGEST_SECRET = 4096
"""Bytes of a password file that are read, at most."""

SECRET_TIMEOUT = 60.0
"""Seconds in which a program may write a password to a pipe."""


def read_secret(path: str) -> str:
    """Return the first line of a file that only its owner can read. Raises ChatError.

    The file may be a pipe to which a program writes, such as `<(pass show chat)` in a shell; opening it never blocks.
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
    """Return the first line of the file called `name`. Raises OSError, and ChatError."""
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
    """Turn off the echo of the terminal."""
    import termios

    before = termios.tcgetattr(stdio.INPUT)
    hidden = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(stdio.INPUT, termios.TCSADRAIN, hidden)
    try:
        yield
    finally:
        termios.tcsetattr(stdio.INPUT, termios.TCSADRAIN, before)


def drop_more() -> bool:
    """Drop the lines that were typed or pasted after the one that was read; tell whether there were any."""
    import termios

    has_more = bool(select.select([stdio.INPUT], [], [], 0)[0])
    if has_more:
        termios.tcflush(stdio.INPUT, termios.TCIFLUSH)
    return has_more


def ask_unseen(question: str) -> str:
    """Return a line typed without echo, or the first line of standard input if that is no terminal.

    Raises ChatError.
    """
    with contextlib.ExitStack() as asking:
        if stdio.is_interactive():
            asking.enter_context(unseen())  # before the question: some users type fast
            asking.callback(stdio.write, b"\n", stdio.ERRORS)
            stdio.write(question.encode(), stdio.ERRORS)
        try:
            return _first_line(stdio.INPUT, "standard input")
        except OSError as error:
            raise ChatError(f"can't read standard input: {os.strerror(error.errno or 0).lower()}") from None
