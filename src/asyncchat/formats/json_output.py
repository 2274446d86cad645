"""What a peer is told in JSON events."""

from collections.abc import Sequence

from asyncchat.chat.user import Acks, Place, Target
from asyncchat.formats import codec, events
from asyncchat.log.accounts import Account, Role
from asyncchat.log.audience import Peer
from asyncchat.log.room_events import Sent
from asyncchat.text import texts

_TARGETS = {Place.ROOM: "", Place.NOWHERE: None}


class JsonOutput:
    """Tells a program at `peer`; see Output."""

    __slots__ = ("peer",)

    client = "JSON"
    encode = staticmethod(codec.conversation)
    counts_unread = True

    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    def send(self, lines: bytes) -> None:
        """Send `lines`, in one write."""
        self.peer.write(lines)

    def tell(self, *told: events.FromServer) -> None:
        """Send events, in one write."""
        self.send(codec.lines(told))

    def notice(self, text: str, times: Sequence[str] = ()) -> None:
        """Tell this user something."""
        self.tell(events.Notice(text, tuple(times)))

    def notices(self, lines: Sequence[str]) -> None:
        """Tell this user several lines that belong together."""
        self.tell(*map(events.Notice, lines))

    def goodbye(self, text: str, code: str) -> None:
        """Tell the peer why its connection ends."""
        self.tell(events.Bye(text, code))

    def private_messages(self, other: Account, messages: Sequence[Sent], *, new: bool = False) -> None:
        """Show messages of a private conversation."""
        self.send(codec.private(other.name.shown, messages, new=new))

    def unread(self, counts: Sequence[tuple[str, int]]) -> None:
        """Tell how many messages of each sender are unread."""
        self.tell(*[events.Unread(name, number) for name, number in counts])

    def topic(self, text: str) -> None:
        """The room has another topic."""
        self.tell(events.Topic(text))

    def target(self, target: Target) -> None:
        """Tell where messages go from now on."""
        self.tell(events.Turned(_TARGETS[target] if isinstance(target, Place) else target.name.shown))

    def identity(self, name: str, role: Role) -> None:
        """The user has another name or role."""
        self.tell(events.You(name, role.name.lower()))

    def acknowledge(self, acks: Acks) -> None:
        """Acknowledge what is kept or done."""
        self.tell(*[events.Ack(ident, seq) for ident, seq in acks])

    def fail(self, idents: Sequence[int], why: str) -> None:
        """Tell what could not be kept."""
        self.tell(*[events.Refused(ident, "not-kept", texts.line_refused(why)) for ident in idents])
