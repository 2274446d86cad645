"""The raw transcript, one event a line: written by the server, read by the filter."""

import os
import re
from collections.abc import Callable, Iterator, Sequence

from asyncchat import terminal
from asyncchat.chat.messages import Event, Joined, Left, Sent
from asyncchat.errors import ChatError

SHOWN_COMPLAINTS = 10
_EXCERPT = 60

# Every line matches as a whole: a message as its name and its text behind one blank, another event as its name alone,
# and anything else as nothing. One call for a chunk is what makes this as fast as a filter in C.
_LINES = re.compile(rb"([^ \n]++) (?:sent( .*+\n)|(?:joined|left|connected|disconnected)\r?\n)|.*+\n")
_NOT_AN_EVENT = (b"", b"")


def encode(events: Sequence[Event]) -> bytes:
    """Return the lines of `events`."""
    return "".join([_line(event) for event in events]).encode()


def _line(event: Event) -> str:
    match event:
        case Sent(_, name, text):
            return f"{name.shown} sent {text}\n"
        case Joined(name):
            return f"{name.shown} joined\n"
        case Left(name):
            return f"{name.shown} left\n"


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
        events = _LINES.findall(whole)
        if _NOT_AN_EVENT in events:
            self._find_bad(whole)
        self._lines += len(events)
        return b"".join([b":".join(event) for event in events if event[1]])

    def end(self) -> bytes:
        """Return the message of the last line if that has no end."""
        return self.feed(b"\n") if any(self._unfinished) else b""

    def _find_bad(self, whole: bytes) -> None:
        for number, line in enumerate(_LINES.finditer(whole), self._lines + 1):
            if line[1] is None:
                self._complain(number, line[0].rstrip(b"\n"))


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
            terminal.report(f"{where} is not a line of a transcript, dropped: {excerpt}")

    for name in files or ["-"]:
        conversation = Conversation(complain)
        for data in _chunks(name):
            if messages := conversation.feed(data):
                terminal.write(messages)
        if messages := conversation.end():
            terminal.write(messages)
    if bad > SHOWN_COMPLAINTS:
        terminal.report(f"{bad} lines dropped in all, of which the first {SHOWN_COMPLAINTS} are shown")
    return 1 if strict and bad else 0


def _chunks(name: str) -> Iterator[bytes]:
    if name == "-":
        yield from iter(terminal.read, b"")
        return
    try:
        with open(name, "rb", buffering=0) as file:
            yield from iter(lambda: file.read(terminal.CHUNK), b"")
    except OSError as error:
        raise ChatError(f"can't read {name}: {os.strerror(error.errno or 0).lower()}") from None
