"""Joining while thousands of messages a second go by."""

import asyncio

from tests.programs import ASK_NAME, ServeProgram, seconds

SENDERS = 5
EACH = 3000
JOINERS = 20


async def connect(port: int, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await reader.readline() == f"{ASK_NAME}\n".encode()
    writer.write(f"{name}\n".encode())
    return reader, writer


async def flood(port: int, name: str) -> None:
    reader, writer = await connect(port, name)
    for number in range(EACH):
        writer.write(f"{number}\n".encode())
        if number % 20 == 0:
            await writer.drain()
            # Paced by what comes back, so that the room stays busy for as long as people join.
            while not (await reader.readline()).startswith(f"{name}: {number}".encode()):
                pass
    writer.write_eof()
    while await reader.read(1 << 16):
        pass
    writer.close()


async def watch(port: int, name: str, joined: asyncio.Event | None = None) -> list[bytes]:
    """Join, say so, and return all that comes until somebody says that it is over."""
    reader, writer = await connect(port, name)
    writer.write(b"here\n")
    lines: list[bytes] = []
    while not lines or not lines[-1].endswith(b": over"):
        lines.append((await reader.readline()).rstrip(b"\n"))
        if joined:
            joined.set()
    writer.close()
    return lines


async def test_a_newcomer_gets_ten_messages_and_then_every_later_one_in_the_one_order(room: ServeProgram) -> None:
    async with asyncio.timeout(seconds(120)):
        floods = [asyncio.create_task(flood(room.port, f"sender{number}")) for number in range(SENDERS)]
        joiners = []
        for number in range(JOINERS):
            joined = asyncio.Event()
            joiners.append(asyncio.create_task(watch(room.port, f"joiner{number}", joined)))
            await joined.wait()
        everything = asyncio.create_task(asyncio.to_thread(room.out.until, "last sent over", 60))
        await asyncio.gather(*floods)
        _, writer = await connect(room.port, "last")
        writer.write(b"over\n")
        transcript = await everything
        writer.close()

        said = [line.replace(" sent ", ": ", 1).encode() for line in transcript if " sent " in line]
        assert len(set(said)) == len(said) == SENDERS * EACH + JOINERS + 1
        starts = []
        for number, lines in enumerate(await asyncio.gather(*joiners)):
            before = transcript[: transcript.index(f"joiner{number} joined")]
            start = max(0, sum(" sent " in line for line in before) - 10)
            assert lines == said[start:]
            starts.append(start)
        assert starts[-1] > starts[0] + JOINERS
