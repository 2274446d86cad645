"""Answers queries, by a connection of its own, while the journal writes."""

import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from asyncchat.chat.requests.queries import (
    AuditEntry,
    AuditLog,
    ConversationKey,
    CountMessages,
    FindMessage,
    Found,
    History,
    LoadPlaces,
    LoadResumption,
    SavedResumption,
    Search,
    UnreadCounts,
)
from asyncchat.chat.user import REMEMBERED
from asyncchat.log.accounts import Account
from asyncchat.log.requests import Request
from asyncchat.log.room_events import SHOWN, Sent
from asyncchat.store.file import ERRORS, StoreError, reason, sent
from asyncchat.store.search.words import Wanted
from asyncchat.store.tables.moderation import audit_entry
from asyncchat.store.tables.private_messages import said_between
from asyncchat.text.refusals import NotKept
from asyncchat.text.usernames import find_name

_AT_ONCE = 1000

_STEPS = 1000
"""Steps of SQLite's machine between two looks at the clock: hardly a millisecond (bench: 60 at most)."""

LAST_STEPS = 1.0
"""Seconds that a running query gets to end when the archive is closed."""

_Row = tuple[int, int, str, str]
_R = TypeVar("_R", _Row, tuple[int, int, int, str], tuple[int, int, str, str, str])


