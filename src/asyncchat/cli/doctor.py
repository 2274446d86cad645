"""`asyncchat doctor`: looks at what a server with the same options would need, and says what to do about it."""

import argparse
import errno
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from asyncchat.cli import serve
from asyncchat.cli.arguments import Parser
from asyncchat.errors import ChatError
from asyncchat.limits import RESERVED_FILES, Limits, raise_open_file_limit
from asyncchat.system import stdio
from asyncchat.system.addresses import DEFAULT_HOST, listen, reason

DESCRIPTION = (
    "Look for what is wrong: write the options of `asyncchat serve` behind it. It looks at the port, the certificate, "
    "the store, the limits and the clock, changes nothing, and exits with 1 if something is wrong."
)

_ENOUGH = 64 << 20
"""Bytes that should be free beside a store."""

_SOON = 14 * 86_400
"""Seconds before the end of a certificate from which on that is said."""

_ANSWER = 2.0
"""Seconds for the answer of whoever listens at the port."""


class Finding(NamedTuple):
    """What was found; `is_wrong`: something should be done about it."""

    text: str
    is_wrong: bool = False


def add_arguments(parser: Parser) -> None:
    """Add the arguments of `doctor` to `parser`: those of `serve`."""
    serve.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Print what was found, a line each; return 1 if something is wrong, else 0."""
    serve.check(options)
    is_wrong = False
    for look in (_port, _web_port, _certificate, _store, _limits, _clock):
        for finding in _found(look, options):
            is_wrong = is_wrong or finding.is_wrong
            stdio.write(f"{'WRONG: ' if finding.is_wrong else 'ok: '}{finding.text}\n".encode(errors="replace"))
    return int(is_wrong)


def _found(look: Callable[[argparse.Namespace], Iterator[Finding]], options: argparse.Namespace) -> Iterator[Finding]:
    try:
        yield from look(options)
    except ChatError as error:
        yield Finding(str(error), is_wrong=True)


def _port(options: argparse.Namespace) -> Iterator[Finding]:
    yield _listening(options.host or [DEFAULT_HOST], options.port, "port")


def _web_port(options: argparse.Namespace) -> Iterator[Finding]:
    if options.web:
        host, port = options.web
        yield _listening([host] if host else options.host or [DEFAULT_HOST], port, "web port")


def _listening(hosts: list[str], port: int, what: str) -> Finding:
    where = f"{', '.join(hosts)}, {what} {port}"
    try:
        for listener in listen(hosts, port):
            listener.close()
    except ChatError as error:
        return Finding(f"{error}{_who_listens(hosts[0], port)}", is_wrong=True)
    return Finding(f"a server can listen at {where}")


def _who_listens(host: str, port: int) -> str:
    try:
        with socket.create_connection((host, port), timeout=_ANSWER) as there:
            said = there.recv(64)
    except TimeoutError:
        return " Something listens there, and says nothing."
    except OSError as error:
        return "" if error.errno == errno.ECONNREFUSED else f" ({reason(error)})"
    return " A chat is served there already." if said.startswith(b"Server: ") else " Another program listens there."


def _certificate(options: argparse.Namespace) -> Iterator[Finding]:
    if not (options.tls or options.tls_cert):
        yield Finding("no TLS: others on the network can read along, and passwords are taken from this machine only")
        return
    from asyncchat.tls.certificate import Certificate
    from asyncchat.tls.self_signed import path_of

    path = options.tls_cert or path_of(options.store)
    if options.tls and not os.path.exists(path):
        yield Finding(f"the certificate {path} will be made at the first start")
        return
    certificate = Certificate(path, options.tls_key or path)
    yield Finding(f"the certificate {path} fits its key; its fingerprint is {certificate.fingerprint}")
    if certificate.ends is not None:
        left = certificate.ends - time.time()
        until = time.strftime("%Y-%m-%d", time.gmtime(certificate.ends))
        if left < _SOON:
            state = "has expired" if left < 0 else "expires soon"
            yield Finding(f"it {state} ({until}): renew it, then send SIGHUP to the server", is_wrong=True)
        else:
            yield Finding(f"it is valid until {until}")


def _store(options: argparse.Namespace) -> Iterator[Finding]:
    if not options.store:
        yield Finding("no store: the conversation ends with the server, and no name can be registered")
        return
    folder = os.path.dirname(os.path.realpath(options.store)) or "."
    if not os.path.isdir(folder):
        yield Finding(f"there is no folder {folder}: make it, and let the server's user write there", is_wrong=True)
        return
    if not os.access(folder, os.W_OK):
        yield Finding(f"{folder} can't be written: let the server's user write there", is_wrong=True)
    free = shutil.disk_usage(folder).free
    enough = f"{free >> 20} MiB are free beside the store"
    yield Finding(enough if free >= _ENOUGH else f"only {enough}: delete something", is_wrong=free < _ENOUGH)
    if not os.path.exists(options.store):
        yield Finding(f"the store {options.store} will be made at the first start")
        return
    from asyncchat.store.offline.health import examine

    used = "; a server uses it" if examine(options.store) else ""
    yield Finding(f"the store {options.store} is whole{used}")


def _limits(options: argparse.Namespace) -> Iterator[Finding]:
    possible = raise_open_file_limit() - RESERVED_FILES
    wanted = getattr(options, "max_connections", None)
    if wanted and wanted > possible:
        yield Finding(
            f"--max-connections {wanted} needs {wanted + RESERVED_FILES} open files: raise `ulimit -n`", is_wrong=True
        )
    else:
        yield Finding(f"{wanted or possible} connections are possible at a time (`ulimit -n` limits them)")
    if (limit := getattr(options, "max_per_address", Limits().max_per_address)) == 0:
        yield Finding("one address may take all connections: --max-per-address 0")
    else:
        yield Finding(f"{limit} connections are possible from one address")


def _clock(options: argparse.Namespace) -> Iterator[Finding]:
    now = time.time()
    today = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now))
    if options.store and os.path.exists(options.store):
        from asyncchat.store.times import last_use

        if (last := last_use(options.store)) and last / 1000 > now + 1:
            yield Finding(
                f"the clock says {today}, and the store was used later than that: set the clock", is_wrong=True
            )
            return
    yield Finding(f"the clock says {today}")
