"""A connection to a server: how it is opened, the pauses between attempts, and the first data."""

import asyncio
import contextlib
import random
import socket
import ssl
from collections.abc import Iterator
from typing import Any

from asyncchat.errors import ConnectError
from asyncchat.system import stdio
from asyncchat.system.addresses import CONNECT_TIMEOUT, Address, unreachable
from asyncchat.system.daemon_executor import DaemonExecutor
from asyncchat.tls.trust import Trust

LONGEST_PAUSE = 30.0
"""Seconds between two attempts to connect, at most."""

_LONGEST_FIRST = 1024
"""Bytes of the longest first line that is waited for."""


class ClientStream:
    """The two streams of a connection to a server; `abort` closes it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._ahead: bytes | None = None
        self.writer = writer

    async def hears_first(self, words: bytes, patience: float) -> bool:
        """Tell whether the server first sends `words`, within `patience` seconds; `read` still returns that data."""
        heard = self._ahead or b""
        try:
            async with asyncio.timeout(patience):
                while words.startswith(heard) and heard != words:
                    data = await self._reader.read(stdio.CHUNK)
                    heard += data
                    self._ahead = heard
                    if not data:
                        break
        except (TimeoutError, OSError):  # the next read raises an error again
            pass
        return heard.startswith(words)

    async def first_line(self) -> bytes:
        """Wait for the first line from the server, or the beginning of a long one; `read` still returns it.

        Without LF at the end, the server has ended the connection. Raises OSError.
        """
        heard = b""
        while b"\n" not in heard and len(heard) < _LONGEST_FIRST and (data := await self._reader.read(stdio.CHUNK)):
            heard += data
            self._ahead = heard
        return b"".join(heard.partition(b"\n")[:2])

    async def read(self) -> bytes:
        """Wait for data from the server, and return it; empty at the end. Raises OSError."""
        if self._ahead:
            ahead, self._ahead = self._ahead, None
            return ahead
        return await self._reader.read(stdio.CHUNK)

    def end(self, goodbye: bytes) -> None:
        """End the output; TLS can't without ending the input too, so `goodbye` asks the server to close."""
        if self.writer.can_write_eof():
            self.writer.write_eof()
        else:
            self.writer.write(goodbye)

    def abort(self) -> None:
        """Close the connection at once."""
        self.writer.transport.abort()


async def open_stream(address: Address, trust: Trust | None = None) -> ClientStream:
    """Connect to `address`; with `trust`, by TLS. Raises ConnectError."""
    loop = asyncio.get_running_loop()
    resolver = DaemonExecutor("resolver")
    try:
        # Not open_connection: its threads would delay the exit while a name server does not answer.
        found = await loop.run_in_executor(resolver, lambda: socket.getaddrinfo(*address, type=socket.SOCK_STREAM))
        *others, last = found
        for family, kind, protocol, _, place in others:
            with contextlib.suppress(OSError):
                return await _open((family, kind, protocol), place, address, trust)
        family, kind, protocol, _, place = last
        return await _open((family, kind, protocol), place, address, trust)
    except (OSError, UnicodeError) as error:
        raise unreachable(address, error) from None
    finally:
        resolver.shutdown()


async def _open(kind: tuple[int, int, int], place: Any, address: Address, trust: Trust | None) -> ClientStream:
    if trust:
        try:
            return await _open_tls(await _connect(kind, place), address, trust)
        except ssl.SSLError as error:
            trust.failed(error)
        try:
            return await _open_tls(await _connect(kind, place), address, trust)
        except ssl.SSLError as error:
            raise ConnectError(f"can't reach {address} with TLS: {error.reason}") from None
    return ClientStream(*await asyncio.open_connection(sock=await _connect(kind, place)))


async def _connect(kind: tuple[int, int, int], place: Any) -> socket.socket:
    connection = socket.socket(*kind)
    try:
        connection.setblocking(False)
        async with asyncio.timeout(CONNECT_TIMEOUT):
            await asyncio.get_running_loop().sock_connect(connection, place)
    except BaseException:
        connection.close()
        raise
    return connection


async def _open_tls(connection: socket.socket, address: Address, trust: Trust) -> ClientStream:
    try:
        reader, writer = await asyncio.open_connection(
            sock=connection, ssl=trust.context, server_hostname=address.host, ssl_handshake_timeout=CONNECT_TIMEOUT
        )
    except BaseException:
        connection.close()
        raise
    try:
        trust.accept(writer.get_extra_info("ssl_object"))
    except BaseException:
        writer.transport.abort()
        raise
    return ClientStream(reader, writer)


def now() -> float:
    """Return the seconds of the loop's clock."""
    return asyncio.get_running_loop().time()


def growing_pauses() -> Iterator[float]:
    """Yield the seconds before each attempt to connect: random, so that clients do not reconnect all at once."""
    longest = 2.0
    while True:
        yield random.uniform(longest / 2, longest)
        longest = min(longest * 2, LONGEST_PAUSE)
