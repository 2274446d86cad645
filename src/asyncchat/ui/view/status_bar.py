"""What stands around the line that is being typed: what is not sent yet, who comes and goes, and the status."""

import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from prompt_toolkit.utils import get_cwidth

from asyncchat.text.sanitize import sanitize
from asyncchat.ui.windows import Tab

MOST_PENDING = 5
"""Lines that are shown of what the server has not acknowledged."""


class Around(NamedTuple):
    """What surrounds the line, made anew each time it is drawn: both get the width of the window."""

    above: Callable[[int], Sequence[str]]
    status: Callable[[int], str]


class Status(NamedTuple):
    """What the status line says.

    members: how many users are in the room; None in a private conversation
    tabs: the windows, if there are several
    again_in: seconds until the next try to connect, None if there is a connection
    """

    server: str
    name: str
    members: int | None
    tabs: Sequence[Tab]
    again_in: float | None
    why: str

    def fit(self, width: int) -> str:
        """Return it in at most `width` columns: what there is no room for goes, the least needed first."""
        for parts in self._connected() if self.again_in is None else self._lost(self.again_in):
            if get_cwidth(said := f" {'  '.join(filter(None, parts))} ") <= width:
                break
        return fit(said, width)

    def _connected(self) -> Iterator[Sequence[str]]:
        count = "" if self.members is None else f"{self.members} {'member' if self.members == 1 else 'members'}"
        for tabs in (self._all_tabs, self._tabs_with_news):
            yield self.server, self.name, count, tabs, "connected"
            yield self.name, count, tabs, "connected"
            yield self.name, count, tabs
        yield self.name, count, self._unread_in_all
        yield self.name, self._unread_in_all
        yield (self.name,)

    def _lost(self, again_in: float) -> Iterator[Sequence[str]]:
        when = f"in {again_in:.0f} s" if again_in >= 0.5 else "now"
        state = f"connecting again {when}"
        yield self.server, self.name, self._tabs_with_news, f"{state}: {self.why}"
        yield self.name, self._tabs_with_news, f"{state}: {self.why}"
        yield self.name, self._unread_in_all, state
        yield self.name, self._unread_in_all, f"lost, again {when}"
        yield self.name, f"lost, again {when}"
        yield (f"lost, again {when}",)

    @property
    def _all_tabs(self) -> str:
        return " ".join(map(str, self.tabs))

    @property
    def _tabs_with_news(self) -> str:
        return " ".join(str(tab) for tab in self.tabs if tab.unread)

    @property
    def _unread_in_all(self) -> str:
        unread = sum(tab.unread for tab in self.tabs)
        return f"unread: {unread}" if unread else ""


def fit(text: str, width: int) -> str:
    """Return `text` in one row of `width` columns, with … where it was cut."""
    text = text.replace("\t", " ")
    if len(text) <= width and get_cwidth(text) <= width:
        return text
    columns = 0
    for index, character in enumerate(text):
        columns += get_cwidth(character)
        if columns > width - 1:
            return text[:index] + "…" * (width > 0)
    return text


def above_input(pending: Sequence[str], changes: str, width: int) -> list[str]:
    """Return the lines above the one that is being typed."""
    lines = [changes] if changes else []
    lines += [sanitize(text) for text in pending[:MOST_PENDING]]
    if len(pending) > MOST_PENDING:
        lines.append(f"and {len(pending) - MOST_PENDING} more")
    return [fit(line, width) for line in lines]


def wrapped(text: str, width: int) -> list[str]:
    """Return `text` in rows of `width` columns, wrapped at its words."""
    return [fit(row, width) for row in textwrap.wrap(text, max(width, 1))]
