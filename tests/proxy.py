"""A bad network: what is between a client and its server delays, splits, loses and cuts."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator

CHUNK = 1 << 16
RESET = b"\1\0\0\0\0\0\0\0"


class Proxy:
    """Passes on between clients and the server at `port`, well until `breaks` says how many connections go wrong."""

    def __init__(self, port: int, chance: random.Random) -> None:
        self._server = port
        self._chance = chance
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.port = 0
        self.breaks = 0
        self.broken = 0
        self.connections = 0

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on between one client and the server, until an end comes or is made."""
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, server_writer))
                group.create_task(self._pump(server_reader, writer))
        except* (_BrokenError, OSError):
            for side in self._chance.sample([writer, server_writer], 2):
                if self._chance.random() < 0.5:
                    _reset(side)
                side.transport.abort()
                # The other side learns of it later: until then it holds on to a connection that is dead.
                await asyncio.sleep(self._chance.choice([0, 0, 0.01]))
        finally:
            writer.transport.abort()
            server_writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            await self._flowing.wait()
            if self.breaks:
                await asyncio.sleep(self._chance.choice([0, 0, 0.001, 0.005]))
            if self.breaks and self._chance.random() < 0.3:
                self.breaks -= 1
                self.broken += 1
                some = self._chance.randrange(len(data) + 1)
                writer.write(data[:some])
                if self._chance.random() < 0.5:
                    await writer.drain()
                    await asyncio.sleep(0)
                raise _BrokenError
            while self.breaks and data:
                some = self._chance.randint(1, len(data))
                writer.write(data[:some])
                data = data[some:]
                await asyncio.sleep(0)
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    def hold(self) -> None:
        """Let nothing through any more, on the connections that there are and on new ones."""
        self._flowing.clear()

    def flow(self) -> None:
        """Let all through again, also what was held."""
        self._flowing.set()

    async def end(self) -> None:
        """Cut all that there is."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _BrokenError(Exception):
    pass


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


@contextlib.asynccontextmanager
async def bad_network(port: int, seed: int = 0) -> AsyncIterator[Proxy]:
    """Put a proxy in front of `port`."""
    proxy = Proxy(port, random.Random(seed))
    server = await asyncio.start_server(proxy.pass_on, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
