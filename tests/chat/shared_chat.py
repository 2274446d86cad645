"""Several servers with one chat, without a network: their log is a list, and their tables are in one SQLite."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from asyncchat.chat.core import ChatCore
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Role
from asyncchat.log.entries import CHANGES_NOTHING, ServerLost, SetRole
from asyncchat.log.log import LogListener, Progress, Received
from asyncchat.log.restrictions import RestrictionKind
from asyncchat.log.shared.encoding import decode, encode
from asyncchat.log.shared.pipeline import SharedPipeline
from asyncchat.log.state import ChatState
from asyncchat.store.tables.entries import Tables
from asyncchat.text.refusals import NotThere
from tests.chat import ADDRESS, some_sessions
from tests.chat.stored_chat import Plain, StoredChat, StoredLog, stored_chat


class Cluster:
    """What several servers share, each of them a SharedChat.

    rows: the log: the life of each row, and what was told
    lives: of the servers that are not lost
    """

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.rows: list[tuple[int, bytes]] = []
        self.lives: set[int] = set()
        self.logs: list[TurnLog] = []
        self.chats: list[SharedChat] = []
        self._last_life = 0

    def begin(self) -> int:
        """Return the number of a new life."""
        self._last_life += 1
        self.lives.add(self._last_life)
        return self._last_life

    def silence(self, life: int) -> None:
        """Let a server be silent for long."""

    def serve(self) -> "SharedChat":
        """Return another server, which begins with all that the log has led to."""
        return SharedChat(self)

    def tell(self) -> None:
        """Let each server read on that is not frozen."""
        for log in self.logs:
            if not log.is_frozen:
                log.read()
        for chat in self.chats:
            if chat.pipeline.pending:
                chat.pipeline.commit()


class TurnLog(StoredLog):
    """Has its turn as soon as it wants one, unless it is slow or frozen.

    is_frozen: it reads nothing, and has no turn
    is_held: what it has stored is not reported until `let_go`
    """

    def __init__(self, entries: Tables, cluster: Cluster) -> None:
        super().__init__(entries)
        self.cluster = cluster
        self.life = cluster.begin()
        self.read_until = 0
        self.is_frozen = self.is_held = self._is_wanted = False
        self._held: list[object] = []
        cluster.logs.append(self)

    def start(self, _call: Callable[..., object], listener: LogListener) -> None:
        self.listener = listener

    def progress(self) -> Progress:
        return Progress(self.read_until, 0.0, 0.0)

    def request(self) -> None:
        self._is_wanted = True
        if not (self.is_slow or self.is_frozen):
            self.turn()

    def keep(self) -> None:
        """Have the turn that was wanted, and be slow no more."""
        self.is_slow = self.is_frozen = False
        self.read()
        if self._is_wanted:
            self.turn()

    def read(self) -> None:
        """Read what others have appended."""
        while self.read_until < len(self.cluster.rows):
            life, data = self.cluster.rows[self.read_until]
            self.read_until += 1
            if life != self.life:
                self.listener.receive(decode(data))
        if self.life not in self.cluster.lives:
            self.life = self.cluster.begin()
            self.listener.fence(self.life)

    def turn(self) -> None:
        """Append what is pending."""
        self.read()
        self._is_wanted = False
        if not (batch := self.listener.prepare()):
            return
        results = [None if isinstance(entry, CHANGES_NOTHING) else self.write(entry) for entry in batch]
        told = [Received(*pair) for pair in zip(batch, results, strict=True) if not isinstance(pair[1], Refusal)]
        if data := encode(told):
            self.cluster.rows.append((self.life, data))
        self.read_until = len(self.cluster.rows)
        if self.is_held:
            self._held = results
            return
        self.listener.kept(results)
        self.cluster.tell()

    def let_go(self) -> None:
        """Report what was held."""
        self.is_held = False
        self.listener.kept(self._held)
        self.cluster.tell()

    def write(self, entry: Any) -> object:
        if isinstance(entry, ServerLost) and not self.is_broken:
            if entry.life not in self.cluster.lives:
                return NotThere()
            self.cluster.lives.discard(entry.life)
        return super().write(entry)


class SharedChat(StoredChat):
    """One of the servers."""

    log: TurnLog
    pipeline: SharedPipeline
    _pipeline_type = SharedPipeline

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.failures: list[str] = []
        super().__init__(cluster.connection)
        self.resumable = self.core.resumable = some_sessions(first=1000 * self.log.life)
        self.pipeline.start(self._call, self._disconnect_all, self.failures.append)
        self.log.read()
        cluster.chats.append(self)

    def owner(self, name: str, address: str = ADDRESS, role: Role = Role.REGISTERED) -> Plain:
        """Return somebody with nc whose name is registered, with a role that all servers know."""
        person = super().owner(name, address)
        account = person.session.user.account
        assert account
        self.pipeline.propose(SetRole(account.name, account.id, role, self.time))
        self.pipeline.commit()
        person.hear()
        return person

    def _open_log(self, entries: Tables) -> TurnLog:
        return TurnLog(entries, self.cluster)

    @staticmethod
    def _call(function: Callable[..., object], *arguments: object) -> None:
        function(*arguments)

    def _disconnect_all(self) -> None:
        for user in list(self.core.online.values()):
            self.core.disconnect(user, "gone")

    def lose(self, other: "SharedChat") -> None:
        """Find out that another server is silent."""
        self.cluster.silence(other.log.life)
        self.log.listener.lose(other.log.life)
        self.pipeline.commit()


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """Open a chat of several servers."""
    with stored_chat() as chat:
        yield Cluster(chat._connection)


def digest(core: ChatCore | ChatState) -> dict[str, object]:
    """Return all that servers must agree on."""
    state = core.state if isinstance(core, ChatCore) else core
    assert state.accounts
    return {
        "members": {key: member._replace(rooms=tuple(sorted(member.rooms))) for key, member in state.members.items()},
        "keys": state.keys,
        "rooms": {
            key: (
                *(room.seq, room.topic, room.shown, room.is_private, room.roles),
                {key: name.shown for key, name in room.members.items()},
                [(said.seq, said.name.key, said.text, said.time, said.changed) for said in room.last],
            )
            for key, room in state.rooms.items()
        },
        "accounts": [
            (one.id, one.name.shown, one.password, one.role, one.seen, one.made)
            for one in map(state.account, range(1, state.accounts.next_id))
            if one
        ],
        "next": (state.accounts.next_id, state.invites.last),
        "restrictions": [state.restrictions.all(kind, 0) for kind in RestrictionKind],
        "invites": state.invites.all(0),
    }


def said(chat: SharedChat, room: str = "") -> list[str]:
    """Return what was said in a room, as a server remembers it."""
    return [sent.text for sent in chat.core.state.rooms[room].last]
