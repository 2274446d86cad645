"""The journal in a file: what it keeps, in which order it says so, and what happens when it can't."""

import os
import resource
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from asyncchat.log.entries import CreateAccount, Join, Leave, Logged, SetTopic
from asyncchat.log.room_events import Sent
from asyncchat.text.refusals import NotKept
from tests.store import BOB, Journal, fill, message, messages, rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


def kept(path: Path) -> list[tuple[int, str]]:
    return rows(path, "SELECT seq, text FROM messages ORDER BY seq")


# Keeping.


def test_what_is_said_to_be_kept_is_in_the_file(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(message(1, "hello"), Join(BOB, 1, 0), message(2, "bye"))
        journal.take(1)
        assert kept(path) == [(1, "hello"), (2, "bye")]


def test_batches_are_kept_in_order_and_handed_back_whole(path: Path) -> None:
    batches: list[tuple[Logged, ...]] = [
        (Join(BOB, 1, 0),),
        (message(1),),
        (Leave(1), message(2)),
        tuple(messages(3, 500)),
    ]
    with Journal(path) as journal:
        for batch in batches:
            journal.append(*batch)
        assert journal.take(4) == [("kept", batch) for batch in batches]


def test_what_needs_no_keeping_waits_for_nothing(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(Join(BOB, 1, 0))
        assert journal.happened == [("kept", (Join(BOB, 1, 0),))]


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
        assert (sent.name.shown, sent.text) == ("␛[2J", "a\nb")
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
            journal.append(message(2), Leave(1), message(3))
            assert journal.take(2)[-1] == ("the disk has an error", (message(2), Leave(1), message(3)))
            journal.append(message(2))
            journal.take(3)
        journal.append(message(2, "again"))
        assert journal.take(4)[-1] == ("kept", (message(2, "again"),))
        assert kept(path) == [(1, "message 1"), (2, "again")]


def test_a_batch_is_one_transaction(path: Path) -> None:
    statements: list[str] = []
    with Journal(path) as journal:
        journal.file.connection.set_trace_callback(statements.append)
        journal.append(message(1), SetTopic(BOB, "one", 0), message(2), SetTopic(BOB, "two", 0))
        journal.take(1)
        assert statements.count("COMMIT") == 1
    assert rows(path, "SELECT value FROM facts WHERE name = 'topic'") == [("two",)]


def test_of_a_batch_that_can_not_be_kept_whole_each_entry_has_its_own_result(path: Path) -> None:
    results: list[object] = []
    entries: list[Logged] = [
        message(1),
        *[CreateAccount(BOB, "hash", token, 0) for token in (b"a", b"b")],
        SetTopic(BOB, "one", 0),
    ]
    with Journal(path) as journal:
        journal.journal.append(entries, results.extend)
        journal.call()
    assert [type(result) for result in results] == [type(None), type(None), NotKept, type(None)]
    assert kept(path) == [(1, "message 1")]
    assert rows(path, "SELECT value FROM facts WHERE name = 'topic'") == [("one",)]


def test_no_message_is_kept_behind_one_that_is_not(path: Path) -> None:
    results: list[object] = []
    with Journal(path) as journal:
        journal.append(message(1))
        journal.take(1)
        journal.journal.append([message(1), SetTopic(BOB, "one", 0), message(2)], results.extend)
        journal.call()
    assert [type(result) for result in results] == [NotKept, type(None), NotKept]
    assert kept(path) == [(1, "message 1")]


def test_what_needs_no_keeping_holds_when_the_rest_of_its_batch_can_not_be_kept(path: Path) -> None:
    results: list[object] = []
    with Journal(path) as journal:
        path.write_bytes(b"")  # the store is given up
        journal.journal.append([message(1), Leave(1)], results.extend)
        journal.call()
    assert [type(result) for result in results] == [NotKept, type(None)]


# The file itself.


def test_only_its_owner_can_read_the_file(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(message(1))
        journal.take(1)
        modes = {name: os.stat(path.parent / name).st_mode & 0o777 for name in os.listdir(path.parent)}
        assert modes == {"chat.db": 0o600, "chat.db-wal": 0o600, "chat.db-shm": 0o600}
