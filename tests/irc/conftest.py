"""What the tests of IRC share."""

import shutil
from pathlib import Path

import pytest

from asyncchat.log.accounts import Role
from tests.conftest import a_store
from tests.programs import ADMIN, SECRET


@pytest.fixture(scope="session")
def moderated_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_store(
        tmp_path_factory,
        ("admin", ADMIN, Role.ADMIN),
        ("mod", SECRET, Role.MODERATOR),
        ("alice", SECRET, Role.REGISTERED),
        ("bob", SECRET, Role.REGISTERED),
    )


@pytest.fixture
def store(moderated_store: Path, tmp_path: Path) -> str:
    """A store in which mod is a moderator, and alice and bob are registered."""
    return str(shutil.copy(moderated_store, tmp_path / "chat.db"))
