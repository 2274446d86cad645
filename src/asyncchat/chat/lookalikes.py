"""Names that look alike: what Unicode calls confusable (UTS 39, 4)."""

import re
import unicodedata
from functools import lru_cache

from confusable_homoglyphs.confusables import confusables_data

from asyncchat.chat.names import Name

_DOTTED_TWICE = re.compile("([ij])\u0307+")
"""A dot above a letter that has one is not seen (Unicode, 7.1: Soft_Dotted)."""

_MARK = "\u200e"
"""Stands around what is written from the right in the library's data."""


class Looks:
    """Finds names by what they look like."""

    def __init__(self) -> None:
        self._by_look: dict[str, dict[str, Name]] = {}

    def add(self, name: Name) -> None:
        """Know one more."""
        for look in looks_of(name):
            self._by_look.setdefault(look, {})[name.key] = name

    def remove(self, name: Name) -> None:
        """Forget one."""
        for look in looks_of(name):
            del self._by_look[look][name.key]
            if not self._by_look[look]:
                del self._by_look[look]

    def find(self, name: Name) -> Name | None:
        """Return one that looks like `name`, and is another."""
        found = (other for look in looks_of(name) for other in self._by_look.get(look, {}).values())
        return next((other for other in found if other.key != name.key), None)


def looks_of(name: Name) -> frozenset[str]:
    """Return what a name looks like, in small letters and in capitals; two with a look in common are alike."""
    return frozenset(map(skeleton, (name.shown, name.key, name.shown.upper())))


def skeleton(text: str) -> str:
    """Return the same for all texts that look the same (UTS 39, 4: skeleton)."""
    decomposed = unicodedata.normalize("NFD", text)
    mapped = unicodedata.normalize("NFD", "".join(map(_prototype, decomposed)))
    return _DOTTED_TWICE.sub(r"\1", mapped)


@lru_cache(maxsize=4096)
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
