"""The tests of the store by itself: real files, and the journal's real thread."""

import contextlib
import queue
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from asyncchat.chat.archive import Pair, Search
from asyncchat.chat.messages import Event, Sent
from asyncchat.chat.names import prepare
from asyncchat.chat.requests import Change, R, Request
from asyncchat.store import upkeep
from asyncchat.store.archive import Archive
from asyncchat.store.file import Keep, StoreFile, open_to_read
from asyncchat.store.journal import SqliteJournal
from tests.programs import PATIENCE, seconds

BOB = prepare("bob")


def message(seq: int, text: str = "", time: int = 0, seat: bytes = b"", ident: int = 0) -> Sent:
    return Sent(seq, BOB, text or f"message {seq}", time or seq, seat, ident)


def messages(first: int, last: int) -> list[Sent]:
    return [message(seq) for seq in range(first, last + 1)]


class Journal:
    """A journal and the room's thread, which is this one: what the journal calls back waits until it is taken."""

    def __init__(
        self,
        path: Path | str,
        *,
        keep: Keep = Keep(),  # noqa: B008 - it can't be changed
        recent: int = 1000,
        clock: Callable[[], int] = lambda: 0,
        durability: str = "normal",
    ) -> None:
        self._calls: queue.SimpleQueue[tuple[Callable[..., object], tuple[Any, ...]]] = queue.SimpleQueue()
        self.happened: list[tuple[str, Sequence[Event]]] = []
        self.file = StoreFile(str(path))
        try:
            self.journal = SqliteJournal(self.file, durability, keep, recent, clock)
        except BaseException:
            self.file.close()
            raise
        self.journal.start(lambda callback, *arguments: self._calls.put((callback, arguments)))

    def append(self, *batch: Event) -> None:
        self.journal.append(
            batch,
            lambda kept: self.happened.append(("kept", kept)),
            lambda lost, why: self.happened.append((why, lost)),
        )

    def take(self, count: int) -> list[tuple[str, Sequence[Event]]]:
        """Wait until `count` batches in all were kept or lost."""
        while len(self.happened) < count:
            self.call()
        return self.happened

    def call(self) -> None:
        """Wait for something that the journal calls back."""
        callback, arguments = self._calls.get(timeout=seconds(PATIENCE))
        callback(*arguments)

    def change(self, change: Change[Any]) -> Any:
        """Have something kept, and return the answer."""
        answers: list[object] = []
        self.journal.change(change, answers.append)
        while not answers:
            self.call()
        return answers[0]

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


def found(path: Path | str, words: str, pair: Pair | None = None) -> list[str]:
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
