"""A connection of a threaded server; a thread of its own writes to it, so that a slow client delays no other."""

import contextlib
import socket
import threading
from collections.abc import Iterator

from asyncchat.limits import Limits
from asyncchat.system import stdio
from asyncchat.threads.lines import sent_lines

_STALL_CHECKS = 10


class Connection:
    """A connection to a peer, called `label` in the log.

    patience: seconds after which it is cut off if it reads nothing of what waits; None: never
    """

    def __init__(self, client: socket.socket, label: str, limits: Limits, patience: float | None) -> None:
        self._socket = client
        self._label = label
        self._limits = limits
        self._changed = threading.Condition()
        self._waiting: list[bytes] = []
        self._backlog = 0
        self._open = True
        self._writer = threading.Thread(target=self._write_all, name="writing", daemon=True)
        # Not one long timeout: after the machine has slept, no client must count as stuck.
        self._socket.settimeout(None if patience is None else patience / _STALL_CHECKS)

    def start(self) -> None:
        """Start the writing thread. Raises RuntimeError if the system has no thread left."""
        self._writer.start()

    def lines(self) -> Iterator[str]:
        """Yield the lines of the client, until it leaves."""
        return sent_lines(self._socket, self._limits.max_line, self._answer)

    def write(self, data: bytes) -> None:
        """Send `data`; first wait while the backlog is too large."""
        with self._changed:
            self._changed.wait_for(lambda: not self._open or self._backlog <= self._limits.max_backlog)
            self._take(data)

    def close(self) -> None:
        """Accept no more data; the backlog is still sent."""
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def finish(self, timeout: float) -> None:
        """Close, and wait up to `timeout` seconds until the backlog is sent."""
        self.close()
        self._writer.join(timeout)
        self._cut_off()
        self._writer.join()
        self._socket.close()

    def _answer(self, data: bytes) -> None:
        # This never waits: the lines of a client that reads nothing must still be handled.
        with self._changed:
            if self._backlog <= 2 * self._limits.max_backlog:  # what is typed here, however much, leaves room for them
                self._take(data)

    def _take(self, data: bytes) -> None:
        if self._open:
            self._waiting.append(data)
            self._backlog += len(data)
            self._changed.notify_all()

    def _cut_off(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _write_all(self) -> None:
        try:
            while data := self._next():
                self._send(data)
        except TimeoutError:
            self._cut_off()
            stdio.report(f"{self._label} is cut off: it takes nothing of what it is sent")
        except OSError:
            pass  # the receiving thread reports it
        finally:
            self.close()

    def _send(self, data: bytes) -> None:
        rest = memoryview(data)
        stuck_for = 0
        while rest:
            try:
                sent = self._socket.send(rest)
            except TimeoutError:
                stuck_for += 1
                if stuck_for == _STALL_CHECKS:
                    raise
                continue
            stuck_for = 0
            rest = rest[sent:]
            with self._changed:
                self._backlog -= sent
                self._changed.notify_all()

    def _next(self) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: not self._open or self._waiting)
            data = b"".join(self._waiting)
            self._waiting.clear()
            return data
