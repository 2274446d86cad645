"""Lines of IRC (RFC 2812, 2.3; IRCv3 message tags): taken apart, and put together."""

import re
from typing import NamedTuple

LONGEST = 512
"""Bytes of a line without its tags, with its end."""

LONGEST_TAGS = 4094
"""Bytes of the tags that a client may send, with the @ and the blank."""

MOST_PARAMETERS = 15

ACTION = "\x01ACTION "
"""How a CTCP begins that says what somebody does."""

_FORMATTING = re.compile(
    "\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?|[\x02\x0f\x11\x16\x1d\x1e\x1f]"
)
_ESCAPED = {";": r"\:", " ": r"\s", "\\": r"\\", "\r": r"\r", "\n": r"\n"}
_UNESCAPED = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}


class Line(NamedTuple):
    """A line of a client; `command` is in capitals."""

    tags: dict[str, str]
    command: str
    parameters: tuple[str, ...]


def parse(raw: str) -> Line | None:
    """Return what a line says; None if it says nothing. The source is left out: only a server may say who it is."""
    tags: dict[str, str] = {}
    if raw.startswith("@"):
        said, _, raw = raw[1:].partition(" ")
        for tag in said.split(";"):
            key, _, value = tag.partition("=")
            tags[key] = _unescape(value)
    raw = raw.lstrip(" ")
    if raw.startswith(":"):
        raw = raw.partition(" ")[2].lstrip(" ")
    middle, colon, trailing = raw.partition(" :")
    words = middle.split(" ")
    parameters = [word for word in words if word]
    if not parameters:
        return None
    command, *parameters = parameters
    if colon:
        parameters.append(trailing)
    return Line(tags, command.upper(), tuple(parameters[: MOST_PARAMETERS + 1]))


def _unescape(value: str) -> str:
    return re.sub(r"\\(.?)", lambda found: _UNESCAPED.get(found[1], found[1]), value)


def escape(value: str) -> str:
    """Return the value of a tag as it is written."""
    return "".join(_ESCAPED.get(character, character) for character in value)


def plain_text(text: str) -> str:
    """Return a text without colours and other formatting."""
    return _FORMATTING.sub("", text)


def split(text: str, most: int) -> list[str]:
    """Return pieces of a text of so many bytes at most, which are the text again when joined.

    They end at characters, and behind a blank if there is one in the second half.
    """
    pieces = []
    data = text.encode()
    while len(data) > most:
        piece = data[:most].decode(errors="ignore")
        blank = piece.rfind(" ")
        if blank >= len(piece) // 2:
            piece = piece[: blank + 1]
        pieces.append(piece)
        data = data[len(piece.encode()) :]
    return [*pieces, data.decode()]


def source_of(nick: str) -> str:
    """Return who says something; addresses are not shown."""
    return f"{nick}!u@{nick}"


def line(source: str, command: str, *parameters: str, tags: str = "") -> str:
    """Return a line, whose last parameter may have blanks; `tags` begins with @ and ends with a blank, if not empty."""
    *middle, last = parameters or ("",)
    begin = " ".join([f"{tags}:{source}", command, *middle])
    return f"{begin} :{last}\r\n" if parameters else f"{begin}\r\n"
