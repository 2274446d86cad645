"""What was proposed, with those who are told what becomes of it; a batch of it goes to the log."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from asyncchat.log.entries import AnyEntry, Logged
from asyncchat.log.room_events import Sent

Done = Callable[[object], object]
"""Gets the result of an entry as soon as it is applied, or the Refusal if it is not."""


class Sender(Protocol):
    """The source of a message; `token_hash`: stored with a message that may be sent again, else empty."""

    token_hash: bytes

    def acknowledge(self, kept: Sequence[tuple[int, int]]) -> None:
        """Messages are stored and delivered; `kept`: their ids and numbers."""
        ...

    def fail(self, idents: Sequence[int], why: str) -> None:
        """The messages with these ids could not be stored and are not delivered; `why` is the rest of a sentence."""
        ...


class Proposal(NamedTuple):
    """An entry that is to be stored, and who gets its result."""

    entry: AnyEntry
    done: Done | None


Item = Sent | Proposal
Acks = dict[str, dict[Sender, list[tuple[int, int]]]]
"""What is to be acknowledged: for each room, by its key, the ids and numbers of each sender's messages."""


class Batch(NamedTuple):
    """What goes to the log together; `is_mixed`: not all of it are messages of the default room."""

    items: list[Item]
    acks: Acks
    is_mixed: bool

    @property
    def entries(self) -> list[Logged]:
        """What the log gets."""
        if not self.is_mixed:
            return self.items  # type: ignore[return-value]
        return [item.entry if isinstance(item, Proposal) else item for item in self.items]


def split(acks: Acks, first: Mapping[str, int]) -> tuple[Acks, Acks]:
    """Return the acks before, and those from the message that is the `first` of its room; by the keys of the rooms."""
    before: Acks = defaultdict(dict)
    rest: Acks = defaultdict(dict)
    for room, senders in acks.items():
        for sender, each in senders.items():
            if now := [ack for ack in each if room not in first or ack[1] < first[room]]:
                before[room][sender] = now
            if later := each[len(now) :]:
                rest[room][sender] = later
    return before, rest
