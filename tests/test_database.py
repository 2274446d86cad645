"""What the operator does with a store in a database: it is moved there, read, and changed while servers use it."""

import contextlib
import subprocess
from pathlib import Path

import pytest

from asyncchat.errors import ChatError
from asyncchat.store.file import StoreFile
from asyncchat.store.postgres.offline import operating
from asyncchat.text.usernames import Name
from tests.postgres import Database
from tests.programs import ADMIN, SECRET, Program, ServeProgram
from tests.test_servers import Json, serve, url

__all__ = ["url"]


def done(*arguments: str, code: int = 0, given: str = "") -> list[str]:
    """Run a command, and return the lines that it prints."""
    with Program(*arguments) as program:
        program.write(given)
        program.end_input()
        out = program.out.rest().decode()
        said = program.errors.rest().decode()
        assert program.wait() == code, said
        return (out or said).splitlines()


@pytest.fixture
def written(with_people: str) -> str:
    """A store in which something of each kind was written."""
    with ServeProgram("--store", with_people, "--rate", "0") as server, Json(server, "alice", password=SECRET) as alice:
        for text in ("hello", "à propos", "/chat bob", "for bob", "/chat", "/join #ops", "/private on", "/invite bob"):
            assert alice.posted(text)["type"] == "ack", text
        with Json(server, "admin", password=ADMIN) as admin:
            for text in ("/topic the topic", "/ban 192.0.2.7", "/mute bob 1h", "/invite", "good night"):
                assert admin.posted(text)["type"] == "ack", text
    return with_people


def test_a_store_is_moved_and_has_all_that_it_had(written: str, url: str) -> None:
    counted = done("migrate", written, url)
    assert {"messages: 3", "accounts: 3", "private: 1", "rooms: 1", "restrictions: 2", "invites: 1"} <= set(counted)
    assert done("filter", "--store", url) == done("filter", "--store", written)
    assert done("admin", "--store", url, "list") == done("admin", "--store", written, "list")
    with contextlib.closing(StoreFile(written)) as file:
        epoch = file.fact("epoch")
    with serve(url) as server, Json(server, "alice", password=SECRET, epoch=epoch, after=0) as alice:
        assert alice.welcome["epoch"] == epoch
        assert alice.welcome["topic"] == "the topic"
        assert alice.hear("message")["text"] == "hello"
        alice.say("/search a propos")
        assert "à propos" in alice.hear("notice")["text"]
        alice.say("/register carol 12345678")
        assert alice.posted("new")["seq"] > 2
    assert "there is a chat" in done("migrate", written, url, code=1)[0]


def test_a_move_that_was_broken_off_is_begun_again(written: str, url: str, postgres: Database) -> None:
    done("migrate", written, url)
    before = postgres.sql("SELECT * FROM messages ORDER BY seq", url=url)
    done("migrate", written, url)
    assert postgres.sql("SELECT * FROM messages ORDER BY seq", url=url) == before


def test_a_store_is_not_moved_over_another_chat(written: str, url: str, empty_store: str) -> None:
    done("migrate", written, url)
    assert "another chat" in done("migrate", empty_store, url, code=1)[0]


def test_a_store_that_a_server_uses_is_not_moved(empty_store: str, url: str) -> None:
    with ServeProgram("--store", empty_store):
        assert "in use" in done("migrate", empty_store, url, code=1)[0]


@pytest.mark.parametrize("arguments", [("chat.db", "other.db"), ("postgresql://a/b", "chat.db")])
def test_what_is_no_file_and_no_url_is_refused(arguments: tuple[str, str]) -> None:
    assert "write the file first" in done("migrate", *arguments, code=2)[0]


def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path, url: str) -> None:
    (tmp_path / "text").write_text("no store")
    assert "is no store" in done("migrate", str(tmp_path / "text"), url, code=1)[0]


def test_the_operator_changes_accounts_while_servers_run_and_they_know_it(url: str) -> None:
    with serve(url) as one, Json(one, "alice", password=SECRET, register=True) as alice:
        assert done("admin", "--store", url, "grant", "alice") == ["alice is a moderator now"]
        assert alice.hear("you")["role"] == "moderator" or alice.hear("you")["role"] == "moderator"
        new = "another password"
        done("admin", "--store", url, "reset-password", "alice", given=f"{new}\n")
        with Json(one, "alice", password=SECRET) as refused:
            assert refused.welcome["code"] == "incorrect-password"
        with Json(one, "alice", password=new) as again:
            assert again.welcome["type"] == "welcome"
    assert "alice: moderator" in done("admin", "--store", url, "list")


def test_an_account_that_is_deleted_meanwhile_is_not_changed(url: str) -> None:
    with serve(url) as one, Json(one, "alice", password=SECRET, register=True) as alice:

        def delete(name: Name) -> str:
            assert alice.posted(f"/unregister {SECRET}")["type"] == "ack"
            return name.shown

        with operating(url) as operator, pytest.raises(ChatError, match="was deleted meanwhile"):
            operator.reset_password("alice", delete)
        assert alice.posted("here")["type"] == "ack"
        assert done("admin", "--store", url, "list") == ["admin: admin"]


def test_a_database_is_backed_up_with_its_own_program(url: str) -> None:
    assert "pg_dump" in done("backup", "--store", url, "copy.db", code=1)[0]


def test_doctor_looks_at_the_database(url: str) -> None:
    found = done("doctor", "--port", "0", "--store", url)
    assert any("the tables will be made" in line for line in found)
    with serve(url):
        found = done("doctor", "--port", "0", "--store", url)
        assert any("servers that use it: 1" in line for line in found)


def test_a_dump_of_the_database_is_the_whole_chat(url: str, postgres: Database, tmp_path: Path) -> None:
    with serve(url) as one, Json(one, "alice") as alice:
        alice.posted("kept")
        dump = subprocess.run(["pg_dump", url], check=True, capture_output=True, timeout=60).stdout
    copy = postgres.make()
    subprocess.run(
        ["psql", "-q", "-v", "ON_ERROR_STOP=1", copy], input=dump, check=True, capture_output=True, timeout=60
    )
    with serve(copy) as other, other.connect() as bob:
        bob.send("bob\n")
        bob.line()
        assert bob.line() == "alice: kept"
