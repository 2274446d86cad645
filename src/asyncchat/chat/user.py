"""A connected user, the interface by which it is sent everything, and what outlives its connection."""

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from asyncchat.chat.doubts import Doubts
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Account, Role
from asyncchat.log.audience import Encoder, Peer
from asyncchat.log.entries import MarkRead
from asyncchat.log.requests import Running
from asyncchat.log.room_events import Sent
from asyncchat.log.state import LOBBY, RoomState
from asyncchat.text import texts
from asyncchat.text.networks import network_of
from asyncchat.text.usernames import Name

REMEMBERED = 32
"""Acknowledged ids that are remembered: as many as may be unacknowledged, so a client never repeats an older one."""

NO_MESSAGE = 1 << 63
"""A larger number than any message has."""

Acks = Sequence[tuple[int, int | None]]
"""For each id that was sent the number of the message, if it became one."""


class Place(Enum):
    """Where messages go if not to one user.

    ROOM: to all users in a room
    NOWHERE: they are refused, since the partner of the private conversation can't be reached
    """

    ROOM = "everybody"
    NOWHERE = "nobody"


Target = Account | Place
"""Where messages go: to the owner of an account alone, or to a Place."""


class Output(Protocol):
    """Tells a peer what becomes of what it has sent, and what happens; each format has its own.

    client: what the peer speaks, in words
    counts_unread: whether the peer is told of unread messages without asking
    has_one_room: whether the peer is in one room at a time, since it does not see which room a message is from
    shows_private: whether the peer is shown private messages at once, whatever its current conversation is
    """

    client: str
    counts_unread: bool
    has_one_room: bool
    shows_private: bool

    @property
    def encode(self) -> Encoder:
        """The format of a room's events."""

    @property
    def peer(self) -> Peer:
        """The other end of the connection."""

    def ask(self) -> bool:
        """Ask the peer whether it is there; return False if the format has no question that a client answers."""

    def notice(self, text: str, times: Sequence[str] = (), seq: int = 0) -> None:
        """Send a notice; `times`: those in the text, in order, for clients that show them in another time zone.

        seq: the number of the message of which it is a line
        """

    def notices(self, lines: Sequence[str]) -> None:
        """Send a notice of several lines."""

    def goodbye(self, text: str, code: str) -> None:
        """Tell the peer why its connection ends; with a `code` a program should not come back."""

    def private_messages(self, other: Account, messages: Sequence[Sent], *, new: bool = False) -> None:
        """Show messages of the conversation with `other`; `new`: they were unread until now."""

    def private_change(self, other: Account, author: Name, seq: int, text: str) -> None:
        """A message of the conversation with `other` has another text, or is deleted, if `text` is empty."""

    def unread(self, counts: Sequence[tuple[str, int]]) -> None:
        """Tell how many messages of each sender are unread."""

    def read(self, conversation: str, seq: int) -> None:
        """The server keeps what the user reads in a room; until now that is up to the number `seq`."""

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
        """The user with the name `own` is in a room from now on.

        missed: the messages to show, the last ones of `most` bytes
        changed: those that were shown, and have another text now
        read: the number of the last one that was read, if that is kept
        first: the number from which on messages are missing, if those begin later
        """

    def rank(self, conversation: str, *, moderates: bool) -> None:
        """The user is a moderator of a room from now on, or not any more."""

    def parted(self, conversation: str, code: str = "", text: str = "") -> None:
        """The user is not in a room, or not any more; `code` and `text` say why, unless the user has left it."""

    def invited(self, by: Name, room: RoomState) -> None:
        """Somebody has invited the user to a private room."""

    def topic(self, conversation: str, text: str) -> None:
        """The room has another topic."""

    def target(self, target: Target, conversation: str = "") -> None:
        """Messages go to `target` from now on; `conversation`: the room, if it is Place.ROOM."""

    def identity(self, name: str, role: Role) -> None:
        """The user has another name or role."""

    def acknowledge(self, acks: Acks) -> None:
        """The messages with these ids are stored, or the commands are done."""

    def fail(self, idents: Sequence[int], why: str) -> None:
        """The messages with these ids could not be stored; `why` is the rest of a sentence."""


