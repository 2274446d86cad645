"""The real client at a real terminal, with the real server."""

import re
import signal
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.programs import Nc, Program, ServeProgram
from tests.ui.terminals import CTRL_C, CTRL_D, ENTER, TAB, UP, Terminal

Join = Callable[..., Terminal]

COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")


@pytest.fixture
def join(room: ServeProgram, tmp_path: Path) -> Join:
    """Somebody who joins the room from a terminal."""

    def start(name: str, *arguments: str, **how: object) -> Terminal:
        return Terminal(room.address, "--name", name, *arguments, state=tmp_path, **how)  # type: ignore[arg-type]

    return start


def test_what_is_typed_survives_what_arrives(room: ServeProgram, join: Join) -> None:
    with join("alice") as alice, room.join("bob") as bob:
        alice.until_prompt()
        alice.write("half a li")
        alice.until_typed("half a li")
        bob.send("one\ntwo\n")
        alice.until_said("bob: two")
        alice.write("ne" + ENTER)
        assert bob.line() == "bob: one"
        assert bob.line() == "bob: two"
        assert bob.line() == "alice: half a line"
        alice.until(lambda: alice.said("alice: half a line") == 1 and alice.typed == "")
        assert alice.said("bob: one") == 1


def test_a_line_wider_than_the_window_survives_messages_and_a_change_of_its_size(
    room: ServeProgram, join: Join
) -> None:
    line = "word " * 50 + "end"
    with join("alice") as alice, room.join("bob") as bob:
        alice.until_prompt()
        alice.write(line)
        alice.until_typed(line)
        bob.send("in between\n")
        alice.until(lambda: alice.said("bob: in between") and alice.typed == line)
        for columns, rows in ((40, 24), (120, 30), (60, 10)):
            alice.resize(columns, rows)
            bob.send(f"now {columns}\n")
            alice.until_said(f"bob: now {columns}")
            alice.until_typed(line)
        alice.write(ENTER)
        alice.until(lambda: alice.typed == "")
        bob.lines.until("alice: " + line)


def test_a_line_longer_than_the_screen_survives(room: ServeProgram, join: Join) -> None:
    line = "0123456789" * 60
    with join("alice", columns=40, rows=8) as alice, room.join("bob") as bob:
        alice.until_prompt()
        alice.write(line + "END")
        alice.until(lambda: any("END" in row for row in alice.rows))
        bob.send("hello\n")
        alice.until(lambda: alice.said("bob: hello") and any("END" in row for row in alice.rows))
        alice.write(ENTER)
        bob.lines.until("alice: " + line + "END")


@pytest.mark.parametrize("columns", [40, 20])
def test_a_narrow_window_has_all_that_one_needs(room: ServeProgram, join: Join, columns: int) -> None:
    with join("alice", columns=columns) as alice, room.join("bob") as bob:
        alice.until_prompt()
        assert alice.rows[-1].startswith(" alice  ")
        bob.send("hi\n")
        alice.until_said("bob: hi")
        assert all(len(row) <= columns for row in alice.rows)


def test_without_colours_there_are_none_and_with_them_there_are(room: ServeProgram, join: Join) -> None:
    for no_color in ("", "1"):
        with join("alice", NO_COLOR=no_color) as alice, room.join("bob") as bob:
            alice.until_prompt()
            bob.send("hello alice\n")
            alice.until_said("bob: hello alice")
            alice.write("/" + TAB)
            alice.until_row("clear the screen")
            assert bool(COLOUR.search(alice.raw)) == (not no_color)


def test_peers_can_do_nothing_to_the_terminal(room: ServeProgram, join: Join) -> None:
    with join("alice") as alice, room.join("mallory") as mallory:
        alice.until_prompt()
        mallory.send(
            b"\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x1b[2J\x1b[H\x1b[31mred\rBACK \xc2\x9b2J \xe2\x80\xaeevil\n"
        )
        mallory.send(b"plain\n")
        alice.until_said("mallory: plain")
        assert alice.title == ""
        (shown,) = (row for row in alice.rows if "owned" in row)
        assert re.match(r"\d\d:\d\d mallory: ␛\]0;owned␇␛\]52;c;", shown)
        for forbidden in (b"\x1b]", b"\x1b[2J", b"\x1b[31m", b"\xc2\x9b", b"\xe2\x80\xae", b"\rBACK"):
            assert forbidden not in alice.raw


