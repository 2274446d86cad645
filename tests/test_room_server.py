"""The fourth form: `asyncchat serve`, as people with nc see it."""

import re
import shutil
import signal
import subprocess

import pytest

from tests.programs import ASK_NAME, PATIENCE, WITHOUT_UVLOOP, Nc, Program, ServeProgram, assert_within, seconds


def test_asks_for_a_name_at_once(room: ServeProgram) -> None:
    with room.connect() as peer:
        assert peer.line() == "Server: write your name"


def test_sends_every_message_to_everyone_and_to_its_sender(room: ServeProgram) -> None:
    with room.join("alice") as alice, room.join("bob") as bob:
        alice.send("hello\n")
        assert (alice.line(), bob.line()) == ("alice: hello", "alice: hello")
        bob.send("hi, alice\n")
        assert (alice.line(), bob.line()) == ("bob: hi, alice", "bob: hi, alice")


def test_refuses_a_name_that_somebody_has_until_it_is_free(room: ServeProgram) -> None:
    with room.join("zoé") as first, room.connect() as second:
        assert second.line() == ASK_NAME
        for same in ("zoé", "ZOÉ", "Zoe\u0301"):
            second.send(f"{same}\n")
            assert second.line() == "Server: this name is already taken! Choose another one."
        first.send("/exit\n")
        assert first.lines.rest() == b""
        second.send("Zoé\nback\n")
        assert second.line() == "Zoé: back"


@pytest.mark.parametrize("name", ["server", "Server", "SERVER", "Ｓerver"])
def test_nobody_can_be_called_like_the_server(room: ServeProgram, name: str) -> None:
    with room.connect() as peer:
        peer.line()
        peer.send(f"{name}\n")
        assert peer.line() == "Server: this name can't be used: it is reserved. Choose another one."


def test_a_newcomer_gets_the_last_ten_messages_oldest_first(room: ServeProgram) -> None:
    with room.join("alice") as alice, room.connect() as bob:
        for number in range(13):
            alice.send(f"{number}\n")
            alice.line()
        bob.send("bob\nme\n")
        assert [bob.line() for _ in range(12)] == [
            ASK_NAME,
            *(f"alice: {number}" for number in range(3, 13)),
            "bob: me",
        ]


def test_history_sets_how_many_messages_a_newcomer_gets() -> None:
    with ServeProgram("--history", "2") as room, room.join("alice") as alice, room.connect() as bob:
        for number in range(5):
            alice.send(f"{number}\n")
            alice.line()
        bob.send("bob\nme\n")
        assert [bob.line() for _ in range(4)] == [ASK_NAME, "alice: 3", "alice: 4", "bob: me"]


def test_nothing_is_said_to_somebody_without_a_name(room: ServeProgram) -> None:
    with room.join("alice") as alice, room.connect() as silent:
        assert silent.line() == ASK_NAME
        alice.send("secret\n")
        assert alice.line() == "alice: secret"
        silent.send("/exit\n")
        assert silent.lines.rest() == b""


def test_joining_and_leaving_is_not_told_to_plain_peers(room: ServeProgram) -> None:
    with room.join("alice") as alice:
        room.join("bob").socket.close()
        room.out.until("bob left")
        alice.send("still here\n")
        assert alice.line() == "alice: still here"


def test_list_shows_who_is_online_without_oneself(room: ServeProgram) -> None:
    with room.join("bob") as bob:
        bob.send("/list\n")
        assert bob.line() == "Server: no one online"
        with room.join("carol"), room.join("Alice"):
            for alias in ("/list", "/who", "/names", "/users", "/LIST"):
                bob.send(f"{alias}\n")
                assert bob.line() == "Server: online: Alice carol"


def test_the_transcript_tells_all_that_happens_in_order(room: ServeProgram) -> None:
    with room.join("alice") as alice:
        alice.send("hello\n")
        alice.line()
        with room.join("bob") as bob:
            bob.send("/exit\n")
            bob.lines.rest()
    assert room.out.until("alice left") == [
        "alice joined",
        "alice sent hello",
        "bob joined",
        "bob left",
        "alice left",
    ]


