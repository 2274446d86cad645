"""The accounts, all of them in memory; the store keeps them."""

from collections.abc import Iterable, Mapping
from enum import IntEnum

from asyncchat.text.confusables import ConfusableIndex
from asyncchat.text.usernames import Name

ADMIN = "admin"
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 128
"""Characters, as they are typed."""


MOST_GIVEN_UP = 100_000
"""Deleted names of which the time of deletion is known; older ones are forgotten."""


class Role(IntEnum):
    """What a user may do; each role includes all that the roles before it may do."""

    GUEST = 0
    REGISTERED = 1
    MODERATOR = 2
    ADMIN = 3


class Account:
    """A registered name.

    password: its hash
    seen: when its owner was online last, in milliseconds since 1970, if that is known
    made: when it was registered, or 0
    """

    __slots__ = ("id", "made", "name", "password", "role", "seen")

    def __init__(
        self, ident: int, name: Name, password: str, role: Role, seen: int | None = None, made: int = 0
    ) -> None:
        self.id = ident
        self.name = name
        self.password = password
        self.role = role
        self.seen = seen
        self.made = made


class Accounts:
    """All accounts.

    given_up: when the accounts of names were deleted, in milliseconds since 1970, by the keys of the names, the oldest
        first
    next_id: the number of the next account; no number is used twice
    """

    def __init__(
        self, accounts: Iterable[Account] = (), given_up: Mapping[str, int] | None = None, next_id: int = 1
    ) -> None:
        self._by_key: dict[str, Account] = {}
        self._by_id: dict[int, Account] = {}
        self._looks = ConfusableIndex()
        self._reserved: dict[str, Name] = {}
        self._reserved_looks = ConfusableIndex()
        self.released = dict(given_up or {})
        self._forgotten = -1
        self.next_id = next_id
        for account in accounts:
            self.add(account)

    def find(self, key: str) -> Account | None:
        """Return the account of the name with this key."""
        return self._by_key.get(key)

    def of_key(self, key: str) -> Account:
        """Return the account of the name with this key. Raises KeyError."""
        return self._by_key[key]

    def get(self, ident: int | None) -> Account | None:
        """Return the account with this number; none for None."""
        return None if ident is None else self._by_id.get(ident)

    def of(self, ident: int) -> Account:
        """Return the account with this number. Raises KeyError."""
        return self._by_id[ident]

    def find_confusable(self, name: Name) -> Name | None:
        """Return another name that looks like this one and is registered, or about to be."""
        return self._looks.find(name) or self._reserved_looks.find(name)

    def add(self, account: Account) -> None:
        """Add an account."""
        self._by_key[account.name.key] = self._by_id[account.id] = account
        self.next_id = max(self.next_id, account.id + 1)
        self._looks.add(account.name)

    def when_released(self, key: str) -> int:
        """Return when the name with this key was last deleted at the latest, in milliseconds since 1970; -1: never."""
        return self.released.get(key, self._forgotten)

    def remove(self, account: Account, time: int) -> None:
        """Delete an account at `time`, in milliseconds since 1970."""
        self.released.pop(account.name.key, None)  # so that the oldest comes first
        self.released[account.name.key] = time
        if len(self.released) > MOST_GIVEN_UP:
            self._forgotten = max(self._forgotten, self.released.pop(next(iter(self.released))))
        del self._by_key[account.name.key], self._by_id[account.id]
        self._looks.remove(account.name)

    # Names whose registration is in progress.

    def reserve(self, name: Name) -> None:
        """Stop other users from using or registering the name, until it is released."""
        self._reserved[name.key] = name
        self._reserved_looks.add(name)

    def is_reserved(self, key: str) -> bool:
        """Tell whether the name with this key is about to be registered."""
        return key in self._reserved

    def release(self, key: str) -> None:
        """The registration has succeeded or failed."""
        if name := self._reserved.pop(key, None):
            self._reserved_looks.remove(name)
