"""The tests of the pure core, and the peers that they look at it with."""

import itertools
import json
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from asyncchat.chat.core import ChatCore
from asyncchat.chat.resumption import ResumableSessions
from asyncchat.errors import Refusal
from asyncchat.formats.events import longest_line
from asyncchat.log.accounts import Accounts
from asyncchat.log.audience import Encoder
from asyncchat.log.batch import Sender
from asyncchat.log.entries import KEPT_NOWHERE, Join, Leave, Logged
from asyncchat.log.invites import Invite
from asyncchat.log.log import Kept, Log, MemoryLog
from asyncchat.log.pipeline import Pipeline
from asyncchat.log.restrictions import Restrictions
from asyncchat.log.room_events import Event, Sent
from asyncchat.log.state import ChatState, RoomState
from asyncchat.sessions.json import JsonSession
from asyncchat.sessions.plain import PlainSession
from asyncchat.sessions.session import Session
from asyncchat.text.framing import LineDecoder
from asyncchat.text.refusals import NotKept
from asyncchat.text.usernames import Name

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

    token_hash = b"token hash"

    def __init__(self, and_then: Callable[[], object] = lambda: None) -> None:
        self.kept: list[list[tuple[int, int]]] = []
        self.lost: list[tuple[list[int], str]] = []
        self._and_then = and_then

    def acknowledge(self, kept: Sequence[tuple[int, int]]) -> None:
        self.kept.append(list(kept))
        self._and_then()

    def fail(self, idents: Sequence[int], why: str) -> None:
        self.lost.append((list(idents), why))


class SlowLog:
    """Keeps each batch in which there is something to keep only when it is told to."""

    epoch = "slow"
    is_archive = False

    def __init__(self, recent: Sequence[Sent] = ()) -> None:
        self.recent = recent
        self.seq = recent[-1].seq if recent else 0
        self.waiting: deque[tuple[Sequence[Logged], Kept]] = deque()

    def append(self, batch: Sequence[Logged], kept: Kept) -> None:
        if all(isinstance(entry, KEPT_NOWHERE) for entry in batch):
            kept(())
        else:
            self.waiting.append((batch, kept))

    def keep_one(self) -> Sequence[Logged]:
        """Keep the oldest batch, and return it."""
        batch, kept = self.waiting.popleft()
        kept(())
        return batch

    def fail(self, why: str) -> None:
        """Keep nothing of all that waits."""
        failed, self.waiting = self.waiting, deque()
        for batch, kept in failed:
            kept([None if isinstance(entry, KEPT_NOWHERE) else NotKept(why) for entry in batch])

    def keep_all(self) -> None:
        while self.waiting:
            self.keep_one()


def a_pipeline(
    log: Log | None = None,
    *,
    kind: "Callable[[ChatState, Any, Callable[[], object], Callable[[], int]], Pipeline]" = Pipeline,
    wake: Callable[[], object] = lambda: None,
    clock: Callable[[], int] = lambda: 0,
    replay: int = 1000,
    accounts: Accounts | None = None,
    restrictions: Restrictions | None = None,
    topic: str = "",
    others: Iterable[tuple[str, RoomState]] = (),
    invites: Iterable[Invite] = (),
) -> Pipeline:
    """Return a pipeline in which time stands still; with accounts where there is a store."""
    log = log or MemoryLog("memory")
    if log.is_archive and accounts is None:
        accounts = Accounts()
    state = ChatState(RoomState(replay, log.recent, log.seq, topic), accounts, restrictions, others, invites)
    return kind(state, log, wake, clock)


