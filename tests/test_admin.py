"""`asyncchat admin`: what whoever has a store's file may do with the people in it."""

import signal
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from asyncchat.store.file import open_to_read
from tests.programs import ADMIN, SECRET, Nc, Program, ServeProgram, until

NEW = "an-entirely-new-one"


def admin(store: str | Path, *arguments: str, typed: str = "") -> tuple[int, str]:
    """Return the exit code, and what is said."""
    with Program("admin", "--store", str(store), *arguments) as program:
        program.write(typed)
        program.end_input()
        return program.wait(), program.out.rest().decode() + program.errors.rest().decode()


def audit(store: str) -> list[tuple[str, str, str]]:
    with closing(open_to_read(store)) as connection:
        return connection.execute("SELECT by, act, what FROM audit ORDER BY id").fetchall()


def log_in(room: ServeProgram, name: str, password: str) -> tuple[Nc, str]:
    """Return a peer, and what the server says to its password."""
    peer = room.connect()
    peer.line()
    peer.send(f"/auth {name} {password}\n")
    return peer, peer.line()


def test_who_is_there_is_shown_with_their_roles_and_their_bans_also_while_a_server_runs(with_people: str) -> None:
    with ServeProgram("--store", with_people) as room, room.join("mallory") as mallory:
        owner, _ = log_in(room, "admin", ADMIN)
        with owner:
            owner.send("/grant bob\n/ban alice\n/mute alice\n/ban mallory 7d\n/list\n")
            owner.lines.until("online")
            mallory.lines.rest()
            code, said = admin(with_people, "list")
    *others, guest = said.splitlines()
    assert (code, others) == (0, ["admin: admin", "alice: registered, banned, muted", "bob: moderator"])
    name, _, ends = guest.partition(": guest, banned until ")
    assert name == "mallory"
    assert datetime.fromisoformat(ends).tzinfo


def test_what_the_operator_changes_holds_at_the_next_start_and_is_in_the_audit(with_people: str) -> None:
    with ServeProgram("--store", with_people) as room:
        owner, _ = log_in(room, "admin", ADMIN)
        with owner:
            owner.send("/ban alice\n/grant bob\n/list\n")
            owner.lines.until("online")
    assert admin(with_people, "unban", "Alice") == (0, "alice is no longer banned\n")
    assert admin(with_people, "grant", "alice") == (0, "alice is a moderator now\n")
    assert admin(with_people, "revoke", "bob") == (0, "bob is no longer a moderator\n")
    assert audit(with_people)[-3:] == [
        ("the operator", "unban", "alice"),
        ("the operator", "grant", "alice"),
        ("the operator", "revoke", "bob"),
    ]
    with ServeProgram("--store", with_people) as room:
        alice, said = log_in(room, "alice", SECRET)
        with alice:
            assert said == "Server: you are authorized successfully!"
            alice.send("/bans\n/audit\n")
            assert alice.line() == "Server: no one banned"
            assert alice.lines.until("the operator: revoke bob")


@pytest.mark.parametrize("name", ["alice", "admin"])
def test_a_password_that_was_reset_is_the_only_way_in(with_people: str, name: str) -> None:
    said = f"{name} has another password, and must log in with it everywhere\n"
    assert admin(with_people, "reset-password", name.upper(), typed=f"{NEW}\n") == (0, said)
    assert audit(with_people) == [("the operator", "reset-password", name)]
    with ServeProgram("--store", with_people) as room:
        old, said = log_in(room, name, ADMIN if name == "admin" else SECRET)
        with old:
            assert said == "Server: incorrect password!"
        new, said = log_in(room, name, NEW)
        with new:
            assert said == "Server: you are authorized successfully!"


