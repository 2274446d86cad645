"""One peer's WebSocket: a Connection whose lines come in messages."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN, SERVER, Event, Protocol

from asyncchat.aio.server.connection import Connection
from asyncchat.chat.core import ChatCore
from asyncchat.formats import events
from asyncchat.limits import Limits
from asyncchat.sessions.json import WebSocketSession
from asyncchat.sessions.session import Session

_PIECE = 1 << 11
"""Bytes that are parsed at a time; in the worst case, empty frames, that takes two milliseconds."""

LOG = logging.getLogger("asyncchat.websockets")
LOG.setLevel(logging.WARNING)  # the library has a line for each connection


class WebConnection(Connection):
    """A peer at a WebSocket that is open already; it is the reader of its own lines."""

    __slots__ = ("_message", "_protocol", "_stream")

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        core: ChatCore,
        address: str,
        limits: Limits,
        attend: Callable[[Session, Connection], Awaitable[None]],
    ) -> None:
        # A message is as long as a line can be.
        self._protocol = Protocol(SERVER, max_size=events.longest_line(limits.max_line), logger=LOG)
        self._stream = reader
        self._message = bytearray()
        super().__init__(self, writer, core, address, limits, attend)

    async def run(self) -> None:
        """Serve the peer until the connection is closed."""
        try:
            await super().run()
        finally:
            # Breaks cycles, as in Connection.run.
            self._protocol.parser.close()
            self._protocol.parser_exc = None
            self._reader = self._stream

    async def read(self, n: int, /) -> bytes:
        """Return the lines of one or more messages; nothing at the end."""
        while not self._protocol.eof_sent:
            if not (data := await self._stream.read(n)):
                return b""
            if lines := await self._lines(data):
                return lines
        if not self.at_eof():
            # The peer has broken the protocol. Closed with unread input, the kernel would reset the connection, and the
            # peer would not learn why.
            self._session.leave()
            while await self._stream.read(n):
                pass
        return b""

    def at_eof(self) -> bool:
        """Tell whether the peer has ended its output."""
        return self._stream.at_eof() or self._protocol.close_rcvd is not None

    def exception(self) -> BaseException | None:
        """Return the error that has ended the connection, if one has."""
        return self._stream.exception()

    async def _lines(self, data: bytes) -> bytes:
        """Return the lines in the messages that `data` completes."""
        lines = []
        for start in range(0, len(data), _PIECE):
            if start:
                await asyncio.sleep(0)  # other peers are served
            self._protocol.receive_data(data[start : start + _PIECE])
            frames = self._protocol.events_received()
            messages = self._messages(frames)
            lines += messages
            if self._protocol.eof_sent:
                break
            if answers := self._protocol.data_to_send():
                self.write(b"".join(answers))
            # Each frame that completes no message counts as a line.
            for _ in range(len(frames) - len(messages)):
                if self._pace and (wait := self._pace.take(asyncio.get_running_loop().time())):
                    await self._wait(wait)
                if not self._open or self._transport.is_closing():
                    break
        return b"".join(lines)

    def _messages(self, frames: list[Event]) -> list[bytes]:
        """Return the messages that `frames` complete, with a line feed at the end."""
        messages = []
        for frame in frames:
            assert isinstance(frame, Frame)  # the handshake is done
            if frame.opcode is Opcode.BINARY:
                self._protocol.fail(CloseCode.UNSUPPORTED_DATA, "only text is understood")
                break
            if frame.opcode is not Opcode.TEXT and frame.opcode is not Opcode.CONT:
                continue
            self._message += frame.data
            if frame.fin:
                message, self._message = bytes(self._message), bytearray()
                try:
                    message.decode()
                except UnicodeDecodeError:
                    self._protocol.fail(CloseCode.INVALID_DATA, "it is not UTF-8")
                    break
                messages.append(message if message.endswith(b"\n") else message + b"\n")
        return messages

    def _first_session(self) -> Session:
        return WebSocketSession(self._core, self, self._address, is_private=self._is_private)

    def _choose_format(self, first: bytes | None) -> None:
        """Do nothing: there is one format."""

    def _half_close(self) -> None:
        if self._protocol.state is OPEN:
            self._protocol.send_close(CloseCode.GOING_AWAY if self._core.is_closing else CloseCode.NORMAL_CLOSURE)
        self._transport.write(b"".join(self._protocol.data_to_send()))
        if self._protocol.eof_sent or self._hanging_up or self.at_eof():  # else the peer has to answer
            super()._half_close()
