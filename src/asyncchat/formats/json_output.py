"""What a peer is told in JSON events."""

from collections.abc import Sequence

from msgspec import UNSET

from asyncchat.chat.user import Acks, Place, Target
from asyncchat.formats import codec, events
from asyncchat.formats.room_events import Rank
from asyncchat.log.accounts import Account, Role
from asyncchat.log.audience import Peer
from asyncchat.log.room_events import ANNOUNCED, Sent
from asyncchat.log.state import RoomState
from asyncchat.text import room_texts, texts
from asyncchat.text.usernames import Name


class JsonOutput:
    """Tells a program at `peer`; see Output."""

    __slots__ = ("peer",)

    client = "JSON"
    encode = staticmethod(codec.conversation)
    counts_unread = True
    has_one_room = False
    shows_private = False

    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    def send(self, lines: bytes) -> None:
        """Send `lines`, in one write."""
        self.peer.write(lines)

    def tell(self, *told: events.FromServer) -> None:
        """Send events, in one write."""
        self.send(codec.lines(told))

    def ask(self) -> bool:
        """Ask the client whether it is there."""
        self.tell(events.Ping())
        return True

    def notice(self, text: str, times: Sequence[str] = (), seq: int = 0) -> None:
        """Tell this user something."""
        self.tell(events.Notice(text, tuple(times), seq))

    def notices(self, lines: Sequence[str]) -> None:
        """Tell this user several lines that belong together."""
        self.tell(*map(events.Notice, lines))

    def goodbye(self, text: str, code: str) -> None:
        """Tell the peer why its connection ends."""
        self.tell(events.Bye(text, code))

    def private_messages(self, other: Account, messages: Sequence[Sent], *, new: bool = False) -> None:
        """Show messages of a private conversation."""
        self.send(codec.private(other.name.shown, messages, new=new))

    def private_change(self, other: Account, author: Name, seq: int, text: str) -> None:
        """Tell that a private message was changed."""
        self.send(codec.change(seq, text, author.shown, other.name.shown))

    def unread(self, counts: Sequence[tuple[str, int]]) -> None:
        """Tell how many messages of each sender are unread."""
        self.tell(*[events.Unread(name, number) for name, number in counts])

    def read(self, conversation: str, seq: int) -> None:
        """Tell up to which message a room was read."""
        self.tell(events.Read(seq, conversation))

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
        told: list[events.FromServer] = [room_event(room, own)]
        if read is not None:
            told.append(events.Read(read, room.conversation))
        lines = codec.last_lines(missed, most, room.conversation)
        if first < room.seq + 1 - len(lines):
            told.append(events.Gap(first, room.seq - len(lines), room.conversation))
        self.send(b"".join([codec.lines(told), codec.changes(changed, room.conversation), *lines]))

    def rank(self, conversation: str, *, moderates: bool) -> None:
        """The user is a moderator of a room from now on, or not any more."""
        self.tell(Rank(conversation, "moderator" if moderates else ""))

    def parted(self, conversation: str, code: str = "", text: str = "") -> None:
        """The user is not in a room, or not any more."""
        self.tell(events.Parted(conversation, code, text))

    def invited(self, by: Name, room: RoomState) -> None:
        """Somebody has invited the user to a private room."""
        self.notice(room_texts.invitation(by.shown, room.shown))

    def topic(self, conversation: str, text: str) -> None:
        """The room has another topic."""
        self.tell(events.Topic(text, conversation))

    def target(self, target: Target, conversation: str = "") -> None:
        """Tell where messages go from now on."""
        if isinstance(target, Place):
            self.tell(events.Turned(conversation if target is Place.ROOM else None))
        else:
            self.tell(events.Turned(target.name.shown))

    def identity(self, name: str, role: Role) -> None:
        """The user has another name or role."""
        self.tell(events.You(name, role.name.lower()))

    def acknowledge(self, acks: Acks) -> None:
        """Acknowledge what is kept or done."""
        self.tell(*[events.Ack(ident, seq) for ident, seq in acks])

    def fail(self, idents: Sequence[int], why: str) -> None:
        """Tell what could not be kept."""
        self.tell(*[events.Refused(ident, "not-kept", texts.line_refused(why)) for ident in idents])


def room_event(room: RoomState, own: Name) -> events.Room:
    """Return what the user with the name `own` is told of a room, on entering it."""
    few = len(room.members) <= ANNOUNCED  # a list of ten thousand names is of no use, and sorting it costs
    names = [own.shown, *room.names(own, ANNOUNCED)[0]] if few else UNSET
    return events.Room(room.conversation, room.seq, len(room.members), room.topic, names, room.is_private)
