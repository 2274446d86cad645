"""The room: who is in it, what was said last, and everything that happens in it in one order."""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import NamedTuple, Protocol

from asyncchat.chat.messages import ANNOUNCED, Connected, Counted, Disconnected, Event, Joined, Left, Renamed, Sent
from asyncchat.chat.names import SERVER, Name


class NameTaken(ValueError):
    """Somebody in the room has this name, or one that counts as the same."""


class Peer(Protocol):
    """Whoever can be written to. No call waits, raises, or calls back into the room."""

    def write(self, data: bytes) -> None:
        """Take `data` for sending."""
        ...

    def close(self) -> None:
        """Send what was written so far, then end the connection."""
        ...


Encode = Callable[[Sequence[Event]], bytes]
"""A wire format: turns a batch of events into what is written to each peer that speaks it, or into nothing."""


class Poster(Protocol):
    """Where a message comes from; the journal keeps the `key` of what may be sent again from there, if it has one."""

    key: bytes

    def keep(self, kept: Sequence[tuple[int, int]]) -> None:
        """These are kept and delivered: the ids of what was posted, and the numbers."""
        ...

    def lose(self, idents: Sequence[int], why: str) -> None:
        """These could not be kept, and nobody sees them."""
        ...


Committed = Callable[[Sequence[Event]], None]
Failed = Callable[[Sequence[Event], str], None]


class Journal(Protocol):
    """Keeps the conversation.

    epoch: names this life of the conversation, in which numbers only rise
    seq: the number of the last message that was kept before
    recent: the last messages that were
    is_archive: whether it can be asked for what it keeps
    """

    is_archive: bool
    epoch: str
    seq: int
    recent: Sequence[Sent]

    def append(self, batch: Sequence[Event], committed: Committed, failed: Failed) -> None:
        """Keep the messages of `batch`, and once they are kept call `committed` with it.

        If they can't be kept, call `failed` with it and with the reason: their numbers will be given to others. The
        next batch comes after that.
        """
        ...


class MemoryJournal:
    """The journal that keeps nothing beyond the room's own memory, and so has kept everything at once."""

    is_archive = False
    seq = 0
    recent: Sequence[Sent] = ()

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch

    def append(self, batch: Sequence[Event], committed: Committed, failed: Failed) -> None:
        """Call `committed` with `batch`."""
        committed(batch)


_Posts = dict[Poster, list[tuple[int, int]]]


class _Member(NamedTuple):
    name: Name
    peer: Peer
    encode: Encode


