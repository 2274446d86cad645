"""Who is here, and who came and went since something was last shown."""

from collections.abc import Iterable

from asyncchat.ui.mentions import folded
from asyncchat.ui.view.style import key_of

MOST_NAMES = 2000
"""Names that are remembered; the ones heard of last."""

MOST_LISTED = 20
"""Names that a line of joined and left has in each of its parts."""


class People:
    """The names that are known, in the order in which they were last heard of."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def replace(self, names: Iterable[str]) -> None:
        """Know these, and no others."""
        self._names.clear()
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Know somebody who has joined or spoken."""
        key = key_of(name)
        self._names.pop(key, None)
        self._names[key] = name
        if len(self._names) > MOST_NAMES:
            del self._names[next(iter(self._names))]

    def remove(self, name: str) -> None:
        """Forget somebody who has left."""
        self._names.pop(key_of(name), None)

    def beginning_with(self, start: str) -> list[str]:
        """Return the names that begin so, in small letters or capitals; the one heard of last first."""
        start = folded(start)
        return [name for key, name in reversed(self._names.items()) if folded(key).startswith(start)]


class Run:
    """Those who joined and left since something else was shown, each once; MOST_NAMES, and that there were others."""

    def __init__(self) -> None:
        self._came: dict[str, tuple[str, bool, bool]] = {}
        self._others = False

    def add(self, name: str, *, joined: bool) -> None:
        """Take in that somebody joined, or left."""
        key = key_of(name)
        if key not in self._came and len(self._came) == MOST_NAMES:
            self._others = True
            return
        _, first, _ = self._came.get(key, (name, joined, joined))
        self._came[key] = (name, first, joined)

    def clear(self) -> None:
        """Begin anew."""
        self._came.clear()
        self._others = False

    def __str__(self) -> str:
        """Return them in one line; nothing if there were none."""
        parts = []
        for words, first, last in (
            ("joined", True, True),
            ("left", False, False),
            ("came and went", True, False),
            ("left and came back", False, True),
        ):
            names = [name for name, *change in self._came.values() if change == [first, last]]
            if names:
                more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
                parts.append(f"{words}: {', '.join(names[:MOST_LISTED])}{more}")
        if self._others:
            parts.append("and others")
        return "  ".join(parts)
