"""The journal in a file: what it keeps, in which order it says so, and what happens when it can't."""

import os
import resource
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncchat.chat.accounts import Account
from asyncchat.chat.changes import NewAccount, SetTopic
from asyncchat.chat.messages import Event, Joined, Left, Sent
from asyncchat.chat.refusal import NotKept
from tests.programs import until
from tests.store import BOB, Journal, fill, message, messages, rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


def kept(path: Path) -> list[tuple[int, str]]:
    return rows(path, "SELECT seq, text FROM messages ORDER BY seq")


# Keeping.


def test_what_is_said_to_be_kept_is_in_the_file(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(message(1, "hello"), Joined(BOB, 1), message(2, "bye"))
        journal.take(1)
        assert kept(path) == [(1, "hello"), (2, "bye")]


def test_batches_are_kept_in_order_and_handed_back_whole(path: Path) -> None:
    batches: list[tuple[Event, ...]] = [
        (Joined(BOB, 1),),
        (message(1),),
        (Left(BOB, 0), message(2)),
        tuple(messages(3, 500)),
    ]
    with Journal(path) as journal:
        for batch in batches:
            journal.append(*batch)
        assert journal.take(4) == [("kept", batch) for batch in batches]


def test_what_needs_no_keeping_waits_for_nothing(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(Joined(BOB, 1))
        assert journal.happened == [("kept", (Joined(BOB, 1),))]


@given(sizes=st.lists(st.integers(1, 700), max_size=6))
@settings(max_examples=20)
def test_batches_of_every_size_are_kept(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    path = tmp_path_factory.mktemp("store") / "chat.db"
    seq = 0
    with Journal(path) as journal:
        for size in sizes:
            journal.append(*messages(seq + 1, seq + size))
            seq += size
        journal.take(len(sizes))
    assert kept(path) == [(number, f"message {number}") for number in range(1, seq + 1)]


def test_what_waits_at_the_end_is_written(path: Path) -> None:
    journal = Journal(path)
    for seq in range(1, 101):
        journal.append(message(seq))
    journal.close()
    assert len(kept(path)) == 100


# Going on.


def test_another_one_goes_on_where_it_ended(path: Path) -> None:
    with Journal(path) as first:
        first.append(*messages(1, 20))
        first.take(1)
    with Journal(path, recent=3) as second:
        assert second.journal.seq == 20
        assert second.journal.epoch == first.journal.epoch
        assert [sent.text for sent in second.journal.recent] == ["message 18", "message 19", "message 20"]


def test_each_store_has_an_epoch_of_its_own(tmp_path: Path) -> None:
    with Journal(tmp_path / "one") as one, Journal(tmp_path / "two") as two:
        assert one.journal.epoch != two.journal.epoch


def test_names_and_texts_come_back_as_they_were(path: Path) -> None:
    zoe = BOB._replace(shown="Zoé", key="zoé")
    fill(path, Sent(1, zoe, "quote \" ' ␛[2J 日本 🙂", 1_763_847_600_123))
    with Journal(path) as again:
        assert again.journal.recent == [Sent(1, zoe, "quote \" ' ␛[2J 日本 🙂", 1_763_847_600_123)]


def test_what_somebody_else_wrote_into_the_file_is_harmless(path: Path) -> None:
    fill(path, message(1))
    with sqlite3.connect(path) as connection:
        connection.execute(
            "UPDATE messages SET name = char(27) || '[2J', text = 'a' || char(10) || 'b', time = 1 << 62"
        )
    connection.close()
    with Journal(path) as again:
        (sent,) = again.journal.recent
        assert (sent.name.shown, sent.text) == ("␛[2J", "a␊b")
        assert sent.time < 1 << 48


# When it can't be kept.


@contextmanager
def no_room() -> Iterator[None]:
    """Let files grow no further."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_what_can_not_be_kept_is_lost_and_the_next_is_kept(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(message(1))
        journal.take(1)
        with no_room():
            journal.append(message(2), Left(BOB, 0), message(3))
            assert journal.take(2)[-1] == ("the disk has an error", (message(2), Left(BOB, 0), message(3)))
            journal.append(message(2))
            journal.take(3)
        journal.append(message(2, "again"))
        assert journal.take(4)[-1] == ("kept", (message(2, "again"),))
        assert kept(path) == [(1, "message 1"), (2, "again")]


@contextmanager
def busy(path: Path, journal: Journal, statements: list[str], answers: list[object]) -> Iterator[None]:
    """Let the journal wait for the disk with one order, until the end; note what it tells SQLite from then on."""
    journal.file.connection.set_trace_callback(statements.append)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # now nobody else can write
        journal.journal.change(SetTopic(BOB, "first"), answers.append)
        until(lambda: "BEGIN IMMEDIATE" in statements)
        yield
        other.execute("ROLLBACK")


def test_what_comes_while_the_disk_is_slow_is_kept_together_and_each_has_its_own_answer(path: Path) -> None:
    statements: list[str] = []
    answers: list[object] = []
    with Journal(path) as journal:
        with busy(path, journal, statements, answers):
            journal.append(message(1))
            for seat in (b"a", b"b", b"c"):
                journal.journal.change(NewAccount(BOB, "hash", seat), answers.append)
            for number in range(10):
                journal.journal.change(SetTopic(BOB, f"topic {number}"), answers.append)
        journal.take(1)
        while len(answers) < 14:
            journal.call()
    assert kept(path) == [(1, "message 1")]
    assert answers[0] is None
    assert isinstance(answers[1], Account)
    assert all(isinstance(answer, NotKept) for answer in answers[2:4])  # there is one of that name already
    assert answers[4:] == [None] * 10
    assert rows(path, "SELECT value FROM facts WHERE name = 'topic'") == [("topic 9",)]


def test_what_comes_while_the_disk_is_slow_is_one_transaction(path: Path) -> None:
    statements: list[str] = []
    answers: list[object] = []
    with Journal(path) as journal:
        with busy(path, journal, statements, answers):
            for number in range(100):
                journal.journal.change(SetTopic(BOB, f"topic {number}"), answers.append)
        while len(answers) < 101:
            journal.call()
        assert statements.count("COMMIT") == 2


# The file itself.


def test_only_its_owner_can_read_the_file(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(message(1))
        journal.take(1)
        modes = {name: os.stat(path.parent / name).st_mode & 0o777 for name in os.listdir(path.parent)}
        assert modes == {"chat.db": 0o600, "chat.db-wal": 0o600, "chat.db-shm": 0o600}