class Room:
    """One conversation.

    What happens is collected, and `commit` hands the batch to the journal, as soon as that has kept the one before;
    only what the journal holds is delivered, in that one order. `wake` is called when a batch begins: the caller then
    has `commit` called soon. `clock` tells the time in milliseconds since 1970. A newcomer gets the last `history`
    messages, and who comes back those that were missed, if they are among the last `replay`.
    """

    def __init__(
        self,
        wake: Callable[[], object],
        journal: Journal,
        clock: Callable[[], int],
        *,
        history: int = 10,
        replay: int = 1000,
    ) -> None:
        self._wake = wake
        self._journal = journal
        self._clock = clock
        self._history = history
        self._last: deque[Sent] = deque(journal.recent, maxlen=max(history, replay))
        self._members: dict[str, _Member] = {}
        self._audience: dict[Encode, dict[Peer, None]] = {}
        self._batch: list[Event] = []
        self._posts: _Posts = {}
        self._closing = False
        self._committing = False
        self._committed = 0  # how many batches
        self._settling: deque[tuple[int, Callable[[], object]]] = deque()
        self._due = False  # the next batch, as soon as the one before is kept
        self._present = 0  # without those who are leaving
        self._counted = 0  # when everybody was told last
        self._seq = self._delivered = journal.seq

    @property
    def epoch(self) -> str:
        """The name of this life of the conversation."""
        return self._journal.epoch

    @property
    def is_stored(self) -> bool:
        """Whether what is said is kept beyond the room's memory."""
        return self._journal.is_archive

    @property
    def seq(self) -> int:
        """The number of the last message that was delivered."""
        return self._delivered

    def now(self) -> int:
        """Return what time it is, in milliseconds since 1970: what is said now is said then."""
        return self._clock()

    @property
    def members(self) -> int:
        """How many are in the room."""
        return self._present

    def attach(self, peer: Peer, encode: Encode) -> None:
        """Let `peer` have all that is delivered from now on, in the format of `encode`, without being a member."""
        self._audience.setdefault(encode, {})[peer] = None

    def join(self, name: Name, peer: Peer, encode: Encode) -> None:
        """Make `peer` a member: what is delivered from now on is written to it, behind the `last` and `since` of now.

        Raises NameTaken.
        """
        self.commit()  # what happened before comes before: also the last messages, and that the name is free
        if name.key in self._members or name.key == SERVER.key:
            raise NameTaken(name.shown)
        self._members[name.key] = _Member(name, peer, encode)
        self.attach(peer, encode)
        self._happened(Joined(name, self._changed(1)))

    def reconnect(self, name: Name, peer: Peer, encode: Encode) -> None:
        """Put `peer` in the place of the one by which the member `name` took part, which gets nothing more."""
        self.commit()
        member = self._members[name.key]
        del self._audience[member.encode][member.peer]
        self._members[name.key] = member._replace(peer=peer, encode=encode)
        self.attach(peer, encode)
        self._happened(Disconnected(name))
        self._happened(Connected(name))

    def rename(self, name: Name, new: Name) -> None:
        """Let the member go on as `new`. Raises NameTaken."""
        self.commit()
        if new.key in self._members or new.key == SERVER.key:
            raise NameTaken(new.shown)
        self._members[new.key] = self._members.pop(name.key)._replace(name=new)
        self._happened(Renamed(name, new, self._present))

    def post(self, name: Name, text: str, poster: Poster | None = None, ident: int = 0) -> None:
        """Let the member `name` say `text` to everybody; `poster` is told with `ident` what becomes of it."""
        self._seq += 1
        if poster:
            self._posts.setdefault(poster, []).append((ident, self._seq))
            self._happened(Sent(self._seq, name, text, self._clock(), poster.key, ident))
        else:
            self._happened(Sent(self._seq, name, text, self._clock()))

    def leave(self, name: Name) -> None:
        """Let the member go, once everything up to here is delivered; then its peer is closed and its name is free."""
        self._happened(Left(name, self._changed(-1), not self._closing))

    def close(self) -> None:
        """The chat ends: from now on those who are still there are not told who leaves, since all do."""
        self._closing = True

    def count(self) -> None:
        """Tell everybody how many there are, if that has changed and they are too many to be announced one by one."""
        if self._present > ANNOUNCED and self._present != self._counted:
            self._counted = self._present
            self._happened(Counted(self._counted))

    def last(self, most: int | None = None) -> list[Sent]:
        """Return the last messages for a newcomer, at most `most`."""
        count = self._history if most is None else min(most, self._history)
        return list(islice(reversed(self._last), count))[::-1]

    def since(self, seq: int) -> list[Sent]:
        """Return the messages after the one with the number `seq`, as far back as they are kept."""
        count = min(max(self._delivered - seq, 0), len(self._last))
        return list(islice(reversed(self._last), count))[::-1]

    def names(self, without: Name, most: int) -> tuple[list[str], int]:
        """Return the first `most` names in their order, leaving out `without`, and how many there are beyond these."""
        first = [key for key in heapq.nsmallest(most + 1, self._members) if key != without.key][:most]
        return [self._members[key].name.shown for key in first], len(self._members) - 1 - len(first)

    @property
    def waiting(self) -> int:
        """How much has happened since the last commit."""
        return len(self._batch)

    def commit(self) -> None:
        """Hand what has happened to the journal."""
        if self._committing:
            self._due = True
        elif self._batch:
            batch, self._batch = self._batch, []
            posts, self._posts = self._posts, {}
            self._committing = True
            self._journal.append(batch, partial(self._kept, posts), partial(self._lost, posts))

    def settle(self, then: Callable[[], object]) -> None:
        """Commit, and call `then` once all that has happened until now is delivered, or lost."""
        self.commit()
        if self._committing:
            self._settling.append((self._committed + 1 + bool(self._batch), then))
        else:
            then()

    def _kept(self, posts: _Posts, batch: Sequence[Event]) -> None:
        try:
            self._deliver(posts, batch)
        finally:  # nobody's mistake shall stop the others
            self._go_on()

    def _lost(self, posts: _Posts, batch: Sequence[Event], why: str) -> None:
        """Deliver what needs no keeping of a batch that could not be kept, and tell the posters of the rest."""
        others = [event for event in batch if type(event) is not Sent]
        lost = len(batch) - len(others)
        self._seq -= lost
        self._batch = [e._replace(seq=e.seq - lost) if type(e) is Sent else e for e in self._batch]
        self._posts = {poster: [(ident, seq - lost) for ident, seq in posted] for poster, posted in self._posts.items()}
        for poster, posted in posts.items():
            poster.lose([ident for ident, _ in posted], why)
        self._deliver({}, others)
        self._go_on()

    def _go_on(self) -> None:
        self._committing = False
        self._committed += 1
        while self._settling and self._settling[0][0] <= self._committed:
            self._settling.popleft()[1]()
        if self._due:
            self._due = False
            self.commit()

    def _changed(self, by: int) -> int:
        self._present += by
        if self._present <= ANNOUNCED:
            self._counted = self._present  # the announcement says it
        return self._present

    def _happened(self, event: Event) -> None:
        if not self._batch:
            self._wake()
        self._batch.append(event)

    def _deliver(self, posts: _Posts, batch: Sequence[Event]) -> None:
        if messages := [event for event in batch if type(event) is Sent]:
            self._last.extend(messages)
            self._delivered = messages[-1].seq
        for encode, peers in self._audience.items():
            if peers and (data := encode(batch)):
                for peer in peers:
                    peer.write(data)
        for poster, kept in posts.items():
            poster.keep(kept)
        for event in batch:
            if type(event) is Left:
                self._remove(event.name)

    def _remove(self, name: Name) -> None:
        member = self._members.pop(name.key)
        del self._audience[member.encode][member.peer]
        member.peer.close()
