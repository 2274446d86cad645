"""What a session asks to be kept beyond the conversation in the room; as soon as it is kept, it holds."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from asyncchat.chat.accounts import Account
from asyncchat.chat.commands import Who
from asyncchat.chat.messages import Sent
from asyncchat.chat.names import Name
from asyncchat.chat.order import Kind, Sentence
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


class Register(NamedTuple):
    """Make `name` somebody's; the answer is the Account."""

    name: Name
    password: Secret
    seat: bytes


class Authorize(NamedTuple):
    """See whether this is the password of `account`; the answer is None if it is."""

    account: Account
    password: Secret
    seat: bytes


class ChangePassword(NamedTuple):
    """Give `account` another password; the tokens of all seats but one do for it no more."""

    account: Account
    password: Secret
    seat: bytes


class Unregister(NamedTuple):
    """Delete `account` and its conversations, if this is its password."""

    account: Account
    password: Secret


Credentials = Register | Authorize | ChangePassword | Unregister


@dataclass(frozen=True)  # an empty tuple would be false
class Wrong:
    """Not the password."""


class NotNow(NamedTuple):
    """It is not done; `why`, and what to do, and a `code` for programs."""

    why: str
    code: str = "not-now"


# What becomes of these, and what else there is to keep.


class NewAccount(NamedTuple):
    """Somebody's name from now on; `password`: its hash. The answer is the Account."""

    name: Name
    password: str
    seat: bytes


class Seated(NamedTuple):
    """`account` can come back to this seat without a password.

    `checked`: the hash that was found right, `password`: a new one of the same, if there is one. The answer is Wrong if
    there is another password by now.
    """

    account: Account
    checked: str
    seat: bytes
    password: str | None = None


class NewPassword(NamedTuple):
    """From now on `account` has another password, by its hash, and comes back without it to no seat but this one."""

    account: Account
    password: str
    seat: bytes


class Gone(NamedTuple):
    """Nothing is kept of `account` but when its name was given up."""

    account: Account


class Appoint(NamedTuple):
    """Give `account` another role."""

    by: Name
    account: Account
    role: Who


class Sentenced(NamedTuple):
    """Pass a sentence; `act` is what it is called, `session` who is there under that name."""

    by: Name
    sentence: Sentence
    act: str
    session: "Session | None"


class Pardon(NamedTuple):
    """Lift a sentence."""

    by: Name
    kind: Kind
    name: Name


class SetTopic(NamedTuple):
    """Say what the chat is about."""

    by: Name
    text: str


class Send(NamedTuple):
    """Send something to one person alone; the answer is Stored. `poster` and `ident`: as for a message in the room."""

    sender: Account
    to: Account
    text: str
    time: int
    poster: Poster | None
    ident: int


class Turn(NamedTuple):
    """Let `who` read the conversation with `to`, all or what comes `after` a message; the answer is Conversation."""

    who: Account
    to: Account
    after: int | None = None


class MarkRead(NamedTuple):
    """`who` has seen what came from `to`, up to the number `seq`."""

    who: Account
    to: Account
    seq: int


Change = NewAccount | Seated | NewPassword | Gone | Appoint | Sentenced | Pardon | SetTopic | Send | Turn | MarkRead


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
