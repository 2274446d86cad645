"""Starts `asyncchat` in processes forked from one that has imported it: importing it takes longer than most tests.

Such a process is not started as `python -m asyncchat` is, and hashes passwords with next to no work. Tests of either
run the command itself.
"""

import gc
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import IO, Any

from argon2 import PasswordHasher

PIPE = subprocess.PIPE
QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashes passwords with the least work, for all tests but those of that work."""


class ForkedProcess:
    """A running `asyncchat`; what tests need of subprocess.Popen.

    arguments: of `asyncchat`
    environment: all of its environment
    stdin, stdout: descriptors, or PIPE, as it is for standard error
    """

    def __init__(self, arguments: Sequence[str], environment: dict[str, str], stdin: int, stdout: int) -> None:
        self.returncode: int | None = None
        its_stdin, self.stdin = _stream(stdin, "wb")
        its_stdout, self.stdout = _stream(stdout, "rb")
        its_stderr, self.stderr = _stream(PIPE, "rb")
        self._reports, channel = socket.socketpair()
        socket.send_fds(_server(), [b"\n"], [channel.fileno(), its_stdin, its_stdout, its_stderr])
        for descriptor in (channel.detach(), its_stdin, its_stdout, its_stderr):
            os.close(descriptor)
        self._reports.sendall(json.dumps([arguments, environment, os.getcwd()]).encode() + b"\n")
        self.pid = self._report()

    def _report(self) -> int:
        return int.from_bytes(self._reports.recv(4), signed=True)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._reports.settimeout(timeout)
            try:
                self.returncode = self._report()
            except TimeoutError:
                raise subprocess.TimeoutExpired("asyncchat", timeout or 0) from None
            self._reports.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def _stream(given: int, mode: str) -> tuple[int, IO[Any] | None]:
    """Return the descriptor for the process, and if PIPE is given the file at the other end of the pipe."""
    if given != PIPE:
        return os.dup(given), None
    read, write = os.pipe()
    return (read, os.fdopen(write, mode)) if mode == "wb" else (write, os.fdopen(read, mode))


@cache
def _server() -> socket.socket:
    """Start the process that forks; it ends with this one. Return the socket where it takes requests."""
    requests, channel = socket.socketpair()
    command = [sys.executable, "-P", "-W", "error", __file__]
    with channel:
        os.posix_spawn(sys.executable, command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, channel.fileno(), 0)])
    return requests


def _import_all() -> None:
    """Import all that a program may need, and let passwords be hashed with the least work."""
    import asyncchat
    from asyncchat.system import password_hash

    for module in pkgutil.walk_packages(asyncchat.__path__, "asyncchat."):
        if module.name != "asyncchat.__main__":
            import_module(module.name)
    password_hash._HASHER = QUICK_HASHER


def _serve() -> int:
    """Fork twice for each request, until there are no more: a program, and its parent, which reports its exit code.

    Returns in this process and, with the exit code of the program, in that of each program.
    """
    requests = socket.socket(fileno=0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the parents report to the tests, not here
    while True:
        _, descriptors, _, _ = socket.recv_fds(requests, 1, 4)
        if not descriptors:
            requests.close()
            return 0
        if not os.fork():
            break
        for descriptor in descriptors:
            os.close(descriptor)
    requests.detach()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    channel, *streams = descriptors
    with socket.socket(fileno=channel) as reports:
        if program := os.fork():
            for descriptor in streams:
                os.close(descriptor)
            reports.sendall(program.to_bytes(4, signed=True))
            _, status = os.waitpid(program, 0)
            with suppress(BrokenPipeError):
                reports.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, signed=True))
            os._exit(0)
        arguments, environment, folder = json.loads(reports.makefile().readline())
    os.setsid()
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    from asyncchat.cli import main

    return main(arguments)


if __name__ == "__main__":
    _import_all()
    gc.freeze()  # so that the collector does not have all of this copied when a program ends
    sys.exit(_serve())
