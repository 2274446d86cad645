"""The entries of the log: everything that changes what users see, in one order; see `apply` for what each does.

An entry contains all that applying it needs, also the time (milliseconds since 1970), so that the same entries always
give the same state. Awaiting one proposes it, and returns its result as soon as it is applied.
"""

from dataclasses import dataclass
from typing import NamedTuple

from asyncchat.log.accounts import Role
from asyncchat.log.requests import R, Request
from asyncchat.log.restrictions import Action, Restriction, RestrictionKind
from asyncchat.log.room_events import Sent
from asyncchat.text.usernames import Name


class Entry(Request[R]):
    """An entry in the log; R is the type of its result."""

    __slots__ = ()


# Members. These are not stored: after a start of the server there are none.


@dataclass(frozen=True, slots=True)
class Join(Entry[None]):
    """Become a member, or replace the connection of a user who is one already.

    member: a number that no other member has, of this connection
    network: where it comes from
    account: the number of the account that the name belongs to, if it is one
    token_hash: of the token with which a guest can come back
    rooms: the keys of the rooms to be in, besides those that the user is in already; without those that do not exist

    Raises Banned, NameTaken, and IncorrectLogin if there is no such account any more.
    """

    name: Name
    member: int
    time: int
    network: str = ""
    account: int | None = None
    token_hash: bytes = b""
    rooms: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Rename(Entry[None]):
    """Continue under the name of an account. Raises Banned, NameTaken, IncorrectLogin, and NotThere."""

    member: int
    new: Name
    account: int
    time: int


@dataclass(frozen=True, slots=True)
class Leave(Entry[None]):
    """Stop being a member; `is_news`: false when all leave since the server ends. Raises NotThere."""

    member: int
    is_news: bool = True


@dataclass(frozen=True, slots=True)
class Enter(Entry[None]):
    """Enter a room, and leave the one with the key `leaving` in the same moment, if it is given.

    Raises NoRoom if there is none with that key, TooManyRooms if the member is in MOST_ROOMS, and NotThere.
    """

    member: int
    room: str
    leaving: str | None = None


@dataclass(frozen=True, slots=True)
class MakeRoom(Entry[None]):
    """Make a room that does not exist yet, and enter it, see Enter.

    by: the name of the member
    most: rooms that there may be, with this one
    """

    member: int
    room: Name
    by: Name
    time: int
    most: int
    leaving: str | None = None


@dataclass(frozen=True, slots=True)
class Depart(Entry[None]):
    """Leave a room, and stay in the chat. Raises NotThere, and NoRoom if the member is not in that room."""

    member: int
    room: str


@dataclass(frozen=True, slots=True)
class Count(Entry[None]):
    """Tell the members of a room how many they are; changes nothing."""

    room: str = ""


@dataclass(frozen=True, slots=True)
class Mark(Entry[None]):
    """Changes nothing: when it is applied, all earlier entries are, too."""


# Private messages. Accounts are given by their numbers.


class PrivateStored(NamedTuple):
    """A private message is stored with the number `seq`; `unread`: how many of the sender its reader has not read."""

    seq: int
    time: int
    unread: int


class PrivateHistory(NamedTuple):
    """What to show of a private conversation: read messages, new ones, and how many older ones are new, too."""

    read: list[Sent]
    new: list[Sent]
    more: int


@dataclass(frozen=True, slots=True)
class SendPrivate(Entry[PrivateStored]):
    """Send a message to one user alone; `token_hash` and `ident`: see Sent."""

    sender: int
    to: int
    text: str
    time: int
    token_hash: bytes = b""
    ident: int = 0


@dataclass(frozen=True, slots=True)
class OpenConversation(Entry[PrivateHistory]):
    """Read the conversation of `who` with `other`: the last messages, or those `after` a number; they count as read."""

    who: int
    other: int
    after: int | None = None


@dataclass(frozen=True, slots=True)
class MarkRead(Entry[None]):
    """`who` has read the messages of `other`, up to the number `seq`."""

    who: int
    other: int
    seq: int


# Accounts.


@dataclass(frozen=True, slots=True)
class CreateAccount(Entry[None]):
    """Make an account of `name`, with the hash of its password, and of a token that is enough to log in.

    It gets the next number; no number is used twice. Raises LoginTaken and Banned.
    """

    name: Name
    password: str
    token_hash: bytes
    time: int
    network: str = ""


@dataclass(frozen=True, slots=True)
class StoreToken(Entry[None]):
    """Let the owner of `account` log in with a token instead of the password.

    `checked`: the hash that the password was compared with; `password`: a stronger hash of the same password, if any.
    Raises WrongPassword if the password has changed meanwhile.
    """

    account: int
    checked: str
    token_hash: bytes
    time: int
    password: str | None = None


@dataclass(frozen=True, slots=True)
class StorePassword(Entry[None]):
    """Change the password of `account`, given as a hash; all other tokens of the account are revoked."""

    account: int
    password: str
    token_hash: bytes


@dataclass(frozen=True, slots=True)
class Seen(Entry[None]):
    """The owner of `account` was online at that time."""

    account: int
    time: int


@dataclass(frozen=True, slots=True)
class DeleteAccount(Entry[None]):
    """Delete `account` and its private conversations; only the time of the deletion is stored."""

    account: int
    time: int


@dataclass(frozen=True, slots=True)
class SetRole(Entry[None]):
    """Change the role of `account`; `by`: the admin who does it."""

    by: Name
    account: int
    role: Role
    time: int


# Moderation.


@dataclass(frozen=True, slots=True)
class Restrict(Entry[None]):
    """Ban or mute; `by`: the moderator, `action`: the command that was used."""

    by: Name
    restriction: Restriction
    action: Action
    time: int


@dataclass(frozen=True, slots=True)
class LiftRestriction(Entry[None]):
    """Lift a ban or a mute."""

    by: Name
    kind: RestrictionKind
    name: Name
    time: int


@dataclass(frozen=True, slots=True)
class SetTopic(Entry[None]):
    """Set the topic of a room; `by`: the moderator."""

    by: Name
    text: str
    time: int
    room: str = ""


KEPT_NOWHERE = (Join, Rename, Leave, Enter, Depart, Count, Mark)
"""Entries that are applied and not stored."""

ALONE = (
    CreateAccount,
    StoreToken,
    StorePassword,
    DeleteAccount,
    SetRole,
    Restrict,
    LiftRestriction,
    SetTopic,
    MakeRoom,
)
"""Entries that are a batch of their own: whether later entries are possible depends on them."""

AnyEntry = (
    Join
    | Rename
    | Leave
    | Enter
    | MakeRoom
    | Depart
    | Count
    | Mark
    | SendPrivate
    | OpenConversation
    | MarkRead
    | CreateAccount
    | StoreToken
    | StorePassword
    | Seen
    | DeleteAccount
    | SetRole
    | Restrict
    | LiftRestriction
    | SetTopic
)

Logged = Sent | AnyEntry
"""What a batch consists of: mostly messages, and other entries."""
