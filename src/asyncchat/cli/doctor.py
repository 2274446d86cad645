"""`asyncchat doctor`: looks at what a server with the same options would need, and says what to do about it."""

import argparse
import contextlib
import os
import shutil
import socket
import ssl
import stat
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from asyncchat.cli import serve
from asyncchat.cli.arguments import Parser
from asyncchat.cli.databases import is_url, load_postgres
from asyncchat.cli.serve import ports
from asyncchat.errors import ChatError
from asyncchat.formats import plain
from asyncchat.limits import RESERVED_FILES, Limits, raise_open_file_limit
from asyncchat.system import stdio
from asyncchat.system.addresses import DEFAULT_HOST, listen, reason
from asyncchat.text.networks import is_loopback

DESCRIPTION = (
    "Look for what is wrong: write the options of `asyncchat serve` behind it. It looks at the port, the certificate, "
    "the store, the limits and the clock, changes nothing, and exits with 1 if something is wrong."
)

_ENOUGH = 64 << 20
"""Bytes that should be free beside a store."""

_SOON = 14 * 86_400
"""Seconds before the end of a certificate from which on that is said."""

_ANSWER = 3.0
"""Seconds for the answer of what listens at the port: without TLS where it is needed, that comes after two."""

_LONGEST_ANSWER = 1 << 12
_READY = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


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
    for look in (_port, _web_port, _irc_port, _certificate, _store, _limits, _clock):
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
    hosts = options.host or [DEFAULT_HOST]
    if not (cannot := _cannot_listen(hosts, options.port)):
        yield Finding(f"a server can listen at {', '.join(hosts)}, port {options.port}")
        return
    said = _said_at(hosts[0], options.port, secure=_is_secure(options))
    if isinstance(said, str):
        yield Finding(f"{cannot} {said}", is_wrong=True)
    elif not said.startswith(b"Server: "):
        yield Finding(f"{cannot} Another program listens there.", is_wrong=True)
    elif said == plain.ASK_NAME:
        yield Finding(f"a chat is served at {hosts[0]}, port {options.port}")
    else:
        answer = said.decode(errors="replace").splitlines()[0]
        yield Finding(f"a chat is served at {hosts[0]}, port {options.port}, and answers: {answer}", is_wrong=True)


def _web_port(options: argparse.Namespace) -> Iterator[Finding]:
    if not options.web:
        return
    host, port = options.web
    hosts = [host] if host else options.host or [DEFAULT_HOST]
    if not (cannot := _cannot_listen(hosts, port, "--web")):
        yield Finding(f"a server can listen at {', '.join(hosts)}, web port {port}")
        return
    said = _said_at(hosts[0], port, _READY, secure=_is_secure(options))
    if isinstance(said, str):
        yield Finding(f"{cannot} {said}", is_wrong=True)
        return
    head, _, body = said.partition(b"\r\n\r\n")
    why = body.decode(errors="replace").strip()
    if head.startswith(b"HTTP/1.1 200 ") and why == "ready":
        yield Finding(f"the page is served at {hosts[0]}, port {port}, and the server is ready")
    elif head.startswith(b"HTTP/1.1 503 "):
        yield Finding(f"the server at {hosts[0]}, port {port} is not ready: {why[:100]}", is_wrong=True)
    else:
        yield Finding(f"{cannot} Another program listens there.", is_wrong=True)


def _irc_port(options: argparse.Namespace) -> Iterator[Finding]:
    address = options.irc or options.ircs
    if not address:
        return
    host, port = address
    hosts = [host] if host else options.host or [DEFAULT_HOST]
    if not (cannot := _cannot_listen(hosts, port, ports.option_of_irc(options))):
        yield Finding(f"a server can listen at {', '.join(hosts)}, port {port} for IRC")
        return
    said = _said_at(hosts[0], port, b"PING doctor\r\nQUIT\r\n", secure=_is_secure(options))
    if isinstance(said, str):
        yield Finding(f"{cannot} {said}", is_wrong=True)
    elif b" :doctor\r\n" in said:
        yield Finding(f"IRC clients are served at {hosts[0]}, port {port}")
    elif said.startswith(b"ERROR :"):
        why = said[len(b"ERROR :") :].decode(errors="replace").strip()
        yield Finding(f"IRC clients are served at {hosts[0]}, port {port}, and answered: {why[:100]}", is_wrong=True)
    else:
        yield Finding(f"{cannot} Another program listens there.", is_wrong=True)


