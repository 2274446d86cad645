"""The command line's arguments: what there is, what it may be, and what --help says of it."""

import argparse
import os
from collections.abc import Callable
from typing import Any

from asyncchat import __version__, terminal
from asyncchat.addresses import DEFAULT_HOST, DEFAULT_PORT, Address, parse_address, parse_port
from asyncchat.limits import Limits

_UNITS = {"h": 3_600_000, "d": 86_400_000}


def parser() -> argparse.ArgumentParser:
    """Return the parser; each command's namespace has its own `parser`, and `command`, which is its name."""
    parser = argparse.ArgumentParser(
        prog="asyncchat",
        description="A group chat for people on one network: one serves it, everybody joins it.",
        epilog="asyncchat COMMAND --help tells more.",
    )
    parser.add_argument("--version", action="version", version=f"asyncchat {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command")
    for add in (_add_serve, _add_join, _add_filter):
        command = add(commands)
        command.set_defaults(parser=command)
    return parser


def address(options: argparse.Namespace) -> Address:
    """Return where the server is that `join` shall join, by its arguments or the environment."""
    host, port = options.address or (None, None)
    if (host and options.host) or (port and options.port):
        options.parser.error("the address is given twice: write either HOST:PORT or --host and --port")
    try:
        from_environment = parse_port(text) if (text := os.environ.get("ASYNCCHAT_PORT")) else DEFAULT_PORT
    except ValueError as error:
        options.parser.error(f"ASYNCCHAT_PORT: {error}")
    return Address(
        host or options.host or os.environ.get("ASYNCCHAT_HOST") or DEFAULT_HOST,
        port or options.port or from_environment,
    )


def limits(options: argparse.Namespace) -> dict[str, Any]:
    """Return the limits that were given, by their names."""
    return {name: value for name, value in vars(options).items() if name in Limits._fields}


def _add_serve(commands: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        "serve",
        help="serve a chat",
        description="Serve a chat. What is said goes to standard output, the log to standard error.",
    )
    parser.add_argument(
        "--mode",
        choices=("room", "pair", "threads"),
        default="room",
        help="room: the group chat (default); pair: a line between two; threads: many clients without names",
    )
    parser.add_argument(
        "--host",
        action="append",
        metavar="ADDRESS",
        help=f"where to listen, may be given several times; :: alone is everywhere (default: {DEFAULT_HOST})",
    )
    parser.add_argument(
        "--port",
        type=_checked(lambda text: parse_port(text, least=0)),
        default=DEFAULT_PORT,
        help="0 chooses a free one (default: %(default)s)",
    )
    _add_limit(parser, "max_line", (1, 1 << 20), "bytes of text in a line")
    room = parser.add_argument_group("with --mode room")
    room.add_argument("--quiet", action="store_true", help="print no transcript")
    room.add_argument("--store", metavar="FILE", help="keep what is said in this file (default: in memory only)")
    room.add_argument(
        "--durability",
        choices=("normal", "full"),
        help="normal: what anybody saw survives the end of the server, however sudden (default); full: also of power",
    )
    room.add_argument(
        "--keep",
        type=_checked(_keep),
        metavar="N|Nd",
        help="keep the last N messages, or those of the last N days (or Nh: hours; default: everything)",
    )
    room.add_argument(
        "--require-account", action="store_true", help="let nobody in whose name is not registered (needs --store)"
    )
    room.add_argument(
        "--admin-password-file",
        metavar="FILE",
        help="the admin's password, in a file that nobody else can read (default: $ASYNCCHAT_ADMIN_PASSWORD)",
    )
    _add_limit(room, "history", (0, 1000), "messages that a newcomer gets")
    _add_limit(room, "replay", (0, 100_000), "messages kept for those who come back after a broken connection")
    _add_limit(room, "rate", (0, 1e6), "messages of one peer a second, beyond which its reading pauses; 0: off")
    _add_limit(room, "burst", (1, 1 << 20), "messages of one peer at once after a rest")
    _add_limit(room, "name_timeout", (0.001, 86400), "for choosing a name")
    _add_limit(room, "max_backlog", (1, 1 << 30), "bytes that may wait for somebody who does not read")
    _add_limit(room, "stall_timeout", (0.001, 86400), "for which somebody may take nothing of what waits")
    _add_limit(room, "max_connections", (1, 1 << 20), "connections in all", "the limit of open files less 64")
    _add_limit(room, "max_per_address", (0, 1 << 20), "connections from one address but loopback; 0: off")
    _add_limit(room, "drain_timeout", (0.001, 3600), "for taking what is owed at the end")
    return parser


