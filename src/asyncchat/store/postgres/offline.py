"""What the operator does with a store in a database: list its accounts, and change them, also while servers use it."""

import contextlib
from collections.abc import Iterator

from asyncchat.errors import ChatError
from asyncchat.log.accounts import Account
from asyncchat.log.entries import AnyEntry, SetRole, StorePassword
from asyncchat.store.database import DatabaseError
from asyncchat.store.file import Retention
from asyncchat.store.offline.admin import OPERATOR, Operator, describe_people, now
from asyncchat.store.postgres import turn
from asyncchat.store.postgres.archive import PgArchive
from asyncchat.store.postgres.connection import PgConnection, connect, shown
from asyncchat.store.postgres.schema import check_version
from asyncchat.store.postgres.tables import PgTables


class PgOperator(Operator):
    """Changes passwords, roles and bans; the servers are told by the log."""

    _entries: PgTables

    def __init__(self, connection: PgConnection) -> None:
        super().__init__(_tables(connection))
        self._connection = connection

    def _keep(self, entry: AnyEntry, audited: str = "", about: Account | None = None) -> None:
        connection = self._connection
        turn.lock_head(connection)
        if isinstance(entry, StorePassword | SetRole) and not self._entries.accounts.has(entry.account):
            raise ChatError("the account was deleted meanwhile: nothing is changed")
        (life,) = connection.execute("INSERT INTO servers DEFAULT VALUES RETURNING life").fetchone()
        self._entries.write(entry)
        if about:
            self._entries.moderation.audit(OPERATOR, audited, about.name.shown, now())
        turn.append(connection, life, [entry], ())
        connection.execute("DELETE FROM servers WHERE life = ?", (life,))
        connection.script("COMMIT")


@contextlib.contextmanager
def operating(url: str) -> Iterator[Operator]:
    """Open the store at `url`. Raises ChatError if it can't be used."""
    with _opened(url) as connection:
        yield PgOperator(connection)


def people_in(url: str) -> list[str]:
    """Return a line for each account, see offline.admin. Raises ChatError."""
    with _opened(url) as connection:
        return describe_people(_tables(connection))


def open_to_read(url: str) -> PgArchive:
    """Open a store to read its messages. Raises ChatError."""
    with _opened(url):
        return PgArchive(lambda: connect(url))


def examine(url: str) -> str:
    """Return what is found of a database, in words. Raises ChatError if it can't be used."""
    with contextlib.closing(connect(url)) as connection:
        (version,) = connection.execute("SELECT current_setting('server_version')").fetchone()
        (is_there,) = connection.execute("SELECT to_regclass('facts') IS NOT NULL").fetchone()
        if not is_there:
            return f"{shown(url)} answers (PostgreSQL {version}); the tables will be made at the first start"
        check_version(connection, url)
        (servers,) = connection.execute("SELECT count(*) FROM servers").fetchone()
        return f"{shown(url)} answers (PostgreSQL {version}); servers that use it: {servers}"


@contextlib.contextmanager
def _opened(url: str) -> Iterator[PgConnection]:
    with contextlib.closing(connect(url)) as connection:
        try:
            check_version(connection, url)
            yield connection
        except DatabaseError as error:
            raise ChatError(f"can't use {shown(url)}: {error.explained}") from None


def _tables(connection: PgConnection) -> PgTables:
    return PgTables(connection, Retention(), now)
