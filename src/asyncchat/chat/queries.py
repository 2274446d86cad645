"""What a session asks of what is kept beyond the room's memory; the answer takes a while."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from asyncchat.log.accounts import Account
from asyncchat.log.requests import Request
from asyncchat.log.room_events import Sent


class ConversationKey(NamedTuple):
    """The two who have a private conversation: who asks about it, and the other one."""

    who: Account
    other: Account


@dataclass(frozen=True, slots=True)
class History(Request[list[Sent]]):
    """The messages from the `nth` last on, or from the first, as many as are shown at a time: of the room, or between
    two."""

    nth: int
    between: ConversationKey | None = None


@dataclass(frozen=True, slots=True)
class Search(Request["Found"]):
    """The last messages that have all of `words` in them."""

    words: str
    between: ConversationKey | None = None


class Found(NamedTuple):
    """What was searched for; `is_all`: else there was no time to look further back."""

    messages: list[Sent]
    is_all: bool = True


@dataclass(frozen=True, slots=True)
class LoadResumption(Request["SavedResumption"]):
    """Load what the store knows of the resumable session whose token has this hash."""

    token_hash: bytes


@dataclass(frozen=True, slots=True)
class CountMessages(Request[tuple[int, int]]):
    """How many messages each of two has sent to the other."""

    between: ConversationKey


@dataclass(frozen=True, slots=True)
class UnreadCounts(Request[list[tuple[str, int]]]):
    """From whom messages wait for `who`, and how many, in the order of the names."""

    who: Account


@dataclass(frozen=True, slots=True)
class AuditLog(Request["list[AuditEntry]"]):
    """What was done last to keep order."""


class SavedResumption(NamedTuple):
    """What the store knows of a session.

    acks: ids and numbers of the messages that were sent from it last
    account: the number of the account whose password was shown
    since: when that was, in milliseconds since 1970
    partners: numbers of the accounts it has written to whose names belonged to others in that time
    name: the one of its last message in the room
    first: the number of the first message in the room that was sent from it and is still kept
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
