"""`asyncchat serve`: its arguments, and the choice of the server."""

import argparse
import socket
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from asyncchat.cli.arguments import Parser, Rereading, checked, parse
from asyncchat.cli.databases import is_url
from asyncchat.cli.serve import limits as limit_arguments, ports, values
from asyncchat.cli.serve.stores import check_default_room, open_store
from asyncchat.errors import ChatError
from asyncchat.limits import RESERVED_FILES, Limits, Policy, raise_open_file_limit
from asyncchat.system import signals, stdio, systemd
from asyncchat.system.addresses import (
    DEFAULT_HOST,
    DEFAULT_PORT,
    listen,
    parse_host,
    parse_port,
)

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from asyncchat.aio.irc.port import IrcPort
    from asyncchat.aio.web.port import WebPort
    from asyncchat.store import Store
    from asyncchat.store.postgres import PgStore
    from asyncchat.tls.certificate import Certificate

DESCRIPTION = "Serve a chat. The transcript goes to standard output, the log to standard error."

_MODES = {"max_line": ("room", "threads", "pair"), "stall_timeout": ("room", "threads")}
"""The modes in which an option is allowed, if not only in the mode room."""

_OF_STORE = ("durability", "keep", "require_account", "admin_password_file", "trust_clock")

_OF_FILE = ("durability", "tls", "trust_clock")

_OF_ROOM = (
    "allow_plain_passwords",
    "irc",
    "ircs",
    "log",
    "quiet",
    "room",
    "rooms",
    "servers",
    "store",
    "tls",
    "tls_cert",
    "transcript_rooms",
    "web",
)

_READ_AGAIN = {*Limits._fields, *ports.OF_WEB, "allow_plain_passwords", "require_account", "rooms", "servers"} - {
    "replay",
    "search_timeout",
}
"""What takes effect when the options are read again."""

_LAST_WORDS = 1.0
"""Seconds to write the rest to standard output and standard error at the end, if they are blocked."""


