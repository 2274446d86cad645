"""The links of an invitation, for clients and browsers."""

from typing import Any

from asyncchat.aio.server.connection import Connection
from asyncchat.aio.server.interfaces import PagePort
from asyncchat.chat.user import User
from asyncchat.formats.irc.own_lines import OwnLines
from asyncchat.system.addresses import DEFAULT_HOST, Address
from asyncchat.tls.link import Link


def links(user: User, room: str, key: str, port: int, fingerprint: str, web: PagePort[Any] | None) -> list[str]:
    """Return the links to a room, with the key of an invitation, to where this user has reached the server.

    fingerprint: of the server's certificate; empty without TLS
    web: the port for browsers
    """
    peer = user.output.peer
    if isinstance(peer, OwnLines):
        peer = peer.peer
    host = peer.reached if isinstance(peer, Connection) else DEFAULT_HOST
    link = Link(Address(host, port), fingerprint, room.removeprefix("#"), key)
    page = web.page_at(host, secure=bool(fingerprint)) if web else ""
    return [str(link), *([f"{page}?k={key}{room}"] if page else [])]
