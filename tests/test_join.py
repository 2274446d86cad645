"""`asyncchat join`, built on asyncio and built on threads: each promise holds for both."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.irc import IrcProgram
from tests.programs import ASK_NAME, ASYNCCHAT, Program, ServeProgram, assert_within, in_rounds, seconds, until
from tests.web import WebProgram

Join = Callable[..., Program]


@pytest.fixture(params=[[], ["--threads"]], ids=["asyncio", "threads"])
def join(request: pytest.FixtureRequest) -> Join:
    def start(*arguments: str, **how: object) -> Program:
        # On a terminal, the client in tests/ui is the usual one.
        plain = ["--plain"] if how.get("terminal") and not request.param else []
        return Program("join", *request.param, *plain, *arguments, **how)  # type: ignore[arg-type]

    return start


def test_shows_what_arrives_while_one_types(room: ServeProgram, join: Join) -> None:
    with room.join("bob") as bob, join(room.address) as alice:
        assert alice.out.line() == ASK_NAME
        alice.write("alice\nhello\n")
        assert alice.out.line() == "alice: hello"
        alice.write("half a li")
        bob.send("hi, alice\n")
        assert alice.out.line() == "bob: hi, alice"
        alice.write("ne\n")
        assert alice.out.line() == "alice: half a line"


def test_a_given_name_answers_the_question(room: ServeProgram, join: Join) -> None:
    with room.join("bob") as bob, join(room.address, "--name", "ci") as ci:
        ci.write("build 41 done\n")
        assert bob.line() == "ci: build 41 done"
        assert ci.out.line() == "ci: build 41 done"


@pytest.mark.parametrize("read_input", [True, False])
def test_a_given_name_that_is_refused_ends_it_before_anything_typed_is_taken_for_a_name(
    room: ServeProgram, join: Join, read_input: bool
) -> None:
    with room.join("bob"), join(room.address, "--name", "BOB", *([] if read_input else ["-n"])) as second:
        second.write("secret\n")
        assert second.wait() == 1
        assert second.errors.rest() == b"asyncchat: BOB: this name is already taken! Give another with --name.\n"
    assert room.out.until("bob left") == ["bob joined", "bob left"]


def test_a_name_that_can_never_be_used_is_wrong_usage(join: Join) -> None:
    with join("--name", "two words") as program:
        assert program.wait() == 2
        assert "the name can't be used: it has a blank in it" in program.errors.rest().decode()


def test_somebody_at_a_terminal_chooses_another_name_if_the_given_one_is_taken(room: ServeProgram, join: Join) -> None:
    with room.join("bob") as bob, join(room.address, "--name", "bob", terminal=True) as second:
        second.out.until("already taken! Choose another one.")
        second.write("bob2\n")
        second.write("hello\n")
        assert bob.line() == "bob2: hello"


def test_the_end_of_input_leaves_when_all_that_was_sent_is_handled(room: ServeProgram, join: Join) -> None:
    lines = [f"line {number}" for number in range(500)]
    with join(room.address, "--name", "ci") as ci:
        ci.write("\n".join(lines))
        ci.end_input()
        assert ci.out.rest().decode().splitlines() == [f"ci: {line}" for line in lines]
        assert ci.wait() == 0
        assert ci.errors.rest() == b""
    assert room.out.until("ci left")[1:-1] == [f"ci sent {line}" for line in lines]


@pytest.mark.parametrize("goodbye", ["/exit\n", "/quit\n", "/EXIT now\n"])
def test_exit_ends_it_at_once(join: Join, goodbye: str) -> None:
    def attempt() -> tuple[bool, bytes]:
        with ServeProgram() as room:
            with join(room.address, "--name", "alice") as alice:
                room.out.until("alice joined")
                alice.write("last words\n" + goodbye)
                at_once = alice.seconds_to_end(0) <= seconds(2)
                shown = alice.out.rest()
            assert room.out.until("left") == ["alice sent last words", "alice left"]
        return at_once, shown

    wanted = (True, b"alice: last words\n")  # a server that does not answer at once is not waited for
    assert in_rounds(attempt, lambda came: came == wanted) == wanted


def test_what_was_said_before_exit_is_handled_however_slowly(join: Join) -> None:
    with ServeProgram("--rate", "100", "--burst", "10") as room, join(room.address, "--name", "ci") as ci:
        ci.write("".join(f"{number}\n" for number in range(150)) + "/exit\n")
        assert ci.wait() == 0
        assert sum("ci sent" in line for line in room.out.until("ci left")) == 150


def test_exit_ends_it_at_once_though_the_server_hangs(join: Join) -> None:
    def attempt() -> float:
        with ServeProgram() as room, join(room.address) as alice:
            alice.out.line()
            room.signal(signal.SIGSTOP)
            alice.write("/exit\n")
            return alice.seconds_to_end(0)

    assert_within(2, attempt)


def test_ends_with_an_error_when_the_server_is_gone(room: ServeProgram, join: Join) -> None:
    with join(room.address) as alice:
        assert alice.out.line() == ASK_NAME
        room.signal(signal.SIGKILL)
        assert alice.wait() == 1
        assert alice.errors.rest().decode() == (
            "asyncchat: the server has closed the connection. Run the same command again to come back.\n"
        )


def test_no_input_listens_until_the_server_ends(room: ServeProgram, join: Join) -> None:
    with room.join("bob") as bob, join(room.address, "-n", "--name", "log") as log:
        room.out.until("log joined")
        bob.send("hello\n")
        assert log.out.line() == "bob: hello"
        room.signal(signal.SIGTERM)
        assert log.out.line() == "Server: the chat is closing. Goodbye!"
        assert log.wait() == 1


def test_no_input_needs_a_name_where_the_server_asks_for_one(room: ServeProgram, join: Join) -> None:
    with join(room.address, "-n") as log:
        assert log.wait() == 1
        assert log.errors.rest() == b"asyncchat: the server asks for a name: give one with --name\n"


def test_a_refused_connection_is_one_clear_line(join: Join) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with join("127.0.0.1", "--port", str(port)) as program:
            assert program.wait() == 1
            assert program.errors.rest().decode() == (
                f"asyncchat: can't reach 127.0.0.1:{port}: connection refused. "
                "Is a server running there? `asyncchat serve` starts one.\n"
            )


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 70])
def test_an_unknown_host_is_one_clear_line(join: Join, host: str) -> None:
    with join(host) as program:
        assert program.wait(60) == 1
        assert program.errors.line().startswith(f"asyncchat: can't reach {host}:23456: ")
        assert program.errors.rest() == b""


def test_a_wrong_port_in_the_environment_is_wrong_usage(join: Join) -> None:
    with join(environment={"ASYNCCHAT_PORT": "x"}) as program:
        assert program.wait() == 2
        assert b"ASYNCCHAT_PORT: 'x' is not a port" in program.errors.rest()


def test_the_environment_says_where_and_as_whom(room: ServeProgram, join: Join) -> None:
    environment = {"ASYNCCHAT_HOST": "127.0.0.1", "ASYNCCHAT_PORT": str(room.port), "ASYNCCHAT_NAME": "env"}
    with join(environment=environment) as program:
        program.write("hello\n")
        assert program.out.line() == "env: hello"


def test_ipv6_addresses_are_understood(join: Join) -> None:
    with ServeProgram("--host", "::1") as room, join(f"[::1]:{room.port}") as program:
        assert program.out.line() == ASK_NAME


@pytest.mark.parametrize("mode", ["room", "pair", "threads"])
def test_ctrl_c_ends_it_within_a_second(join: Join, mode: str) -> None:
    def attempt() -> float:
        with ServeProgram("--mode", mode) as server, join(server.address, terminal=True) as alice:
            alice.write("alice\n")
            server.out.until("alice")
            alice.signal(signal.SIGINT)
            took = alice.seconds_to_end(130)
            assert alice.errors.rest() == b""
            return took

    assert_within(1, attempt)


LESS_THAN_WAITS = 150
"""Lines of 4000 bytes: more than a pipe takes, and less than may wait for one peer, which the server would reset."""


def waiting(program: Program) -> int:
    """Return how many bytes that it has printed nobody has read."""
    assert program.process.stdout
    return int.from_bytes(fcntl.ioctl(program.process.stdout, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_ctrl_c_ends_it_though_nobody_reads_what_it_prints(join: Join) -> None:
    def attempt() -> float:
        with (
            ServeProgram("--rate", "0") as room,
            room.join("bob") as bob,
            join(room.address, "-n", "--name", "alice") as alice,
        ):
            room.out.until("alice joined")
            for _ in range(LESS_THAN_WAITS):
                bob.send("x" * 4000 + "\n")
                bob.line()
            until(lambda: waiting(alice) > 1 << 15)
            alice.signal(signal.SIGINT)
            return alice.seconds_to_end(130)

    assert_within(2, attempt)


def is_connecting(program: Program) -> bool:
    """Tell whether it has asked for a connection, and sleeps until it is answered."""
    process = Path(f"/proc/{program.process.pid}")
    opened = set()
    for path in (process / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            opened.add(os.readlink(path))
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()]
    asked = any(row[3] == "02" and f"socket:[{row[9]}]" in opened for row in rows)
    return asked and (process / "stat").read_text().rpartition(")")[2].split()[0] == "S"


def test_ctrl_c_ends_it_while_it_connects(join: Join) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        fillers = [socket.socket() for _ in range(8)]
        for filler in fillers:  # so that the next one gets no answer
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))

        # Without warnings: socket.create_connection leaves its socket to the collector when it is interrupted.
        def attempt() -> float:
            with join(f"127.0.0.1:{port}", command=(sys.executable, "-m", "asyncchat")) as program:
                until(lambda: is_connecting(program))
                program.signal(signal.SIGINT)
                return program.seconds_to_end(130)

        assert_within(1, attempt)
        for filler in fillers:
            filler.close()


def test_ends_quietly_when_nobody_reads_what_it_prints(room: ServeProgram, join: Join) -> None:
    with room.join("bob") as bob, join(room.address, "--name", "alice") as alice:
        room.out.until("alice joined")
        assert alice.process.stdout
        alice.process.stdout.close()
        bob.send("hello\n")
        assert alice.wait() == 0
        assert alice.errors.rest() == b""


def test_input_that_cannot_be_read_is_one_clear_line(room: ServeProgram, join: Join, tmp_path: Path) -> None:
    with (tmp_path / "write-only").open("wb") as file, join(room.address, stdin=file.fileno()) as program:
        assert program.wait() == 1
        assert program.errors.rest() == b"asyncchat: can't read standard input: bad file descriptor\n"


def test_a_hostile_server_cannot_reach_the_terminal(join: Join) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as hostile,
        join(f"127.0.0.1:{hostile.getsockname()[1]}") as program,
        hostile.accept()[0] as server,
    ):
        server.sendall(b"\x1b]0;title\x07\xff\xc2\x9b2J\n")
        assert program.out.line() == "␛]0;title␇\\xff<U+009B>2J"


def test_a_bare_command_joins_the_default_address_and_says_so_if_nobody_is_there(join: Join) -> None:
    with socket.socket() as blocker:
        blocker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            blocker.bind(("127.0.0.1", 23456))  # and does not listen
        except OSError:
            pytest.skip("somebody uses the default port")
        with join() as program:
            assert program.wait() == 1
            assert program.errors.line().startswith("asyncchat: can't reach 127.0.0.1:23456: connection refused")


def test_on_a_terminal_it_asks_and_chats(room: ServeProgram, join: Join) -> None:
    with join(room.address, terminal=True) as alice:
        alice.out.until(ASK_NAME)
        alice.write("alice\n")
        room.out.until("alice joined")
        alice.write("hello\n")
        alice.out.until("alice: hello")
        alice.write(b"\x04")  # Ctrl-D: the end of input
        assert alice.wait() == 0
    assert room.out.line() == "alice sent hello"
    assert room.out.line() == "alice left"


def test_the_end_of_input_is_no_success_when_the_server_ends_before_all_is_handled(join: Join) -> None:
    with ServeProgram("--rate", "50", "--burst", "1") as room, join(room.address, "--name", "ci") as ci:
        ci.write("".join(f"{number}\n" for number in range(1000)))
        ci.end_input()
        room.out.until("ci sent 5")
        room.signal(signal.SIGTERM)
        assert ci.wait() == 1
        assert b"the server has closed the connection" in ci.errors.rest()


def test_a_pipe_without_a_name_is_no_success(room: ServeProgram, join: Join) -> None:
    with join(room.address) as program:
        program.write("build 41 done\n")
        program.end_input()
        assert program.wait() == 1
        assert program.errors.rest() == (
            b"asyncchat: the server took none of this for a name, so nothing was sent: give a name with --name\n"
        )


def test_a_server_that_is_slow_to_ask_gets_nothing_for_a_name_that_is_none(join: Join) -> None:
    def attempt() -> str:
        with ServeProgram() as room:
            room.signal(signal.SIGSTOP)
            with join(room.address, "--name", "ci") as ci:
                ci.write("secret\n")
                with pytest.raises(subprocess.TimeoutExpired):
                    ci.process.wait(1)
                room.signal(signal.SIGCONT)
                shown = ci.out.line()  # nothing, if by then it had lost its patience
            if shown:
                assert room.out.until("ci left")[0] == "ci joined"
        return shown

    assert in_rounds(attempt, lambda shown: shown == "ci: secret") == "ci: secret"


def test_exit_ends_it_at_once_though_nobody_reads_what_it_prints(join: Join) -> None:
    def attempt() -> float:
        with (
            ServeProgram("--rate", "0") as room,
            room.join("bob") as bob,
            join(room.address, "--name", "alice") as alice,
        ):
            room.out.until("alice joined")
            for _ in range(LESS_THAN_WAITS):
                bob.send("x" * 4000 + "\n")
                bob.line()
            alice.write("/exit\n")
            return alice.seconds_to_end(0)

    assert_within(3, attempt)


def test_a_name_that_is_taken_ends_it_every_time(room: ServeProgram, join: Join) -> None:
    with room.join("alice"):
        for _ in range(4):
            with join(room.address, "--name", "alice") as second:
                second.write("hi\n")
                second.end_input()
                assert second.wait() == 1


def test_an_address_that_does_not_answer_does_not_hide_the_next(room: ServeProgram, join: Join) -> None:
    two_addresses = (
        "import socket, sys; from asyncchat.cli import main; real = socket.getaddrinfo\n"
        "def both(host, port, *rest, **more):\n"
        "    return real('127.0.0.1', 1, *rest, **more) + real('127.0.0.1', port, *rest, **more)\n"
        "socket.getaddrinfo = both; sys.exit(main())"
    )
    with join(room.address, command=(sys.executable, "-c", two_addresses)) as program:
        assert program.out.line() == ASK_NAME


def test_a_closed_standard_output_is_an_error(room: ServeProgram, join: Join) -> None:
    with join(room.address, command=("sh", "-c", '"$@" >&-', "sh", *ASYNCCHAT)) as program:
        assert program.wait() == 1
        assert program.errors.rest() == b"asyncchat: can't write the output: bad file descriptor\n"


@pytest.fixture(params=["silent", "smtp", "irc", "echo", "web", "ircd"])
def foreign(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the address of a server that is none for this client, and closes after the client has."""
    if request.param == "web":
        with WebProgram() as web:
            yield f"127.0.0.1:{web.web_port}"
        return
    if request.param == "ircd":
        with IrcProgram() as ircd:
            yield f"127.0.0.1:{ircd.irc_port}"
        return
    greeting = {"smtp": b"220 smtp ready\r\n", "irc": b":irc.example NOTICE * :looking up\r\n"}.get(request.param, b"")

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                peer.sendall(greeting)
                while data := peer.recv(4096):
                    if request.param == "echo":
                        peer.sendall(data)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=serve)
        serving.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        serving.join()


