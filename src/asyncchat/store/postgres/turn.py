"""What is done while this server has its turn to append to the log: what others have stored is read, then it writes."""

import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from asyncchat.errors import Refusal
from asyncchat.log.entries import AnyEntry, Logged, ServerLost
from asyncchat.log.log import Received
from asyncchat.log.room_events import Sent
from asyncchat.log.shared.encoding import decode, encode
from asyncchat.store.database import DatabaseError, Disconnected, Interrupted, Unwritable
from asyncchat.store.postgres.connection import PgConnection
from asyncchat.store.postgres.tables import PgTables
from asyncchat.text.refusals import NotKept
from asyncchat.text.usernames import SERVER

AT_ONCE = 200
"""Rows of the log that are read at a time."""

_APPEND = """
WITH mine AS (UPDATE servers SET n = n + 1, seen = clock_timestamp() WHERE life = :life RETURNING n),
    forward AS (UPDATE head SET entry = entry + 1 FROM mine RETURNING entry),
    told AS (SELECT pg_notify('asyncchat', :sender) FROM mine)
INSERT INTO log (entry, life, n, data) SELECT forward.entry, :life, mine.n, :data FROM forward, mine, told
RETURNING entry, n
"""


log = logging.getLogger(__name__)

_NO_USE = (Disconnected, Unwritable, Interrupted)

Rows = Iterator["Row"]


class LogFailed(DatabaseError):
    """The log can't be used any more by this process; the text says why, and what to do."""


class Fenced(Exception):
    """The other servers have given this one up."""


class Place(NamedTuple):
    """Which of the entries of a server is in a row of the log."""

    life: int
    n: int


class Row(NamedTuple):
    """A row of the log."""

    entry: int
    life: int
    n: int
    data: bytes

    @property
    def place(self) -> Place:
        """Which of whose entries this is."""
        return Place(self.life, self.n)

    def entries(self) -> Sequence[Received]:
        """Return what is in it. Raises LogFailed."""
        try:
            return decode(self.data)
        except ValueError as error:
            raise LogFailed(f"another server writes what this version of asyncchat can't read ({error})") from None


def rows_after(connection: PgConnection, last: int) -> Iterator[Row]:
    """Yield the rows of the log after an entry. Raises LogFailed if some are missing, and DatabaseError."""
    while True:
        rows = connection.execute(
            "SELECT entry, life, n, data FROM log WHERE entry > ? ORDER BY entry LIMIT ?", (last, AT_ONCE)
        ).fetchall()
        for values in rows:
            row = Row(*values)
            if row.entry != last + 1:
                raise LogFailed("this server was away for too long: entries of the log that it needs are deleted")
            last = row.entry
            yield row
        if len(rows) < AT_ONCE:
            return


def place_of(connection: PgConnection, entry: int) -> Place | None:
    """Return whose row an entry of the log is; None if it is deleted."""
    row = connection.execute("SELECT life, n FROM log WHERE entry = ?", (entry,)).fetchone()
    return Place(*row) if row else None


def is_place(connection: PgConnection, entry: int, last: Place | None) -> bool:
    """Tell whether an entry is still the one that was applied as `last`, as far as that is known."""
    return not last or place_of(connection, entry) in {None, last}


def lock_head(connection: PgConnection) -> int:
    """Begin a transaction in which nobody else appends; return the number of the last entry."""
    connection.script("BEGIN")
    (entry,) = connection.execute("SELECT entry FROM head FOR UPDATE").fetchone()
    return int(entry)


def write(connection: PgConnection, tables: PgTables, batch: Sequence[Logged]) -> Sequence[object]:
    """Write a batch into the tables, in a transaction; return the results, with NotKept for what can't be stored.

    Raises Disconnected, and Unwritable and Interrupted: nothing else of the batch need be tried then.
    """
    parts = list(_parts(batch))
    try:
        results = _all_or_nothing(connection, lambda: [_write(tables, part) for part in parts])
    except _NO_USE:
        raise
    except DatabaseError as error:
        results = _each(connection, tables, parts) if len(parts) > 1 else [_refused(error)]
    found: list[object] = []
    for part, result in zip(parts, results, strict=True):
        found += [result] * (len(part) if isinstance(part, list) else 1)
    return found if any(result is not None for result in results) else ()


def append(
    connection: PgConnection, life: int, batch: Sequence[Logged], results: Sequence[object]
) -> tuple[int, int] | None:
    """Append a batch to the log, without what is refused; return the numbers of the row: in the log, and of this life.

    None if there is nothing that other servers need. Raises Fenced, and DatabaseError.
    """
    outcomes = results or itertools.repeat(None)
    data = encode(
        Received(entry, result)
        for entry, result in zip(batch, outcomes, strict=False)
        if not isinstance(result, Refusal)
    )
    if not data:
        return None
    row = connection.execute(_APPEND, {"life": life, "sender": str(life), "data": data}).fetchone()
    if not row:
        raise Fenced
    return int(row[0]), int(row[1])


def probe(connection: PgConnection, tables: PgTables) -> None:
    """See whether messages can be written; leave none. Raises DatabaseError."""
    connection.script("BEGIN")
    tables.write_messages([Sent(0, SERVER, "?", 0)])
    connection.script("ROLLBACK")


def retire(connection: PgConnection, tables: PgTables, life: int) -> None:
    """Tell the other servers that this one has ended, if members are left. Raises DatabaseError."""
    lock_head(connection)
    tables.members.remove_life(life)
    connection.execute(_APPEND, {"life": life, "sender": str(life), "data": encode([Received(ServerLost(life))])})
    connection.execute("DELETE FROM servers WHERE life = ?", (life,))
    connection.script("COMMIT")


def _parts(batch: Sequence[Logged]) -> Iterator[list[Sent] | AnyEntry]:
    """Yield consecutive messages of one room as one list, and each other entry alone."""
    for room, some in itertools.groupby(batch, lambda entry: entry.room if isinstance(entry, Sent) else None):
        if room is not None:
            yield list(some)  # type: ignore[arg-type]
        else:
            yield from some  # type: ignore[misc]


def _write(tables: PgTables, part: list[Sent] | AnyEntry) -> object:
    if isinstance(part, list):
        tables.write_messages(part)
        return None
    try:
        return tables.write(part)
    except Refusal as refusal:
        return refusal


def _each(connection: PgConnection, tables: PgTables, parts: list[list[Sent] | AnyEntry]) -> list[object]:
    """Write what can be written, since the whole batch can't be; but no message after one that can't."""
    results: list[object] = []
    lost: object = None
    for part in parts:
        if lost and isinstance(part, list):
            results.append(lost)
            continue
        try:
            results += _all_or_nothing(connection, lambda part=part: [_write(tables, part)])  # type: ignore[misc]
        except _NO_USE:
            raise
        except DatabaseError as error:
            results.append(_refused(error))
            if isinstance(part, list):
                lost = results[-1]
    return results


def _refused(error: DatabaseError) -> NotKept:
    log.error("something can't be stored: %s", error.explained)
    return NotKept(str(error))


def _all_or_nothing(connection: PgConnection, do: Callable[[], list[object]]) -> list[object]:
    connection.script("SAVEPOINT part")
    try:
        results = do()
    except Disconnected:
        raise
    except DatabaseError:
        connection.script("ROLLBACK TO SAVEPOINT part")
        raise
    connection.script("RELEASE SAVEPOINT part")
    return results
