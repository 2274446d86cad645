"""The filter: turns a raw transcript into the conversation."""

import os
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence

from asyncchat.errors import ChatError
from asyncchat.system import stdio

SHOWN_COMPLAINTS = 10
_EXCERPT = 60

# A chunk is cut at the few lines that are no messages, and what is left is split and changed by the bytes' own methods:
# no pattern is matched against a whole text, and that is what makes this as fast as a filter in C.
_NO_MESSAGE = re.compile(rb"(\n(?![^ \n]++ sent )[^\n]*+)")
_DROPPED = re.compile(rb"(?:\n[^ \n]++ (?:joined|left|connected|disconnected)\r?)*+")
_EVENT = rb"(?s:[^ ]++ (?:sent .*+|(?:joined|left|connected|disconnected)\r?))"  # compiled when it is needed


class Conversation:
    """Turns a transcript, in whatever pieces it arrives, into the conversation in it: `NAME: TEXT` for each message.

    `complain` is called with the number (from 1) and the bytes of each line that is no transcript line.
    """

    def __init__(self, complain: Callable[[int, bytes], object]) -> None:
        self._complain = complain
        self._unfinished: list[bytes] = []
        self._lines = 0

    def feed(self, data: bytes) -> bytes:
        """Return the messages of the lines that `data` completes."""
        end = data.rfind(b"\n") + 1
        if not end:
            self._unfinished.append(data)
            return b""
        whole = b"".join([*self._unfinished, data[:end]])
        self._unfinished = [data[end:]]
        if not self._lines:
            whole = whole.removeprefix(BOM_UTF8)
        pieces = _NO_MESSAGE.split(b"\n" + whole[:-1])
        if not _DROPPED.fullmatch(b"".join(pieces[1::2])):
            self._find_bad(whole)
        self._lines += whole.count(b"\n")
        _, *messages = b"".join(pieces[::2]).split(b"\n")
        return b"\n".join([*[message.replace(b" sent ", b": ", 1) for message in messages], b""])

    def end(self) -> bytes:
        """Return the message of the last line if that has no end."""
        return self.feed(b"\n") if any(self._unfinished) else b""

    def _find_bad(self, whole: bytes) -> None:
        for number, line in enumerate(whole[:-1].split(b"\n"), self._lines + 1):
            if not re.fullmatch(_EVENT, line):
                self._complain(number, line)


def run_filter(files: Sequence[str], *, strict: bool) -> int:
    """Print the conversation in `files` (`-`, or none: standard input); return the exit code.

    Raises ChatError if a file can't be read, and OutputClosed if nobody reads the output.
    """
    bad = 0

    def complain(number: int, line: bytes) -> None:
        nonlocal bad
        bad += 1
        if bad <= SHOWN_COMPLAINTS:
            where = f"line {number}" if name == "-" else f"{name}: line {number}"
            excerpt = ascii(line[:_EXCERPT])[1:] + ("..." if len(line) > _EXCERPT else "")
            stdio.report(f"{where} is not a line of a transcript, dropped: {excerpt}")

    for name in files or ["-"]:
        conversation = Conversation(complain)
        for data in _chunks(name):
            if messages := conversation.feed(data):
                stdio.write(messages)
        if messages := conversation.end():
            stdio.write(messages)
    if bad > SHOWN_COMPLAINTS:
        stdio.report(f"{bad} lines dropped in all, of which the first {SHOWN_COMPLAINTS} are shown")
    return 1 if strict and bad else 0


def _chunks(name: str) -> Iterator[bytes]:
    if name == "-":
        yield from iter(stdio.read, b"")
        return
    try:
        with open(name, "rb", buffering=0) as file:
            yield from iter(lambda: file.read(stdio.CHUNK), b"")
    except OSError as error:
        raise ChatError(f"can't read {name}: {os.strerror(error.errno or 0).lower()}") from None
    except ValueError:
        raise ChatError(f"can't read {name}: no path can have a NUL in it") from None
