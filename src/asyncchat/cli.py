"""The command line: exit codes, and which shell does the work."""

import argparse
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from asyncchat import arguments, terminal
from asyncchat.addresses import DEFAULT_HOST, Address, listen
from asyncchat.errors import ChatError, OutputClosed
from asyncchat.limits import RESERVED_FILES, Limits, raise_open_file_limit

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Coroutine

    from asyncchat.store import Store

FAILED = 1
INTERRUPTED = 130

_OF_STORE = ("durability", "keep", "require_account", "admin_password_file")

_LAST_WORDS = 1.0
"""Seconds that standard output and standard error get at the end, if somebody has blocked them."""


def main(given: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code: 0, 1 (network, runtime) or 130 (Ctrl-C).

    Wrong usage raises SystemExit(2), by argparse.
    """
    try:
        terminal.secure()
        options, unknown = arguments.parser().parse_known_args(given)
        if unknown:
            options.parser.error(f"unknown: {' '.join(unknown)}")
        return _COMMANDS[options.command](options)
    except ChatError as error:
        terminal.report(str(error))
        return FAILED
    except OutputClosed:
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED


def _serve(options: argparse.Namespace) -> int:
    given = arguments.limits(options)
    for_room = given.keys() - {"max_line"} | {name for name in ("quiet", "store") if getattr(options, name)}
    if not options.store and (for_store := [name for name in _OF_STORE if getattr(options, name)]):
        options.parser.error(f"--{for_store[0].replace('_', '-')} goes with --store only")
    if options.mode != "room" and for_room:
        options.parser.error(f"--{min(for_room).replace('_', '-')} goes with --mode room only")
    limits = _within_open_files(Limits(**given), wanted=given.get("max_connections"))
    if options.mode == "pair":
        from asyncchat.threads.pair import PairServer

        PairServer(_listen(options), limits).run()
    elif options.mode == "threads":
        from asyncchat.threads.server import ThreadServer

        ThreadServer(_listen(options), limits).run()
    elif options.store:
        # First, since a store that is made says something that is never said again.
        with ExitStack() as opened:
            listeners = [opened.enter_context(listener) for listener in _listen(options)]
            store = opened.enter_context(closing(_open_store(options, limits)))
            _serve_room(listeners, limits, store, quiet=options.quiet, needs_account=options.require_account)
    else:
        _serve_room(_listen(options), limits, None, quiet=options.quiet)
    return 0


def _listen(options: argparse.Namespace) -> list[socket.socket]:
    return listen(options.host or [DEFAULT_HOST], options.port)


def _within_open_files(limits: Limits, wanted: int | None) -> Limits:
    possible = max(1, raise_open_file_limit() - RESERVED_FILES)
    if wanted and wanted > possible:
        raise ChatError(
            f"--max-connections {wanted} needs more open files than the system allows: raise `ulimit -n` "
            f"to {wanted + RESERVED_FILES}, or write at most {possible}"
        )
    return limits._replace(max_connections=wanted or possible)


def _serve_room(
    listeners: list[socket.socket],
    limits: Limits,
    store: "Store | None",
    *,
    quiet: bool,
    needs_account: bool = False,
) -> None:
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
            runner.run(serve(listeners, limits, recorder, store, needs_account=needs_account))
    finally:
        for outlet in (recorder, errors):
            if outlet:
                outlet.close(_LAST_WORDS)


def _open_store(options: argparse.Namespace, limits: Limits) -> "Store":
    from asyncchat.store import Keep, Store

    keep = Keep(**(options.keep or {}))
    recent = max(limits.history, limits.replay)
    return Store(
        options.store,
        durability=options.durability or "normal",
        keep=keep,
        recent=recent,
        admin_password=lambda kept: _admin_password(options, kept),
    )


def _admin_password(options: argparse.Namespace, kept: str | None) -> str | None:
    """Return the hash of the admin's password, unless it is the one that is `kept`, or none is given."""
    if options.admin_password_file:
        given, where = terminal.read_secret(options.admin_password_file), options.admin_password_file
    else:
        given, where = os.environ.get("ASYNCCHAT_ADMIN_PASSWORD", ""), "ASYNCCHAT_ADMIN_PASSWORD"
        if not given and kept:
            return None
    from asyncchat.chat.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD
    from asyncchat.chat.refusal import Refusal
    from asyncchat.chat.registering import password
    from asyncchat.passwords import hashed, is_right

    if not given and where == "ASYNCCHAT_ADMIN_PASSWORD":
        return hashed(_make_admin_password())
    try:
        wanted = password(given)
    except Refusal as refusal:
        raise ChatError(f"{where}: {refusal} It needs {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.") from None
    return None if kept and is_right(wanted, kept) else hashed(wanted)


def _make_admin_password() -> str:
    """Return a new password for the admin, and show it, this once."""
    import secrets

    made = secrets.token_urlsafe(12)
    terminal.report(f"the account admin is made, its password is {made} (write it down: it is shown only now)")
    return made


def _loop_factory() -> "Callable[[], AbstractEventLoop] | None":
    try:
        import uvloop
    except ImportError:
        return None  # the standard loop
    return uvloop.new_event_loop


def _join(options: argparse.Namespace) -> int:
    from asyncchat.chat.names import NameRefused, PasswordNeeded, prepare
    from asyncchat.chat.visitor import NotTaken

    address = arguments.address(options)
    name = options.name if options.name is not None else os.environ.get("ASYNCCHAT_NAME") or None
    try:
        if name is not None:
            prepare(name)
    except NameRefused as refused:
        options.parser.error(f"the name can't be used: {refused}")
    if options.json and name is None:
        options.parser.error("--json needs a --name")
    try:
        _choose_client(options, address, name)
    except NameRefused as refused:
        said = str(refused)
        hint = " Give another with --name."
        if said.endswith("incorrect password!"):
            hint = " Put the right one into ASYNCCHAT_PASSWORD."
        elif isinstance(refused, PasswordNeeded):
            hint = " If it is yours, put the password into ASYNCCHAT_PASSWORD."
        elif said.endswith("incorrect login!"):
            hint = " Nobody has registered it: come as a guest, without ASYNCCHAT_PASSWORD."
        elif "--name" in said or said.endswith("you are banned!"):
            hint = ""
        raise ChatError(f"{said}{hint}") from None
    except NotTaken as refused:
        raise ChatError(str(refused)) from None
    return 0


def _choose_client(options: argparse.Namespace, address: Address, name: str | None) -> None:
    read_input = not options.no_input
    password = os.environ.get("ASYNCCHAT_PASSWORD", "")
    if options.json:
        from asyncchat.aio.json_lines import join_as_json

        assert name is not None
        _run(join_as_json(address, name, password, read_input=read_input))
    elif read_input and not (options.plain or options.threads) and terminal.is_comfortable():
        from asyncchat.ui.start import join_on_terminal

        _run(join_on_terminal(address, name, password, options.bell))
    else:
        from asyncchat.chat.visitor import Visitor

        visitor = Visitor(name, password, can_choose=read_input and (name is None or terminal.is_interactive()))
        if options.threads:
            from asyncchat.threads.client import join as join_on_threads

            join_on_threads(address, visitor, read_input=read_input)
        else:
            from asyncchat.aio.client import join

            _run(join(address, visitor, read_input=read_input))


def _run(client: "Coroutine[None, None, None]") -> None:
    import asyncio

    try:
        asyncio.run(client)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _filter(options: argparse.Namespace) -> int:
    import gc

    from asyncchat.transcript import run_filter

    if options.store:
        if options.files or options.strict:
            options.parser.error("--store reads no transcript: write no FILE, and no --strict")
        _print_store(options)
        return 0
    if options.since is not None or options.until is not None:
        options.parser.error("--since and --until go with --store only: a transcript has no times")
    gc.disable()  # millions of tuples, and no cycles among them
    return run_filter(options.files, strict=options.strict)


def _print_store(options: argparse.Namespace) -> None:
    from asyncchat.chat import wire
    from asyncchat.store.archive import Archive
    from asyncchat.store.file import open_to_read

    archive = Archive(open_to_read(options.store))
    try:
        for messages in archive.messages(options.since, options.until):
            terminal.write(wire.plain(messages))
    finally:
        archive.close()


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {"serve": _serve, "join": _join, "filter": _filter}
