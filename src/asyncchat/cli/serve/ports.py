"""The arguments of `asyncchat serve` for the ports for browsers and for IRC clients."""

import argparse
import socket
from contextlib import ExitStack
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from asyncchat.cli.arguments import checked
from asyncchat.system.addresses import DEFAULT_HOST, listen, parse_host, parse_port

if TYPE_CHECKING:
    from asyncchat.aio.irc.port import IrcPort
    from asyncchat.aio.web.port import WebPort
    from asyncchat.aio.web.trust import Trust

WEB, IRC = "web", "irc"
"""The names of the sockets that systemd makes for these ports (FileDescriptorName=)."""

OF_WEB = ("web_origin", "trusted_proxy", "metrics")
"""The options that need --web."""


def add_arguments(group: argparse._ActionsContainer) -> None:
    """Add the arguments to the group of the mode room."""
    group.add_argument(
        "--web",
        type=checked(_address),
        metavar="[HOST:]PORT",
        help="serve the page for browsers, and WebSockets, on this port (default for HOST: what --host says)",
    )
    group.add_argument(
        "--irc",
        type=checked(_address),
        metavar="[HOST:]PORT",
        help="serve IRC clients on this port (default for HOST: what --host says); 6667 is usual",
    )
    group.add_argument(
        "--ircs",
        type=checked(_address),
        metavar="[HOST:]PORT",
        help="the same, when the server uses TLS; 6697 is usual",
    )
    group.add_argument(
        "--irc-name",
        type=checked(_server_name),
        metavar="NAME",
        help="what IRC clients take the server to be called, a name with a dot (default: asyncchat.local)",
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


def check(options: argparse.Namespace) -> None:
    """Let the parser say what options do not go together."""
    if not options.web and (for_web := [name for name in OF_WEB if getattr(options, name)]):
        options.parser.error(f"--{for_web[0].replace('_', '-')} goes with --web only")
    has_tls = options.tls or options.tls_cert
    if options.irc and has_tls:
        options.parser.error("this server uses TLS: write --ircs instead of --irc")
    if options.ircs and not has_tls:
        options.parser.error("--ircs goes with --tls self or --tls-cert only; without TLS, write --irc")
    if options.irc_name and not (options.irc or options.ircs):
        options.parser.error("--irc-name goes with --irc or --ircs only")


def open_irc(options: argparse.Namespace, opened: ExitStack, inherited: list[socket.socket] | None) -> "IrcPort | None":
    """Return the port for IRC clients, if there is one; see open_port."""
    address = options.irc or options.ircs
    if not address:
        return None
    from asyncchat import __version__
    from asyncchat.aio.irc.port import IrcPort
    from asyncchat.formats.irc.network import DEFAULT_NAME

    listeners = _listening(options, address, option_of_irc(options), opened, inherited)
    return IrcPort(listeners, options.irc_name or DEFAULT_NAME, __version__)


def open_port(
    options: argparse.Namespace, opened: ExitStack, inherited: list[socket.socket] | None
) -> "WebPort | None":
    """Return the web port, if there is one; it listens already, and `opened` closes it. Raises ChatError.

    inherited: the sockets on which it listens, if they were made by systemd
    """
    if not options.web:
        return None
    from asyncchat.aio.web.port import WebPort

    return WebPort(_listening(options, options.web, "--web", opened, inherited), trust(options))


def option_of_irc(options: argparse.Namespace) -> str:
    """Return the option with the port for IRC clients."""
    return "--ircs" if options.ircs else "--irc"


def _listening(
    options: argparse.Namespace,
    address: tuple[str | None, int],
    option: str,
    opened: ExitStack,
    inherited: list[socket.socket] | None,
) -> list[socket.socket]:
    host, port = address
    listeners = inherited or listen([host] if host else options.host or [DEFAULT_HOST], port, option)
    for listener in listeners:
        opened.enter_context(listener)
    return listeners


def trust(options: argparse.Namespace) -> "Trust":
    """Return which hosts, origins and proxies are trusted."""
    from asyncchat.aio.web.trust import Trust

    pages = [one for one in options.servers or () if "://" in one]
    return Trust(options.web_origin or (), options.trusted_proxy or (), options.metrics or (), pages)


def _address(text: str) -> tuple[str | None, int]:
    host, _, port = text.rpartition(":")
    if not port.isdecimal():
        raise ValueError(f"{text!r} is not a port; write PORT or HOST:PORT")
    return parse_host(host) if host else None, parse_port(port, least=0)


def _server_name(text: str) -> str:
    from asyncchat.text.usernames import parse_name

    if "." not in text:
        raise ValueError(f"{text!r} has no dot in it, so it could be the name of a user; write something like irc.here")
    return parse_name(text).shown


def _origin(text: str) -> str:
    from asyncchat.aio.web.trust import parse_origin

    return parse_origin(text)


def _network(text: str) -> Any:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is not an address; write an address, or a network as in 10.0.0.0/8") from None
