"""A server that means no good, and what one can measure of a client that has met it."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.programs import ASK_NAME, PATIENCE, Lines, seconds

STUCK = 0.5
"""Seconds after which a client that takes nothing is believed to take no more."""


class Victim:
    """A client that has come to such a server."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._lines = Lines(connection.fileno())

    def say(self, *lines: bytes | str) -> None:
        """Send lines, to which their ends are added."""
        self.socket.sendall(b"".join([(line.encode() if isinstance(line, str) else line) + b"\n" for line in lines]))

    def tell(self, kind: str, **fields: object) -> None:
        """Send one event; `from_` is the field `from`."""
        self.say(event(kind, **fields))

    def ask_name(self) -> str:
        """Ask for a name, and return the answer."""
        self.say(ASK_NAME)
        return self.line()

    def let_in(self, **fields: object) -> None:
        """Ask for a name, and let a JSON client in, as a proper server does."""
        self.ask_name()
        self.tell("welcome", **WELCOME | fields)

    def line(self) -> str:
        return self._lines.line()

    def flood(self, data: bytes, limit: int) -> int:
        """Send `data` again and again, until the client takes no more or `limit` bytes; return how many were sent."""
        sent = 0
        self.socket.settimeout(seconds(STUCK))
        with contextlib.suppress(TimeoutError, OSError):
            while sent < limit:
                sent += self.socket.send(data)
        self.socket.settimeout(seconds(PATIENCE))
        return sent

    def wait_for_end(self) -> None:
        """Wait until the client has gone."""
        self._lines.rest()


WELCOME: dict[str, object] = {
    "name": "alice",
    "token": "t",
    "epoch": "e",
    "seq": 0,
    "members": 2,
    "max_line": 4096,
    "resumed": False,
}


def event(kind: str, **fields: object) -> bytes:
    """Return a line of JSON; `from_` is the field `from`."""
    return json.dumps({"type": kind} | {name.rstrip("_"): value for name, value in fields.items()}).encode()


def message(text: str, seq: int = 1, **fields: object) -> bytes:
    return event("message", **{"seq": seq, "time": "2026-11-22T21:40:00Z", "from_": "bob", "text": text} | fields)


class HostileServer:
    """Does `attack` to whoever connects, on a thread for each; what goes wrong in it is raised at the end."""

    def __init__(self, attack: Callable[[Victim], object]) -> None:
        self._attack = attack
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._listener.getsockname())
        self.connections = 0
        self._errors: list[Exception] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(seconds(PATIENCE))
        with connection:
            try:
                self._attack(Victim(connection))
            except OSError:
                pass  # the client has gone
            except Exception as error:  # noqa: BLE001
                self._errors.append(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        if kind is None and self._errors:
            raise self._errors[0]


def peak_memory(process: int) -> int:
    """Return how many bytes a process has had in memory at most; 0 where the system does not say."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
