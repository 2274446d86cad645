"""Several servers with one database: real processes, a real PostgreSQL, and what can happen to both."""

import contextlib
import json
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from asyncchat.store.postgres.connection import PgConnection
from tests.cut import Cut
from tests.postgres import Database
from tests.programs import ADMIN, PATIENCE, SECRET, Nc, Program, ServeProgram, assert_within, seconds, until

LOST = "Server: this server has lost the others. Join again, or at another server."


@pytest.fixture
def url(postgres: Database) -> Iterator[str]:
    """An empty database."""
    yield postgres.make()
    with contextlib.suppress(Exception):
        postgres.start()  # if a test has stopped it
    postgres.wait()


def serve(url: str, *arguments: str) -> ServeProgram:
    """Return a server, which begins at once."""
    how = ("--store", url, "--rate", "0", "--drain-timeout", "1", *arguments)
    return ServeProgram(*how, environment={"ASYNCCHAT_ADMIN_PASSWORD": ADMIN})


class Json(Nc):
    """A program that speaks JSON."""

    def __init__(self, server: ServeProgram, name: str, **fields: Any) -> None:
        super().__init__(server.port)
        self._id = 0
        self.tell(type="hello", v=1, name=name, **fields)
        self.lines.line()  # the question for a name
        self.welcome = self.hear("welcome", "error")

    def tell(self, **fields: Any) -> None:
        self.send(json.dumps(fields) + "\n")

    def say(self, text: str) -> int:
        self._id += 1
        self.tell(type="say", id=self._id, text=text)
        return self._id

    def hear(self, *kinds: str) -> dict[str, Any]:
        """Return the next event of these kinds."""
        while True:
            event: dict[str, Any] = json.loads(self.line())
            if event["type"] in kinds:
                return event

    def hear_of(self, kind: str, name: str) -> None:
        """Wait for an event about a user."""
        while self.hear(kind)["name"] != name:
            pass

    def posted(self, text: str) -> dict[str, Any]:
        """Say something, and return the answer."""
        ident = self.say(text)
        while (event := self.hear("ack", "refused"))["id"] != ident:
            pass
        return event


def is_welcome(server: ServeProgram) -> bool:
    """Tell whether a server lets somebody in."""
    with Json(server, "carol") as carol:
        return bool(carol.welcome["type"] == "welcome")


def kept(url: str, postgres: Database) -> list[tuple[int, str]]:
    return [(seq, text) for seq, text in postgres.sql("SELECT seq, text FROM messages ORDER BY seq", url=url)]


def backends(url: str, postgres: Database, which: str = "true") -> int:
    """Break connections of the servers to the database; return how many."""
    name = url.rpartition("/")[2]
    rows = postgres.sql(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ? AND application_name = 'asyncchat'"
        f" AND pid != pg_backend_pid() AND {which}",
        name,
    )
    return len(rows)


def test_users_of_two_servers_talk_and_each_name_has_one_holder(url: str) -> None:
    with serve(url) as one, serve(url) as other, one.join("alice") as alice, other.join("bob") as bob:
        alice.send("hello\n")
        assert bob.line() == alice.line() == "alice: hello"
        bob.send("/who\n")
        assert bob.line() == "Server: online: alice"
        with other.connect() as stranger:
            stranger.send("Alice\n")
            stranger.line()
            assert stranger.line() == "Server: this name is already taken! Choose another one."
        bob.send(f"/register {SECRET}\n/join #ops\n")
        assert bob.line() == "Server: you are registered successfully!"
        assert "#ops" in bob.line()
        alice.send("/join #ops\n")
        while "you are in #ops" not in alice.line():  # until this server has heard of the room
            alice.send("/join #ops\n")
        alice.send("at night\n")
        assert bob.line() == alice.line() == "alice: at night"


