"""What an IRC client is told; see Output."""

from collections.abc import Callable, Sequence

from asyncchat.chat.user import Acks, Target
from asyncchat.formats.irc import replies
from asyncchat.formats.irc.encoder import Encoder, Format, WithoutOwn, encoder
from asyncchat.formats.irc.lines import LONGEST, line, source_of, split
from asyncchat.log.accounts import Account, Role
from asyncchat.log.audience import Peer
from asyncchat.log.room_events import ANNOUNCED, Sent
from asyncchat.log.state import RoomState
from asyncchat.text import texts
from asyncchat.text.usernames import Name, parse_name

_OF_LIST = 400
"""Bytes of names in one line of a list."""

PREFIXES = {Role.MODERATOR: "@", Role.ADMIN: "~"}


class IrcOutput:
    """Tells an IRC client at `peer`.

    how: what it understands
    nick: its name, * before it has one
    capabilities: what it has asked for
    is_silent: it has not answered the last ping yet
    fetch: called with the names of users whose private messages are to be shown
    rank: returns the role of a member of a room
    """

    client = "IRC"
    counts_unread = True
    has_one_room = False

    def __init__(self, peer: Peer, how: Format) -> None:
        self.peer = peer
        self.how = how
        self.nick = "*"
        self.capabilities: set[str] = set()
        self.writer = WithoutOwn(peer)
        self.fetch: Callable[[str], object] = lambda _name: None
        self.is_silent = False
        self._batches = 0
        self.rank: Callable[[RoomState, Name], Role] = lambda _room, _name: Role.GUEST

    @property
    def encode(self) -> Encoder:
        """The format of a room's events."""
        return encoder(self.how)

    def understand(self, capabilities: set[str]) -> None:
        """The client understands these from now on."""
        self.capabilities = capabilities
        self.writer.echoes = "echo-message" in capabilities
        self.how = self.how._replace(
            has_time="server-time" in capabilities,
            has_ids="message-tags" in capabilities,
            has_accounts="extended-join" in capabilities,
        )

    def send(self, *lines: str) -> None:
        """Send lines, in one write."""
        self.peer.write("".join(lines).encode())

    def reply(self, numeric: str, *parameters: str) -> None:
        """Send a numeric reply, or another line to this client."""
        self.send(line(self.how.server, numeric, self.nick, *parameters))

    def answer(self, numeric: str, *parameters: str, **given: object) -> None:
        """Send a numeric reply with its usual text, in which something is `given`."""
        self.reply(numeric, *parameters, replies.OF_NUMERICS[numeric].format(**given))

    def ask(self) -> None:
        """Ask the client whether it is still there."""
        self.is_silent = True
        self.send(f"PING :{self.how.server}\r\n")

    def history(self, room: RoomState, messages: Sequence[Sent]) -> None:
        """Send earlier messages in a batch."""
        has_batches = "batch" in self.capabilities
        self._batches += 1
        reference = f"h{self._batches}"
        lines = self.encode(messages, room.conversation).decode()
        if has_batches:
            lines = "".join(
                one.replace("@", f"@batch={reference};", 1) if one.startswith("@") else f"@batch={reference} {one}"
                for one in lines.splitlines(keepends=True)
            )
            begin = line(self.how.server, "BATCH", f"+{reference}", "chathistory", room.shown)
            self.send(begin, lines, line(self.how.server, "BATCH", f"-{reference}"))
        else:
            self.send(lines)

    def fail_command(self, command: str, code: str, *parameters: str) -> None:
        """Send a standard reply (IRCv3)."""
        self.send(line(self.how.server, "FAIL", command, code, *parameters))

    def notice(self, text: str, times: Sequence[str] = ()) -> None:
        """Send a notice from the server."""
        most = LONGEST - len(line(self.how.server, "NOTICE", self.nick, "").encode())
        pieces = [piece for one in text.split("\n") for piece in split(one, most)]
        self.send(*[line(self.how.server, "NOTICE", self.nick, piece) for piece in pieces])

    def notices(self, lines: Sequence[str]) -> None:
        """Send several."""
        for one in lines:
            self.notice(one)

    def goodbye(self, text: str, code: str) -> None:
        """Tell the client why its connection ends."""
        self.send(f"ERROR :{text}\r\n")

    def private_messages(self, other: Account, messages: Sequence[Sent], *, new: bool = False) -> None:
        """Show private messages; own ones only if the client wants that."""
        for message in messages:
            is_own = message.name.key == self.writer.key
            if not is_own or self.writer.echoes:
                plain = encoder(self.how._replace(has_ids=False))
                self.send(plain.message(message, other.name.shown if is_own else self.nick))

    def private_change(self, other: Account, author: Name, seq: int, text: str) -> None:
        """A private message was changed."""
        self.send(self.encode.change(author, author, text, self.nick))

    def unread(self, counts: Sequence[tuple[str, int]]) -> None:
        """Show what is unread: an IRC client has all its conversations open."""
        for name, _ in counts:
            self.fetch(name)

    def read(self, conversation: str, seq: int) -> None:
        """IRC has no form for it."""

    def entered(
        self,
        room: RoomState,
        own: Name,
        missed: Sequence[Sent],
        first: int,
        most: int,
        changed: Sequence[Sent] = (),
        read: int | None = None,
    ) -> None:
        """The user is in another room, too."""
        more = (own.shown, own.shown) if self.how.has_accounts else ()
        self.send(line(source_of(own.shown), "JOIN", room.shown, *more))
        if room.topic:
            self.tell_topic(room)
        self.tell_names(room)
        if "draft/chathistory" not in self.capabilities:
            history = self.encode(missed, room.conversation)
            if history:
                self.peer.write(history)

    def tell_topic(self, room: RoomState) -> None:
        """Tell the topic of a room; who has set it is not kept."""
        if room.topic:
            self.reply("332", room.shown, room.topic)
        else:
            self.answer("331", room.shown)

    def tell_names(self, room: RoomState) -> None:
        """Tell who is in a room; of very many, the first ones."""
        own = room.members.get(self.writer.key)
        first = list(room.members.values())[:ANNOUNCED]
        if own and own not in first:
            first.append(own)
        names, size = list[str](), 0
        for name in first:
            shown = f"{self.prefix(room, name)}{name.shown}"
            size += len(shown.encode()) + 1
            if size > _OF_LIST:
                self.reply("353", "=", room.shown, " ".join(names))
                names, size = [], len(shown.encode()) + 1
            names.append(shown)
        if names:
            self.reply("353", "=", room.shown, " ".join(names))
        self.answer("366", room.shown)
        if len(room.members) > len(first):
            self.notice(replies.all_members(room.shown, len(room.members)))

    def prefix(self, room: RoomState, name: Name) -> str:
        """Return the sign of a member's role in a room."""
        return PREFIXES.get(self.rank(room, name), "")

    def parted(self, conversation: str, code: str = "", text: str = "") -> None:
        """The user is not in a room any more; with a `code` another one has decided that."""
        room = conversation or self.how.room
        if code:
            self.send(line(self.how.server, "KICK", room, self.nick, text))
        else:
            self.send(line(source_of(self.nick), "PART", room))

    def topic(self, conversation: str, text: str) -> None:
        """The room has another topic."""
        self.send(line(self.how.server, "TOPIC", conversation or self.how.room, text))

    def target(self, target: Target, conversation: str = "") -> None:
        """Nothing: each line of a client says where it goes."""

    def identity(self, name: str, role: Role) -> None:
        """The user has another name."""
        if self.nick not in {"*", name}:
            self.send(line(source_of(self.nick), "NICK", name))
            self.nick, self.writer.key = name, parse_name(name).key

    def acknowledge(self, acks: Acks) -> None:
        """Nothing: a client is told what is refused."""

    def fail(self, idents: Sequence[int], why: str) -> None:
        """Lines could not be kept."""
        for _ in idents:
            self.notice(texts.line_refused(why))
