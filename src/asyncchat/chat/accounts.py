"""Whose names are whose: the accounts, at hand in memory; the store keeps them."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from asyncchat.chat.commands import Who
from asyncchat.chat.names import Name

ADMIN = "admin"
SHORTEST_PASSWORD = 8


class Account:
    """Somebody's name that is theirs; `password`: the hash that is kept of it."""

    __slots__ = ("id", "name", "password", "role")

    def __init__(self, ident: int, name: Name, password: str, role: Who) -> None:
        self.id = ident
        self.name = name
        self.password = password
        self.role = role


class Accounts:
    """All accounts there are.

    given_up: when names were given up, in milliseconds since 1970, by their keys
    reserved: the names that are about to be somebody's, by their keys
    """

    def __init__(self, accounts: Iterable[Account] = (), given_up: Mapping[str, int] = MappingProxyType({})) -> None:
        # Not at the top: its data takes a tenth of a second to load, and a chat without a store does not need it.
        from asyncchat.chat.lookalikes import looks_of

        self._looks_of = looks_of
        self._by_key: dict[str, Account] = {}
        self._by_id: dict[int, Account] = {}
        self._by_look: dict[str, dict[str, Account]] = {}
        self.given_up = dict(given_up)
        self.reserved: dict[str, Name] = {}
        for account in accounts:
            self.add(account)

    def find(self, key: str) -> Account | None:
        """Return the account whose name has this key."""
        return self._by_key.get(key)

    def get(self, ident: int | None) -> Account | None:
        """Return the account with this number; none for None."""
        return None if ident is None else self._by_id.get(ident)

    def like(self, name: Name) -> Name | None:
        """Return a name that looks like `name` and is another, if it is somebody's, or about to be."""
        looks = self._looks_of(name)
        found = [account.name for look in looks for account in self._by_look.get(look, {}).values()]
        found += [other for other in self.reserved.values() if self._looks_of(other) & looks]
        return next((other for other in found if other.key != name.key), None)

    def add(self, account: Account) -> None:
        """Know one more."""
        self._by_key[account.name.key] = self._by_id[account.id] = account
        for look in self._looks_of(account.name):
            self._by_look.setdefault(look, {})[account.name.key] = account

    def remove(self, account: Account, time: int) -> None:
        """Forget one, whose name was given up at that time."""
        self.given_up[account.name.key] = time
        del self._by_key[account.name.key], self._by_id[account.id]
        for look in self._looks_of(account.name):
            del self._by_look[look][account.name.key]
            if not self._by_look[look]:
                del self._by_look[look]
