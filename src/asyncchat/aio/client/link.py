"""A connection to a server: how a client opens it, how often it tries, and what it has heard first."""

import asyncio
import contextlib
import random
import socket
from collections.abc import Iterator
from typing import Any

from asyncchat.system import stdio
from asyncchat.system.addresses import CONNECT_TIMEOUT, Address, unreachable
from asyncchat.system.daemon_executor import DaemonExecutor

LONGEST_PAUSE = 30.0
"""Seconds from one try to connect to the next, at most."""


class ClientStream:
    """Two streams to a server. Close it when done, by `abort`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._ahead: bytes | None = None
        self.writer = writer

    async def hears_first(self, words: bytes, patience: float) -> bool:
        """Tell whether the server begins with `words`, within `patience` seconds; what it says can still be read."""
        heard = b""
        try:
            async with asyncio.timeout(patience):
                while words.startswith(heard) and heard != words:
                    data = await self._reader.read(stdio.CHUNK)
                    heard += data
                    self._ahead = heard
                    if not data:
                        break
        except (TimeoutError, OSError):  # an error comes again with the next read
            pass
        return heard.startswith(words)

    async def read(self) -> bytes:
        """Wait for what the server says, and return it; nothing at the end. Raises OSError."""
        if self._ahead:
            ahead, self._ahead = self._ahead, None
            return ahead
        return await self._reader.read(stdio.CHUNK)

    def abort(self) -> None:
        """Close the connection at once."""
        self.writer.transport.abort()


async def open_stream(address: Address) -> ClientStream:
    """Connect to `address`. Raises ConnectError."""
    loop = asyncio.get_running_loop()
    resolver = DaemonExecutor("resolver")
    try:
        # Not left to open_connection, whose threads would hold up the end while a name server does not answer.
        found = await loop.run_in_executor(resolver, lambda: socket.getaddrinfo(*address, type=socket.SOCK_STREAM))
        *others, last = found
        for family, kind, protocol, _, place in others:
            with contextlib.suppress(OSError):
                return await _open(socket.socket(family, kind, protocol), place)
        family, kind, protocol, _, place = last
        return await _open(socket.socket(family, kind, protocol), place)
    except (OSError, UnicodeError) as error:
        raise unreachable(address, error) from None
    finally:
        resolver.shutdown()


async def _open(connection: socket.socket, place: Any) -> ClientStream:
    try:
        connection.setblocking(False)
        async with asyncio.timeout(CONNECT_TIMEOUT):
            await asyncio.get_running_loop().sock_connect(connection, place)
        return ClientStream(*await asyncio.open_connection(sock=connection))
    except BaseException:
        connection.close()
        raise


def growing_pauses() -> Iterator[float]:
    """Yield seconds between one try to connect and the next: random, so that not everybody comes at once."""
    longest = 2.0
    while True:
        yield random.uniform(longest / 2, longest)
        longest = min(longest * 2, LONGEST_PAUSE)
