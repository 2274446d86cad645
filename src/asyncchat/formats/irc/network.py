"""What IRC clients are told of the server, and the formats in which they get the events of rooms."""

from asyncchat.chat.core import ChatCore
from asyncchat.formats.irc.encoder import Format
from asyncchat.log.accounts import Role
from asyncchat.log.room_events import MOST_ROOMS, SHOWN, timestamp
from asyncchat.log.state import LOBBY, RoomState
from asyncchat.text.usernames import MAX_LENGTH, Name, parse_name

DEFAULT_NAME = "asyncchat.local"

CAPABILITIES = {
    "account-notify": "",
    "account-tag": "",
    "away-notify": "",
    "batch": "",
    "cap-notify": "",
    "draft/chathistory": "",
    "echo-message": "",
    "extended-join": "",
    "labeled-response": "",
    "message-tags": "",
    "multi-prefix": "",
    "sasl": "PLAIN",
    "server-time": "",
    "userhost-in-names": "",
}
"""What clients can ask for, and its value; sasl needs a store."""

LONGEST_TOPIC = 390

SERVICES = {"nickserv", "chanserv"}
"""Names to which users of other IRC networks send passwords."""


class Network:
    """What the IRC sessions of one server share; its `name` is no user's.

    version: of the program
    started: in milliseconds since 1970
    """

    def __init__(self, core: ChatCore, name: str, version: str) -> None:
        self.core = core
        self.name = name
        self.version = version
        self.started = timestamp(core.clock())
        self._formats: dict[frozenset[str], Format] = {}
        core.reserved |= {parse_name(name).key, *SERVICES}

    @property
    def capabilities(self) -> dict[str, str]:
        """What clients can ask for here."""
        has_store = self.core.accounts is not None
        return {name: value for name, value in CAPABILITIES.items() if has_store or name != "sasl"}

    def format(self, wanted: set[str]) -> Format:
        """Return the format for clients with these capabilities: the same one for all of them."""
        key = frozenset(wanted & Format.CAPABILITIES)
        if key not in self._formats:
            core = self.core
            self._formats[key] = Format(
                self.name, core.epoch, core.room.shown, core.clock, self.account_of, self.away_of, key
            )
        return self._formats[key]

    def room(self, conversation: str) -> RoomState:
        """Return the room with this name; see Output."""
        return self.core.state.rooms[parse_name(conversation[1:]).key if conversation else LOBBY]

    def account_of(self, name: Name) -> str:
        """Return the account that a name belongs to, or *."""
        account = self.core.find_account(name)
        return account.name.shown if account else "*"

    def away_of(self, name: Name) -> str:
        """Return why a user is away; nothing if the user is not, or is connected to another server."""
        user = self.core.online.get(name.key)
        return user.resumable.away if user else ""

    def prefix(self, room: str, name: Name, *, all_of_them: bool = False) -> str:
        """Return what stands before the name of a member of a room: ~ for the admin, @ for moderators."""
        rank = self.core.rank_in(room, name)
        if rank is Role.ADMIN:
            return "~@" if all_of_them else "~"
        return "@" if rank is Role.MODERATOR else ""

    def tokens(self) -> str:
        """Return what the server supports (005): no more than one line may have."""
        tokens = [
            "CASEMAPPING=ascii",
            "CHANTYPES=#",
            f"CHANLIMIT=#:{MOST_ROOMS}",
            "CHANMODES=b,,,nt",
            "PREFIX=(qo)~@",
            f"NICKLEN={MAX_LENGTH}",
            f"TOPICLEN={LONGEST_TOPIC}",
            "TARGMAX=PRIVMSG:1,NOTICE:1,NAMES:1,KICK:1",
            "NETWORK=asyncchat",
            "UTF8ONLY",
            f"CHATHISTORY={SHOWN}",
            "MSGREFTYPES=msgid,timestamp",
            "CLIENTTAGDENY=*",
        ]
        return " ".join(tokens)
