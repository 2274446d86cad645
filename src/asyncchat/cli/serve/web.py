"""The arguments of `asyncchat serve` for the web port."""

import argparse
import socket
from contextlib import ExitStack
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from asyncchat.cli.arguments import checked
from asyncchat.system.addresses import DEFAULT_HOST, listen, parse_host, parse_port

if TYPE_CHECKING:
    from asyncchat.aio.web.port import WebPort
    from asyncchat.aio.web.trust import Trust

SOCKET = "web"
"""The name of the socket that systemd makes for the web port (FileDescriptorName=)."""

OF_WEB = ("web_origin", "trusted_proxy", "metrics")
"""The options that need --web."""


def add_arguments(group: argparse._ActionsContainer) -> None:
    """Add the arguments to the group of the mode room."""
    group.add_argument(
        "--web",
        type=checked(port_of),
        metavar="[HOST:]PORT",
        help="serve the page for browsers, and WebSockets, on this port (default for HOST: what --host says)",
    )
    group.add_argument(
        "--web-origin",
        type=checked(_origin),
        action="append",
        metavar="URL",
        help="the page's address as browsers see it, https://HOST, if it is a name; can be given several times",
    )
    group.add_argument(
        "--trusted-proxy",
        type=checked(_network),
        action="append",
        metavar="ADDRESS",
        help="proxy, or network of proxies, whose X-Forwarded-For is believed; can be given several times",
    )
    group.add_argument(
        "--metrics",
        type=checked(_network),
        action="append",
        metavar="ADDRESS",
        help="machine, or network, that may read /metrics of the web port, besides this machine; can be given several"
        " times",
    )


def open_port(
    options: argparse.Namespace, opened: ExitStack, inherited: list[socket.socket] | None
) -> "WebPort | None":
    """Return the web port, if there is one; it listens already, and `opened` closes it. Raises ChatError.

    inherited: the sockets on which it listens, if they were made by systemd
    """
    if not options.web:
        return None
    from asyncchat.aio.web.port import WebPort

    host, port = options.web
    listeners = inherited or listen([host] if host else options.host or [DEFAULT_HOST], port)
    for listener in listeners:
        opened.enter_context(listener)
    return WebPort(listeners, trust(options))


def trust(options: argparse.Namespace) -> "Trust":
    """Return which hosts, origins and proxies are trusted."""
    from asyncchat.aio.web.trust import Trust

    pages = [one for one in options.servers or () if "://" in one]
    return Trust(options.web_origin or (), options.trusted_proxy or (), options.metrics or (), pages)


def port_of(text: str) -> tuple[str | None, int]:
    """Return a port, and the host before it, if there is one. Raises ValueError."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal():
        raise ValueError(f"{text!r} is not a port; write PORT or HOST:PORT")
    return parse_host(host) if host else None, parse_port(port, least=0)


def _origin(text: str) -> str:
    from asyncchat.aio.web.trust import parse_origin

    return parse_origin(text)


def _network(text: str) -> Any:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is not an address; write an address, or a network as in 10.0.0.0/8") from None
