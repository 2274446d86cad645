"""What a store knows of the time: when it was used last, and when what is in it came to be."""

import contextlib
import sqlite3
from collections.abc import Callable

from asyncchat.store.file import Retention, StoreFile, open_to_read
from asyncchat.system.clock import Clock, Evidence, read_wall

_TOLERANCE = 7 * 86_400_000
"""Milliseconds by which the system's clock may be ahead without a doubt, where nothing is ever too old."""

_Do = Callable[..., sqlite3.Cursor]


def open_clock(file: StoreFile, keep: Retention, *, trust: bool) -> Clock:
    """Return a clock that goes on from when the store was used last, or that trusts the system's.

    Raises one of the ERRORS.
    """
    do = file.connection.execute
    tolerance = _tolerance(keep)
    clock = Clock(_known_time(do), tolerance)
    if trust:
        before, clock = clock.trusted(), Clock(None, tolerance)
        with file.transaction():
            _set_back(do, clock.trusted(), before)
    (clock.latest,) = do(
        "SELECT ifnull(max(time), 0) FROM (SELECT time FROM seats UNION ALL SELECT time FROM given_up)"
    ).fetchone()
    return clock


def doubt_of_clock(path: str, keep: Retention) -> str:
    """Return why a server with this store would not trust the system's clock; empty if it would. Raises StoreError."""
    with contextlib.closing(open_to_read(path)) as connection:
        return Clock(_known_time(connection.execute), _tolerance(keep)).find_doubt()


def _tolerance(keep: Retention) -> int:
    return _TOLERANCE if keep.milliseconds is None else keep.milliseconds // 10


def keep_time(do: _Do, evidence: Evidence) -> None:
    """Keep what is known of the time. Raises sqlite3.Error."""
    do("INSERT OR REPLACE INTO facts VALUES ('clock', ?)", (evidence.encode(),))


def _known_time(do: _Do) -> Evidence | None:
    for (kept,) in do("SELECT value FROM facts WHERE name = 'clock'"):
        return Evidence.decode(str(kept))
    # By an earlier version: then it was not before the last message, unless that is yet to come.
    (last,) = do(
        "SELECT max(time) FROM (SELECT time FROM messages WHERE seq = (SELECT max(seq) FROM messages)"
        " UNION ALL SELECT time FROM conversations)"
    ).fetchone()
    return Evidence(min(last, read_wall())) if last else None


def _set_back(do: _Do, now: int, before: int) -> None:
    """Set times after `now` to `now`, and let bans last as long as if it had been `before`."""
    for table in ("messages", "private", "said"):
        do(f"UPDATE {table} SET written = :now WHERE ifnull(written, time) > :now", {"now": now})
    for table in ("seats", "given_up"):
        do(f"UPDATE {table} SET time = :now WHERE time > :now", {"now": now})
    do("UPDATE restrictions SET until = until - ?", (max(before - now, 0),))
