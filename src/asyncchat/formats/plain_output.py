"""What a peer is told in plain text."""

from collections.abc import Sequence

from asyncchat.chat.user import Acks, Place, Target
from asyncchat.formats import plain
from asyncchat.log.accounts import Account, Role
from asyncchat.log.audience import Peer
from asyncchat.log.room_events import Sent
from asyncchat.text import texts


class PlainOutput:
    """Tells a person at `peer`, who sees no more than lines of text; see Output."""

    __slots__ = ("peer",)

    client = texts.PLAIN_TEXT
    encode = staticmethod(plain.encode)
    counts_unread = False

    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    def notice(self, text: str, times: Sequence[str] = ()) -> None:
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

    def unread(self, counts: Sequence[tuple[str, int]]) -> None:
        """Nothing: /unread tells it."""

    def topic(self, text: str) -> None:
        """Nothing: /topic tells it."""

    def target(self, target: Target) -> None:
        """Tell where messages go from now on; if nowhere, a notice says why."""
        if isinstance(target, Account):
            self.notice(texts.to_one(target.name.shown))
        elif target is Place.ROOM:
            self.notice(texts.TO_EVERYBODY)

    def identity(self, name: str, role: Role) -> None:
        """Nothing: a notice has told it."""

    def acknowledge(self, acks: Acks) -> None:
        """Nothing: the user sees what is kept."""

    def fail(self, idents: Sequence[int], why: str) -> None:
        """Tell that as many lines as there are ids could not be kept."""
        self.peer.write(plain.line_refused(why) * len(idents))
