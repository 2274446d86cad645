"""Accepts TLS connections: tells plain ones what to do, and lets handshakes that stall keep nobody out."""

import asyncio
import socket
import ssl
from collections.abc import Callable

from asyncchat.aio.server.connection_limits import OUT_OF_FILES
from asyncchat.system.addresses import host_of_peer
from asyncchat.text.networks import is_loopback, network_of
from asyncchat.tls.certificate import Certificate

HANDSHAKE_TIMEOUT = 10.0
"""Seconds for a handshake."""

SILENCE = 2.0
"""Seconds of silence after which a peer is taken for one that waits for the server to speak, in plain text."""

SHUTDOWN_TIMEOUT = 5.0
"""Seconds that a peer gets to end its side of a TLS connection."""

MOST_PENDING = 1024
"""Handshakes at a time; with more, the oldest is given up."""

_ACCEPTED_AT_ONCE = 16
_PAUSE = 1.0
"""Seconds without accepting when open files have run out, and no handshake can be given up."""

_HANDSHAKE = b"\x16"
"""The first byte of each TLS connection (RFC 8446, 5.1)."""


class TlsDoor:
    """Accepts TLS connections on `listener`, each with a protocol that `make_protocol` makes.

    `plain_answer` is what a peer is told that speaks without TLS. `max_pending`: handshakes at a time, and
    `max_per_address`: from one address, except loopback (0: no limit). The oldest one makes place for a new one.

    failures: handshakes that failed
    """

    def __init__(
        self,
        listener: socket.socket,
        certificate: Certificate,
        make_protocol: Callable[[], asyncio.Protocol],
        plain_answer: bytes,
        *,
        max_pending: int = MOST_PENDING,
        max_per_address: int = 0,
    ) -> None:
        self._listener = listener
        self._certificate = certificate
        self._make_protocol = make_protocol
        self._plain_answer = plain_answer
        self.max_pending = max_pending
        self.max_per_address = max_per_address
        self._pending: dict[asyncio.Task[None], None] = {}
        self._by_network: dict[str, dict[asyncio.Task[None], None]] = {}
        self._loop = asyncio.get_running_loop()
        self._reopening: asyncio.TimerHandle | None = None
        self.failures = 0

    def open(self) -> None:
        """Start to accept."""
        self._reopening = None
        self._listener.setblocking(False)
        self._loop.add_reader(self._listener, self._accept)

    def close(self) -> None:
        """Accept no more, and give up the handshakes."""
        if self._reopening:
            self._reopening.cancel()
        else:
            self._loop.remove_reader(self._listener)
        self._listener.close()
        for task in self._pending:
            task.cancel()

    async def wait_closed(self) -> None:
        """Wait until nothing is left of the handshakes that were given up."""
        await asyncio.gather(*self._pending, return_exceptions=True)

    def _accept(self) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                connection, place = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._complain(error)
                return
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as a server of asyncio does
            self._begin(connection, host_of_peer(place))

    def _complain(self, error: OSError) -> None:
        """Let the loop tell of the error, and accept nothing for a while; a handshake that may stall makes place."""
        if error.errno in OUT_OF_FILES and self._pending:
            next(iter(self._pending)).cancel()
            return
        self._loop.remove_reader(self._listener)
        self._reopening = self._loop.call_later(_PAUSE, self.open)
        self._loop.call_exception_handler({"message": "can't accept a connection", "exception": error})

    def _begin(self, connection: socket.socket, host: str) -> None:
        network = network_of(host)
        task = self._loop.create_task(self._admit(connection))
        mine = self._by_network.setdefault(network, {})
        if self.max_per_address and len(mine) >= self.max_per_address and not is_loopback(host):
            next(iter(mine)).cancel()
        elif len(self._pending) >= self.max_pending:
            next(iter(self._pending)).cancel()
        self._pending[task] = mine[task] = None

        def ended(task: asyncio.Task[None]) -> None:
            del self._pending[task], mine[task]
            if not mine and self._by_network.get(network) is mine:
                del self._by_network[network]

        task.add_done_callback(ended)

    async def _admit(self, connection: socket.socket) -> None:
        """Find out what the peer speaks, and let it in if that is TLS."""
        try:
            if await self._speaks_tls(connection):
                await self._loop.connect_accepted_socket(
                    self._make_protocol,
                    connection,
                    ssl=self._certificate.context,
                    ssl_handshake_timeout=HANDSHAKE_TIMEOUT,
                    ssl_shutdown_timeout=SHUTDOWN_TIMEOUT,
                )
        except (OSError, ssl.SSLError):
            self.failures += 1
            connection.close()
        except BaseException:
            connection.close()
            raise

    async def _speaks_tls(self, connection: socket.socket) -> bool:
        """Tell whether the peer begins a handshake; one that speaks plain text, or waits for some, is answered."""
        came: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(connection, _set, came)
        try:
            await asyncio.wait([came], timeout=SILENCE)
        finally:
            self._loop.remove_reader(connection)
        try:
            first = connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            first = None
        if first == _HANDSHAKE:
            return True
        if first != b"":
            await self._answer(connection)
        connection.close()
        return False

    async def _answer(self, connection: socket.socket) -> None:
        """Say what to do; the peer gets a moment to read it: closed with unread input, the kernel would reset it."""
        connection.send(self._plain_answer)
        connection.shutdown(socket.SHUT_WR)
        try:
            async with asyncio.timeout(1.0):
                while await self._loop.sock_recv(connection, 1 << 14):
                    pass
        except TimeoutError:
            pass


def _set(came: "asyncio.Future[None]") -> None:
    if not came.done():
        came.set_result(None)
