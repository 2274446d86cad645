"""The second form: `asyncchat serve --mode pair`, a line between two."""

import contextlib
import re
import resource
import signal
import sys
from pathlib import Path

import pytest

from tests.programs import Program, ServeProgram, assert_within


def pair() -> ServeProgram:
    return ServeProgram("--mode", "pair")


def test_each_sees_what_the_other_types() -> None:
    with pair() as server, Program("join", server.address) as client:
        client.write("hello\n\nfrom the client\n")
        assert [server.out.line() for _ in range(3)] == ["hello", "", "from the client"]
        server.write("hello\n\nfrom the server\n")
        assert [client.out.line() for _ in range(3)] == ["hello", "", "from the server"]


@pytest.mark.parametrize("goodbye", ["/exit\n", "/exit \n", "/quit\n"])
def test_the_server_ends_when_the_client_says_exit_though_it_waits_for_input(goodbye: str) -> None:
    with pair() as server, server.connect() as client:
        client.send("last\n" + goodbye)
        assert server.wait() == 0
        assert server.out.rest() == b"last\n"


@pytest.mark.parametrize("mode", ["pair", "threads"])
@pytest.mark.parametrize("unseen", ["\u200b", "\ufeff", "\u2800\u3164 "])
def test_what_is_not_seen_is_no_line_and_hides_no_exit(mode: str, unseen: str) -> None:
    lines = f"first\n{unseen}\n{unseen}/exit\n{unseen}/quit\n /exit\n"
    with ServeProgram("--mode", mode) as server, server.connect() as client:
        client.send(lines)
        said = [line.removeprefix("Client 1 sent: ") for line in server.out.until("/exit")]
        assert said[-2:] == ["first", " /exit"]
        refused = "your line was not sent: write /exit with a plain / and nothing before it"
        assert (client.line(), client.line()) == (f"Server: {refused}.", f"Server: {refused}.")
        server.write(lines)
        assert (client.line(), client.line()) == ("first", " /exit")
        assert refused in server.errors.line()


@pytest.mark.parametrize("mode", ["pair", "threads"])
def test_a_sign_around_a_number_is_a_line_and_hides_no_exit(mode: str) -> None:
    end_of_ayah = "\N{ARABIC END OF AYAH}"
    with ServeProgram("--mode", mode) as server, server.connect() as client:
        client.send(f"{end_of_ayah}\n{end_of_ayah}/exit\nlast\n")
        said = [line.removeprefix("Client 1 sent: ") for line in server.out.until("last")]
        assert said[-2:] == [end_of_ayah, "last"]
        assert client.line() == "Server: your line was not sent: write /exit with a plain / and nothing before it."


def test_the_server_ends_when_the_client_disconnects() -> None:
    with pair() as server:
        with server.connect() as client:
            client.send("hello\n")
            assert server.out.line() == "hello"
        assert server.wait() == 0


def test_the_server_ends_when_the_client_resets() -> None:
    with pair() as server:
        client = server.connect()
        client.send("hello\n")
        assert server.out.line() == "hello"
        client.reset()
        assert server.wait() == 0


def test_a_second_client_is_told_and_refused_and_the_first_goes_on() -> None:
    with pair() as server, server.connect() as first:
        first.send("one\n")
        assert server.out.line() == "one"
        with server.connect() as second:
            second.send("two\n")
            second.end_input()
            assert second.lines.rest() == b"Server: this chat is between two, and both are here.\n"
        first.send("three\n")
        assert server.out.line() == "three"


def test_the_end_of_the_servers_input_ends_only_its_sending() -> None:
    with pair() as server, server.connect() as client:
        server.write("all I have to say")
        server.end_input()
        assert client.line() == "all I have to say"
        client.send("still here\n")
        assert server.out.line() == "still here"


def test_exit_at_the_server_ends_it_too() -> None:
    with pair() as server, server.connect() as client:
        server.write("bye\n/exit\n")
        assert client.lines.rest() == b"bye\n"
        assert server.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("connected", [False, True])
def test_a_signal_ends_it(number: signal.Signals, connected: bool) -> None:
    def attempt() -> float:
        with pair() as server, contextlib.ExitStack() as clients:
            if connected:
                client = clients.enter_context(server.connect())
                client.send("hello\n")
                server.out.line()
            server.signal(number)
            return server.seconds_to_end(0)

    assert_within(2, attempt)


def test_what_arrives_can_harm_no_terminal_and_bad_lines_are_refused() -> None:
    with pair() as server, server.connect() as client:
        client.send(b"\x1b[2J\n\xff\n" + b"x" * 5000 + b"\nend\n")
        assert [server.out.line(), server.out.line()] == ["␛[2J", "end"]
        assert [client.line(), client.line()] == [
            "Server: your line was not sent: it is not UTF-8.",
            "Server: your line was not sent: it is too long: 4096 bytes are the most.",
        ]


def test_a_file_goes_through_whole_and_in_order() -> None:
    lines = [f"line {number}" for number in range(20_000)]
    with pair() as server, Program("join", server.address) as client:
        client.write("\n".join(lines))
        client.end_input()
        assert server.out.rest().decode().splitlines() == lines
        assert (client.wait(), server.wait()) == (0, 0)


def test_ends_quietly_when_nobody_reads_what_it_prints() -> None:
    with pair() as server, server.connect() as client:
        assert server.process.stdout
        server.process.stdout.close()
        client.send("hello\n")
        assert server.wait() == 0


def test_flags_of_the_room_are_wrong_usage() -> None:
    with Program("serve", "--mode", "pair", "--history", "5") as program:
        assert program.wait() == 2
        assert "--history goes with --mode room only" in program.errors.rest().decode()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets one process limit another")
def test_without_a_thread_for_the_client_it_ends_with_one_clear_line() -> None:
    with ServeProgram("--mode", "pair") as server:
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        in_use = int(re.findall(r"VmSize:\s+(\d+) kB", status)[0]) * 1024
        resource.prlimit(server.process.pid, resource.RLIMIT_AS, (in_use + (1 << 20), resource.RLIM_INFINITY))
        with server.connect():
            said = server.errors.line()
            assert said == "asyncchat: can't talk with the client: the system has no thread for it. Try again later."
            assert server.wait() == 1
