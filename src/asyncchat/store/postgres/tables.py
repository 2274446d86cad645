"""The tables that are in PostgreSQL alone, or are written in another way there."""

from collections.abc import Callable, Iterable, Sequence

from asyncchat.log.accounts import ADMIN, Role
from asyncchat.log.entries import (
    AnyEntry,
    CreateAccount,
    DeleteAccount,
    Depart,
    Enter,
    Join,
    Leave,
    MakeInvite,
    MakeRoom,
    Rename,
    ServerLost,
    SetPrivate,
    SetRoomRole,
)
from asyncchat.log.entries.members import LIFE_BITS
from asyncchat.log.room_events import Sent
from asyncchat.log.state import Member
from asyncchat.store.database import Database, DatabaseError
from asyncchat.store.file import Retention
from asyncchat.store.search.words import words_of
from asyncchat.store.tables.accounts import AccountStore
from asyncchat.store.tables.entries import Tables
from asyncchat.store.tables.rooms import IDLE, RoomStore
from asyncchat.system.clock import is_odd
from asyncchat.text.refusals import NoMessage, NotThere
from asyncchat.text.sanitize import sanitize
from asyncchat.text.usernames import Name, parse_name

LIFE_LOST = "6 seconds"
"""After which a server counts as lost that has not been heard of, as PostgreSQL writes it."""

LONGEST_WORD = 100
"""Characters of a word in the index, which takes no long ones; `words` are looked up in the same form."""


def cut(words: Iterable[str]) -> list[str]:
    """Return words as they are in the index."""
    return [word[:LONGEST_WORD] for word in words]


def indexed(text: str) -> str:
    """Return the words of a text as they are in the index, with blanks between."""
    words = words_of(text)
    return words if len(words) <= LONGEST_WORD else " ".join(cut(words.split()))


_ROWS = (
    "SELECT seq, time, name, text, seat, id, written, string_to_array(words, ' ') FROM unnest(?::bigint[], ?::bigint[],"
    " ?::text[], ?::text[], ?::bytea[], ?::bigint[], ?::bigint[], ?::text[])"
    " AS given (seq, time, name, text, seat, id, written, words)"
)
_COLUMNS = "seq, time, name, text, seat, id, written, words"


def _columns(messages: Sequence[Sent], clock: Callable[[], int]) -> list[list[object]]:
    now = clock()
    return [
        [sent.seq for sent in messages],
        [sent.time for sent in messages],
        [sent.name.shown for sent in messages],
        [sent.text for sent in messages],
        [sent.token_hash or None for sent in messages],
        [sent.ident if sent.token_hash else None for sent in messages],
        [now if is_odd(sent.time, now) else None for sent in messages],
        [indexed(sent.text) for sent in messages],
    ]


class PgMessageStore:
    """The messages of the default room; see tables.entries.Messages."""

    def __init__(self, connection: Database, clock: Callable[[], int]) -> None:
        self._do = connection.execute
        self._clock = clock

    def write(self, rows: Sequence[Sent], /) -> None:
        """Keep messages."""
        self._do(f"INSERT INTO messages ({_COLUMNS}) {_ROWS}", _columns(rows, self._clock))

    def change(self, seq: int, text: str, time: int, /) -> None:
        """Give a message another text, if it is kept. Raises NoMessage if it is deleted."""
        row = self._do("SELECT text FROM messages WHERE seq = ?", (seq,)).fetchone()
        if row and not row[0]:
            raise NoMessage
        self._do(
            "UPDATE messages SET text = ?, changed = ?, words = string_to_array(?, ' ') WHERE seq = ?",
            (text, time, indexed(text), seq),
        )


class PgRoomStore(RoomStore):
    """The other rooms."""

    def write(self, messages: Sequence[Sent]) -> None:
        """Keep messages of one room."""
        row = self._do("SELECT id FROM rooms WHERE key = ?", (messages[0].room,)).fetchone()
        if not row:
            raise DatabaseError("the store does not have the room")
        columns = _columns(messages, self._clock)
        self._do(f"INSERT INTO said ({_COLUMNS}, room) SELECT *, ?::bigint FROM ({_ROWS}) AS rows", [row[0], *columns])
        self._delete_surplus(row[0])

    def change(self, key: str, seq: int, text: str, time: int) -> None:
        """Give a message another text. Raises NoMessage if it is deleted."""
        super().change(key, seq, text, time)
        self._do(
            "UPDATE said SET words = string_to_array(?, ' ') WHERE room = (SELECT id FROM rooms WHERE key = ?)"
            " AND seq = ?",
            (indexed(text), key, seq),
        )

    def _delete_idle(self) -> None:
        self._do(
            f"DELETE FROM rooms WHERE {IDLE}"
            " AND NOT EXISTS (SELECT 1 FROM members WHERE rooms.key = ANY(members.rooms))"
        )


class PgAccountStore(AccountStore):
    """The accounts; their numbers are counted, since no number may be left out when a transaction fails."""

    def next_id(self) -> int:
        """Return the number that the next new account gets."""
        (last,) = self._do("SELECT value FROM facts WHERE name = 'account'").fetchone()
        return int(last) + 1

    def has(self, ident: int) -> bool:
        """Tell whether there is an account with this number."""
        return self._do("SELECT 1 FROM accounts WHERE id = ?", (ident,)).fetchone() is not None

    def set_admin(self, password: str) -> None:
        """Set the hash of the admin's password, and delete all tokens; create the account if there is none."""
        name = parse_name(ADMIN)
        done = self._do(
            "UPDATE accounts SET password = ?, role = ? WHERE key = ?", (password, int(Role.ADMIN), name.key)
        )
        if not done.rowcount:
            self._do(
                "INSERT INTO accounts (key, name, password, role) VALUES (?, ?, ?, ?)",
                (name.key, name.shown, password, int(Role.ADMIN)),
            )
        self._do("DELETE FROM seats WHERE account = (SELECT id FROM accounts WHERE key = ?)", (name.key,))


