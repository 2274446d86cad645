"""Ends connections that are refused, so that the peer learns why."""

import asyncio

TIMEOUT = 1.0
"""Seconds that a refused peer gets to read the refusal."""

_READ_SIZE = 1 << 14


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