def test_a_token_from_before_is_worth_nothing_once_the_password_is_reset(with_people: str) -> None:
    def tokens() -> int:
        with closing(open_to_read(with_people)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM seats").fetchone()
        return int(count)

    with (
        ServeProgram("--store", with_people) as room,
        Program("join", "--json", room.address, "--name", "alice", environment={"ASYNCCHAT_PASSWORD": SECRET}) as alice,
    ):
        alice.out.until("welcome")
        until(lambda: tokens() == 1)
    admin(with_people, "reset-password", "alice", typed=NEW)
    assert tokens() == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("grant", "carol"), "carol is not registered"),
        (("grant", "no name"), "no name is not registered"),
        (("grant", "admin"), "admin is already a moderator"),
        (("revoke", "bob"), "bob is not a moderator"),
        (("revoke", "admin"), "admin is not a moderator"),
        (("unban", "bob"), "bob is not banned"),
        (("reset-password", "carol"), "carol is not registered"),
    ],
)
def test_what_can_not_be_done_is_one_clear_line_and_changes_nothing(
    with_people: str, arguments: tuple[str, ...], said: str
) -> None:
    before = admin(with_people, "list")
    assert admin(with_people, *arguments, typed=f"{NEW}\n") == (1, f"asyncchat: {said}\n")
    assert admin(with_people, "list") == before
    assert audit(with_people) == []


@pytest.mark.parametrize("typed", ["", "\n", "short\n", "alice\n", "x" * 5000 + "\n"])
def test_a_password_that_can_not_be_one_changes_nothing(with_people: str, typed: str) -> None:
    code, said = admin(with_people, "reset-password", "alice", typed=typed)
    assert (code, said.count("\n")) == (1, 1)
    assert audit(with_people) == []


@pytest.mark.parametrize(
    ("action", "there"),
    [
        ("grant", ", or write /grant NAME there, as admin"),
        ("revoke", ", or write /revoke NAME there, as admin"),
        ("unban", ", or write /unban NAME there, as admin"),
        ("reset-password", ""),
    ],
)
def test_nothing_is_changed_under_a_server_which_has_it_in_memory(with_people: str, action: str, there: str) -> None:
    said = f"asyncchat: a server uses {with_people} and has its accounts in memory: stop it first{there}\n"
    with ServeProgram("--store", with_people):
        assert admin(with_people, action, "alice", typed=f"{NEW}\n") == (1, said)
    assert audit(with_people) == []


@pytest.mark.parametrize("action", ["list", "grant"])
def test_what_is_no_store_does_not_become_one(tmp_path: Path, action: str) -> None:
    name = ["bob"] * (action != "list")
    path = tmp_path / "none.db"
    said = f"asyncchat: can't open the store {path}: no such file or directory\n"
    assert admin(path, action, *name) == (1, said)
    assert not path.exists()


def at_a_terminal(store: str) -> Program:
    return Program("admin", "--store", store, "reset-password", "alice", terminal=True)


def test_somebody_at_a_terminal_types_the_password_twice_and_unseen(with_people: str) -> None:
    with at_a_terminal(with_people) as program:
        for question in (b"new password of alice: ", b"the same again: "):
            program.errors.some(question)
            program.write(f"{NEW}\n")
        assert program.wait() == 0
        assert NEW not in program.out.rest().decode()
    assert audit(with_people) == [("the operator", "reset-password", "alice")]


def test_two_different_passwords_change_nothing(with_people: str) -> None:
    with at_a_terminal(with_people) as program:
        program.errors.some(b"new password of alice: ")
        program.write(f"{NEW}\n")
        program.errors.some(b"the same again: ")
        program.write(f"{NEW}r\n")
        assert program.wait() == 1
        assert "two different passwords: nothing is changed" in program.errors.rest().decode()
    assert audit(with_people) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_while_it_asks_leaves_terminal_and_store_as_they_were(
    with_people: str, number: signal.Signals, code: int
) -> None:
    with at_a_terminal(with_people) as program:
        program.errors.some(b"new password of alice: ")
        assert not program.echoes
        program.signal(number)
        assert program.wait() == code
        assert program.echoes
    assert audit(with_people) == []
