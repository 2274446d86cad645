"""Addresses as HOST:PORT, and listening sockets."""

import os
import re
import socket
from ipaddress import IPv6Address
from typing import Any, NamedTuple

from asyncchat.errors import ChatError, ConnectError

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 23456
CONNECT_TIMEOUT = 5.0
"""Seconds that a client waits for a connection to each address of a host."""
BACKLOG = 4096
"""Connections that the system may queue until they are accepted."""


class Address(NamedTuple):
    """The address of a server."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_port(text: str, *, least: int = 1) -> int:
    """Return a port number of `least` to 65535. Raises ValueError."""
    if not (text.isascii() and text.isdigit() and least <= int(text) <= 65535):
        raise ValueError(f"{text!r} is not a port; write a number from {least} to 65535")
    return int(text)


def parse_address(text: str) -> tuple[str, int | None]:
    """Split HOST, HOST:PORT, :PORT (on this machine), [HOST]:PORT, or an IPv6 address, into host and port.

    Raises ValueError, which says what to write instead.
    """
    _, is_url, rest = text.partition("://")
    plain = ":".join(re.split("[/?#]", rest if is_url else text)[0].rpartition("@")[2].split())
    if plain != text:
        raise ValueError(f"{text!r} is not an address; write {plain or 'HOST:PORT'}")
    if text.isdecimal():
        raise ValueError(f"{text!r} is a port alone; write :{text}")
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f"{text!r} is not an address; write [HOST]:PORT")
        port = rest[1:] if rest else None
    elif text.count(":") == 1:
        host, port = text.split(":")
        host = host or DEFAULT_HOST
    else:
        host, port = text, None
        if ":" in text and not _is_ipv6(text):
            raise ValueError(f"{text!r} is not an address; write HOST:PORT, or [HOST]:PORT for an IPv6 address")
    if not host:
        raise ValueError(f"{text!r} has no host; write HOST:PORT")
    if port == "":
        without = "" if text == ":" else f"{text[:-1]}, or "
        raise ValueError(f"{text!r} has no port; write {without}{text}PORT")
    return host, None if port is None else parse_port(port)


def parse_host(text: str) -> str:
    """Return a host alone. Raises ValueError, which says what to write instead."""
    host, port = parse_address(text)
    if port is not None:
        raise ValueError(f"{text!r} is a host and a port; write {host} here, and the port apart")
    return host


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def host_of_peer(place: tuple[Any, ...] | None) -> str:
    """Return the host of a peer; "" if it has disconnected already.

    An IPv4 address is returned as such, though a socket for both families has it as an IPv6 one (RFC 4291, 2.5.5.2).
    """
    if not place:
        return ""
    mapped = IPv6Address(place[0]).ipv4_mapped if ":" in place[0] else None
    return str(mapped or place[0])


def address_of_peer(connection: socket.socket) -> str:
    """Return the address of a peer; "gone" if it has disconnected already."""
    try:
        place = connection.getpeername()
    except OSError:
        return "gone"
    return str(Address(host_of_peer(place), place[1]))


def reason(error: OSError | UnicodeError) -> str:
    """Return a short description of a network error, or of an invalid host name."""
    if isinstance(error, UnicodeError):  # the socket module raises it for an invalid host name
        return "no such host"
    if isinstance(error, socket.gaierror):
        return "no such host" if error.errno == socket.EAI_NONAME else str(error.strerror)
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return os.strerror(error.errno).lower() if error.errno else str(error)


def listen(hosts: list[str], port: int, options: str = "--host or --port") -> list[socket.socket]:
    """Return sockets that listen at each address of `hosts`; port 0 lets the system choose one, the same for all.

    `::` alone accepts IPv4 as well. Raises ChatError if one of them can't listen; it names the `options` to change.
    """
    sockets: list[socket.socket] = []
    with_ipv4 = hosts == ["::"] and socket.has_dualstack_ipv6()
    try:
        # Two hosts may have an address in common.
        for family, address in dict.fromkeys(place for host in hosts for place in _resolve(host)):
            place = (address[0], port, *address[2:])
            listener = socket.create_server(place, family=family, backlog=BACKLOG, dualstack_ipv6=with_ipv4)
            sockets.append(listener)
            set_options(listener)
            port = of_socket(listener).port
    except (OSError, UnicodeError) as error:
        for listener in sockets:
            listener.close()
        where = f"{', '.join(hosts)}, port {port}"
        raise ChatError(f"can't listen at {where}: {reason(error)}. Choose another {options}.") from None
    return sockets


def _resolve(host: str) -> list[tuple[int, tuple[Any, ...]]]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return [(family, address) for family, _, _, _, address in found]


def set_options(listener: socket.socket) -> None:
    """Set the options that each accepted connection inherits, where the system has them.

    They detect peers that have disappeared (tcp(7)), and limit the kernel's buffer for a peer that does not read.
    """
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", 60),  # seconds
        ("TCP_KEEPINTVL", 10),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", 30_000),  # milliseconds
        ("TCP_NOTSENT_LOWAT", 1 << 17),  # bytes
    ):
        if option := getattr(socket, name, None):
            listener.setsockopt(socket.IPPROTO_TCP, option, value)


def of_socket(listener: socket.socket) -> Address:
    """Return the address at which a socket listens."""
    return Address(*listener.getsockname()[:2])


def unreachable(address: Address, error: OSError | UnicodeError) -> ConnectError:
    """Return the exception for a failure to connect to `address`."""
    unknown = isinstance(error, socket.gaierror | UnicodeError)
    hint = "Is it spelled right?" if unknown else "Is a server running there? `asyncchat serve` starts one."
    return ConnectError(f"can't reach {address}: {reason(error)}. {hint}")
