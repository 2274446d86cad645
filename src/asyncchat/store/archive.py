"""What is asked of the store: read by connections of its own, while the journal writes."""

import contextlib
import sqlite3
from collections.abc import Iterator

from asyncchat.chat.archive import SHOWN, Answer, History, Question, Recall, Search, Unanswered
from asyncchat.chat.messages import Sent
from asyncchat.chat.seats import REMEMBERED
from asyncchat.store.file import ERRORS, StoreError, reason, sent

_AT_ONCE = 1000
_INDEXED_AT_ONCE = 20_000
"""Messages that are searched together where the store's index has not come yet: memory is bounded by it."""


class Archive:
    """Reads a store by a `connection` of its own, in one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def close(self) -> None:
        """Read no more."""
        self._connection.close()

    def answer(self, question: Question) -> Answer:
        """Return what the store has to say to `question`."""
        try:
            match question:
                case History(nth):
                    return self._history(nth)
                case Search(words):
                    return self._search(words)
                case Recall(key):
                    return self._recall(key)
        except ERRORS as error:
            return Unanswered(reason(error))

    def messages(self, since: int | None = None, until: int | None = None) -> Iterator[list[Sent]]:
        """Yield the messages of a time, in milliseconds since 1970 (`until` not included), some at once.

        Raises StoreError.
        """
        after = 0
        try:
            while True:
                rows = self._connection.execute(
                    "SELECT seq, time, name, text FROM messages WHERE seq > ? ORDER BY seq LIMIT ?", (after, _AT_ONCE)
                ).fetchall()
                if not rows:
                    return
                after = rows[-1][0]
                yield [
                    message
                    for message in sent(rows)
                    if (since is None or message.time >= since) and (until is None or message.time < until)
                ]
        except ERRORS as error:
            raise StoreError(f"can't read the store: {reason(error)}") from None

    def _history(self, nth: int) -> list[Sent]:
        (last,) = self._connection.execute("SELECT max(seq) FROM messages").fetchone()
        first = (last or 0) - nth + 1
        return sent(
            self._connection.execute(
                "SELECT seq, time, name, text FROM messages WHERE seq >= ? AND seq < ? ORDER BY seq",
                (first, first + SHOWN),
            )
        )

    def _recall(self, key: bytes) -> list[tuple[int, int]]:
        rows = self._connection.execute(
            "SELECT id, seq FROM messages WHERE seat = ? ORDER BY id DESC LIMIT ?", (key, REMEMBERED)
        )
        return rows.fetchall()

    def _search(self, words: str) -> list[Sent]:
        wanted = " ".join('"' + word.replace('"', '""') + '"' for word in words.split())
        with self._snapshot():
            (indexed,) = self._connection.execute("SELECT value FROM facts WHERE name = 'indexed'").fetchone()
            found = self._found_since(indexed, wanted)
            if len(found) < SHOWN:
                rows = self._connection.execute(
                    "SELECT seq, time, name, messages.text FROM words JOIN messages ON seq = words.rowid"
                    " WHERE words MATCH ? ORDER BY words.rowid DESC LIMIT ?",
                    (wanted, SHOWN - len(found)),
                )
                found += rows.fetchall()
        return sent(found)[::-1]

    def _found_since(self, indexed: int, wanted: str) -> list[tuple[int, int, str, str]]:
        """Return what is found in the messages that are not in the index yet, the newest first."""
        found: list[tuple[int, int, str, str]] = []
        (last,) = self._connection.execute("SELECT max(seq) FROM messages").fetchone()
        while last and last > indexed and len(found) < SHOWN:
            first = max(last - _INDEXED_AT_ONCE, indexed) + 1
            found += self._found_between(first, last, wanted)[: SHOWN - len(found)]
            last = first - 1
        return found

    def _found_between(self, first: int, last: int, wanted: str) -> list[tuple[int, int, str, str]]:
        with contextlib.closing(sqlite3.connect(":memory:")) as index:
            index.execute("CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2')")
            index.executemany(
                "INSERT INTO words (rowid, text) VALUES (?, ?)",
                self._connection.execute("SELECT seq, text FROM messages WHERE seq BETWEEN ? AND ?", (first, last)),
            )
            numbers = index.execute(
                "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?", (wanted, SHOWN)
            ).fetchall()
        return [
            self._connection.execute("SELECT seq, time, name, text FROM messages WHERE seq = ?", number).fetchone()
            for number in numbers
        ]

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[None]:
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")