def test_the_transcript_can_be_filtered(room: ServeProgram) -> None:
    with room.join("alice") as alice:
        alice.send("sent  with two blanks\n")
        alice.line()
    transcript = "\n".join(room.out.until("alice left"))
    with Program("filter") as program:
        program.write(transcript)
        program.end_input()
        assert program.out.rest() == b"alice: sent  with two blanks\n"


def test_quiet_prints_no_transcript() -> None:
    with ServeProgram("--quiet") as room:
        with room.join("alice") as alice:
            alice.send("hello\n")
            alice.line()
        room.signal(signal.SIGTERM)
        assert room.out.rest() == b""


def test_the_first_log_line_says_where_it_listens(room: ServeProgram) -> None:
    assert re.fullmatch(r"asyncchat: listening on 127\.0\.0\.1:[1-9]\d*", room.said_first)


@pytest.mark.skipif(not shutil.which("nc"), reason="nc is not installed")
def test_nc_in_a_pipe_is_a_full_citizen(room: ServeProgram) -> None:
    with room.join("alice") as alice:
        bot = subprocess.run(
            ["nc", "-N", "127.0.0.1", str(room.port)],
            input=b"bot\nhi\n",
            capture_output=True,
            timeout=seconds(PATIENCE),
            check=True,
        )
        assert bot.stdout == b"Server: write your name\nbot: hi\n"
        assert alice.line() == "bot: hi"


def test_several_hosts_share_one_port() -> None:
    with ServeProgram("--host", "127.0.0.1", "--host", "127.0.0.2") as room:
        for host in ("127.0.0.1", "127.0.0.2"):
            assert f"{host}:{room.port}" in room.said_first
            with Nc(room.port, host) as peer:
                assert peer.line() == ASK_NAME


def test_two_colons_are_every_address_of_both_kinds() -> None:
    with ServeProgram("--host", "::") as room:
        for host in ("::1", "127.0.0.1"):
            with Nc(room.port, host) as peer:
                assert peer.line() == ASK_NAME


def test_a_port_that_is_taken_is_one_clear_line(room: ServeProgram) -> None:
    with Program("serve", "--port", str(room.port)) as second:
        assert second.wait() == 1
        assert second.errors.rest().decode() == (
            f"asyncchat: can't listen at 127.0.0.1, port {room.port}: address already in use. "
            "Choose another --host or --port.\n"
        )


def test_serves_on_the_standard_loop_where_uvloop_is_missing() -> None:
    with ServeProgram(command=WITHOUT_UVLOOP) as room, room.join("alice") as alice:
        alice.send("hello\n/exit\n")
        assert alice.lines.rest() == b"alice: hello\n"
        room.signal(signal.SIGTERM)
        assert room.wait() == 0


@pytest.mark.parametrize("command", [None, WITHOUT_UVLOOP], ids=["uvloop", "standard loop"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_lets_everybody_go_with_a_goodbye(number: signal.Signals, command: tuple[str, ...] | None) -> None:
    how = {"command": command} if command else {}

    def attempt() -> float:
        with ServeProgram(**how) as room, room.join("alice") as alice, room.connect() as nameless:
            nameless.line()
            alice.send("last words\n")
            assert alice.line() == "alice: last words"
            room.signal(number)
            for peer in (alice, nameless):
                assert peer.lines.rest() == b"Server: the chat is closing. Goodbye!\n"
            took = room.seconds_to_end(0)
            assert room.out.rest().endswith(b"alice left\n")
            return took

    assert_within(2, attempt)


def test_ends_within_the_drain_time_though_somebody_does_not_read() -> None:
    def attempt() -> float:
        with (
            # Nothing else shall cut the peer off that does not read.
            ServeProgram(
                "--drain-timeout", "0.5", "--stall-timeout", "600", "--max-backlog", str(1 << 30), "--rate", "0"
            ) as room,
            room.connect(receive_buffer=4096) as stuck,
        ):
            stuck.send("stuck\n" + "x" * 4000 + "\n")
            room.out.until("stuck sent")
            with room.join("alice") as alice:
                for _ in range(100):
                    alice.send(("y" * 4000 + "\n") * 10)
                    for _ in range(10):
                        alice.line()
                room.signal(signal.SIGTERM)
                assert alice.line().startswith("Server:")
                alice.socket.close()
                return room.seconds_to_end(0)

    assert_within(3, attempt)
