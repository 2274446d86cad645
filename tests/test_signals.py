"""What the signals do that a closed terminal, an operator or a service manager sends."""

import contextlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import ASYNCCHAT, Program, ServeProgram
from tests.ui.terminals import Terminal

GOODBYE = "Server: the chat is closing. Goodbye!"


def test_the_second_hangup_of_a_closed_terminal_takes_nothing_from_anybody() -> None:
    with ServeProgram("--rate", "0") as room, room.join("alice") as alice, room.connect(receive_buffer=4096) as slow:
        slow.send("slow\n")
        assert slow.lines.until("write your name")
        for number in range(100):  # more than the kernel takes
            alice.send(f"{number} " + "x" * 4000 + "\n")
            alice.line()
        room.signal(signal.SIGHUP)
        assert alice.line() == GOODBYE
        room.signal(signal.SIGHUP)
        alice.end_input()
        lines = slow.lines.rest().decode().splitlines()
        assert (len(lines), lines[-1]) == (101, GOODBYE)
        assert room.wait() == 0


@pytest.mark.parametrize("mode", ["room", "threads", "pair"])
def test_a_server_under_nohup_outlives_its_terminal(mode: str) -> None:
    nohup = ("sh", "-c", 'trap "" HUP && exec "$@"', "sh", *ASYNCCHAT)
    with ServeProgram("--mode", mode, command=nohup) as server:
        server.signal(signal.SIGHUP)
        with server.connect() as peer:
            peer.send("alice\nhello\n")
            server.out.until("hello")
            peer.end_input()
            assert GOODBYE.encode() not in peer.lines.rest()
        server.signal(signal.SIGTERM)
        assert server.wait() == 0


@pytest.mark.parametrize("mode", ["room", "threads", "pair"])
def test_a_server_that_is_asked_to_end_again_and_again_ends_well(mode: str) -> None:
    with ServeProgram("--mode", mode) as server:
        code = None
        while code is None:  # up to the last moment of its life
            server.signal(signal.SIGTERM)
            server.signal(signal.SIGHUP)
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = server.process.wait(0.001)
        assert code == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("form", ["--plain", "--threads", "--json"])
def test_a_client_in_a_pipe_ends_by_a_signal_as_the_system_has_it(
    room: ServeProgram, form: str, number: signal.Signals
) -> None:
    with Program("join", room.address, form, "--name", "alice") as alice:
        room.out.until("alice joined")
        alice.signal(number)
        assert alice.wait() == -number


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a test would leave core files behind")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
@pytest.mark.parametrize("asked", [False, True], ids=["chatting", "asked for a password"])
def test_a_client_at_a_terminal_leaves_that_as_it_was(
    number: signal.Signals, asked: bool, with_people: str, tmp_path: Path
) -> None:
    import resource

    with (
        ServeProgram("--store", with_people) as room,
        Terminal(room.address, "--name", "alice" if asked else "carol", state=tmp_path) as client,
    ):
        resource.prlimit(client.process.pid, resource.RLIMIT_CORE, (0, 0))
        if asked:
            client.until_row("password of alice")
            assert client.attributes != client.attributes_before
        else:
            client.until_prompt()
        client.signal(number)
        assert client.ended() == -number
        assert client.attributes == client.attributes_before


def test_a_second_signal_does_not_disturb_how_a_client_leaves_its_terminal(room: ServeProgram, tmp_path: Path) -> None:
    with Terminal(room.address, "--name", "alice", state=tmp_path) as client:
        client.until_prompt()
        for _ in range(3):
            client.signal(signal.SIGHUP)
        assert client.ended() == -signal.SIGHUP
        assert client.attributes == client.attributes_before
