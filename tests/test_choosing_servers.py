"""Which of several servers a client uses: those that can't be used now are passed over, each for a reason."""

import asyncio
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

import asyncchat
from asyncchat.system.addresses import Address
from asyncchat.tls.certificate import fingerprint_of
from tests.programs import Program, ServeProgram, assert_within
from tests.test_servers import serve, url
from tests.tls_peers import TlsProgram
from tests.ui.terminals import ENTER, Terminal

__all__ = ["url"]


@contextmanager
def frozen(_: Path) -> Iterator[str]:
    """The system accepts connections for a server that does nothing."""
    with ServeProgram() as server:
        server.signal(signal.SIGSTOP)
        yield server.address


@contextmanager
def full(_: Path) -> Iterator[str]:
    with ServeProgram("--max-connections", "1") as server, server.join("first"):
        yield server.address


@contextmanager
def closing(_: Path) -> Iterator[str]:
    """It waits for a peer that takes its time."""
    with ServeProgram("--drain-timeout", "60") as server, server.join("slow") as slow:
        server.signal(signal.SIGTERM)
        slow.lines.until("closing")
        yield server.address


@contextmanager
def dead(_: Path) -> Iterator[str]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and does not listen
        yield str(Address(*unused.getsockname()))


Unusable = Callable[[Path], AbstractContextManager[str]]
WHY = [
    (frozen, "{} does not answer"),
    (full, "{}: the chat is full, try again later"),
    (closing, "{}: "),
    (dead, "can't reach {}: connection refused"),
]
EACH = pytest.mark.parametrize(("unusable", "why"), WHY, ids=[why[0].__name__ for why in WHY])


@EACH
def test_a_program_goes_to_the_next_server(unusable: Unusable, why: str, tmp_path: Path) -> None:
    with unusable(tmp_path) as first, ServeProgram() as good:

        def attempt() -> float:
            begun = time.monotonic()
            with Program("join", f"{first},{good.address}", "--json", "--name", "alice") as alice:
                alice.out.until('"welcome"')
                took = time.monotonic() - begun
                alice.end_input()
                assert alice.wait() == 0
                assert alice.errors.rest() == b""
            return took

        assert_within(2, attempt)


@EACH
def test_somebody_at_a_terminal_goes_to_the_next_server(unusable: Unusable, why: str, tmp_path: Path) -> None:
    with (
        unusable(tmp_path) as first,
        ServeProgram() as good,
        Terminal(f"{first},{good.address}", "--name", "alice", state=tmp_path) as alice,
    ):
        alice.until_row(f"You are alice at {good.address}")
        alice.write("/exit" + ENTER)
        assert alice.ended() == 0


def test_one_line_says_of_each_server_why_it_was_passed_over(tmp_path: Path) -> None:
    with ExitStack() as stack:
        addresses = [stack.enter_context(unusable(tmp_path)) for unusable, _ in WHY]
        with Program("join", ",".join(addresses), "--json", "--name", "alice") as alice:
            assert alice.wait() == 1
            said = alice.errors.line()
            assert alice.errors.rest() == b""
    assert said.startswith("asyncchat: no server lets us in: ")
    for address, (_, why) in zip(addresses, WHY, strict=True):
        assert why.format(address) in said
    assert said.endswith(". Try again later, or name another server.")


def test_servers_that_are_all_slow_get_more_time(tmp_path: Path) -> None:
    with frozen(tmp_path) as first, ServeProgram() as slow:
        slow.signal(signal.SIGSTOP)
        with Program("join", f"{first},{slow.address}", "--json", "--name", "alice") as alice:
            with pytest.raises(subprocess.TimeoutExpired):
                alice.process.wait(3)  # both have had their second
            slow.signal(signal.SIGCONT)
            alice.out.until('"welcome"')


# Pipes.


@EACH
def test_a_pipe_goes_to_the_next_server(unusable: Unusable, why: str, tmp_path: Path) -> None:
    with (
        unusable(tmp_path) as first,
        ServeProgram() as good,
        good.join("bob") as bob,
        Program("join", f"{first},{good.address}", "--name", "ci") as ci,
    ):
        ci.write("build 41 done")
        ci.end_input()
        assert bob.line() == "ci: build 41 done"
        assert (ci.wait(), ci.out.rest(), ci.errors.rest()) == (0, b"ci: build 41 done\n", b"")


@pytest.mark.parametrize("how", [(), ("-n",), ("--plain",)])
def test_a_pipe_to_several_servers_needs_a_name(how: tuple[str, ...]) -> None:
    with Program("join", "a,b", *how) as program:
        assert program.wait() == 2
        assert "several servers need a --name" in program.errors.rest().decode()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_pipe_goes_on_at_another_server_and_loses_and_repeats_no_line(url: str, end: signal.Signals) -> None:
    lines = [f"ci: {number}" for number in range(1000)]
    with serve(url) as one, serve(url) as other, other.join("bob") as bob:
        with Program("join", f"{one.address},{other.address}", "--name", "ci") as ci:
            ci.write("".join(f"{number}\n" for number in range(500)))
            assert bob.line() == lines[0]
            one.signal(end)
            ci.write("".join(f"{number}\n" for number in range(500, 1000)))
            ci.end_input()
            assert [bob.line() for _ in lines[1:]] == lines[1:]
            assert ci.out.rest().decode().splitlines() == lines
            assert ci.wait() == 0
            said = ci.errors.rest().decode().splitlines()
        assert said[0].startswith("asyncchat: connection lost (")
        assert said[1:] == [f"asyncchat: connected again, to {other.address}"]


