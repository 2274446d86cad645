"""Deletes what need not be kept any more; one server at a time does it."""

import time
from collections.abc import Callable

from asyncchat.store.file import Retention
from asyncchat.store.postgres.connection import PgConnection
from asyncchat.store.postgres.tables import PgTables

LOG_KEPT = "10 minutes"
"""For how long the log has its entries: a server that was away for longer has to start again."""

_AT_ONCE = 5000
"""Messages that are deleted in one step."""

_PAUSE = 10.0
"""Seconds between two steps, unless there is more to do."""

_LOCK = int.from_bytes(b"tidying")


class Tidying:
    """Deletes what `keep` does not say, in steps.

    clock: tells the time that is trusted, in milliseconds since 1970
    """

    def __init__(self, keep: Retention, clock: Callable[[], int]) -> None:
        self._keep = keep
        self._clock = clock
        self._next = 0.0
        self._swept = 0

    def step(self, connection: PgConnection, tables: PgTables) -> None:
        """Do a part of what there is, if it is time. Raises DatabaseError."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _PAUSE
        connection.script("BEGIN")
        (is_mine,) = connection.execute("SELECT pg_try_advisory_xact_lock(?)", (_LOCK,)).fetchone()
        if is_mine:
            connection.script(f"DELETE FROM log WHERE time < clock_timestamp() - interval '{LOG_KEPT}'")
            if self._delete(connection, tables):
                self._next = 0.0
        connection.script("COMMIT")

    def _delete(self, connection: PgConnection, tables: PgTables) -> bool:
        """Delete some messages; tell whether there are more."""
        if self._keep.messages is not None:
            deleted = _delete_messages(
                connection, "seq <= (SELECT max(seq) FROM messages) - ?::bigint", self._keep.messages
            )
            more, swept = tables.private_messages.delete_surplus(self._swept, _AT_ONCE)
            self._swept = swept or 0
            return deleted == _AT_ONCE or more == _AT_ONCE
        if self._keep.milliseconds is not None:
            limit = self._clock() - self._keep.milliseconds
            # A message that is behind one that is not too old is not, either, whatever its own time is.
            deleted = _delete_messages(
                connection,
                "seq < (SELECT coalesce(min(seq), 9223372036854775807) FROM messages"
                " WHERE ifnull(written, time) >= ?::bigint)",
                limit,
            )
            return _AT_ONCE in (
                deleted,
                tables.rooms.delete_aged(limit, _AT_ONCE),
                tables.private_messages.delete_aged(limit, _AT_ONCE),
            )
        return False


def _delete_messages(connection: PgConnection, which: str, value: int) -> int:
    """Delete the first messages of the default room that meet a condition; return how many that were."""
    count, last = connection.execute(
        "WITH gone AS (DELETE FROM messages WHERE seq IN"
        f" (SELECT seq FROM messages WHERE {which} ORDER BY seq LIMIT {_AT_ONCE}) RETURNING seq)"
        " SELECT count(*), max(seq) FROM gone",
        (value,),
    ).fetchone()
    if last:
        connection.execute(
            "INSERT INTO facts VALUES ('deleted', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (str(last),),
        )
    return int(count)