@pytest.mark.parametrize(("options", "end"), [(["--name", "ci"], ""), ([], "/exit\n")], ids=["named", "unnamed"])
def test_a_pipe_to_what_is_no_chat_is_no_success(foreign: str, join: Join, options: list[str], end: str) -> None:
    with join(foreign, *options) as program:
        program.write(f"build 41\ndone\n{end}")
        program.end_input()
        assert program.wait() == 1
        error = program.errors.rest()
        assert error.startswith((b"asyncchat: this is no server of asyncchat", b"asyncchat: the server has closed"))
        assert error.count(b"\n") == 1


@pytest.mark.parametrize(("options", "end"), [(["--name", "ci"], ""), ([], "/exit\n")], ids=["named", "unnamed"])
@pytest.mark.parametrize("mode", ["pair", "threads"])
def test_a_pipe_to_a_server_without_names_is_a_success(mode: str, join: Join, options: list[str], end: str) -> None:
    with ServeProgram("--mode", mode) as server, join(server.address, *options) as program:
        program.write(f"build 41\ndone\n{end}")
        program.end_input()
        assert program.wait() == 0
        assert (program.out.rest(), program.errors.rest()) == (b"", b"")
        if mode == "pair":
            assert server.out.rest() == b"build 41\ndone\n"
        else:
            assert [line.rpartition(" ")[2] for line in server.out.until("disconnected")[1:-1]] == ["41", "done"]


def test_a_pipe_that_finds_the_line_between_two_taken_is_no_success(join: Join) -> None:
    with ServeProgram("--mode", "pair") as server, join(server.address) as first:
        first.write("hello\n")
        assert server.out.line() == "hello"
        with join(server.address) as program:
            program.write("hi\n")
            program.end_input()
            assert program.wait() == 1
            assert program.out.rest() == b"Server: this chat is between two, and both are here.\n"
