"""One client's connection to a threaded server: its output has a thread of its own, so that nobody waits for it."""

import contextlib
import socket
import threading
from collections.abc import Iterator

from asyncchat import terminal
from asyncchat.limits import Limits
from asyncchat.threads.lines import sent_lines


class Connection:
    """A peer at the other end of a socket."""

    def __init__(self, client: socket.socket, limits: Limits) -> None:
        self._socket = client
        self._limits = limits
        self._changed = threading.Condition()
        self._waiting: list[bytes] = []
        self._backlog = 0
        self._open = True
        self._writer = threading.Thread(target=self._write_all, name="writing", daemon=True)

    def start(self) -> None:
        """Begin to send. Raises RuntimeError if the system has no thread for that."""
        self._writer.start()

    def lines(self) -> Iterator[str]:
        """Yield what the client sends, until it leaves."""
        return sent_lines(self._socket, self._limits.max_line, self.write)

    def write(self, data: bytes) -> None:
        """Send `data` as soon as the client takes it; cut the client off if it is too far behind."""
        with self._changed:
            if not self._open:
                return
            if self._backlog > self._limits.max_backlog:
                terminal.report("a client is cut off: it does not read what it is sent")
                self._open = False
                self._cut_off()
                return
            self._waiting.append(data)
            self._backlog += len(data)
            self._changed.notify()

    def close(self) -> None:
        """Take no more; what waits is still sent."""
        with self._changed:
            self._open = False
            self._changed.notify()

    def finish(self, timeout: float) -> None:
        """Close, and give the client up to `timeout` seconds for what it is owed."""
        self.close()
        self._writer.join(timeout)
        self._cut_off()
        self._writer.join()
        self._socket.close()

    def _cut_off(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _write_all(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._next():
                self._socket.sendall(data)

    def _next(self) -> bytes:
        with self._changed:
            while self._open and not self._waiting:
                self._backlog = 0
                self._changed.wait()
            data = b"".join(self._waiting)
            self._waiting.clear()
            self._backlog = len(data)
            return data
