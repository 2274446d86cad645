"""What a server does while its database is away, does not answer, or refuses, and after that: a real PostgreSQL."""

import contextlib
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from asyncchat.store.postgres.connection import PgConnection
from tests.cut import Cut
from tests.postgres import Database
from tests.programs import ServeProgram, assert_within, until
from tests.test_servers import Json, backends, serve, serve_wrongly, url

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
    return all(answer(person, f"/{what}").endswith(text) for what in ("history", f"search {text.split()[-1]}"))


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
        unreachable = "this can't be done: the database can't be reached."
        assert answer(alice, "/history") == unreachable
        assert answer(alice, "/search words") == unreachable
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


@contextlib.contextmanager
def locked(url: str, table: str) -> Iterator[PgConnection]:
    """Keep all from writing a table for the time of the context, as VACUUM FULL does."""
    with contextlib.closing(PgConnection(url)) as holder:
        holder.script(
            f"SET idle_in_transaction_session_timeout = 0; BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"
        )
        yield holder


def test_a_server_that_waits_for_a_lock_is_not_given_up(url: str, postgres: Database) -> None:
    def silence() -> float:
        (age,) = postgres.sql("SELECT extract(epoch FROM max(clock_timestamp() - seen)) FROM servers", url=url)[0]
        return float(age)

    with serve(url) as one, serve(url) as other, Json(one, "alice") as alice, Json(other, "bob") as bob:
        with locked(url, "messages"):
            begun = time.monotonic()
            alice.say("lost")
            while time.monotonic() < begun + 10:
                assert silence() < 6
        assert alice.hear("ack", "refused")["code"] == "not-kept"
        until(lambda: alice.posted("kept")["type"] == "ack")
        assert bob.hear("message", "left")["text"] == "kept"
        assert [line for line in ended(one) if "lock" in line] == [
            "nothing can be posted until this has ended: somebody keeps a lock on the tables of the database"
        ]


@pytest.mark.parametrize("table", ["head", "log", "servers", "messages"])
def test_while_a_table_is_locked_lines_are_refused(url: str, table: str) -> None:
    with serve(url) as one, Json(one, "alice") as alice:
        with locked(url, table):
            assert alice.posted("lost")["code"] == "not-kept"
        until(lambda: (answer := alice.posted("kept"))["type"] == "ack" and answer["seq"] == 1)


def test_a_lock_is_waited_for_once_and_not_for_each_line(url: str, postgres: Database) -> None:
    def attempt() -> float:
        with serve(url, "--rooms", "open") as one, Json(one, "alice") as alice:
            alice.tell(type="join", conversation="#ops")
            alice.hear("room")
            with locked(url, "messages, said"):
                begun = time.monotonic()
                for number in range(30):
                    alice.tell(type="say", id=number, text="lost", **({"conversation": "#ops"} if number % 2 else {}))
                until(lambda: alice.hear("refused")["id"] == 29)
                return time.monotonic() - begun

    assert_within(8, attempt)


class Dba:
    """Does what an administrator may do to a database, whose servers are not its owner."""

    def __init__(self, postgres: Database, url: str) -> None:
        self._postgres = postgres
        self._url = url
        self.role = f"role{secrets.token_hex(4)}"
        self.name = url.rpartition("/")[2]
        self.do(f"CREATE ROLE {self.role} LOGIN PASSWORD 'right'", f"ALTER DATABASE {{name}} OWNER TO {self.role}")
        self.url = url.replace("chat@", f"{self.role}:right@")

    def do(self, *statements: str) -> None:
        """Execute statements in the database, with its name and that of the role for those words in braces."""
        with contextlib.closing(PgConnection(self._url)) as connection:
            for statement in statements:
                connection.script(statement.format(name=self.name, role=self.role))

    def end(self) -> None:
        """End all connections of the servers."""
        backends(self._url, self._postgres)

    def admit(self, how: str) -> None:
        """Say how the role is let in from now on, as in pg_hba.conf."""
        self._postgres.admit(how.format(name=self.name, role=self.role))


