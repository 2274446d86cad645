"""What a server does while its database is away, does not answer, or refuses, and after that: a real PostgreSQL."""

import contextlib
import signal
import time
from collections.abc import Iterator

import pytest

from tests.cut import Cut
from tests.postgres import Database
from tests.programs import ServeProgram, assert_within, until
from tests.test_servers import Json, serve, serve_wrongly, url

__all__ = ["url"]


@pytest.fixture
def between(postgres: Database) -> Iterator[Cut]:
    """What a server uses to reach the database."""
    with contextlib.closing(Cut(postgres.port)) as cut:
        yield cut


def through(between: Cut, url: str, postgres: Database) -> str:
    return url.replace(f":{postgres.port}/", f":{between.port}/")


def answer(person: Json, command: str) -> str:
    """Return the last line of what a command answers."""
    person.say(command)
    return str(person.hear("notice", "refused")["text"]).splitlines()[-1]


def finds(person: Json, text: str) -> bool:
    """Tell whether queries find a message that has two words."""
    return all(answer(person, f"/{what}").endswith(text) for what in ("history", f"search {text.split()[1]}"))


def ended(server: ServeProgram) -> list[str]:
    """End a server, and return what it has logged since it began to listen; each line has its form."""
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    lines = server.errors.rest().decode().splitlines()
    assert all(line.startswith("asyncchat: ") for line in lines), lines
    return [line.removeprefix("asyncchat: ") for line in lines]


def test_queries_are_answered_again_when_the_database_is_back(url: str, postgres: Database) -> None:
    with serve(url) as one, Json(one, "alice") as alice:
        alice.posted("kept words")
        postgres.stop()
        until(lambda: alice.posted("lost")["type"] == "refused")
        assert "can't" in answer(alice, "/history")
        assert "can't" in answer(alice, "/search words")
        postgres.start()
        until(lambda: finds(alice, "kept words"))
        ended(one)


def test_queries_are_answered_again_when_the_network_was_away(url: str, postgres: Database, between: Cut) -> None:
    with serve(through(between, url, postgres), "--search-timeout", "1") as one, Json(one, "alice") as alice:
        alice.posted("kept words")
        between.is_silent = True
        assert not finds(alice, "kept words")
        between.is_silent = False
        until(lambda: finds(alice, "kept words"))
        until(lambda: alice.posted("more words")["type"] == "ack")
        ended(one)


def test_a_server_ends_soon_though_its_database_does_not_answer(url: str, postgres: Database, between: Cut) -> None:
    def attempt() -> float:
        with serve(through(between, url, postgres)) as one, Json(one, "alice") as alice:
            alice.say("/history")
            between.is_silent = True
            alice.say("on its way")
            begun = time.monotonic()
            ended(one)
            between.is_silent = False
            return time.monotonic() - begun

    assert_within(8, attempt)


def test_a_database_that_never_answers_is_one_line_soon(url: str, postgres: Database, between: Cut) -> None:
    def attempt() -> float:
        between.is_silent = True
        begun = time.monotonic()
        with serve_wrongly(through(between, url, postgres)) as refused:
            assert refused.wait() == 1
            (line,) = refused.errors.rest().decode().splitlines()
            assert "does not answer" in line
        return time.monotonic() - begun

    assert_within(6, attempt)


def test_a_host_that_does_not_answer_leaves_time_for_the_next_one(url: str, postgres: Database, between: Cut) -> None:
    between.is_silent = True
    with (
        serve(url.replace(f":{postgres.port}/", f":{between.port},127.0.0.1:{postgres.port}/")) as one,
        Json(one, "alice") as alice,
    ):
        assert alice.posted("kept")["type"] == "ack"
