"""An IRC client of a chat with a store: everything but the network."""

import base64

from asyncchat.sessions.irc.session import IrcSession
from tests.chat import ADDRESS, Peer, _Connected
from tests.chat.stored_chat import SECRET, StoredChat

SERVER = "irc.example"


class Irc(_Connected[IrcSession]):
    """An IRC client."""

    def __init__(self, chat: StoredChat, address: str = ADDRESS) -> None:
        peer = Peer()
        super().__init__(chat.core, peer, IrcSession(chat.core, peer, address, SERVER), chat.core.max_line)
        self._chat = chat

    def _answered(self) -> bool:
        self._chat.attend(self.session)
        return self.session.pending_request is None

    def hear(self) -> list[str]:
        """Return the lines that the server has sent since the last call."""
        data = self.peer.take()
        lines = data.decode().split("\r\n")
        assert lines.pop() == ""
        assert all(len(line.partition(" ")[2 if line.startswith("@") else 0].encode()) <= 510 for line in lines)
        return lines

    def say(self, *lines: str) -> list[str]:
        """Send lines, and return what is heard after that."""
        self.hear()
        self.send("".join(f"{line}\r\n" for line in lines))
        return self.hear()

    def numerics(self, *lines: str) -> list[str]:
        """Send lines, and return the commands of the answers."""
        return [command_of(line) for line in self.say(*lines)]

    def in_room(self, *rooms: str) -> "Irc":
        """Enter rooms."""
        self.say(*[f"JOIN {room}" for room in rooms or ["#lobby"]])
        return self


def command_of(line: str) -> str:
    """Return the command or numeric of a line."""
    words = line.split(" ")
    if words[0].startswith("@"):
        del words[0]
    return words[1] if words[0].startswith(":") else words[0]


def guest(chat: StoredChat, nick: str = "alice", address: str = ADDRESS) -> Irc:
    """Return a client that is in as a guest, and in the default room."""
    client = Irc(chat, address)
    client.say(f"NICK {nick}", "USER u 0 * :real")
    assert client.name == nick
    return client.in_room()


def plain(name: str, password: str = SECRET, authzid: str = "") -> str:
    """Return what AUTHENTICATE PLAIN says."""
    return base64.b64encode(f"{authzid}\0{name}\0{password}".encode()).decode()


def owner(chat: StoredChat, nick: str = "alice", *capabilities: str) -> Irc:
    """Return a client that has logged in with SASL; the name is registered now, if it was not."""
    assert chat.core.accounts
    if not chat.core.accounts.find(nick):
        person = chat.owner(nick)
        person.send("/exit\n")
    client = Irc(chat)
    client.say("CAP LS 302", f"NICK {nick}", "USER u 0 * :real", f"CAP REQ :{' '.join(['sasl', *capabilities])}")
    client.say("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain(nick)}", "CAP END")
    assert client.name == nick
    return client.in_room()
