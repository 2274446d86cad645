"""Output that nobody waits for: a thread of its own writes it, and what nobody takes is dropped and counted."""

import logging
import threading
from collections.abc import Callable

from asyncchat.errors import ChatError, OutputClosed
from asyncchat.system import stdio

MAX_LINES = 1 << 16
MAX_BYTES = 1 << 24


class BackgroundWriter:
    """Writes lines to `descriptor`; can be written to like any other peer.

    `report` is called with what somebody should know, from the outlet's own thread or by `close`: that the output is
    closed, or how many lines were dropped because it was blocked.
    """

    def __init__(self, descriptor: int, name: str, report: Callable[[str], object]) -> None:
        self._descriptor = descriptor
        self._name = name
        self._report = report
        self._changed = threading.Condition()
        self._waiting: list[bytes] = []
        self._being_written = b""
        self._lines = 0  # that wait or are being written
        self._bytes = 0
        self._dropped = 0
        self._open = True
        self._thread = threading.Thread(target=self._run, name=f"outlet to {name}", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Take whole lines for writing, or drop them if too many wait already."""
        lines = data.count(b"\n")
        with self._changed:
            if not self._open:
                return
            if self._lines + lines > MAX_LINES or self._bytes + len(data) > MAX_BYTES:
                self._dropped += lines
                return
            self._waiting.append(data)
            self._lines += lines
            self._bytes += len(data)
            self._changed.notify()

    def close(self, timeout: float = 0) -> None:
        """Take no more, and wait up to `timeout` seconds until what was taken is written."""
        with self._changed:
            self._open = False
            self._changed.notify()
        self._thread.join(timeout)
        with self._changed:
            lines = self._lines + self._dropped
        if lines and self._thread.is_alive():  # without lines it only ends a little later
            self._report(f"{self._name} is blocked: {lines} lines dropped at most")

    def _run(self) -> None:
        try:
            while data := self._next():
                stdio.write(data, self._descriptor)
        except (OutputClosed, ChatError):
            with self._changed:
                self._open = False
                self._waiting.clear()
            self._report(f"{self._name} is closed or full: nothing more is written to it")

    def _next(self) -> bytes:
        """Wait for what is to be written next; what was handed out last has been."""
        with self._changed:
            self._written()
            while self._open and not self._waiting:
                self._changed.wait()
            dropped, self._dropped = self._dropped, 0
            self._being_written = b"".join(self._waiting)
            self._waiting.clear()
        if dropped:
            self._report(f"{self._name} was blocked: {dropped} lines dropped")
        return self._being_written

    def _written(self) -> None:
        self._lines -= self._being_written.count(b"\n")
        self._bytes -= len(self._being_written)
        self._being_written = b""


class BackgroundLogHandler(logging.Handler):
    """A log handler that waits for nobody."""

    def __init__(self, outlet: BackgroundWriter) -> None:
        super().__init__()
        self._outlet = outlet

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record as a line."""
        self._outlet.write(f"{self.format(record)}\n".encode(errors="backslashreplace"))
