"""The room's server: owns the room, the tasks of its connections, and its own end."""

import asyncio
import contextlib
import errno
import logging
import secrets
import signal
import socket
import time
from typing import TYPE_CHECKING, Any

from asyncchat import transcript
from asyncchat.aio.server.connection import READ_SIZE, Connection
from asyncchat.aio.server.connection_limits import ConnectionLimiter
from asyncchat.aio.server.store_service import StoreService
from asyncchat.chat.core import ChatCore
from asyncchat.chat.resumption import ResumableSessions
from asyncchat.limits import Limits
from asyncchat.log.accounts import Accounts
from asyncchat.log.audience import Peer
from asyncchat.log.log import MemoryLog
from asyncchat.log.pipeline import Pipeline
from asyncchat.log.restrictions import Restrictions
from asyncchat.log.state import ChatState, RoomState
from asyncchat.sessions.session import Session
from asyncchat.system import signals
from asyncchat.system.addresses import BACKLOG, host_of_peer, of_socket
from asyncchat.system.clock import Clock
from asyncchat.text import texts

if TYPE_CHECKING:
    from asyncchat.store import Store

OUT_OF_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
ACCEPTED_AT_ONCE = 16

MOST_TURNS = 4
"""Turns of the event loop for which a batch may wait for more."""

MOST_REFUSING = 16
"""Connections that are refused at leisure; more than that are closed at once."""

HANG_UP_AFTER = 0.5
"""Seconds that a peer gets to close its side after the goodbye, before the server does."""

REFUSAL_TIMEOUT = 1.0
"""Seconds that somebody who is refused may take to hear why."""

log = logging.getLogger(__name__)