class Room:
    """A chat by itself: peers that are members without a session, and what sessions share."""

    def __init__(self, pipeline: Pipeline, history: int) -> None:
        self.pipeline = pipeline
        self.state = pipeline.state.room
        self._history = history
        self._hosts: dict[int, ChatCore] = {}
        self._numbers: dict[str, tuple[int, Peer]] = {}

    def host(self, sessions: ResumableSessions | None = None, **how: Any) -> ChatCore:
        """Return what the sessions share that can resume the same sessions."""
        key = id(sessions)
        if key not in self._hosts:
            how = {"history": self._history} | how
            self._hosts[key] = ChatCore(
                self.pipeline, sessions or some_sessions(), lambda: 0, monotonic=lambda: 0.0, **how
            )
        return self._hosts[key]

    def join(self, name: Name, peer: Peer, encode: Encoder, token_hash: bytes = b"") -> None:
        """Let `peer` be a member, or take the place of one that is there, and give it the last messages."""
        number = self.pipeline.new_member()

        def joined(outcome: object) -> None:
            if isinstance(outcome, Refusal):
                raise outcome
            if before := self._numbers.get(name.key):
                self.pipeline.audience.remove(before[0])
            self._numbers[name.key] = number, peer
            self.pipeline.audience.add(number, peer, encode)
            peer.write(encode(self.last()))

        self.pipeline.join(Join(name, number, 0, token_hash=token_hash), joined)

    def leave(self, name: Name) -> None:
        """Let a member go."""
        number, peer = self._numbers.pop(name.key)
        self.pipeline.propose(Leave(number), lambda _: peer.close())

    def post(self, name: Name, text: str, sender: Sender | None = None, ident: int = 0) -> None:
        """Let a member say something."""
        self.pipeline.say(name, text, sender, ident)

    def commit(self) -> None:
        """Hand what has happened to the log."""
        self.pipeline.commit()

    def last(self) -> list[Sent]:
        """Return what a newcomer gets."""
        return self.host().last()

    @property
    def seq(self) -> int:
        """The number of the last message that was delivered."""
        return self.state.seq

    @property
    def members(self) -> int:
        """How many are there."""
        return len(self.state.members)


def a_room(log: Log | None = None, *, history: int = 10, replay: int = 1000, **how: Any) -> Room:
    """Return a chat in which time stands still."""
    return Room(a_pipeline(log, replay=max(history, replay), **how), history)


def some_sessions(kept_empty: int = 10, first: int = 1) -> ResumableSessions:
    """Return resumable sessions whose tokens are easy to guess."""
    numbers = itertools.count(first)
    return ResumableSessions(lambda: f"token{next(numbers)}", kept_empty)


ADDRESS = "192.0.2.1"


def record(room: "Room | Pipeline") -> list[Event]:
    """Return the list of everything that happens from now on."""
    recorded: list[Event] = []

    def remember(events: Iterable[Event], conversation: str = "") -> bytes:
        recorded.extend(events)
        return b""

    pipeline = room.pipeline if isinstance(room, Room) else room
    pipeline.audience.attach(Peer(), remember)
    return recorded


class _Connected(Generic[S]):
    """Somebody who is connected: what they send is decoded, handled and, if wanted, committed `at_once`."""

    at_once = True

    def __init__(self, host: ChatCore, peer: Peer, session: S, limit: int) -> None:
        self.host = host
        self.pipeline = host.pipeline
        self.peer = peer
        self.session = session
        self._decoder = LineDecoder(longest_line(limit))

    @property
    def name(self) -> str | None:
        """The name in the room."""
        return self.session.user.name.shown if self.session.user.name else None

    def send(self, data: bytes | str) -> None:
        """Send `data` to the server."""
        lines = iter(self._decoder.feed(data.encode() if isinstance(data, str) else data))
        self.session.user.resumable.doubts.more_came()
        self.session.receive(lines)
        while self.session.pending_request is not None:
            if not self._answered():
                self._commit()
                if self.session.pending_request is not None:
                    break
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
            self.pipeline.commit()


class Person(_Connected[PlainSession]):
    """Somebody with nc."""

    def __init__(self, room: "Room | ChatCore", limit: int = 4096, address: str = ADDRESS) -> None:
        peer = Peer()
        host = room if isinstance(room, ChatCore) else room.host(max_line=limit)
        super().__init__(host, peer, PlainSession(host, peer, address), host.max_line)

    def hear(self) -> list[str]:
        """Return the lines that the server has sent since the last call."""
        return self.peer.take().decode().split("\n")[:-1]


Said = dict[str, Any]


class Bot(_Connected[JsonSession]):
    """A program that speaks JSON."""

    def __init__(
        self,
        room: "Room | ChatCore",
        sessions: ResumableSessions | None = None,
        limit: int = 4096,
        address: str = ADDRESS,
    ) -> None:
        peer = Peer()
        host = room if isinstance(room, ChatCore) else room.host(sessions, max_line=limit)
        super().__init__(host, peer, JsonSession(host, peer, address), host.max_line)

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