def test_a_server_that_starts_later_knows_what_the_others_know(url: str) -> None:
    with serve(url) as one, one.join("alice") as alice:
        alice.send("before\n")
        assert alice.line() == "alice: before"
        with serve(url) as other, other.connect() as bob:
            bob.send("alice\nbob\n/who\n")
            bob.line()
            assert bob.line() == "Server: this name is already taken! Choose another one."
            assert bob.line() == "alice: before"
            assert bob.line() == "Server: online: alice"


def test_the_members_of_a_server_that_ends_leave_at_once(url: str, postgres: Database) -> None:
    with serve(url) as one, serve(url) as other, Json(one, "alice") as alice, other.join("bob"):
        alice.hear_of("joined", "bob")
        other.signal(signal.SIGTERM)
        assert alice.hear("left")["name"] == "bob"
        assert other.wait() == 0
        assert postgres.sql("SELECT count(*) FROM servers", url=url) == [(1,)]


def test_the_members_of_a_server_that_is_killed_are_gone_within_ten_seconds(url: str) -> None:
    def attempt() -> float:
        with serve(url) as one, serve(url) as other, Json(one, "alice") as alice, other.join("bob"):
            alice.hear_of("joined", "bob")
            other.process.kill()
            begun = time.monotonic()
            alice.hear_of("left", "bob")
            return time.monotonic() - begun

    assert_within(10, attempt)


def test_who_was_at_a_server_that_is_killed_goes_on_at_another_and_has_not_left(url: str) -> None:
    with serve(url) as one, serve(url) as other, Json(one, "alice") as alice, Json(other, "bob") as bob:
        bob.posted("one")
        other.process.kill()
        alice.posted("two")
        with Json(one, "bob", token=bob.welcome["token"], epoch=bob.welcome["epoch"], after=1) as again:
            assert again.welcome["resumed"]
            assert again.hear("message")["text"] == "two"
            again._id = 0
            assert again.posted("one") == {"type": "ack", "id": 1, "seq": 1}  # again, in case the answer was lost
            again._id = 1
            assert again.posted("three")["seq"] == 3
            seen = []
            while not (event := json.loads(alice.line())) or event.get("text") != "three":
                seen.append(event["type"])
            assert "left" not in seen


def test_a_server_that_is_frozen_ends_its_connections_when_it_wakes_and_posts_nothing_late(
    url: str, postgres: Database
) -> None:
    with serve(url) as one, serve(url) as other, Json(one, "alice") as alice, other.join("bob") as bob:
        alice.hear_of("joined", "bob")
        other.signal(signal.SIGSTOP)
        bob.send("while it is frozen\n")
        alice.hear_of("left", "bob")
        other.signal(signal.SIGCONT)
        assert LOST in bob.lines.rest().decode().splitlines()
        until(lambda: is_welcome(other))  # its statements have waited for too long, too
        with other.join("bob") as again:
            again.send("back\n")
            assert again.line() == "bob: back"
        assert [text for _, text in kept(url, postgres)] == ["back"]


def test_when_its_connections_break_a_server_goes_on(url: str, postgres: Database) -> None:
    with serve(url) as one, serve(url) as other, Json(one, "alice") as alice, Json(other, "bob") as bob:
        for number in range(1, 6):
            assert backends(url, postgres)
            while alice.posted(f"{number}")["type"] == "refused":
                time.sleep(0.05)
            assert bob.hear("message")["text"] == f"{number}"
        assert [text for _, text in kept(url, postgres)] == ["1", "2", "3", "4", "5"]


def test_a_line_whose_transaction_is_broken_is_refused_and_its_number_is_used_again(
    url: str, postgres: Database
) -> None:
    with serve(url) as one, Json(one, "alice") as alice, contextlib.closing(PgConnection(url)) as holder:
        holder.script("BEGIN; SELECT 1 FROM messages; LOCK TABLE messages IN EXCLUSIVE MODE")
        alice.say("lost")
        until(lambda: bool(postgres.sql("SELECT 1 FROM pg_locks WHERE NOT granted", url=url)))
        assert backends(url, postgres, "state = 'active'")
        assert alice.hear("ack", "refused")["code"] == "not-kept"
        holder.script("ROLLBACK")
        while (answer := alice.posted("kept"))["type"] == "refused":
            time.sleep(0.05)
        assert answer["seq"] == 1
        assert kept(url, postgres) == [(1, "kept")]


