"""The store's file: ours or not, whole or not, old or new."""

import contextlib
import os
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncchat.chat.requests.queries import Search
from asyncchat.store.archive import Archive
from asyncchat.store.file import ERRORS, GivenUp, StoreError, StoreFile, open_to_read, reason
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


# What other programs write into it while it is open.


def put(path: Path, data: bytes) -> None:
    with path.open("r+b") as file:
        file.truncate(0)
        file.write(data)


def write(file: StoreFile, seq: int, text: str = "something") -> None:
    with file.transaction():
        file.connection.execute("INSERT INTO messages (seq, time, name, text) VALUES (?, 1, 'bob', ?)", (seq, text))


@contextlib.contextmanager
def opened(path: Path) -> Iterator[StoreFile]:
    with contextlib.closing(StoreFile(str(path))) as file:
        write(file, 1)
        yield file


@contextlib.contextmanager
def given_up(path: Path, why: str) -> Iterator[StoreFile]:
    """Open a store, and expect that after what is done with it nothing is written to the file, to the end."""
    with opened(path) as file:
        yield file
        left = path.read_bytes()
        for _ in range(2):
            with pytest.raises(ERRORS) as refused:
                write(file, 9999)
            assert reason(refused.value) == why
        with pytest.raises(GivenUp, match=why):
            file.checkpoint()
        with pytest.raises(GivenUp, match=why):
            file.check_usable()
    assert path.read_bytes() == left


OVERWRITTEN = "the store's file was overwritten"


def test_a_copy_of_an_earlier_state_is_noticed_though_it_is_as_long(path: Path) -> None:
    with given_up(path, OVERWRITTEN) as file:
        assert file.checkpoint()
        earlier = path.read_bytes()
        write(file, 2)
        assert file.checkpoint()
        assert len(earlier) == path.stat().st_size
        put(path, earlier)


def test_a_copy_from_before_sqlite_has_brought_the_log_into_the_file_is_noticed(path: Path) -> None:
    with given_up(path, OVERWRITTEN) as file:
        write(file, 2, "x" * 5_000_000)
        with file.transaction():
            file.connection.execute("DELETE FROM messages WHERE seq = 2")  # the pages stay
        assert file.checkpoint()
        earlier = path.read_bytes()
        write(file, 2, "x" * 5_000_000)
        assert len(earlier) == path.stat().st_size
        assert earlier != path.read_bytes()
        put(path, earlier)


def test_a_copy_of_the_same_state_changes_nothing(path: Path) -> None:
    with opened(path) as file:
        assert file.checkpoint()
        put(path, path.read_bytes())
        write(file, 2)
        assert file.checkpoint()


def test_a_log_that_was_cut_is_not_written_any_more(path: Path) -> None:
    with given_up(path, OVERWRITTEN):
        os.truncate(f"{path}-wal", 0)
    with contextlib.closing(StoreFile(str(path))) as again:
        assert again.connection.execute("SELECT * FROM messages").fetchall() == []


@pytest.mark.parametrize("mode", ["PASSIVE", "RESTART", "TRUNCATE"])
def test_another_sqlite_may_bring_the_log_into_the_file(path: Path, mode: str) -> None:
    with opened(path) as file:
        for seq in (2, 3):
            rows(path, f"PRAGMA wal_checkpoint({mode})")
            write(file, seq)
    assert rows(path, "SELECT seq FROM messages") == [(1,), (2,), (3,)]


def test_a_damaged_file_is_not_written_any_more(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fill(path, *messages(2, 3000))
    with given_up(path, "the store is damaged"), path.open("r+b") as spoiled:
        spoiled.seek(8192)  # all behind what is looked at each time
        spoiled.write(os.urandom(path.stat().st_size - 8192))
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [f"{path} is damaged"]


def test_a_copy_of_an_earlier_state_is_noticed_also_after_a_commit_that_failed(path: Path) -> None:
    with given_up(path, OVERWRITTEN) as file:
        do = file.connection.execute
        do("CREATE TABLE child (message REFERENCES messages DEFERRABLE INITIALLY DEFERRED)")
        do("PRAGMA foreign_keys = ON")
        assert file.checkpoint()
        with pytest.raises(sqlite3.IntegrityError), file.transaction():
            do("INSERT INTO child VALUES (1000)")
        write(file, 2)
        assert file.checkpoint()
        earlier = path.read_bytes()
        write(file, 3)
        assert file.checkpoint()
        assert len(earlier) == path.stat().st_size
        put(path, earlier)


def test_what_a_killed_server_has_left_in_the_log_is_no_alarm(path: Path, tmp_path: Path) -> None:
    with opened(path) as file:
        copy = tmp_path / "killed.db"
        for number in range(2):
            write(file, 2 + number)
            with contextlib.closing(sqlite3.connect(path)) as reader:
                reader.execute("BEGIN")
                reader.execute("SELECT * FROM facts").fetchone()
                write(file, 10 + number)
                file.checkpoint()
        write(file, 4)
        for end in ("", "-wal"):
            Path(f"{copy}{end}").write_bytes(Path(f"{path}{end}").read_bytes())
        with contextlib.closing(StoreFile(str(copy))) as again:
            again.checkpoint()
            write(again, 20)
            again.checkpoint()
            write(again, 21)
