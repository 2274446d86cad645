"""The lines that a threaded server handles: what its clients send, and what is typed at it."""

import contextlib
import socket
from collections.abc import Callable, Iterator

from asyncchat import terminal
from asyncchat.chat import wire
from asyncchat.chat.commands import is_exit
from asyncchat.chat.lines import BadLine, LineDecoder, text
from asyncchat.errors import ChatError


def sent_lines(connection: socket.socket, max_line: int, answer: Callable[[bytes], object]) -> Iterator[str]:
    """Yield what a client sends, until it leaves, in a form that can be shown; `answer` lines that can't be taken."""
    decoder = LineDecoder(max_line)
    with contextlib.suppress(OSError):
        while data := _received(connection):
            for line in decoder.feed(data):
                try:
                    said = text(line, max_line)
                except BadLine as bad:
                    answer(wire.line_refused(str(bad)))
                    continue
                if is_exit(said):
                    return
                yield said
        if decoder.unfinished:
            answer(wire.UNFINISHED)


def _received(connection: socket.socket) -> bytes:
    while True:
        try:
            return connection.recv(terminal.CHUNK)
        except TimeoutError:  # which the connection has for sending
            pass


def typed_lines(max_line: int) -> Iterator[str]:
    """Yield the lines of standard input, in a form that can be shown; report those that can't be taken."""
    decoder = LineDecoder(max_line)
    try:
        while data := terminal.read():
            yield from _sendable(decoder.feed(data), max_line)
    except ChatError as error:
        terminal.report(str(error))
    if decoder.unfinished:
        yield from _sendable(decoder.feed(b"\n"), max_line)


def _sendable(lines: list[bytes | None], max_line: int) -> Iterator[str]:
    for line in lines:
        try:
            yield text(line, max_line)
        except BadLine as bad:
            terminal.report(f"your line was not sent: {bad}")
