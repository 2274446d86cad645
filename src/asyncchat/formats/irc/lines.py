"""Lines of IRC: the parts of one that came, and what one that is sent may have in it."""

import re
from typing import NamedTuple

from asyncchat.text.sanitize import sanitize

LONGEST = 510
"""Bytes of a line, without its tags and its end (RFC 2812, 2.3)."""

LONGEST_TAGS = 4094
"""Bytes of the tags of a line from a client, without the @ and the blank (IRCv3, Message Tags)."""

_ESCAPES = {":": ";", "s": " ", "r": "\r", "n": "\n"}
_LONGEST_SHOWN = 100

_FORMATTING = re.compile(
    "\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?"  # a colour
    "|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?"  # a colour in hexadecimal digits
    "|[\x02\x0f\x11\x16\x1d\x1e\x1f]"  # bold, reset, monospace, reverse, italics, strikethrough, underline
)


class Line(NamedTuple):
    """A line from a client: its command in capital letters, and what follows it."""

    command: str
    params: tuple[str, ...]
    tags: dict[str, str]

    def param(self, index: int) -> str:
        """Return a parameter; empty if there are not so many."""
        return self.params[index] if index < len(self.params) else ""


def parse(raw: str) -> Line | None:
    """Return the parts of a line without its end; None if there is no command in it."""
    tags: dict[str, str] = {}
    if raw.startswith("@"):
        written, _, raw = raw[1:].partition(" ")
        for tag in written.split(";"):
            key, _, value = tag.partition("=")
            tags[key] = _unescape(value)
    raw, colon, trailing = raw.partition(" :")
    words = [word for word in raw.split(" ") if word]
    if words and words[0].startswith(":"):
        del words[0]  # whom it is from is known
    if not words:
        return None
    return Line(words[0].upper(), (*words[1:], *([trailing] if colon else ())), tags)


def _unescape(value: str) -> str:
    if "\\" not in value:
        return value
    return re.sub(r"\\(.?)", lambda match: _ESCAPES.get(match[1], match[1]), value, flags=re.DOTALL)


def escape(value: str) -> str:
    """Return the value of a tag as it is written."""
    for character, letter in (("\\", "\\"), *((character, letter) for letter, character in _ESCAPES.items())):
        value = value.replace(character, f"\\{letter}")
    return value


def is_too_long(raw: bytes) -> bool:
    """Tell whether a line from a client has more bytes than one may have."""
    if not raw.startswith(b"@"):
        return len(raw) > LONGEST
    tags, _, rest = raw.partition(b" ")
    return len(tags) - 1 > LONGEST_TAGS or len(rest) > LONGEST


def without_formatting(text: str) -> str:
    """Return a text without colours and typefaces."""
    return _FORMATTING.sub("", text)


def middle(text: str) -> str:
    """Return what a client has sent as a parameter of an answer, which is one word: * if that can't be."""
    shown = sanitize(text[:_LONGEST_SHOWN])
    return "*" if not shown or " " in shown or shown.startswith(":") else shown


def cut(text: str, most: int) -> str:
    """Return a text without its end, if it has more than `most` bytes in UTF-8."""
    if len(text) * 4 <= most or len(data := text.encode()) <= most:
        return text
    return data[:most].decode(errors="ignore")


def pieces(text: str, most: int) -> list[str]:
    """Return a text in pieces of at most `most` bytes in UTF-8, which end at a blank if possible; at least one.

    Together they are the text, with its blanks.
    """
    if len(text) * 4 <= most or len(data := text.encode()) <= most:
        return [text]
    found = []
    while len(data) > most:
        end = most
        while data[end] & 0xC0 == 0x80:  # not in a character
            end -= 1
        blank = data.rfind(b" ", 0, end) + 1
        if blank > most // 2:
            end = blank
        found.append(data[:end].decode())
        data = data[end:]
    found.append(data.decode())
    return found
