"""Many clients without names: the main thread accepts, and each client has a thread for either direction."""

import threading
import time
from socket import socket

from asyncchat import terminal
from asyncchat.limits import Limits
from asyncchat.outlet import Outlet
from asyncchat.threads.acceptor import Acceptor
from asyncchat.threads.connection import Connection
from asyncchat.threads.lines import typed_lines

_LAST_WORDS = 1.0
"""Seconds that all clients together get for what they are owed when the server ends."""


class ThreadServer:
    """Prints what each client sends, and sends every client what is typed."""

    def __init__(self, listeners: list[socket], limits: Limits) -> None:
        self._acceptor = Acceptor(listeners)
        self._limits = limits
        self._lock = threading.Lock()
        self._serving: dict[Connection, threading.Thread] = {}
        self._accepted_so_far = 0
        self._output = Outlet(terminal.OUTPUT, "standard output", terminal.report)

    def run(self) -> None:
        """Serve until SIGINT, SIGTERM or SIGHUP."""
        threading.Thread(target=self._send_typed, name="typing", daemon=True).start()
        self._acceptor.run(self._accepted)
        deadline = time.monotonic() + _LAST_WORDS
        with self._lock:
            serving = self._serving.copy()
        for connection in serving:
            connection.close()
        for connection, thread in serving.items():
            connection.finish(max(0, deadline - time.monotonic()))
            thread.join(max(0, deadline - time.monotonic()))
        self._output.close(max(0, deadline - time.monotonic()))

    def _accepted(self, client: socket) -> None:
        self._accepted_so_far += 1
        connection = Connection(client, self._limits)
        thread = threading.Thread(target=self._serve, args=(connection, self._accepted_so_far), daemon=True)
        with self._lock:
            self._serving[connection] = thread
        try:
            connection.start()
            thread.start()
        except RuntimeError:
            terminal.report("can't serve one more client: the system has no thread for it")
            self._forget(connection)
            connection.close()
            client.close()

    def _serve(self, connection: Connection, number: int) -> None:
        self._print(f"Client {number} connected!")
        for said in connection.lines():
            self._print(f"Client {number} sent: {said}")
        self._print(f"Client {number} disconnected!")
        self._forget(connection)
        connection.finish(self._limits.drain_timeout)

    def _forget(self, connection: Connection) -> None:
        with self._lock:
            self._serving.pop(connection, None)

    def _send_typed(self) -> None:
        for typed in typed_lines(self._limits.max_line):
            with self._lock:
                for connection in self._serving:
                    connection.write(f"{typed}\n".encode())

    def _print(self, line: str) -> None:
        self._output.write(f"{line}\n".encode())
