"""The way of an entry: it is proposed, stored by the log, applied to the state, and sent to the users, in one order."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from asyncchat.errors import Refusal
from asyncchat.log.apply import Told, apply, check, may_say
from asyncchat.log.audience import Audience
from asyncchat.log.batch import Acks, Batch, Done, Item, Proposal, Sender, split
from asyncchat.log.entries import (
    ALONE,
    KEPT_NOWHERE,
    REMOVES,
    AnyEntry,
    ChangeMessage,
    Count,
    Depart,
    Join,
    Leave,
    Mark,
    Restrict,
    SetRole,
    SetRoomRole,
)
from asyncchat.log.log import Log
from asyncchat.log.room_events import ANNOUNCED, Event, Sent
from asyncchat.log.state import LOBBY, ChatState
from asyncchat.text import room_texts
from asyncchat.text.refusals import NotKept
from asyncchat.text.usernames import Name

_TOLD_FIRST = Leave, Depart, ChangeMessage, Restrict, SetRole, SetRoomRole
"""Entries whose events are sent before their results."""


class Pipeline:
    """Collects what is proposed; `commit` hands it to the log, as soon as that has kept the batch before.

    What the log has kept is applied to `state`, and told to `audience`. `wake` is called when a batch begins: the
    caller then has `commit` called soon. `clock` tells the time in milliseconds since 1970. `outcome` is called with
    each entry but messages in the moment in which it is applied, and with its result, or with the Refusal. `received`
    is called with each message from a session that another server has stored.

    entry_time: of the last message that was received from another server, in milliseconds since 1970
    """

    _unchecked: tuple[type, ...] = KEPT_NOWHERE

    def __init__(self, state: ChatState, log: Log, wake: Callable[[], object], clock: Callable[[], int]) -> None:
        self.state = state
        self.log = log
        self.audience = Audience()
        self.outcome: Callable[[AnyEntry, object], object] = lambda _entry, _result: None
        self.received: Callable[[Sent], object] = lambda _message: None
        self.batches = self.messages = 0  # that were delivered
        self.life = 0  # of this server, see `life_of`
        self.entry_time = 0
        self.new_member = itertools.count(1).__next__
        self._wake = wake
        self._clock = clock
        self._pending: list[Item] = []
        self._acks: Acks = defaultdict(dict)
        self._mixed = False  # whether not all that is pending are messages of the default room
        self._in_flight = self._is_handing_over = self._due = False
        self._is_outdated = False  # what is pending was proposed before something that has changed who may say it
        self._counted: dict[str, int] = {}  # the numbers of members that were sent last, by the keys of rooms
        self._seqs = defaultdict(int, {key: room.seq for key, room in state.rooms.items()})

    def say(self, name: Name, text: str, sender: Sender | None = None, ident: int = 0, room: str = "") -> None:
        """Post a message of the member `name` in a room; `sender` is told by `ident` when it is stored, or failed."""
        seq = self._seqs[room] = self._seqs[room] + 1
        if sender:
            self._acks[room].setdefault(sender, []).append((ident, seq))
            self._append(Sent(seq, name, text, self._clock(), sender.token_hash, ident, room))
        else:
            self._append(Sent(seq, name, text, self._clock(), room=room))
        if room:
            self._mixed = True

    def say_all(self, name: Name, texts: Sequence[str], sender: Sender, room: str = "") -> None:
        """Post several messages of the member `name`, which `sender` can't send again."""
        first, time = self._seqs[room] + 1, self._clock()
        last = self._seqs[room] = first - 1 + len(texts)
        self._acks[room].setdefault(sender, []).extend([(0, seq) for seq in range(first, last + 1)])
        if not self._pending:
            self._wake()
        if room:
            self._mixed = True
            self._pending += [Sent(seq, name, text, time, room=room) for seq, text in enumerate(texts, first)]
        else:
            self._pending += [Sent(seq, name, text, time) for seq, text in enumerate(texts, first)]

    def now(self) -> int:
        """Return the time for a message that is sent now, in milliseconds since 1970."""
        return self._clock()

    def propose(self, entry: AnyEntry, done: Done | None = None) -> None:
        """Have an entry stored and applied; `done` gets the result as soon as it is applied, or the Refusal."""
        self._append(Proposal(entry, done))
        self._mixed = True

    def join(self, entry: Join, done: Done) -> None:
        """Apply a join at once: it is not stored, and need not wait for the batch that is in the log."""
        self.commit()
        try:
            events = apply(self.state, entry)
        except Refusal as refusal:
            self._finish(Proposal(entry, done), refusal)
        else:
            self._finish(Proposal(entry, done), None)
            self._tell(events)

    def count(self) -> None:
        """Send the number of a room's members, if it has changed and is too large to announce each join and leave."""
        for key, room in self.state.rooms.items():
            members = len(room.members)
            if members > ANNOUNCED and members != self._counted.get(key):
                self._counted[key] = members
                self.propose(Count(key))

    def when_applied(self, then: Callable[[], object]) -> None:
        """Commit, and call `then` when all that was proposed until now is applied, or has failed."""
        self.propose(Mark(), lambda _: then())
        self.commit()

    @property
    def pending(self) -> int:
        """How many entries were proposed since the last commit."""
        return len(self._pending)

    def _append(self, item: Item) -> None:
        if not self._pending:
            self._wake()
        self._pending.append(item)

    def commit(self) -> None:
        """Hand what was proposed to the log."""
        if self._in_flight:
            self._due = True
            return
        while self._pending:
            self._due = False
            if batch := self._take():
                self._in_flight = self._is_handing_over = True
                self.log.append(batch.entries, partial(self._kept, batch))
                self._is_handing_over = False
            if self._in_flight:
                self._due = self._due or bool(self._pending)
                return

    def _kept(self, batch: Batch, results: Sequence[object]) -> None:
        try:
            self._deliver(batch, results)
        finally:  # an error must not stop later batches
            self._in_flight = False
            if self._due and not self._is_handing_over:
                self.commit()

    def _take(self) -> Batch | None:
        """Return the pending entries that may go to the log together; None if all of them are refused."""
        if self._is_outdated:
            self._is_outdated = False
            self._bring_up_to_date()
        items, acks = self._pending, self._acks
        if not self._mixed:
            self._pending, self._acks = [], defaultdict(dict)
            return Batch(items, acks, is_mixed=False)
        if (first := self._end_of_batch(items)) == len(items):
            self._pending, self._acks, self._mixed = [], defaultdict(dict), False
        else:
            items, self._pending = items[:first], items[first:]
            self._mixed = any(isinstance(item, Proposal) or item.room for item in self._pending)
            later = {item.room: item.seq for item in reversed(self._pending) if isinstance(item, Sent)}
            acks, self._acks = split(acks, later)
        items = [item for item in items if isinstance(item, Sent) or self._admits(item)]
        return Batch(items, acks, is_mixed=True) if items else None

    def _bring_up_to_date(self) -> None:
        """Give the pending messages the numbers that follow, and refuse those whose senders may not send them now."""
        pending, acks = self._pending, self._acks
        self._pending, self._acks = [], defaultdict(dict)
        self._seqs = defaultdict(int, {key: room.seq for key, room in self.state.rooms.items()})
        numbers: dict[tuple[str, int], int] = {}
        for item in pending:
            if not isinstance(item, Sent):
                self._pending.append(item)
            elif may_say(self.state, item, self.life):
                seq = self._seqs[item.room] = self._seqs[item.room] + 1
                numbers[item.room, item.seq] = seq
                self._pending.append(item._replace(seq=seq, time=max(item.time, self.entry_time)))
        for room, senders in acks.items():
            for sender, each in senders.items():
                if kept := [(ident, numbers[room, seq]) for ident, seq in each if (room, seq) in numbers]:
                    self._acks[room][sender] = kept
                if lost := [ident for ident, seq in each if (room, seq) not in numbers]:
                    sender.fail(lost, room_texts.MAY_NOT_WRITE)

    def _end_of_batch(self, items: Sequence[Item]) -> int:
        """Return how many of the first pending entries may go to the log together."""
        alone = (n for n, item in enumerate(items) if isinstance(item, Proposal) and isinstance(item.entry, ALONE))
        first = next(alone, len(items))
        return first or 1

    def _admits(self, proposal: Proposal) -> bool:
        """Tell whether an entry can be applied, before it is stored; if not, finish it."""
        if not isinstance(proposal.entry, self._unchecked):
            try:
                check(self.state, proposal.entry)
            except Refusal as refusal:
                self._finish(proposal, refusal)
                return False
        return True

    # When a batch is stored.

    def _deliver(self, batch: Batch, results: Sequence[object]) -> None:
        self.batches += 1
        if batch.is_mixed or results:
            self._apply_each(batch, results)
            self._acknowledge(batch)
            return
        messages: list[Sent] = batch.items  # type: ignore[assignment]
        self.messages += len(messages)
        self.state.room.add(messages)
        self.audience.write(messages)
        for sender, kept in batch.acks[LOBBY].items():
            sender.acknowledge(kept)

    def _acknowledge(self, batch: Batch) -> None:
        """Acknowledge the messages that were delivered."""
        delivered = {key: self.state.rooms[key].seq + 1 for key in batch.acks}
        kept, later = split(batch.acks, delivered)
        batch.acks.clear()
        batch.acks.update(later)
        for senders in kept.values():
            for sender, acks in senders.items():
                sender.acknowledge(acks)

    def _apply_each(self, batch: Batch, results: Sequence[object]) -> None:
        events: list[Told] = []
        is_lost = False
        for number, item in enumerate(batch.items):
            result = results[number] if results else None
            if isinstance(item, Proposal):
                if not isinstance(result, Refusal):
                    self._tell(events)
                    events = []
                    try:
                        events += apply(self.state, item.entry)
                    except Refusal as refusal:
                        result = refusal
                    self._is_outdated = self._is_outdated or isinstance(item.entry, REMOVES)
                # Who leaves gets all events until then, and no later ones; who changes something sees that first.
                if isinstance(item.entry, _TOLD_FIRST):
                    self._tell(events)
                    events = []
                    self._acknowledge(batch)
                    if isinstance(item.entry, Leave):
                        self.audience.remove(item.entry.member)
                self._finish(item, result)
            elif not isinstance(result, NotKept):
                events.append((item.room, item))
            elif not is_lost:  # a sender who leaves is told before the connection ends
                is_lost = True
                self._tell(events)
                events = []
                self._acknowledge(batch)
                lost = Counter(later.room for later in batch.items[number:] if isinstance(later, Sent))
                self._lose(batch, lost, result.why)
        self._tell(events)

    def _finish(self, proposal: Proposal, outcome: object) -> None:
        self.outcome(proposal.entry, outcome)
        if proposal.done:
            proposal.done(outcome)

    def _tell(self, told: Sequence[Told]) -> None:
        by_room: dict[str, list[Event]] = {}
        for key, event in told:
            by_room.setdefault(key, []).append(event)
        for key, events in by_room.items():
            if not (room := self.state.rooms.get(key)):
                continue  # its last member has left
            if messages := [event for event in events if type(event) is Sent]:
                room.add(messages)
                self.messages += len(messages)
            if len(room.members) <= ANNOUNCED:
                self._counted.pop(key, None)  # the announcements say it
            self.audience.write(events, key, room.conversation, is_private=room.is_private)

    def _lose(self, batch: Batch, lost: Mapping[str, int], why: str) -> None:
        """Tell the senders that the last messages of rooms could not be stored; the next ones get their numbers.

        `lost`: how many of each room, by its key.
        """
        for senders in batch.acks.values():
            for sender, each in senders.items():
                sender.fail([ident for ident, _ in each], why)
        batch.acks.clear()
        for key, count in lost.items():
            self._seqs[key] -= count
            senders = self._acks[key]
            for sender, each in senders.items():
                senders[sender] = [(ident, seq - count) for ident, seq in each]
        self._pending = [
            item._replace(seq=item.seq - lost[item.room]) if isinstance(item, Sent) else item for item in self._pending
        ]
