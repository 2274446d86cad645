"""`serve --mode pair`: the server's terminal and one client see each other's lines."""

import contextlib
import socket
import threading
from collections import deque

from asyncchat.errors import ChatError, OutputClosed
from asyncchat.formats import plain
from asyncchat.limits import Limits
from asyncchat.system import stdio
from asyncchat.system.addresses import address_of_peer
from asyncchat.text.command_line import is_exit
from asyncchat.threads.acceptor import Acceptor
from asyncchat.threads.connection import Connection
from asyncchat.threads.lines import typed_lines

_TAKEN = plain.notice("this chat is between two, and both are here.")
_MOST_REFUSED = 8
_LAST_WORDS = 1.0
"""Seconds to send the backlog when the server ends."""


class PairServer:
    """Serves the first client that connects, until one of the two sides leaves."""

    def __init__(self, listeners: list[socket.socket], limits: Limits) -> None:
        self._acceptor = Acceptor(listeners)
        self._limits = limits
        self._other: Connection | None = None
        self._refused: deque[socket.socket] = deque()
        self._failure: ChatError | OutputClosed | None = None

    def run(self) -> None:
        """Serve until one side has left. Raises OutputClosed and ChatError if the output can't be written."""
        self._acceptor.run(self._accepted)
        for refused in self._refused:
            refused.close()
        if self._other:
            self._other.finish(_LAST_WORDS)
        if self._failure:
            raise self._failure

    def _accepted(self, client: socket.socket) -> None:
        if self._other:
            self._refuse(client)
            return
        # A slow side delays only the other one, so neither is ever cut off.
        connection = Connection(client, address_of_peer(client), self._limits, patience=None)
        try:
            connection.start()
            self._other = connection
            threading.Thread(target=self._receive, args=(connection,), name="receiving", daemon=True).start()
            threading.Thread(target=self._send, args=(connection,), name="sending", daemon=True).start()
        except RuntimeError:
            self._failure = ChatError("can't talk with the client: the system has no thread for it. Try again later.")
            self._acceptor.stop()
            client.close()

    def _refuse(self, connection: socket.socket) -> None:
        # If the connection was closed with unread input, it would be reset and the answer lost.
        if len(self._refused) == _MOST_REFUSED:
            self._refused.popleft().close()
        self._refused.append(connection)
        with contextlib.suppress(OSError):
            connection.setblocking(False)
            connection.send(_TAKEN)
            connection.shutdown(socket.SHUT_WR)

    def _receive(self, connection: Connection) -> None:
        try:
            for said in connection.lines():
                stdio.write(f"{said}\n".encode())
        except (ChatError, OutputClosed) as failure:
            self._failure = failure
        finally:
            self._acceptor.stop()

    def _send(self, connection: Connection) -> None:
        for typed in typed_lines(self._limits.max_line):
            if is_exit(typed):
                self._acceptor.stop()
                return
            connection.write(f"{typed}\n".encode())