@pytest.mark.parametrize(("cut", "answer"), [("after", "ack"), ("before", "refused")])
def test_whether_a_commit_was_carried_out_is_found_in_the_log(
    url: str, postgres: Database, cut: str, answer: str
) -> None:
    with contextlib.closing(Cut(postgres.port)) as between:
        through = url.replace(f":{postgres.port}/", f":{between.port}/")
        with serve(through) as one, serve(url) as other, Json(one, "alice") as alice, Json(other, "bob") as bob:
            between.cuts = cut
            assert alice.posted("in doubt")["type"] == answer
            while alice.posted("afterwards")["type"] == "refused":
                time.sleep(0.05)
            texts = ["in doubt", "afterwards"] if answer == "ack" else ["afterwards"]
            assert [bob.hear("message")["text"] for _ in texts] == texts
            assert kept(url, postgres) == list(enumerate(texts, 1))


def test_while_the_database_is_away_lines_are_refused_at_once_and_all_goes_on_when_it_is_back(
    url: str, postgres: Database
) -> None:
    with serve(url) as one, serve(url) as other, Json(one, "alice") as alice, Json(other, "bob") as bob:
        alice.posted("before")
        postgres.stop()
        until(lambda: alice.posted("lost")["type"] == "refused")
        begun = time.monotonic()
        assert alice.posted("lost")["code"] == "not-kept"
        assert time.monotonic() - begun < seconds(1)
        postgres.start()
        while alice.posted("after")["type"] == "refused":
            time.sleep(0.05)
        assert [bob.hear("message")["text"] for _ in range(2)] == ["before", "after"]
        assert kept(url, postgres) == [(1, "before"), (2, "after")]


def test_a_database_that_has_lost_entries_ends_the_servers(url: str, postgres: Database) -> None:
    with serve(url) as one, Json(one, "alice") as alice:
        alice.posted("one")
        alice.posted("two")
        postgres.sql("UPDATE head SET entry = entry - 1", url=url)
        postgres.sql("DELETE FROM log WHERE entry = (SELECT max(entry) FROM log)", url=url)
        backends(url, postgres)
        assert one.wait() == 1
        assert "has lost entries" in one.errors.rest().decode().splitlines()[-1]


def test_another_chat_in_the_database_ends_the_servers(url: str, postgres: Database) -> None:
    with serve(url) as one, Json(one, "alice"):
        postgres.sql("UPDATE facts SET value = 'other' WHERE name = 'epoch'", url=url)
        backends(url, postgres)
        assert one.wait() == 1
        assert "another chat" in one.errors.rest().decode()


def test_a_server_whose_entries_of_the_log_are_gone_ends(url: str, postgres: Database) -> None:
    with serve(url) as one, serve(url) as other, Json(one, "alice") as alice, Json(other, "bob"):
        other.signal(signal.SIGSTOP)
        alice.posted("one")
        alice.posted("two")
        postgres.sql("DELETE FROM log WHERE entry <= (SELECT max(entry) - 1 FROM log)", url=url)
        other.signal(signal.SIGCONT)
        assert other.wait() == 1
        assert "was away for too long" in other.errors.rest().decode()


def test_of_servers_that_start_at_once_one_makes_the_admin(url: str) -> None:
    with contextlib.ExitStack() as opened:
        servers = [opened.enter_context(Program("serve", "--port", "0", "--store", url)) for _ in range(3)]
        said = "".join("".join(server.errors.until("listening on")) for server in servers)
        assert said.count("its password is") == 1


