"""What has become of the log: who is there, what was said last, whose names are whose, and what order there is.

Only `apply` changes it.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from asyncchat.log.accounts import Account, Accounts
from asyncchat.log.restrictions import Restrictions
from asyncchat.log.room_events import Sent
from asyncchat.text.usernames import Name


class Member(NamedTuple):
    """Who is in a room; see Join."""

    name: Name
    number: int
    account: int | None
    token_hash: bytes


class RoomState:
    """A room: its members, its numbers, its last messages, as many as `remembered`, and its topic.

    members: by the keys of their names
    keys: of the members, by their numbers
    """

    def __init__(self, remembered: int, recent: Sequence[Sent] = (), seq: int = 0, topic: str = "") -> None:
        self.members: dict[str, Member] = {}
        self.keys: dict[int, str] = {}
        self.last: deque[Sent] = deque(recent, maxlen=remembered)
        self.seq = seq
        self.topic = topic

    def enter(self, member: Member) -> None:
        """Let somebody be a member, also in the place of one with the same name."""
        if before := self.members.get(member.name.key):
            del self.keys[before.number]
        self.members[member.name.key] = member
        self.keys[member.number] = member.name.key

    def leave(self, number: int) -> Member:
        """Let somebody be a member no more, who must be one."""
        return self.members.pop(self.keys.pop(number))

    def add(self, messages: Sequence[Sent]) -> None:
        """Messages were said."""
        self.last.extend(messages)
        self.seq = messages[-1].seq

    def newest(self, count: int) -> list[Sent]:
        """Return the last messages, at most `count`."""
        return list(islice(reversed(self.last), count))[::-1]

    def since(self, seq: int) -> list[Sent]:
        """Return the messages after the one with the number `seq`, as far back as they are kept."""
        return self.newest(min(max(self.seq - seq, 0), len(self.last)))

    def names(self, without: Name, most: int) -> tuple[list[str], int]:
        """Return the first `most` names in their order, leaving out `without`, and how many there are beyond these."""
        first = [key for key in heapq.nsmallest(most + 1, self.members) if key != without.key][:most]
        return [self.members[key].name.shown for key in first], len(self.members) - 1 - len(first)


class ChatState:
    """The state of the whole server.

    rooms: the conversations, by their names; "" is the one in which everybody is
    accounts: whose names are whose; None where nothing is kept
    restrictions: bans and mutes
    """

    def __init__(
        self, room: RoomState, accounts: Accounts | None = None, restrictions: Restrictions | None = None
    ) -> None:
        self.rooms: dict[str, RoomState] = {"": room}
        self.accounts = accounts
        self.restrictions = restrictions or Restrictions()

    @property
    def room(self) -> RoomState:
        """The room in which everybody is."""
        return self.rooms[""]

    def account(self, ident: int) -> Account | None:
        """Return the account with this number."""
        return self.accounts.get(ident) if self.accounts else None

    def missing(self, accounts: Iterable[int]) -> bool:
        """Tell whether one of these accounts is not there any more."""
        return any(not self.account(ident) for ident in accounts)