def _is_secure(options: argparse.Namespace) -> bool:
    return bool(options.tls or options.tls_cert)


def _cannot_listen(hosts: list[str], port: int, option: str = "--host or --port") -> str:
    """Return why a server can't listen; empty if it can."""
    try:
        for listener in listen(hosts, port, option):
            listener.close()
    except ChatError as error:
        return str(error)
    return ""


def _said_at(host: str, port: int, request: bytes = b"", *, secure: bool) -> bytes | str:
    """Return what is said at an address after a `request`, or, as a text, why nothing is."""
    with contextlib.ExitStack() as opened:
        try:
            there = opened.enter_context(socket.create_connection((host, port), timeout=_ANSWER))
            if secure:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                there = opened.enter_context(context.wrap_socket(there))
            there.sendall(request)
            said = b""
            while len(said) < _LONGEST_ANSWER and not (said and not request):
                if not (more := there.recv(_LONGEST_ANSWER)):
                    break
                said += more
        except ssl.SSLError:
            return "What listens there does not speak TLS."
        except TimeoutError:
            return "Something listens there, and says nothing."
        except OSError as error:
            return f"Nothing can be asked there: {reason(error)}."
    return said


def _certificate(options: argparse.Namespace) -> Iterator[Finding]:
    if not (options.tls or options.tls_cert):
        yield Finding(_without_tls(options))
        return
    from asyncchat.tls import self_signed
    from asyncchat.tls.certificate import Certificate

    path = options.tls_cert or self_signed.path_of(options.store)
    if options.tls and not os.path.exists(path):
        self_signed.make()
        yield Finding(f"the certificate {path} will be made at the first start")
        return
    certificate = Certificate(path, options.tls_key or path)
    yield from _readable_by_others(options.tls_key or path, "the key")
    yield Finding(f"the certificate {path} fits its key; its fingerprint is {certificate.fingerprint}")
    if certificate.ends is not None:
        left = certificate.ends - time.time()
        until = time.strftime("%Y-%m-%d", time.gmtime(certificate.ends))
        if left < _SOON:
            state = "has expired" if left < 0 else "expires soon"
            yield Finding(f"it {state} ({until}): renew it, then send SIGHUP to the server", is_wrong=True)
        else:
            yield Finding(f"it is valid until {until}")


def _without_tls(options: argparse.Namespace) -> str:
    extra = [address[0] for address in (options.web, options.irc) if address and address[0]]
    if all(map(_is_this_machine, [*(options.host or [DEFAULT_HOST]), *extra])):
        return "no TLS: only this machine can connect, where nothing crosses a network"
    passwords = "" if options.allow_plain_passwords else ", and passwords are taken from this machine only"
    return f"no TLS: others on the network can read along{passwords}"


def _is_this_machine(host: str) -> bool:
    try:
        return is_loopback(host)
    except ValueError:  # a name
        return host == "localhost"


def _store(options: argparse.Namespace) -> Iterator[Finding]:
    if not options.store:
        yield Finding("no store: the conversation ends with the server, and no name can be registered")
        return
    if is_url(options.store):
        load_postgres()
        from asyncchat.store.postgres import offline

        yield Finding(offline.examine(options.store))
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
    yield from _readable_by_others(options.store, "the store")


def _readable_by_others(path: str, what: str) -> Iterator[Finding]:
    if os.stat(path).st_mode & (stat.S_IROTH | stat.S_IWOTH):
        yield Finding(f"all users of this machine can read {what} {path}: run `chmod o-rw {path}`", is_wrong=True)


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
    today = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    if options.store and os.path.exists(options.store):
        from asyncchat.store import Retention
        from asyncchat.store.times import doubt_of_clock

        if doubt := doubt_of_clock(options.store, Retention(**(options.keep or {}))):
            yield Finding(doubt, is_wrong=True)
            return
    yield Finding(f"the clock says {today}")
