"""Real processes, real sockets, and waiting for what they say instead of for time to pass."""

import contextlib
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from functools import cached_property
from types import TracebackType
from typing import Self, TypeVar

from tests.fork_server import PIPE, ForkedProcess

_T = TypeVar("_T")

_SCALE = float(os.environ.get("ASYNCCHAT_TEST_TIME_SCALE", "1"))

ASYNCCHAT = (sys.executable, "-W", "error", "-m", "asyncchat")
"""The command itself, for tests of how it starts, and of what passwords cost."""
WITHOUT_UVLOOP = (
    sys.executable,
    "-W",
    "error",
    "-c",
    "import sys; sys.modules['uvloop'] = None; from asyncchat.cli import main; sys.exit(main())",
)
ADMIN = "the admin's password"
SECRET = "correct-horse-battery"
NEW_ADMIN = "the account admin is made, its password is "
FINGERPRINT = "the certificate has the fingerprint "
ASK_NAME = "Server: write your name"

PATIENCE = 30
"""Seconds until a test gives up waiting for something; costs nothing while all is well."""

ROUNDS = 5


def seconds(number: float) -> float:
    """Return a time limit, scaled for the machine by the environment variable ASYNCCHAT_TEST_TIME_SCALE."""
    return number * _SCALE


def in_rounds(attempt: Callable[[], _T], good: Callable[[_T], bool]) -> _T:
    """Attempt something until it comes out `good`, a few times at most, and return what came out last.

    For promises about time: a machine that others use too may pause in one round, but hardly in each; a program that
    does not keep its promise does not keep it in any. Only what `good` is asked about may go wrong: an assertion that
    fails in `attempt` fails the test.
    """
    for _ in range(ROUNDS - 1):
        if good(result := attempt()):
            return result
    return attempt()


def assert_within(limit: float, attempt: Callable[[], float]) -> None:
    """Assert that what takes as many seconds as `attempt` says takes no more than `limit`, in one round of a few."""
    took = in_rounds(attempt, lambda took: took <= seconds(limit))
    assert took <= seconds(limit), f"it took {took:.2f} s, and should take {limit:g} s at most"


class Lines:
    """Reads a descriptor line by line, and gives up when too long nothing comes."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._buffer = bytearray()
        self.ended = False

    def _more(self, limit: float) -> None:
        if not self._poll.poll(limit * 1000):
            raise TimeoutError(f"nothing more came; so far: {bytes(self._buffer[-500:])!r}")
        try:
            data = os.read(self._descriptor, 1 << 16)
        except (ConnectionResetError, OSError):  # a pty whose other end is closed says EIO
            data = b""
        self.ended = not data
        self._buffer += data

    def raw_line(self, limit: float = PATIENCE) -> bytes:
        """Return the next line without its LF, or what is left at the end."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0 and not self.ended:
            searched = len(self._buffer)
            self._more(seconds(limit))
        line = self._take(end + 1 if end >= 0 else len(self._buffer))
        return line.removesuffix(b"\n")

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def line(self, limit: float = PATIENCE) -> str:
        return self.raw_line(limit).decode()

    def until(self, wanted: str, limit: float = PATIENCE) -> list[str]:
        """Return the lines up to the one that has `wanted` in it."""
        lines = []
        while True:
            line = self.line(limit)
            lines.append(line)
            if wanted in line:
                return lines
            assert not (self.ended and not self._buffer), f"ended without {wanted!r}: {lines}"

    def some(self, wanted: bytes, limit: float = PATIENCE) -> bytes:
        """Return all up to and with `wanted`, whether or not a line ends there."""
        while wanted not in self._buffer:
            assert not self.ended, f"ended without {wanted!r}: {self._buffer!r}"
            self._more(seconds(limit))
        return self._take(self._buffer.index(wanted) + len(wanted))

    def exactly(self, count: int, limit: float = PATIENCE) -> bytes:
        """Return the next so many bytes."""
        while len(self._buffer) < count:
            assert not self.ended, f"ended after {self._buffer!r}"
            self._more(seconds(limit))
        return self._take(count)

    def rest(self, limit: float = PATIENCE) -> bytes:
        """Return all up to the end."""
        while not self.ended:
            self._more(seconds(limit))
        return self._take(len(self._buffer))


class ExitCode(int):
    """The exit code of a program, which a failed assertion shows together with what the program has complained of."""

    errors: Lines

    @cached_property
    def complaints(self) -> str:
        return self.errors.rest().decode(errors="replace")

    def __repr__(self) -> str:
        return f"{int(self)}, after {self.complaints!r}"


