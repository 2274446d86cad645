"""Output that never blocks: a thread writes it; if too much waits, lines are dropped and counted."""

import json
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from asyncchat.errors import ChatError, OutputClosed
from asyncchat.system import stdio

MAX_LINES = 1 << 16
MAX_BYTES = 1 << 24


class BackgroundWriter:
    """Writes lines to `descriptor`; a `Writer` like the connections of peers.

    `report` is called with a message, from the writer's thread or by `close`, when the output is closed, and when lines
    were dropped because it was blocked.
    """

    def __init__(self, descriptor: int, name: str, report: Callable[[str], object]) -> None:
        self._descriptor = descriptor
        self._name = name
        self._report = report
        self._changed = threading.Condition()
        self._waiting: list[bytes] = []
        self._being_written = b""
        self._lines = 0  # waiting or being written
        self._bytes = 0
        self._dropped = 0
        self._open = True
        self._thread = threading.Thread(target=self._run, name=f"outlet to {name}", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue whole lines, or drop them if too many wait already."""
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
        """Accept no more lines, and wait up to `timeout` seconds until the queued ones are written."""
        with self._changed:
            self._open = False
            self._changed.notify()
        self._thread.join(timeout)
        with self._changed:
            lines = self._lines + self._dropped
        if lines and self._thread.is_alive():  # without lines the thread is just about to end
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
        """Wait for the next data; the data that was returned last is written now."""
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


def json_line(level: str, message: str, error: str = "", seconds: float | None = None) -> str:
    """Return a line of a log in JSON; `seconds`: its time, since 1970 (now, if None)."""
    when = datetime.now(UTC) if seconds is None else datetime.fromtimestamp(seconds, UTC)
    line = {"time": when.isoformat(timespec="milliseconds"), "level": level, "message": message}
    return json.dumps(line | {"error": error} if error else line)


class JsonFormatter(logging.Formatter):
    """Formats each record as a line of JSON: its time (RFC 3339), its level, its message, and its error, if any."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        error = self.formatException(record.exc_info) if record.exc_info else ""
        return json_line(record.levelname.lower(), record.getMessage(), error, record.created)


class BackgroundLogHandler(logging.Handler):
    """A log handler that never blocks."""

    def __init__(self, outlet: BackgroundWriter) -> None:
        super().__init__()
        self._outlet = outlet

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record as a line."""
        self._outlet.write(f"{self.format(record)}\n".encode(errors="backslashreplace"))
