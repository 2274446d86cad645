"""Somebody with an IRC client, for the tests of the core."""

import base64
from weakref import WeakKeyDictionary

from asyncchat.chat.core import ChatCore
from asyncchat.formats.irc.network import DEFAULT_NAME, Network
from asyncchat.log.accounts import Role
from asyncchat.sessions.irc.session import IrcSession
from tests.chat import ADDRESS, Peer, _Connected
from tests.chat.stored_chat import SECRET, StoredChat

S = DEFAULT_NAME

_networks: WeakKeyDictionary[ChatCore, Network] = WeakKeyDictionary()


def network_of(core: ChatCore) -> Network:
    return _networks.setdefault(core, Network(core, S, "1.0"))


def payload(name: str, password: str = SECRET, authzid: str = "") -> str:
    return base64.b64encode(f"{authzid}\0{name}\0{password}".encode()).decode()


class Irc(_Connected[IrcSession]):
    """Somebody with an IRC client who has sent nothing yet."""

    def __init__(
        self, chat: StoredChat | ChatCore, address: str = ADDRESS, *, is_private: bool = True, sends_all: bool = True
    ) -> None:
        core = chat if isinstance(chat, ChatCore) else chat.core
        self._chat = chat
        peer = Peer()
        session = IrcSession(core, peer, address, network_of(core), is_private=is_private)
        self.at_once = sends_all
        super().__init__(core, peer, session, core.max_line)

    def _answered(self) -> bool:
        if isinstance(self._chat, StoredChat):
            self._chat.attend(self.session)
            return self.session.pending_request is None
        return False

    def hear(self) -> list[str]:
        """Return the lines that the server has sent since the last call."""
        return self.peer.take().decode().split("\r\n")[:-1]

    def say(self, *lines: str) -> list[str]:
        """Send lines, and return what is heard after that."""
        self.hear()
        self.send("".join(f"{line}\r\n" for line in lines))
        return self.hear()

    def codes(self, *lines: str) -> list[str]:
        """Send lines, and return the commands of what is heard after that."""
        return [command(line) for line in self.say(*lines)]


def command(line: str) -> str:
    """Return the command of a line, or its number."""
    words = line.split(" ")
    if words[0].startswith("@"):
        del words[0]
    return words[1] if words[0].startswith(":") else words[0]


def timeless(line: str) -> str:
    """Return a line without the tag that says when it was sent."""
    tags, _, rest = line.partition(" ") if line.startswith("@") else ("@", "", line)
    others = [tag for tag in tags[1:].split(";") if tag and not tag.startswith("time=")]
    return f"@{';'.join(others)} {rest}" if others else rest


def irc(chat: StoredChat | ChatCore, nick: str, *capabilities: str, rooms: str = "#lobby") -> Irc:
    """Return a guest with an IRC client, in the room; nothing that it has heard so far is left."""
    person = Irc(chat)
    if capabilities:
        person.say(f"CAP REQ :{' '.join(capabilities)}", "CAP END")
    person.say(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
    assert person.name == nick
    if rooms:
        person.say(f"JOIN {rooms}")
    return person


def owner(chat: StoredChat, nick: str, *capabilities: str, role: Role = Role.REGISTERED, rooms: str = "#lobby") -> Irc:
    """Return the same for a name that is registered, and is so now if it was not."""
    if not chat.core.require_accounts().find(nick.lower()):
        maker = chat.owner(nick)
        maker.hang_up()
    person = Irc(chat)
    person.say(
        f"CAP REQ :{' '.join(('sasl', *capabilities))}",
        "AUTHENTICATE PLAIN",
        f"AUTHENTICATE {payload(nick)}",
        "CAP END",
        f"NICK {nick}",
        f"USER {nick} 0 * :{nick}",
    )
    assert person.session.user.account, nick
    person.session.user.account.role = role
    if rooms:
        person.say(f"JOIN {rooms}")
    return person
