"""Where a text speaks of somebody, and where a name may begin in it."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

_ENDINGS = "_-.·׳״"
"""What names may have in them, also at their end; but there it may as well be no part of one."""

_LONGEST = 128
"""Characters that a name has at most, in whatever form it is written."""

_MOST_CACHED = 4096

_JOINERS = "\u200c\u200d"

# Thai and Lao, Myanmar, Khmer; Hangul, to which particles are joined; kana and Bopomofo, Han.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff\u3041-\u312f\u31a0-\u31ff"
    "\uff66-\uff9f\u2e80-\u2fd5\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
"""Letters of scripts that do not part their words with blanks: beside each of them a name may begin and end."""


def mentions(text: str, key: str) -> list[tuple[int, int]]:
    """Return where `text` has the name with this key in it, as a whole word: its start and its end each time."""
    # Most texts end here, and it is asked of every message of a flood.
    key = folded(key)
    if not key or not any(key in piece for piece in _pieces(text)):
        return []
    whole, places = _letters(text)
    found = []
    at = whole.find(key)
    while at >= 0:
        start, end = places.get(at), places.get(at + len(key))
        if start is not None and end is not None and _begins_at(text, start) and _ends_at(text, end):
            found.append((start, end))
            at += len(key)
        else:
            at += 1
        at = whole.find(key, at)
    return found


def _pieces(text: str) -> Iterator[str]:
    """Yield `text` folded, in pieces that overlap by a name: as a whole that would take the square of its marks."""
    if text.isascii():
        yield folded(text)
    else:
        for start in range(0, len(text), _LONGEST):
            yield folded(text[start : start + 2 * _LONGEST])


def beginnings(before: str) -> Iterator[int]:
    """Yield where a name may begin that is not finished at the end of `before`, the longest one first."""
    start = end = len(before)
    while start and start > end - _LONGEST and _may_be_in_name(before[start - 1]):
        start -= 1
    yield from (place for place in range(start, end + 1) if _begins_at(before, place))


def folded(text: str) -> str:
    """Return the same for all texts that make the same name."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).lower().replace("ς", "σ")


def _letters(text: str) -> tuple[str, dict[int, int]]:
    """Return `text` folded letter by letter, each with its marks; and for where each begins there, and the end, where
    it is in `text`."""
    starts = [place for place, character in enumerate(text) if not _is_mark(character)]
    parts, places, length = [], {}, 0
    for start, end in pairwise([*starts, len(text)]):
        places[length] = start
        parts.append(_folded_letter(text[start:end]) if end - start <= _LONGEST else "\0")
        length += len(parts[-1])
    return "".join(parts), places | {length: len(text)}


@lru_cache(maxsize=_MOST_CACHED)
def _folded_letter(letter: str) -> str:
    return folded(letter)


def _begins_at(text: str, place: int) -> bool:
    """Tell whether a name may begin there."""
    before = text[max(0, place - _LONGEST) : place].rstrip(_ENDINGS)[-1:]
    return not before or not _may_be_in_name(before) or _is_unspaced(before) or _is_unspaced(text[place : place + 1])


def _ends_at(text: str, place: int) -> bool:
    """Tell whether a name may end there."""
    behind = text[place : place + _LONGEST].lstrip(_ENDINGS)[:1]
    return not behind or not _may_be_in_name(behind) or _is_unspaced(behind) or _is_unspaced(text[place - 1])


def _is_unspaced(character: str) -> bool:
    return _UNSPACED.match(character) is not None


def _is_mark(character: str) -> bool:
    # A letter of Hangul may be in two or three pieces.
    return character in _JOINERS or "\u1160" <= character <= "\u11ff" or unicodedata.category(character).startswith("M")


def _may_be_in_name(character: str) -> bool:
    return character.isalnum() or character in _ENDINGS or _is_mark(character)
