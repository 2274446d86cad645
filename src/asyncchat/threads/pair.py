"""The two-way line: one server and one client, and each sees what the other types."""

import contextlib
import socket
import threading
from collections import deque

from asyncchat import terminal
from asyncchat.chat import wire
from asyncchat.chat.commands import is_exit
from asyncchat.errors import ChatError, OutputClosed
from asyncchat.limits import Limits
from asyncchat.threads.acceptor import Acceptor
from asyncchat.threads.lines import sent_lines, typed_lines

_TAKEN = wire.notice("this chat is between two, and both are here.")
_MOST_REFUSED = 8


class PairServer:
    """Talks with the first who connects, until one of the two leaves."""

    def __init__(self, listeners: list[socket.socket], limits: Limits) -> None:
        self._acceptor = Acceptor(listeners)
        self._max_line = limits.max_line
        self._other: socket.socket | None = None
        self._refused: deque[socket.socket] = deque()
        self._writing = threading.Lock()
        self._failure: ChatError | OutputClosed | None = None

    def run(self) -> None:
        """Serve until the client or the server's user has left. Raises OutputClosed, or ChatError, as printing does."""
        self._acceptor.run(self._accepted)
        for connection in (*self._refused, *([self._other] if self._other else [])):
            connection.close()
        if self._failure:
            raise self._failure

    def _accepted(self, connection: socket.socket) -> None:
        if self._other:
            self._refuse(connection)
            return
        self._other = connection
        try:
            threading.Thread(target=self._receive, args=(connection,), name="receiving", daemon=True).start()
            threading.Thread(target=self._send, args=(connection,), name="sending", daemon=True).start()
        except RuntimeError:
            self._failure = ChatError("can't talk with the client: the system has no thread for it. Try again later.")
            self._acceptor.stop()

    def _refuse(self, connection: socket.socket) -> None:
        # Closed at once, with something unread, the connection would be reset and the answer lost.
        if len(self._refused) == _MOST_REFUSED:
            self._refused.popleft().close()
        self._refused.append(connection)
        with contextlib.suppress(OSError):
            connection.setblocking(False)
            connection.send(_TAKEN)
            connection.shutdown(socket.SHUT_WR)

    def _receive(self, connection: socket.socket) -> None:
        try:
            for said in sent_lines(connection, self._max_line, lambda answer: self._write(connection, answer)):
                terminal.write(f"{said}\n".encode())
        except (ChatError, OutputClosed) as failure:
            self._failure = failure
        finally:
            self._acceptor.stop()

    def _send(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):  # whoever receives sees it too
            for typed in typed_lines(self._max_line):
                if is_exit(typed):
                    self._acceptor.stop()
                    return
                self._write(connection, f"{typed}\n".encode())

    def _write(self, connection: socket.socket, data: bytes) -> None:
        with self._writing:
            connection.sendall(data)
