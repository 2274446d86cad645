"""The port for IRC clients: connections whose lines are those of IRC."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

from asyncchat.aio.server.connection import Connection
from asyncchat.aio.server.interfaces import Reader
from asyncchat.aio.server.server import Server
from asyncchat.chat.core import ChatCore
from asyncchat.limits import Limits
from asyncchat.sessions.irc.session import IrcSession
from asyncchat.sessions.session import Session
from asyncchat.system.addresses import host_of_peer, of_socket
from asyncchat.text import texts


class IrcPort:
    """Serves IRC clients on `listeners`, which must be listening already; `name`: that of the server."""

    plain_answer = f"ERROR :{texts.TLS_ONLY}\r\n".encode()

    def __init__(self, listeners: list[socket.socket], name: str) -> None:
        self.listeners = listeners
        self._name = name

    def announcement(self, *, secure: bool) -> str:
        """Return where the port is; `secure`: it uses TLS."""
        scheme = "ircs" if secure else "irc"
        return f"IRC is at {', '.join(f'{scheme}://{of_socket(listener)}' for listener in self.listeners)}"

    async def handle(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        host = host_of_peer(writer.get_extra_info("peername"))
        if server.limiter.refusal(host):
            await server.refuse(reader, writer, f"ERROR :{texts.CHAT_FULL}\r\n".encode())
            return
        connection = _IrcConnection(reader, writer, server.core, host, server.limits, server.attend, self._name)
        await server.serve_peer(connection, host)


class _IrcConnection(Connection):
    __slots__ = ("_server",)

    def __init__(
        self,
        reader: Reader,
        writer: asyncio.StreamWriter,
        core: ChatCore,
        address: str,
        limits: Limits,
        attend: Callable[[Session, Connection], Awaitable[None]],
        server: str,
    ) -> None:
        self._server = server
        super().__init__(reader, writer, core, address, limits, attend)

    def _first_session(self) -> Session:
        return IrcSession(self._core, self, self._address, self._server, is_private=self._is_private)

    def _choose_format(self, first: bytes | None) -> None:
        """Nothing: whoever comes to this port speaks IRC."""
