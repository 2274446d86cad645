"""What connections and servers expect of where lines come from, and of further ports."""

import asyncio
import socket
from typing import Protocol, TypeVar

_Server = TypeVar("_Server", contravariant=True)


class Reader(Protocol):
    """Where lines come from: a stream, or the messages in one."""

    async def read(self, n: int, /) -> bytes:
        """Return some of what has come; nothing at the end."""
        ...

    def at_eof(self) -> bool:
        """Tell whether the peer has ended its output, and all of it was read."""
        ...

    def exception(self) -> BaseException | None:
        """Return the error that has ended the connection, if one has."""
        ...


class Port(Protocol[_Server]):
    """A further port of a server, on `listeners`, which must be listening already.

    plain_answer: the answer to a peer that speaks without TLS where it is needed
    """

    listeners: list[socket.socket]
    plain_answer: bytes

    def open(self, server: _Server, /) -> None:
        """Prepare for connections to a server."""
        ...

    def announcement(self, *, secure: bool) -> str:
        """Return what the log says of it; `secure`: it uses TLS."""
        ...

    async def handle(self, server: _Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        ...


class PagePort(Port[_Server], Protocol[_Server]):
    """The port that serves the page for browsers."""

    def page_at(self, host: str, *, secure: bool) -> str:
        """Return the address of the page, for browsers that reach the server at `host`."""
        ...
