"""What the operator does with a store by its file: see who is in it, and change that while no server uses it."""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from asyncchat.errors import ChatError
from asyncchat.log.accounts import Account, Role
from asyncchat.log.entries import AnyEntry, LiftRestriction, SetRole, StorePassword
from asyncchat.log.restrictions import Restriction, RestrictionKind
from asyncchat.store.file import ERRORS, Retention, StoreFile, open_to_read, reason
from asyncchat.store.location import shown
from asyncchat.store.people import People
from asyncchat.text.usernames import Name, NameRefused, parse_name

OPERATOR = Name("the operator", "")
"""By whom the audit says that it was done; no account can have this name."""

_ROLES = {Role.REGISTERED: "registered", Role.MODERATOR: "moderator", Role.ADMIN: "admin"}


class Operator:
    """Changes who may do what in the store in `file`, which no server uses.

    Each method returns what to say when it is done, and raises ChatError if it can't be.
    """

    def __init__(self, file: StoreFile) -> None:
        self._file = file
        self._people = _people(file.connection)

    def reset_password(self, name: str, ask: Callable[[Name], str]) -> str:
        """Give an account another password, of which `ask` returns the hash, and let nobody come back to it without."""
        account = self._find(name)
        password = ask(account.name)
        self._keep(StorePassword(account.id, password, b""), audited="reset-password", about=account)
        return f"{account.name.shown} has another password, and must log in with it everywhere"

    def grant(self, name: str) -> str:
        """Make somebody a moderator."""
        account = self._find(name)
        if account.role >= Role.MODERATOR:
            raise ChatError(f"{account.name.shown} is already a moderator")
        self._keep(SetRole(OPERATOR, account.id, Role.MODERATOR, _now()))
        return f"{account.name.shown} is a moderator now"

    def revoke(self, name: str) -> str:
        """Make a moderator one no more."""
        account = self._find(name)
        if account.role != Role.MODERATOR:
            raise ChatError(f"{account.name.shown} is not a moderator")
        self._keep(SetRole(OPERATOR, account.id, Role.REGISTERED, _now()))
        return f"{account.name.shown} is no longer a moderator"

    def unban(self, name: str) -> str:
        """Lift a ban."""
        key = _key_of(name)
        for restriction in _in_force(self._people.restrictions()):
            if restriction.kind == RestrictionKind.BAN and (
                restriction.name.key == key or restriction.name.shown == name
            ):
                self._keep(LiftRestriction(OPERATOR, RestrictionKind.BAN, restriction.name, _now()))
                return f"{restriction.name.shown} is no longer banned"
        raise ChatError(f"{shown(name)} is not banned")

    def _find(self, name: str) -> Account:
        key = _key_of(name)
        for account in self._people.accounts():
            if account.name.key == key:
                return account
        raise ChatError(f"{shown(name)} is not registered")

    def _keep(self, entry: AnyEntry, audited: str = "", about: Account | None = None) -> None:
        with self._file.transaction():
            self._people.write(entry)
            if about:
                self._people.audit(OPERATOR, audited, about.name.shown, _now())


@contextlib.contextmanager
def operating(path: str) -> Iterator[Operator]:
    """Have the store at `path` to oneself. Raises InUse if a server has it, and ChatError if it can't be used."""
    open_to_read(path).close()  # what is no store does not become one
    with contextlib.closing(StoreFile(path)) as file:
        try:
            yield Operator(file)
        except ERRORS as error:
            raise ChatError(f"nothing is changed in {shown(path)}: {reason(error)}") from None


def people_in(path: str) -> list[str]:
    """Return a line for each account, and for each guest who is banned or muted, by name; times are local.

    Raises ChatError.
    """
    with contextlib.closing(open_to_read(path)) as connection:
        people = _people(connection)
        try:
            accounts, restrictions = people.accounts(), _in_force(people.restrictions())
        except ERRORS as error:
            raise ChatError(f"can't read the store {shown(path)}: {reason(error)}") from None
    lines = {account.name.key: f"{account.name.shown}: {_ROLES[account.role]}" for account in accounts}
    for restriction in restrictions:
        name = restriction.name
        lines[name.key] = f"{lines.get(name.key, f'{name.shown}: guest')}, {_explained(restriction)}"
    return [lines[key] for key in sorted(lines)]


def _explained(restriction: Restriction) -> str:
    done = "banned" if restriction.kind == RestrictionKind.BAN else "muted"
    if restriction.until is None:
        return done
    return f"{done} until {datetime.fromtimestamp(restriction.until // 1000).astimezone().isoformat()}"


def _in_force(restrictions: list[Restriction]) -> list[Restriction]:
    return [restriction for restriction in restrictions if not restriction.ends_before(_now())]


def _key_of(name: str) -> str | None:
    try:
        return parse_name(name).key
    except NameRefused:
        return None


def _people(connection: sqlite3.Connection) -> People:
    return People(connection, Retention(), _now)


def _now() -> int:
    return time.time_ns() // 1_000_000
