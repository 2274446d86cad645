"""The conversation in PostgreSQL, which several servers share."""

import contextlib
from collections.abc import Callable

from asyncchat.log.accounts import Role
from asyncchat.log.entries import StorePassword
from asyncchat.log.room_events import Sent
from asyncchat.store.database import DatabaseError
from asyncchat.store.file import Retention, sent
from asyncchat.store.location import StoreError
from asyncchat.store.postgres import turn
from asyncchat.store.postgres.archive import PgArchive
from asyncchat.store.postgres.connection import PgConnection, connect, shown
from asyncchat.store.postgres.log import PgLog, Start
from asyncchat.store.postgres.notices import Notices
from asyncchat.store.postgres.schema import alone, prepare
from asyncchat.store.postgres.tables import PgTables
from asyncchat.store.postgres.tidying import Tidying
from asyncchat.store.postgres.turn import Fenced, LogFailed
from asyncchat.system.clock import Clock

_LAST_WRITES = 2.0
"""Seconds that the database gets at the end."""


class PgStore:
    """The store in the database at `url`, whose tables are made if it is empty; the last `recent` messages are read.

    keep, patience, admin_password: as in Store

    Searches go to `searched`, all other queries to `archive`. Close it when done. Raises StoreError.
    """

    def __init__(
        self,
        url: str,
        *,
        keep: Retention,
        recent: int,
        patience: float,
        admin_password: Callable[[str | None], str | None],
    ) -> None:
        self._url = url
        self._epoch = ""
        self.clock = Clock()
        self._keep = keep
        with contextlib.ExitStack() as opened:
            connection = opened.enter_context(contextlib.closing(connect(url)))
            try:
                with alone(connection):
                    prepare(connection, url)
                    start = self._load(connection, admin_password, recent)
                self.archive, self.searched = (
                    opened.enter_context(contextlib.closing(PgArchive(self._connect, patience))) for _ in range(2)
                )
            except (DatabaseError, LogFailed) as error:
                raise StoreError(f"can't use the store {shown(url)}: {error.explained}") from None
            notices = Notices(url, start.life)
            self.log = PgLog(self._connect, connection, self._tables, Tidying(keep, self.clock.moment), notices, start)
            opened.pop_all()

    def _tables(self, connection: PgConnection) -> PgTables:
        return PgTables(connection, self._keep, self.clock.moment)

    def _connect(self) -> PgConnection:
        """Return a new connection to the same chat. Raises DatabaseError, and LogFailed if it is another chat."""
        connection = PgConnection(self._url)
        with contextlib.ExitStack() as opened:
            opened.callback(connection.close)
            if _fact(connection, "epoch") != self._epoch:
                raise LogFailed("there is another chat in the database now: start the server again")
            opened.pop_all()
        return connection

    def _load(self, connection: PgConnection, admin_password: Callable[[str | None], str | None], recent: int) -> Start:
        """Read the state, and become one of the servers, in a moment in which no other one appends."""
        self._epoch = _fact(connection, "epoch")
        tables = self._tables(connection)
        kept = next((one.password for one in tables.accounts.all() if one.role == Role.ADMIN), None)
        new = admin_password(kept)  # to hash it takes long: before others have to wait
        entry = turn.lock_head(connection)
        (life,) = connection.execute("INSERT INTO servers DEFAULT VALUES RETURNING life").fetchone()
        n = 0
        if new:
            entry, n = _set_admin(connection, tables, life, new, entry)
        self.accounts, self.released, self.next_id = (
            tables.accounts.all(),
            tables.accounts.released(),
            tables.accounts.next_id(),
        )
        self.restrictions, self.topic = tables.moderation.restrictions(), tables.moderation.topic()
        self.invites, self.last_invite = tables.moderation.invites(), int(_fact(connection, "invite"))
        self.rooms = tables.rooms.load(recent)
        self.members = tables.members.all()
        messages = _recent(connection, recent)
        seq = messages[-1].seq if messages else int(_fact(connection, "deleted") or 0)
        last = turn.place_of(connection, entry)
        connection.script("COMMIT")
        return Start(life, n, entry, last, self._epoch, seq, messages)

    def close(self) -> None:
        """Stop the queries, and tell the other servers that this one has ended."""
        self.archive.close()
        self.searched.close()
        self.log.close(_LAST_WRITES)


def _fact(connection: PgConnection, name: str) -> str:
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else ""


def _recent(connection: PgConnection, most: int) -> list[Sent]:
    rows = connection.execute(
        "SELECT seq, time, name, text, changed FROM messages ORDER BY seq DESC LIMIT ?", (max(most, 1),)
    )
    return sent(rows)[::-1]


def _set_admin(connection: PgConnection, tables: PgTables, life: int, password: str, entry: int) -> tuple[int, int]:
    """Set the admin's password, and tell the other servers; return the numbers of the entry, see turn.append."""
    tables.accounts.set_admin(password)
    (ident,) = connection.execute("SELECT id FROM accounts WHERE role = ?", (int(Role.ADMIN),)).fetchone()
    try:
        return turn.append(connection, life, [StorePassword(ident, password, b"")], ()) or (entry, 0)
    except Fenced:
        raise DatabaseError("it is not known which server this is") from None
