"""The port for IRC clients: the same connections as on the other port, with sessions of another kind."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

from asyncchat.aio.server.connection import Connection
from asyncchat.aio.server.server import Server
from asyncchat.chat.core import ChatCore
from asyncchat.formats.irc.lines import LONGEST, LONGEST_TAGS
from asyncchat.formats.irc.network import Network
from asyncchat.limits import Limits
from asyncchat.sessions.irc.session import IrcSession
from asyncchat.sessions.session import Session
from asyncchat.system.addresses import host_of_peer, of_socket
from asyncchat.text.irc import answers

_LONGEST_LINE = LONGEST + LONGEST_TAGS + 2  # with the @ of the tags, and a blank


class IrcConnection(Connection):
    """An IRC client."""

    __slots__ = ("_network",)

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        core: ChatCore,
        address: str,
        limits: Limits,
        attend: Callable[[Session, Connection], Awaitable[None]],
        network: Network,
    ) -> None:
        self._network = network
        super().__init__(reader, writer, core, address, limits, attend)

    @property
    def _longest_line(self) -> int:
        return _LONGEST_LINE

    def _first_session(self) -> Session:
        return IrcSession(self._core, self, self._address, self._network, is_private=self._is_private)

    def _choose_format(self, first: bytes | None) -> None:
        """Do nothing: there is one format."""


class IrcPort:
    """Serves IRC clients on `listeners`, which must be listening already.

    name: the name of the server
    version: of the program
    """

    def __init__(self, listeners: list[socket.socket], name: str, version: str) -> None:
        self.listeners = listeners
        self.plain_answer = f"ERROR :{answers.TLS_ONLY}\r\n".encode()
        self._name = name
        self._version = version
        self._network: Network | None = None

    def open(self, server: Server) -> None:
        """Prepare for connections to a server."""
        self._network = Network(server.core, self._name, self._version)

    def announcement(self, *, secure: bool) -> str:
        """Return what the log says of the port; `secure`: it uses TLS."""
        scheme = "ircs" if secure else "irc"
        return f"IRC is at {', '.join(f'{scheme}://{of_socket(listener)}' for listener in self.listeners)}"

    async def handle(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        assert self._network
        host = host_of_peer(writer.get_extra_info("peername"))
        if refusal := server.limiter.refusal(host):
            await server.refuse(reader, writer, b"ERROR :%b\r\n" % refusal.removeprefix(b"Server: ").rstrip())
            return
        core, limits = server.core, server.limits
        connection = IrcConnection(reader, writer, core, host, limits, server.attend, self._network)
        await server.serve_peer(connection, host)
