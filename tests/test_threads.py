"""The third form: `asyncchat serve --mode threads`, many clients, each with threads of its own."""

import contextlib
import signal

import pytest

from tests.programs import ASYNCCHAT, Program, ServeProgram, assert_within


def threads() -> ServeProgram:
    return ServeProgram("--mode", "threads")


def test_prints_who_connects_what_they_send_and_who_disconnects() -> None:
    with threads() as server:
        with server.connect() as client:
            client.send("hello\n")
            assert server.out.until("sent") == [f"Client 1 connected! ({client.address})", "Client 1 sent: hello"]
            with server.connect() as second:
                second.send("  hi\n")
                assert server.out.until("sent") == [f"Client 2 connected! ({second.address})", "Client 2 sent:   hi"]
        assert {server.out.line(), server.out.line()} == {"Client 1 disconnected!", "Client 2 disconnected!"}


def test_a_line_typed_at_the_server_goes_to_every_client() -> None:
    with threads() as server, server.connect() as one, server.connect() as two:
        server.out.until("Client 2 connected!")
        server.write("hello, all\n")
        assert (one.line(), two.line()) == ("hello, all", "hello, all")


def test_exit_ends_that_client_only() -> None:
    with threads() as server, server.connect() as one, server.connect() as two:
        one.send("/exit\n")
        assert one.lines.rest() == b""
        server.out.until("Client 1 disconnected!")
        two.send("still here\n")
        assert server.out.until("sent")[-1] == "Client 2 sent: still here"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_within_two_seconds_whatever_the_clients_do(number: signal.Signals) -> None:
    def attempt() -> float:
        with threads() as server, server.connect() as silent, server.connect(receive_buffer=4096) as stuck:
            server.out.until("Client 2 connected!")
            for _ in range(200):
                server.write("x" * 4000 + "\n")
            stuck.send("half a line")
            silent.lines.some(b"x" * 1000)
            server.signal(number)
            return server.seconds_to_end(0)

    assert_within(2, attempt)


def test_the_end_of_the_servers_input_ends_only_its_typing() -> None:
    with threads() as server, server.connect() as client:
        server.end_input()
        client.send("hello\n")
        assert server.out.until("sent")[-1] == "Client 1 sent: hello"


def test_bad_lines_are_refused_to_their_sender_and_printed_in_no_form() -> None:
    with threads() as server, server.connect() as client:
        client.send(b"\xff\n" + b"x" * 9000 + b"\n\x1b[2J\n")
        assert server.out.until("sent")[-1] == "Client 1 sent: ␛[2J"
        assert client.line() == "Server: your line was not sent: it is not UTF-8."
        assert client.line() == "Server: your line was not sent: it is too long: 4096 bytes are the most."


def test_a_client_that_resets_or_breaks_off_a_line_is_only_gone() -> None:
    with threads() as server, server.connect() as other:
        client = server.connect()
        server.out.until("Client 2 connected!")
        client.send("half a li")
        client.reset()
        assert server.out.line() == "Client 2 disconnected!"
        other.send("hello\n")
        assert server.out.line() == "Client 1 sent: hello"


def test_goes_on_when_nobody_reads_what_it_prints() -> None:
    with threads() as server, server.connect() as client:
        server.out.until("connected!")
        assert server.process.stdout
        server.process.stdout.close()
        client.send("hello\n")
        assert "standard output is closed" in server.errors.line()
        server.write("to you\n")
        assert client.line() == "to you"


def test_its_clients_may_be_ours() -> None:
    with threads() as server, Program("join", server.address) as client:
        client.write("hello\n")
        assert server.out.until("sent")[-1] == "Client 1 sent: hello"
        server.write("and hello to you\n")
        assert client.out.line() == "and hello to you"
        client.end_input()
        assert client.wait() == 0


@pytest.mark.parametrize("mode", ["threads", "pair"])
def test_when_open_files_run_out_the_talk_goes_on(mode: str) -> None:
    limited = ("sh", "-c", 'ulimit -n 30 && exec "$@"', "sh", *ASYNCCHAT)
    with ServeProgram("--mode", mode, command=limited) as server, server.connect() as first:
        server.write("welcome\n")
        assert first.line() == "welcome"
        with contextlib.ExitStack() as strangers:
            for _ in range(60):
                strangers.enter_context(server.connect())
            if mode == "threads":
                assert "can't accept a connection" in server.errors.line()
            first.send("still here\n")
            assert server.out.until("still here")
        first.send("and now\n")
        assert server.out.until("and now")


def test_blocked_output_of_the_server_blocks_no_client() -> None:
    with threads() as server, server.connect() as chatty, server.connect() as other:
        for _ in range(100):
            chatty.send("x" * 4000 + "\n")
        other.send("/exit\n")
        assert other.lines.rest() == b""
