"""The events that have come and were not read yet: how many there are, and how much they take."""

from collections import deque
from collections.abc import Iterable

from msgspec import Struct

from asyncchat.formats import events

MOST_EVENTS = 10_000
"""Events that may wait to be read."""

MOST_BYTES = 1 << 22
"""Bytes, as they came, of which these may be."""


class Disconnected(Struct, frozen=True, tag_field="type", tag="disconnected"):
    """The connection is lost; the client reconnects by itself.

    Attributes:
        text: why it was lost, or why the last try to reconnect has failed.
        pause: seconds until the next try.
    """

    text: str
    pause: float


Event = events.FromServer | Disconnected
"""Whatever can happen; see docs/protocol.md."""


class EventQueue:
    """Events in their order. It takes all, and tells whether more should be heard."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self._bytes = 0  # heard since all was read: that is cheaper than to know the size of each event

    def __len__(self) -> int:
        return len(self._events)

    def heard(self, number: int) -> None:
        """So many bytes have come, which the next events are made of."""
        self._bytes += number

    def put(self, happened: Iterable[Event]) -> None:
        """Take events."""
        self._events.extend(happened)

    def take(self) -> Event:
        """Return the first, and have it no more."""
        event = self._events.popleft()
        self._was_read()
        return event

    def take_all(self) -> list[Event]:
        """Return all, and have them no more."""
        batch = list(self._events)
        self._events.clear()
        self._was_read()
        return batch

    def has_room(self, times: int = 1) -> bool:
        """Tell whether more should be heard, if `times` as much may wait as usually."""
        return len(self._events) < times * MOST_EVENTS and self._bytes < times * MOST_BYTES

    def _was_read(self) -> None:
        if not self._events:
            self._bytes = 0
