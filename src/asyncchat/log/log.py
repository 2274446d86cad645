"""Where entries are kept, in one order."""

from collections.abc import Callable, Sequence
from typing import Protocol

from asyncchat.log.entries import Logged
from asyncchat.log.room_events import Sent

Kept = Callable[[Sequence[object]], None]
"""Gets a result for each entry, a Refusal if it could not be kept; nothing at all says that all are kept, without
results."""


class Log(Protocol):
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

    def append(self, batch: Sequence[Logged], kept: Kept) -> None:
        """Keep a batch, and say so to `kept`, now or later; the next one comes after that.

        If a message can't be kept, nor are those behind it in the batch: their numbers will be given to others.
        """
        ...


class MemoryLog:
    """The log that keeps nothing beyond the state, and so has kept everything at once."""

    is_archive = False
    seq = 0
    recent: Sequence[Sent] = ()

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch

    def append(self, batch: Sequence[Logged], kept: Kept) -> None:
        """Say that the batch is kept."""
        kept(())
