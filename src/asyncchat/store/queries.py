"""What is asked of a store, with the statements that SQLite and PostgreSQL both understand; all but searches."""

import contextlib
import math
import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from asyncchat.chat.requests.queries import (
    AuditEntry,
    AuditLog,
    ConversationKey,
    Conversations,
    CountMessages,
    FindMessage,
    Found,
    History,
    LoadPlaces,
    LoadResumption,
    Passage,
    SavedResumption,
    Search,
    Unread,
    UnreadCounts,
    Waiting,
)
from asyncchat.chat.user import REMEMBERED
from asyncchat.log.accounts import Account
from asyncchat.log.requests import Request
from asyncchat.log.room_events import SHOWN, Sent
from asyncchat.store.database import Database, Interrupted
from asyncchat.store.file import ERRORS, StoreError, reason, sent
from asyncchat.store.search.words import Wanted
from asyncchat.store.tables.moderation import PUBLIC, audit_entry
from asyncchat.store.tables.private_messages import said_between
from asyncchat.text.refusals import NotKept
from asyncchat.text.usernames import find_name

_AT_ONCE = 1000

LAST_STATEMENT = 1.0
"""Seconds that a running query gets to end when no more are answered."""

Row = tuple[int, int, str, str]
R = TypeVar("R", Row, tuple[int, int, int, str], tuple[int, int, str, str, str])


