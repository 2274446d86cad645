"""The port for IRC clients, with real clients and with sockets."""

import base64
import re
from functools import cached_property
from typing import Self

from tests.programs import Nc, ServeProgram


class IrcProgram(ServeProgram):
    """A running `asyncchat serve --irc`, on ports that the system chose."""

    def __init__(self, *arguments: str, irc: str = "0", **how: object) -> None:
        super().__init__("--irc", irc, *arguments, **how)

    @cached_property
    def irc_port(self) -> int:
        assert self.port
        found = re.search(r"IRC is at ircs?://127\.0\.0\.1:(\d+)", self.errors.line())
        assert found
        return int(found[1])

    def __enter__(self) -> Self:
        super().__enter__()
        assert self.irc_port
        return self


class IrcPeer(Nc):
    """An IRC client, as a socket."""

    def ask(self, *lines: str) -> None:
        self.send("".join(f"{line}\r\n" for line in lines))

    def line(self, limit: float = 30) -> str:
        return super().line(limit).removesuffix("\r")

    def until(self, wanted: str) -> list[str]:
        return [line.removesuffix("\r") for line in self.lines.until(wanted)]

    def register(self, nick: str, *capabilities: str, password: str = "") -> list[str]:
        """Get in, and return what is heard until then."""
        wanted = [*capabilities, *(["sasl"] if password else [])]
        self.ask("CAP LS 302", f"NICK {nick}", f"USER {nick} 0 * :{nick}", f"CAP REQ :{' '.join(wanted)}")
        if password:
            self.ask("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain(nick, password)}")
        self.ask("CAP END")
        return self.until(" 221 ")

    def enter(self, room: str = "#lobby") -> list[str]:
        """Join a room, and return what is heard until it is known that the client is in it."""
        self.ask(f"JOIN {room}")
        return self.until(" 366 ")

    def settle(self) -> list[str]:
        """Return what is heard until the server has handled all that was sent."""
        self.ask("PING settled")
        return self.until("PONG")[:-1]


def plain(name: str, password: str) -> str:
    """Return what a client sends as its password with SASL PLAIN."""
    return base64.b64encode(f"\0{name}\0{password}".encode()).decode()


def peer(room: IrcProgram, nick: str, *capabilities: str, password: str = "") -> IrcPeer:
    """Return a client that is in the default room."""
    new = IrcPeer(room.irc_port)
    new.register(nick, *capabilities, password=password)
    new.enter()
    return new
