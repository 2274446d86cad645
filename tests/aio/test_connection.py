"""What is kept for a peer that does not read, and given to it when it does."""

import asyncio
import socket

from asyncchat.aio.server.connection import Connection
from asyncchat.chat.core import ChatCore
from asyncchat.chat.resumption import ResumableSessions
from asyncchat.limits import Limits
from asyncchat.log.log import MemoryLog
from asyncchat.sessions.session import Session
from asyncchat.system.addresses import listen, of_socket
from tests.chat import a_pipeline
from tests.programs import ASK_NAME, PATIENCE, seconds


async def nothing_is_asked(session: Session, _: Connection) -> None:
    raise AssertionError(session.pending_request)


async def connected(
    limits: Limits, host: ChatCore | None = None
) -> tuple[Connection, "asyncio.Task[None]", socket.socket]:
    """Return a connection, what serves it, and its peer's end, which nobody reads."""
    (listener,) = listen(["127.0.0.1"], 0)
    host = host or ChatCore(
        a_pipeline(MemoryLog("epoch")), ResumableSessions(lambda: "token"), lambda: 0, monotonic=lambda: 0.0
    )
    made: asyncio.Future[tuple[Connection, asyncio.Task[None]]] = asyncio.get_running_loop().create_future()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, host, "127.0.0.1", limits, nothing_is_asked)
        task = asyncio.current_task()
        assert task
        made.set_result((connection, task))
        await connection.run()

    server = await asyncio.start_server(handle, sock=listener)
    peer = socket.create_connection(of_socket(listener))
    peer.setblocking(False)
    connection, task = await made
    server.close()
    return connection, task, peer


async def received(peer: socket.socket, size: int) -> bytes:
    data = bytearray()
    async with asyncio.timeout(seconds(2 * PATIENCE)):
        while len(data) < size:
            data += await asyncio.get_running_loop().sock_recv(peer, 1 << 16)
    return bytes(data)


async def test_a_peer_that_reads_again_gets_all_in_order_and_nothing_twice() -> None:
    connection, task, peer = await connected(Limits(max_backlog=1 << 26, drain_timeout=600))
    with peer:
        batches = [b"%07d " % number * 4000 for number in range(500)]
        for batch in batches:
            connection.write(batch)
        connection.close()
        wanted = f"{ASK_NAME}\n".encode() + b"".join(batches)
        assert await received(peer, len(wanted)) == wanted
    await asyncio.wait_for(task, seconds(PATIENCE))


async def test_a_peer_that_is_not_read_for_too_long_is_reset_and_not_kept_by_the_kernel() -> None:
    connection, task, peer = await connected(Limits(max_backlog=1 << 16))
    with peer:
        for _ in range(3000):
            connection.write(b"x" * 4000)
        await asyncio.wait_for(task, seconds(PATIENCE))
        try:
            await received(peer, 3000 * 4000)
        except ConnectionResetError:
            return
        raise AssertionError("the connection was not reset")


async def test_hanging_up_still_sends_what_is_kept() -> None:
    connection, task, peer = await connected(Limits(max_backlog=1 << 26, drain_timeout=600))
    with peer:
        for _ in range(2000):
            connection.write(b"x" * 4000)
        connection.close()
        connection.hang_up()
        wanted = len(f"{ASK_NAME}\n") + 2000 * 4000
        assert len(await received(peer, wanted)) == wanted
        assert await asyncio.get_running_loop().sock_recv(peer, 1) == b""
    await asyncio.wait_for(task, seconds(PATIENCE))
