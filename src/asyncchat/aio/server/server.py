"""The server of the group chat: owns the core, the tasks of the connections, and the shutdown."""

import asyncio
import functools
import logging
import secrets
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from asyncchat import transcript
from asyncchat.aio.links import links
from asyncchat.aio.measurements import Measurements
from asyncchat.aio.server import closing
from asyncchat.aio.server.connection import READ_SIZE, Connection
from asyncchat.aio.server.connection_limits import OUT_OF_FILES, ConnectionLimiter
from asyncchat.aio.server.interfaces import PagePort, Port
from asyncchat.aio.server.store_service import StoreService, applied
from asyncchat.aio.server.tls_door import MOST_PENDING, TlsDoor
from asyncchat.aio.starting import open_pipeline
from asyncchat.chat.core import ChatCore
from asyncchat.chat.resumption import ResumableSessions
from asyncchat.chat.user import User
from asyncchat.errors import ChatError
from asyncchat.formats import plain
from asyncchat.limits import Limits, Policy
from asyncchat.log.accounts import Role
from asyncchat.log.audience import Peer
from asyncchat.log.log import SharedLog
from asyncchat.log.shared.pipeline import SharedPipeline
from asyncchat.sessions.session import Session
from asyncchat.system.addresses import BACKLOG, host_of_peer, of_socket
from asyncchat.system.clock import Clock
from asyncchat.text import room_texts, texts

if TYPE_CHECKING:
    from asyncchat.store import Store
    from asyncchat.store.postgres import PgStore
    from asyncchat.tls.certificate import Certificate

ACCEPTED_AT_ONCE = 16

MOST_TURNS = 4
"""Turns of the event loop for which a batch may wait for more."""

MOST_REFUSING = 16
"""Refused connections that are closed properly; with more, further ones are closed at once."""

HANG_UP_AFTER = 0.5
"""Seconds that a peer gets to close its side after the goodbye, before the server closes."""

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_MAY_MAKE_ROOMS = {"open": Role.GUEST, "registered": Role.REGISTERED, "fixed": Role.ADMIN}

log = logging.getLogger(__name__)