class Server:
    """A room that is open to whoever connects to one of `listeners`, each of which must listen already.

    `recorder`, if there is one, gets the raw transcript; `store` keeps what is said, which else is in memory only.
    `needs_account`: nobody may come in as a guest.
    """

    def __init__(
        self,
        listeners: list[socket.socket],
        limits: Limits,
        recorder: Peer | None = None,
        store: "Store | None" = None,
        *,
        needs_account: bool = False,
    ) -> None:
        self._listeners = listeners
        self._limits = limits
        self._store = store
        self._clock = store.clock if store else Clock()
        log = store.log if store else MemoryLog(epoch=secrets.token_hex(8))
        room = RoomState(max(limits.history, limits.replay), log.recent, log.seq, store.topic if store else "")
        accounts = Accounts(store.accounts, store.released, store.next_id) if store else None
        state = ChatState(room, accounts, Restrictions(store.restrictions if store else ()))
        self._pipeline = Pipeline(state, log, self._wake, self._clock.now)
        self._core = ChatCore(
            self._pipeline,
            ResumableSessions(lambda: secrets.token_hex(16)),
            self._clock.trusted,
            moment=self._clock.moment,
            monotonic=time.monotonic,
            history=limits.history,
            max_line=limits.max_line,
            max_backlog=limits.max_backlog,
            needs_account=needs_account,
        )
        self._store_service = StoreService(self._core, store) if store else None
        if recorder:
            self._pipeline.audience.attach(recorder, transcript.encode)
        self._connection_limiter = ConnectionLimiter(limits.max_connections, limits.max_per_address)
        self._refused = 0  # since the log said so last
        self._refusing = 0
        self._connections: dict[Connection, asyncio.Task[None]] = {}
        self._closing = False
        self._out_of_files_said = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then let everybody go with what they are owed."""
        asyncio.get_running_loop().set_exception_handler(self._on_loop_error)
        if self._store:
            self._store.log.start(asyncio.get_running_loop().call_soon_threadsafe)
        servers = []
        for listener in self._listeners:
            # The standard loop accepts `backlog` connections in one go, before it lets anybody see to them.
            servers.append(
                await asyncio.start_server(self._handle, sock=listener, limit=READ_SIZE, backlog=ACCEPTED_AT_ONCE)
            )
            listener.listen(BACKLOG)
        log.info("listening on %s", ", ".join(str(of_socket(listener)) for listener in self._listeners))
        reporting = asyncio.create_task(self._report())
        try:
            await stop.wait()
        finally:
            for server in servers:
                server.close()
            await self._let_go()
            reporting.cancel()
            await asyncio.gather(reporting, return_exceptions=True)

    def _on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not (isinstance(error, OSError) and error.errno in OUT_OF_FILES):
            loop.default_exception_handler(context)
        elif loop.time() >= self._out_of_files_said + 1:  # it comes for each of many connections, and again and again
            self._out_of_files_said = loop.time()
            log.warning("out of open files: nobody new is accepted for a second")

    def _wake(self) -> None:
        asyncio.get_running_loop().call_soon(self._commit_when_quiet, 0, MOST_TURNS)

    def _commit_when_quiet(self, waiting_before: int, turns: int) -> None:
        """Commit as soon as a turn of the loop has brought nothing more: a batch is cheaper than its messages."""
        waiting = self._pipeline.pending
        if turns and waiting != waiting_before:
            asyncio.get_running_loop().call_soon(self._commit_when_quiet, waiting, turns - 1)
        else:
            self._pipeline.commit()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._closing:
            writer.transport.abort()
            return
        host = host_of_peer(writer.get_extra_info("peername"))
        if refusal := self._connection_limiter.refusal(host):
            await self._refuse(reader, writer, refusal)
            return
        connection = Connection(reader, writer, self._core, host, self._limits, self._attend)
        self._connections[connection] = task
        self._connection_limiter.enter(host)
        try:
            await connection.run()
        finally:
            self._connection_limiter.leave(host)
            del self._connections[connection]

    async def _attend(self, session: Session, connection: Connection) -> None:
        """Answer what `session` has asked on `connection`."""
        assert self._store_service  # else nothing can be asked
        await self._store_service.attend(session, connection)

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, refusal: bytes) -> None:
        self._refused += 1
        self._refusing += 1
        try:
            writer.write(refusal)
            if self._refusing <= MOST_REFUSING:
                # As with a guest who leaves: what is unread would make the kernel reset the connection.
                writer.write_eof()
                async with asyncio.timeout(REFUSAL_TIMEOUT):
                    while await reader.read(READ_SIZE):
                        pass
            writer.close()
            await writer.wait_closed()
        except OSError as gone:
            gone.__traceback__ = None  # as in Connection.run
        finally:
            self._refusing -= 1
            writer.transport.abort()

    async def _report(self) -> None:
        """Once a second, look at the clock; tell everybody how many they are, and the log how many were refused."""
        while True:
            await asyncio.sleep(1)
            self._clock.look()
            self._pipeline.count()
            if self._refused:
                log.warning("%d connections refused: there are %d already", self._refused, len(self._connections))
                self._refused = 0

    async def _let_go(self) -> None:
        self._closing = True
        limit = self._limits.drain_timeout
        deadline = asyncio.get_running_loop().time() + limit
        await self._settle()  # what was accepted comes before the goodbye
        self._core.is_closing = True
        for connection in self._connections:
            connection.disconnect_user(texts.GOODBYE)
        if self._store_service:
            self._store_service.give_up()
        if not self._connections:
            return
        log.info("closing: %d peers have %g s to take what they are owed", len(self._connections), limit)
        await asyncio.wait(self._connections.values(), timeout=HANG_UP_AFTER)
        for connection in self._connections:
            connection.hang_up()
        if self._connections:
            left = max(deadline - asyncio.get_running_loop().time(), 0)
            await asyncio.wait(self._connections.values(), timeout=left)
        self.stop_at_once()
        if self._connections:
            await asyncio.wait(self._connections.values())

    async def _settle(self) -> None:
        """Wait until what has happened is delivered, unless that takes too long."""
        settled = asyncio.Event()
        self._pipeline.when_applied(settled.set)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.drain_timeout):
                await settled.wait()

    def stop_at_once(self) -> None:
        """Cut everybody off who is still there."""
        for connection in self._connections:
            connection.abort()


async def serve(
    listeners: list[socket.socket],
    limits: Limits,
    recorder: Peer | None = None,
    store: "Store | None" = None,
    *,
    needs_account: bool = False,
) -> None:
    """Run a server until SIGINT, SIGTERM or SIGHUP; a second SIGINT or SIGTERM waits for nothing that peers are owed.

    A second SIGHUP means nothing: when a terminal is closed, both the shell and the kernel send one.
    """
    server = Server(listeners, limits, recorder, store, needs_account=needs_account)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        if stop.is_set() and number in {signal.SIGINT, signal.SIGTERM}:
            server.stop_at_once()
        stop.set()

    def on_signal_soon(number: int, _: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: it is ending
            loop.call_soon_threadsafe(on_signal, number)

    # Not by loop.add_signal_handler: when the loop is closed, a signal would end the program before its time.
    for number in (signal.SIGINT, *signals.of_termination()):
        signal.signal(number, on_signal_soon)
    await server.run(stop)
