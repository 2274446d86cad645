"""What a store knows of the time, from one start to the next."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from asyncchat.store.file import Retention, StoreFile
from asyncchat.store.times import keep_time, open_clock
from asyncchat.system.clock import Evidence, read_wall

DAY = 86_400_000
SOON = 10_000
"""Milliseconds that a test may take."""


@pytest.fixture
def file(tmp_path: Path) -> Iterator[StoreFile]:
    with closing(StoreFile(str(tmp_path / "chat.db"))) as file:
        yield file


def say(file: StoreFile, *times: int) -> None:
    file.connection.executemany(
        "INSERT INTO messages (seq, time, name, text) VALUES (?, ?, 'bob', 'x')", list(enumerate(times, 1))
    )


@pytest.mark.parametrize(
    ("keep", "off", "is_believed"),
    [
        (Retention(milliseconds=30 * DAY), 2 * DAY, True),
        (Retention(milliseconds=30 * DAY), 4 * DAY, False),
        (Retention(messages=5), 6 * DAY, True),
        (Retention(), 8 * DAY, False),
    ],
)
def test_after_the_machine_was_off_the_clock_is_believed_within_a_tenth_of_what_is_kept(
    file: StoreFile, keep: Retention, off: int, *, is_believed: bool
) -> None:
    keep_time(file.connection.execute, Evidence(read_wall() - off, 0, "another start"))
    clock = open_clock(file, keep, trust=False)
    assert abs(read_wall() - (0 if is_believed else off) - clock.trusted()) < SOON
    assert abs(open_clock(file, keep, trust=True).trusted() - read_wall()) < SOON


@pytest.mark.parametrize(("last", "trusted"), [(-90 * DAY, -90 * DAY), (90 * DAY, 0)])
def test_a_store_of_an_earlier_version_knows_the_time_by_its_last_message(
    file: StoreFile, last: int, trusted: int
) -> None:
    now = read_wall()
    say(file, now - 95 * DAY, now + last)
    assert abs(open_clock(file, Retention(), trust=False).trusted() - (now + trusted)) < SOON


def test_what_was_taken_for_later_than_it_is_has_just_happened_if_the_clock_is_right(file: StoreFile) -> None:
    now = read_wall()
    do = file.connection.execute
    keep_time(do, Evidence(now + 90 * DAY, 0, "another start"))
    say(file, now - DAY, now + DAY)
    do("INSERT INTO private (conversation, seq, time, sender, nth, text) VALUES (1, 1, ?, 1, 1, 'x')", (now + DAY,))
    do("INSERT INTO seats VALUES (x'01', 1, ?)", (now + 90 * DAY,))
    do("INSERT INTO given_up VALUES ('eve', ?)", (now + 80 * DAY,))
    do("INSERT INTO restrictions VALUES ('ban', '', 'eve', 'eve', '', ?, 2)", (now + 91 * DAY,))
    do("INSERT INTO restrictions VALUES ('ban', '', 'mallory', 'mallory', '', NULL, 2)")
    clock = open_clock(file, Retention(), trust=True)

    def days(query: str) -> list[int | None]:
        return [None if time is None else round((time - now) / DAY) for (time,) in do(query)]

    assert days("SELECT ifnull(written, time) FROM messages ORDER BY seq") == [-1, 0]
    assert days("SELECT time FROM messages ORDER BY seq") == [-1, 1]  # as it was shown
    assert days("SELECT ifnull(written, time) FROM private") == [0]
    assert days("SELECT time FROM seats UNION ALL SELECT time FROM given_up") == [0, 0]
    assert days("SELECT until FROM restrictions ORDER BY key") == [1, None]
    assert abs(clock.moment() - now) < SOON


def test_what_is_known_by_when_it_came_to_be_never_gets_an_earlier_time(file: StoreFile) -> None:
    latest = read_wall() + DAY
    file.connection.execute("INSERT INTO seats VALUES (x'01', 1, ?)", (latest,))
    assert open_clock(file, Retention(), trust=False).moment() == latest
