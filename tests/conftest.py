"""What the tests share: a room server, and the time that everything may take."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings

from asyncchat.store.file import StoreFile
from tests.programs import ADMIN, SECRET, ServeProgram

# No examples are too slow: on a busy machine, how long it takes to make some says nothing about them.
settings.register_profile("asyncchat", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("asyncchat")


@pytest.fixture(scope="session")
def next_room() -> Iterator[list[ServeProgram]]:
    """A group chat that starts while another test runs: to wait for each would take a fifth of all the time."""
    starting = [ServeProgram("--rate", "0")]
    yield starting
    with starting.pop():
        pass


@pytest.fixture
def room(next_room: list[ServeProgram]) -> Iterator[ServeProgram]:
    """A running group chat, in which one may say as much as one likes."""
    with next_room.pop() as server:
        next_room.append(ServeProgram("--rate", "0"))
        yield server


@pytest.fixture(scope="session")
def made_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which alice and bob are registered, with SECRET, and admin, with ADMIN.

    To have the program hash that for each test would take a tenth of all the time.
    """
    path = tmp_path_factory.mktemp("made") / "chat.db"
    hasher = PasswordHasher(parallelism=1)
    with closing(StoreFile(str(path))) as file:
        password = hasher.hash(SECRET)
        file.connection.executemany(
            "INSERT INTO accounts (key, name, password, role) VALUES (?, ?, ?, ?)",
            [
                ("admin", "admin", hasher.hash(ADMIN), 3),
                ("alice", "alice", password, 1),
                ("bob", "bob", password, 1),
            ],
        )
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # so that one file has all of it
    return path


@pytest.fixture
def with_people(made_store: Path, tmp_path: Path) -> str:
    """A copy of that store."""
    return str(shutil.copy(made_store, tmp_path / "people.db"))
