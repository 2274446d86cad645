"""What the main thread of a threaded server does: accept, and nothing else."""

import contextlib
import select
import selectors
import signal
import socket
from collections.abc import Callable

from asyncchat.system import signals, stdio
from asyncchat.system.addresses import of_socket

_PAUSE = 0.5
"""Seconds without accepting after the system had no descriptor for a connection."""


class Acceptor:
    """Accepts at `listeners` until it is stopped, by any thread or by SIGINT, SIGTERM or SIGHUP."""

    def __init__(self, listeners: list[socket.socket]) -> None:
        self._listeners = listeners
        self._stopped, self._stopper = socket.socketpair()

    def stop(self) -> None:
        """End `run`, or do nothing if it has ended."""
        with contextlib.suppress(OSError):
            self._stopper.send(b"x")

    def run(self, accepted: Callable[[socket.socket], object]) -> None:
        """Call `accepted`, which must not wait, with each new connection."""
        # Written to even if the signal comes just before the wait begins, when its handler can't run.
        self._stopper.setblocking(False)
        signal.set_wakeup_fd(self._stopper.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, *signals.of_termination()):
            signal.signal(number, lambda *_: self.stop())
        stdio.report("listening on " + ", ".join(str(of_socket(listener)) for listener in self._listeners))
        with selectors.DefaultSelector() as wanted:
            wanted.register(self._stopped, selectors.EVENT_READ)
            for listener in self._listeners:
                listener.setblocking(False)
                wanted.register(listener, selectors.EVENT_READ)
            while ready := {key.fileobj for key, _ in wanted.select()}:
                if self._stopped in ready:
                    break
                for listener in self._listeners:
                    if listener in ready:
                        self._accept(listener, accepted)
        signals.ignore()
        signal.set_wakeup_fd(-1)
        for used in (*self._listeners, self._stopped, self._stopper):
            used.close()

    def _accept(self, listener: socket.socket, accepted: Callable[[socket.socket], object]) -> None:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return  # gone again
        except OSError as error:
            stdio.report(f"can't accept a connection: {error.strerror}")
            # Stopping still works at once; and this takes no descriptor, as a selector does.
            select.select([self._stopped], [], [], _PAUSE)
            return
        connection.setblocking(True)
        accepted(connection)
