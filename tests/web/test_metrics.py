"""/metrics and /readyz: what they say, to whom, and that nothing of users is in it."""

import contextlib
import re
import shutil
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from asyncchat.aio.web.port import MOST_CHECKS
from tests.postgres import Database
from tests.programs import SECRET, until
from tests.web import Web, WebProgram

Values = dict[tuple[str, str], float]


def scraped(room: WebProgram) -> Values:
    """Return the values by the names and the labels' values, as a program of Prometheus reads them."""
    with Web(room.web_port) as reader:
        answer = reader.request("/metrics")
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        found = {}
        for family in text_string_to_metric_families(answer.body.decode()):
            for sample in family.samples:
                found[sample.name.removeprefix("asyncchat_"), " ".join(sample.labels.values())] = sample.value
        return found


def test_what_happens_is_counted() -> None:
    with WebProgram("--quiet") as room, room.join("alice") as alice, room.join("bob") as bob:
        bob.send("hello\n/nothing\n")
        bob.lines.until("Server: unknown command /nothing.")
        bob.send("/join #ops\n")
        bob.lines.until("Server: you are in #ops now, 1 online.")
        alice.lines.until("bob: hello")
        values = scraped(room)
        assert values["connections", "plain_text tcp"] == 2
        assert values["members", ""] == 2
        assert values["rooms", ""] == 2
        assert values["connections_accepted_total", ""] == 2
        assert values["messages_total", "room"] == 1
        assert values["refused_lines_total", "unknown-command"] == 1
        assert values["written_bytes_total", ""] == 2 * len("bob: hello\n")
        assert values["batches_total", ""] >= 1
        assert ("build_info", re.sub(r"[^0-9.]", "", "0.1.0")) in values


def test_what_is_stored_and_wrong_passwords_are_counted(with_people: str) -> None:
    with WebProgram("--store", with_people) as room, room.connect() as peer:
        peer.send(f"/auth alice wrong-password\n/auth alice {SECRET}\n/msg bob hello\n")
        peer.lines.until("Server: sent to bob")
        values = scraped(room)
        assert values["login_failures_total", ""] == 1
        assert values["messages_total", "private"] == 1
        assert values["journal_commit_seconds_count", ""] >= 1
        assert values["journal_commit_seconds_bucket", "+Inf"] == values["journal_commit_seconds_count", ""]


def test_refused_connections_are_counted_and_whoever_watches_is_answered_when_the_chat_is_full() -> None:
    with WebProgram("--max-connections", "3") as room, room.join("alice"), room.join("bob"), room.join("carol"):
        with room.connect() as refused:
            refused.lines.until("Server: the chat is full, try again later.")
        assert scraped(room)["connections_refused_total", "full"] == 1
        with Web(room.web_port) as watcher:
            assert watcher.request("/healthz").status == 200
            ready = watcher.request("/readyz")
            assert (ready.status, ready.body) == (503, b"the chat is full\n")
        with Web(room.web_port) as browser:
            page = browser.request("/")
            assert (page.status, page.body) == (503, b"the chat is full, try again later.\n")
        assert scraped(room)["connections_refused_total", "full"] == 2


def test_only_a_few_are_served_while_the_chat_is_full() -> None:
    with WebProgram("--max-connections", "1") as room, room.join("alice"), contextlib.ExitStack() as opened:
        for _ in range(MOST_CHECKS):
            watcher = opened.enter_context(Web(room.web_port))
            assert watcher.request("/healthz").status == 200
        with Web(room.web_port) as another:
            assert another.answer().status == 503


def test_connections_of_browsers_are_counted() -> None:
    with WebProgram() as room, Web(room.web_port) as browser:
        assert browser.request("/").status == 200
        assert scraped(room)["connections", "http tcp"] == 2


def test_refused_lines_are_counted_by_their_codes() -> None:
    with WebProgram() as room, room.join("alice"), room.connect() as peer, room.connect() as program:
        peer.send("alice\n\nServer\nbob\n" + "x" * 5000 + "\n")
        peer.lines.until("Server: your line was not sent")
        program.send('{"type":"say","id":1,"text":"x"}\n{x\n{"type":"hello","v":1,"name":"alice"}\n')
        program.lines.until("name-taken")
        values = {code: number for (name, code), number in scraped(room).items() if name == "refused_lines_total"}
        assert values == {
            "name-taken": 2,
            "name-refused": 1,
            "name-reserved": 1,
            "invalid": 1,
            "no-name": 1,
            "not-json": 1,
        }


def test_no_name_and_no_text_is_in_them(with_people: str) -> None:
    with WebProgram("--store", with_people) as room, room.join("zebulon") as peer, Web(room.web_port) as reader:
        peer.send("/join #giraffe\nconfidential\n")
        peer.lines.until("Server: ")
        body = reader.request("/metrics").body.decode()
        assert not re.search("zebulon|giraffe|confidential|alice", body)


def test_other_machines_read_them_if_they_may() -> None:
    forwarded = {"X_Forwarded_For": "192.0.2.7"}
    with WebProgram("--metrics", "192.0.2.0/24") as room, Web(room.web_port) as reader:
        assert reader.request("/metrics", X_Forwarded_For="127.0.0.1").status == 403  # of a proxy that is not trusted
        assert reader.request("/metrics", Host="attacker.example").status == 403
    with WebProgram("--trusted-proxy", "127.0.0.1") as room, Web(room.web_port) as reader:
        assert reader.request("/metrics", **forwarded).status == 403
        assert reader.request("/metrics").status == 200
    with WebProgram("--trusted-proxy", "127.0.0.1", "--metrics", "192.0.2.0/24") as room, Web(room.web_port) as reader:
        assert reader.request("/metrics", **forwarded).status == 200
        assert reader.request("/metrics", X_Forwarded_For="198.51.100.1").status == 403


def test_a_server_that_can_keep_nothing_is_not_ready(empty_store: str, tmp_path: Path) -> None:
    with WebProgram("--store", empty_store) as room, room.join("alice") as alice, Web(room.web_port) as reader:
        alice.send("kept\n")
        alice.lines.until("alice: kept")
        assert reader.request("/readyz").status == 200
        moved = tmp_path / "moved"
        shutil.move(empty_store, moved)

        until(lambda: reader.request("/readyz").status == 503)
        assert reader.request("/readyz").body == b"messages can't be stored: the store's file is gone\n"
        assert reader.request("/healthz").status == 200
        shutil.move(moved, empty_store)
        until(lambda: reader.request("/readyz").status == 200)
        alice.send("kept again\n")
        alice.lines.until("alice: kept again")


def test_how_far_the_log_of_several_servers_was_read_is_measured_and_without_the_database_a_server_is_not_ready(
    postgres: Database,
) -> None:
    url = postgres.make()
    with WebProgram("--store", url) as one, one.join("alice") as alice:
        alice.send("hello\n")
        assert alice.line() == "alice: hello"
        values = scraped(one)
        assert values["log_entry", ""] >= 2
        assert 0 <= values["log_age_seconds", ""] < 30
        assert values["log_stalled_seconds", ""] == 0
        postgres.stop()
        try:
            with Web(one.web_port) as reader:
                until(lambda: reader.request("/readyz").status == 503)
            assert scraped(one)["log_stalled_seconds", ""] > 0
        finally:
            postgres.start()
        with Web(one.web_port) as reader:
            until(lambda: reader.request("/readyz").status == 200)
        assert scraped(one)["log_stalled_seconds", ""] == 0
