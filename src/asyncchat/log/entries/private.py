"""Private messages. Accounts are given by their numbers."""

from dataclasses import dataclass
from typing import NamedTuple

from asyncchat.log.entries.entry import Entry
from asyncchat.log.room_events import Sent


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


@dataclass(frozen=True, slots=True)
class ChangePrivate(Entry[None]):
    """Give a message of `sender` another text, or delete it, if `text` is empty; `token_hash` and `ident`: see Sent.

    Raises NoMessage if there is none with that number, or if it is deleted.
    """

    sender: int
    to: int
    seq: int
    text: str
    time: int
    token_hash: bytes = b""
    ident: int = 0
