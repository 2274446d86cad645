"""Answers queries from PostgreSQL."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from asyncchat.chat.requests.queries import ConversationKey, Found
from asyncchat.log.accounts import Account
from asyncchat.log.requests import Request
from asyncchat.log.room_events import SHOWN
from asyncchat.store.database import DatabaseError, Disconnected
from asyncchat.store.file import sent
from asyncchat.store.postgres.connection import UNREACHABLE, PgConnection
from asyncchat.store.postgres.tables import cut
from asyncchat.store.queries import Answering, Queries, first_fitting
from asyncchat.store.search.words import Wanted
from asyncchat.store.tables.private_messages import said_between

_AT_ONCE = 200
"""Rows that a search reads at a time."""

_TRY_AGAIN = 1.0
"""Seconds until it connects again after it could not."""


log = logging.getLogger(__name__)


class PgArchive(Queries):
    """Reads a store, in one thread at a time, for `patience` seconds at most; connects again if it has to."""

    def __init__(self, connect: Callable[[], PgConnection], patience: float = math.inf) -> None:
        self._connect = connect
        self._answering = Answering(patience)
        self._next_try = 0.0
        self._logged = ""
        self._use(connect())

    def _use(self, connection: PgConnection) -> None:
        super().__init__(connection)
        self._connection = connection
        connection.is_enough = self._answering.is_over

    def close(self) -> None:
        """Interrupt the running query, and answer no more."""
        self._answering.close(lambda: self._connection.close())

    def answer(self, question: Request[Any], stop: threading.Event | None = None) -> Any:
        """Return the answer to `question`; it is interrupted when it takes too long, or when `stop` is set.

        Raises NotKept.
        """
        with self._answering.one(stop):
            try:
                return self._look_up(question)
            except Disconnected:  # perhaps long ago, when the database was started again
                self._connection.close()
            self._reconnect()
            return self._look_up(question)

    def _look_up(self, question: Request[Any]) -> Any:
        """Return the answer; what the database has said against it is logged once. Raises DatabaseError."""
        try:
            return self._find_answer(question)
        except Disconnected:  # the log of the chat notices that, too
            raise
        except DatabaseError as error:
            if error.detail and error.detail != self._logged:
                self._logged = error.detail
                log.warning("a query is not answered: %s", error.explained)
            raise

    def _reconnect(self) -> None:
        """Connect again; for a while after that has failed, fail at once, since others wait for their answers."""
        if time.monotonic() < self._next_try:
            raise Disconnected(UNREACHABLE)
        try:
            self._use(self._connect())
        except DatabaseError:
            self._next_try = time.monotonic() + _TRY_AGAIN
            raise

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