class Archive:
    """Reads a store by a `connection` of its own, in one thread at a time, for `patience` seconds at most.

    check: raises one of the ERRORS if the store must not be read now
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        patience: float = math.inf,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._connection = connection
        self._patience = patience
        self._check = check
        self._using = threading.Lock()
        self._is_closing = False
        self._stop: threading.Event | None = None
        self._deadline = math.inf
        # Also where a search does nothing but read its index, this is asked again and again.
        connection.set_progress_handler(self._is_enough, _STEPS)

    def _is_enough(self) -> bool:
        """Tell whether the running query shall be interrupted."""
        return self._is_closing or bool(self._stop and self._stop.is_set()) or time.monotonic() > self._deadline

    def close(self) -> None:
        """Interrupt the running query, in whichever thread it is, and answer no more."""
        self._is_closing = True
        # SQLite crashes if a connection is closed while another thread uses it.
        if self._using.acquire(timeout=LAST_STEPS):
            self._connection.close()
            self._using.release()

    def answer(self, question: Request[Any], stop: threading.Event | None = None) -> Any:
        """Return the answer to `question`; it is interrupted when it takes too long, or when `stop` is set.

        Raises NotKept.
        """
        with self._using:
            if self._is_closing:
                raise NotKept("the chat is closing")
            self._stop, self._deadline = stop, time.monotonic() + self._patience
            try:
                return self._answer(question)
            finally:
                self._take_time()

    def _take_time(self) -> None:
        self._stop, self._deadline = None, math.inf

    def _answer(self, question: Request[Any]) -> Any:
        try:
            self._check()
            match question:
                case History(nth, pair, room):
                    return self._private_history(nth, pair) if pair else self._history(nth, room)
                case Search(words, everywhere=True, reader=reader):
                    return self._search_everywhere(words, reader)
                case Search(words, pair, room):
                    return self._private_search(words, pair) if pair else self._search(words, room)
                case FindMessage(seq, room, pair):
                    return self._find_private(seq, pair) if pair else self._find(seq or 0, room)
                case LoadResumption(key):
                    return self._recall(key)
                case LoadPlaces(who):
                    return dict(
                        self._connection.execute("SELECT room, seq FROM places WHERE account = ?", (who.id,)).fetchall()
                    )
                case CountMessages(pair):
                    return self._count(pair)
                case UnreadCounts(who):
                    return self._unread(who)
                case AuditLog(who):
                    return self._audit(who)
        except ERRORS as error:
            raise NotKept(reason(error)) from None
        raise TypeError(question)

    def messages(self, since: int | None = None, until: int | None = None, room: str = "") -> Iterator[list[Sent]]:
        """Yield the messages of a time, in milliseconds since 1970 (`until` not included), in lists.

        room: the name of a room, with or without the leading #; without it, the default room

        Raises StoreError.
        """
        after = 0
        try:
            name = find_name(room.removeprefix("#"))
            table, which = self._of_room(name.key if name else "")
            if room and not any(which):
                raise StoreError(f"there is no room {room} in the store: without --room the default one is printed")
            while True:
                rows = self._connection.execute(
                    f"SELECT seq, time, name, text FROM {table} AND seq > ? AND text != '' ORDER BY seq LIMIT ?",
                    (*which, after, _AT_ONCE),
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

    def _of_room(self, room: str) -> tuple[str, Sequence[object]]:
        """Return from where the messages of a room come, as SQL, and the values in that."""
        if not room:
            return "messages WHERE true", ()
        row = self._connection.execute("SELECT id FROM rooms WHERE key = ?", (room,)).fetchone()
        return "said WHERE room = ?", row or (0,)

    def _history(self, nth: int, room: str) -> list[Sent]:
        table, which = self._of_room(room)
        (last,) = self._connection.execute(f"SELECT max(seq) FROM {table}", which).fetchone()
        first = (last or 0) - nth + 1
        return sent(
            self._connection.execute(
                f"SELECT seq, time, name, text FROM {table} AND seq >= ? AND text != '' ORDER BY seq LIMIT ?",
                (*which, first, SHOWN),
            )
        )

    def _find(self, seq: int, room: str) -> Sent | None:
        table, which = self._of_room(room)
        rows = self._connection.execute(
            f"SELECT seq, time, name, text FROM {table} AND seq = ? AND text != ''", (*which, seq)
        )
        return next(iter(sent(rows)), None)

    def _recall(self, key: bytes) -> SavedResumption:
        kept = self._connection.execute(
            "SELECT id, seq FROM messages WHERE seat = :key UNION ALL SELECT id, seq FROM private WHERE seat = :key"
            " UNION ALL SELECT id, seq FROM said WHERE seat = :key"
            " ORDER BY id DESC LIMIT :most",
            {"key": key, "most": REMEMBERED},
        ).fetchall()
        spoke = self._connection.execute(
            "SELECT name FROM messages WHERE seat = ? ORDER BY id DESC LIMIT 1", (key,)
        ).fetchone()
        name = spoke[0] if spoke else ""
        begun = self._connection.execute(
            "SELECT seq FROM messages WHERE seat = ? ORDER BY id LIMIT 1", (key,)
        ).fetchone()
        first = begun[0] if begun else None
        row = self._connection.execute("SELECT account, time FROM seats WHERE key = ?", (key,)).fetchone()
        if not row:
            return SavedResumption(kept, None, name=name, first=first)
        who, since = row
        partners = self._connection.execute(
            "SELECT accounts.id FROM given_up JOIN accounts USING (key)"
            " JOIN conversations ON one = min(accounts.id, :who) AND other = max(accounts.id, :who)"
            " WHERE given_up.time >= :since AND CASE one WHEN :who THEN one_sent ELSE other_sent END > 0",
            {"who": who, "since": since},
        )
        return SavedResumption(kept, who, since, tuple(ident for (ident,) in partners), name, first)

    # Private messages.

    def _conversation(self, pair: ConversationKey) -> int:
        one, other = sorted((pair.who.id, pair.other.id))
        row = self._connection.execute(
            "SELECT id FROM conversations WHERE one = ? AND other = ?", (one, other)
        ).fetchone()
        return row[0] if row else 0

    def _find_private(self, seq: int | None, pair: ConversationKey) -> Sent | None:
        rows = self._connection.execute(
            "SELECT seq, time, sender, text FROM private"
            " WHERE conversation = ? AND sender = ? AND seq = ifnull(?, seq) AND text != '' ORDER BY nth DESC LIMIT 1",
            (self._conversation(pair), pair.who.id, seq),
        )
        return next(iter(said_between(pair.who, pair.other, rows)), None)

    def _private_history(self, nth: int, pair: ConversationKey) -> list[Sent]:
        conversation = self._conversation(pair)
        (last,) = self._connection.execute(
            "SELECT max(seq) FROM private WHERE conversation = ?", (conversation,)
        ).fetchone()
        first = (last or 0) - nth + 1
        rows = self._connection.execute(
            "SELECT seq, time, sender, text FROM private WHERE conversation = ? AND seq >= ? ORDER BY seq LIMIT ?",
            (conversation, first, SHOWN),
        )
        return said_between(pair.who, pair.other, rows.fetchall())

    def _private_search(self, words: str, pair: ConversationKey) -> Found:
        wanted = Wanted(words)
        rows = self._connection.execute(
            "SELECT seq, time, sender, text FROM private"
            f" WHERE conversation = ? AND {wanted.may_match} ORDER BY seq DESC",
            (self._conversation(pair), *wanted.values),
        )
        found, is_all = _first_fitting(rows, wanted)
        return Found(said_between(pair.who, pair.other, found[::-1]), is_all)

    def _count(self, pair: ConversationKey) -> tuple[int, int]:
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

    def _audit(self, who: Account) -> list[AuditEntry]:
        rows = self._connection.execute(
            "SELECT time, by, act, what FROM audit WHERE room = ''"
            " OR room IN (SELECT room FROM room_roles WHERE account = ?) ORDER BY id DESC LIMIT ?",
            (who.id, SHOWN),
        )
        return [audit_entry(*row) for row in rows.fetchall()[::-1]]

    def _search_everywhere(self, words: str, reader: Account | None) -> Found:
        found, is_all = self._search(words, "")
        wanted = Wanted(words)
        rows = self._connection.execute(
            "SELECT seq, said.time, said.name, text, key FROM said JOIN rooms ON rooms.id = said.room"
            f" WHERE (NOT private OR key IN (SELECT room FROM room_roles WHERE account = ?)) AND {wanted.may_match}"
            " ORDER BY ifnull(written, said.time) DESC",
            (reader.id if reader else 0, *wanted.values),
        )
        some, are_all = _first_fitting(rows, wanted)
        found += [said._replace(room=row[4]) for row in some for said in sent([row[:4]])]
        return Found(sorted(found, key=lambda said: said.time)[-SHOWN:], is_all and are_all)

    def _search(self, words: str, room: str) -> Found:
        wanted = Wanted(words)
        if room:
            table, which = self._of_room(room)
            rows = self._connection.execute(
                f"SELECT seq, time, name, text FROM {table} AND {wanted.may_match} ORDER BY seq DESC",
                (*which, *wanted.values),
            )
            found, is_all = _first_fitting(rows, wanted)
            return Found(sent(found[::-1]), is_all)
        limits = self._stop, self._deadline
        self._connection.execute("BEGIN")  # nothing may come into the index, or be deleted, halfway
        try:
            found, is_all = _first_fitting(self._candidates(wanted), wanted)
        finally:
            self._take_time()
            self._connection.execute("ROLLBACK")
            self._stop, self._deadline = limits
        return Found(sent(found[::-1]), is_all)

    def _candidates(self, wanted: Wanted) -> Iterator[_Row]:
        """Yield the messages that may fit, the newest first: those that the index does not have yet, then others."""
        (indexed,) = self._connection.execute("SELECT value FROM facts WHERE name = 'indexed'").fetchone()
        yield from self._connection.execute(
            f"SELECT seq, time, name, text FROM messages WHERE seq > ? AND {wanted.may_match} ORDER BY seq DESC",
            (indexed if wanted.match else 0, *wanted.values),
        )
        if wanted.match:
            yield from self._connection.execute(
                "SELECT seq, time, name, messages.text FROM words JOIN messages ON seq = words.rowid"
                " WHERE words MATCH ? ORDER BY words.rowid DESC",
                (wanted.match,),
            )


def _first_fitting(rows: Iterator[_R], wanted: Wanted) -> tuple[list[_R], bool]:
    """Return the first SHOWN rows that match, and whether there was time to find them all."""
    found: list[_R] = []
    try:
        for row in rows:
            if wanted.is_in(row[3]):
                found.append(row)
                if len(found) == SHOWN:
                    break
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_INTERRUPT":
            raise
        return found, False
    return found, True
