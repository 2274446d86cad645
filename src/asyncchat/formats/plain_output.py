"""What a peer is told in plain text."""

from collections.abc import Sequence

from asyncchat.chat.user import Acks, Place, Target
from asyncchat.formats import plain
from asyncchat.log.accounts import Account, Role
from asyncchat.log.audience import Peer
from asyncchat.log.room_events import Sent
from asyncchat.log.state import RoomState
from asyncchat.text import room_texts, texts
from asyncchat.text.usernames import Name


class PlainOutput:
    """Tells a person at `peer`, who sees no more than lines of text; see Output."""

    __slots__ = ("peer",)

    client = texts.PLAIN_TEXT
    encode = staticmethod(plain.encode)
    counts_unread = False
    has_one_room = True
    shows_private = False

    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    def ask(self) -> bool:
        """Ask nothing: a person would have to answer."""
        return False

    def notice(self, text: str, times: Sequence[str] = (), seq: int = 0) -> None:
        """Tell this user something."""
        self.peer.write(plain.notice(text))

    def notices(self, lines: Sequence[str]) -> None:
        """Tell this user several lines that belong together."""
        self.peer.write(plain.notices(lines))

    def goodbye(self, text: str, code: str) -> None:
        """Tell the peer why its connection ends."""
        self.notice(text)

    def private_messages(self, other: Account, messages: Sequence[Sent], *, new: bool = False) -> None:
        """Show messages of a private conversation."""
        self.peer.write(plain.private(messages, new=new))

    def private_change(self, other: Account, author: Name, seq: int, text: str) -> None:
        """Tell that a private message was changed."""
        self.peer.write(plain.private_change(author, text))

    def unread(self, counts: Sequence[tuple[str, int]]) -> None:
        """Nothing: /unread tells it."""

    def read(self, conversation: str, seq: int) -> None:
        """Plain text has no form for it."""

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
        """The user is in another room from now on."""
        said = plain.notice(room_texts.entered(room.shown, len(room.members), room.topic))
        self.peer.write(said + plain.encode(missed))

    def rank(self, conversation: str, *, moderates: bool) -> None:
        """Nothing: a notice tells it."""

    def parted(self, conversation: str, code: str = "", text: str = "") -> None:
        """Nothing: who leaves a room enters another."""

    def invited(self, by: Name, room: RoomState) -> None:
        """Somebody has invited the user to a private room."""
        self.notice(room_texts.invitation(by.shown, room.shown))

    def topic(self, conversation: str, text: str) -> None:
        """Nothing: /topic tells it."""

    def target(self, target: Target, conversation: str = "") -> None:
        """Tell where messages go from now on; if nowhere, a notice says why."""
        if isinstance(target, Account):
            self.notice(texts.to_one(target.name.shown))
        elif target is Place.ROOM:
            self.notice(texts.TO_EVERYBODY if not conversation else room_texts.to_room(conversation))

    def identity(self, name: str, role: Role) -> None:
        """Nothing: a notice has told it."""

    def acknowledge(self, acks: Acks) -> None:
        """Nothing: the user sees what is kept."""

    def fail(self, idents: Sequence[int], why: str) -> None:
        """Tell that as many lines as there are ids could not be kept."""
        self.peer.write(plain.line_refused(why) * len(idents))
