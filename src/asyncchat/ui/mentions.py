"""Where a text speaks of somebody."""

import unicodedata
from collections.abc import Iterator
from itertools import groupby

from asyncchat.ui.style import key_of

_ENDINGS = "_-."
_LONGEST = 128
"""Characters that a name has at most, in whatever form it is written."""


def mentions(text: str, key: str) -> list[tuple[int, int]]:
    """Return where `text` has the name with this key in it, as a whole word: its start and its end each time."""
    # Most texts end here, and it is asked of every message of a flood.
    if not key or not any(key in piece.lower() for piece in _compatible(text)):
        return []
    found = []
    for start, word in _words(text):
        # The stop at the end of a sentence is no part of a name, but names may end so.
        for called in (word, word.strip(_ENDINGS)):
            if 0 < len(called) <= _LONGEST and key_of(called) == key:
                first = start + word.index(called)
                found.append((first, first + len(called)))
                break
    return found


def _compatible(text: str) -> Iterator[str]:
    """Yield `text` normalised, in pieces that overlap by a name: as a whole that would take the square of its marks."""
    if text.isascii():
        yield text
    else:
        for start in range(0, len(text), _LONGEST):
            yield unicodedata.normalize("NFKC", text[start : start + 2 * _LONGEST])


def _words(text: str) -> Iterator[tuple[int, str]]:
    for inside, group in groupby(enumerate(text), key=lambda place: _may_be_in_name(place[1])):
        if inside:
            characters = list(group)
            yield characters[0][0], "".join(character for _, character in characters)


def _may_be_in_name(character: str) -> bool:
    return character.isalnum() or character in _ENDINGS or unicodedata.category(character).startswith("M")
