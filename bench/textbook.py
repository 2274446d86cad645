"""The textbook's chat server on asyncio streams: writes to each peer in turn, and waits until that one has taken it."""

import asyncio
import sys

BACKLOG = 4096

writers: dict[str, asyncio.StreamWriter] = {}


async def broadcast(message: str) -> None:
    """Send a message to everybody."""
    for writer in list(writers.values()):
        writer.write(message.encode())
        await writer.drain()


async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one peer."""
    writer.write(b"Server: write your name\n")
    name = (await reader.readline()).decode().strip()
    writers[name] = writer
    try:
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            if line.startswith("/"):
                writer.write(f"Server: unknown command {line}\n".encode())
            else:
                await broadcast(f"{name}: {line}\n")
    finally:
        del writers[name]
        writer.close()


async def main() -> None:
    """Serve at a free port."""
    server = await asyncio.start_server(handle, "127.0.0.1", 0, backlog=BACKLOG)
    print(f"textbook: listening on 127.0.0.1:{server.sockets[0].getsockname()[1]}", file=sys.stderr, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
