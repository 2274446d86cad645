"""`asyncchat serve --keep`: what need not be kept goes, whatever is said meanwhile."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.programs import ServeProgram


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "chat.db")


def test_no_more_is_kept_than_shall_be_while_everybody_talks_on_and_on(path: str) -> None:
    with (
        ServeProgram("--rate", "0", "--store", path, "--keep", "100") as room,
        room.join("bob") as bob,
        closing(sqlite3.connect(path)) as connection,
    ):
        for begin in range(0, 4000, 20):  # as fast as it comes back: there is no rest
            bob.send("".join(f"line {number}\n" for number in range(begin, begin + 20)))
            bob.lines.until(f"bob: line {begin + 19}")
            if begin > 2000:
                (kept,) = connection.execute("SELECT count(*) FROM messages").fetchone()
                assert kept <= 110 + 1000