@pytest.mark.parametrize(
    ("harm", "help_", "said"),
    [
        ("REVOKE INSERT ON messages FROM {role}", "GRANT INSERT ON messages TO {role}", "permission denied"),
        ("ALTER TABLE messages RENAME TO moved", "ALTER TABLE moved RENAME TO messages", "does not exist"),
        ("ALTER TABLE messages RENAME COLUMN text TO t", "ALTER TABLE messages RENAME COLUMN t TO text", "not exist"),
        (
            "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE 'full' USING ERRCODE = '53100'; END $$;"
            "CREATE TRIGGER filled BEFORE INSERT ON messages EXECUTE FUNCTION fill()",
            "DROP TRIGGER filled ON messages",
            "the disk of the database is full",
        ),
    ],
)
def test_while_the_tables_can_not_be_written_lines_are_refused_and_the_log_says_why(
    url: str, postgres: Database, harm: str, help_: str, said: str
) -> None:
    dba = Dba(postgres, url)
    refuses_and_recovers(dba, lambda: dba.do(harm), lambda: dba.do(help_), said)


@pytest.mark.parametrize(
    ("harm", "help_", "said"),
    [
        ("ALTER ROLE {role} NOLOGIN", "ALTER ROLE {role} LOGIN", "not permitted to log in"),
        ("ALTER ROLE {role} CONNECTION LIMIT 0", "ALTER ROLE {role} CONNECTION LIMIT -1", "too many connections"),
        (
            "ALTER DATABASE {name} SET default_transaction_read_only = on",
            "SET default_transaction_read_only = off; ALTER DATABASE {name} RESET default_transaction_read_only",
            "can only be read",
        ),
        ("ALTER ROLE {role} SET statement_timeout = 1", "ALTER ROLE {role} RESET statement_timeout", ""),
        ("ALTER ROLE {role} SET search_path = none", "ALTER ROLE {role} RESET search_path", "does not exist"),
        ("ALTER ROLE {role} PASSWORD 'other'", "ALTER ROLE {role} PASSWORD 'right'", "password authentication failed"),
    ],
)
def test_while_the_role_is_not_let_in_lines_are_refused_and_the_log_says_why(
    url: str, postgres: Database, harm: str, help_: str, said: str
) -> None:
    dba = Dba(postgres, url)
    dba.admit("host {name} {role} 127.0.0.1/32 scram-sha-256")

    def do() -> None:
        dba.do(harm)
        dba.end()

    def undo() -> None:
        dba.do(*help_.split("; "))
        dba.end()

    refuses_and_recovers(dba, do, undo, said)


TOLD = (
    "the database can't be reached",
    "the database refuses it",
    "the database can only be read: it is a standby",
    "the disk of the database is full",
    "it takes too long",
)


def told(refused: dict[str, Any]) -> bool:
    """Tell whether a user is told no more than there is to know: not where the database is, nor what it has said."""
    assert str(refused["text"]).partition(": ")[2].removesuffix(".") in TOLD
    return True


def refuses_and_recovers(dba: Dba, harm: Callable[[], object], undo: Callable[[], object], said: str) -> None:
    with serve(dba.url) as one, Json(one, "alice") as alice:
        assert alice.posted("before")["seq"] == 1
        harm()
        until(lambda: (answer := alice.posted("lost")).get("code") == "not-kept" and told(answer))
        logged = one.errors.until(said)
        assert "nothing can be posted" in logged[-1]
        undo()
        until(lambda: (answer := alice.posted("after"))["type"] == "ack" and answer["seq"] == 2)
        until(lambda: finds(alice, "alice: after"))
        assert "messages can be stored again" in ended(one)


def test_a_database_that_has_lost_entries_and_has_others_since_then_ends_the_server(
    url: str, postgres: Database, between: Cut
) -> None:
    with serve(through(between, url, postgres)) as one, Json(one, "alice") as alice:
        for text in ("one", "two", "three"):
            alice.posted(text)
        between.is_open = False
        for statement in (
            "DELETE FROM log WHERE entry >= (SELECT entry - 1 FROM head)",
            "UPDATE head SET entry = entry - 2",
            "DELETE FROM messages WHERE seq > 1",
        ):
            postgres.sql(statement, url=url)
        with serve(url) as other, Json(other, "bob") as bob:
            assert [bob.posted(text)["seq"] for text in ("new", "newer", "newest")] == [2, 3, 4]
            between.is_open = True
            assert one.wait() == 1
        assert "has lost entries" in one.errors.rest().decode().splitlines()[-1]
