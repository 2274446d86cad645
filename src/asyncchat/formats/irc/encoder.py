"""The events of rooms as lines of IRC: one encoder for each set of capabilities."""

from collections.abc import Callable, Sequence

from asyncchat.formats.irc.lines import LONGEST, cut, pieces
from asyncchat.log import room_events
from asyncchat.log.accounts import Account
from asyncchat.log.room_events import ANNOUNCED, Changed, Event, Noted, Sent, timestamp
from asyncchat.text import room_texts
from asyncchat.text.command_line import ACTION
from asyncchat.text.usernames import Name

USER = "u"
"""What stands for the name of each user on a machine, which is nobody's business."""


def source(name: Name) -> str:
    """Return how a line begins that is from a user; no addresses are shown."""
    return f":{name.shown}!{USER}@{name.shown}"


def place_of_pair(one: Account, other: Account) -> str:
    """Return what the ids of messages of a private conversation end with: it begins again with another account."""
    return "-@{}-{}".format(*sorted((one.id, other.id)))


class Format:
    """Encodes events for clients with the same capabilities.

    server: the name of the server
    epoch: identifies the numbers of messages
    lobby: the name of the default room, with its #
    clock: tells the time in milliseconds since 1970
    account_of: returns the account that a name belongs to, or *
    away_of: returns why a user is away, or nothing
    """

    CAPABILITIES = frozenset(
        {"account-notify", "account-tag", "away-notify", "extended-join", "message-tags", "server-time"}
    )
    """Those that change what is sent to all members of a room."""

    def __init__(
        self,
        server: str,
        epoch: str,
        lobby: str,
        clock: Callable[[], int],
        account_of: Callable[[Name], str],
        away_of: Callable[[Name], str],
        capabilities: frozenset[str],
    ) -> None:
        self._server = server
        self._epoch = epoch
        self._lobby = lobby
        self._clock = clock
        self._account_of = account_of
        self._away_of = away_of
        self._has_time = "server-time" in capabilities
        self._has_ids = "message-tags" in capabilities
        self._has_accounts = "account-tag" in capabilities
        self._tells_accounts = "account-notify" in capabilities
        self._tells_away = "away-notify" in capabilities
        self._joins_are_extended = "extended-join" in capabilities

    def __call__(self, events: Sequence[Event], room: str = "", /) -> bytes:
        """Return the events of a room as lines."""
        room = room or self._lobby
        return "".join([line for event in events for line in self._lines(event, room)]).encode()

    def _lines(self, event: Event, room: str) -> Sequence[str]:
        match event:
            case Sent():
                return self.message(event, room)
            case Changed(_, author, by, text):
                return self.change(author, by, text, room)
            case room_events.Joined(name, members) if members <= ANNOUNCED:
                return (self.join(name, room), *self._away(name))
            case room_events.Left(name, members, True, has_quit, False) if members <= ANNOUNCED:
                return (f"{self.begin(name)} {'QUIT :' if has_quit else f'PART {room}'}\r\n",)
            case room_events.Removed(name, by, action):
                return (f"{self.begin(by)} KICK {room} {name.shown} :{action}\r\n",)
            case room_events.Renamed(name, new, members) if members <= ANNOUNCED:
                return (f"{self.begin(name)} NICK {new.shown}\r\n", *self._noted(Noted(new), room))
            case Noted():
                return self._noted(event, room)
            case _:
                return ()

    def _noted(self, noted: Noted, room: str) -> Sequence[str]:
        name, by, is_moderator, away = noted
        if by:
            mode = "+o" if is_moderator else "-o"
            return (f"{self.begin(by)} MODE {room} {mode} {name.shown}\r\n",)
        if away is not None:
            most = LONGEST - len(f"{source(name)} AWAY :".encode())
            text = f" :{cut(away, most)}" if away else ""
            return (f"{self.begin(name)} AWAY{text}\r\n",) if self._tells_away else ()
        return (f"{self.begin(name)} ACCOUNT {self._account_of(name)}\r\n",) if self._tells_accounts else ()

    def _away(self, name: Name) -> Sequence[str]:
        """Return why a user who has just entered a room is away, if so."""
        away = self._away_of(name) if self._tells_away else ""
        return self._noted(Noted(name, away=away), "") if away else ()

    def begin(self, name: Name | None = None) -> str:
        """Return how a line begins that is from a user, or from the server, and is sent now: with its tags."""
        tags = [f"time={timestamp(self._clock())}"] if self._has_time else []
        if name and self._has_accounts and (account := self._account_of(name)) != "*":
            tags.append(f"account={account}")
        author = source(name) if name else f":{self._server}"
        return f"@{';'.join(tags)} {author}" if tags else author

    def join(self, name: Name, room: str) -> str:
        """Return that a user is in a room from now on."""
        if self._joins_are_extended:
            return f"{self.begin(name)} JOIN {room} {self._account_of(name)} :{name.shown}\r\n"
        return f"{self.begin(name)} JOIN {room}\r\n"

    def message(self, sent: Sent, target: str, batch: str = "", *, place: str | None = None) -> list[str]:
        """Return a message for `target`: a line for each of its lines, or more if one is too long for IRC.

        batch: that it belongs to
        place: what the ids of messages there end with; None if `target` is a room
        """
        if not sent.text:  # it was deleted
            return []
        tags = [f"batch={batch}"] if batch else []
        if self._has_time:
            tags.append(f"time={timestamp(sent.time)}")
        if self._has_accounts and (account := self._account_of(sent.name)) != "*":
            tags.append(f"account={account}")
        more = f"@{';'.join(tags)} " if tags else ""
        if self._has_ids:
            place = self.place_of_room(target) if place is None else place
            tags.append(f"msgid={self._epoch}-{sent.seq}{place}")
        first = f"@{';'.join(tags)} " if tags else ""
        begin = f"{source(sent.name)} PRIVMSG {target} :"
        text = sent.text
        if "\n" not in text and not text.startswith(ACTION) and (len(begin) + len(text)) * 4 <= LONGEST:
            return [f"{first}{begin}{text}\r\n"]  # nearly always
        lines = _said(begin, text)
        return [f"{more if number else first}{line}\r\n" for number, line in enumerate(lines)]

    def change(self, author: Name, by: Name, text: str, target: str, mark: str = "") -> list[str]:
        """Return a note that a message has another text, or is deleted, if `text` is empty."""
        begin = f" NOTICE {target} :{mark}"
        if not text:
            return [f"{self.begin()}{begin}{room_texts.message_deleted(author.shown, by.shown)}\r\n"]
        is_action = text.startswith(ACTION)
        begin += f"(edited) * {author.shown} " if is_action else f"(edited) {author.shown}: "
        lines = text.removeprefix(ACTION).split("\n")
        most = LONGEST - len(f":{self._server}{begin}".encode())
        return [f"{self.begin()}{begin}{piece}\r\n" for line in lines for piece in pieces(line, most)]

    def place_of_room(self, shown: str) -> str:
        """Return what the ids of messages in a room end with; nothing for the default one."""
        return "" if shown == self._lobby else f"-{shown.lower()}"


def _said(begin: str, text: str) -> list[str]:
    """Return each line of a message, in pieces that are not too long."""
    end = ""
    if text.startswith(ACTION):
        text = text.removeprefix(ACTION)
        begin, end = f"{begin}\x01ACTION ", "\x01"
    room = LONGEST - len(begin.encode()) - len(end)
    return [f"{begin}{piece}{end}" for line in text.split("\n") if line for piece in pieces(line, room)]
