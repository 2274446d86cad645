"""The way of an entry where several servers share the log: what others have stored is applied between the own batches.

A batch is made when it is this server's turn to append, and all entries before it are applied. So the checks are exact,
and the numbers of messages are those that follow.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from asyncchat.log.apply.effects import rooms_after
from asyncchat.log.batch import Batch, Done, Item, Proposal
from asyncchat.log.entries import (
    CHANGES_NOTHING,
    AnyEntry,
    Depart,
    Enter,
    Join,
    Leave,
    Logged,
    MakeRoom,
    Rename,
    ServerLost,
    life_of,
)
from asyncchat.log.entries.members import LIFE_BITS
from asyncchat.log.log import Received, SharedLog
from asyncchat.log.pipeline import Pipeline
from asyncchat.log.room_events import Sent
from asyncchat.log.state import LOBBY, ChatState
from asyncchat.text import room_texts
from asyncchat.text.refusals import NotKept


class SharedPipeline(Pipeline):
    """A pipeline to a log that other servers append to as well, and the LogListener of that log.

    stalled: why nothing can be stored now; empty if it can
    """

    _unchecked = CHANGES_NOTHING

    def __init__(self, state: ChatState, log: SharedLog, wake: Callable[[], object], clock: Callable[[], int]) -> None:
        super().__init__(state, log, wake, lambda: max(clock(), self.entry_time))
        self._shared = log
        self.stalled = ""
        self._batch: Batch | None = None
        self._left: list[Proposal] = []  # leaves that could not be stored
        self._live(log.life)

    def start(
        self,
        call: Callable[..., object],
        on_fence: Callable[[], object],
        on_failure: Callable[[str], object],
    ) -> None:
        """Begin to read the log, which has functions called in this thread by `call`.

        on_fence: called when the other servers have given this one up, and its members have left
        on_failure: called with the reason when the log can't be used any more
        """
        self._on_fence, self._on_failure = on_fence, on_failure
        self._shared.start(call, self)

    def _live(self, life: int) -> None:
        self.life = life
        self.new_member = itertools.count((life << LIFE_BITS) + 1).__next__

    def join(self, entry: Join, done: Done) -> None:
        """Propose a join: other servers may let somebody join under the same name."""
        self.propose(entry, done)

    def commit(self) -> None:
        """Ask for this server's turn to append."""
        if self.stalled:
            self._refuse_pending(NotKept(self.stalled))
        elif self._in_flight:
            self._due = True
        elif self._pending:
            self._in_flight = True
            self._shared.request()

    # What the log tells.

    def receive(self, entries: Sequence[Received]) -> None:
        """Apply what other servers have stored."""
        self._is_outdated = self._is_outdated or bool(self._pending)
        items: list[Item] = []
        for entry, _ in entries:
            if isinstance(entry, Sent):
                items.append(entry)
                self._seqs[entry.room] += 1
                self.entry_time = max(self.entry_time, entry.time)
            else:
                items.append(Proposal(entry, None))
        self._apply_each(Batch(items, defaultdict(dict), is_mixed=True), [result for _, result in entries])
        for entry, _ in entries:
            if isinstance(entry, Sent) and entry.token_hash:
                self.received(entry)

    def prepare(self) -> Sequence[Logged]:
        """Return the batch that is to be stored next; nothing if there is none any more."""
        self._batch, self._due = None, False
        while self._pending and not self._batch:
            self._batch = self._take()
        self._due = self._due or bool(self._pending)
        if not self._batch:
            self._in_flight = False
            return ()
        return self._batch.entries

    def kept(self, results: Sequence[object]) -> None:
        """Apply the batch, or tell its senders that it is not stored."""
        batch, self._batch = self._batch, None
        assert batch
        self._kept(batch, results)

    def stall(self, why: str) -> None:
        """Refuse from now on what is proposed; or, if `why` is empty, take it again."""
        self.stalled = why
        if why:
            self._refuse_pending(NotKept(why))
        else:
            left, self._left = self._left, []
            for leave in left:
                self.propose(leave.entry)
            self.commit()

    def fence(self, life: int) -> None:
        """Go on with another life, without the members of this server, who have left."""
        self._refuse_pending(NotKept(room_texts.GIVEN_UP))
        self._left.clear()
        self._live(life)
        self._on_fence()

    def lose(self, life: int) -> None:
        """Have the members of another server leave."""
        self.propose(ServerLost(life))

    def fail(self, why: str) -> None:
        """Refuse all from now on."""
        self.stall(why)
        self._on_failure(why)

    # The batch.

    def _take(self) -> Batch | None:
        batch = super()._take()
        if batch and batch.is_mixed:
            batch = batch._replace(items=[self._as_it_is_now(item) for item in batch.items])
        return batch

    def _as_it_is_now(self, item: Item) -> Item:
        """Return an entry as the tables need it, which do not know the state: a join with all its rooms."""
        if not isinstance(item, Proposal):
            return item
        match entry := item.entry:
            case Join():
                return item._replace(entry=replace(entry, rooms=rooms_after(self.state, entry)))
            case MakeRoom(member, name, leaving=leaving) if name.key in self.state.rooms:
                return item._replace(entry=Enter(member, name.key, leaving))
        return item

    def _admits(self, proposal: Proposal) -> bool:
        entry = proposal.entry
        if isinstance(entry, Join) and life_of(entry.member) != self.life:
            self._finish(proposal, NotKept(room_texts.GIVEN_UP))
            return False
        return super()._admits(proposal)

    def _end_of_batch(self, items: Sequence[Item]) -> int:
        """Return how many of the first pending entries can be checked before one of them is applied."""
        most = super()._end_of_batch(items)
        seen = _Seen(self.state)
        for number, item in enumerate(items[:most]):
            if isinstance(item, Proposal) and not seen.add(item.entry):
                return number
        return most

    def _refuse_pending(self, why: NotKept) -> None:
        """Refuse what was proposed and is in no batch yet; leaves are stored later."""
        pending, acks = self._pending, self._acks
        self._pending, self._acks, self._mixed, self._due = [], defaultdict(dict), False, False
        self._seqs = defaultdict(int, {key: room.seq for key, room in self.state.rooms.items()})
        for item in self._batch.items if self._batch else ():
            if isinstance(item, Sent):
                self._seqs[item.room] += 1
        for senders in acks.values():
            for sender, each in senders.items():
                sender.fail([ident for ident, _ in each], why.why)
        for item in pending:
            if isinstance(item, Proposal):
                self._finish(item, None if isinstance(item.entry, CHANGES_NOTHING) else why)

    def _finish(self, proposal: Proposal, outcome: object) -> None:
        if isinstance(proposal.entry, Leave):
            self.audience.remove(proposal.entry.member)
            if isinstance(outcome, NotKept):
                self._left.append(proposal)
        super()._finish(proposal, outcome)


