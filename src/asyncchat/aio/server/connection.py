"""One peer's connection: reads for its session, and writes without ever waiting."""

import asyncio
import contextlib
import logging
import select
from collections.abc import Awaitable, Callable, Iterator

from asyncchat.aio.server import closing
from asyncchat.aio.server.backlog import Backlog
from asyncchat.aio.server.interfaces import Reader
from asyncchat.chat.core import ChatCore
from asyncchat.chat.rate_limits import RateLimiter
from asyncchat.formats import codec, events
from asyncchat.limits import Limits
from asyncchat.sessions.json import JsonSession
from asyncchat.sessions.plain import PlainSession
from asyncchat.sessions.session import Session
from asyncchat.system.addresses import Address, host_of_peer
from asyncchat.text import room_texts, texts
from asyncchat.text.framing import LineDecoder, is_http

READ_SIZE = 1 << 14
"""Bytes that are read at a time; in the worst case, empty lines, splitting them takes two milliseconds."""

_TURN = 0.002
"""Seconds after which other peers are served, however much one peer has sent."""

_TOGETHER = 16
"""Lines that are handled before the clock is read, without a rate limit."""

_MESSAGES = 256
"""The same, for lines that are certainly messages."""

_STALL_CHECKS = 10

log = logging.getLogger(__name__)


