"""What of a flood is shown: the newest, and what matters."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from asyncchat.formats import events
from asyncchat.ui.windows import Line

Change = events.Joined | events.Left


class Item(NamedTuple):
    """Something that may be shown; if it `matters`, it is not folded away while there is room for it."""

    make: Callable[[], Line]  # only what is shown is worth the work
    length: int
    matters: bool
    more_rows: int = 0


def readable(items: Sequence[Item | Change], columns: int, rows: int) -> set[int]:
    """Choose what to show if there is more than fits: the newest, and before them what matters."""
    shown: set[int] = set()
    for matters in (True, False):
        for index in range(len(items) - 1, -1, -1):
            item = items[index]
            if isinstance(item, Item) and item.matters == matters:
                rows -= (
                    1 + matters + item.more_rows + item.length // max(columns, 1)
                )  # before what matters it may say what is hidden
                if rows < 0 and shown:
                    return shown
                shown.add(index)
    return shown


def not_shown(number: int) -> Line:
    """Return the line that tells how many messages are not shown."""
    return [("class:dim", f"… {number} message{'s' * (number > 1)} not shown")]
