"""Print src/asyncchat/text/prototypes.py, from the package confusable-homoglyphs, which has the data of UTS 39."""

import textwrap
import unicodedata
from collections import defaultdict
from collections.abc import Iterator

from confusable_homoglyphs.confusables import confusables_data

_MARK = "\u200e"
"""Stands around what is written from the right in the package's data."""

_HEAD = '''\
"""For each character of a name that looks like others, what stands for all of them (UTS 39, 4: prototype).

Made by docs/make_prototypes.py. The data: confusables.txt of UTS 39, Copyright Unicode, Inc., used under the Unicode
License (https://www.unicode.org/license.txt), of which nothing is here but what can stand in a name.
"""

# A prototype, and behind it all that look like it.
_DATA = """\\
'''

_FOOT = '''\
"""

_WORDS = _DATA.split()

PROTOTYPES = {
    ord(character): prototype
    for prototype, similar in zip(_WORDS[::2], _WORDS[1::2], strict=True)
    for character in similar
}
"""The prototypes, by the numbers of the characters."""
'''


def lines() -> Iterator[str]:
    """Yield the module's text."""
    yield _HEAD
    similar = defaultdict(list)
    for character in sorted(filter(_can_be_in_name, {text.strip(_MARK) for text in confusables_data})):
        if (prototype := _prototype(character)) != character:
            similar[prototype].append(character)
    words = " ".join(
        _escaped(word) for prototype in sorted(similar) for word in (prototype, "".join(similar[prototype]))
    )
    yield "".join(f"{line}\n" for line in textwrap.wrap(words, 120, break_long_words=False, break_on_hyphens=False))
    yield _FOOT


def _can_be_in_name(text: str) -> bool:
    """Tell whether this is a letter, mark or digit that no normalisation would have changed."""
    return (
        len(text) == 1
        and (unicodedata.category(text)[0] in "LM" or unicodedata.category(text) == "Nd" or text in "·͵׳״・")
        and unicodedata.normalize("NFKC", text) == unicodedata.normalize("NFD", text) == text
    )


def _prototype(character: str) -> str:
    # The data has each pair both ways. A character has one prototype, and a prototype has many characters; of one that
    # has a single one, either may stand for both.
    similar = _similar(character)
    if len(similar) != 1:
        return character
    (other,) = similar
    if len(other) > 1:
        return "".join(map(_prototype, other))
    return min(character, other) if len(_similar(other)) == 1 else other


def _similar(text: str) -> list[str]:
    found = confusables_data.get(text) or confusables_data.get(f"{_MARK}{text}{_MARK}") or []
    return [entry["c"].replace(_MARK, "") for entry in found]


def _escaped(word: str) -> str:
    assert not any(character.isspace() for character in word)
    return word.translate({ord("\\"): "\\x5c", ord('"'): "\\x22"}).encode("ascii", "backslashreplace").decode()


if __name__ == "__main__":
    print("".join(lines()), end="")
