"""The client on threads: one receives and prints, one reads and sends, and the main thread waits for the end."""

import contextlib
import queue
import socket
import threading
import time

from asyncchat.client.plain_client import GOODBYE_TIMEOUT, NO_VERDICT, QUESTION_TIMEOUT, VERDICT_TIMEOUT, PlainClient
from asyncchat.errors import ChatError, OutputClosed, ServerGone
from asyncchat.system import stdio
from asyncchat.system.addresses import CONNECT_TIMEOUT, Address, unreachable
from asyncchat.text.usernames import NameRefused

_CTRL_C_NOTICED = 0.25
_EXITED = "exited"
_ENDED = "ended"


def join(address: Address, visitor: PlainClient, *, read_input: bool) -> None:
    """Connect to `address`, and run until the user leaves; raises what the client on asyncio raises."""
    try:
        connection = socket.create_connection(address, CONNECT_TIMEOUT)
    except (OSError, UnicodeError) as error:
        raise unreachable(address, error) from None
    connection.settimeout(None)
    with connection:
        _Conversation(connection, visitor).run(read_input=read_input)


class _Conversation:
    def __init__(self, connection: socket.socket, visitor: PlainClient) -> None:
        self._connection = connection
        self._visitor = visitor
        self._patience = time.monotonic() + QUESTION_TIMEOUT
        self._heard = threading.Event()
        self._said_something = False
        self._settled = threading.Event()
        self._ended_input = threading.Event()
        self._ends: queue.SimpleQueue[str | Exception] = queue.SimpleQueue()

    def run(self, *, read_input: bool) -> None:
        """Run until one side ends the conversation."""
        threading.Thread(target=self._receive, name="receiving", daemon=True).start()
        if read_input:
            threading.Thread(target=self._send, name="sending", daemon=True).start()
        end = self._wait_for_end()
        if end is _EXITED:
            self._say_goodbye()
            if self._visitor.is_script:
                self._visitor.check_exit()
        elif isinstance(end, Exception):
            raise end
        elif not (self._ended_input.is_set() and self._visitor.check_end()):
            raise ServerGone

    def _say_goodbye(self) -> None:
        """Wait until the server has handled what was sent, as long as it still sends something."""
        self._said_something = True
        while self._said_something:
            self._said_something = False
            with contextlib.suppress(queue.Empty):
                end = self._ends.get(timeout=GOODBYE_TIMEOUT)
                if isinstance(end, Exception) and not isinstance(end, ServerGone):
                    raise end
                return

    def _wait_for_end(self) -> str | Exception:
        while True:
            # A signal just before the wait does not interrupt it: so no wait is long.
            with contextlib.suppress(queue.Empty):
                return self._ends.get(timeout=_CTRL_C_NOTICED)

    def _receive(self) -> None:
        try:
            while data := self._connection.recv(stdio.CHUNK):
                show, answer = self._visitor.hear(data)
                if answer:
                    self._connection.sendall(answer)
                if show:
                    stdio.write(show)
                self._heard.set()
                self._said_something = True
                if self._visitor.settled:
                    self._settled.set()
        except OSError:
            self._ends.put(ServerGone())
        except (NameRefused, OutputClosed, ChatError) as error:
            self._ends.put(error)
        else:
            self._ends.put(_ENDED)

    def _send(self) -> None:
        try:
            if not self._visitor.settled:
                if self._hear_something():
                    self._wait_for_verdict()
                else:
                    self._visitor.wait_no_longer()
            while typed := stdio.read():
                data = self._visitor.without_mark(typed)
                exits = self._visitor.type(data)
                if exits and self._visitor.is_script:
                    self._hear_something()
                    data = self._visitor.before_exit(data)
                if exits:
                    self._ends.put(_EXITED)
                self._connection.sendall(data)
                if exits:
                    break
            self._hear_something()
            self._connection.sendall(self._visitor.end())
            self._ended_input.set()
            self._connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the receiving thread reports it
        except ChatError as error:
            self._ends.put(error)

    def _wait_for_verdict(self) -> None:
        if not self._settled.wait(VERDICT_TIMEOUT):
            raise ChatError(NO_VERDICT)

    def _hear_something(self) -> bool:
        return self._heard.wait(max(0, self._patience - time.monotonic()))