class Connection:
    """A peer at the other end of a stream, and its session.

    While the kernel accepts what is written, nothing is buffered here. When it does not, a task writes the backlog as
    soon as the kernel accepts more.
    """

    __slots__ = (
        *("_address", "_attend", "_backlog", "_catching_up", "_core", "_hanging_up", "_limits", "_open"),
        *("_pace", "_pause", "_pings", "_reader", "_session", "_silent_since", "_timer", "_transport", "_writer"),
    )

    def __init__(
        self,
        reader: Reader,
        writer: asyncio.StreamWriter,
        core: ChatCore,
        address: str,
        limits: Limits,
        attend: Callable[[Session, "Connection"], Awaitable[None]],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._transport = writer.transport
        self._limits = limits
        self._pace = RateLimiter(limits.rate, limits.burst) if limits.rate else None
        self._pause: asyncio.Future[None] | None = None
        self._open = True
        self._hanging_up = False
        self._silent_since = 0.0
        self._pings = 0  # since the peer last sent something
        self._timer: asyncio.TimerHandle | None = None
        self._catching_up: asyncio.Task[None] | None = None
        self._backlog: Backlog | None = None
        self._transport.set_write_buffer_limits(high=0)  # so that drain() waits until the kernel has taken everything
        self._core = core
        self._address = address
        self._attend = attend
        self._session = self._first_session()

    def write(self, data: bytes) -> None:
        """Send `data` as soon as the peer reads it; reset the connection if the backlog is too large."""
        if not self._open or self._transport.is_closing():
            return
        if self._backlog:
            self._backlog.keep(data)
            if self._backlog.size > self._limits.max_backlog:
                self._cut_off("backlog", "it does not read what it is sent")
        else:
            self._transport.write(data)
            if self._transport.get_write_buffer_size():
                self._backlog = Backlog()
                self._catching_up = asyncio.create_task(self._catch_up(self._backlog))

    def close(self) -> None:
        """Send the backlog, then end the output; reset the connection if that takes too long."""
        if not self._open or self._transport.is_closing():
            return
        self._open = False
        self._resume()
        self._start_timer(self._limits.drain_timeout, self.abort)
        if not self._backlog:
            self._half_close()

    def hang_up(self) -> None:
        """Close as soon as the backlog is sent, even if the peer has not closed."""
        self._hanging_up = True
        if self._backlog:
            return
        if self._has_half_closed or self._reader.at_eof() or not self._takes_data:
            self._transport.close()
        else:
            self._transport.abort()  # closing TLS would wait for the peer; all is with the kernel, which sends it

    def abort(self) -> None:
        """Reset the connection; the kernel discards what the peer has not received."""
        self._open = False
        self._resume()
        closing.reset(self._transport)

    @property
    def _has_half_closed(self) -> bool:
        """Whether a connection can be closed in one direction only: TLS can't."""
        return self._transport.can_write_eof()

    @property
    def _takes_data(self) -> bool:
        """Whether the kernel has taken all that was written, and would take more."""
        poll = select.poll()  # select() takes no numbers above 1023
        poll.register(self._transport.get_extra_info("socket"), select.POLLOUT)
        return bool(poll.poll(0))

    @property
    def _is_private(self) -> bool:
        return self._transport.get_extra_info("sslcontext") is not None

    @property
    def reached(self) -> str:
        """The host at which the peer has reached the server."""
        return host_of_peer(self._transport.get_extra_info("sockname"))

    @property
    def kind(self) -> tuple[str, bool]:
        """What the peer speaks, in words, and whether with TLS."""
        return self._session.user.output.client, self._is_private

    @property
    def waiting(self) -> int:
        """How many bytes wait for the peer, beyond what the kernel holds."""
        return self._transport.get_write_buffer_size() + self._backlog.size if self._backlog else 0

    @property
    def is_gone(self) -> bool:
        """Whether the connection is closed."""
        return self._transport.is_closing()

    @property
    def may_be_gone(self) -> bool:
        """Whether the peer has ended its output; only sending to it shows whether it has closed."""
        return self._reader.at_eof()

    def disconnect_user(self, text: str) -> None:
        """Send `text` as a goodbye, and close the connection once the backlog is sent."""
        self._session.disconnect(text)

    def move_user(self, text: str) -> bool:
        """Tell the client to go on at another server, if it can; tell whether it can."""
        if can_move := isinstance(self._session, JsonSession):
            self._session.disconnect(text, events.MOVE)
        return can_move

    async def run(self) -> None:
        """Serve the peer until the connection is closed."""
        decoder = LineDecoder(self._longest_line)
        self._start_timer(self._limits.name_timeout, self._expire)
        new = unnamed = True
        begin = b""
        try:
            while data := await self._reader.read(READ_SIZE):
                begin = begin or data
                self._silent_since, self._pings = asyncio.get_running_loop().time(), 0
                lines = decoder.feed(data)
                if self._session.user.resumable.doubts.open:
                    self._session.user.resumable.doubts.more_came()
                if new and lines:
                    new = False
                    self._choose_format(lines[0])
                    if is_http(begin if lines[0] is None else lines[0]):
                        self.disconnect_user(room_texts.NO_HTTP)
                await self._receive_in_turn(lines)
                if unnamed and self._open and self._session.user.name:
                    unnamed = False
                    self._stop_timer()  # a timer is a tenth of the cost of a peer
                    if self._session.pings:
                        self._check_alive(self._session)
            self._session.end(unfinished=decoder.unfinished)
            if not self._open:
                self.hang_up()
            await self._writer.wait_closed()
        except OSError as gone:
            self._transport.abort()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()  # its future keeps the traceback until it is awaited
            gone.__traceback__ = None  # the reader keeps the error, which would keep this frame alive
        finally:
            self._stop_timer()
            self._transport.abort()
            self._session.leave()
            if self._catching_up:
                self._catching_up.cancel()
                await asyncio.gather(self._catching_up, return_exceptions=True)
            del self._session  # breaks a cycle: thousands of connections must not wait for the garbage collector

    @property
    def _longest_line(self) -> int:
        return events.longest_line(self._limits.max_line)

    def _first_session(self) -> Session:
        """Return the session of a peer that has sent nothing yet."""
        return PlainSession(self._core, self, self._address, is_private=self._is_private)

    def _choose_format(self, first: bytes | None) -> None:
        if codec.is_object(first):
            self._session = JsonSession(self._core, self, self._address, is_private=self._is_private)

    async def _receive_in_turn(self, lines: list[bytes | None]) -> None:
        """Handle lines, no faster than the rate limit allows, and let other peers be served in between."""
        loop = asyncio.get_running_loop()
        now = since = loop.time()
        taken = 0
        while taken < len(lines):
            if self._pace and (wait := self._pace.take(now)):
                await self._wait(wait)
                now = since = loop.time()
            has_ended_tls = not self._has_half_closed and self._reader.exception() is None
            if not self._open or (self._transport.is_closing() and not has_ended_tls):
                return  # the peer is gone: its remaining lines are dropped
            self._silent_since, self._pings = now, 0  # the remaining lines may answer a ping
            taken += await self._receive_some(lines, taken)
            now = loop.time()
            if not self._session.user.name or now - since > _TURN:  # checking a name costs more than a message
                await asyncio.sleep(0)
                now = since = loop.time()

    async def _receive_some(self, lines: list[bytes | None], taken: int) -> int:
        """Handle some lines, and return their number."""
        session = self._session
        if self._pace or not session.user.name:
            some = lines[taken : taken + 1]
        else:
            if session.receive_messages(some := lines[taken : taken + _MESSAGES]):
                return len(some)
            some = lines[taken : taken + _TOGETHER]
        await self._receive(iter(some))
        return len(some)

    async def _wait(self, seconds: float) -> None:
        self._pause = asyncio.get_running_loop().create_future()
        timer = asyncio.get_running_loop().call_later(seconds, self._resume)
        try:
            await self._pause
        finally:
            timer.cancel()

    async def _receive(self, lines: Iterator[bytes | None]) -> None:
        session = self._session
        session.receive(lines)
        while session.pending_request is not None:
            await self._attend(session, self)
            # Nothing was read meanwhile, so the peer may have answered a ping.
            self._silent_since, self._pings = asyncio.get_running_loop().time(), 0
            session.receive(lines)

    def _resume(self) -> None:
        if self._pause and not self._pause.done():
            self._pause.set_result(None)

    async def _catch_up(self, backlog: Backlog) -> None:
        """Write the backlog until it is empty; reset the connection if the peer reads nothing for too long."""
        stuck_for = 0
        try:
            while (waiting := self._transport.get_write_buffer_size()) or backlog.size:
                try:
                    async with asyncio.timeout(self._limits.stall_timeout / _STALL_CHECKS):
                        await self._writer.drain()
                except TimeoutError:
                    # Not one long timeout: after the machine has slept, no peer must count as stuck.
                    stuck_for = 0 if self._transport.get_write_buffer_size() < waiting else stuck_for + 1
                    if stuck_for == _STALL_CHECKS:
                        self._cut_off("stalled", "it takes nothing of what it is sent")
                        return
                else:
                    stuck_for = 0
                    self._transport.write(backlog.take())
        except OSError as gone:  # the reading side handles it
            gone.__traceback__ = None
            return
        self._backlog = self._catching_up = None
        if not self._open:
            self._half_close()

    def _half_close(self) -> None:
        if self._hanging_up or self._reader.at_eof():
            self._transport.close()
        elif not self._has_half_closed:
            self._transport.close()  # TLS: it ends the output, and waits for the end of the input
        else:
            # If it was closed with unread input, the kernel would reset the connection, and data in transit would be
            # lost. So the peer has to close first.
            with contextlib.suppress(OSError):
                self._transport.write_eof()

    def _cut_off(self, reason: str, why: str) -> None:
        self.abort()
        self._core.counters.cut_off[reason] += 1
        place = self._transport.get_extra_info("peername")
        # Behind a proxy, the place is the proxy's.
        where = Address(*place[:2]) if place and host_of_peer(place) == self._address else self._address or "a peer"
        name = self._session.user.name
        log.warning("%s (%s) is cut off: %s", where, name.shown if name else "no name yet", why)

    def _expire(self) -> None:
        if not self._session.user.name:
            self.disconnect_user(texts.TOO_SLOW)

    def _check_alive(self, session: Session) -> None:
        silent = asyncio.get_running_loop().time() - self._silent_since - self._pings * events.PING_AFTER
        if silent < events.PING_AFTER:
            self._start_timer(events.PING_AFTER - silent, lambda: self._check_alive(session))
        elif self._pings == events.MOST_PINGS:
            self._cut_off("ping", "it answers no ping")
        else:
            self._pings += 1
            session.ping()
            self._start_timer(events.PING_AFTER, lambda: self._check_alive(session))

    def _start_timer(self, seconds: float, action: Callable[[], object]) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, action)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
