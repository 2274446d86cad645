"""One peer's connection: reads for its session, and writes without ever waiting."""

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator

from asyncchat.aio.server.backlog import Backlog
from asyncchat.chat.core import ChatCore
from asyncchat.chat.rate_limits import RateLimiter
from asyncchat.formats import codec, events
from asyncchat.limits import Limits
from asyncchat.sessions.json import JsonSession
from asyncchat.sessions.plain import PlainSession
from asyncchat.sessions.session import Session
from asyncchat.system.addresses import Address
from asyncchat.text import texts
from asyncchat.text.framing import LineDecoder

READ_SIZE = 1 << 14
"""Bytes that are read at a time: to split them into lines takes two milliseconds if each is empty."""

_TURN = 0.002
"""Seconds after which others come between, however much one peer has sent."""

_TOGETHER = 16
"""Lines that are handled before the clock is looked at, where there is no pace."""

_MESSAGES = 256
"""The same, of what are messages for certain."""

_STALL_CHECKS = 10
_AT_ONCE = struct.pack("ii", 1, 0)

log = logging.getLogger(__name__)


class Connection:
    """A peer at the other end of a stream, and its session.

    While the kernel takes what is written, nothing is kept here. When it does not, a task of the connection's own waits
    for it and feeds it what is kept meanwhile; the batches are kept as they are, so all who are slow share their bytes.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
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
        self._pings = 0  # since it was heard last
        self._timer: asyncio.TimerHandle | None = None
        self._catching_up: asyncio.Task[None] | None = None
        self._backlog: Backlog | None = None
        self._transport.set_write_buffer_limits(high=0)  # so that drain() waits until the kernel has taken everything
        self._core = core
        self._address = address
        self._attend = attend
        self._session: Session = PlainSession(core, self, self._address)

    def write(self, data: bytes) -> None:
        """Send `data` as soon as the peer takes it; cut the peer off if it is too far behind."""
        if not self._open or self._transport.is_closing():
            return
        if self._backlog:
            self._backlog.keep(data)
            if self._backlog.size > self._limits.max_backlog:
                self._cut_off("it does not read what it is sent")
        else:
            self._transport.write(data)
            if self._transport.get_write_buffer_size():
                self._backlog = Backlog()
                self._catching_up = asyncio.create_task(self._catch_up(self._backlog))

    def close(self) -> None:
        """Send what waits, and say that this was all; a peer that takes too long over it is cut off."""
        if not self._open or self._transport.is_closing():
            return
        self._open = False
        self._resume()
        self._start_timer(self._limits.drain_timeout, self.abort)
        if not self._backlog:
            self._half_close()

    def hang_up(self) -> None:
        """Close as soon as what waits is sent, though the peer has not closed."""
        self._hanging_up = True
        if not self._backlog:
            self._transport.close()

    def abort(self) -> None:
        """Close at once, and have the kernel forget what the peer has not taken."""
        self._open = False
        self._resume()
        with contextlib.suppress(
            OSError, AttributeError, ValueError
        ):  # it may be closed, and without a socket, already
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._transport.abort()

    @property
    def is_gone(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._transport.is_closing()

    @property
    def may_be_gone(self) -> bool:
        """Whether the peer sends no more: if it has closed, the kernel says so only when it is sent something."""
        return self._reader.at_eof()

    def disconnect_user(self, text: str) -> None:
        """Tell the peer `text`, and let it go with what it is owed."""
        self._session.disconnect(text)

    async def run(self) -> None:
        """Serve the peer until it is gone."""
        decoder = LineDecoder(self._limits.max_line * events.JSON_LINE)
        self._start_timer(self._limits.name_timeout, self._expire)
        new = unnamed = True
        try:
            while data := await self._reader.read(READ_SIZE):
                self._silent_since, self._pings = asyncio.get_running_loop().time(), 0
                lines = decoder.feed(data)
                if self._session.user.resumable.doubts.open:
                    self._session.user.resumable.doubts.more_came()
                if new and lines:
                    new = False
                    self._choose_format(lines[0])
                await self._receive_in_turn(lines)
                if unnamed and self._open and self._session.user.name:
                    unnamed = False
                    self._stop_timer()  # which is a tenth of what a peer costs
                    if isinstance(self._session, JsonSession):
                        self._check_alive(self._session)
            self._session.end(unfinished=decoder.unfinished)
            if not self._open:
                self.hang_up()
            await self._writer.wait_closed()
        except OSError as gone:  # reset, or gone without a word
            self._transport.abort()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()  # whose future keeps the traceback until then
            gone.__traceback__ = None  # the reader keeps the error, and with it would keep this frame
        finally:
            self._stop_timer()
            self._transport.abort()
            self._session.leave()
            if self._catching_up:
                self._catching_up.cancel()
                await asyncio.gather(self._catching_up, return_exceptions=True)
            del self._session  # which has this connection, too: thousands shall not have to wait for the collector

    def _choose_format(self, first: bytes | None) -> None:
        if codec.is_object(first):
            self._session = JsonSession(self._core, self, self._address)

    async def _receive_in_turn(self, lines: list[bytes | None]) -> None:
        """Handle lines, not faster than the peer may go on, and let others come between."""
        loop = asyncio.get_running_loop()
        now = since = loop.time()
        taken = 0
        while taken < len(lines):
            if self._pace and (wait := self._pace.take(now)):
                await self._wait(wait)
                now = since = loop.time()
            if not self._open or self._transport.is_closing():
                return  # what it sent and nobody handled is gone with the peer
            self._silent_since, self._pings = now, 0  # an answer to a ping may be among what waits
            taken += await self._receive_some(lines, taken)
            now = loop.time()
            if not self._session.user.name or now - since > _TURN:  # a try for a name costs more than a message
                await asyncio.sleep(0)
                now = since = loop.time()

    async def _receive_some(self, lines: list[bytes | None], taken: int) -> int:
        """Handle some lines, and return how many."""
        session = self._session
        if self._pace or not session.user.name:
            some = lines[taken : taken + 1]
        else:
            if isinstance(session, PlainSession) and session.receive_messages(some := lines[taken : taken + _MESSAGES]):
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
            # What it said meanwhile was not read.
            self._silent_since, self._pings = asyncio.get_running_loop().time(), 0
            session.receive(lines)

    def _resume(self) -> None:
        if self._pause and not self._pause.done():
            self._pause.set_result(None)

    async def _catch_up(self, backlog: Backlog) -> None:
        """Feed the kernel what is kept, until nothing is left; cut the peer off if it takes nothing for too long."""
        stuck_for = 0
        try:
            while (waiting := self._transport.get_write_buffer_size()) or backlog.size:
                try:
                    async with asyncio.timeout(self._limits.stall_timeout / _STALL_CHECKS):
                        await self._writer.drain()
                except TimeoutError:
                    # Counted, and not one long time-out: a machine that was asleep must not take its peers for stuck.
                    stuck_for = 0 if self._transport.get_write_buffer_size() < waiting else stuck_for + 1
                    if stuck_for == _STALL_CHECKS:
                        self._cut_off("it takes nothing of what it is sent")
                        return
                else:
                    stuck_for = 0
                    self._transport.write(backlog.take())
        except OSError as gone:  # which the reading side sees, too
            gone.__traceback__ = None
            return
        self._backlog = self._catching_up = None
        if not self._open:
            self._half_close()

    def _half_close(self) -> None:
        if self._hanging_up or self._reader.at_eof():
            self._transport.close()
        else:
            # Not closed before the peer has closed: with something unread the kernel would reset the connection, and
            # what is on its way would be lost.
            with contextlib.suppress(OSError):
                self._transport.write_eof()

    def _cut_off(self, why: str) -> None:
        self.abort()
        place = self._transport.get_extra_info("peername")
        where = Address(*place[:2]) if place else "a peer"
        name = self._session.user.name
        log.warning("%s (%s) is cut off: %s", where, name.shown if name else "no name yet", why)

    def _expire(self) -> None:
        if not self._session.user.name:
            self.disconnect_user(texts.TOO_SLOW)

    def _check_alive(self, session: JsonSession) -> None:
        silent = asyncio.get_running_loop().time() - self._silent_since - self._pings * events.PING_AFTER
        if silent < events.PING_AFTER:
            self._start_timer(events.PING_AFTER - silent, lambda: self._check_alive(session))
        elif self._pings == events.MOST_PINGS:
            self._cut_off("it answers no ping")
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
