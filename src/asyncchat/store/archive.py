"""Answers queries, by a connection of its own, while the journal writes."""

import math
import sqlite3
import threading
from collections.abc import Callable, Iterator
from typing import Any

from asyncchat.chat.requests.queries import ConversationKey, Found
from asyncchat.log.accounts import Account
from asyncchat.log.requests import Request
from asyncchat.log.room_events import SHOWN
from asyncchat.store.file import sent
from asyncchat.store.queries import Answering, Queries, Row, first_fitting
from asyncchat.store.search.words import Wanted
from asyncchat.store.tables.private_messages import said_between

_STEPS = 1000
"""Steps of SQLite's machine between two looks at the clock: hardly a millisecond (bench: 60 at most)."""


class Archive(Queries):
    """Reads a store by a `connection` of its own, in one thread at a time, for `patience` seconds at most.

    check: raises one of the ERRORS if the store must not be read now
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        patience: float = math.inf,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(connection)
        self._connection = connection
        self._check = check
        self._answering = Answering(patience)
        # Also where a search does nothing but read its index, this is asked again and again.
        connection.set_progress_handler(self._answering.is_over, _STEPS)

    def close(self) -> None:
        """Interrupt the running query, in whichever thread it is, and answer no more."""
        # SQLite crashes if a connection is closed while another thread uses it.
        self._answering.close(self._connection.close)

    def answer(self, question: Request[Any], stop: threading.Event | None = None) -> Any:
        """Return the answer to `question`; it is interrupted when it takes too long, or when `stop` is set.

        Raises NotKept.
        """
        with self._answering.one(stop):
            self._check()
            return self._find_answer(question)

    def _private_search(self, words: str, pair: ConversationKey) -> Found:
        wanted = Wanted(words)
        rows = self._connection.execute(
            "SELECT seq, time, sender, text FROM private"
            f" WHERE conversation = ? AND {wanted.may_match} ORDER BY seq DESC",
            (self._conversation(pair), *wanted.values),
        )
        found, is_all = first_fitting(rows, wanted)
        return Found(said_between(pair.who, pair.other, found[::-1]), is_all)

    def _search_everywhere(self, words: str, reader: Account | None) -> Found:
        found, is_all = self._search(words, "")
        wanted = Wanted(words)
        rows = self._connection.execute(
            "SELECT seq, said.time, said.name, text, key FROM said JOIN rooms ON rooms.id = said.room"
            f" WHERE (NOT private OR key IN (SELECT room FROM room_roles WHERE account = ?)) AND {wanted.may_match}"
            " ORDER BY ifnull(written, said.time) DESC",
            (reader.id if reader else 0, *wanted.values),
        )
        some, are_all = first_fitting(rows, wanted)
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
            found, is_all = first_fitting(rows, wanted)
            return Found(sent(found[::-1]), is_all)
        self._connection.execute("BEGIN")  # nothing may come into the index, or be deleted, halfway
        try:
            found, is_all = first_fitting(self._candidates(wanted), wanted)
        finally:
            with self._answering.without_limit():
                self._connection.execute("ROLLBACK")
        return Found(sent(found[::-1]), is_all)

    def _candidates(self, wanted: Wanted) -> Iterator[Row]:
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
