"""What several servers have in memory is what is in their tables: a server that starts knows the same."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from asyncchat.aio.starting import open_pipeline
from asyncchat.limits import Limits, Policy
from asyncchat.store.file import Retention
from asyncchat.store.postgres import PgStore, turn
from asyncchat.store.postgres.archive import PgArchive
from asyncchat.store.postgres.connection import PgConnection
from asyncchat.store.postgres.schema import prepare
from asyncchat.store.postgres.tables import PgTables
from asyncchat.store.tables.entries import Tables
from asyncchat.text.refusals import NotKept
from tests.chat.shared_chat import Cluster, SharedChat, TurnLog, digest
from tests.chat.test_cluster_happenings import happen
from tests.postgres import Database


class PgCluster(Cluster):
    """Several servers with one database, in the thread of the test."""

    def __init__(self, url: str) -> None:
        super().__init__(PgConnection(url))
        self.url = url
        prepare(self.connection, url)

    def begin(self) -> int:
        (life,) = self.connection.execute("INSERT INTO servers DEFAULT VALUES RETURNING life").fetchone()
        return int(life)

    def serve(self) -> "PgChat":
        return PgChat(self)

    def silence(self, life: int) -> None:
        self.connection.execute("UPDATE servers SET seen = seen - interval '1 hour' WHERE life = ?", (life,))


class PgTurnLog(TurnLog):
    """The log in the database."""

    def read(self) -> None:
        connection = self.cluster.connection
        for row in turn.rows_after(connection, self.read_until):
            self.read_until = row.entry
            if row.life != self.life:
                self.listener.receive(row.entries())
        (is_there,) = connection.execute(
            "SELECT EXISTS (SELECT 1 FROM servers WHERE life = ?)", (self.life,)
        ).fetchone()
        if not is_there:
            self.life = self.cluster.begin()
            self.listener.fence(self.life)

    def turn(self) -> None:
        self.read()
        self._is_wanted = False
        if not (batch := self.listener.prepare()):
            return
        connection, tables = self.cluster.connection, self._entries
        assert isinstance(tables, PgTables)
        if self.is_broken:
            self.listener.kept([NotKept("the disk is full")] * len(batch))
            return
        turn.lock_head(connection)
        results = turn.write(connection, tables, batch)
        appended = turn.append(connection, self.life, batch, results)
        connection.script("COMMIT")
        self.read_until = appended[0] if appended else self.read_until
        self.listener.kept(results)
        self.cluster.tell()


class PgChat(SharedChat):
    """One of the servers."""

    def _open_archive(self, connection: Any) -> PgArchive:
        return PgArchive(lambda: PgConnection(self.cluster.url))  # type: ignore[attr-defined]

    def _open_tables(self, connection: Any) -> Tables:
        return PgTables(connection, Retention(), self._clock)

    def _open_log(self, entries: Tables) -> TurnLog:
        return PgTurnLog(entries, self.cluster)


@pytest.fixture
def shared(postgres: Database) -> Iterator[PgCluster]:
    opened = PgCluster(postgres.make())
    with contextlib.closing(opened.connection):
        yield opened
        for chat in opened.chats:
            chat._archive.close()


@pytest.mark.parametrize("seed", range(int(__import__("os").environ.get("SEEDS", "8"))))
def test_a_server_that_starts_has_the_state_of_the_others(shared: PgCluster, seed: int) -> None:
    now = happen(shared, seed, 150)
    with contextlib.closing(
        PgStore(shared.url, keep=Retention(), recent=1000, patience=10, admin_password=lambda _: None)
    ) as store:
        limits = Limits(history=1000)
        state = open_pipeline(store, limits, Policy(), lambda: None, lambda: 0).state
        expected, found = digest(now.servers[0].core), digest(state)
        for key, value in expected.items():
            assert found[key] == value, key
