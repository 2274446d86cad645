"""The arguments of `asyncchat serve` for IRC clients."""

import argparse
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

from asyncchat.cli.arguments import checked
from asyncchat.cli.serve.web import port_of
from asyncchat.system.addresses import DEFAULT_HOST, listen

if TYPE_CHECKING:
    from asyncchat.aio.irc.port import IrcPort

SOCKET = "irc"
"""The name of the socket that systemd makes for this port (FileDescriptorName=)."""

DEFAULT_NAME = "irc.asyncchat"


def add_arguments(group: argparse._ActionsContainer) -> None:
    """Add the arguments to the group of the mode room."""
    for flag, about in (("--irc", "without TLS"), ("--ircs", "with TLS")):
        group.add_argument(
            flag, type=checked(port_of), metavar="[HOST:]PORT", help=f"serve IRC clients on this port, {about}"
        )
    group.add_argument(
        "--irc-name",
        type=checked(_name),
        metavar="NAME",
        help=f"name of the server for IRC clients, which no user can have (default: {DEFAULT_NAME})",
    )


def check(options: argparse.Namespace) -> None:
    """Let the parser say what does not go together."""
    has_tls = bool(options.tls or options.tls_cert)
    if options.irc and has_tls:
        options.parser.error("--irc is without TLS: with --tls or --tls-cert, write --ircs")
    if options.ircs and not has_tls:
        options.parser.error("--ircs needs --tls self, or --tls-cert and --tls-key")
    if options.irc_name and not (options.irc or options.ircs):
        options.parser.error("--irc-name goes with --irc or --ircs only")


def open_port(
    options: argparse.Namespace, opened: ExitStack, inherited: list[socket.socket] | None
) -> "IrcPort | None":
    """Return the port, if there is one; it listens already, and `opened` closes it. Raises ChatError.

    inherited: the sockets on which it listens, if they were made by systemd
    """
    if not (options.irc or options.ircs):
        return None
    from asyncchat.aio.irc.port import IrcPort

    host, port = options.irc or options.ircs
    listeners = inherited or listen([host] if host else options.host or [DEFAULT_HOST], port)
    for listener in listeners:
        opened.enter_context(listener)
    return IrcPort(listeners, options.irc_name or DEFAULT_NAME)


def _name(text: str) -> str:
    from asyncchat.text.usernames import parse_name

    name = parse_name(text).shown
    if "." not in name or not name.isascii():
        raise ValueError(f"{text!r} can't be the name of an IRC server: it must have a dot in it, as in chat.example")
    return name