def add_arguments(parser: Parser) -> None:
    """Add the arguments of `serve` to `parser`."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        help="options in a TOML file, by their names, such as port = 23456; the command line comes after it",
    )
    parser.add_argument(
        "--mode",
        choices=("room", "pair", "threads"),
        default="room",
        help="room: the group chat (default); pair: one client and this terminal; threads: many clients, one terminal",
    )
    parser.add_argument(
        "--host",
        type=checked(parse_host),
        action="append",
        metavar="ADDRESS",
        help=f"address to listen on, can be given several times; :: alone is every address (default: {DEFAULT_HOST})",
    )
    parser.add_argument(
        "--port",
        type=checked(lambda text: parse_port(text, least=0)),
        default=DEFAULT_PORT,
        help="port to listen on; 0 chooses a free one (default: %(default)s)",
    )
    limit_arguments.add(parser)
    room = parser.add_argument_group("with --mode room")
    ports.add_arguments(room)
    room.add_argument("--log", choices=("text", "json"), help="format of the log on standard error (default: text)")
    room.add_argument("--quiet", action="store_true", help="print no transcript")
    room.add_argument(
        "--store",
        metavar="FILE|URL",
        help="keep the conversation and the accounts in this file, or in PostgreSQL (postgresql://…), which several"
        " servers can share (default: in memory only)",
    )
    room.add_argument(
        "--durability",
        choices=("normal", "full"),
        help="normal: messages survive a crash of the server (default); full: also a power failure",
    )
    room.add_argument(
        "--keep",
        type=checked(values.retention),
        metavar="N|Nd|Nh",
        help="keep the last N messages, or those of the last N days (Nd) or hours (Nh) (default: all)",
    )
    room.add_argument("--tls-cert", metavar="FILE", help="use TLS, with this certificate (PEM); needs --tls-key")
    room.add_argument("--tls-key", metavar="FILE", help="the certificate's key (PEM, without a password)")
    room.add_argument(
        "--tls",
        choices=("self",),
        help="self: use TLS, with a certificate that is made at the first start, beside the store (needs --store)",
    )
    room.add_argument(
        "--allow-plain-passwords", action="store_true", help="accept passwords without TLS from other machines too"
    )
    room.add_argument("--require-account", action="store_true", help="let only registered users join (needs --store)")
    room.add_argument(
        "--admin-password-file",
        metavar="FILE",
        help="file with the admin's password, readable only by its owner (default: $ASYNCCHAT_ADMIN_PASSWORD)",
    )
    room.add_argument(
        "--trust-clock",
        action="store_true",
        help="accept the system's clock even if it does not fit the store; for one start, when the log asks for it",
    )
    room.add_argument(
        "--room",
        type=checked(values.room_name),
        metavar="NAME",
        help=f"name of the default room (default: {Policy().default_room})",
    )
    room.add_argument(
        "--rooms",
        choices=("open", "registered", "fixed"),
        help="who may make rooms: everybody, registered users, or only the admin (default: registered with --store,"
        " else open)",
    )
    room.add_argument(
        "--transcript-rooms",
        action="store_true",
        help="print the transcript of all rooms; lines of all but the default one begin with #NAME",
    )
    room.add_argument(
        "--servers",
        type=checked(values.servers),
        metavar="ADDRESS,…",
        help="other servers with the same chat, to which clients go when this one ends: HOST:PORT for join, and"
        " https://HOST for the page, with commas between",
    )
    limit_arguments.add_of_room(room)


def check(options: argparse.Namespace) -> None:
    """Let the parser say what options do not go together."""
    given = {name: value for name, value in vars(options).items() if name in Limits._fields}
    if not options.store and (for_store := [name for name in _OF_STORE if getattr(options, name)]):
        options.parser.error(f"--{for_store[0].replace('_', '-')} goes with --store only")
    ports.check(options)
    if options.tls and not options.store:
        options.parser.error(
            "--tls self keeps its key beside the store: give --store FILE, or --tls-cert and --tls-key"
        )
    if options.store and is_url(options.store):
        for name in _OF_FILE:
            if getattr(options, name):
                options.parser.error(f"--{name.replace('_', '-')} goes with a store in a file only")
    if bool(options.tls_cert) != bool(options.tls_key) or (options.tls and options.tls_cert):
        options.parser.error("give either --tls self, or both --tls-cert and --tls-key")
    for name in sorted(given.keys() | {name for name in _OF_ROOM if getattr(options, name)}):
        if options.mode not in (modes := _MODES.get(name, ("room",))):
            options.parser.error(f"--{name.replace('_', '-')} goes with --mode {' or '.join(modes)} only")


def run(options: argparse.Namespace) -> int:
    """Serve until a signal ends it; return the exit code. Raises ChatError."""
    check(options)
    if options.log == "json":
        from asyncchat.system.background_writer import json_line

        stdio.use_form(json_line)
    given = {name: value for name, value in vars(options).items() if name in Limits._fields}
    limits = _within_open_files(Limits(**given), wanted=given.get("max_connections"))
    inherited = systemd.listeners()
    if options.mode == "pair":
        from asyncchat.threads.pair import PairServer

        PairServer(_listen(options, inherited), limits).run()
    elif options.mode == "threads":
        from asyncchat.threads.server import ThreadServer

        ThreadServer(_listen(options, inherited), limits).run()
    else:
        with ExitStack() as opened:
            # Listening comes first: a new store prints the admin's password, once, so the start must not fail after
            # that.
            listeners = [opened.enter_context(listener) for listener in _listen(options, inherited)]
            port = ports.open_port(options, opened, inherited.get(ports.WEB))
            irc = ports.open_irc(options, opened, inherited.get(ports.IRC))
            certificate = _certificate(options)
            store = None
            if options.store:
                signals.end_at_once()
                store = opened.enter_context(closing(open_store(options, limits)))
                check_default_room(store, _policy(options).default_room)
            _serve_room(options, listeners, port, limits, store, certificate, irc)
    return 0


def _policy(options: argparse.Namespace) -> Policy:
    return Policy(
        options.require_account,
        options.room or Policy().default_room,
        options.rooms or ("registered" if options.store else "open"),
        options.transcript_rooms,
        options.allow_plain_passwords,
        tuple(one for one in options.servers or () if "://" not in one),
        tuple(one for one in options.servers or () if "://" in one),
    )


def _reread(options: argparse.Namespace, port: "WebPort | None") -> "Callable[[], tuple[Limits, Policy]]":
    """Return a function that reads the options again, and returns what the limits and the policy are now.

    What the web port trusts is changed at once.
    """
    before = vars(options)

    def reread() -> tuple[Limits, Policy]:
        import logging

        now = parse(options.given, Rereading)
        check(now)
        fixed = [name for name in sorted({*before, *vars(now)} - {"parser"}) if name not in _READ_AGAIN]
        changed = [name for name in fixed if before.get(name) != vars(now).get(name)]
        if changed:
            flags = ", ".join(f"--{name.replace('_', '-')}" for name in changed)
            logging.getLogger(__name__).warning("the new values of %s need a restart of the server", flags)
        given = {name: value for name, value in vars(now).items() if name in Limits._fields}
        limits = _within_open_files(Limits(**given), wanted=given.get("max_connections"))
        if port:
            port.trust = ports.trust(now)
        return limits, _policy(now)

    return reread


def _certificate(options: argparse.Namespace) -> "Certificate | None":
    """Return the certificate, if TLS is wanted. Raises ChatError."""
    if not (options.tls or options.tls_cert):
        return None
    from asyncchat.tls import self_signed
    from asyncchat.tls.certificate import Certificate

    made = self_signed.of_store(options.store) if options.tls else None
    certificate = Certificate(made or options.tls_cert, made or options.tls_key)
    stdio.report(f"the certificate has the fingerprint {certificate.fingerprint} (SHA-256)")
    return certificate


def _listen(options: argparse.Namespace, inherited: dict[str, list[socket.socket]]) -> list[socket.socket]:
    """Return the listening sockets: those that were `inherited`, by their names, or new ones. Raises ChatError."""
    given = [listener for name, some in inherited.items() for listener in some if name not in {ports.WEB, ports.IRC}]
    return given or listen(options.host or [DEFAULT_HOST], options.port)


def _within_open_files(limits: Limits, wanted: int | None) -> Limits:
    possible = max(1, raise_open_file_limit() - RESERVED_FILES)
    if wanted and wanted > possible:
        raise ChatError(
            f"--max-connections {wanted} needs more open files than the system allows: raise `ulimit -n` "
            f"to {wanted + RESERVED_FILES}, or write at most {possible}"
        )
    return limits._replace(max_connections=wanted or possible)


def _serve_room(
    options: argparse.Namespace,
    listeners: list[socket.socket],
    port: "WebPort | None",
    limits: Limits,
    store: "Store | PgStore | None",
    certificate: "Certificate | None",
    irc: "IrcPort | None",
) -> None:
    import asyncio
    import gc
    import logging

    from asyncchat.aio.server.running import serve
    from asyncchat.system.background_writer import BackgroundLogHandler, BackgroundWriter, JsonFormatter

    errors = BackgroundWriter(
        stdio.ERRORS, "standard error", lambda message: logging.getLogger(__name__).warning(message)
    )
    handler = BackgroundLogHandler(errors)
    handler.setFormatter(JsonFormatter() if options.log == "json" else logging.Formatter("asyncchat: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    recorder = (
        None
        if options.quiet
        else BackgroundWriter(stdio.OUTPUT, "standard output", logging.getLogger(__name__).warning)
    )
    # Connections leave no cycles behind, and each search for cycles among ten thousand connections would stop the
    # server for a fifth of a second.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            reread = _reread(options, port) if options.config else None
            runner.run(serve(listeners, limits, recorder, store, _policy(options), port, certificate, reread, irc))
    finally:
        signals.ignore()
        for outlet in (recorder, errors):
            if outlet:
                outlet.close(_LAST_WORDS)


def _loop_factory() -> "Callable[[], AbstractEventLoop] | None":
    try:
        import uvloop
    except ImportError:
        return None  # the standard loop
    return uvloop.new_event_loop
