"""What is asked of the store: read by connections of its own, while the journal writes."""

import contextlib
import re
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from asyncchat.chat.accounts import Account
from asyncchat.chat.archive import (
    Act,
    Audit,
    Count,
    History,
    Pair,
    Recall,
    Recalled,
    Search,
    Unread,
)
from asyncchat.chat.messages import SHOWN, Sent
from asyncchat.chat.refusal import NotKept
from asyncchat.chat.requests import Request
from asyncchat.chat.seats import REMEMBERED
from asyncchat.store.file import ERRORS, StoreError, reason, sent
from asyncchat.store.people import said_between

_AT_ONCE = 1000
_INDEXED_AT_ONCE = 20_000
"""Messages that are searched together where the store's index has not come yet: memory is bounded by it."""


_PIECES = 20
"""Parts of words by which it is found out where to look closely; SQLite takes no condition with a thousand."""


class Archive:
    """Reads a store by a `connection` of its own, in one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def close(self) -> None:
        """Read no more."""
        self._connection.close()

    def answer(self, question: Request[Any]) -> Any:
        """Return what the store has to say to `question`. Raises NotKept."""
        try:
            match question:
                case History(nth, pair):
                    return self._private_history(nth, pair) if pair else self._history(nth)
                case Search(words, pair):
                    return self._private_search(words, pair) if pair else self._search(words)
                case Recall(key):
                    return self._recall(key)
                case Count(pair):
                    return self._count(pair)
                case Unread(who):
                    return self._unread(who)
                case Audit():
                    return self._audit()
        except ERRORS as error:
            raise NotKept(reason(error)) from None
        raise TypeError(question)

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

    def _recall(self, key: bytes) -> Recalled:
        kept = self._connection.execute(
            "SELECT id, seq FROM messages WHERE seat = :key UNION ALL SELECT id, seq FROM private WHERE seat = :key"
            " ORDER BY id DESC LIMIT :most",
            {"key": key, "most": REMEMBERED},
        ).fetchall()
        spoke = self._connection.execute(
            "SELECT name FROM messages WHERE seat = ? ORDER BY id DESC LIMIT 1", (key,)
        ).fetchone()
        name = spoke[0] if spoke else ""
        row = self._connection.execute("SELECT account, time FROM seats WHERE key = ?", (key,)).fetchone()
        if not row:
            return Recalled(kept, None, name=name)
        who, since = row
        partners = self._connection.execute(
            "SELECT accounts.id FROM given_up JOIN accounts USING (key)"
            " JOIN conversations ON one = min(accounts.id, :who) AND other = max(accounts.id, :who)"
            " WHERE given_up.time >= :since AND CASE one WHEN :who THEN one_sent ELSE other_sent END > 0",
            {"who": who, "since": since},
        )
        return Recalled(kept, who, since, tuple(ident for (ident,) in partners), name)

    # What two say to one another alone.

    def _conversation(self, pair: Pair) -> int:
        one, other = sorted((pair.who.id, pair.other.id))
        row = self._connection.execute(
            "SELECT id FROM conversations WHERE one = ? AND other = ?", (one, other)
        ).fetchone()
        return row[0] if row else 0

    def _private_history(self, nth: int, pair: Pair) -> list[Sent]:
        conversation = self._conversation(pair)
        (last,) = self._connection.execute(
            "SELECT max(seq) FROM private WHERE conversation = ?", (conversation,)
        ).fetchone()
        first = (last or 0) - nth + 1
        rows = self._connection.execute(
            "SELECT seq, time, sender, text FROM private WHERE conversation = ? AND seq >= ? AND seq < ? ORDER BY seq",
            (conversation, first, first + SHOWN),
        )
        return said_between(pair.who, pair.other, rows.fetchall())

    def _private_search(self, words: str, pair: Pair) -> list[Sent]:
        conversation = self._conversation(pair)
        found: list[tuple[int, int, int, str]] = []
        before = 1 << 62
        may_match, pieces = _may_match(words)
        with self._snapshot():
            while len(found) < SHOWN:
                rows = self._connection.execute(
                    f"SELECT seq, time, sender, text FROM private WHERE conversation = ? AND seq < ? AND {may_match}"
                    " ORDER BY seq DESC LIMIT ?",
                    (conversation, before, *pieces, _INDEXED_AT_ONCE),
                ).fetchall()
                if not rows:
                    break
                before = rows[-1][0]
                matching = set(_matching([(row[0], row[3]) for row in rows], _wanted(words)))
                found += [row for row in rows if row[0] in matching][: SHOWN - len(found)]
        return said_between(pair.who, pair.other, found[::-1])

    def _count(self, pair: Pair) -> tuple[int, int]:
        mine, theirs = (self._kept_of(self._conversation(pair), who) for who in pair)
        return mine, theirs

    def _kept_of(self, conversation: int, sender: Account) -> int:
        which = "FROM private WHERE conversation = :conversation AND sender = :sender"
        # Each is found at once alone, but to find both in one go all would be read.
        first, last = self._connection.execute(
            f"SELECT (SELECT min(nth) {which}), (SELECT max(nth) {which})",
            {"conversation": conversation, "sender": sender.id},
        ).fetchone()
        return int(last - first + 1) if last else 0

    def _unread(self, who: Account) -> list[tuple[str, int]]:
        rows = self._connection.execute(
            """
            WITH
              mine (id, sender, sent, seen) AS (
                SELECT id, other, other_sent, one_seen FROM conversations WHERE one = :who
                UNION ALL
                SELECT id, one, one_sent, other_seen FROM conversations WHERE other = :who
              ),
              waiting (sender, number) AS (
                SELECT sender, sent - max(seen, -1 + (
                  SELECT min(nth) FROM private WHERE conversation = mine.id AND sender = mine.sender
                ))
                FROM mine WHERE sent > seen
              )
            SELECT name, number FROM waiting JOIN accounts ON accounts.id = sender WHERE number > 0 ORDER BY key
            """,
            {"who": who.id},
        )
        return rows.fetchall()

    def _audit(self) -> list[Act]:
        rows = self._connection.execute("SELECT time, by, act, what FROM audit ORDER BY id DESC LIMIT ?", (SHOWN,))
        return [Act(*row) for row in rows.fetchall()[::-1]]

    def _search(self, words: str) -> list[Sent]:
        wanted = _wanted(words)
        with self._snapshot():
            (indexed,) = self._connection.execute("SELECT value FROM facts WHERE name = 'indexed'").fetchone()
            found = self._found_since(indexed, words)
            if len(found) < SHOWN:
                rows = self._connection.execute(
                    "SELECT seq, time, name, messages.text FROM words JOIN messages ON seq = words.rowid"
                    " WHERE words MATCH ? ORDER BY words.rowid DESC LIMIT ?",
                    (wanted, SHOWN - len(found)),
                )
                found += rows.fetchall()
        return sent(found)[::-1]

    def _found_since(self, indexed: int, words: str) -> list[tuple[int, int, str, str]]:
        """Return what is found in the messages that are not in the index yet, the newest first."""
        found: list[tuple[int, int, str, str]] = []
        (last,) = self._connection.execute("SELECT max(seq) FROM messages").fetchone()
        while last and last > indexed and len(found) < SHOWN:
            first = max(last - _INDEXED_AT_ONCE, indexed) + 1
            found += self._found_between(first, last, words)[: SHOWN - len(found)]
            last = first - 1
        return found

    def _found_between(self, first: int, last: int, words: str) -> list[tuple[int, int, str, str]]:
        may_match, pieces = _may_match(words)
        rows = self._connection.execute(
            f"SELECT seq, text FROM messages WHERE seq BETWEEN ? AND ? AND {may_match}", (first, last, *pieces)
        )
        return [
            self._connection.execute("SELECT seq, time, name, text FROM messages WHERE seq = ?", (seq,)).fetchone()
            for seq in _matching(rows, _wanted(words))
        ]

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[None]:
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")


def _wanted(words: str) -> str:
    """Return what finds messages with all these words (sqlite.org/fts5.html, 3)."""
    return " ".join('"' + word.replace('"', '""') + '"' for word in words.split())


def _may_match(words: str) -> tuple[str, list[str]]:
    """Return a condition, and its values, for every text that these words may be found in, and hardly any other.

    To look closely takes a hundred times as long. In a text that is not ASCII a letter may be found as another one.
    """
    pieces = [piece for word in words.split() if word.isascii() for piece in re.findall("[0-9A-Za-z]+", word)][:_PIECES]
    ascii_only = "text NOT GLOB '*[^' || char(1) || '-~]*'"
    return f"NOT ({ascii_only} AND ({' OR '.join(['text NOT LIKE ?'] * len(pieces) or ['0'])}))", [
        f"%{piece}%" for piece in pieces
    ]


def _matching(texts: Iterable[tuple[int, str]], wanted: str) -> list[int]:
    """Return the numbers of those texts in which it is found, the last ones, from the end."""
    with contextlib.closing(sqlite3.connect(":memory:")) as index:
        index.execute("CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2')")
        index.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", texts)
        rows = index.execute(
            "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?", (wanted, SHOWN)
        ).fetchall()
    return [number for (number,) in rows]
