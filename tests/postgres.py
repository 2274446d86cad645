"""A PostgreSQL of the tests' own, in a folder and on a port of its own, which no other user reaches."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asyncchat.store.database import DatabaseError
from asyncchat.store.postgres.connection import PgConnection

_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 100
shared_buffers = 32MB
"""


def _program(name: str) -> str:
    for folder in _FOLDERS:
        if (folder / name).exists():
            return str(folder / name)
    if found := shutil.which(name):
        return found
    pytest.skip("PostgreSQL is not installed")


def _as_user() -> list[str]:
    """Return what a command begins with, so that it does not run as root, whom PostgreSQL refuses."""
    return ["runuser", "-u", _user(), "--"] if os.geteuid() == 0 else []


def _user() -> str:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    pytest.skip("there is no user to run PostgreSQL as")


class Database:
    """A running PostgreSQL; `url`: of its first database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._made = 0
        self._data = folder / "data"
        self._run(_program("initdb"), "-D", self._data, "-U", "chat", "--auth=trust", "--encoding=UTF8", "--no-sync")
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(f"{_SETTINGS}port = {self.port}\n")
        self.start()

    def _run(self, *command: Any) -> None:
        subprocess.run(
            [*_as_user(), *map(str, command)], check=True, cwd=self.folder, stdout=subprocess.DEVNULL, timeout=60
        )

    def url(self, database: str, port: int | None = None) -> str:
        """Return the URL of a database, at another port perhaps."""
        return f"postgresql://chat@127.0.0.1:{port or self.port}/{database}"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self._run(_program("pg_ctl"), "-D", self._data, "-l", self.folder / "log", "-w", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it at once, as when the machine loses its power."""
        self._run(_program("pg_ctl"), "-D", self._data, "-m", mode, "-w", "stop")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its first process."""
        os.kill(self._first(), number)

    def _first(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it answer nothing for the time of the context, though it takes connections."""
        pids = [self._first()]
        os.kill(pids[0], signal.SIGSTOP)  # from now on it makes no new processes
        pids += [int(pid) for pid in Path(f"/proc/{pids[0]}/task/{pids[0]}/children").read_text().split()]
        try:
            for pid in pids[1:]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def admit(self, rule: str) -> None:
        """Let somebody in by a rule of pg_hba.conf, before the rules that there are."""
        rules = self._data / "pg_hba.conf"
        rules.write_text(f"{rule}\n{rules.read_text()}")
        self.sql("SELECT pg_reload_conf()")

    def make(self) -> str:
        """Make an empty database, and return its URL."""
        self._made += 1
        name = f"chat{self._made}_{os.getpid()}"
        self.sql(f"CREATE DATABASE {name}", database="postgres")
        return self.url(name)

    def sql(self, statement: str, *values: Any, url: str = "", database: str = "postgres") -> list[Any]:
        """Execute a statement, and return its rows."""
        with contextlib.closing(PgConnection(url or self.url(database))) as connection:
            return connection.execute(statement, values).fetchall()

    def wait(self) -> None:
        """Wait until it takes connections."""
        deadline = time.monotonic() + 30
        while True:
            try:
                self.sql("SELECT 1")
            except DatabaseError:
                if time.monotonic() > deadline:
                    raise
            else:
                return


@contextlib.contextmanager
def database() -> Iterator[Database]:
    """Run a PostgreSQL for the time of the context."""
    with tempfile.TemporaryDirectory(prefix="asyncchat-pg-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            user = pwd.getpwnam(_user())
            os.chown(folder, user.pw_uid, user.pw_gid)
        running = Database(folder)
        try:
            yield running
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                running.stop()
