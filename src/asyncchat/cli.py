"""The command line: arguments, exit codes, and which shell does the work."""

import argparse
import os
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from asyncchat import __version__, terminal
from asyncchat.addresses import DEFAULT_HOST, DEFAULT_PORT, Address, listen, parse_address, parse_port
from asyncchat.errors import ChatError, OutputClosed
from asyncchat.limits import RESERVED_FILES, Limits, raise_open_file_limit

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

FAILED = 1
INTERRUPTED = 130

_LAST_WORDS = 1.0
"""Seconds that standard output and standard error get at the end, if somebody has blocked them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code: 0, 1 (network, runtime) or 130 (Ctrl-C).

    Wrong usage raises SystemExit(2), by argparse.
    """
    try:
        terminal.secure()
        options, unknown = _parser().parse_known_args(arguments)
        if unknown:
            options.parser.error(f"unknown: {' '.join(unknown)}")
        result: int = options.run(options)
    except ChatError as error:
        terminal.report(str(error))
        return FAILED
    except OutputClosed:
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="asyncchat",
        description="A group chat for people on one network: one serves it, everybody joins it.",
        epilog="asyncchat COMMAND --help tells more.",
    )
    parser.add_argument("--version", action="version", version=f"asyncchat {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_join(commands)
    _add_filter(commands)
    return parser


def _add_serve(commands: Any) -> None:
    parser = commands.add_parser(
        "serve",
        help="serve a chat",
        description="Serve a chat. What is said goes to standard output, the log to standard error.",
    )
    parser.set_defaults(run=_serve, parser=parser)
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
    room.add_argument("--quiet", action="store_true", default=argparse.SUPPRESS, help="print no transcript")
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


def _add_limit(parser: Any, field: str, allowed: tuple[float, float], explanation: str, usual: str = "") -> None:
    default = getattr(Limits(), field)
    parser.add_argument(
        "--" + field.replace("_", "-"),
        type=_checked(lambda text: _number(text, type(default), *allowed)),
        metavar="SECONDS" if field.endswith("timeout") else "N",
        default=argparse.SUPPRESS,
        help=f"{explanation} (default: {usual or default})",
    )


def _serve(options: argparse.Namespace) -> int:
    given = {name: value for name, value in vars(options).items() if name in {*Limits._fields, "quiet"}}
    if options.mode != "room" and (useless := given.keys() - {"max_line"}):
        options.parser.error(f"--{min(useless).replace('_', '-')} goes with --mode room only")
    quiet = given.pop("quiet", False)
    limits = _within_open_files(Limits(**given), wanted=given.get("max_connections"))
    listeners = listen(options.host or [DEFAULT_HOST], options.port)
    if options.mode == "pair":
        from asyncchat.threads.pair import PairServer

        PairServer(listeners, limits).run()
    elif options.mode == "threads":
        from asyncchat.threads.server import ThreadServer

        ThreadServer(listeners, limits).run()
    else:
        _serve_room(listeners, limits, quiet=quiet)
    return 0


def _within_open_files(limits: Limits, wanted: int | None) -> Limits:
    possible = max(1, raise_open_file_limit() - RESERVED_FILES)
    if wanted and wanted > possible:
        raise ChatError(
            f"--max-connections {wanted} needs more open files than the system allows: raise `ulimit -n` "
            f"to {wanted + RESERVED_FILES}, or write at most {possible}"
        )
    return limits._replace(max_connections=wanted or possible)


def _serve_room(listeners: list[socket.socket], limits: Limits, *, quiet: bool) -> None:
    import asyncio
    import gc
    import logging

    from asyncchat.aio.server import serve
    from asyncchat.outlet import Outlet, OutletHandler

    errors = Outlet(terminal.ERRORS, "standard error", lambda message: logging.getLogger(__name__).warning(message))
    logging.basicConfig(level=logging.INFO, format="asyncchat: %(message)s", handlers=[OutletHandler(errors)])
    recorder = None if quiet else Outlet(terminal.OUTPUT, "standard output", logging.getLogger(__name__).warning)
    # Connections leave no cycles behind, and to look for some among those of ten thousand would stop everybody for a
    # fifth of a second, again and again.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve(listeners, limits, recorder))
    finally:
        for outlet in (recorder, errors):
            if outlet:
                outlet.close(_LAST_WORDS)


def _loop_factory() -> "Callable[[], AbstractEventLoop] | None":
    try:
        import uvloop
    except ImportError:
        return None  # the standard loop
    return uvloop.new_event_loop


def _add_join(commands: Any) -> None:
    parser = commands.add_parser(
        "join",
        help="join a chat",
        description="Join a chat: prints what is said there and sends the lines of standard input. /exit leaves.",
    )
    parser.set_defaults(run=_join, parser=parser)
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
    parser.add_argument("--threads", action="store_true", help="the same client, built on threads")


def _join(options: argparse.Namespace) -> int:
    from asyncchat.chat.names import NameRefused, prepare
    from asyncchat.chat.visitor import Visitor

    address = _address(options)
    name = options.name if options.name is not None else os.environ.get("ASYNCCHAT_NAME") or None
    try:
        if name is not None:
            prepare(name)
    except NameRefused as refused:
        options.parser.error(f"the name can't be used: {refused}")
    read_input = not options.no_input
    visitor = Visitor(name, can_choose=read_input and (name is None or terminal.is_interactive()))
    try:
        if options.threads:
            from asyncchat.threads.client import join as join_on_threads

            join_on_threads(address, visitor, read_input=read_input)
        else:
            import asyncio

            from asyncchat.aio.client import join

            try:
                asyncio.run(join(address, visitor, read_input=read_input))
            except asyncio.CancelledError:
                raise KeyboardInterrupt from None
    except NameRefused as refused:
        raise ChatError(str(refused)) from None
    return 0


def _address(options: argparse.Namespace) -> Address:
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


def _add_filter(commands: Any) -> None:
    parser = commands.add_parser(
        "filter",
        help="turn a raw transcript into the conversation",
        description="Read a raw transcript and print its messages as NAME: TEXT; who joined and who left is dropped.",
    )
    parser.set_defaults(run=_filter, parser=parser)
    parser.add_argument("files", nargs="*", metavar="FILE", help="a transcript; -, or none: standard input")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a line was not a line of a transcript")


def _filter(options: argparse.Namespace) -> int:
    import gc

    from asyncchat.transcript import run_filter

    gc.disable()  # millions of tuples, and no cycles among them
    return run_filter(options.files, strict=options.strict)


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