class Queries(ABC):
    """Answers queries by a connection of its own."""

    def __init__(self, connection: Database) -> None:
        self._do = connection.execute

    def _find_answer(self, question: Request[Any]) -> Any:
        """Return the answer to `question`. Raises one of the ERRORS."""
        match question:
            case History(nth, pair, room):
                return self._private_history(nth, pair) if pair else self._history(nth, room)
            case Passage():
                return self._passage(question)
            case Conversations():
                return self._conversations(question)
            case Unread(pair):
                return self._waiting(pair)
            case Search(words, everywhere=True, reader=reader):
                return self._search_everywhere(words, reader)
            case Search(words, pair, room):
                return self._private_search(words, pair) if pair else self._search(words, room)
            case FindMessage(seq, room, pair):
                return self._find_private(seq, pair) if pair else self._find(seq or 0, room)
            case LoadResumption(key):
                return self._recall(key)
            case LoadPlaces(who):
                return dict(self._do("SELECT room, seq FROM places WHERE account = ?", (who.id,)).fetchall())
            case CountMessages(pair):
                return self._count(pair)
            case UnreadCounts(who):
                return self._unread(who)
            case AuditLog(who):
                return self._audit(who)
        raise TypeError(question)

    @abstractmethod
    def _search(self, words: str, room: str) -> Found: ...

    @abstractmethod
    def _private_search(self, words: str, pair: ConversationKey) -> Found: ...

    @abstractmethod
    def _search_everywhere(self, words: str, reader: Account | None) -> Found: ...

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
                rows = self._do(
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
        row = self._do("SELECT id FROM rooms WHERE key = ?", (room,)).fetchone()
        return "said WHERE room = ?", row or (0,)

    def _history(self, nth: int, room: str) -> list[Sent]:
        table, which = self._of_room(room)
        (last,) = self._do(f"SELECT max(seq) FROM {table}", which).fetchone()
        first = (last or 0) - nth + 1
        return sent(
            self._do(
                f"SELECT seq, time, name, text FROM {table} AND seq >= ? AND text != '' ORDER BY seq LIMIT ?",
                (*which, first, SHOWN),
            )
        )

    def _passage(self, asked: Passage) -> list[Sent]:
        pair = asked.between
        table, which = (
            ("private WHERE conversation = ?", (self._conversation(pair),)) if pair else self._of_room(asked.room)
        )
        order = "DESC" if asked.are_last else "ASC"
        rows = self._do(
            f"SELECT seq, time, {'sender' if pair else 'name'}, text FROM {table}"
            f" AND seq >= ? AND seq < ? AND text != '' ORDER BY seq {order} LIMIT ?",
            (*which, asked.first, asked.end, min(asked.most, SHOWN)),
        ).fetchall()
        rows.sort()
        return said_between(pair.who, pair.other, rows) if pair else sent(rows)

    def _find(self, seq: int, room: str) -> Sent | None:
        table, which = self._of_room(room)
        rows = self._do(f"SELECT seq, time, name, text FROM {table} AND seq = ? AND text != ''", (*which, seq))
        return next(iter(sent(rows)), None)

    def _recall(self, key: bytes) -> SavedResumption:
        kept = self._do(
            "SELECT id, seq FROM messages WHERE seat = :key UNION ALL SELECT id, seq FROM private WHERE seat = :key"
            " UNION ALL SELECT id, seq FROM said WHERE seat = :key"
            " ORDER BY id DESC LIMIT :most",
            {"key": key, "most": REMEMBERED},
        ).fetchall()
        spoke = self._do("SELECT name FROM messages WHERE seat = ? ORDER BY id DESC LIMIT 1", (key,)).fetchone()
        name = spoke[0] if spoke else ""
        begun = self._do("SELECT seq FROM messages WHERE seat = ? ORDER BY id LIMIT 1", (key,)).fetchone()
        first = begun[0] if begun else None
        row = self._do("SELECT account, time FROM seats WHERE key = ?", (key,)).fetchone()
        if not row:
            return SavedResumption(kept, None, name=name, first=first)
        who, since = row
        partners = self._do(
            "SELECT accounts.id FROM given_up JOIN accounts USING (key)"
            " JOIN conversations ON one = min(accounts.id, :who) AND other = max(accounts.id, :who)"
            " WHERE given_up.time >= :since AND CASE one WHEN :who THEN one_sent ELSE other_sent END > 0",
            {"who": who, "since": since},
        )
        return SavedResumption(kept, who, since, tuple(ident for (ident,) in partners), name, first)

    # Private messages.

    def _conversation(self, pair: ConversationKey) -> int:
        one, other = sorted((pair.who.id, pair.other.id))
        row = self._do("SELECT id FROM conversations WHERE one = ? AND other = ?", (one, other)).fetchone()
        return row[0] if row else 0

    def _find_private(self, seq: int | None, pair: ConversationKey) -> Sent | None:
        rows = self._do(
            "SELECT seq, time, sender, text FROM private"
            " WHERE conversation = ? AND sender = ? AND seq = ifnull(?, seq) AND text != '' ORDER BY nth DESC LIMIT 1",
            (self._conversation(pair), pair.who.id, seq),
        )
        return next(iter(said_between(pair.who, pair.other, rows)), None)

    def _private_history(self, nth: int, pair: ConversationKey) -> list[Sent]:
        conversation = self._conversation(pair)
        (last,) = self._do("SELECT max(seq) FROM private WHERE conversation = ?", (conversation,)).fetchone()
        first = (last or 0) - nth + 1
        rows = self._do(
            "SELECT seq, time, sender, text FROM private WHERE conversation = ? AND seq >= ? ORDER BY seq LIMIT ?",
            (conversation, first, SHOWN),
        )
        return said_between(pair.who, pair.other, rows.fetchall())

    def _conversations(self, asked: Conversations) -> list[tuple[str, int]]:
        order = "DESC" if asked.are_last else "ASC"
        rows = self._do(
            "SELECT name, conversations.time FROM conversations"
            " JOIN accounts ON accounts.id = CASE one WHEN :who THEN other ELSE one END"
            " WHERE :who IN (one, other) AND last > 0 AND conversations.time > :after AND conversations.time < :before"
            f" ORDER BY conversations.time {order} LIMIT :most",
            {"who": asked.who.id, "after": asked.after, "before": asked.before, "most": asked.most},
        ).fetchall()
        return sorted(rows, key=lambda row: row[1])

    def _waiting(self, pair: ConversationKey) -> Waiting:
        conversation, (who, other) = self._conversation(pair), (pair.who.id, pair.other.id)
        me = "one" if who < other else "other"
        row = self._do(f"SELECT {me}_seen FROM conversations WHERE id = ?", (conversation,)).fetchone()
        which = "FROM private WHERE conversation = ? AND sender = ? AND nth > ? AND text != ''"
        values = conversation, other, row[0] if row else 0
        (count,) = self._do(f"SELECT count(*) {which}", values).fetchone()
        rows = self._do(
            f"SELECT seq, time, sender, text {which} ORDER BY nth DESC LIMIT ?", (*values, SHOWN)
        ).fetchall()
        return Waiting(said_between(pair.who, pair.other, rows[::-1]), count - len(rows))

    def _count(self, pair: ConversationKey) -> tuple[int, int]:
        mine, theirs = (self._kept_of(self._conversation(pair), who) for who in pair)
        return mine, theirs

    def _kept_of(self, conversation: int, sender: Account) -> int:
        which = "FROM private WHERE conversation = :conversation AND sender = :sender"
        # Each is found at once alone, but to find both in one go all would be read.
        first, last = self._do(
            f"SELECT (SELECT min(nth) {which}), (SELECT max(nth) {which})",
            {"conversation": conversation, "sender": sender.id},
        ).fetchone()
        return int(last - first + 1) if last else 0

    def _unread(self, who: Account) -> list[tuple[str, int]]:
        rows = self._do(
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
        rows = self._do(
            f"SELECT time, by, act, what FROM audit WHERE room = '' OR room LIKE '{PUBLIC}%'"
            " OR room IN (SELECT room FROM room_roles WHERE account = ?) ORDER BY id DESC LIMIT ?",
            (who.id, SHOWN),
        )
        return [audit_entry(*row) for row in rows.fetchall()[::-1]]


def first_fitting(rows: Iterable[R], wanted: Wanted) -> tuple[list[R], bool]:
    """Return the first SHOWN rows that match, and whether there was time to find them all."""
    found: list[R] = []
    try:
        for row in rows:
            if wanted.is_in(row[3]):
                found.append(row)
                if len(found) == SHOWN:
                    break
    except Interrupted:
        return found, False
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_INTERRUPT":
            raise
        return found, False
    return found, True


class Answering:
    """Lets one thread at a time use the connection of an archive, for `patience` seconds at most."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._using = threading.Lock()
        self._is_closing = False
        self._stop: threading.Event | None = None
        self._deadline = math.inf

    def is_over(self) -> bool:
        """Tell whether the running query is to be interrupted."""
        return self._is_closing or bool(self._stop and self._stop.is_set()) or time.monotonic() > self._deadline

    @contextlib.contextmanager
    def one(self, stop: threading.Event | None) -> Iterator[None]:
        """Answer one query in this context; it is to be interrupted, too, when `stop` is set. Raises NotKept."""
        with self._using:
            if self._is_closing:
                raise NotKept("the chat is closing")
            self._stop, self._deadline = stop, time.monotonic() + self._patience
            try:
                yield
            except ERRORS as error:
                raise NotKept(reason(error)) from None
            finally:
                self._stop, self._deadline = None, math.inf

    @contextlib.contextmanager
    def without_limit(self) -> Iterator[None]:
        """Do in this context what must be done also when the time is over, and takes none."""
        limits = self._stop, self._deadline
        self._stop, self._deadline = None, math.inf
        try:
            yield
        finally:
            self._stop, self._deadline = limits

    def close(self, close: Callable[[], object]) -> None:
        """Interrupt the running query, answer no more, and `close` the connection, unless it is still used."""
        self._is_closing = True
        if self._using.acquire(timeout=LAST_STATEMENT):
            close()
            self._using.release()
