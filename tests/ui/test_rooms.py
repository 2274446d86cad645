"""Rooms and private conversations in the client at a terminal: each has a window."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs import SECRET, Nc, ServeProgram
from tests.ui.terminals import ENTER, Terminal

ALT = "\x1b"
ALT_DOWN, ALT_UP, LEFT = "\x1b[1;3B", "\x1b[1;3A", "\x1b[D"


@pytest.fixture
def alice(room: ServeProgram, tmp_path: Path) -> Iterator[Terminal]:
    with Terminal(room.address, "--name", "alice", state=tmp_path) as alice:
        alice.until_prompt()
        yield alice


@pytest.fixture
def bob(room: ServeProgram) -> Iterator[Nc]:
    with room.join("bob") as bob:
        yield bob


def shows(alice: Terminal, *ends: str, prompt: str, status: str) -> None:
    """Wait until the rows of a window end so, and nothing else of what was said is there."""

    def is_shown() -> bool:
        said = [row[6:] for row in alice.rows if row[2:3] == ":"]
        return said == list(ends) and alice.rows[-2].startswith(prompt) and status in alice.rows[-1]

    alice.until(is_shown)


def until_prompt(alice: Terminal, prompt: str) -> None:
    """Wait until this is the prompt; while a window changes, there may be none."""
    alice.until(lambda: any(row.startswith(prompt) for row in alice.rows[-2:-1]))


def test_three_windows(alice: Terminal, bob: Nc) -> None:
    bob.send("in the lobby\n")
    shows(alice, "bob: in the lobby", prompt=">", status="2 members  connected")
    alice.write("/join #ops" + ENTER)
    alice.until_row("You are in #ops, 1 online.")
    alice.write("in ops" + ENTER)
    shows(alice, "alice: in ops", prompt="#ops>", status="1:#lobby 2:#ops  connected")
    bob.send("more in the lobby\nfor alice\n/join #dev\nin dev\n")
    shows(alice, "alice: in ops", prompt="#ops>", status="1:#lobby(2!) 2:#ops  connected")
    alice.write("/join #dev" + ENTER)
    shows(alice, "bob: in dev", prompt="#dev>", status="1:#lobby(2!) 2:#ops 3:#dev  connected")
    alice.write(f"{ALT}2")
    shows(alice, "alice: in ops", prompt="#ops>", status="1:#lobby(2!) 2:#ops 3:#dev")
    alice.write(f"{ALT}1")
    lobby = ("bob: in the lobby", "bob: more in the lobby", "bob: for alice")
    shows(alice, *lobby, prompt=">", status="1:#lobby 2:#ops 3:#dev")
    assert [row for row in alice.rows if row.startswith("— new since ")]
    alice.write("/go 2" + ENTER)
    alice.write("here" + ENTER)
    shows(alice, "alice: in ops", "alice: here", prompt="#ops>", status="1:#lobby 2:#ops 3:#dev")


def test_from_window_to_window_with_the_keyboard(alice: Terminal, bob: Nc) -> None:
    for name in ("#ops", "#dev"):
        alice.write(f"/join {name}" + ENTER)
        until_prompt(alice, f"{name}>")
    alice.write(ALT_DOWN)
    until_prompt(alice, ">")
    alice.write(ALT_UP)
    until_prompt(alice, "#dev>")
    bob.send("/join #ops\nnews\n")
    alice.until(lambda: "2:#ops(1)" in alice.rows[-1])
    alice.write(f"{ALT}a")
    shows(alice, "bob: news", prompt="#ops>", status="2:#ops 3:#dev")
    alice.write(f"{ALT}a{ALT}9" + "/go nowhere" + ENTER)
    alice.until_row("there is no window nowhere. /join #ROOM or /chat NAME opens one.")
    alice.write("/go lobby" + ENTER)
    until_prompt(alice, ">")
    alice.write("/go" + ENTER)
    alice.until_row("1:#lobby 2:#ops 3:#dev")


def test_what_is_typed_right_after_a_change_goes_to_the_new_window(alice: Terminal, bob: Nc) -> None:
    bob.send("/join #ops\n")
    bob.lines.until("Server: you are in #ops now, 1 online.")
    alice.write(
        "/join #ops" + ENTER + "for ops" + ENTER + f"{ALT}1" + "for all" + ENTER + f"{ALT}2" + "ops again" + ENTER
    )
    assert [bob.line(), bob.line()] == ["alice: for ops", "alice: ops again"]


def until_line(alice: Terminal, line: str) -> None:
    """Wait until this stands above the status, with the prompt."""
    alice.until(lambda: alice.rows[-2:-1] == [line])


def test_what_is_being_typed_stays_in_its_window(alice: Terminal, bob: Nc) -> None:
    alice.write("/join #ops" + ENTER)
    until_prompt(alice, "#ops>")
    alice.write("the password is xyz" + LEFT * 3)
    until_line(alice, "#ops> the password is xyz")
    alice.write(f"{ALT}1" + ENTER + "hello")  # Enter would have sent it to all
    until_line(alice, "> hello")
    alice.write(f"{ALT}2")
    until_line(alice, "#ops> the password is xyz")
    alice.write("(new) ")  # where the cursor was
    until_line(alice, "#ops> the password is (new) xyz")
    alice.write(ENTER + f"{ALT}1")
    until_line(alice, "> hello")
    alice.write(ENTER)
    assert bob.line() == "alice: hello"


def test_what_is_being_typed_when_a_conversation_could_not_be_opened_stays_and_is_refused_once(
    alice: Terminal, bob: Nc
) -> None:
    alice.write("/join #a/b" + ENTER + "for a few")
    alice.until_row("not sent: a room can't have this name: ")
    until_line(alice, "> for a few")
    alice.write(ENTER)
    alice.until_row("not sent: /chat or /join did not work.")
    bob.send("end\n")
    assert bob.line() == "bob: end"


def test_what_was_being_typed_in_a_room_that_must_be_left_is_there_on_return(
    room: ServeProgram, tmp_path: Path
) -> None:
    with (
        ServeProgram("--store", str(tmp_path / "chat.db")) as server,
        Terminal(server.address, "--name", "alice", state=tmp_path) as alice,
        server.join("bob") as bob,
    ):
        bob.send(f"/register {SECRET}\n/join #ops\n")
        bob.lines.until("you are in #ops now")
        alice.until_prompt()
        alice.write("/join #ops" + ENTER)
        until_prompt(alice, "#ops>")
        alice.write("for ops alone")
        until_line(alice, "#ops> for ops alone")
        bob.send("/private on\n")
        until_line(alice, "(nobody)> for ops alone")
        alice.write(f"{ALT}1")
        until_line(alice, ">")
        alice.until_row("What you were writing comes back when #ops is open again.")
        bob.send("/private off\n")
        bob.lines.until("public")
        alice.write("/join #ops" + ENTER)
        until_line(alice, "#ops> for ops alone")


def test_a_room_that_is_left_has_no_window_any_more(alice: Terminal) -> None:
    alice.write("/join #ops" + ENTER)
    until_prompt(alice, "#ops>")
    alice.write("/leave" + ENTER)
    alice.until_row("You are not in #ops.")
    until_prompt(alice, ">")
    alice.until(lambda: "#ops" not in alice.rows[-1])


def test_a_room_that_can_not_be_entered_has_no_window(alice: Terminal) -> None:
    alice.write("/join #a/b" + ENTER)
    alice.until_row("not sent: a room can't have this name: ")
    alice.until(lambda: "a/b" not in alice.rows[-1] and alice.rows[-1].endswith("connected"))


def test_edits_and_deletions_are_told_and_the_window_shows_the_new_text(alice: Terminal, bob: Nc) -> None:
    bob.send("helo\n/edit hello\n/me waves\noops\n/delete\n")
    alice.until(lambda: any(row.startswith("bob has changed a message of ") for row in alice.rows))
    alice.until(lambda: any(row.startswith("bob has deleted a message of ") for row in alice.rows))
    alice.write("/join #ops" + ENTER)
    until_prompt(alice, "#ops>")
    alice.write(f"{ALT}1")
    shows(alice, "bob: hello (edited)", "* bob waves", "bob: (deleted)", prompt=">", status="1:#lobby 2:#ops")


def test_rooms_and_what_was_read_are_there_again_after_a_restart(with_people: str, tmp_path: Path) -> None:
    def join() -> Terminal:
        return Terminal(server.address, "--name", "alice", state=tmp_path, ASYNCCHAT_PASSWORD=SECRET)

    with ServeProgram("--store", with_people) as server, server.join("gus") as gus:
        with join() as alice:
            alice.until_prompt()
            alice.write("/join #ops" + ENTER)
            until_prompt(alice, "#ops>")
            gus.send("/join #ops\nread\n")
            alice.until_said("gus: read")
            alice.write("/exit" + ENTER)
            assert alice.ended() == 0
        gus.send("one\ntwo\n")
        gus.lines.until("gus: two")
        with join() as alice:
            alice.until(lambda: "2:#ops(2)" in alice.rows[-1])
            alice.write(f"{ALT}2")
            until_prompt(alice, "#ops>")
            said = [row[6:] if row[2:3] == ":" else row for row in alice.rows]
            at = said.index("gus: read")
            assert said[at + 1].startswith("— new since ")
            assert said[at + 2 : at + 4] == ["gus: one", "gus: two"]


def test_a_private_conversation_is_a_window(with_people: str, tmp_path: Path) -> None:
    with (
        ServeProgram("--store", with_people) as server,
        Terminal(server.address, "--name", "alice", state=tmp_path, ASYNCCHAT_PASSWORD=SECRET) as alice,
        server.join("gus") as gus,
    ):
        alice.until_prompt()
        gus.send("hello all\n")
        alice.until_said("gus: hello all")
        alice.write("/chat bob" + ENTER)
        until_prompt(alice, "bob>")
        alice.write("only you" + ENTER)
        alice.until_said("(private) alice: only you")
        assert not any("hello all" in row for row in alice.rows)
        gus.send("still here\n")
        alice.until(lambda: "1:#lobby(1) 2:bob" in alice.rows[-1])
        alice.write(f"{ALT}1")
        until_prompt(alice, ">")
        alice.until_said("gus: still here")


def test_after_a_room_that_can_not_be_entered_commands_work_and_a_line_comes_back(alice: Terminal, bob: Nc) -> None:
    alice.write("/join #a/b" + ENTER)
    alice.until_row("not sent: a room can't have this name: ")
    alice.write("/rooms" + ENTER)
    alice.until_row("#lobby 2")
    alice.write("for a/b" + ENTER)
    alice.until_row("not sent: ")
    alice.write("\x15/join #a/b" + ENTER + "/join #dev" + ENTER)
    until_prompt(alice, "#dev>")
    alice.write("in dev" + ENTER)
    alice.until_said("alice: in dev")
    bob.send("/history 1\n")
    assert not bob.line().endswith("for a/b")


def test_who_is_removed_from_a_room_sees_the_default_one_and_writes_there_when_told_to(
    with_people: str, tmp_path: Path
) -> None:
    with (
        ServeProgram("--store", with_people) as server,
        server.connect() as alice,
        server.join("dan") as dan,
        Terminal(server.address, "--name", "gus", state=tmp_path) as gus,
    ):
        gus.until_prompt()
        alice.send(f"/auth alice {SECRET}\n/join #ops\n")
        alice.lines.until("Server: you are in #ops now, 1 online.")
        gus.write("/join #ops" + ENTER)
        until_prompt(gus, "#ops>")
        alice.send("in ops\n")
        gus.until_said("alice: in ops")
        dan.send("for gus\n")
        gus.until(lambda: "1:#lobby(1!)" in gus.rows[-1])
        gus.write("secret")
        alice.send("/private on\n")
        until_prompt(gus, "(nobody)> secret")
        gus.until_row("You are not in #ops: you are not invited to this room any more")
        gus.until_said("dan: for gus")
        assert not any("in ops" in row for row in gus.rows)
        gus.write("\x15/join #ops" + ENTER)
        gus.until_row("not sent: there is no room with this name.")
        gus.until(lambda: "#ops" not in gus.rows[-1])
        gus.write(f"\x15{ALT}1")
        until_prompt(gus, ">")
        gus.write("here" + ENTER)
        dan.lines.until("gus: here")


def test_what_was_said_in_a_room_where_nothing_was_read_yet_is_new_after_a_restart(
    with_people: str, tmp_path: Path
) -> None:
    with ServeProgram("--store", with_people) as server, server.join("gus") as gus:
        with Terminal(server.address, "--name", "alice", state=tmp_path, ASYNCCHAT_PASSWORD=SECRET) as alice:
            alice.until_prompt()
            alice.write("/join #ops" + ENTER)
            until_prompt(alice, "#ops>")
            gus.send("/join #ops\n")
            gus.lines.until("Server: you are in #ops now, 2 online.")
            alice.write("/exit" + ENTER)
            assert alice.ended() == 0
        gus.send("one\n")
        gus.lines.until("gus: one")
        with Terminal(server.address, "--name", "alice", state=tmp_path, ASYNCCHAT_PASSWORD=SECRET) as alice:
            alice.until(lambda: "2:#ops(1)" in alice.rows[-1])
            alice.write(f"{ALT}a")
            until_prompt(alice, "#ops>")
            said = [row[6:] if row[2:3] == ":" else row for row in alice.rows]
            assert said[said.index("gus: one") - 1].startswith("— new since ")
