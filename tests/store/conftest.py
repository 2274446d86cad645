"""The two homes of a store: a file, and a database."""

from pathlib import Path

import pytest

from tests.postgres import Database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that is to be a store."""
    return tmp_path / "chat.db"


@pytest.fixture(params=["sqlite", "postgres"])
def path(request: pytest.FixtureRequest) -> Path | str:
    """A file that is to be a store, and then an empty database, by its URL."""
    if request.param == "sqlite":
        made: Path = request.getfixturevalue("file")
        return made
    database: Database = request.getfixturevalue("postgres")
    return database.make()
