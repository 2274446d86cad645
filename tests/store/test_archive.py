"""What can be asked of a store."""

import contextlib
import math
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from asyncchat.chat.requests.queries import Found, History, LoadResumption, SavedResumption, Search
from asyncchat.log.room_events import Sent
from asyncchat.store import upkeep
from asyncchat.store.archive import Archive
from asyncchat.store.file import open_to_read
from asyncchat.store.postgres.archive import PgArchive
from asyncchat.text.refusals import NotKept
from asyncchat.text.sanitize import sanitize
from tests.programs import PATIENCE, seconds, until
from tests.store import Journal, archive_of, ask, fill, indexed, message, messages, no_rest

Archives = Archive | PgArchive


def numbers(found: list[Sent] | Found) -> list[int]:
    return [sent.seq for sent in (found.messages if isinstance(found, Found) else found)]


@pytest.fixture(params=["indexed", "not indexed", "half indexed", "postgres"])
def archive(
    request: pytest.FixtureRequest, file: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Archive | PgArchive]:
    """A store of 300 messages, every tenth with something to find."""
    said = [message(seq, f"the {'red fox' if seq % 10 == 0 else 'dog'}, number {seq}") for seq in range(1, 301)]
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres").make()
        fill(url, *said)
        with contextlib.closing(archive_of(url)) as archive:
            yield archive
        return
    wanted = {"indexed": 300, "not indexed": 0, "half indexed": 150}[request.param]
    if wanted:
        monkeypatch.setattr(upkeep, "REST", 0.0)
        with Journal(file) as journal:
            journal.append(*said[:wanted])
            journal.take(1)
            until(lambda: indexed(file) == wanted)
    if wanted < 300:
        no_rest(monkeypatch)
        fill(file, *said[wanted:])
    with contextlib.closing(archive_of(file)) as of_file:
        yield of_file


@pytest.mark.parametrize(
    ("nth", "found"),
    [
        (250, range(51, 76)),
        (25, range(276, 301)),
        (3, range(298, 301)),
        (300, range(1, 26)),
        (310, range(1, 26)),
        (10**18 - 1, range(1, 26)),
    ],
)
def test_history_is_from_the_nth_last_on_or_from_the_first(archive: Archives, nth: int, found: range) -> None:
    assert numbers(archive.answer(History(nth))) == list(found)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("fox", range(60, 301, 10)),
        ("FOX red", range(60, 301, 10)),
        ("fox dog", range(0)),
        ("number 150", [150]),
        ("number 160 fox", [160]),
        ("fo", range(0)),
        ('"', range(0)),
        ("fox OR dog", range(0)),
        ("fox*", range(60, 301, 10)),
        ("NEAR(", range(0)),
        ("text:", range(0)),
        ("...", range(0)),
    ],
)
def test_search_finds_the_last_messages_with_all_the_words(archive: Archives, words: str, found: range) -> None:
    assert numbers(archive.answer(Search(words))) == list(found)


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """A store of ten messages."""
    path = tmp_path_factory.mktemp("searched") / "chat.db"
    fill(path, *messages(1, 10))
    with contextlib.closing(Archive(open_to_read(str(path)))) as archive:
        yield archive


@given(words=st.text(min_size=1).map(sanitize).filter(str.strip))
def test_nothing_that_is_searched_for_is_an_error(searched: Archive, words: str) -> None:
    searched.answer(Search(words))


def test_letters_with_and_without_marks_are_the_same(path: Path | str) -> None:
    fill(path, message(1, "à la carte, ÜBER"))
    assert numbers(ask(path, Search("a uber"))) == [1]


def test_what_was_sent_in_a_session_is_loaded_the_newest_first(path: Path | str) -> None:
    fill(path, *(message(seq, token_hash=b"one" if seq % 2 else b"two", ident=seq * 10) for seq in range(1, 101)))
    assert ask(path, LoadResumption(b"one")) == SavedResumption(
        [(seq * 10, seq) for seq in range(99, 35, -2)], None, name="bob", first=1
    )
    assert ask(path, LoadResumption(b"three")) == SavedResumption([], None)


def test_messages_of_a_time(path: Path | str) -> None:
    fill(path, *(message(seq, time=seq * 1000) for seq in range(1, 3001)))

    def found(since: int | None = None, until: int | None = None) -> list[int]:
        with contextlib.closing(archive_of(path)) as archive:
            return [sent.seq for some in archive.messages(since, until) for sent in some]

    assert found() == list(range(1, 3001))
    assert found(since=2_000_000) == list(range(2000, 3001))
    assert found(until=2_000_000) == list(range(1, 2000))
    assert found(1_000_000, 1_002_000) == [1000, 1001]


def test_what_is_kept_meanwhile_is_found(path: Path | str) -> None:
    with Journal(path) as journal, contextlib.closing(archive_of(path)) as archive:
        assert numbers(archive.answer(History(5))) == []
        journal.append(message(1, "hello"))
        journal.take(1)
        assert numbers(archive.answer(History(5))) == numbers(archive.answer(Search("hello"))) == [1]


# Its end.


class Slow(Archive):
    """An archive that can be held up while SQLite is at work."""

    def __init__(self, path: Path, patience: float = math.inf) -> None:
        self.is_at_work = threading.Event()
        self.may_go_on = threading.Event()
        connection = open_to_read(str(path))
        super().__init__(connection, patience)
        connection.set_progress_handler(self._is_over, 1000)

    def _is_over(self) -> bool:
        self.is_at_work.set()
        self.may_go_on.wait(seconds(PATIENCE))
        return self._answering.is_over()


@pytest.fixture
def slow(file: Path) -> Slow:
    """An archive that is at work on a search in another thread."""
    with pytest.MonkeyPatch.context() as patch:
        no_rest(patch)
        fill(file, *messages(1, 2000))
    return Slow(file)


@pytest.mark.parametrize("question", [Search("word"), Search("..."), Search("静")])
def test_what_is_being_read_when_it_is_closed_is_interrupted_and_it_is_not_closed_under_it(
    slow: Slow, question: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asyncchat.store.queries.LAST_STATEMENT", 0.01)
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(slow.answer, question)
        assert slow.is_at_work.wait(seconds(PATIENCE))
        slow.close()  # gives up, for the disk may take for ever
        slow.may_go_on.set()
        assert answer.result() == Found([], is_all=False)
    slow.close()
    with pytest.raises(NotKept, match="the chat is closing"):
        slow.answer(question)


def test_what_nobody_waits_for_is_interrupted_and_the_next_answer_is_whole(slow: Slow) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor() as threads, contextlib.closing(slow):
        answer = threads.submit(slow.answer, Search("word"), stop)
        assert slow.is_at_work.wait(seconds(PATIENCE))
        stop.set()
        slow.may_go_on.set()
        assert answer.result() == Found([], is_all=False)
        assert numbers(slow.answer(Search("2000"))) == [2000]


def test_nothing_is_read_for_too_long(file: Path) -> None:
    fill(file, *(message(seq, token_hash=b"one", ident=seq) for seq in range(1, 2001)))
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO seats VALUES (x'01', 1, 0)")
        connection.executemany("INSERT INTO given_up VALUES (?, 1)", [(str(number),) for number in range(2000)])
        connection.commit()
    with contextlib.closing(Archive(open_to_read(str(file)), patience=0.0)) as archive:
        with pytest.raises(NotKept, match="it takes too long"):
            archive.answer(LoadResumption(b"\x01"))
        assert numbers(archive.answer(History(1))) == [2000]
