"""What stands around the line that is being typed: what is not sent yet, who comes and goes, and the status."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from prompt_toolkit.utils import get_cwidth

from asyncchat.chat.lines import visible

MOST_PENDING = 5
"""Lines that are shown of what the server has not acknowledged."""


class Status(NamedTuple):
    """What the status line says.

    unread: how many private messages wait from whom
    again_in: seconds until the next try to connect, None if there is a connection
    """

    server: str
    name: str
    members: int
    unread: Mapping[str, int]
    again_in: float | None
    why: str

    def fit(self, width: int) -> str:
        """Return it in at most `width` columns: as much as there is room for, the connection first."""
        count = f"{self.members} {'member' if self.members == 1 else 'members'}"
        state = "connected"
        if self.again_in is not None:
            when = f"in {self.again_in:.0f} s" if self.again_in >= 0.5 else "now"
            state = f"connecting again {when}: {self.why}"
        unread = [f"unread: {' '.join(f'{name}({number})' for name, number in self.unread.items())}"] * bool(
            self.unread
        )
        for parts in (
            [self.server, self.name, count, *unread, state],
            [self.name, count, *unread, state],
            [self.name, *unread, state],
            [self.name, state],
        ):
            if get_cwidth(said := f" {'  '.join(parts)} ") <= width:
                return said
        return fit(f" {state} ", width)


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
    lines += [visible(text) for text in pending[:MOST_PENDING]]
    if len(pending) > MOST_PENDING:
        lines.append(f"and {len(pending) - MOST_PENDING} more")
    return [fit(line, width) for line in lines]
