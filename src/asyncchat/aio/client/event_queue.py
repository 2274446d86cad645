"""The events that were received and not read yet, and their size."""

from collections import deque
from collections.abc import Iterable

from msgspec import Struct

from asyncchat.formats import events

MOST_EVENTS = 10_000
"""Events that may wait to be read."""

MOST_BYTES = 1 << 22
"""Bytes of these events, as they were received."""


class Disconnected(Struct, frozen=True, tag_field="type", tag="disconnected"):
    """The connection is lost; the client reconnects automatically.

    Attributes:
        text: why it was lost, or why the last try to reconnect has failed.
        pause: seconds until the next try.
    """

    text: str
    pause: float


Event = events.FromServer | Disconnected
"""Any event; see docs/protocol.md."""


class EventQueue:
    """A queue of events; it accepts all, and tells whether more should be received."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self._bytes = 0  # received since the queue was last empty: cheaper than the size of each event

    def __len__(self) -> int:
        return len(self._events)

    def heard(self, number: int) -> None:
        """Count the bytes of the next events."""
        self._bytes += number

    def put(self, happened: Iterable[Event]) -> None:
        """Append events."""
        self._events.extend(happened)

    def take(self) -> Event:
        """Remove and return the first event."""
        event = self._events.popleft()
        self._was_read()
        return event

    def take_all(self) -> list[Event]:
        """Remove and return all events."""
        batch = list(self._events)
        self._events.clear()
        self._was_read()
        return batch

    def has_room(self, times: int = 1) -> bool:
        """Tell whether more should be received, if `times` the usual amount may wait."""
        return len(self._events) < times * MOST_EVENTS and self._bytes < times * MOST_BYTES

    def _was_read(self) -> None:
        if not self._events:
            self._bytes = 0
