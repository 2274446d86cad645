"""The queries: requests that read from the store and change nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from asyncchat.log.accounts import Account
from asyncchat.log.requests import Request
from asyncchat.log.room_events import Sent


class ConversationKey(NamedTuple):
    """A private conversation; `who`: the user who asks about it, `other`: the other one."""

    who: Account
    other: Account


@dataclass(frozen=True, slots=True)
class History(Request[list[Sent]]):
    """SHOWN messages from the `nth` last on, or from the first if there are fewer.

    between: the private conversation; None for the room with the key `room`
    """

    nth: int
    between: ConversationKey | None = None
    room: str = ""


@dataclass(frozen=True, slots=True)
class Passage(Request[list[Sent]]):
    """Messages from the number `first` on, but none from the number `end` on: the first `most`, or the last ones.

    between, room: as in History
    """

    first: int
    end: int
    most: int
    are_last: bool
    between: ConversationKey | None = None
    room: str = ""


@dataclass(frozen=True, slots=True)
class Conversations(Request[list[tuple[str, int]]]):
    """With whom `who` has private conversations, and when the last message was sent: after one time, before another.

    Not all of them, but the first `most` by these times, or the last ones.
    """

    who: Account
    after: int
    before: int
    most: int
    are_last: bool


@dataclass(frozen=True, slots=True)
class Unread(Request["Waiting"]):
    """The last of the messages in a private conversation that `who` has not read; they stay unread."""

    between: ConversationKey


class Waiting(NamedTuple):
    """Unread messages, and how many there are before these."""

    messages: list[Sent]
    more: int


@dataclass(frozen=True, slots=True)
class Search(Request["Found"]):
    """The last messages that contain all of `words`.

    between, room: as in History
    everywhere: in all rooms that `reader`, None for a guest, may enter
    """

    words: str
    between: ConversationKey | None = None
    room: str = ""
    everywhere: bool = False
    reader: Account | None = None


class Found(NamedTuple):
    """The messages that a search has found; `is_all`: false if it was stopped before it reached the first message."""

    messages: list[Sent]
    is_all: bool = True


@dataclass(frozen=True, slots=True)
class FindMessage(Request[Sent | None]):
    """The message with a number in the room with the key `room`; None if there is none, or it is deleted.

    between: the private conversation that it is in; then it is one that `who` has sent, the last one without `seq`
    """

    seq: int | None
    room: str = ""
    between: ConversationKey | None = None


@dataclass(frozen=True, slots=True)
class LoadResumption(Request["SavedResumption"]):
    """Load what the store knows of the resumable session whose token has this hash."""

    token_hash: bytes


@dataclass(frozen=True, slots=True)
class LoadPlaces(Request[dict[str, int]]):
    """The keys of the rooms that the owner of an account follows, with the number of the last message that was read."""

    who: Account


@dataclass(frozen=True, slots=True)
class CountMessages(Request[tuple[int, int]]):
    """How many messages `who` has sent in a private conversation, and how many the other user."""

    between: ConversationKey


@dataclass(frozen=True, slots=True)
class UnreadCounts(Request[list[tuple[str, int]]]):
    """Who has sent unread private messages to `who`, and how many, in the order of the names."""

    who: Account


@dataclass(frozen=True, slots=True)
class AuditLog(Request["list[AuditEntry]"]):
    """The last actions of moderators, without those in private rooms to which `who` is not invited."""

    who: Account


class SavedResumption(NamedTuple):
    """What the store knows of a session.

    acks: ids and numbers of the messages that were sent from it last
    account: the number of the account that its user was logged in to
    since: when that was, in milliseconds since 1970
    partners: numbers of the accounts it has written to whose names belonged to others in that time
    name: the one of its last message in the room
    first: the number of the first message in the room that was sent from it and is still stored
    """

    acks: Sequence[tuple[int, int]]
    account: int | None
    since: int = 0
    partners: Sequence[int] = ()
    name: str = ""
    first: int | None = None


class AuditEntry(NamedTuple):
    """Something that a moderator or the operator has done.

    what: to which user, with when a ban or a mute ends; or the topic
    until: when that is, in milliseconds since 1970; None if it has no end, or is something else
    """

    time: int
    by: str
    act: str
    what: str
    until: int | None = None
