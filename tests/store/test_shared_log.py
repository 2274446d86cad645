"""How a server reads the log that it shares, from a real PostgreSQL whose connection breaks."""

import contextlib
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from asyncchat.log.entries import SetTopic
from asyncchat.log.log import Received
from asyncchat.store.database import Disconnected
from asyncchat.store.file import Retention
from asyncchat.store.postgres import PgStore, turn
from asyncchat.store.postgres.connection import PgConnection
from asyncchat.text.usernames import SERVER
from tests.postgres import Database
from tests.programs import PATIENCE, seconds


class Listener:
    """Collects what it is told, until it has heard the topic `last`."""

    def __init__(self, last: str) -> None:
        self.topics: list[str] = []
        self.has_all = threading.Event()
        self._last = last

    def receive(self, entries: Sequence[Received]) -> None:
        for entry, _ in entries:
            assert isinstance(entry, SetTopic)
            self.topics.append(entry.text)
        if self.topics[-1] == self._last:
            self.has_all.set()

    def __getattr__(self, name: str) -> Any:
        return lambda *_: ()


def test_no_entry_is_left_out_when_the_connection_breaks_while_many_are_read(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "AT_ONCE", 2)
    url = postgres.make()
    store = PgStore(url, keep=Retention(), recent=10, patience=1.0, admin_password=lambda _: None)
    with contextlib.closing(store), contextlib.closing(PgConnection(url)) as other:
        (life,) = other.execute("INSERT INTO servers DEFAULT VALUES RETURNING life").fetchone()
        for topics in ("ab", "c", "d", "e"):
            turn.append(other, life, [SetTopic(SERVER, topic, 0) for topic in topics], ())
        connection = store.log._connection
        assert connection
        execute, reads = connection.execute, []

        def breaks(statement: str, *values: Any) -> Any:
            if "FROM log WHERE entry >" in statement:
                reads.append(statement)
                if len(reads) == 2:
                    raise Disconnected("broken")
            return execute(statement, *values)

        monkeypatch.setattr(connection, "execute", breaks)
        listener = Listener(last="e")
        store.log.start(lambda function, *arguments: function(*arguments), listener)
        assert listener.has_all.wait(seconds(PATIENCE))
        assert listener.topics == ["a", "b", "c", "d", "e"]
