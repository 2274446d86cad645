"""Starts a server for each test of the public suite irctest, see docs/irc.md; it is not needed by our own tests."""

from __future__ import annotations

import sys
from typing import Any

from irctest.basecontrollers import BaseServerController, DirectoryBasedController
from irctest.runner import NotImplementedByController


class AsyncchatController(BaseServerController, DirectoryBasedController):  # type: ignore[misc]
    """Runs `asyncchat serve --irc`."""

    software_name = "asyncchat"
    supported_sasl_mechanisms = {"PLAIN"}  # noqa: RUF012
    supports_sts = False

    def run(self, hostname: str, port: int, *, password: str | None, ssl: bool, **_: Any) -> None:
        """Start a server on the port."""
        if password or ssl:
            raise NotImplementedByController("a password of the server, or TLS")
        self.create_config()
        self.port, self.hostname = port, hostname
        self.proc = self.execute(
            [
                *(sys.executable, "-m", "asyncchat", "serve", "--port", "0", "--irc", f"127.0.0.1:{port}"),
                *("--irc-name", "My.Little.Server", "--rate", "0", "--quiet", "--rooms", "open"),
                *("--store", str(self.directory / "chat.db"), "--max-per-address", "0"),
            ]
        )

    def registerUser(self, case: Any, username: str, password: str | None = None) -> None:  # noqa: N802
        """Register a name, by a client of its own."""
        client = case.addClient(show_io=False)
        case.sendLine(client, f"NICK {username}")
        case.sendLine(client, "USER u 0 * :r")
        case.skipToWelcome(client)
        case.sendLine(client, f"PRIVMSG Server :/register {password}")
        while case.getRegistrationMessage(client).command != "NOTICE":
            pass
        case.sendLine(client, "QUIT")
        case.assertDisconnected(client)


def get_irctest_controller_class() -> type[AsyncchatController]:
    """Return what irctest asks for."""
    return AsyncchatController