class MemberStore:
    """The members, on all servers: a server that starts reads them."""

    def __init__(self, connection: Database) -> None:
        self._do = connection.execute

    def all(self) -> list[Member]:
        """Return the members, in the order in which they have connected."""
        rows = self._do("SELECT key, name, number, account, token_hash, rooms, network FROM members ORDER BY number")
        return [
            Member(Name(sanitize(name), key), number, account, token_hash, tuple(rooms), network)
            for key, name, number, account, token_hash, rooms, network in rows
        ]

    def join(self, join: Join) -> None:
        """A member joins, or has another connection."""
        self._do(
            "INSERT INTO members (number, key, name, account, token_hash, network, rooms) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET number = excluded.number, name = excluded.name,"
            " account = excluded.account, token_hash = excluded.token_hash, network = excluded.network,"
            " rooms = excluded.rooms",
            (
                join.member,
                join.name.key,
                join.name.shown,
                join.account,
                join.token_hash,
                join.network,
                list(join.rooms),
            ),
        )

    def rename(self, rename: Rename) -> None:
        """A member has the name of an account from now on."""
        self._do(
            "UPDATE members SET key = ?, name = ?, account = ? WHERE number = ?",
            (rename.new.key, rename.new.shown, rename.account, rename.member),
        )

    def leave(self, number: int) -> None:
        """A member leaves."""
        self._do("DELETE FROM members WHERE number = ?", (number,))

    def enter(self, number: int, room: str, leaving: str | None) -> None:
        """A member enters a room, and leaves another one, perhaps."""
        self._do(
            "UPDATE members SET rooms = array_append(array_remove(array_remove(rooms, ?::text), ?::text), ?::text)"
            " WHERE number = ?",
            (room, leaving, room, number),
        )

    def depart(self, number: int, room: str) -> None:
        """A member leaves a room."""
        self._do("UPDATE members SET rooms = array_remove(rooms, ?::text) WHERE number = ?", (room, number))

    def set_account(self, key: str, account: int | None) -> None:
        """The member with a name is the owner of an account, or a guest."""
        self._do("UPDATE members SET account = ? WHERE key = ?", (account, key))

    def remove_uninvited(self, room: str) -> None:
        """Let those leave a room who have no role in it, if it is private."""
        self._do(
            "UPDATE members SET rooms = array_remove(rooms, :room) WHERE :room = ANY(rooms)"
            " AND EXISTS (SELECT 1 FROM rooms WHERE key = :room AND private)"
            " AND NOT EXISTS (SELECT 1 FROM room_roles WHERE room = :room AND account = members.account)",
            {"room": room},
        )

    def unregister(self, account: int) -> None:
        """Let the owner of an account, which is deleted, leave the private rooms."""
        self._do(
            "UPDATE members SET rooms = ARRAY(SELECT one FROM unnest(rooms) AS one WHERE NOT EXISTS"
            " (SELECT 1 FROM rooms WHERE key = one AND private)), account = NULL WHERE account = ?",
            (account,),
        )

    def lose(self, life: int) -> None:
        """Remove a server that has ended or is silent, with its members. Raises NotThere if it is not silent."""
        if not self._do(
            f"DELETE FROM servers WHERE life = ? AND seen < clock_timestamp() - interval '{LIFE_LOST}'", (life,)
        ).rowcount:
            raise NotThere
        self.remove_life(life)

    def remove_life(self, life: int) -> None:
        """Remove the members of a server."""
        self._do(f"DELETE FROM members WHERE number >> {LIFE_BITS} = ?", (life,))


class PgTables(Tables):
    """All tables."""

    accounts: PgAccountStore

    def __init__(self, connection: Database, keep: Retention, clock: Callable[[], int]) -> None:
        super().__init__(connection, keep, clock)
        self._do = connection.execute
        self.accounts = PgAccountStore(connection)
        self.messages = PgMessageStore(connection, clock)
        self.rooms = PgRoomStore(connection, keep, clock)
        self.members = MemberStore(connection)

    def write(self, entry: AnyEntry) -> object:
        """Keep an entry; see Tables."""
        members = self.members
        if isinstance(entry, DeleteAccount):
            members.unregister(entry.account)
        result = super().write(entry)
        match entry:
            case Join():
                members.join(entry)
            case Rename():
                members.rename(entry)
            case Leave(number):
                members.leave(number)
            case Enter(number, room, leaving):
                members.enter(number, room, leaving)
            case MakeRoom(number, name, leaving=leaving):
                members.enter(number, name.key, leaving)
            case Depart(number, room):
                members.depart(number, room)
            case ServerLost(life):
                members.lose(life)
            case CreateAccount(name):
                self._do(
                    "UPDATE members SET account = accounts.id FROM accounts"
                    " WHERE accounts.key = members.key AND members.key = ?",
                    (name.key,),
                )
            case SetPrivate(_, room) | SetRoomRole(_, room):
                members.remove_uninvited(room)
            case MakeInvite(_, invite):
                self._do("UPDATE facts SET value = ? WHERE name = 'invite'", (str(invite.number),))
            case _:
                pass
        return result
