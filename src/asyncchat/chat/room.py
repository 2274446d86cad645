"""The room: who is in it, what was said last, and everything that happens in it in one order."""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from asyncchat.chat.messages import Event, Joined, Left, Sent
from asyncchat.chat.names import SERVER, Name


class NameTaken(ValueError):
    """Somebody in the room has this name, or one that counts as the same."""


class Peer(Protocol):
    """Whoever can be written to. Neither call waits, raises, or calls back into the room."""

    def write(self, data: bytes) -> None:
        """Take `data` for sending."""
        ...

    def close(self) -> None:
        """Send what was written so far, then end the connection."""
        ...


Encode = Callable[[Sequence[Event]], bytes]
"""A wire format: turns a batch of events into what is written to each peer that speaks it, or into nothing."""

Committed = Callable[[Sequence[Event]], None]


class Journal(Protocol):
    """Keeps the conversation."""

    def append(self, batch: Sequence[Event], committed: Committed) -> None:
        """Keep `batch`, and once it is kept call `committed` with it; batches in the order in which they came."""
        ...


class MemoryJournal:
    """The journal that keeps nothing beyond the room's own memory, and so has kept everything at once."""

    def append(self, batch: Sequence[Event], committed: Committed) -> None:
        """Call `committed` with `batch`."""
        committed(batch)


class _Member(NamedTuple):
    name: Name
    peer: Peer
    encode: Encode


class Room:
    """One conversation.

    What happens is collected, and `commit` hands the batch to the journal; only what the journal holds is delivered, in
    that one order. `wake` is called when a batch begins: the caller then has `commit` called soon.
    A newcomer gets the last `history` messages.
    """

    def __init__(self, wake: Callable[[], object], journal: Journal, history: int = 10) -> None:
        self._wake = wake
        self._journal = journal
        self._last: deque[Sent] = deque(maxlen=history)
        self._members: dict[str, _Member] = {}
        self._audience: dict[Encode, dict[Peer, None]] = {}
        self._batch: list[Event] = []
        self._seq = 0

    def attach(self, peer: Peer, encode: Encode) -> None:
        """Let `peer` have all that is delivered from now on, in the format of `encode`, without being a member."""
        self._audience.setdefault(encode, {})[peer] = None

    def join(self, name: Name, peer: Peer, encode: Encode) -> list[Sent]:
        """Make `peer` a member and return the last messages; what is delivered later follows without a gap.

        Raises NameTaken.
        """
        self.commit()  # what happened before comes before: also the last messages, and that the name is free
        if name.key in self._members or name.key == SERVER.key:
            raise NameTaken(name.shown)
        self._members[name.key] = _Member(name, peer, encode)
        self.attach(peer, encode)
        self._happened(Joined(name))
        return list(self._last)

    def post(self, name: Name, text: str) -> int:
        """Let the member `name` say `text` to everybody; return the message's number."""
        self._seq += 1
        self._happened(Sent(self._seq, name, text))
        return self._seq

    def leave(self, name: Name) -> None:
        """Let the member go, once everything up to here is delivered; then its peer is closed and its name is free."""
        self._happened(Left(name))

    def names(self, without: Name, most: int) -> tuple[list[str], int]:
        """Return the first `most` names in their order, leaving out `without`, and how many there are beyond these."""
        first = [key for key in heapq.nsmallest(most + 1, self._members) if key != without.key][:most]
        return [self._members[key].name.shown for key in first], len(self._members) - 1 - len(first)

    @property
    def waiting(self) -> int:
        """How much has happened since the last commit."""
        return len(self._batch)

    def commit(self) -> None:
        """Hand what has happened since the last call to the journal."""
        if self._batch:
            batch, self._batch = self._batch, []
            self._journal.append(batch, self._deliver)

    def _happened(self, event: Event) -> None:
        if not self._batch:
            self._wake()
        self._batch.append(event)

    def _deliver(self, batch: Sequence[Event]) -> None:
        self._last.extend([event for event in batch if type(event) is Sent])
        for encode, peers in self._audience.items():
            if data := encode(batch):
                for peer in peers:
                    peer.write(data)
        for event in batch:
            if type(event) is Left:
                self._remove(event.name)

    def _remove(self, name: Name) -> None:
        member = self._members.pop(name.key)
        del self._audience[member.encode][member.peer]
        member.peer.close()
