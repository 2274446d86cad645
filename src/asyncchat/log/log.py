"""The interface of the log, and the one that keeps nothing."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

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


class Received(NamedTuple):
    """An entry that another server has stored, and its result."""

    entry: Logged
    result: object = None


class LogListener(Protocol):
    """What a shared log tells of itself; each function is called in the thread of the pipeline."""

    def receive(self, entries: Sequence[Received]) -> None:
        """Other servers have stored these entries, after all those before."""
        ...

    def prepare(self) -> Sequence[Logged]:
        """Return the batch that is to be stored next: all entries before it are known, and none comes between."""
        ...

    def kept(self, results: Sequence[object]) -> None:
        """The batch is stored, see Kept; if it is not, each result is a Refusal."""
        ...

    def stall(self, why: str) -> None:
        """Nothing can be stored or received now, and why; empty if it can again."""
        ...

    def fence(self, life: int) -> None:
        """The other servers have given this one up: its members have left, and it goes on with another life."""
        ...

    def lose(self, life: int) -> None:
        """Another server is silent for too long."""
        ...

    def fail(self, why: str) -> None:
        """The log can't be used any more by this process."""
        ...


class Progress(NamedTuple):
    """How far a shared log was read.

    entry: the number of the last entry
    age: seconds since it came
    stalled: seconds for which nothing could be stored or read; 0 if it can now
    """

    entry: int
    age: float
    stalled: float


@runtime_checkable
class SharedLog(Log, Protocol):
    """A log to which several servers append; it tells one LogListener what comes in.

    life: the number of this life of the server, see `life_of`
    """

    life: int

    def start(self, call: Callable[..., object], listener: LogListener) -> None:
        """Begin to tell `listener`; `call` has a function called in its thread, as call_soon_threadsafe."""
        ...

    def progress(self) -> Progress:
        """Return how far the log was read."""
        ...

    def request(self) -> None:
        """Have `prepare` called as soon as it is this server's turn, and then `kept`, unless it returned nothing."""
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
