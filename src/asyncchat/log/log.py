"""The interface of the log, and the one that keeps nothing."""

from collections.abc import Callable, Sequence
from typing import Protocol

from asyncchat.log.entries import Logged
from asyncchat.log.room_events import Sent

Kept = Callable[[Sequence[object]], None]
"""Gets the result of each entry, or a Refusal if it could not be stored; nothing if all are stored without results."""


class Log(Protocol):
    """Stores entries, in one order.

    epoch: identifies one life of the conversation, in which the numbers of messages only increase
    seq: the number of the last message that was stored before the start
    recent: the last messages that were stored before the start
    is_archive: whether queries can read what is stored
    """

    is_archive: bool
    epoch: str
    seq: int
    recent: Sequence[Sent]

    def append(self, batch: Sequence[Logged], kept: Kept) -> None:
        """Store a batch, and call `kept` then, now or later; the next batch is appended only after that.

        If a message can't be stored, nor are the later ones of the batch: their numbers are used again.
        """
        ...


class MemoryLog:
    """The log of a server without a store: it stores nothing, and is done at once."""

    is_archive = False
    seq = 0
    recent: Sequence[Sent] = ()

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch

    def append(self, batch: Sequence[Logged], kept: Kept) -> None:
        """Call `kept` at once."""
        kept(())