class ResumableSession:
    """What outlives a connection: where messages go, and what became of those that were sent last.

    token_hash: of the token by which it is resumed; empty if it can't be
    created: in milliseconds since 1970
    first: the number of the first message in the default room that its user may see, if it is no account's
    rooms: the other rooms that its user is in, and the same of these
    user: the connected user, if any
    name: the name that its last user had
    account: the account that its user has logged in to
    target: where messages go, also after the next connection
    partners: the accounts that were written to, by the keys of their names: a name may have changed hands since
    doubts: what the next line may be other than a message
    is_invited: its user has used an invitation
    history: how many of the last messages its user wants of each room, if fewer than usual
    away: why its user does not answer, if the user has said so
    is_restored: it was loaded from the store, which does not know everything about it

    Ids increase, so that a repeated message is recognised and not posted again.
    """

    __slots__ = (
        "account",
        "acked",
        "away",
        "created",
        "doubts",
        "first",
        "history",
        "is_invited",
        "is_restored",
        "last_id",
        "name",
        "partners",
        "rooms",
        "target",
        "token_hash",
        "unacked",
        "user",
    )

    def __init__(self, token_hash: bytes, created: int) -> None:
        self.token_hash, self.created = token_hash, created
        self.first = NO_MESSAGE
        self.rooms: dict[str, int] = {}
        self.history: int | None = None
        self.user: User | None = None
        self.name: Name | None = None
        self.account: Account | None = None
        self.target: Target = Place.ROOM
        self.partners: dict[str, Account] = {}
        self.doubts = Doubts()
        self.away = ""
        self.is_restored = self.is_invited = False
        self.last_id = -1
        self.unacked: dict[int, None] = {}  # an empty set takes three times as much memory
        self.acked: dict[int, int | None] = {}

    def accept(self, ident: int) -> None:
        """The message with this id is on its way to the log."""
        self.last_id = ident
        self.unacked[ident] = None

    def acknowledge(self, acks: Acks) -> None:
        """The messages with these ids are stored, or the commands are done."""
        for ident, seq in acks:
            self.unacked.pop(ident, None)
            self.acked[ident] = seq
            if len(self.acked) > REMEMBERED:
                del self.acked[next(iter(self.acked))]
        if self.user:
            self.user.output.acknowledge(acks)

    def fail(self, idents: Sequence[int], why: str) -> None:
        """The messages with these ids could not be stored, and may be sent again; `why` is the rest of a sentence."""
        for ident in idents:
            self.forget(ident)
        if self.user:
            self.user.output.fail(idents, why)

    def forget(self, ident: int) -> None:
        """What was sent with this id may be sent again."""
        self.unacked.pop(ident, None)
        self.last_id = max(self.acked, default=-1)


class User:
    """A user who is connected from `address`, and is sent everything by `output`.

    member: the number of the connection in the log
    running: the command that waits for a reply
    resumable: what outlives the connection
    name: None until the user has joined
    account: None for a guest
    target: where messages go; a resumed private conversation is not open before its messages are read
    addressee: where the line at hand goes, or which conversation it is about
    room: the key of the room where messages go, if `target` is one
    at: the same of the line at hand
    positions: the last message that was read, by the keys of rooms; None if that is not kept
    unread_marks: for each conversation the last message that was written to the connection, which may be dead
    last_mark: the last of these that was proposed, since the connection is alive
    message_id: the id of the line at hand, as long as it has no answer; None in a format without ids
    offered: another name, and its password, which /name would register
    since, active: when the user joined, and when the last line came, in milliseconds since 1970
    is_private: nobody else can read what is sent, because of TLS or since it stays on this machine
    is_asked: the peer was asked whether it is there, and has sent nothing since
    is_closed: nothing more is read from the connection
    """

    __slots__ = (
        "account",
        "active",
        "address",
        "addressee",
        "at",
        "has_left",
        "is_asked",
        "is_closed",
        "is_private",
        "last_mark",
        "member",
        "message_id",
        "name",
        "network",
        "offered",
        "output",
        "positions",
        "resumable",
        "room",
        "running",
        "since",
        "target",
        "unread_marks",
    )

    def __init__(self, output: Output, address: str, member: int) -> None:
        self.output = output
        self.address = address
        self.network = network_of(address)
        self.member = member
        self.running: Running | None = None
        self.resumable = ResumableSession(b"", 0)
        self.name: Name | None = None
        self.account: Account | None = None
        self.target: Target = Place.ROOM
        self.addressee: Target = Place.ROOM
        self.room = self.at = LOBBY
        self.positions: dict[str, int] | None = None
        self.unread_marks: dict[Account, MarkRead] = {}
        self.last_mark: MarkRead | None = None
        self.message_id: int | None = None
        self.offered: tuple[Name, str] | None = None
        self.since = self.active = 0
        self.is_private = self.is_asked = self.is_closed = self.has_left = False

    @property
    def role(self) -> Role:
        """The user's role, which decides what the user may do."""
        return self.account.role if self.account else Role.GUEST

    @property
    def partner(self) -> Account | None:
        """The other user of the current private conversation; None in the room."""
        return None if isinstance(self.target, Place) else self.target

    def hears(self, other: Account) -> bool:
        """Tell whether the peer is shown private messages of and to `other` at once."""
        return self.output.shows_private or self.partner is other

    def require_name(self) -> Name:
        """Return the name. Raises Refusal if there is none yet."""
        if not self.name:
            raise Refusal("no-name", texts.CHOOSE_NAME)
        return self.name

    def require_account(self) -> Account:
        """Return the account. Raises Refusal if the user is a guest."""
        if not self.account:
            raise Refusal("not-allowed", texts.NEEDS_ACCOUNT)
        return self.account

    def ask(self) -> bool:
        """Ask the peer whether it is there; return False if it can't be asked."""
        self.is_asked = self.output.ask()
        return self.is_asked

    def stop(self) -> None:
        """Stop the command that runs; its pending request is carried out all the same."""
        if self.running:
            self.running.close()
            self.running = None

    def notice(self, text: str, times: Sequence[str] = (), seq: int = 0) -> None:
        """Send a notice to this user; see Output."""
        self.output.notice(text, times, seq)

    def tell_identity(self) -> None:
        """Tell the user's name and role."""
        self.output.identity(self.require_name().shown, self.role)

    def set_target(self, target: Target, conversation: str = "") -> None:
        """Send messages to `target` from now on, and tell the user; see Output.target."""
        self.target = self.resumable.target = target
        if isinstance(target, Account):
            self.resumable.partners[target.name.key] = target
        self.output.target(target, conversation)
