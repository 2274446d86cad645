"""A connection to PostgreSQL that is used as one to SQLite is: each call waits until it is done."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from asyncchat.store.database import DatabaseError, Disconnected, Interrupted, Unwritable, Values
from asyncchat.store.location import StoreError

CONNECT_TIMEOUT = 3.0
"""Seconds that connecting may take, for all hosts of the URL together."""

PATIENCE = 4.0
"""Seconds that a statement may take, unless another limit is given."""

STOPPING = 0.5
"""Seconds in which the database has to stop a statement that is interrupted."""

LOOK_AGAIN = 0.05
"""Seconds between two looks whether a statement is to be interrupted."""

_SETTINGS = {
    "application_name": "asyncchat",
    "idle_in_transaction_session_timeout": "3000",  # a server that is frozen must not hold up the others
    "tcp_user_timeout": "6000",
    "lock_timeout": "3500",
    "jit": "off",
}

UNREACHABLE = "the database can't be reached"

_PLACE = re.compile(r"'[^']*'|::\w+|\?|:([a-z_]\w*)")

LOST = (  # what asyncpg raises, besides PostgresError
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what was broken off has left it in some state
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InvalidSQLStatementNameError,  # somebody has discarded what was prepared
    asyncpg.InvalidCachedStatementError,  # … or has altered the tables
)

_UNWRITABLE = (
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
)


@lru_cache(maxsize=512)
def _translated(statement: str) -> tuple[str, tuple[str, ...]]:
    """Return a statement with $1, $2 … for its values, and their names, if they have some."""
    names: list[str] = []
    count = 0

    def place(found: re.Match[str]) -> str:
        nonlocal count
        if found[0] == "?":
            count += 1
            return f"${count}"
        if not (name := found[1]):
            return found[0]
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PLACE.sub(place, statement), tuple(names)


class PgRows:
    """What a statement returns; see database.Rows."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: Sequence[Any], status: str) -> None:
        self._rows = iter([tuple(row) for row in rows])
        count = status.rpartition(" ")[2]
        self.rowcount = int(count) if count.isdecimal() else 0

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        """Return the other rows."""
        return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the other rows."""
        return self._rows


async def open_connection(url: str, **options: Any) -> Any:
    """Return a connection of asyncpg to the first host that can be used, in CONNECT_TIMEOUT. Raises what that does."""
    urls = _of_hosts(url)
    for each in urls[:-1]:
        with contextlib.suppress(asyncpg.PostgresError, *LOST):
            return await asyncpg.connect(each, timeout=CONNECT_TIMEOUT / len(urls), **options)
    return await asyncpg.connect(urls[-1], timeout=CONNECT_TIMEOUT / len(urls), **options)


def _of_hosts(url: str) -> list[str]:
    """Return a URL for each host: asyncpg has one limit for all, so that one that is silent would hide the others."""
    parts = urlsplit(url)
    who, at, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return [url]
    return [parts._replace(netloc=f"{who}{at}{host}").geturl() for host in hosts.split(",")]


class PgConnection:
    """A connection to the database at `url`, for one thread at a time. Raises DatabaseError, as do its methods.

    is_enough: tells whether the statement that runs is to be interrupted; None: only PATIENCE counts
    """

    def __init__(self, url: str) -> None:
        self.is_enough: Callable[[], bool] | None = None
        self._prepared: dict[str, Any] = {}
        self._connection: Any = None
        self._loop = asyncio.new_event_loop()
        try:
            self._connection = self._run(open_connection(url, server_settings=_SETTINGS, statement_cache_size=0))
        except BaseException:
            self._loop.close()
            raise

    def close(self) -> None:
        """End the connection, without waiting for the database."""
        if not self._loop.is_closed():
            self._connection.terminate()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    def execute(self, statement: str, values: Values = (), /) -> PgRows:
        """Execute a statement; see database.Database."""
        sql, names = _translated(statement)
        given = [values[name] for name in names] if isinstance(values, Mapping) else values
        rows: PgRows = self._run(self._execute(sql, given))
        return rows

    def executemany(self, statement: str, values: Iterable[Any], /) -> None:
        """Execute a statement for each of the values."""
        sql, _ = _translated(statement)
        if some := list(values):
            self._run(self._executemany(sql, some))

    def copy(self, table: str, columns: Sequence[str], rows: Iterable[Any]) -> None:
        """Insert rows into a table, in the quickest way."""
        self._run(self._connection.copy_records_to_table(table, columns=columns, records=rows))

    def script(self, statements: str) -> None:
        """Execute several statements without values."""
        self._run(self._connection.execute(statements))

    async def _execute(self, sql: str, values: Sequence[Any]) -> PgRows:
        prepared = await self._prepare(sql)
        return PgRows(await prepared.fetch(*values), prepared.get_statusmsg() or "")

    async def _executemany(self, sql: str, values: list[Any]) -> None:
        await (await self._prepare(sql)).executemany(values)

    async def _prepare(self, sql: str) -> Any:
        if not (prepared := self._prepared.get(sql)):
            prepared = self._prepared[sql] = await self._connection.prepare(sql)
        return prepared

    def _run(self, call: Any) -> Any:
        if self._loop.is_closed():
            call.close()
            raise Disconnected(UNREACHABLE, "the connection is closed")
        try:
            return self._loop.run_until_complete(self._limited(call))
        except asyncpg.QueryCanceledError:
            raise Interrupted("it takes too long") from None
        except asyncpg.ReadOnlySQLTransactionError:
            raise Disconnected("the database can only be read: it is a standby") from None
        except LOST as error:
            raise Disconnected(UNREACHABLE, _said(error)) from None
        except _UNWRITABLE as error:
            raise Unwritable(*_reason(error)) from None
        except asyncpg.PostgresError as error:
            if self._connection and self._connection.is_closed():
                raise Disconnected(UNREACHABLE, _said(error)) from None
            raise DatabaseError(*_reason(error)) from None

    async def _limited(self, call: Any) -> Any:
        if self.is_enough is None:
            async with asyncio.timeout(PATIENCE):
                return await call
        task = asyncio.ensure_future(call)
        while not task.done():
            await asyncio.wait({task}, timeout=LOOK_AGAIN)
            if not task.done() and self.is_enough():
                task.cancel()
                await asyncio.wait({task})
                await self._settle()
                raise Interrupted("it takes too long")
        return task.result()

    async def _settle(self) -> None:
        """Wait until the database has stopped, or else end the connection, which is of no use then."""
        try:
            async with asyncio.timeout(STOPPING):
                await self._connection.execute("")
        except LOST:
            self._connection.terminate()


def _said(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer"
    return " ".join(str(error).split())[:200] or type(error).__name__


def _reason(error: asyncpg.PostgresError) -> tuple[str, str]:
    """Return why something is refused, and what the database has said, if that says more."""
    if isinstance(error, asyncpg.DiskFullError):
        return "the disk of the database is full", ""
    if isinstance(error, asyncpg.LockNotAvailableError):
        return "somebody keeps a lock on the tables of the database", ""
    return "the database refuses it", _said(error)


def shown(url: str) -> str:
    """Return a URL as people may see it: without the password."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"postgresql://{host}{parts.path}"


def connect(url: str) -> PgConnection:
    """Return a connection. Raises StoreError, with a line for the person who has given the URL."""
    try:
        return PgConnection(url)
    except Disconnected as lost:
        raise StoreError(
            f"can't connect to {shown(url)}: {lost.detail or lost}. Is PostgreSQL running there?"
        ) from None
    except DatabaseError as error:
        raise StoreError(f"can't use {shown(url)}: {error.detail or error}") from None
    except ValueError as error:
        raise StoreError(f"{shown(url)} is no URL of a database: {error}") from None
