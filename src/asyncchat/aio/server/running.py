"""Runs a server: signals end it, or have it load its certificate and its limits again."""

import asyncio
import contextlib
import logging
import signal
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from asyncchat.aio.server.interfaces import PagePort, Port
from asyncchat.aio.server.server import Server
from asyncchat.errors import ChatError
from asyncchat.limits import Limits, Policy
from asyncchat.log.audience import Peer
from asyncchat.system import signals, systemd

if TYPE_CHECKING:
    from asyncchat.store import Store
    from asyncchat.tls.certificate import Certificate

log = logging.getLogger(__name__)


Reread = Callable[[], tuple[Limits, Policy]]


async def serve(
    listeners: list[socket.socket],
    limits: Limits,
    recorder: Peer | None = None,
    store: "Store | None" = None,
    policy: Policy = Policy(),  # noqa: B008
    web: PagePort[Server] | None = None,
    certificate: "Certificate | None" = None,
    reread: Reread | None = None,
    irc: Port[Server] | None = None,
) -> None:
    """Run a server until SIGINT, SIGTERM or SIGHUP; a second SIGINT or SIGTERM skips the wait for slow peers.

    A second SIGHUP is ignored: when a terminal is closed, both the shell and the kernel send one. With a `certificate`,
    or with `reread`, which returns the limits and the policy as they are now, SIGHUP loads these again, unless it came
    because the terminal was closed. The service manager is told what goes on, if there is one.
    """
    server = Server(listeners, limits, recorder, store, policy, web, certificate, irc)
    had_terminal = signals.has_terminal()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        is_for_reload = signals.is_hangup(number) and not (had_terminal and not signals.has_terminal())
        if is_for_reload and (certificate or reread):
            _reload(server, certificate, reread)
            return
        if stop.is_set() and number in {signal.SIGINT, signal.SIGTERM}:
            server.stop_at_once()
        systemd.notify("STOPPING=1")
        stop.set()

    def on_signal_soon(number: int, _: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: it is ending
            loop.call_soon_threadsafe(on_signal, number)

    # Not loop.add_signal_handler: its handlers end with the loop, and a signal would then kill the program.
    for number in (signal.SIGINT, *signals.of_termination()):
        signal.signal(number, on_signal_soon)
    watching = asyncio.create_task(_watch())
    try:
        await server.run(stop, lambda: systemd.notify("READY=1"))
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch() -> None:
    """Tell the service manager that the loop runs, as often as it wants to hear that."""
    if interval := systemd.watchdog_interval():
        while True:
            systemd.notify("WATCHDOG=1")
            await asyncio.sleep(interval / 2)


def _reload(server: Server, certificate: "Certificate | None", reread: Reread | None) -> None:
    systemd.notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
    if certificate:
        try:
            certificate.reload()
        except ChatError as error:
            log.error("the certificate stays as it was: %s", error)  # noqa: TRY400
        else:
            log.info("new connections use the certificate with the fingerprint %s", certificate.fingerprint)
    if reread:
        try:
            server.configure(*reread())
        except ChatError as error:
            log.error("the options stay as they were: %s", error)  # noqa: TRY400
        else:
            log.info("the options were read again")
    systemd.notify("READY=1")
