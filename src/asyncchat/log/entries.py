"""What the log keeps: everything that changes what others see, in one order; see `apply` for what each does.

An entry has all in it that applying it needs, the time too (milliseconds since 1970), so that whoever applies the same
entries has the same state. Awaiting one proposes it, and gives its result as soon as it is applied.
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


# Who is there. These need no keeping: after a start of the server nobody is there.


@dataclass(frozen=True, slots=True)
class Join(Entry[None]):
    """Become a member, or take the place of the connection by which one is one already.

    member: a number that no other member has, of this connection
    network: where it comes from
    account: the number of the account that the name belongs to, if it is one
    token_hash: of the token with which a guest can come back

    Raises Banned, NameTaken, and IncorrectLogin if there is no such account any more.
    """

    name: Name
    member: int
    time: int
    network: str = ""
    account: int | None = None
    token_hash: bytes = b""


@dataclass(frozen=True, slots=True)
class Rename(Entry[None]):
    """Go on under the name of an account. Raises Banned, NameTaken, IncorrectLogin, and NotThere."""

    member: int
    new: Name
    account: int
    time: int


@dataclass(frozen=True, slots=True)
class Leave(Entry[None]):
    """Be a member no more; `is_news`: not if all are leaving, since the chat ends. Raises NotThere."""

    member: int
    is_news: bool = True


@dataclass(frozen=True, slots=True)
class Count(Entry[None]):
    """Tell everybody how many members there are; changes nothing."""


@dataclass(frozen=True, slots=True)
class Mark(Entry[None]):
    """Changes nothing: when it is applied, so is all that came before."""


# What one says to one other; accounts are meant by their numbers.


class PrivateStored(NamedTuple):
    """A private message is kept, under this number; `unread`: how many wait for whom it is for."""

    seq: int
    time: int
    unread: int


class PrivateHistory(NamedTuple):
    """What to show of a private conversation: what was read, what is new, and how much is new before that."""

    read: list[Sent]
    new: list[Sent]
    more: int


@dataclass(frozen=True, slots=True)
class SendPrivate(Entry[PrivateStored]):
    """Send something to one person alone; `token_hash` and `ident`: as for a message in the room."""

    sender: int
    to: int
    text: str
    time: int
    token_hash: bytes = b""
    ident: int = 0


@dataclass(frozen=True, slots=True)
class OpenConversation(Entry[PrivateHistory]):
    """Let `who` read the conversation with `other`, all or what comes `after` a message."""

    who: int
    other: int
    after: int | None = None


@dataclass(frozen=True, slots=True)
class MarkRead(Entry[None]):
    """`who` has seen what came from `other`, up to the number `seq`."""

    who: int
    other: int
    seq: int


# Accounts.


@dataclass(frozen=True, slots=True)
class CreateAccount(Entry[None]):
    """Make `name` an account's, with this hash of its password, and a token that does for it.

    It gets the next number, which no other account has ever had. Raises LoginTaken and Banned.
    """

    name: Name
    password: str
    token_hash: bytes
    time: int
    network: str = ""


@dataclass(frozen=True, slots=True)
class StoreToken(Entry[None]):
    """Let `account` come back with this token and without its password.

    `checked`: the hash that was found right, `password`: a new one of the same, if there is one. Raises WrongPassword
    if there is another password by now.
    """

    account: int
    checked: str
    token_hash: bytes
    time: int
    password: str | None = None


@dataclass(frozen=True, slots=True)
class StorePassword(Entry[None]):
    """Give `account` another password, by its hash; from now on no other token than this one does for it."""

    account: int
    password: str
    token_hash: bytes


@dataclass(frozen=True, slots=True)
class Seen(Entry[None]):
    """`account` was here at that time."""

    account: int
    time: int


@dataclass(frozen=True, slots=True)
class DeleteAccount(Entry[None]):
    """Keep nothing of `account` but when its name was given up."""

    account: int
    time: int


@dataclass(frozen=True, slots=True)
class SetRole(Entry[None]):
    """Give `account` another role."""

    by: Name
    account: int
    role: Role
    time: int


# Moderation.


@dataclass(frozen=True, slots=True)
class Restrict(Entry[None]):
    """Ban or mute; `action`: what it is called."""

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
    """Say what the chat is about."""

    by: Name
    text: str
    time: int


KEPT_NOWHERE = (Join, Rename, Leave, Count, Mark)
"""What is applied without being kept."""

ALONE = (
    CreateAccount,
    StoreToken,
    StorePassword,
    DeleteAccount,
    SetRole,
    Restrict,
    LiftRestriction,
    SetTopic,
)
"""What is handed to the log by itself: what may be done next depends on it."""

AnyEntry = (
    Join
    | Rename
    | Leave
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
"""What a batch is made of: messages, by far the most, and other entries."""
