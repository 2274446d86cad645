"""Names that look alike: what Unicode calls confusable (UTS 39, 4)."""

import re
import unicodedata
from functools import lru_cache

from asyncchat.text.prototypes import PROTOTYPES
from asyncchat.text.usernames import Name

_DOTTED_TWICE = re.compile("([ij])\u0307+")
"""A dot above a letter that has one is not seen (Unicode, 7.1: Soft_Dotted)."""

_OVERLOOKED = re.compile(r"[-._]+$|([-._])(?=\1)")
"""What is easily overlooked in a name: dots and dashes at its end, and the same once more."""

_PROTOTYPES = PROTOTYPES | dict.fromkeys(map(ord, "\u200c\u200d"))
"""The joiners, without a shape of their own, stand for nothing."""


class ConfusableIndex:
    """Finds names by what they look like."""

    def __init__(self, *names: Name) -> None:
        self._by_look: dict[str, tuple[Name, ...]] = {}
        for name in names:
            self.add(name)

    def add(self, name: Name) -> None:
        """Know one more; the same once more makes no difference."""
        for look in looks_of(name):
            self._by_look[look] = (*self._without(look, name), name)

    def remove(self, name: Name) -> None:
        """Forget one."""
        for look in looks_of(name):
            if others := self._without(look, name):
                self._by_look[look] = others
            else:
                del self._by_look[look]

    def _without(self, look: str, name: Name) -> tuple[Name, ...]:
        return tuple(other for other in self._by_look.get(look, ()) if other.key != name.key)

    def find(self, name: Name, but: Name | None = None) -> Name | None:
        """Return one that looks like `name`, and is another, and not `but`."""
        for look in looks_of(name):
            for other in self._without(look, name):
                if not but or other.key != but.key:
                    return other
        return None


@lru_cache(maxsize=64)  # for one login they are asked several times
def looks_of(name: Name) -> tuple[str, ...]:
    """Return what a name looks like, in small letters and in capitals; two with a look in common are alike."""
    shown = _OVERLOOKED.sub("", name.shown)
    return tuple(dict.fromkeys(map(skeleton, (shown, shown.lower(), shown.upper()))))


def skeleton(text: str) -> str:
    """Return the same for all texts that look the same (UTS 39, 4: skeleton)."""
    if text.isascii():  # as most names are; the same, in less time
        return text.translate(_PROTOTYPES)
    mapped = unicodedata.normalize("NFD", text).translate(_PROTOTYPES)
    return _DOTTED_TWICE.sub(r"\1", unicodedata.normalize("NFD", mapped))
