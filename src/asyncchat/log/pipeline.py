"""From what is proposed to what everybody is told: the log keeps it, it is applied, and it is told, in one order."""

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from asyncchat.errors import Refusal
from asyncchat.log.apply import apply, check
from asyncchat.log.audience import Audience
from asyncchat.log.entries import ALONE, KEPT_NOWHERE, AnyEntry, Count, Join, Leave, Logged, Mark
from asyncchat.log.log import Log
from asyncchat.log.room_events import ANNOUNCED, Event, Sent
from asyncchat.log.state import ChatState
from asyncchat.text.refusals import NotKept
from asyncchat.text.usernames import Name

Done = Callable[[object], object]
"""Gets the result of an entry in the moment in which it is applied, or the Refusal that says why it is not."""


class Sender(Protocol):
    """Where a message comes from; `token_hash`: kept with a message that may be sent again from there, else empty."""

    token_hash: bytes

    def acknowledge(self, kept: Sequence[tuple[int, int]]) -> None:
        """These are kept and delivered: the ids of what was said, and the numbers."""
        ...

    def fail(self, idents: Sequence[int], why: str) -> None:
        """These could not be kept, and nobody sees them."""
        ...


class _Proposal(NamedTuple):
    entry: AnyEntry
    done: Done | None


_Item = Sent | _Proposal
_Acks = dict[Sender, list[tuple[int, int]]]


class _Batch(NamedTuple):
    """What goes to the log together; `is_mixed`: not all of it are messages."""

    items: list[_Item]
    acks: _Acks
    is_mixed: bool

    @property
    def entries(self) -> list[Logged]:
        if not self.is_mixed:
            return self.items  # type: ignore[return-value]
        return [item.entry if isinstance(item, _Proposal) else item for item in self.items]


