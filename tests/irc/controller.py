"""Lets the public conformance suite irctest start servers; docs/irc.md says how to run it. No test of ours needs it."""

import sys
from typing import Any

from irctest.basecontrollers import BaseServerController, DirectoryBasedController  # type: ignore[import-not-found]
from irctest.runner import NotImplementedByController  # type: ignore[import-not-found]
from irctest.specifications import Capabilities  # type: ignore[import-not-found]

SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 128


class AsyncchatController(BaseServerController, DirectoryBasedController):  # type: ignore[misc]
    """A server with a store, in which guests may make rooms, and which limits nobody's rate."""

    software_name = "asyncchat"
    supported_sasl_mechanisms = frozenset({"PLAIN"})
    supports_sts = False
    nickserv = "Server"
    capabilities = frozenset(
        {
            Capabilities.ACCOUNT_NOTIFY,
            Capabilities.ACCOUNT_TAG,
            Capabilities.AWAY_NOTIFY,
            Capabilities.BATCH,
            Capabilities.ECHO_MESSAGE,
            Capabilities.EXTENDED_JOIN,
            Capabilities.LABELED_RESPONSE,
            Capabilities.MESSAGE_TAGS,
            Capabilities.MULTI_PREFIX,
            Capabilities.SERVER_TIME,
        }
    )

    def run(self, hostname: str, port: int, *, password: str | None, ssl: bool, **more: Any) -> None:
        """Start a server."""
        if password is not None or ssl or more["faketime"] or more["websocket_port"] is not None:
            raise NotImplementedByController("a password of the server, TLS, faketime or WebSocket")
        self.hostname, self.port = hostname, port
        self.create_config()
        store = str(self.directory / "chat.db")
        options = ["--store", store, "--rooms", "open", "--rate", "0", "--history", "0", "--quiet"]
        command = [sys.executable, "-m", "asyncchat", "serve", "--port", "0", "--irc", f"{hostname}:{port}", *options]
        command += ["--irc-name", "My.Little.Server"]
        self.proc = self.execute(command)

    def wait_for_services(self) -> None:
        """Wait for the server: there are no services beside it."""
        self.wait_for_port()

    def registerUser(self, case: Any, username: str, password: str | None = None) -> None:  # noqa: N802
        """Register a name."""
        if password is None or not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise NotImplementedByController("passwords that are so short or so long")
        client = case.addClient(show_io=False)
        case.sendLine(client, f"NICK {username}")
        case.sendLine(client, "USER x 0 * :x")
        while case.getRegistrationMessage(client).command != "001":
            pass
        case.getMessages(client)
        case.sendLine(client, f"PRIVMSG Server :/register {username} {password}")
        while "registered successfully" not in case.getMessage(client).params[-1]:
            pass
        case.sendLine(client, "QUIT")
        case.assertDisconnected(client)


def get_irctest_controller_class() -> type[AsyncchatController]:
    """Return the class that irctest asks for."""
    return AsyncchatController
