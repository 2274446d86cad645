"""The tests of the store by itself: real files, and the journal's real thread."""

import contextlib
import queue
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from asyncchat.chat.requests.queries import ConversationKey, Search
from asyncchat.cli.databases import is_url
from asyncchat.log.accounts import Account
from asyncchat.log.entries import AnyEntry, CreateAccount, Logged
from asyncchat.log.log import Kept
from asyncchat.log.requests import R, Request
from asyncchat.log.room_events import Sent
from asyncchat.store import upkeep
from asyncchat.store.archive import Archive
from asyncchat.store.file import Retention, StoreFile, open_to_read
from asyncchat.store.journal import SqliteLog
from asyncchat.store.postgres import turn
from asyncchat.store.postgres.archive import PgArchive
from asyncchat.store.postgres.connection import PgConnection
from asyncchat.store.postgres.schema import prepare
from asyncchat.store.postgres.tables import PgTables
from asyncchat.store.postgres.tidying import Tidying
from asyncchat.store.tables.accounts import AccountStore
from asyncchat.text.refusals import NotKept
from asyncchat.text.usernames import parse_name
from tests.programs import PATIENCE, seconds

BOB = parse_name("bob")


def message(seq: int, text: str = "", time: int = 0, token_hash: bytes = b"", ident: int = 0) -> Sent:
    return Sent(seq, BOB, text or f"message {seq}", time or seq, token_hash, ident)


def messages(first: int, last: int) -> list[Sent]:
    return [message(seq) for seq in range(first, last + 1)]


class PgJournal:
    """What stores batches in a database, as the log does that several servers share, but in the thread of the test."""

    def __init__(self, url: str, keep: Retention, clock: Callable[[], int]) -> None:
        self.connection = PgConnection(url)
        prepare(self.connection, url)
        self.tables = PgTables(self.connection, keep, clock)
        self._tidying = Tidying(keep, clock)
        (self._life,) = self.connection.execute("INSERT INTO servers DEFAULT VALUES RETURNING life").fetchone()

    def start(self, call: Callable[..., object]) -> None:
        self._call = call

    def append(self, batch: Sequence[Logged], kept: Kept) -> None:
        turn.lock_head(self.connection)
        results = turn.write(self.connection, self.tables, batch)
        turn.append(self.connection, self._life, batch, results)
        self.connection.script("COMMIT")
        self._call(kept, results)

    def tidy(self) -> None:
        """Delete what need not be kept any more."""
        self._tidying.step(self.connection, self.tables)

    def close(self, _patience: float) -> None:
        self.connection.close()


class Journal:
    """A journal and the room's thread, which is this one: what the journal calls back waits until it is taken."""

    def __init__(
        self,
        path: Path | str,
        *,
        keep: Retention = Retention(),  # noqa: B008 - it can't be changed
        recent: int = 1000,
        clock: Callable[[], int] = lambda: 0,
        durability: str = "normal",
    ) -> None:
        self._calls: queue.SimpleQueue[tuple[Callable[..., object], tuple[Any, ...]]] = queue.SimpleQueue()
        self.happened: list[tuple[str, Sequence[Logged]]] = []
        self.journal: Any
        if is_url(str(path)):
            self.journal = PgJournal(str(path), keep, clock)
            self.connection: Any = self.journal.connection
            self.journal.start(lambda callback, *arguments: self._calls.put((callback, arguments)))
            return
        self.file = StoreFile(str(path))
        self.connection = self.file.connection
        try:
            self.journal = SqliteLog(self.file, durability, keep, recent, clock)
        except BaseException:
            self.file.close()
            raise
        self.journal.start(lambda callback, *arguments: self._calls.put((callback, arguments)))

    def append(self, *batch: Logged) -> None:
        def kept(results: Sequence[object]) -> None:
            why = next((result.why for result in results if isinstance(result, NotKept)), "kept")
            self.happened.append((why, batch))

        self.journal.append(batch, kept)

    def take(self, count: int) -> list[tuple[str, Sequence[Logged]]]:
        """Wait until `count` batches in all were kept or lost."""
        while len(self.happened) < count:
            self.call()
        return self.happened

    def call(self) -> None:
        """Wait for something that the journal calls back."""
        callback, arguments = self._calls.get(timeout=seconds(PATIENCE))
        callback(*arguments)

    def change(self, entry: AnyEntry) -> Any:
        """Have an entry kept, and return the result."""
        results: list[object] = []
        self.propose(entry, results.append)
        while not results:
            self.call()
        return results[0]

    def propose(self, entry: AnyEntry, then: Callable[[object], None]) -> None:
        """Have an entry kept; `then` gets the result."""
        self.journal.append([entry], lambda results: then(results[0] if results else None))

    def account(self, name: str, token_hash: bytes = b"", time: int = 0) -> Account:
        """Make an account, and return it."""
        assert self.change(CreateAccount(parse_name(name), f"hash of {name}", token_hash, time)) is None
        (found,) = [one for one in AccountStore(self.connection).all() if one.name.shown == name]
        return found

    def close(self) -> None:
        self.journal.close(seconds(PATIENCE))

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def archive_of(path: Path | str) -> Archive | PgArchive:
    """Open a store to read it."""
    if is_url(url := str(path)):
        return PgArchive(lambda: PgConnection(url))
    return Archive(open_to_read(str(path)))


def ask(path: Path | str, question: Request[R]) -> R:
    """Return what a store answers."""
    with contextlib.closing(archive_of(path)) as archive:
        answer: R = archive.answer(question)
    return answer


def found(path: Path | str, words: str, pair: ConversationKey | None = None) -> list[str]:
    """Return the texts that are found in a store."""
    messages, is_all = ask(path, Search(words, pair))
    assert is_all
    return [sent.text for sent in messages]


def fill(path: Path | str, *batch: Sent) -> None:
    """Keep messages in a store."""
    with Journal(path) as journal:
        journal.append(*batch)
        journal.take(1)


def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no rest be long enough for work that can wait."""
    monkeypatch.setattr(upkeep, "REST", 3600.0)


def rows(path: Path | str, query: str) -> list[Any]:
    """Return what the database itself finds in a store."""
    with contextlib.closing(PgConnection(str(path)) if is_url(str(path)) else sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def indexed(path: Path | str) -> int:
    """Return the number of the last message that is in the index."""
    return int(rows(path, "SELECT value FROM facts WHERE name = 'indexed'")[0][0])