class _Seen:
    """What the entries of a batch are about that can be checked without applying one of them first."""

    def __init__(self, state: ChatState) -> None:
        self._state = state
        self._members: set[int] = set()
        self._names: set[str] = set()
        self._left: set[str] = set()  # rooms that may not be there any more

    def add(self, entry: AnyEntry) -> bool:
        """Note what an entry is about; return False if an earlier one of the batch is about the same."""
        if not isinstance(entry, Join | Rename | Leave | Enter | Depart):
            return True
        name = self._state.keys.get(entry.member, "")
        before = self._state.members.get(entry.name.key if isinstance(entry, Join) else name)
        members = {entry.member, *([before.number] if before else [])}
        names = {name, *self._new_names(entry)} - {""}
        if members & self._members or names & self._names or self._left & {*self._rooms(entry)}:
            return False
        self._members |= members
        self._names |= names
        match entry:
            case Leave():
                self._left.update(before.rooms if before else ())
            case Enter(leaving=str(room)) | Depart(room=room):
                self._left.add(room)
        self._left.discard(LOBBY)
        return True

    @staticmethod
    def _new_names(entry: AnyEntry) -> tuple[str, ...]:
        match entry:
            case Join(name) | Rename(_, name):
                return (name.key,)
        return ()

    @staticmethod
    def _rooms(entry: AnyEntry) -> tuple[str, ...]:
        match entry:
            case Join(rooms=rooms):
                return rooms
            case Enter(room=room):
                return (room,)
        return ()
