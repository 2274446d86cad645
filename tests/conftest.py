"""What the tests share: a room server, and the time that everything may take."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from asyncchat.log.accounts import Role
from asyncchat.store.file import StoreFile
from tests.fork_server import QUICK_HASHER
from tests.postgres import Database, database
from tests.programs import ADMIN, SECRET, ServeProgram

# No examples are too slow: on a busy machine, how long it takes to make some says nothing about them.
_UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("asyncchat", _UNHURRIED, max_examples=50)
settings.register_profile("thorough", _UNHURRIED, max_examples=1000)
settings.load_profile("asyncchat")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Database]:
    """A PostgreSQL of this process."""
    with database() as running:
        yield running


@pytest.fixture
def room() -> Iterator[ServeProgram]:
    """A running group chat, in which one may say as much as one likes."""
    with ServeProgram("--rate", "0") as server:
        yield server


@pytest.fixture(scope="session")
def new_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as a server makes it, whose admin has the password ADMIN."""
    return a_store(tmp_path_factory, ("admin", ADMIN, Role.ADMIN))


@pytest.fixture(scope="session")
def made_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which alice and bob are registered, with SECRET, and admin, with ADMIN."""
    return a_store(
        tmp_path_factory,
        ("admin", ADMIN, Role.ADMIN),
        ("alice", SECRET, Role.REGISTERED),
        ("bob", SECRET, Role.REGISTERED),
    )


def a_store(folders: pytest.TempPathFactory, *accounts: tuple[str, str, Role]) -> Path:
    """Make a store, in one file, with some accounts: their names, passwords and roles."""
    path = folders.mktemp("made") / "chat.db"
    with closing(StoreFile(str(path))) as file:
        file.connection.executemany(
            "INSERT INTO accounts (key, name, password, role) VALUES (?, ?, ?, ?)",
            [(name, name, QUICK_HASHER.hash(password), int(role)) for name, password, role in accounts],
        )
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    return path


@pytest.fixture
def empty_store(new_store: Path, tmp_path: Path) -> str:
    """A copy of the store in which nothing was said yet."""
    return str(shutil.copy(new_store, tmp_path / "chat.db"))


@pytest.fixture
def with_people(made_store: Path, tmp_path: Path) -> str:
    """A copy of the store in which alice and bob are registered."""
    return str(shutil.copy(made_store, tmp_path / "people.db"))