class Pipeline:
    """Collects what is proposed; `commit` hands it to the log, as soon as that has kept the batch before.

    What the log has kept is applied to `state`, and told to `audience`. `wake` is called when a batch begins: the
    caller then has `commit` called soon. `clock` tells the time in milliseconds since 1970. `outcome` is called with
    each entry but messages in the moment in which it is applied, and with its result, or with the Refusal.
    """

    def __init__(self, state: ChatState, log: Log, wake: Callable[[], object], clock: Callable[[], int]) -> None:
        self.state = state
        self.log = log
        self.audience = Audience()
        self.outcome: Callable[[AnyEntry, object], object] = lambda _entry, _result: None
        self.new_member = itertools.count(1).__next__
        self._wake = wake
        self._clock = clock
        self._pending: list[_Item] = []
        self._acks: _Acks = {}
        self._mixed = False  # whether not all that is pending are messages
        self._in_flight = self._is_handing_over = self._due = False
        self._counted = 0  # when everybody was told last
        self._seq = state.room.seq

    def say(self, name: Name, text: str, sender: Sender | None = None, ident: int = 0) -> None:
        """Let the member `name` say `text` to everybody; `sender` is told with `ident` what becomes of it."""
        self._seq += 1
        if sender:
            self._acks.setdefault(sender, []).append((ident, self._seq))
            self._append(Sent(self._seq, name, text, self._clock(), sender.token_hash, ident))
        else:
            self._append(Sent(self._seq, name, text, self._clock()))

    def say_all(self, name: Name, texts: Sequence[str], sender: Sender) -> None:
        """Let the member `name` say several things at once, which `sender` can't send again."""
        first, time = self._seq + 1, self._clock()
        self._seq += len(texts)
        self._acks.setdefault(sender, []).extend([(0, seq) for seq in range(first, self._seq + 1)])
        if not self._pending:
            self._wake()
        self._pending += [Sent(seq, name, text, time) for seq, text in enumerate(texts, first)]

    def now(self) -> int:
        """Return what time it is, in milliseconds since 1970: what is said now is said then."""
        return self._clock()

    def propose(self, entry: AnyEntry, done: Done | None = None) -> None:
        """Have an entry kept and applied; `done` gets the result, in the same moment."""
        self._append(_Proposal(entry, done))
        self._mixed = True

    def join(self, entry: Join, done: Done) -> None:
        """Apply an entry at once: who comes in needs no keeping, and waits for nothing that is on its way."""
        self.commit()
        try:
            events = apply(self.state, entry)
        except Refusal as refusal:
            self._finish(_Proposal(entry, done), refusal)
        else:
            self._finish(_Proposal(entry, done), None)
            self._tell(events)

    def count(self) -> None:
        """Tell everybody how many there are, if that has changed and they are too many to be announced one by one."""
        members = len(self.state.room.members)
        if members > ANNOUNCED and members != self._counted:
            self._counted = members
            self.propose(Count())

    def when_applied(self, then: Callable[[], object]) -> None:
        """Commit, and call `then` once all that was proposed until now is applied, or lost."""
        self.propose(Mark(), lambda _: then())
        self.commit()

    @property
    def pending(self) -> int:
        """How much was proposed since the last commit."""
        return len(self._pending)

    def _append(self, item: _Item) -> None:
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

    def _kept(self, batch: "_Batch", results: Sequence[object]) -> None:
        try:
            self._deliver(batch, results)
        finally:  # nobody's mistake shall stop the others
            self._in_flight = False
            if self._due and not self._is_handing_over:
                self.commit()

    def _take(self) -> "_Batch | None":
        """Return what of all that is pending may go to the log together; nothing if it is refused."""
        items, acks = self._pending, self._acks
        if not self._mixed:
            self._pending, self._acks = [], {}
            return _Batch(items, acks, is_mixed=False)
        alone = (n for n, item in enumerate(items) if isinstance(item, _Proposal) and isinstance(item.entry, ALONE))
        if (first := next(alone, None)) is None:
            self._pending, self._acks, self._mixed = [], {}, False
        else:
            items, self._pending = items[: first or 1], items[first or 1 :]
            self._mixed = any(isinstance(item, _Proposal) for item in self._pending)
            last = next((item.seq for item in reversed(items) if isinstance(item, Sent)), 0)
            self._acks = {sender: later for sender, each in acks.items() if (later := [a for a in each if a[1] > last])}
            acks = {sender: now for sender, each in acks.items() if (now := [a for a in each if a[1] <= last])}
        items = [item for item in items if isinstance(item, Sent) or self._admits(item)]
        return _Batch(items, acks, is_mixed=True) if items else None

    def _admits(self, proposal: _Proposal) -> bool:
        """See whether an entry can be applied, before it is kept."""
        if not isinstance(proposal.entry, KEPT_NOWHERE):
            try:
                check(self.state, proposal.entry)
            except Refusal as refusal:
                self._finish(proposal, refusal)
                return False
        return True

    # What is kept.

    def _deliver(self, batch: "_Batch", results: Sequence[object]) -> None:
        if batch.is_mixed or results:
            self._apply_each(batch, results)
            self._acknowledge(batch)
            return
        messages: list[Sent] = batch.items  # type: ignore[assignment]
        self.state.room.add(messages)
        self.audience.write(messages)
        for sender, kept in batch.acks.items():
            sender.acknowledge(kept)

    def _acknowledge(self, batch: "_Batch") -> None:
        """Tell the senders of what was told to all."""
        for sender, each in list(batch.acks.items()):
            if kept := [ack for ack in each if ack[1] <= self.state.room.seq]:
                batch.acks[sender] = each[len(kept) :]
                sender.acknowledge(kept)

    def _apply_each(self, batch: "_Batch", results: Sequence[object]) -> None:
        events: list[Event] = []
        lost: list[Sent] = []
        for number, item in enumerate(batch.items):
            result = results[number] if results else None
            if isinstance(item, _Proposal):
                if not isinstance(result, Refusal):
                    self._tell(events)
                    events = []
                    try:
                        events += apply(self.state, item.entry)
                    except Refusal as refusal:
                        result = refusal
                if isinstance(item.entry, Leave):  # who leaves is told that, and what was kept, and nothing more
                    self._tell(events)
                    events = []
                    self._acknowledge(batch)
                    self.audience.remove(item.entry.member)
                self._finish(item, result)
            elif isinstance(result, NotKept):
                lost.append(item)
                why = result.why
            else:
                events.append(item)
        self._tell(events)
        if lost:
            self._lose(batch, lost, why)

    def _finish(self, proposal: "_Proposal", outcome: object) -> None:
        if len(self.state.room.members) <= ANNOUNCED:
            self._counted = 0  # the announcements say it
        self.outcome(proposal.entry, outcome)
        if proposal.done:
            proposal.done(outcome)

    def _tell(self, events: Sequence[Event]) -> None:
        if not events:
            return
        if messages := [event for event in events if type(event) is Sent]:
            self.state.room.add(messages)
        self.audience.write(events)

    def _lose(self, batch: "_Batch", lost: Sequence[Sent], why: str) -> None:
        """Tell the senders what could not be kept, and give its numbers to what comes next."""
        first, count = lost[0].seq, len(lost)
        for sender, each in batch.acks.items():
            if idents := [ident for ident, seq in each if seq >= first]:
                sender.fail(idents, why)
            batch.acks[sender] = [(ident, seq) for ident, seq in each if seq < first]
        self._seq -= count
        self._pending = [i._replace(seq=i.seq - count) if isinstance(i, Sent) else i for i in self._pending]
        self._acks = {sender: [(ident, seq - count) for ident, seq in each] for sender, each in self._acks.items()}
