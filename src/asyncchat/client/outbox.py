"""What a client has said, and the server has not answered yet."""

from collections import deque

from asyncchat.formats import events
from asyncchat.formats.events import Say

MOST_WAITING = 1 << 22
"""Bytes of what was said that may wait for the server; beyond that nothing more is taken."""

_OF_EACH = 200
"""Bytes that a line costs besides its text, roughly."""


class Outbox:
    """Lines in the order of their ids: those that were sent on this connection, and those that were not."""

    def __init__(self) -> None:
        self._unsent: deque[Say] = deque()
        self._unanswered: dict[int, Say] = {}
        self._bytes = 0
        self._last = 0  # the id of the last that was ever sent

    def __len__(self) -> int:
        return len(self._unanswered) + len(self._unsent)

    @property
    def lines(self) -> list[Say]:
        """All lines."""
        return [*self._unanswered.values(), *self._unsent]

    @property
    def is_full(self) -> bool:
        """Whether so much waits that nothing more is taken."""
        return self._bytes > MOST_WAITING

    def add(self, say: Say) -> None:
        """Take another line."""
        self._bytes += _cost(say)
        self._unsent.append(say)

    def connected(self) -> None:
        """There is a new connection: what was not answered on the one before is sent again."""
        self._unsent.extendleft(reversed(self._unanswered.values()))
        self._unanswered.clear()

    def next(self) -> Say | None:
        """Return the next line to send, unless there is none or too many wait for their answers."""
        if not self._unsent or len(self._unanswered) >= events.MOST_UNANSWERED:
            return None
        say = self._unsent.popleft()
        self._unanswered[say.id] = say
        self._last = max(self._last, say.id)
        return say

    def answered(self, ident: int) -> Say | None:
        """Return the line with this id, which waits no longer; None if it did not."""
        if say := self._unanswered.pop(ident, None):
            self._bytes -= _cost(say)
        return say

    def give_up_sent(self) -> list[Say]:
        """Return what was sent on an earlier connection: it does not wait any longer."""
        doubtful = []
        while self._unsent and self._unsent[0].id <= self._last:
            doubtful.append(say := self._unsent.popleft())
            self._bytes -= _cost(say)
        return doubtful


def _cost(say: Say) -> int:
    return _OF_EACH + len(say.text.encode())
