"""What can be asked of a store."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncchat.chat.archive import Found, History, Recall, Recalled, Search
from asyncchat.chat.lines import visible
from asyncchat.chat.messages import Sent
from asyncchat.store import upkeep
from asyncchat.store.archive import Archive
from asyncchat.store.file import open_to_read
from tests.programs import until
from tests.store import Journal, ask, fill, indexed, message, messages, no_rest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


def numbers(found: list[Sent] | Found) -> list[int]:
    return [sent.seq for sent in (found.messages if isinstance(found, Found) else found)]


@pytest.fixture(params=["indexed", "not indexed", "half indexed"])
def archive(path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    """A store of 300 messages, every tenth with something to find."""
    said = [message(seq, f"the {'red fox' if seq % 10 == 0 else 'dog'}, number {seq}") for seq in range(1, 301)]
    wanted = {"indexed": 300, "not indexed": 0, "half indexed": 150}[request.param]
    if wanted:
        monkeypatch.setattr(upkeep, "REST", 0.0)
        with Journal(path) as journal:
            journal.append(*said[:wanted])
            journal.take(1)
            until(lambda: indexed(path) == wanted)
    if wanted < 300:
        no_rest(monkeypatch)
        fill(path, *said[wanted:])
    with contextlib.closing(Archive(open_to_read(str(path)))) as archive:
        yield archive


@pytest.mark.parametrize(
    ("nth", "found"),
    [
        (250, range(51, 76)),
        (25, range(276, 301)),
        (3, range(298, 301)),
        (300, range(1, 26)),
        (310, range(1, 16)),
        (1000, range(0)),
        (10**18 - 1, range(0)),
    ],
)
def test_history_is_from_the_nth_last_on(archive: Archive, nth: int, found: range) -> None:
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
def test_search_finds_the_last_messages_with_all_the_words(archive: Archive, words: str, found: range) -> None:
    assert numbers(archive.answer(Search(words))) == list(found)


@given(words=st.text(min_size=1).map(visible).filter(str.strip))
def test_nothing_that_is_searched_for_is_an_error(tmp_path_factory: pytest.TempPathFactory, words: str) -> None:
    path = tmp_path_factory.getbasetemp() / "searched.db"
    if not path.exists():
        fill(path, *messages(1, 10))
    ask(path, Search(words))


def test_letters_with_and_without_marks_are_the_same(path: Path) -> None:
    fill(path, message(1, "à la carte, ÜBER"))
    assert numbers(ask(path, Search("a uber"))) == [1]


def test_what_was_sent_from_a_seat_is_recalled_the_newest_first(path: Path) -> None:
    fill(path, *(message(seq, seat=b"one" if seq % 2 else b"two", ident=seq * 10) for seq in range(1, 101)))
    assert ask(path, Recall(b"one")) == Recalled([(seq * 10, seq) for seq in range(99, 35, -2)], None, name="bob")
    assert ask(path, Recall(b"three")) == Recalled([], None)


def test_messages_of_a_time(path: Path) -> None:
    fill(path, *(message(seq, time=seq * 1000) for seq in range(1, 3001)))

    def found(since: int | None = None, until: int | None = None) -> list[int]:
        with contextlib.closing(Archive(open_to_read(str(path)))) as archive:
            return [sent.seq for some in archive.messages(since, until) for sent in some]

    assert found() == list(range(1, 3001))
    assert found(since=2_000_000) == list(range(2000, 3001))
    assert found(until=2_000_000) == list(range(1, 2000))
    assert found(1_000_000, 1_002_000) == [1000, 1001]


def test_what_is_kept_meanwhile_is_found(path: Path) -> None:
    with Journal(path) as journal, contextlib.closing(Archive(open_to_read(str(path)))) as archive:
        assert numbers(archive.answer(History(5))) == []
        journal.append(message(1, "hello"))
        journal.take(1)
        assert numbers(archive.answer(History(5))) == numbers(archive.answer(Search("hello"))) == [1]
