"""The tests of the store by itself: real files, and the journal's real thread."""

import contextlib
import queue
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from asyncchat.chat.requests.queries import ConversationKey, Search
from asyncchat.log.accounts import Account
from asyncchat.log.entries import AnyEntry, CreateAccount, Logged
from asyncchat.log.requests import R, Request
from asyncchat.log.room_events import Sent
from asyncchat.store import upkeep
from asyncchat.store.archive import Archive
from asyncchat.store.file import Retention, StoreFile, open_to_read
from asyncchat.store.journal import SqliteLog
from asyncchat.store.tables.accounts import AccountStore
from asyncchat.text.refusals import NotKept
from asyncchat.text.usernames import parse_name
from tests.programs import PATIENCE, seconds

BOB = parse_name("bob")


def message(seq: int, text: str = "", time: int = 0, token_hash: bytes = b"", ident: int = 0) -> Sent:
    return Sent(seq, BOB, text or f"message {seq}", time or seq, token_hash, ident)


def messages(first: int, last: int) -> list[Sent]:
    return [message(seq) for seq in range(first, last + 1)]


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
        self.file = StoreFile(str(path))
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
        (found,) = [one for one in AccountStore(self.file.connection).all() if one.name.shown == name]
        return found

    def close(self) -> None:
        self.journal.close(seconds(PATIENCE))

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def ask(path: Path | str, question: Request[R]) -> R:
    """Return what a store answers."""
    with contextlib.closing(Archive(open_to_read(str(path)))) as archive:
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
    """Return what SQLite itself finds in a file."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def indexed(path: Path | str) -> int:
    """Return the number of the last message that is in the index."""
    return int(rows(path, "SELECT value FROM facts WHERE name = 'indexed'")[0][0])
