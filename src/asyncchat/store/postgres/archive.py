"""Answers queries from PostgreSQL."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from asyncchat.chat.requests.queries import ConversationKey, Found
from asyncchat.log.accounts import Account
from asyncchat.log.requests import Request
from asyncchat.log.room_events import SHOWN
from asyncchat.store.database import Disconnected
from asyncchat.store.file import ERRORS, reason, sent
from asyncchat.store.postgres.connection import PgConnection
from asyncchat.store.postgres.tables import cut
from asyncchat.store.queries import Queries, first_fitting
from asyncchat.store.search.words import Wanted
from asyncchat.store.tables.private_messages import said_between
from asyncchat.text.refusals import NotKept

_AT_ONCE = 200
"""Rows that a search reads at a time."""

LAST_STATEMENT = 1.0
"""Seconds that a running query gets to end when the archive is closed."""


class PgArchive(Queries):
    """Reads a store, in one thread at a time, for `patience` seconds at most; connects again if it has to."""

    def __init__(self, connect: Callable[[], PgConnection], patience: float = math.inf) -> None:
        self._connect = connect
        self._patience = patience
        self._using = threading.Lock()
        self._is_closing = False
        self._stop: threading.Event | None = None
        self._deadline = math.inf
        self._use(connect())

    def _use(self, connection: PgConnection) -> None:
        super().__init__(connection)
        self._connection = connection
        connection.is_enough = self._is_enough

    def _is_enough(self) -> bool:
        return self._is_closing or bool(self._stop and self._stop.is_set()) or time.monotonic() > self._deadline

    def close(self) -> None:
        """Interrupt the running query, and answer no more."""
        self._is_closing = True
        if self._using.acquire(timeout=LAST_STATEMENT):
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
                return self._find_answer_somehow(question)
            except ERRORS as error:
                raise NotKept(reason(error)) from None
            finally:
                self._stop, self._deadline = None, math.inf

    def _find_answer_somehow(self, question: Request[Any]) -> Any:
        try:
            return self._find_answer(question)
        except Disconnected:  # perhaps long ago, when the database was started again
            self._connection.close()
            self._use(self._connect())
            return self._find_answer(question)

    def _search(self, words: str, room: str) -> Found:
        wanted = Wanted(words)
        table, which = self._of_room(room)
        condition, values = _condition(wanted)
        statement = (
            f"SELECT seq, time, name, text FROM {table} AND seq < ? AND text != '' AND {condition} ORDER BY seq DESC"
            f" LIMIT {_AT_ONCE}"
        )
        found, is_all = first_fitting(self._pages(statement, lambda before: (*which, before, *values)), wanted)
        return Found(sent(found[::-1]), is_all)

    def _search_everywhere(self, words: str, reader: Account | None) -> Found:
        found, is_all = self._search(words, "")
        wanted = Wanted(words)
        condition, values = _condition(wanted)
        statement = (
            "SELECT ifnull(written, said.time), said.time, said.name, text, key, seq FROM said"
            " JOIN rooms ON rooms.id = said.room WHERE (NOT private OR key IN"
            " (SELECT room FROM room_roles WHERE account = ?)) AND ifnull(written, said.time) < ? AND text != ''"
            f" AND {condition} ORDER BY 1 DESC LIMIT {_AT_ONCE}"
        )
        who = reader.id if reader else 0
        some, are_all = first_fitting(self._pages(statement, lambda before: (who, before, *values)), wanted)
        rows = [((row[5], *row[1:4]), row[4]) for row in some]
        found += [said._replace(room=key) for row, key in rows for said in sent([row])]
        return Found(sorted(found, key=lambda said: said.time)[-SHOWN:], is_all and are_all)

    def _private_search(self, words: str, pair: ConversationKey) -> Found:
        wanted = Wanted(words)
        conversation = self._conversation(pair)
        statement = (
            "SELECT seq, time, sender, text FROM private WHERE conversation = ? AND seq < ? AND text != ''"
            f" ORDER BY seq DESC LIMIT {_AT_ONCE}"
        )
        found, is_all = first_fitting(self._pages(statement, lambda before: (conversation, before)), wanted)
        return Found(said_between(pair.who, pair.other, found[::-1]), is_all)

    def _pages(self, statement: str, values: Callable[[int], Sequence[object]]) -> Iterator[Any]:
        """Yield rows, some at a time, each with a smaller first column than the one before."""
        before = (1 << 63) - 1
        while rows := self._do(statement, values(before)).fetchall():
            yield from rows
            if len(rows) < _AT_ONCE:
                return
            before = rows[-1][0]


def _condition(wanted: Wanted) -> tuple[str, list[object]]:
    """Return a condition, with its values, that every text meets that has what is wanted."""
    parts, values = [], list[object]()
    for words, pieces in wanted.lookups:
        alternatives = [words, *([[piece for some in pieces for piece in some]] if pieces else [])]
        parts.append(f"({' OR '.join(['words @> ?::text[]'] * len(alternatives))})")
        values += [cut(alternative) for alternative in alternatives]
    for literal in wanted.literals[:20]:
        parts.append("position(?::text in text) > 0")
        values.append(literal)
    return " AND ".join(parts) or "true", values