def _add_limit(parser: Any, field: str, allowed: tuple[float, float], explanation: str, usual: str = "") -> None:
    default = getattr(Limits(), field)
    parser.add_argument(
        "--" + field.replace("_", "-"),
        type=_checked(lambda text: _number(text, type(default), *allowed)),
        metavar="SECONDS" if field.endswith("timeout") else "N",
        default=argparse.SUPPRESS,
        help=f"{explanation} (default: {usual or default})",
    )


def _add_join(commands: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        "join",
        help="join a chat",
        description="Join a chat: prints what is said there and sends the lines of standard input. /exit leaves.",
    )
    parser.add_argument(
        "address",
        nargs="?",
        metavar="HOST[:PORT]",
        type=_checked(parse_address),
        help=f"where the server is (default: {DEFAULT_HOST}:{DEFAULT_PORT})",
    )
    parser.add_argument("--host", help="the server's host (default: $ASYNCCHAT_HOST)")
    parser.add_argument("--port", type=_checked(parse_port), help="the server's port (default: $ASYNCCHAT_PORT)")
    parser.add_argument("--name", help="answer this when the server asks for a name (default: $ASYNCCHAT_NAME)")
    parser.add_argument("-n", "--no-input", action="store_true", help="read nothing, listen until the server ends")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--plain", action="store_true", help="on a terminal too: print plain lines, as in a pipe")
    form.add_argument("--json", action="store_true", help="print what happens as JSON lines, and come back by itself")
    form.add_argument("--threads", action="store_true", help="the plain client, built on threads")
    parser.add_argument(
        "--bell",
        choices=terminal.BELLS,
        default="mentions",
        help="when the terminal's bell rings (default: %(default)s)",
    )
    return parser


def _add_filter(commands: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        "filter",
        help="turn a raw transcript into the conversation",
        description="Read a raw transcript and print its messages as NAME: TEXT; who joined and who left is dropped.",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="a transcript; -, or none: standard input")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a line was not a line of a transcript")
    parser.add_argument("--store", metavar="FILE", help="print the conversation in a store instead")
    parser.add_argument(
        "--since", type=_checked(_moment), metavar="TIME", help="from then on, as in 2026-11-22 or 2026-11-22T21:40"
    )
    parser.add_argument("--until", type=_checked(_moment), metavar="TIME", help="before then")
    return parser


def _checked(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Let argparse show the words of the ValueError that `parse` raises."""

    def check(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return check


def _number(text: str, kind: type[float], least: float, most: float) -> float:
    try:
        number = kind(text)
    except ValueError:
        number = None
    if number is None or not least <= number <= most:
        raise ValueError(
            f"{text!r} is not {'a whole number' if kind is int else 'a number'} from {least:.12g} to {most:.12g}"
        )
    return number


def _keep(text: str) -> dict[str, int]:
    number, unit = (text[:-1], text[-1:]) if text[-1:] in _UNITS else (text, "")
    if not (number.isascii() and number.isdigit() and int(number[:10]) >= 1 and len(number) <= 10):
        raise ValueError(f"{text!r} is not how much can be kept; write a number of messages, or of days as in 30d")
    return {"milliseconds": int(number) * _UNITS[unit]} if unit else {"messages": int(number)}


def _moment(text: str) -> int:
    from datetime import datetime

    try:
        return int(datetime.fromisoformat(text).astimezone().timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is not a time; write it as 2026-11-22 or 2026-11-22T21:40") from None
