"""The lines that a threaded server handles: from its clients, and from standard input."""

import contextlib
import socket
from collections.abc import Callable, Iterator

from asyncchat.commands.mistakes.redaction import find_hidden_command
from asyncchat.errors import ChatError
from asyncchat.formats import plain
from asyncchat.system import stdio
from asyncchat.text.command_line import is_exit
from asyncchat.text.framing import LineDecoder
from asyncchat.text.sanitize import InvalidLine, decode_line, is_blank


def sent_lines(connection: socket.socket, max_line: int, answer: Callable[[bytes], object]) -> Iterator[str]:
    """Yield the lines of a client until it leaves, made safe to show; invalid lines are answered with `answer`."""
    decoder = LineDecoder(max_line)
    with contextlib.suppress(OSError):
        while data := _received(connection):
            for said in _taken(decoder.feed(data), max_line, lambda why: answer(plain.line_refused(why))):
                if is_exit(said):
                    return
                yield said
        if decoder.unfinished:
            answer(plain.UNFINISHED)


def _received(connection: socket.socket) -> bytes:
    while True:
        try:
            return connection.recv(stdio.CHUNK)
        except TimeoutError:  # the timeout is for sending
            pass


def typed_lines(max_line: int) -> Iterator[str]:
    """Yield the lines of standard input, made safe to show; invalid lines are reported."""
    decoder = LineDecoder(max_line)

    def refuse(why: str) -> None:
        stdio.report(f"your line was not sent: {why}")

    try:
        while data := stdio.read():
            yield from _taken(decoder.feed(data), max_line, refuse)
    except ChatError as error:
        stdio.report(str(error))
    if decoder.unfinished:
        yield from _taken(decoder.feed(b"\n"), max_line, refuse)


def _taken(lines: list[bytes | None], max_line: int, refuse: Callable[[str], object]) -> Iterator[str]:
    """Yield the lines, made safe to show, except those with only invisible characters; `refuse` invalid ones.

    Empty lines are kept, so that the text from a pipe keeps its layout.
    """
    for line in lines:
        try:
            said = decode_line(line, max_line)
        except InvalidLine as bad:
            refuse(str(bad))
            continue
        if not said.strip():
            yield said
        elif is_blank(said):
            continue
        elif is_exit(hidden := find_hidden_command(said)):  # the only command here
            refuse(f"write {hidden} with a plain / and nothing before it")
        else:
            yield said
