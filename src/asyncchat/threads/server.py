"""`serve --mode threads`: the main thread accepts, and each client has one thread for each direction."""

import threading
import time
from socket import socket

from asyncchat.limits import Limits
from asyncchat.system import stdio
from asyncchat.system.addresses import address_of_peer
from asyncchat.system.background_writer import BackgroundWriter
from asyncchat.threads.acceptor import Acceptor
from asyncchat.threads.connection import Connection
from asyncchat.threads.lines import typed_lines

_LAST_WORDS = 1.0
"""Seconds in all to send the backlogs when the server ends."""


class ThreadServer:
    """Prints the lines of each client, and sends standard input to all of them."""

    def __init__(self, listeners: list[socket], limits: Limits) -> None:
        self._acceptor = Acceptor(listeners)
        self._limits = limits
        self._changed = threading.Condition()
        self._serving: dict[Connection, threading.Thread] = {}
        self._accepted_so_far = 0
        self._output = BackgroundWriter(stdio.OUTPUT, "standard output", stdio.report)

    def run(self) -> None:
        """Serve until SIGINT, SIGTERM or SIGHUP."""
        threading.Thread(target=self._send_typed, name="typing", daemon=True).start()
        self._acceptor.run(self._accepted)
        deadline = time.monotonic() + _LAST_WORDS
        with self._changed:
            serving = self._serving.copy()
        for connection in serving:
            connection.close()
        for connection, thread in serving.items():
            connection.finish(max(0, deadline - time.monotonic()))
            thread.join(max(0, deadline - time.monotonic()))
        self._output.close(max(0, deadline - time.monotonic()))

    def _accepted(self, client: socket) -> None:
        self._accepted_so_far += 1
        name = f"Client {self._accepted_so_far}"
        where = address_of_peer(client)
        connection = Connection(client, f"{where} ({name})", self._limits, self._limits.stall_timeout)
        thread = threading.Thread(target=self._serve, args=(connection, name, where), daemon=True)
        with self._changed:
            self._serving[connection] = thread
            self._changed.notify()
        try:
            connection.start()
            thread.start()
        except RuntimeError:
            stdio.report("can't serve one more client: the system has no thread for it")
            self._forget(connection)
            connection.close()
            client.close()

    def _serve(self, connection: Connection, name: str, where: str) -> None:
        self._print(f"{name} connected! ({where})")
        for said in connection.lines():
            self._print(f"{name} sent: {said}")
        self._print(f"{name} disconnected!")
        self._forget(connection)
        connection.finish(self._limits.drain_timeout)

    def _forget(self, connection: Connection) -> None:
        with self._changed:
            self._serving.pop(connection, None)

    def _send_typed(self) -> None:
        for typed in typed_lines(self._limits.max_line):
            line = f"{typed}\n".encode()
            for connection in self._all_connections():
                connection.write(line)

    def _all_connections(self) -> list[Connection]:
        """Return all connections; first wait until there is one, so that no line is lost."""
        with self._changed:
            self._changed.wait_for(lambda: self._serving)
            return list(self._serving)

    def _print(self, line: str) -> None:
        self._output.write(f"{line}\n".encode())
