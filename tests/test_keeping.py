"""`asyncchat serve --keep`: what need not be kept goes, whatever is said meanwhile, and nothing because of a clock."""

import os
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from asyncchat.log.room_events import timestamp
from tests.programs import ADMIN, Program, ServeProgram, until
from tests.test_json_server import bot


@pytest.fixture
def path(empty_store: str) -> str:
    return empty_store


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


# A clock that is wrong.

CLOCK = """
import os, sys, time
from pathlib import Path
real, wrong = time.time_ns, Path(os.environ["WRONG"])
time.time_ns = lambda: real() + int(wrong.read_text() or 0) * 10**9
from asyncchat.cli import main
sys.exit(main())
"""
DAY = 86_400
YEARS = 50 * 365 * DAY


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """By how many seconds the clock is wrong."""
    path = tmp_path / "wrong"
    path.write_text("0")
    return path


def set_clock(wrong: Path, seconds: int) -> None:
    wrong.with_name("new").write_text(f"{seconds}")
    wrong.with_name("new").rename(wrong)


def clocked(wrong: Path, path: str, *arguments: str) -> ServeProgram:
    command = (sys.executable, "-W", "error", "-c", CLOCK)
    arguments = ("--rate", "0", "--store", path, *arguments)
    return ServeProgram(*arguments, command=command, environment={"WRONG": str(wrong)})


def said_in(path: str) -> list[str]:
    with Program("filter", "--store", path) as program:
        return program.out.rest().decode().splitlines()


@pytest.mark.parametrize("by", [YEARS, -YEARS])
def test_a_clock_that_is_wrong_for_a_moment_deletes_nothing_and_stamps_nothing(path: str, wrong: Path, by: int) -> None:
    with clocked(wrong, path, "--keep", "30d") as room, bot(room, "alice") as alice:
        begun = timestamp(time.time_ns() // 1_000_000 - 1000)
        alice.say("before")
        alice.until("ack")
        set_clock(wrong, by)
        room.errors.until("start the server once with --trust-clock")
        alice.say("meanwhile")
        alice.until("ack")
        set_clock(wrong, 0)
        alice.say("after")
        (event,) = [event for event in alice.until("ack") if event["type"] == "message"]
        assert begun <= event["time"] <= timestamp(time.time_ns() // 1_000_000 + 1000)
        room.signal(signal.SIGTERM)
        assert room.wait() == 0
        assert b"--trust-clock" not in room.errors.rest()  # it is said once
    with closing(sqlite3.connect(path)) as connection:
        times = [timestamp(time) for (time,) in connection.execute("SELECT time FROM messages ORDER BY seq")]
    assert len(times) == 3
    assert begun <= times[0] <= times[1] <= times[2] == event["time"]


def test_a_start_with_a_wrong_clock_deletes_nothing_until_the_clock_is_said_to_be_right(path: str, wrong: Path) -> None:
    with clocked(wrong, path, "--keep", "30d") as room, room.join("bob") as bob:
        bob.send("hello\n")
        bob.lines.until("bob: hello")
    set_clock(wrong, 40 * DAY)
    with clocked(wrong, path, "--keep", "30d") as room:
        room.errors.until("start the server once with --trust-clock")
        until(lambda: not os.path.getsize(f"{path}-wal"))  # all work is done
        assert said_in(path) == ["bob: hello"]
    with clocked(wrong, path, "--keep", "30d", "--trust-clock"):
        until(lambda: said_in(path) == [])


def test_a_wrong_clock_ends_no_ban(with_people: str, wrong: Path) -> None:
    with clocked(wrong, with_people) as room, room.connect() as admin:
        admin.send(f"/auth admin {ADMIN}\n")
        admin.lines.until("authorized successfully")
        with room.join("eve") as eve:
            admin.send("/ban eve 1h\n")
            eve.lines.until("you are banned!")
        set_clock(wrong, YEARS)
        room.errors.until("start the server once with --trust-clock")
        with room.connect() as eve:
            eve.send("eve\n")
            eve.lines.until("you are banned!")
