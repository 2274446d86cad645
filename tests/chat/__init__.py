"""The tests of the pure core, and the peers that they look at it with."""

import json
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from asyncchat.chat.accounts import Accounts
from asyncchat.chat.events import JSON_LINE
from asyncchat.chat.host import Host
from asyncchat.chat.json_session import JsonSession
from asyncchat.chat.lines import LineDecoder
from asyncchat.chat.messages import Event, Sent
from asyncchat.chat.plain_session import PlainSession
from asyncchat.chat.room import Committed, Failed, Journal, MemoryJournal, Room
from asyncchat.chat.seats import Seats
from asyncchat.chat.session import Session

S = TypeVar("S", bound=Session)


class Peer:
    """Remembers what it is written, and whether it is closed; to write to it after that is an error."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written.append(data)

    def close(self) -> None:
        assert not self.closed
        self.closed = True

    def take(self) -> bytes:
        """Return what was written since the last call."""
        data = b"".join(self.written)
        self.written.clear()
        return data


class Receipts:
    """Posts something, and remembers what becomes of it."""

    key = b"seat"

    def __init__(self, and_then: Callable[[], object] = lambda: None) -> None:
        self.kept: list[list[tuple[int, int]]] = []
        self.lost: list[tuple[list[int], str]] = []
        self._and_then = and_then

    def keep(self, kept: Sequence[tuple[int, int]]) -> None:
        self.kept.append(list(kept))
        self._and_then()

    def lose(self, idents: Sequence[int], why: str) -> None:
        self.lost.append((list(idents), why))


class SlowJournal:
    """Keeps each batch only when it is told to, in the order in which they came."""

    epoch = "slow"
    is_archive = False

    def __init__(self, recent: Sequence[Sent] = ()) -> None:
        self.recent = recent
        self.seq = recent[-1].seq if recent else 0
        self.waiting: deque[tuple[Sequence[Event], Committed, Failed]] = deque()

    def append(self, batch: Sequence[Event], committed: Committed, failed: Failed) -> None:
        self.waiting.append((batch, committed, failed))

    def keep_one(self) -> Sequence[Event]:
        """Keep the oldest batch, and return it."""
        batch, committed, _ = self.waiting.popleft()
        committed(batch)
        return batch

    def fail(self, why: str) -> None:
        """Keep nothing of all that waits."""
        failed, self.waiting = self.waiting, deque()
        for batch, _, fail in failed:
            fail(batch, why)

    def keep_all(self) -> None:
        while self.waiting:
            self.keep_one()


def a_room(
    journal: Journal | None = None,
    *,
    wake: Callable[[], object] = lambda: None,
    clock: Callable[[], int] = lambda: 0,
    history: int = 10,
    replay: int = 1000,
) -> Room:
    """Return a room in which time stands still."""
    return Room(wake, journal or MemoryJournal("memory"), clock, history=history, replay=replay)


def some_seats(kept_empty: int = 10) -> Seats:
    """Return seats whose tokens are easy to guess."""
    numbers = iter(range(1, 1_000_000))
    return Seats(lambda: f"token{next(numbers)}", kept_empty)


ADDRESS = "192.0.2.1"


def a_host(room: Room, seats: Seats | None = None, **how: Any) -> Host:
    """Return what sessions in `room` share; with accounts where there is a store."""
    if room.is_stored and "accounts" not in how:
        how["accounts"] = Accounts()
    return Host(room, seats or some_seats(), how.pop("clock", lambda: 0), **how)


def record(room: Room) -> list[Event]:
    """Return the list of everything that happens in `room` from now on."""
    events: list[Event] = []

    def remember(batch: Iterable[Event]) -> bytes:
        events.extend(batch)
        return b""

    room.attach(Peer(), remember)
    return events


class _Connected(Generic[S]):
    """Somebody who is connected to `room`: what they send is decoded, handled and, if wanted, committed `at_once`."""

    at_once = True

    def __init__(self, room: Room, peer: Peer, session: S, limit: int) -> None:
        self.room = room
        self.peer = peer
        self.session = session
        self._decoder = LineDecoder(limit * JSON_LINE)

    def send(self, data: bytes | str) -> None:
        """Send `data` to the server."""
        lines = iter(self._decoder.feed(data.encode() if isinstance(data, str) else data))
        self.session.doubts.more_came()
        self.session.receive(lines)
        while self.session.asked is not None and self._answered():
            self.session.receive(lines)
        self._commit()

    def _answered(self) -> bool:
        """Answer what the session asks; tell whether there was an answer."""
        return False

    def hang_up(self) -> None:
        """Send no more."""
        self.session.end(unfinished=self._decoder.unfinished)
        self._commit()

    def _commit(self) -> None:
        if self.at_once:
            self.room.commit()


class Person(_Connected[PlainSession]):
    """Somebody with nc."""

    def __init__(self, room: Room, limit: int = 4096, host: Host | None = None, address: str = ADDRESS) -> None:
        peer = Peer()
        host = host or a_host(room, max_line=limit)
        super().__init__(room, peer, PlainSession(host, peer, address), limit)

    def hear(self) -> list[str]:
        """Return the lines that the server has sent since the last call."""
        return self.peer.take().decode().split("\n")[:-1]


Said = dict[str, Any]


class Bot(_Connected[JsonSession]):
    """A program that speaks JSON."""

    def __init__(
        self,
        room: Room,
        seats: Seats,
        limit: int = 4096,
        host: Host | None = None,
        address: str = ADDRESS,
    ) -> None:
        peer = Peer()
        host = host or a_host(room, seats, max_line=limit)
        super().__init__(room, peer, JsonSession(host, peer, address), limit)

    def tell(self, kind: str, **fields: object) -> None:
        """Send one event."""
        self.send(json.dumps({"type": kind} | fields) + "\n")

    def hello(self, name: str, **fields: object) -> Said:
        """Say hello, and return the first answer; the others can be heard."""
        self.tell("hello", v=1, name=name, **fields)
        first, *rest = self.peer.take().splitlines(keepends=True)
        self.peer.written[:] = rest
        answer: Said = json.loads(first)
        return answer

    def hear(self, kind: str = "") -> list[Said]:
        """Return the events that the server has sent since the last call, or those of one kind."""
        events = [json.loads(line) for line in self.peer.take().split(b"\n")[:-1]]
        return [event for event in events if kind in ("", event["type"])]