def test_history_is_kept_for_oneself_without_what_may_be_a_secret(
    room: ServeProgram, join: Join, tmp_path: Path
) -> None:
    with join("alice") as alice:
        alice.until_prompt()
        for line in ("first", "/login alice secret", "/list", "//path"):
            alice.write(line + ENTER)
            if line.startswith("/login"):
                alice.until_row("not sent")
                alice.until_typed("")  # it did not come back
        alice.until_said("alice: /path")
        alice.write(UP)
        alice.until_typed("//path")
        alice.write("\x15/exit" + ENTER)
        assert alice.ended() == 0
    (kept,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert kept.read_text() == "first\n/list\n//path\n/exit\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    with join("alice") as alice:
        alice.until_prompt()
        for line in ("/exit", "//path", "/list", "first"):
            alice.write(UP)
            alice.until_typed(line)


def test_tab_completes_names_and_commands_and_shows_their_help(room: ServeProgram, join: Join) -> None:
    with room.join("Robert") as robert, join("alice") as alice:
        alice.until_prompt()
        alice.write("Rob" + TAB)
        alice.until_typed("Robert:")
        alice.write("hi Rob" + TAB)
        alice.until_typed("Robert: hi Robert")
        alice.write("!" + ENTER)
        assert robert.line() == "alice: Robert: hi Robert !"
        alice.until(lambda: alice.typed == "")
        alice.write("/i" + TAB)
        alice.until_typed("/ignore")
        alice.write("\x15/" + TAB)
        alice.until(lambda: any("/clear" in row and "clear the screen" in row for row in alice.rows))
        alice.write("\x15")
        alice.until(lambda: alice.typed == "")


def test_a_refused_line_comes_back_with_the_reason(room: ServeProgram, join: Join) -> None:
    with join("alice") as alice:
        alice.until_prompt()
        alice.write("/nonsense" + ENTER)
        alice.until_typed("/nonsense")
        alice.until_row("not sent: unknown command /nonsense")


@pytest.mark.parametrize(("columns", "shown"), [(80, "5000 bytes, and 4096 are the most."), (40, "4096 are the most.")])
def test_the_reason_why_a_line_came_back_that_fills_the_window_stays_in_sight(
    room: ServeProgram, join: Join, columns: int, shown: str
) -> None:
    with join("alice", columns=columns) as alice, room.join("bob") as bob:
        alice.until_prompt()
        alice.write("\x1b[200~" + "long " * 999 + "line.\x1b[201~" + ENTER)
        alice.until(lambda: "".join(alice.rows[-2:-1]).endswith("e.") and any(shown in row for row in alice.rows))
        bob.send("one\ntwo\n")
        alice.until_said("bob: two")
        assert any(row.endswith("bob: two") for row in alice.rows)  # the line does not push it out of the window
        alice.write("!")
        alice.until_typed("!")
        alice.write("\x15")
        alice.until(lambda: alice.typed == "" and alice.above.endswith("bob: two"))


def test_a_refused_line_waits_until_what_is_typed_is_sent(room: ServeProgram, join: Join) -> None:
    with join("alice") as alice:
        alice.until_prompt()
        alice.write("/nonsense" + ENTER + "already typing")
        alice.until_row("not sent: unknown command")
        alice.until_typed("already typing")
        alice.write(ENTER)
        alice.until(lambda: alice.said("alice: already typing") and alice.typed == "/nonsense")


def test_it_comes_back_when_the_server_does_and_sends_what_was_typed_meanwhile_once(tmp_path: Path) -> None:
    with ServeProgram("--rate", "0") as first:
        port = first.port
        alice = Terminal(first.address, "--name", "alice", state=tmp_path)
        alice.until_prompt()
        alice.write("half typed")
        alice.until_typed("half typed")
    with alice:
        alice.until_row("connection lost (")
        alice.until_row("connecting again ")
        alice.write(" line" + ENTER + "and next")
        alice.until(lambda: "half typed line" in alice.rows and alice.typed == "and next")
        with Program("serve", "--port", str(port), "--rate", "0") as second:
            second.errors.until("on 127.0.0.1")
            alice.until_said("alice: half typed line", limit=20)
            alice.until(lambda: alice.rows[-1].endswith(" connected") and alice.typed == "and next")
            assert "half typed line" not in alice.rows  # it waits no longer
            assert sum("connection lost" in row for row in alice.everything) == 1
            assert any("The server was started anew" in row for row in alice.everything)
            with Nc(port) as carol:
                carol.send("carol\n")
                assert [carol.line() for _ in range(2)] == ["Server: write your name", "alice: half typed line"]
                carol.send("done\n")
                assert carol.line() == "carol: done"
                alice.until_said("carol: done")


@pytest.mark.parametrize("typed", ["/exit" + ENTER, "/QUIT now" + ENTER, CTRL_D])
def test_one_leaves_and_the_terminal_is_as_it_was(room: ServeProgram, join: Join, typed: str) -> None:
    with join("alice") as alice:
        alice.until_prompt()
        assert alice.attributes != alice.attributes_before
        alice.write(typed)
        assert alice.ended() == 0
        check_restored(alice)
    assert room.out.until("alice left")[-1] == "alice left"


def test_ctrl_c_leaves_and_the_terminal_is_as_it_was(room: ServeProgram, join: Join) -> None:
    with join("alice") as alice:
        alice.until_prompt()
        alice.write("half a line")
        alice.until_typed("half a line")
        alice.write(CTRL_C)
        assert alice.ended() == 130
        check_restored(alice)


def check_restored(alice: Terminal) -> None:
    assert alice.attributes == alice.attributes_before
    assert alice.raw.rindex(b"\x1b[?2004l") > alice.raw.rindex(b"\x1b[?2004h")
    assert alice.raw.rindex(b"\x1b[?25h") > alice.raw.rindex(b"\x1b[?25l")
    assert b"\x1b[?1049h" not in alice.raw
    assert alice.rows[-1].startswith("You are alice")  # nothing of the line and the status stays


def test_what_was_said_last_is_sent_and_shown_before_one_leaves(room: ServeProgram, join: Join) -> None:
    with room.join("bob") as bob, join("alice") as alice:
        alice.until_prompt()
        alice.write("bye" + ENTER + "/exit" + ENTER)
        assert bob.line() == "alice: bye"
        assert alice.ended() == 0
        assert alice.said("alice: bye") == 1


def test_leaving_with_lines_that_were_not_sent_says_so(tmp_path: Path) -> None:
    with ServeProgram() as server:
        alice = Terminal(server.address, "--name", "alice", state=tmp_path)
        alice.until_prompt()
    with alice:
        alice.until_row("connection lost")
        alice.write("one" + ENTER + "two" + ENTER)
        alice.until(lambda: "two" in alice.rows)
        alice.write("/exit" + ENTER)
        assert alice.ended() == 1
        assert b"asyncchat: the server has not acknowledged 2 lines" in alice.errors.rest()
        assert {"not acknowledged: one", "not acknowledged: two"} <= set(alice.everything)
        assert alice.attributes == alice.attributes_before


def test_nothing_is_shown_of_somebody_who_is_ignored(room: ServeProgram, join: Join) -> None:
    with join("alice", "--bell", "all") as alice, room.join("Mallory") as mallory, room.join("bob") as bob:
        alice.until_prompt()
        alice.write("/ignore MALLORY" + ENTER)
        alice.until_row("ignored: MALLORY")
        mallory.send("alice: look at me\n")
        mallory.lines.until("look at me")
        bob.send("to see\n")
        alice.until_said("bob: to see")
        assert alice.raw.count(b"\a") == 1
        alice.write("/ignore Alice" + ENTER)
        alice.until_row("that is you")
        alice.write("/unignore mallory" + ENTER)
        alice.until_row("not ignored any more")
        mallory.send("again\n")
        alice.until_said("Mallory: again")
        assert not any("look at me" in row for row in alice.everything)


@pytest.mark.parametrize(("bell", "rings"), [("off", 0), ("mentions", 1), ("all", 2)])
def test_the_bell(room: ServeProgram, join: Join, bell: str, rings: int) -> None:
    with join("alice", "--bell", bell) as alice, room.join("bob") as bob:
        alice.until_prompt()
        bob.send("malice is no mention\n")
        alice.until_said("bob: malice is no mention")
        bob.send("Alice, are you there?\n")
        alice.until_said("bob: Alice, are you there?")
        alice.write("alice here" + ENTER)
        alice.until_said("alice: alice here")
        assert alice.raw.count(b"\a") == rings


def test_joined_and_left_are_folded_into_one_line(room: ServeProgram, join: Join) -> None:
    with join("alice") as alice:
        alice.until_prompt()
        room.join("carol").socket.close()
        with room.join("bob") as bob, room.join("dave"):
            alice.until(lambda: alice.above == "joined: bob, dave  came and went: carol")
            bob.send("hello\n")
            alice.until_said("bob: hello")
            assert alice.everything.count("joined: bob, dave  came and went: carol") == 1
            assert not alice.above.startswith("joined")


def test_a_flood_leaves_the_line_alive_and_is_folded(join: Join, tmp_path: Path) -> None:
    with (
        ServeProgram("--rate", "0", "--quiet", "--max-backlog", str(1 << 26)) as server,
        Terminal(server.address, "--name", "alice", "--bell", "mentions", state=tmp_path) as alice,
        server.join("flooder") as flooder,
    ):
        alice.until_prompt()
        echoed, finished = threading.Event(), threading.Event()
        threading.Thread(target=_read_all, args=(flooder.socket,), daemon=True).start()
        flood = threading.Thread(target=_flood, args=(flooder, echoed, finished), daemon=True)
        flood.start()
        alice.until(lambda: any("messages not shown" in row for row in alice.everything))
        alice.write("typed meanwhile")
        alice.until_typed("typed meanwhile")
        assert not finished.is_set()
        echoed.set()
        alice.until_row("flooder: it is over")
        flood.join()
        alice.until_typed("typed meanwhile")
        assert sum(row.startswith("… ") and row.endswith(" messages not shown") for row in alice.everything)
        assert b"\a" in alice.raw  # the mention in what was folded


def _read_all(peer: socket.socket) -> None:
    try:
        while peer.recv(1 << 20):
            pass
    except OSError:
        pass


def _flood(peer: Nc, echoed: threading.Event, finished: threading.Event) -> None:
    number = 0
    while number < 20_000 or not echoed.is_set():
        peer.send("".join(f"message {number + index}\n" for index in range(1000)) + "hey alice\n")
        number += 1000
        if number >= 20_000:
            echoed.wait(0.05)  # so that a slow client, too, can draw what comes from now on
    finished.set()
    peer.send("it is over\n")


def test_a_name_is_asked_for_and_asked_for_again_if_it_is_taken(room: ServeProgram, tmp_path: Path) -> None:
    with room.join("bob") as bob, Terminal(room.address, state=tmp_path) as alice:
        alice.until_row("write your name:")
        alice.write("two words\n")
        alice.until_row("it has a blank in it")
        alice.write("BOB\n")
        alice.until_row("already taken")
        alice.until(lambda: alice.rows[-1].startswith("write your name:"))
        alice.write("alice\n")
        alice.until_prompt()
        alice.write("hello" + ENTER)
        assert bob.line() == "alice: hello"


def test_the_end_of_input_instead_of_a_name_leaves(room: ServeProgram, tmp_path: Path) -> None:
    with Terminal(room.address, state=tmp_path) as nobody:
        nobody.until_row("write your name:")
        nobody.write(CTRL_D)
        assert nobody.ended() == 0


def test_no_server_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with Terminal(f"127.0.0.1:{closed.getsockname()[1]}", "--name", "alice", state=tmp_path) as alice:
            assert alice.ended() == 1
            (complaint,) = alice.errors.rest().decode().splitlines()
            assert complaint.startswith("asyncchat: ")


def test_a_plain_server_is_talked_to_in_plain_lines(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        Terminal(f"127.0.0.1:{listener.getsockname()[1]}", state=tmp_path) as alice,
        listener.accept()[0] as peer,
    ):
        peer.sendall(b"hello from nc\n")
        alice.until_row("hello from nc")
        alice.write("hi\n")
        assert peer.recv(100) == b"hi\n"


def test_a_termination_leaves_the_terminal_as_it_was(room: ServeProgram, join: Join) -> None:
    with join("alice") as alice:
        alice.until_prompt()
        alice.signal(signal.SIGTERM)
        assert alice.ended() == -signal.SIGTERM
        check_restored(alice)
