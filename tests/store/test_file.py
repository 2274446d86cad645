"""The store's file: ours or not, whole or not, old or new."""

import contextlib
import os
import random
import sqlite3
from pathlib import Path

import pytest

from asyncchat.chat.queries import Search
from asyncchat.store.archive import Archive
from asyncchat.store.file import StoreError, StoreFile, open_to_read
from asyncchat.store.schema import MIGRATIONS, migrate
from tests.store import Journal, fill, found, messages, rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


def refusal(path: Path | str) -> str:
    """Return why a store is not opened, which must leave the file alone."""
    before = Path(path).read_bytes() if os.path.isfile(path) else None
    with pytest.raises(StoreError) as refused:
        StoreFile(str(path)).close()
    assert (Path(path).read_bytes() if os.path.isfile(path) else None) == before
    assert "\n" not in str(refused.value)
    return str(refused.value).replace(str(path), "FILE")


def test_a_file_of_somebody_else_is_refused(path: Path) -> None:
    path.write_text("Dear diary, today I have written more than a hundred characters into this file, I am so proud.")
    assert refusal(path) == "FILE is no store of asyncchat: it is left as it is"


def test_a_database_of_somebody_else_is_refused(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE messages (text)")
    connection.close()
    assert refusal(path) == "FILE is no store of asyncchat: it is left as it is"


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    fill(path, *messages(1, 3))
    assert rows(path, "SELECT count(*) FROM messages") == [(3,)]


def test_a_store_of_a_newer_version_is_refused(path: Path) -> None:
    fill(path, *messages(1, 3))
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    assert refusal(path) == "the store FILE is of a newer asyncchat than this one: it is left as it is"


def test_a_store_that_another_server_has_is_refused_and_can_be_read(path: Path) -> None:
    with Journal(path) as journal:
        journal.append(*messages(1, 3))
        journal.take(1)
        with pytest.raises(StoreError, match="is in use: another server keeps its chat there"):
            StoreFile(str(path))
        with contextlib.closing(Archive(open_to_read(str(path)))) as archive:
            assert [len(some) for some in archive.messages()] == [3]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere" / "chat.db") == "can't open the store FILE: no such file or directory"


def test_a_folder_instead_of_a_file_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "can't open the store FILE: is a directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="whoever is root may write everything")
def test_a_folder_that_can_not_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert refusal(tmp_path / "chat.db") == "can't open the store FILE: permission denied"


@pytest.mark.parametrize("size", [50, 4096, 20_000])
def test_a_store_that_was_cut_is_refused(path: Path, size: int) -> None:
    fill(path, *messages(1, 3000))
    os.truncate(path, size)
    assert "FILE is damaged" in (said := refusal(path)) or "the store is damaged" in said or "is no store" in said


@pytest.mark.parametrize("seed", range(30))
def test_a_store_with_flipped_bytes_is_refused_or_works(path: Path, seed: int) -> None:
    fill(path, *messages(1, 1000))
    chance = random.Random(seed)
    data = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 20, 200])):
        data[chance.randrange(100, len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)
    with contextlib.suppress(StoreError):
        with Journal(path) as journal:
            journal.append(*messages(journal.journal.seq + 1, journal.journal.seq + 10))
            journal.take(1)
        with contextlib.closing(Archive(open_to_read(str(path)))) as archive:
            archive.answer(Search("message"))
            list(archive.messages())


# Versions.


def make_version(path: Path, version: int) -> None:
    """Make a store as a program of that version did, with something in it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA application_id = 0x61636874")
    migrate(connection, version)
    connection.execute("INSERT INTO messages (seq, time, name, text) VALUES (1, 1000, 'bob', 'an old message')")
    connection.close()


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_a_store_of_every_earlier_version_is_brought_up_to_date(path: Path, version: int) -> None:
    make_version(path, version)
    epoch = rows(path, "SELECT value FROM facts WHERE name = 'epoch'")
    with Journal(path) as journal:
        assert [sent.text for sent in journal.journal.recent] == ["an old message"]
        assert epoch == [(journal.journal.epoch,)]
    assert rows(path, "PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert found(path, "old") == ["an old message"]


def test_a_version_that_could_not_be_made_is_not_made_in_part(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_version(path, 1)
    broken = (MIGRATIONS[0], "CREATE TABLE half (a); CREATE nonsense;")
    monkeypatch.setattr("asyncchat.store.schema.MIGRATIONS", broken)
    with pytest.raises(StoreError):
        StoreFile(str(path))
    assert rows(path, "PRAGMA user_version") == [(1,)]
    assert rows(path, "SELECT name FROM sqlite_master WHERE name = 'half'") == []
