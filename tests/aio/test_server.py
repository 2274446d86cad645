"""The room's server inside one process: what it owns is gone when it ends."""

import asyncio
import contextlib
import gc
import os
from collections.abc import AsyncIterator

import pytest

from asyncchat.aio.server.connection import Connection
from asyncchat.aio.server.server import Server
from asyncchat.chat.core import ChatCore
from asyncchat.chat.user import User
from asyncchat.commands import table
from asyncchat.limits import Limits
from asyncchat.log.entries import Mark
from asyncchat.system.addresses import listen, of_socket
from tests.programs import ASK_NAME, PATIENCE, seconds


@contextlib.asynccontextmanager
async def running(limits: Limits) -> AsyncIterator[int]:
    """Run a server, and yield its port."""
    listeners = listen(["127.0.0.1"], 0)
    port = of_socket(listeners[0]).port
    stop = asyncio.Event()
    task = asyncio.create_task(Server(listeners, limits).run(stop))
    try:
        yield port
    finally:
        stop.set()
        await asyncio.wait_for(task, seconds(PATIENCE))


def held() -> tuple[int, int]:
    """Return how many descriptors and tasks there are."""
    return len(os.listdir("/dev/fd")), len(asyncio.all_tasks())


async def test_no_task_and_no_descriptor_is_left_when_it_has_ended() -> None:
    before = len(os.listdir("/dev/fd"))
    async with running(Limits(drain_timeout=0.2)) as port:
        peers = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
        for number, (reader, writer) in enumerate(peers):
            assert await reader.readline() == f"{ASK_NAME}\n".encode()
            if number % 2:
                writer.write(f"peer{number}\nhello\n".encode())
                await reader.readline()
    for _, writer in peers:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert len(os.listdir("/dev/fd")) == before


async def test_a_thousand_visits_leave_nothing_behind() -> None:
    async with running(Limits()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write_eof()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        before = held()
        for number in range(1000):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            if number % 3 == 0:
                writer.write(b"visitor\nhello\n/exit\n")
                await reader.read()
            elif number % 3 == 1:
                writer.write(b"half a na")
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(seconds(PATIENCE)):
            while held() != before:  # noqa: ASYNC110 - nothing tells when a descriptor is closed
                await asyncio.sleep(0)


@pytest.mark.parametrize("name", ["peer{}", '{{"type":"hello","v":1,"name":"peer{}"}}'], ids=["plain", "JSON"])
async def test_a_visit_leaves_nothing_for_the_garbage_collector(name: str) -> None:
    async with running(Limits(max_connections=100)) as port:
        gc.collect()
        gc.disable()
        try:
            peers = [await asyncio.open_connection("127.0.0.1", port) for _ in range(120)]
            for number, (reader, writer) in enumerate(peers):
                assert await reader.readline()
                writer.write(f"{name.format(number)}\n".encode())
                if number % 2:
                    writer.transport.abort()
                else:
                    writer.close()
            async with asyncio.timeout(seconds(PATIENCE)):
                while [kept for kept in gc.get_objects() if isinstance(kept, Connection)]:  # noqa: ASYNC110
                    await asyncio.sleep(0)
        finally:
            gc.enable()


async def test_a_command_can_await_an_entry_on_a_server_without_a_store() -> None:
    @table.command("/probe", help="await an entry")
    async def _probe(_core: ChatCore, user: User, _: str) -> None:
        await Mark()
        user.notice("it is applied")

    try:
        async with running(Limits()) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            async with asyncio.timeout(seconds(PATIENCE)):
                writer.write(b"alice\n/probe\n")
                assert await reader.readline() == f"{ASK_NAME}\n".encode()
                assert await reader.readline() == b"Server: it is applied\n"
            writer.close()
            await writer.wait_closed()
    finally:
        table.COMMANDS.pop()
