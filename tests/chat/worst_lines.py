"""Lines that cost the server as much as any: `python -m tests.chat.worst_lines` prints which do, and how much."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from asyncchat.commands.table import COMMANDS
from asyncchat.formats.events import JSON_LINE
from asyncchat.log.accounts import LONGEST_PASSWORD, Role
from asyncchat.text.usernames import MAX_LENGTH
from tests.chat.stored_chat import SECRET, Json, Plain, StoredChat, stored_chat

MAX_LINE = 4096
QUICK = 0.001
"""Seconds below which it is not asked what disturbed a measurement."""

PIECES = {
    "marks out of order": "\u0315\u0300",
    "letters in four parts": "\u1f82",
    "Hangul in parts": "\u1100\u1161",
    "Arabic-Indic digits": "\u0660",
    "other Arabic-Indic digits": "\u06f0",
    "Arabic joiners": "\u0644\u200c",
    "Devanagari joiners": "\u0915\u094d\u200d",
    "Hebrew points": "\u05d0\u05f3",
    "from the right": "\u05d0",
    "middle dots": "l\u00b7",
    "Katakana dots": "\u30a2\u30fb",
    "ligatures": "\ufdfa",
    "last sigmas": "\u03a3",
    "keys": "\x1b[0m",
    "escapes": "\x1b",
    "pictures of escapes": "\u241b",
    "no shape": "\u200b",
    "fillers": "\u3164",
    "tags": "\U000e0041",
    "next lines": "\x85",
    "overrides": "\u202e",
    "shown overrides": "<U+202E>",
    "wide slashes": "\uff0f",
    "slashes": "/",
    "quotes": '"',
    "words": "aa.ab ",
    "letters": "a",
    "digits": "9",
    "blanks": " ",
}
"""What a line is filled with, by what is special about it."""

NUMBERS = itertools.count(1)

_ARGUMENTS = ("", "bob ", f"{'x' * MAX_LENGTH} ")
_COMMANDS = [f"{command.names[0]} " for command in COMMANDS if command.argument]
_BEGINNINGS = ["", "a", " ", "/", "//", "\x1b[", "\u200b/"]
_FIELDS = ("type", "v", "name", "token", "epoch", "after", "password", "conversation", "unknown")


def filled(begin: str, piece: str, size: int = MAX_LINE) -> str:
    """Return a line of at most `size` bytes that begins so, and goes on with one piece."""
    return begin + piece * ((size - len(begin.encode())) // len(piece.encode()))


def _before_login(piece: str) -> Iterator[str]:
    """Yield what a peer may write that has no name yet."""
    yield from (filled(begin, piece) for begin in _BEGINNINGS)
    yield (piece * MAX_LENGTH)[:MAX_LENGTH]
    yield from _with_password(piece)


def _with_password(piece: str) -> Iterator[str]:
    for argument in _ARGUMENTS:
        for command in ("/auth", "/registration"):
            yield filled(f"{command} {argument}", piece)
    longest = (piece * LONGEST_PASSWORD)[:LONGEST_PASSWORD]
    yield f"/auth bob {longest}"
    yield f"/registration n{next(NUMBERS)} {longest}"


def _after_login(piece: str) -> Iterator[str]:
    yield from (filled(begin, piece) for begin in _BEGINNINGS)
    for command in _COMMANDS:
        yield from (filled(command + argument, piece) for argument in _ARGUMENTS)


def _hello(piece: str) -> Iterator[str]:
    known = {"type": "hello", "v": 1, "name": "b b", "epoch": "chat", "token": "t"}
    for field in _FIELDS:
        yield _json(known | {field: filled("", piece, MAX_LINE * JSON_LINE - 200)})
    yield _json(known | {filled("", piece, MAX_LINE * JSON_LINE - 200): 1})
    yield _json(known | {"name": (piece * MAX_LENGTH)[:MAX_LENGTH]})
    yield _json(known | {"name": "bob", "password": (piece * LONGEST_PASSWORD)[:LONGEST_PASSWORD]})
    for size in (64, 2000, MAX_LINE * JSON_LINE):  # deep, and full
        yield '{"type":"hello","x":' + "[" * size
        yield '{"type":"hello","x":' + "9" * size + "}"
        yield '{"type":"hello","v":' + "9" * size + "}"
        yield '{"type":"hello"' + ',"a":1' * (size // 6) + "}"


def _say(piece: str) -> Iterator[str]:
    for text in (*_BEGINNINGS, *_COMMANDS):
        yield _json({"type": "say", "id": 1, "text": filled(text, piece)})
    long = filled("", piece, MAX_LINE * JSON_LINE - 200)
    yield _json({"type": "say", "id": 1, "text": "a", "conversation": long})
    yield _json({"type": "say", "id": 1, "text": long})


def _json(event: dict[str, object]) -> str:
    return json.dumps(event, ensure_ascii=False)


def _stranger(chat: StoredChat) -> Json:
    stranger = chat.stranger()
    stranger.tell("pong")
    return stranger


def _member(chat: StoredChat) -> Plain:
    chat.seconds += 3600  # an address registers so many names an hour, and a slow machine tries a line three times
    return chat.owner(f"m{next(NUMBERS)}", role=Role.ADMIN)


def _program(chat: StoredChat) -> Json:
    chat.seconds += 3600
    return chat.program(f"p{next(NUMBERS)}", password=SECRET, register=True)


KINDS: dict[str, tuple[Callable[[StoredChat], Plain | Json], Callable[[str], Iterator[str]]]] = {
    "plain, before login": (StoredChat.connect, _before_login),
    "plain, after login": (_member, _after_login),
    "JSON, before login": (_stranger, _hello),
    "JSON, after login": (_program, _say),
}
"""Who sends what lines."""


class Cost(NamedTuple):
    """CPU seconds that a line takes, bytes that are said to that, and the line."""

    seconds: float
    answer: int
    line: str


def costs(kind: str, piece: str) -> list[Cost]:
    """Return what the lines of a kind cost that are filled with `piece`."""
    connect, lines = KINDS[kind]
    with stored_chat() as chat:
        chat.log.is_forgetful = True  # a search takes its time in a thread of its own
        chat.owner("bob")
        return [_cost(lambda: connect(chat), line) for line in lines(PIECES[piece])]


def _cost(connect: Callable[[], Plain | Json], line: str) -> Cost:
    """Send a line; three times if it takes long, of which that counts which was disturbed least."""
    least = Cost(1.0, 0, line)
    for _ in range(3):
        peer = connect()
        begin = time.thread_time()
        peer.send(f"{line}\n")
        least = min(least, Cost(time.thread_time() - begin, len(peer.peer.take()), line))
        if least.seconds < QUICK:
            break
    return least


def main() -> None:
    """Print the most costly lines."""
    found = [(*max(costs(kind, piece)), kind, piece) for kind in KINDS for piece in PIECES]
    for seconds, _, line, kind, piece in sorted(found, reverse=True)[:20]:
        print(f"{seconds * 1000:6.2f} ms  {kind}: {line[:24]!a} … of {piece}")


if __name__ == "__main__":
    main()