def test_tables_of_another_version_are_refused_and_left_alone(url: str, postgres: Database) -> None:
    with serve(url):
        pass
    postgres.sql("UPDATE facts SET value = '0' WHERE name = 'version'", url=url)
    with serve_wrongly(url) as refused:
        assert refused.wait() == 1
        said = refused.errors.rest().decode()
        assert "are of another version" in said
        assert len(said.splitlines()) == 1


def serve_wrongly(url: str) -> Any:
    """Return a server that does not begin."""
    return Program("serve", "--port", "0", "--store", url, environment={"ASYNCCHAT_ADMIN_PASSWORD": ADMIN})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (":1/", "Is PostgreSQL running there?"),
        ("/none", "does not exist"),
        ("/postgres?sslmode=never", "can't"),
    ],
)
def test_a_database_that_can_not_be_used_is_one_line(url: str, postgres: Database, wrong: str, said: str) -> None:
    bad = url.replace(f":{postgres.port}/", wrong) if wrong.startswith(":") else url.rpartition("/")[0] + wrong
    with serve_wrongly(bad) as refused:
        assert refused.wait() == 1
        (line,) = refused.errors.rest().decode().splitlines()
        assert said in line


def test_tables_of_others_are_left_alone(url: str, postgres: Database) -> None:
    postgres.sql("CREATE TABLE theirs (x int)", url=url)
    with serve_wrongly(url) as refused:
        assert refused.wait() == 1
        assert "give it a database of its own" in refused.errors.rest().decode()


def test_the_password_in_the_url_is_shown_to_nobody(url: str) -> None:
    with serve_wrongly(url.replace("chat@", "chat:secret@").replace("127.0.0.1:", "127.0.0.1:1")) as refused:
        assert refused.wait() == 1
        assert "secret" not in refused.errors.rest().decode()


def test_of_each_of_two_hundred_names_one_connection_gets_it(url: str) -> None:
    with serve(url) as one, serve(url) as two, serve(url) as three, contextlib.ExitStack() as opened:
        peers = [[opened.enter_context(server.connect()) for server in (one, two, three)] for _ in range(200)]
        for number, each in enumerate(peers):
            for peer in each:
                peer.send(f"name{number}\n/list\n")
        winners = []
        for each in peers:
            answers = [peer.lines.until("Server: ")[-1] and peer.line() for peer in each]
            winners.append(sum("taken" not in answer for answer in answers))
        assert winners == [1] * 200


def test_what_three_servers_post_at_once_is_one_order(url: str, postgres: Database) -> None:
    with serve(url) as one, serve(url) as two, serve(url) as three:
        servers = (one, two, three)
        with contextlib.ExitStack() as opened:
            peers = [opened.enter_context(Json(server, f"p{n}")) for n, server in enumerate(servers)]
            may_wait = [threading.Semaphore(20) for _ in peers]  # less than events.MOST_UNANSWERED

            def post(peer: Json, number: int) -> None:
                for count in range(100):
                    may_wait[number].acquire(timeout=seconds(PATIENCE))
                    peer.say(f"{number} {count}")
                    time.sleep(0.01)

            threads = [threading.Thread(target=post, args=(peer, n)) for n, peer in enumerate(peers)]
            for thread in threads:
                thread.start()
            heard = []
            for peer in peers:
                mine = []
                for _ in range(300):
                    said = peer.hear("message")
                    mine.append((said["seq"], said["text"]))
                    if peer is peers[0]:
                        may_wait[int(said["text"][0])].release()
                heard.append(mine)
            for thread in threads:
                thread.join(seconds(PATIENCE))
        assert heard[0] == heard[1] == heard[2] == kept(url, postgres)
        assert [seq for seq, _ in heard[0]] == list(range(1, 301))
        for number in range(3):
            own = [text for _, text in heard[0] if text.startswith(f"{number} ")]
            assert own == [f"{number} {count}" for count in range(100)]
