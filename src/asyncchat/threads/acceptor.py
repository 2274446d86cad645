"""Accepts connections in the main thread of a threaded server."""

import contextlib
import select
import selectors
import signal
import socket
from collections.abc import Callable

from asyncchat.system import signals, stdio
from asyncchat.system.addresses import of_socket

_PAUSE = 0.5
"""Seconds to wait when the system has no file descriptor for a connection."""


class Acceptor:
    """Accepts connections at `listeners` until any thread, or SIGINT, SIGTERM or SIGHUP, stops it."""

    def __init__(self, listeners: list[socket.socket]) -> None:
        self._listeners = listeners
        self._stopped, self._stopper = socket.socketpair()

    def stop(self) -> None:
        """End `run`; do nothing if it has ended."""
        with contextlib.suppress(OSError):
            self._stopper.send(b"x")

    def run(self, accepted: Callable[[socket.socket], object]) -> None:
        """Call `accepted`, which must not wait, with each new connection."""
        # A signal just before the wait writes here too, although its handler can't run then.
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
            return  # the client has disconnected
        except OSError as error:
            stdio.report(f"can't accept a connection: {error.strerror}")
            # So that `stop` still works at once; unlike a selector, this needs no file descriptor.
            select.select([self._stopped], [], [], _PAUSE)
            return
        connection.setblocking(True)
        accepted(connection)