class Program:
    """A running program with pipes, or with a terminal, for its three streams: `asyncchat`, forked, or a command."""

    def __init__(
        self,
        *arguments: str,
        command: tuple[str, ...] = (),
        terminal: bool = False,
        environment: dict[str, str] | None = None,
        stdin: int = PIPE,
        stdout: int = PIPE,
    ) -> None:
        self._terminal = -1
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("ASYNCCHAT_", "COV_"))}
        side = -1
        if terminal:
            self._terminal, side = pty.openpty()
            stdin = stdout = side
        env = clean | (environment or {})
        self.process = (
            subprocess.Popen(
                [*command, *arguments], env=env, start_new_session=True, stdin=stdin, stdout=stdout, stderr=PIPE
            )
            if command
            else ForkedProcess(arguments, env, stdin, stdout)
        )
        if terminal:
            os.close(side)
            self.out = Lines(self._terminal)
        elif self.process.stdout:
            self.out = Lines(self.process.stdout.fileno())
        assert self.process.stderr
        self.errors = Lines(self.process.stderr.fileno())

    def write(self, text: str | bytes) -> None:
        """Write to its standard input; one that has ended already, before this process had its turn, takes nothing."""
        data = text.encode() if isinstance(text, str) else text
        if self._terminal >= 0:
            os.write(self._terminal, data)
        else:
            assert self.process.stdin
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(data)
                self.process.stdin.flush()

    def end_input(self) -> None:
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    @property
    def echoes(self) -> bool:
        """Whether what is typed at its terminal is seen."""
        flags = termios.tcgetattr(self._terminal)[3]
        return bool(flags & termios.ECHO)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, limit: float = PATIENCE) -> int:
        """Return its exit code."""
        code = ExitCode(self.process.wait(seconds(limit)))
        code.errors = self.errors
        return code

    def seconds_to_end(self, code: int) -> float:
        """Return how long it still takes until it ends, which must be with that exit code."""
        begun = time.monotonic()
        assert self.wait() == code
        return time.monotonic() - begun

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        complaints = self.errors.rest()
        if self._terminal >= 0:
            os.close(self._terminal)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        if kind is None:
            assert b"Traceback" not in complaints, complaints.decode()
            assert b"Warning" not in complaints, complaints.decode()


class Nc:
    """A plain peer, as nc is: a socket, and what comes out of it as lines."""

    def __init__(self, port: int, host: str = "127.0.0.1", receive_buffer: int = 0, source: str = "") -> None:
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(seconds(PATIENCE))
        if source:
            self.socket.bind((source, 0))
        self.socket.connect((host, port))
        self.lines = Lines(self.socket.fileno())

    @property
    def address(self) -> str:
        """From where it comes, as the server sees it."""
        host, port = self.socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def send(self, text: str | bytes) -> None:
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def line(self, limit: float = PATIENCE) -> str:
        return self.lines.line(limit)

    def end_input(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Break the connection, as a machine does that crashed."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


class ServeProgram(Program):
    """A running `asyncchat serve`, on a port that the system chose."""

    def __init__(self, *arguments: str, **how: object) -> None:
        super().__init__("serve", "--port", "0", *arguments, **how)  # type: ignore[arg-type]

    @cached_property
    def said_first(self) -> str:
        """What it says when it listens, which may still take a while; a new store has had its say before that."""
        while NEW_ADMIN in (line := self.errors.line()) or FINGERPRINT in line:
            if NEW_ADMIN in line:
                self.admin_password = line.partition(NEW_ADMIN)[2].split()[0]
            else:
                self.fingerprint = line.partition(FINGERPRINT)[2].split()[0]
        return line

    @cached_property
    def port(self) -> int:
        return int(self.said_first.rpartition(":")[2])

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        assert self.port
        return super().__enter__()

    def connect(self, receive_buffer: int = 0) -> Nc:
        return Nc(self.port, receive_buffer=receive_buffer)

    def join(self, name: str) -> Nc:
        """Return a peer that has a name in the room, and has seen all that was said before."""
        peer = self.connect()
        assert peer.line() == ASK_NAME
        peer.send(f"{name}\n/list\n")
        while not (line := peer.line()).startswith(("Server: online", "Server: no one")):
            assert not line.startswith("Server:"), line
        return peer


def until(condition: Callable[[], bool], limit: float = PATIENCE) -> None:
    """Ask again and again until the answer is yes, where nothing can be waited for."""
    deadline = time.monotonic() + seconds(limit)
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.002)  # else this takes the processor from what it waits for
