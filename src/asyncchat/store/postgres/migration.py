"""Moves a store from a file into a database, in one transaction: it is moved as a whole, or not at all."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

from asyncchat.store.database import DatabaseError
from asyncchat.store.file import ERRORS, StoreError, StoreFile, open_to_read, reason
from asyncchat.store.location import shown
from asyncchat.store.postgres.connection import PgConnection, connect, shown as shown_url
from asyncchat.store.postgres.schema import prepare
from asyncchat.store.postgres.tables import indexed

_AT_ONCE = 2000

_TABLES = {
    "messages": ("seq", "time", "name", "text", "seat", "id", "written", "changed"),
    "accounts": ("id", "key", "name", "password", "role", "seen", "made"),
    "seats": ("key", "account", "time"),
    "given_up": ("key", "time"),
    "conversations": (
        *("id", "one", "other", "last", "time"),
        *("one_sent", "other_sent", "one_seen", "other_seen"),
    ),
    "private": ("conversation", "seq", "time", "sender", "nth", "text", "seat", "id", "written", "changed"),
    "restrictions": ("kind", "room", "key", "name", "address", "until", "rank"),
    "audit": ("id", "time", "by", "act", "what", "room"),
    "rooms": ("id", "key", "name", "maker", "time", "topic", "last", "private"),
    "said": ("room", "seq", "time", "name", "text", "seat", "id", "written", "changed"),
    "room_roles": ("room", "account", "role"),
    "invites": ("number", "key_hash", "maker", "room", "uses", "until"),
    "places": ("account", "room", "seq"),
}
"""What is moved: the columns of each table, which have the same names in both."""

_WITH_WORDS = ("messages", "said")
_COUNTED = ("conversations", "audit", "rooms")


def move(path: str, url: str, report: Callable[[str, int], object]) -> None:
    """Move the store at `path`, which no server uses, into the database at `url`; the file stays as it is.

    report: called with the name of each table and the number of its rows

    A move that was broken off can be begun again. Raises StoreError; the database is as it was then.
    """
    open_to_read(path).close()  # what is no store does not become one
    with contextlib.closing(StoreFile(path)) as file, contextlib.closing(connect(url)) as connection:
        connection.is_enough = lambda: False  # a table may take longer than a statement of a server
        try:
            prepare(connection, url)
            connection.script("BEGIN; LOCK TABLE head IN EXCLUSIVE MODE")
            _check_empty(connection, str(file.fact("epoch")), url)
            for table, columns in _TABLES.items():
                report(table, _copy(file.connection, connection, table, columns))
            _copy_facts(file, connection)
            connection.script("COMMIT; ANALYZE")
        except DatabaseError as error:
            raise StoreError(f"can't use {shown_url(url)}: {error.explained}; nothing was moved") from None
        except ERRORS as error:
            raise StoreError(f"can't read the store {shown(path)}: {reason(error)}; nothing was moved") from None


def _check_empty(connection: PgConnection, epoch: str, url: str) -> None:
    """Empty the database, if nothing is lost by that. Raises StoreError."""
    facts = dict(connection.execute("SELECT name, value FROM facts").fetchall())
    (entries,) = connection.execute("SELECT entry FROM head").fetchone()
    (accounts,) = connection.execute("SELECT count(*) FROM accounts").fetchone()
    (servers,) = connection.execute("SELECT count(*) FROM servers").fetchone()
    if servers or entries:
        raise StoreError(f"there is a chat in {shown_url(url)} already that servers have used: it is left as it is")
    if accounts and facts["epoch"] != epoch:
        raise StoreError(f"there is another chat in {shown_url(url)}: it is left as it is")
    connection.script(f"TRUNCATE {', '.join(_TABLES)}")


def _copy(source: sqlite3.Connection, target: PgConnection, table: str, columns: tuple[str, ...]) -> int:
    """Copy a table; return how many rows it has."""
    rows = source.execute(f"SELECT {', '.join(columns)} FROM {table}")
    count = 0
    has_words = table in _WITH_WORDS
    text = columns.index("text") if has_words else 0
    while some := rows.fetchmany(_AT_ONCE):
        cleaned: Iterable[tuple[Any, ...]] = [tuple(map(_clean, row)) for row in some]
        if has_words:
            cleaned = [(*row, indexed(row[text]).split()) for row in cleaned]
        elif table == "rooms":
            cleaned = [(*row[:-1], bool(row[-1])) for row in cleaned]
        target.copy(table, (*columns, "words") if has_words else columns, cleaned)
        count += len(some)
    return count


def _clean(value: object) -> object:
    """Return a value as PostgreSQL takes it: no text has a NUL in it."""
    return value.replace("\0", "␀") if isinstance(value, str) else value


def _copy_facts(file: StoreFile, connection: PgConnection) -> None:
    last = dict(file.connection.execute("SELECT name, seq FROM sqlite_sequence"))
    for table in _COUNTED:
        connection.execute(
            "SELECT setval(pg_get_serial_sequence(?::text, 'id'), greatest(?::bigint, 1), ?::bigint > 0)",
            (table, *[last.get(table, _last(connection, table))] * 2),
        )
    facts = {
        "epoch": file.fact("epoch"),
        "topic": file.fact("topic"),
        "account": last.get("accounts", 0),
        "invite": last.get("invites", 0),
        "deleted": next(file.connection.execute("SELECT value FROM facts WHERE name = 'deleted'"), (0,))[0],
    }
    for name, value in facts.items():
        connection.execute(
            "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, str(value)),
        )


def _last(connection: PgConnection, table: str) -> int:
    (last,) = connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()
    return int(last)
