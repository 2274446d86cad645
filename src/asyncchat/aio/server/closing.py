"""Ends connections that are refused, so that the peer learns why."""

import asyncio

TIMEOUT = 1.0
"""Seconds that a refused peer gets to read the refusal."""

_READ_SIZE = 1 << 14


async def close_properly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send what was written, and wait until the peer closes, at most for the timeout.

    Closed with unread input, the kernel would reset the connection, and data on its way would be lost.
    """
    if writer.can_write_eof():
        writer.write_eof()
    async with asyncio.timeout(TIMEOUT):
        while await reader.read(_READ_SIZE):
            pass
