"""What is done beside writing: the index, and what is not to be kept for ever."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from asyncchat.log.entries import (
    ChangeMessage,
    ChangePrivate,
    CreateAccount,
    MakeRoom,
    PrivateStored,
    SendPrivate,
)
from asyncchat.store import upkeep
from asyncchat.store.file import Retention
from asyncchat.store.offline.backup import back_up
from asyncchat.store.tables import private_messages
from asyncchat.text.refusals import NoMessage
from asyncchat.text.usernames import parse_name
from tests.programs import PATIENCE, seconds, until
from tests.store import BOB, Journal, fill, indexed, message, messages, no_rest, rows

ALICE = parse_name("alice")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "LOOK_FOR_AGED", 0.01)
    monkeypatch.setattr(upkeep, "COMPLETE_AFTER", 0.01)


def kept(path: Path) -> list[tuple[int, str]]:
    return rows(path, "SELECT seq, text FROM messages ORDER BY seq")


def test_what_is_kept_is_indexed_when_there_is_time(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(*messages(1, 1000))
        until(lambda: indexed(path) == 1000)
        assert rows(path, "SELECT count(*) FROM words WHERE words MATCH 'message'") == [(1000,)]


def test_an_index_that_was_not_finished_is_finished_the_next_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as slow:
        no_rest(slow)
        fill(path, *messages(1, 500))
    assert indexed(path) == 0
    with Journal(path):
        until(lambda: indexed(path) == 500)


@pytest.mark.parametrize(
    ("keep", "left"),
    [
        (Retention(messages=100), range(901, 1001)),
        (Retention(milliseconds=250), range(750, 1001)),
        (Retention(messages=2000), range(1, 1001)),
        (Retention(milliseconds=2000), range(1, 1001)),
    ],
)
def test_what_need_not_be_kept_is_deleted_and_not_found_any_more(path: Path, keep: Retention, left: range) -> None:
    with Journal(path, keep=keep, clock=lambda: 1000) as journal:
        journal.append(*messages(1, 1000))
        until(lambda: indexed(path) == 1000 and len(kept(path)) == len(left))
        assert [seq for seq, _ in kept(path)] == list(left)
        found = rows(path, "SELECT rowid FROM words WHERE words MATCH 'message' ORDER BY rowid")
        assert found == [(seq,) for seq in left]
        assert rows(path, "INSERT INTO words (words) VALUES ('integrity-check')") == []


def test_numbers_go_on_though_everything_was_deleted(path: Path) -> None:
    with Journal(path, keep=Retention(milliseconds=1), clock=lambda: 10_000) as journal:
        journal.append(*messages(1, 300))
        journal.take(1)
        until(lambda: kept(path) == [])
    with Journal(path) as again:
        assert (again.journal.seq, list(again.journal.recent)) == (300, [])
        again.append(message(301))
        again.take(1)
        until(lambda: indexed(path) == 301)
        assert kept(path) == [(301, "message 301")]


# Times that are not those at which something was written.

KEEP = Retention(milliseconds=1_000_000)


def test_a_message_from_the_future_is_deleted_when_it_was_kept_for_long_enough(path: Path) -> None:
    now = 50_000_000
    with Journal(path, keep=KEEP, clock=lambda: now) as journal:
        journal.append(message(1, time=now), message(2, time=1 << 41))
        journal.append(message(3, time=now))
        private(journal, "one", time=1 << 41)
        until(lambda: indexed(path) == 3)
        assert len(kept(path)) == 3
        now += 1_000_001
        until(lambda: kept(path) == rows(path, "SELECT text FROM private") == [])


def test_a_message_from_the_past_is_kept_for_as_long_as_any_other(path: Path) -> None:
    now = 50_000_000
    with Journal(path, keep=KEEP, clock=lambda: now) as journal:
        journal.append(message(1, time=now))
        until(lambda: indexed(path) == 1)
        now += 5000
        journal.append(message(2, time=1000, token_hash=b"token", ident=7), message(3, time=1001))
        private(journal, "one", time=1000)
        until(lambda: indexed(path) == 3)
        now += 999_000
        journal.append(message(4, time=now))
        until(lambda: rows(path, "SELECT seq FROM messages") == [(2,), (3,), (4,)])  # what came before them has gone
        assert rows(path, "SELECT seq, seat, id FROM messages") == [(2, b"token", 7), (3, None, 0), (4, None, None)]
        assert rows(path, "SELECT text FROM private") == [("one",)]
        now += 2000
        until(lambda: len(kept(path)) == 1)
        until(lambda: rows(path, "SELECT text FROM private") == [])


# While there is no rest.


def batches(journal: Journal, size: int = 50) -> Iterator[int]:
    """Say so many things again and again, as fast as possible; yield the number of the last one each time."""
    deadline = time.monotonic() + seconds(PATIENCE)
    last = journal.journal.seq
    while time.monotonic() < deadline:
        journal.append(*messages(last + 1, last + size))
        last += size
        journal.take(len(journal.happened) + 1)
        yield last
    raise TimeoutError("it did not happen in time")


def goes_on(journal: Journal, until_then: Callable[[], bool]) -> None:
    """Say something as fast as possible until something has happened."""
    for _ in batches(journal):
        if until_then():
            return


def test_the_index_has_a_share_of_the_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_rest(monkeypatch)
    with Journal(path) as journal:
        goes_on(journal, lambda: indexed(path) >= 1000)


def test_the_index_is_never_too_far_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_rest(monkeypatch)
    monkeypatch.setattr(upkeep, "INDEX_SHARE", 1e-9)
    monkeypatch.setattr(upkeep, "MOST_ARREARS", 7000)
    with Journal(path) as journal:
        for last in batches(journal):
            if last >= 10_000:
                break
        assert indexed(path) >= 2500


@pytest.mark.parametrize("there_before", [0, 20_000])
def test_no_more_is_kept_than_shall_be_however_fast_more_comes(
    path: Path, monkeypatch: pytest.MonkeyPatch, there_before: int
) -> None:
    if there_before:
        fill(path, *messages(1, there_before))
    no_rest(monkeypatch)
    with Journal(path, keep=Retention(messages=100)) as journal:
        for last in batches(journal):
            if last >= there_before + 5000:
                assert len(kept(path)) <= 110 + 1000
            if last >= there_before + 10_000:
                break


def test_what_is_too_old_is_deleted_however_fast_more_comes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(path, *messages(1, 3000))
    no_rest(monkeypatch)
    with Journal(path, keep=Retention(milliseconds=1000), clock=lambda: 3500) as journal:
        goes_on(journal, lambda: kept(path)[0][0] > 2000)


def private(journal: Journal, *texts: str, time: int = 0) -> None:
    alice, bob = journal.account("alice"), journal.account("bob")
    for number, text in enumerate(texts, 1):
        assert isinstance(journal.change(SendPrivate(alice.id, bob.id, text, time or number)), PrivateStored)


@pytest.mark.parametrize("busy", [False, True])
def test_private_messages_that_are_too_old_are_deleted_also_more_than_a_few(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, busy: bool
) -> None:
    with Journal(path) as journal:
        private(journal, *"abcdefghij")
    if busy:
        no_rest(monkeypatch)
    monkeypatch.setattr(upkeep, "FEW", 3)
    monkeypatch.setattr(upkeep, "LARGEST", 3)
    monkeypatch.setattr(upkeep, "LOOK_FOR_AGED", 3600.0)  # so all is found at once
    with Journal(path, keep=Retention(milliseconds=100), clock=lambda: 110) as journal:
        left = lambda: rows(path, "SELECT text FROM private ORDER BY seq") == [("j",)]  # noqa: E731
        if busy:
            goes_on(journal, left)
        else:
            until(left)


def test_a_conversation_in_which_nothing_is_said_has_no_more_than_shall_be_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Journal(path) as journal:
        private(journal, *"abcdefghij")
    monkeypatch.setattr(private_messages, "SWEEP_SIZE", 1)
    monkeypatch.setattr(upkeep, "FEW", 3)
    monkeypatch.setattr(upkeep, "LARGEST", 3)
    with Journal(path, keep=Retention(messages=2)):
        until(lambda: rows(path, "SELECT text FROM private ORDER BY seq") == [("i",), ("j",)])


# What was changed.


def change(seq: int, text: str, room: str = "") -> ChangeMessage:
    alice = parse_name("alice")
    return ChangeMessage(room, seq, alice, alice, text, 5)


@pytest.mark.parametrize("text", ["", "another text"])
@pytest.mark.parametrize("is_indexed", [True, False])
def test_nothing_of_a_text_that_was_changed_is_left_in_the_files(
    path: Path, text: str, *, is_indexed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as slow:
        if not is_indexed:
            no_rest(slow)
        fill(path, *messages(1, 300), message(301, "confidential"), *messages(302, 400))
        if is_indexed:
            with Journal(path):
                until(lambda: indexed(path) == 400)
            fill(path, *messages(401, 800))
    assert b"confidential" in everything(path)
    with Journal(path) as journal:
        journal.change(change(301, text))
        until(lambda: b"confidential" not in everything(path))
        assert (301, text) in kept(path)
        assert rows(path, "INSERT INTO words (words) VALUES ('integrity-check')") == []


def test_nothing_of_it_is_left_in_copies_or_after_the_end_wherever_sqlite_had_moved_it(path: Path) -> None:
    drawn, seqs, last, gone = Random(8), Counter[str](), list[tuple[str, int, str]](), list[str]()
    rooms = [f"room{number}" for number in range(20)]
    with Journal(path) as journal:
        for name in (BOB, ALICE):
            journal.change(CreateAccount(name, "hash", b"", 0))
        for room in rooms:
            journal.change(MakeRoom(1, parse_name(room), BOB, 0, 1000, None, 1))
        for number in range(1500):
            text = f"secret{number:04} {drawn.randint(0, 300) * 'x'}"
            where = drawn.choice(["", "", "private", *rooms])
            if where == "private":
                seqs[where] = journal.change(SendPrivate(1, 2, text, number)).seq
            else:
                seqs[where] += 1
                journal.append(message(seqs[where], text)._replace(room=where))
            last = [*last[-50:], (where, seqs[where], text[:10])]
            if number % 3 == 0:
                where, seq, text = last.pop(drawn.randrange(len(last)))
                changed = ChangeMessage(where, seq, BOB, BOB, "", 5)
                journal.change(ChangePrivate(1, 2, seq, "", 5) if where == "private" else changed)
                gone.append(text)
        back_up(str(path), copy := f"{path}.copy")
    for left in (everything(path), Path(copy).read_bytes()):
        assert [text for text in gone if text.encode() in left] == []


def test_words_of_it_are_removed_from_the_index_at_the_end_and_in_copies(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(path, *messages(1, 300), message(301, "confidential"), *messages(302, 400))
    with Journal(path):
        until(lambda: indexed(path) == 400)
    with monkeypatch.context() as slow, Journal(path) as journal:
        no_rest(slow)
        journal.change(change(301, ""))
        back_up(str(path), copy := f"{path}.copy")
    assert b"confidential" not in everything(path) + Path(copy).read_bytes()
    with Journal(copy) as journal:
        assert rows(copy, "SELECT rowid FROM words WHERE words MATCH 'message AND 300'") == [(300,)]
        assert rows(copy, "INSERT INTO words (words) VALUES ('integrity-check')") == []


def everything(path: Path) -> bytes:
    """Return all that is in the store's files."""
    return b"".join(file.read_bytes() for file in path.parent.glob("chat.db*") if file.suffix != ".db-shm")


def test_a_message_is_found_by_its_new_text_and_not_by_the_old_one(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(message(1, "old"), message(2, "gone"))
        until(lambda: indexed(path) == 2)
        for entry in (change(1, "new"), change(2, "")):
            journal.change(entry)
        found = [rows(path, f"SELECT rowid FROM words WHERE words MATCH '{word}'") for word in ("old", "new", "gone")]
        assert found == [[], [(1,)], []]


def test_what_was_deleted_is_not_deleted_again_and_what_is_not_kept_is_not_changed(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(message(1, "one"))
        assert journal.change(change(1, "")) is None
        assert isinstance(journal.change(change(1, "again")), NoMessage)
        assert journal.change(change(9, "nothing")) is None
        assert kept(path) == [(1, "")]
