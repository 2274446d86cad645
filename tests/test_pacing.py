"""What the servers without names send is paced by those who read it, and stopped by nobody who does not."""

import contextlib
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.programs import ASYNCCHAT, Nc, Program, ServeProgram, assert_within, until

LINES = 20_000
SIZE = 20_000_000


def lines_of_input() -> bytes:
    return b"".join(b"%06d %s\n" % (number, b"x" * (SIZE // LINES - 8)) for number in range(LINES))


@contextlib.contextmanager
def serving_a_file(mode: str, folder: Path) -> Iterator[ServeProgram]:
    path = folder / "input"
    path.write_bytes(lines_of_input())
    with path.open("rb") as file, ServeProgram("--mode", mode, stdin=file.fileno()) as server:
        yield server


@contextlib.contextmanager
def giving(server: ServeProgram) -> Iterator[None]:
    """Write them to a server's standard input meanwhile."""
    thread = threading.Thread(target=server.write, args=(lines_of_input(),))
    thread.start()
    try:
        yield
    finally:
        thread.join()


def is_whole(data: bytes) -> bool:
    return [int(line[:6]) for line in data.splitlines()] == list(range(LINES))


def read_all(peer: Nc, begun: bytes = b"") -> bytes:
    received = bytearray(begun)
    while len(received) < SIZE:
        data = peer.socket.recv(1 << 20)
        assert data, f"ended after {len(received)} bytes"
        received += data
    return bytes(received)


@pytest.mark.parametrize("mode", ["threads", "pair"])
def test_a_file_of_20_mb_reaches_a_client_whole(mode: str, tmp_path: Path) -> None:
    with serving_a_file(mode, tmp_path) as server, server.connect() as client:
        assert is_whole(read_all(client))


def test_a_file_of_20_mb_reaches_all_who_read_whole_though_one_is_slow() -> None:
    with (
        ServeProgram("--mode", "threads") as server,
        server.connect() as fast,
        server.connect(receive_buffer=4096) as slow,
    ):
        server.out.until("Client 2 connected!")
        with giving(server), ThreadPoolExecutor() as reading:
            begun = fast.socket.recv(SIZE // 10, socket.MSG_WAITALL)  # so it is read before anything is by the slow one
            both = reading.map(read_all, (fast, slow), (begun, b""))
        assert all(map(is_whole, both))


def test_who_takes_nothing_for_the_stall_time_is_cut_off_and_named_and_all_others_get_everything() -> None:
    with (
        ServeProgram("--mode", "threads", "--stall-timeout", "0.3") as server,
        server.connect(receive_buffer=4096) as stuck,
        server.connect() as well,
    ):
        server.out.until("Client 2 connected!")
        with giving(server):
            assert is_whole(read_all(well))
        said = f"asyncchat: {stuck.address} (Client 1) is cut off: it takes nothing of what it is sent"
        assert server.errors.line() == said
        server.out.until("Client 1 disconnected!")


@pytest.mark.parametrize("mode", ["threads", "pair"])
def test_answers_that_nobody_reads_hold_up_nothing_that_a_client_sends(mode: str, tmp_path: Path) -> None:
    with serving_a_file(mode, tmp_path) as server, server.connect(receive_buffer=4096) as client:
        client.send(b"\xff\n" * 100_000 + b"later\n")
        server.out.until("later")


def test_what_is_typed_before_somebody_is_there_is_for_who_comes_first() -> None:
    with ServeProgram("--mode", "threads") as server:
        server.write("hello\n")
        server.end_input()
        with server.connect() as client:
            assert client.line() == "hello"


def connected(port: int) -> socket.socket:
    """Return a connection, as soon as a server is there, which can't say so."""
    tries = [socket.socket()]

    def is_there() -> bool:
        if tries[-1].connect_ex(("127.0.0.1", port)) == 0:
            return True
        tries.pop().close()
        tries.append(socket.socket())
        return False

    until(is_there)
    return tries[-1]


@pytest.mark.parametrize("mode", ["threads", "pair"])
def test_a_log_that_nobody_reads_stops_neither_the_talk_nor_the_end(mode: str) -> None:
    fills_its_log = (
        "import os, sys; os.set_blocking(2, False)\n"
        "try:\n    while True: os.write(2, b'x' * 4096)\n"
        "except BlockingIOError: os.set_blocking(2, True)\n"
        "os.execv(sys.executable, sys.argv[1:])"
    )
    command = (sys.executable, "-c", fills_its_log, *ASYNCCHAT)

    def attempt() -> float:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        with (
            Program("serve", "--mode", mode, "--port", str(port), command=command) as server,
            connected(port) as client,
        ):
            client.sendall(b"hello\n")
            server.out.until("hello")
            server.signal(signal.SIGTERM)
            return server.seconds_to_end(0)

    assert_within(2, attempt)
