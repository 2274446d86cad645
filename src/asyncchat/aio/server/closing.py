"""Ends connections: so that the peer learns why, or at once."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Sequence
from typing import Protocol

from asyncchat.log.pipeline import Pipeline
from asyncchat.text import room_texts

TIMEOUT = 1.0
"""Seconds that a refused peer gets to read the refusal."""

_STEPS = 20
"""Groups of clients that are told one after the other to go on elsewhere."""

_READ_SIZE = 1 << 14
_AT_ONCE = struct.pack("ii", 1, 0)


async def close_properly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send what was written, and wait until the peer closes, at most for the timeout.

    Closed with unread input, the kernel would reset the connection, and data on its way would be lost.
    """
    async with asyncio.timeout(TIMEOUT):
        if not writer.can_write_eof():  # as with TLS
            writer.close()
            await writer.wait_closed()
            return
        writer.write_eof()
        while await reader.read(_READ_SIZE):
            pass


async def until_applied(pipeline: Pipeline, patience: float) -> None:
    """Wait until all pending entries are applied, for so many seconds at most."""
    applied = asyncio.Event()
    pipeline.when_applied(applied.set)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await applied.wait()


class Movable(Protocol):
    """A connection whose client may go on at another server."""

    def move_user(self, text: str) -> bool:
        """Tell the client to do so, if it can; tell whether it can."""
        ...


async def move_users(connections: Sequence[Movable], seconds: float) -> None:
    """Tell the clients that can to go on at another server, one after the other in that time."""
    for number, connection in enumerate(connections, 1):
        is_last_of_group = number * _STEPS // len(connections) != (number - 1) * _STEPS // len(connections)
        if connection.move_user(room_texts.MOVE) and is_last_of_group:
            await asyncio.sleep(seconds / _STEPS)


def reset(transport: asyncio.WriteTransport) -> None:
    """Reset a connection; the kernel discards what the peer has not received."""
    # It may be closed, and without a socket, already.
    with contextlib.suppress(OSError, AttributeError, ValueError):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
