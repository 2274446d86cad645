"""The index for searches, as it is written: behind the messages, when there is time."""

import sqlite3
import time

from asyncchat.store.search.words import RULES, words_of

PIECE = 0.02
"""Seconds that are spent on it at a time, at most: messages that come meanwhile have to wait."""

_AT_ONCE = 100


def has_other_rules(connection: sqlite3.Connection) -> bool:
    """Tell whether the index was made by other rules than those of today, as by another version of Python."""
    (rules,) = connection.execute("SELECT value FROM facts WHERE name = 'rules'").fetchone()
    return bool(rules != RULES)


def empty(connection: sqlite3.Connection) -> None:
    """Empty the index, to fill it again."""
    connection.execute("INSERT INTO words (words) VALUES ('delete-all')")
    connection.execute("UPDATE facts SET value = 0 WHERE name = 'indexed'")
    connection.execute("UPDATE facts SET value = ? WHERE name = 'rules'", (RULES,))


def add(connection: sqlite3.Connection, after: int, last: int) -> int:
    """Add the messages from the one behind `after` to `last`, or as many as there is time for; return the last one."""
    enough = time.monotonic() + PIECE
    while True:
        rows = connection.execute(
            "SELECT seq, text FROM messages WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?", (after, last, _AT_ONCE)
        ).fetchall()
        connection.executemany(
            "INSERT INTO words (rowid, text) VALUES (?, ?)", [(seq, words_of(text)) for seq, text in rows]
        )
        after = rows[-1][0] if len(rows) == _AT_ONCE else last
        if after == last or time.monotonic() > enough:
            break
    connection.execute("UPDATE facts SET value = ? WHERE name = 'indexed'", (after,))
    return after


def change(connection: sqlite3.Connection, seq: int, old: str, new: str) -> None:
    """Have a message found by another text, if it is in the index; `forget` then removes the words of the old one."""
    (indexed,) = connection.execute("SELECT value FROM facts WHERE name = 'indexed'").fetchone()
    if seq <= indexed:
        connection.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", (seq, words_of(old)))
        connection.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (seq, words_of(new)))
        connection.execute("INSERT OR REPLACE INTO facts VALUES ('outdated', 1)")


def is_outdated(connection: sqlite3.Connection) -> bool:
    """Tell whether the index still has words that are in no text any more."""
    return bool(connection.execute("SELECT 1 FROM facts WHERE name = 'outdated'").fetchone())


def forget(connection: sqlite3.Connection, pages: int, *, begins: bool) -> bool:
    """Do some of the work of removing such words, and tell whether all of it is done (sqlite.org/fts5.html, 6.8).

    pages: to write, about
    begins: this is the first part of the work
    """
    before = connection.total_changes
    connection.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (-pages if begins else pages,))
    if connection.total_changes - before >= 2:
        return False
    connection.execute("DELETE FROM facts WHERE name = 'outdated'")
    return True


def forget_all(connection: sqlite3.Connection) -> None:
    """Do all of this work, if there is any."""
    if is_outdated(connection):
        connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        connection.execute("DELETE FROM facts WHERE name = 'outdated'")


def remove(connection: sqlite3.Connection, last: int) -> None:
    """Remove the messages up to `last`, which are in the index, and whose texts are still there."""
    # The index keeps no texts: what is removed has to be told as it was added.
    rows = connection.execute("SELECT seq, text FROM messages WHERE seq <= ?", (last,)).fetchall()
    connection.executemany(
        "INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", [(seq, words_of(text)) for seq, text in rows]
    )