def test_a_pipe_that_prints_only_goes_on_at_another_server(url: str) -> None:
    with (
        serve(url) as one,
        serve(url) as other,
        other.join("bob") as bob,
        Program("join", f"{one.address},{other.address}", "--name", "log", "-n") as log,
    ):
        bob.send("before\n")
        assert log.out.line() == "bob: before"
        one.signal(signal.SIGKILL)
        bob.send("after\n")
        assert log.out.line() == "bob: after"
        log.signal(signal.SIGINT)
        assert log.wait() == 130


SCRIPT = """\
hello
/me waves

/topic
/nonsense
//slash
/edit other
/delete
/join #ops
in ops
/room
/whois bob
/help
/help me
/kick bob"""


def printed(*arguments: str) -> tuple[int, list[str], str]:
    """Return the exit code of a pipe with SCRIPT, its lines and what it complains of.

    Answers can come before messages that were sent earlier.
    """
    with ServeProgram("--rate", "0") as room, room.join("bob"), ExitStack() as stack:
        addresses = [room.address, *(stack.enter_context(dead(Path())) for _ in arguments[:1])]
        with Program("join", ",".join(addresses), "--name", "ci") as ci:
            ci.write(SCRIPT)
            ci.end_input()
            return ci.wait(), sorted(ci.out.rest().decode().splitlines()), ci.errors.rest().decode()


def test_a_pipe_prints_the_same_with_one_server_and_with_several() -> None:
    assert printed("several") == printed()


# Certificates.


def remember(state: Path, server: TlsProgram, fingerprint: str = "0" * 64) -> None:
    """Have the client know the certificate of a server."""
    known = state / "asyncchat" / "known_hosts"
    known.parent.mkdir(exist_ok=True)
    with known.open("a") as file:
        file.write(f"{server.address} {fingerprint}\n")


@pytest.fixture
def tls_pair(tmp_path: Path) -> Iterator[tuple[TlsProgram, TlsProgram]]:
    folders = tmp_path / "one", tmp_path / "other"
    for folder in folders:
        folder.mkdir()
    with TlsProgram(folders[0]) as one, TlsProgram(folders[1]) as other:
        yield one, other


def fingerprint(server: TlsProgram) -> str:
    with server.connect() as peer:
        return fingerprint_of(peer.certificate or b"")


def test_a_server_with_another_certificate_than_before_is_passed_over(
    tls_pair: tuple[TlsProgram, TlsProgram], tmp_path: Path
) -> None:
    one, other = tls_pair
    remember(tmp_path, one)
    addresses = f"{one.address},{other.address}"
    with Terminal(addresses, "--tls", "--name", "alice", state=tmp_path, columns=120) as alice:
        alice.until_row(f"You are alice at {other.address}")
        alice.write("/exit" + ENTER)
        assert alice.ended() == 0
    assert f"{one.address} {'0' * 64}" in (tmp_path / "asyncchat" / "known_hosts").read_text()


def test_servers_that_all_have_other_certificates_are_an_error_that_says_what_to_do(
    tls_pair: tuple[TlsProgram, TlsProgram], tmp_path: Path
) -> None:
    for server in tls_pair:
        remember(tmp_path, server)
    how = ("--tls", "--json", "--name", "alice")
    state = {"XDG_STATE_HOME": str(tmp_path)}
    with Program("join", ",".join(server.address for server in tls_pair), *how, environment=state) as alice:
        assert alice.wait() == 1
        said = alice.errors.line()
        assert alice.errors.rest() == b""
    for server in tls_pair:
        assert f"the certificate of {server.address} is another one" in said
        assert f"delete the line of {server.address} from" in said


def test_a_program_passes_over_a_server_whose_certificate_nobody_knows(
    tls_pair: tuple[TlsProgram, TlsProgram], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    one, other = tls_pair
    remember(tmp_path, other, fingerprint(other))

    async def run() -> str:
        async with asyncchat.connect([one.address, other.address], name="alice", tls=True) as chat:
            return chat.address

    assert asyncio.run(run()) == other.address


def test_a_certificate_that_is_remembered_while_the_window_is_open_is_told_in_the_window(
    tls_pair: tuple[TlsProgram, TlsProgram], tmp_path: Path
) -> None:
    one, other = tls_pair
    remember(tmp_path, one, fingerprint(one))
    addresses = f"{one.address},{other.address}"
    with Terminal(addresses, "--tls", "--name", "alice", state=tmp_path, columns=150) as alice:
        alice.until_row(f"You are alice at {one.address}")
        one.process.kill()
        alice.until_row(f"{other.address} is new: its certificate, {fingerprint(other)} (SHA-256), is remembered")
        alice.until_row("connected again")
        alice.write("/exit" + ENTER)
        assert alice.ended() == 0
        assert alice.errors.rest() == b""


def test_a_server_that_freezes_is_left_within_fifteen_seconds(url: str) -> None:
    async def run(one: ServeProgram, other: ServeProgram) -> float:
        async with asyncchat.connect([one.address, other.address], name="alice") as chat:
            assert await chat.send("before") == 1
            one.signal(signal.SIGSTOP)
            begun = time.monotonic()
            assert await chat.send("after") == 2
            assert chat.address == other.address
            return time.monotonic() - begun

    def attempt() -> float:
        with serve(url) as one, serve(url) as other:
            return asyncio.run(run(one, other))

    assert_within(16, attempt)
