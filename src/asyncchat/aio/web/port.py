"""The web port: answers requests, and makes peers of those that open a WebSocket."""

import asyncio
import socket
from collections.abc import Collection
from http import HTTPStatus
from typing import NamedTuple

from websockets.http11 import Request
from websockets.server import ServerProtocol

from asyncchat.aio.server.closing import close_properly
from asyncchat.aio.server.server import Server
from asyncchat.aio.web.files import Answer, read_page, text
from asyncchat.aio.web.trust import Trust, names_loopback
from asyncchat.aio.web.web_connection import LOG, WebConnection
from asyncchat.chat.rate_limits import RateLimiter
from asyncchat.system.addresses import Address, host_of_peer, of_socket
from asyncchat.text import room_texts, texts

SOCKET = "/ws"

REQUEST_TIMEOUT = 10.0
"""Seconds that a peer gets for a request, and for taking the answer; no more than for choosing a name."""

MOST_CHECKS = 8
"""Connections at a time that are served though the chat is full, for CHECKS alone."""

CHECKS = ("/healthz", "/readyz", "/metrics")

_END = b"\r\n\r\n"


class _Opening(NamedTuple):
    """A WebSocket that a peer at `address` opens; it is open when the answer is sent."""

    answer: bytes
    address: str


class WebPort:
    """Serves the page and WebSockets on `listeners`, which must be listening already.

    trust: the hosts, origins and proxies that are trusted; it can be replaced
    """

    def __init__(self, listeners: list[socket.socket], trust: Trust) -> None:
        self.listeners = listeners
        self.trust = trust
        self.plain_answer = text(HTTPStatus.BAD_REQUEST, room_texts.TLS_ONLY_WEB)._replace(closes=True).encode()
        self._page = read_page()
        self._full = text(HTTPStatus.SERVICE_UNAVAILABLE, texts.CHAT_FULL)._replace(closes=True)
        self._checks = 0

    def open(self, server: Server) -> None:
        """Do nothing: there is nothing to prepare."""

    def announcement(self, *, secure: bool) -> str:
        """Return where the page is; `secure`: the port uses TLS."""
        scheme = "https" if secure else "http"
        return f"the page is at {', '.join(f'{scheme}://{of_socket(listener)}/' for listener in self.listeners)}"

    def page_at(self, host: str, *, secure: bool) -> str:
        """Return the address of the page, for browsers that reach the server at `host`."""
        if self.trust.origins:
            return f"{next(iter(self.trust.origins))}/"
        return f"{'https' if secure else 'http'}://{Address(host, of_socket(self.listeners[0]).port)}/"

    async def handle(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        host = host_of_peer(writer.get_extra_info("peername"))
        if server.limiter.is_full() and self._checks < MOST_CHECKS:
            await self._answer_checks(server, reader, writer)
            return
        if refusal := server.limiter.refusal(host, is_shared=self.trust.is_proxy(host)):
            await server.refuse(reader, writer, _refusal(refusal))
            return
        kind = "HTTP", writer.get_extra_info("sslcontext") is not None
        server.limiter.enter(host)
        server.requests[kind] += 1
        try:
            opening = await self._answer(server, reader, writer)
        finally:
            server.limiter.leave(host)
            server.requests[kind] -= 1
        if not opening:
            return
        if refusal := server.limiter.refusal(host := opening.address):
            await server.refuse(reader, writer, _refusal(refusal))
            return
        writer.write(opening.answer)
        connection = WebConnection(reader, writer, server.core, host, server.limits, server.attend)
        await server.serve_peer(connection, host)

    async def _answer_checks(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer those who watch the server, though it is full."""
        self._checks += 1
        try:
            await self._answer(server, reader, writer, only=CHECKS)
        finally:
            self._checks -= 1

    async def _answer(
        self,
        server: Server,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        only: Collection[str] | None = None,
    ) -> _Opening | None:
        """Answer requests until one opens a WebSocket, and return that; None at the end of the connection.

        only: the paths that are answered; other ones are told that the chat is full
        """
        pace = RateLimiter(server.limits.rate, server.limits.burst) if server.limits.rate else None
        answer: Answer | _Opening | None = None
        try:
            while not isinstance(answer, _Opening):
                async with asyncio.timeout(min(REQUEST_TIMEOUT, server.limits.name_timeout)):
                    await writer.drain()
                    head = await _read_head(reader)
                # At least once, so that other peers are served.
                await asyncio.sleep(pace.take(asyncio.get_running_loop().time()) if pace else 0)
                answer = self._answer_to(server, head, writer, only)
                if isinstance(answer, Answer):
                    writer.write(answer.encode(without_body=head.startswith(b"HEAD ")))
                    if answer.closes:
                        await close_properly(reader, writer)
                        break
        except (TimeoutError, EOFError):
            pass
        except asyncio.CancelledError:
            pass  # the server has ended, and asyncio would report this as an error
        except OSError as gone:
            gone.__traceback__ = None  # as in Connection.run
        if isinstance(answer, _Opening):
            return answer
        writer.transport.abort()
        return None

    def _answer_to(
        self, server: Server, head: bytes, writer: asyncio.StreamWriter, only: Collection[str] | None
    ) -> Answer | _Opening:
        """Return the answer to a request, or the WebSocket that it opens."""
        if not head:
            return text(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the request is too long")._replace(closes=True)
        first, _, rest = head.partition(b"\r\n")
        method, *target = first.split(b" ")
        if method not in {b"GET", b"HEAD"}:  # which may have a body
            refused = text(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD are understood", Allow="GET, HEAD")
            return refused._replace(closes=True)
        is_old = target[1:] == [b"HTTP/1.0"]
        answer: Answer | _Opening
        protocol = ServerProtocol(logger=LOG)
        # The library takes no other method and, in its older versions, no other version of HTTP.
        protocol.receive_data(b"GET %b\r\n%b" % (b" ".join([*target[:1], b"HTTP/1.1"] if is_old else target), rest))
        match protocol.events_received():
            case [Request() as request] if request.path.isascii():
                if only is not None and _path(request) not in only:
                    server.count_refusal()
                    answer = self._full
                else:
                    answer = self._respond(server, protocol, request, writer, is_counted=only is None)
                if isinstance(answer, Answer) and (is_old or "close" in _joined(request, "Connection").lower()):
                    answer = answer._replace(closes=True)
            case _:
                answer = text(HTTPStatus.BAD_REQUEST, "the request is not understood")._replace(closes=True)
        _discard(protocol)
        return answer

    def _respond(
        self,
        server: Server,
        protocol: ServerProtocol,
        request: Request,
        writer: asyncio.StreamWriter,
        *,
        is_counted: bool,
    ) -> Answer | _Opening:
        path = _path(request)
        if path == "/healthz":
            return text(HTTPStatus.OK, "alive")
        if path == "/readyz":
            trouble = server.trouble(besides=int(is_counted))
            return text(HTTPStatus.SERVICE_UNAVAILABLE if trouble else HTTPStatus.OK, trouble or "ready")
        host, peer = _joined(request, "Host"), host_of_peer(writer.get_extra_info("peername"))
        is_private = writer.get_extra_info("sslcontext") is not None
        forwarded = _joined(request, "X-Forwarded-For")
        if not self.trust.knows_host(host):
            return text(HTTPStatus.FORBIDDEN, "this host is not known here; start the server with --web-origin")
        if path == "/metrics":
            # Through a proxy that is not trusted, everybody would seem to be on this machine.
            is_unknown = bool(forwarded) and not self.trust.is_proxy(peer)
            if is_unknown or not self.trust.may_measure(self.trust.address(peer, forwarded)):
                return text(HTTPStatus.FORBIDDEN, "metrics are for this machine; start the server with --metrics")
            from asyncchat.aio.web import metrics  # most servers never need it

            body = metrics.encode(server.measure())
            return Answer(HTTPStatus.OK, {"Content-Type": metrics.CONTENT_TYPE}, body)
        if path == SOCKET:
            own = f"{'https' if is_private else 'http'}://{host}"
            if not self.trust.allows(_joined(request, "Origin") or None, own):
                return text(HTTPStatus.FORBIDDEN, "a page of another origin; start the server with --web-origin")
            response = protocol.accept(request)
            if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
                return _Opening(response.serialize(), self.trust.address(peer, forwarded))
            return Answer(HTTPStatus(response.status_code), {"Upgrade": "websocket"}, bytes(response.body))
        if file := self._page.get(path):
            return file.answer(
                _joined(request, "Accept-Encoding"),
                _joined(request, "If-None-Match"),
                self.trust.pages,
                is_trustworthy=is_private or self.trust.is_proxy(peer) or names_loopback(host),
            )
        return text(HTTPStatus.NOT_FOUND, "there is nothing here")


async def _read_head(reader: asyncio.StreamReader) -> bytes:
    """Return a request without a body; nothing if it is too long. Raises EOFError."""
    try:
        return await reader.readuntil(_END)
    except asyncio.LimitOverrunError:
        return b""


def _path(request: Request) -> str:
    return request.path.partition("?")[0]


def _joined(request: Request, name: str) -> str:
    """Return a header as one value; a client may repeat it."""
    return ", ".join(request.headers.get_all(name))


def _refusal(said: bytes) -> bytes:
    return (
        text(HTTPStatus.SERVICE_UNAVAILABLE, said.decode().rstrip().removeprefix("Server: "))
        ._replace(closes=True)
        .encode()
    )


def _discard(protocol: ServerProtocol) -> None:
    """Break the cycles of a protocol that is not used any more."""
    protocol.parser.close()
    error: BaseException | None = protocol.handshake_exc
    protocol.handshake_exc = None
    while error:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