class Server:
    """Serves the room on `listeners`, which must be listening already.

    `recorder` gets the raw transcript, if given. `store` keeps the conversation, which is in memory only without it.
    `web`, `irc`: the ports for browsers and for IRC clients, if there are such. `certificate`: connections use TLS.

    requests: the connections to the port for browsers that are no WebSockets, by what they speak, and whether with TLS
    """

    def __init__(
        self,
        listeners: list[socket.socket],
        limits: Limits,
        recorder: Peer | None = None,
        store: "Store | PgStore | None" = None,
        policy: Policy = Policy(),  # noqa: B008
        web: "PagePort[Server] | None" = None,
        certificate: "Certificate | None" = None,
        irc: "Port[Server] | None" = None,
    ) -> None:
        self._listeners = listeners
        self._web = web
        self._ports: list[Port[Server]] = [port for port in (web, irc) if port]
        self._certificate = certificate
        self.limits = limits
        self._store = store
        self._clock = store.clock if store else Clock()
        self._pipeline = open_pipeline(store, limits, policy, self._schedule_commit, self._clock.now)
        self.core = ChatCore(
            self._pipeline,
            ResumableSessions(lambda: secrets.token_hex(16)),
            self._clock.trusted,
            moment=self._clock.moment,
            monotonic=time.monotonic,
            history=limits.history,
            max_line=limits.max_line,
            max_backlog=limits.max_backlog,
            needs_account=policy.needs_account,
            may_make_rooms=_MAY_MAKE_ROOMS[policy.may_make_rooms],
            max_rooms=limits.max_rooms,
            plain_passwords=policy.plain_passwords,
        )
        self.core.links = self._links
        self.core.servers, self.core.pages = list(policy.servers), list(policy.pages)
        self._store_service = StoreService(self.core, store) if store else None
        if recorder:
            if policy.transcript_rooms:
                self._pipeline.audience.observe(recorder, transcript.encode)
            else:
                self._pipeline.audience.attach(recorder, transcript.encode)
        self.limiter = ConnectionLimiter(limits.max_connections, limits.max_per_address)
        self.requests: Counter[tuple[str, bool]] = Counter()
        self._refused = 0  # since the last line about it in the log
        self._refusing = 0
        self._connections: dict[Connection, asyncio.Task[None]] = {}
        self._closing = False
        self._failure = ""
        self._doors: list[TlsDoor] = []
        self._out_of_files_said = 0.0
        for port in self._ports:
            port.open(self)

    async def run(self, stop: asyncio.Event, is_listening: Callable[[], object] = lambda: None) -> None:
        """Serve until `stop` is set, then send all users the rest and a goodbye.

        is_listening: called when peers can connect
        """
        asyncio.get_running_loop().set_exception_handler(self._on_loop_error)
        self._start_log(stop)
        tls_only = plain.notice(texts.TLS_ONLY)
        servers = [await self._open(listener, self._handle, tls_only) for listener in self._listeners]
        for port in self._ports:
            handle = functools.partial(port.handle, self)
            servers += [await self._open(listener, handle, port.plain_answer) for listener in port.listeners]
        log.info("listening on %s", ", ".join(str(of_socket(listener)) for listener in self._listeners))
        for port in self._ports:
            log.info("%s", port.announcement(secure=self._certificate is not None))
        is_listening()
        reporting = asyncio.create_task(self._report())
        try:
            await stop.wait()
        finally:
            for server in servers:
                server.close()
            await self._drain()
            for server in servers:
                if isinstance(server, TlsDoor):
                    await server.wait_closed()
            reporting.cancel()
            await asyncio.gather(reporting, return_exceptions=True)
        if self._failure:
            raise ChatError(self._failure)

    def _start_log(self, stop: asyncio.Event) -> None:
        def fail(why: str) -> None:
            self._failure = why
            stop.set()

        call = asyncio.get_running_loop().call_soon_threadsafe
        if isinstance(self._pipeline, SharedPipeline):
            self._pipeline.start(call, lambda: self._disconnect_all(room_texts.SERVER_LOST), fail)
        elif self._store and not isinstance(self._store.log, SharedLog):
            self._store.log.start(call)

    def _disconnect_all(self, text: str) -> None:
        for connection in self._connections:
            connection.disconnect_user(text)

    def configure(self, limits: Limits, policy: Policy) -> None:
        """Use other limits for new connections, and another policy for all; what was made for the old ones stays."""
        self.limits, core = limits, self.core
        core.history, core.max_rooms = limits.history, limits.max_rooms
        core.max_line, core.max_backlog = limits.max_line, limits.max_backlog
        core.needs_account, core.plain_passwords = policy.needs_account, policy.plain_passwords
        core.servers, core.pages = list(policy.servers), list(policy.pages)
        core.may_make_rooms = _MAY_MAKE_ROOMS[policy.may_make_rooms]
        self.limiter.set_limits(limits.max_connections, limits.max_per_address)
        for door in self._doors:
            door.max_pending, door.max_per_address = self._pending_handshakes, limits.max_per_address

    @property
    def _pending_handshakes(self) -> int:
        return min(MOST_PENDING, self.limits.max_connections)

    def _links(self, user: User, room: str, key: str) -> list[str]:
        fingerprint = self._certificate.fingerprint if self._certificate else ""
        return links(user, room, key, of_socket(self._listeners[0]).port, fingerprint, self._web)

    def trouble(self, besides: int = 0) -> str:
        """Return why users can't join or post now, if so many connections are not counted; empty if they can."""
        if self._closing:
            return "the server is closing"
        if self._store and self._store.log.trouble:
            return f"messages can't be stored: {self._store.log.trouble}"
        return "the chat is full" if self.limiter.is_full(besides) else ""

    def measure(self) -> Measurements:
        """Return what the server has done and holds, as numbers."""
        kinds = self.requests + Counter([connection.kind for connection in self._connections])
        waiting = [waiting for connection in self._connections if (waiting := connection.waiting)]
        return Measurements(
            kinds,
            len(self.core.online),
            len(self._pipeline.state.rooms),
            self.core.counters,
            self.limiter.refused,
            self._pipeline.batches,
            self._pipeline.messages,
            self._pipeline.audience.written,
            waiting,
            self._store.log.commits if self._store else None,
            self._pipeline.pending + (self._store.log.waiting if self._store else 0),
            sum(door.failures for door in self._doors),
            self._certificate.ends if self._certificate else None,
            shared.progress() if self._store and isinstance(shared := self._store.log, SharedLog) else None,
        )

    async def _open(self, listener: socket.socket, handle: Handler, plain_answer: bytes) -> "asyncio.Server | TlsDoor":
        if self._certificate:
            door = TlsDoor(
                listener,
                self._certificate,
                lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader(limit=READ_SIZE), handle),
                plain_answer,
                max_pending=self._pending_handshakes,
                max_per_address=self.limits.max_per_address,
            )
            door.open()
            self._doors.append(door)
            return door
        # asyncio accepts up to `backlog` connections at once, before it runs anything else.
        server = await asyncio.start_server(handle, sock=listener, limit=READ_SIZE, backlog=ACCEPTED_AT_ONCE)
        listener.listen(BACKLOG)
        return server

    def _on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not (isinstance(error, OSError) and error.errno in OUT_OF_FILES):
            loop.default_exception_handler(context)
        elif loop.time() >= self._out_of_files_said + 1:  # it comes for each of many connections, repeatedly
            self._out_of_files_said = loop.time()
            log.warning("out of open files: no new connection is accepted for a second")

    def _schedule_commit(self) -> None:
        asyncio.get_running_loop().call_soon(self._commit_when_quiet, 0, MOST_TURNS)

    def _commit_when_quiet(self, waiting_before: int, turns: int) -> None:
        """Commit once a turn of the loop has added nothing: one batch is cheaper than several."""
        waiting = self._pipeline.pending
        if turns and waiting != waiting_before:
            asyncio.get_running_loop().call_soon(self._commit_when_quiet, waiting, turns - 1)
        else:
            self._pipeline.commit()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = host_of_peer(writer.get_extra_info("peername"))
        if refusal := self.limiter.refusal(host):
            await self.refuse(reader, writer, refusal)
        else:
            await self.serve_peer(Connection(reader, writer, self.core, host, self.limits, self.attend), host)

    async def serve_peer(self, connection: Connection, host: str) -> None:
        """Serve a peer until its connection is closed."""
        task = asyncio.current_task()
        assert task is not None
        if self._closing:
            connection.abort()
            return
        self._connections[connection] = task
        self.core.counters.accepted += 1
        self.limiter.enter(host)
        try:
            await connection.run()
        finally:
            self.limiter.leave(host)
            del self._connections[connection]

    async def attend(self, session: Session, connection: Connection) -> None:
        """Answer the pending request of `session`."""
        if self._store_service:
            await self._store_service.attend(session, connection)
        else:
            await applied(session)  # nothing else can be asked without a store

    def count_refusal(self) -> None:
        """Count a connection that was refused since the chat is full."""
        self.limiter.refused["full"] += 1
        self._refused += 1

    async def refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, refusal: bytes) -> None:
        """Tell a peer why it is not served, and end the connection."""
        self._refused += 1
        self._refusing += 1
        try:
            writer.write(refusal)
            if self._refusing <= MOST_REFUSING:
                await closing.close_properly(reader, writer)
            writer.close()
            async with asyncio.timeout(closing.TIMEOUT):  # with TLS, the peer has to close, too
                await writer.wait_closed()
        except OSError as gone:
            gone.__traceback__ = None  # as in Connection.run
        finally:
            self._refusing -= 1
            writer.transport.abort()

    async def _report(self) -> None:
        """Once a second, check the clock, tell the users the number of members, and log refused connections."""
        while True:
            await asyncio.sleep(1)
            self._clock.look()
            self._pipeline.count()
            if self._refused:
                log.warning("%d connections refused: there are %d already", self._refused, len(self._connections))
                self._refused = 0

    async def _drain(self) -> None:
        self._closing = True
        limit = self.limits.drain_timeout
        deadline = asyncio.get_running_loop().time() + limit
        await closing.until_applied(self._pipeline, limit)  # accepted messages come before the goodbye
        if self.core.servers or self.core.pages:
            await closing.move_users(list(self._connections), limit / 2)
        self.core.is_closing = True
        self._disconnect_all(texts.GOODBYE)
        if self._store_service:
            self._store_service.give_up()
        if self._pipeline.life:
            await closing.until_applied(self._pipeline, limit)  # the other servers hear who has left
        if not self._connections:
            return
        log.info("closing: at most %g s for %d connections to receive the rest", limit, len(self._connections))
        await asyncio.wait(self._connections.values(), timeout=HANG_UP_AFTER)
        for connection in self._connections:
            connection.hang_up()
        if self._connections:
            left = max(deadline - asyncio.get_running_loop().time(), 0)
            await asyncio.wait(self._connections.values(), timeout=left)
        self.stop_at_once()
        if self._connections:
            await asyncio.wait(self._connections.values())

    def stop_at_once(self) -> None:
        """Reset all connections that are still open."""
        for connection in self._connections:
            connection.abort()
