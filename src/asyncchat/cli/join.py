"""`asyncchat join`: its arguments, and the choice of the client."""

import argparse
import os
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NamedTuple

from asyncchat.cli.arguments import Parser, checked
from asyncchat.errors import ChatError
from asyncchat.system import stdio
from asyncchat.system.addresses import DEFAULT_HOST, DEFAULT_PORT, Address, parse_address, parse_host, parse_port

if TYPE_CHECKING:
    from asyncchat.tls.trust import Trust

DESCRIPTION = "Join a chat: print its messages and send the lines of standard input. /exit leaves."

_HINTS = {
    "incorrect-password": "Set ASYNCCHAT_PASSWORD to the right one.",
    "incorrect-login": "It is not registered: join as a guest, without ASYNCCHAT_PASSWORD.",
}
"""What to do, by the code with which the server refuses a name."""
_MAY_BE_YOURS = "If it is yours, set ASYNCCHAT_PASSWORD to its password."
_ANOTHER_NAME = "Give another with --name."


def add_arguments(parser: Parser) -> None:
    """Add the arguments of `join` to `parser`."""
    parser.add_argument(
        "address",
        nargs="?",
        metavar="HOST[:PORT]",
        type=checked(_parse_places),
        help=f"address of the server, or a link; :PORT is on this machine (default: {DEFAULT_HOST}:{DEFAULT_PORT});"
        " several with commas between are servers of one chat, which goes on at the next when one ends",
    )
    parser.add_argument("--host", type=checked(parse_host), help="the server's host (default: $ASYNCCHAT_HOST)")
    parser.add_argument("--port", type=checked(parse_port), help="the server's port (default: $ASYNCCHAT_PORT)")
    parser.add_argument(
        "--tls", action="store_true", help="use TLS; a certificate that no authority knows is remembered the first time"
    )
    parser.add_argument("--name", help="your name in the chat (default: $ASYNCCHAT_NAME)")
    parser.add_argument("--room", metavar="#ROOM", type=checked(_room), help="room to join, instead of the default one")
    parser.add_argument(
        "-n", "--no-input", action="store_true", help="send nothing, print messages until the server stops"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--plain", action="store_true", help="print plain lines on a terminal too, as in a pipe")
    form.add_argument("--json", action="store_true", help="print events as JSON lines, and reconnect automatically")
    form.add_argument(
        "--threads", action="store_true", help="print plain lines, with a client that uses threads instead of asyncio"
    )
    parser.add_argument(
        "--bell",
        choices=stdio.BELLS,
        default="mentions",
        help="when the terminal's bell rings (default: %(default)s)",
    )


def _room(text: str) -> str:
    from asyncchat.text.usernames import parse_name

    return f"#{parse_name(text.removeprefix('#')).shown}"


class _Places(NamedTuple):
    """Hosts, each with its port if there is one, and what a link has."""

    hosts: list[tuple[str, int | None]]
    fingerprint: str = ""
    room: str = ""
    key: str = ""


def _parse_places(text: str) -> _Places:
    if not text.lower().startswith("asyncchat://"):
        return _Places([parse_address(one) for one in text.split(",")])
    from asyncchat.tls.link import parse_link

    link = parse_link(text)
    return _Places([link.address], link.fingerprint, link.room, link.key)


def run(options: argparse.Namespace) -> int:
    """Run a client until the user leaves; return the exit code. Raises ChatError."""
    from asyncchat.text.usernames import NameRefused, PasswordNeeded, parse_name

    addresses = _addresses(options)
    name = options.name if options.name is not None else os.environ.get("ASYNCCHAT_NAME") or None
    try:
        if name is not None:
            parse_name(name)
    except NameRefused as refused:
        options.parser.error(f"the name can't be used: {refused}")
    _, fingerprint, room, key = options.address or _Places([])
    is_terminal = not (options.json or options.no_input or options.plain or options.threads) and stdio.is_comfortable()
    if room and (name is not None or is_terminal):
        options.room = options.room or f"#{room}"
    if (options.tls or fingerprint) and options.threads:
        options.parser.error("--threads goes without --tls only")
    if len(addresses) > 1 and options.threads:
        options.parser.error("--threads goes with one server only")
    if key and options.threads:
        options.parser.error("--threads goes with a link without an invitation only")
    if key and name is None and not is_terminal:
        options.parser.error("this link needs a --name where there is no window: in a pipe, with --plain or -n")
    if options.json and name is None:
        options.parser.error("--json needs a --name")
    if len(addresses) > 1 and name is None and not is_terminal:
        options.parser.error("several servers need a --name where there is no window: in a pipe, with --plain or -n")
    try:
        _choose_client(options, addresses, name, fingerprint, key)
    except NameRefused as refused:
        hint = _HINTS.get(refused.code)
        if not hint:
            hint = _MAY_BE_YOURS if isinstance(refused, PasswordNeeded) else _ANOTHER_NAME
        raise ChatError(f"{refused} {hint}") from None
    return 0


def _addresses(options: argparse.Namespace) -> list[Address]:
    """Return the addresses of the servers, from the arguments or the environment."""

    def from_environment(name: str, parse: Callable[[str], Any]) -> Any:
        try:
            return parse(text) if (text := os.environ.get(name)) else None
        except ValueError as error:
            options.parser.error(f"{name}: {error}")

    places = options.address.hosts if options.address else [(None, None)]
    if any((host and options.host) or (port and options.port) for host, port in places):
        options.parser.error("the address is given twice: write either HOST:PORT or --host and --port")
    usual_host = options.host or from_environment("ASYNCCHAT_HOST", parse_host) or DEFAULT_HOST
    usual_port = options.port or from_environment("ASYNCCHAT_PORT", parse_port) or DEFAULT_PORT
    return [Address(host or usual_host, port or usual_port) for host, port in places]


def _choose_client(
    options: argparse.Namespace, addresses: list[Address], name: str | None, fingerprint: str, key: str
) -> None:
    read_input = not options.no_input
    password = os.environ.get("ASYNCCHAT_PASSWORD", "")
    rooms = [options.room] if options.room else []
    if not options.threads:
        from asyncchat.aio.client.servers import Servers

        has_tls = options.tls or bool(fingerprint)
        servers = Servers(addresses, lambda address, notice: _trust(address, fingerprint, notice) if has_tls else None)
    if options.json:
        from asyncchat.aio.client.json_lines import join_as_json

        assert name is not None
        _run(join_as_json(servers, name, password, rooms, read_input=read_input, invite=key))
    elif read_input and not (options.plain or options.threads) and stdio.is_comfortable():
        from asyncchat.ui.login import join_on_terminal

        _run(join_on_terminal(servers, name, password, options.bell, rooms, key))
    elif len(addresses) > 1 or key:  # plain text has no word for an invitation
        from asyncchat.aio.client.printing import join_as_plain

        assert name is not None
        _run(join_as_plain(servers, name, password, options.room or "", read_input=read_input, invite=key))
    else:
        from asyncchat.client.plain_client import PlainClient

        is_person = stdio.is_interactive()
        can_choose = read_input and (name is None or is_person)
        if options.room and name is None:
            options.parser.error("--room needs a --name")
        visitor = PlainClient(name, password, options.room or "", can_choose=can_choose, is_script=not is_person)
        if options.threads:
            from asyncchat.threads.client import join as join_on_threads

            join_on_threads(addresses[0], visitor, read_input=read_input)
        else:
            from asyncchat.aio.client.plain import join

            _run(join(servers, visitor, read_input=read_input))


def _trust(address: Address, fingerprint: str, notice: Callable[[str], object]) -> "Trust":
    from asyncchat.tls.trust import Trust

    return Trust(address, fingerprint=fingerprint, notice=notice)


def _run(client: Coroutine[None, None, None]) -> None:
    import asyncio

    try:
        asyncio.run(client)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
