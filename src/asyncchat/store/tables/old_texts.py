"""That nothing is left in the file of a text that was edited or deleted."""

import sqlite3
import time

_STEPS = 1000
"""Steps of SQLite's machine between two looks at the clock."""


def overwrite(connection: sqlite3.Connection) -> None:
    """Have SQLite overwrite what is deleted (sqlite.org/pragma.html#pragma_secure_delete)."""
    # Always, not only while a text is changed: SQLite moves rows to other pages long before that.
    connection.execute("PRAGMA secure_delete = ON")


def note_change(connection: sqlite3.Connection) -> None:
    """Note that a text is changed, in a transaction of its caller's."""
    connection.execute("INSERT OR REPLACE INTO facts VALUES ('changed', 1)")


def remove_copies(connection: sqlite3.Connection, patience: float) -> None:
    """Write the whole file anew if a text was changed since the last time: copies of it may be left in it.

    SQLite leaves them in the free part of a page when it moves rows to other pages. This takes time, and is given up
    after `patience` seconds.
    """
    if not connection.execute("SELECT 1 FROM facts WHERE name = 'changed'").fetchone():
        return
    enough = time.monotonic() + patience
    connection.set_progress_handler(lambda: time.monotonic() > enough, _STEPS)
    connection.execute("VACUUM")
    connection.set_progress_handler(None, 0)
    connection.execute("DELETE FROM facts WHERE name = 'changed'")
