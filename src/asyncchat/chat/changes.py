"""What a session asks to be kept beyond the conversation in the room; as soon as it is kept, it holds."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from asyncchat.chat.accounts import Account
from asyncchat.chat.commands import Who
from asyncchat.chat.messages import Sent
from asyncchat.chat.names import Name
from asyncchat.chat.order import Kind, Sentence
from asyncchat.chat.requests import Change, Request
from asyncchat.chat.room import Poster

if TYPE_CHECKING:
    from asyncchat.chat.session import Session


class Secret(str):
    """A password, which nothing shows by accident."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return something else."""
        return "'…'"


# With a password, which first has to be hashed. `seat`: the hash of the token that shall be enough from now on.


@dataclass(frozen=True, slots=True)
class Register(Request[Account]):
    """Make `name` somebody's; the answer is the Account."""

    name: Name
    password: Secret
    seat: bytes


@dataclass(frozen=True, slots=True)
class Authorize(Request[None]):
    """See whether this is the password of `account`; the answer is None if it is; else WrongPassword is raised."""

    account: Account
    password: Secret
    seat: bytes


@dataclass(frozen=True, slots=True)
class ChangePassword(Request[None]):
    """Give `account` another password; the tokens of all seats but one do for it no more."""

    account: Account
    password: Secret
    seat: bytes


@dataclass(frozen=True, slots=True)
class Unregister(Request[None]):
    """Delete `account` and its conversations, if this is its password; else WrongPassword is raised."""

    account: Account
    password: Secret


Credentials = Register | Authorize | ChangePassword | Unregister


# What becomes of these, and what else there is to keep.


@dataclass(frozen=True, slots=True)
class NewAccount(Change[Account]):
    """Somebody's name from now on; `password`: its hash. The answer is the Account."""

    name: Name
    password: str
    seat: bytes


@dataclass(frozen=True, slots=True)
class Seated(Change[None]):
    """`account` can come back to this seat without a password.

    `checked`: the hash that was found right, `password`: a new one of the same, if there is one. WrongPassword is
    raised if there is another password by now.
    """

    account: Account
    checked: str
    seat: bytes
    password: str | None = None


@dataclass(frozen=True, slots=True)
class NewPassword(Change[None]):
    """From now on `account` has another password, by its hash, and comes back without it to no seat but this one."""

    account: Account
    password: str
    seat: bytes


@dataclass(frozen=True, slots=True)
class Gone(Change[None]):
    """Nothing is kept of `account` but when its name was given up."""

    account: Account


@dataclass(frozen=True, slots=True)
class Appoint(Change[None]):
    """Give `account` another role."""

    by: Name
    account: Account
    role: Who


@dataclass(frozen=True, slots=True)
class Sentenced(Change[None]):
    """Pass a sentence; `act` is what it is called, `session` who is there under that name."""

    by: Name
    sentence: Sentence
    act: str
    session: "Session | None"


@dataclass(frozen=True, slots=True)
class Pardon(Change[None]):
    """Lift a sentence."""

    by: Name
    kind: Kind
    name: Name


@dataclass(frozen=True, slots=True)
class SetTopic(Change[None]):
    """Say what the chat is about."""

    by: Name
    text: str


@dataclass(frozen=True, slots=True)
class Send(Change["Stored"]):
    """Send something to one person alone; the answer is Stored. `poster` and `ident`: as for a message in the room."""

    sender: Account
    to: Account
    text: str
    time: int
    poster: Poster | None
    ident: int


@dataclass(frozen=True, slots=True)
class Turn(Change["Conversation"]):
    """Let `who` read the conversation with `to`, all or what comes `after` a message; the answer is Conversation."""

    who: Account
    to: Account
    after: int | None = None


@dataclass(frozen=True, slots=True)
class MarkRead(Change[None]):
    """`who` has seen what came from `to`, up to the number `seq`."""

    who: Account
    to: Account
    seq: int


@dataclass(frozen=True, slots=True)
class Seen(Change[None]):
    """Whose `account` is was there at some time, in milliseconds since 1970."""

    account: Account
    time: int


# Answers; None says that it is done.


class Stored(NamedTuple):
    """A private message is kept, under this number; `unread`: how many wait for whom it is for."""

    seq: int
    time: int
    unread: int


class Conversation(NamedTuple):
    """What to show of a private conversation: what was read, what is new, and how much is new before that."""

    read: list[Sent]
    new: list[Sent]
    more: int
