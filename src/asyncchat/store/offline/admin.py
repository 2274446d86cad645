"""What the operator does with the file of a store: list its accounts, and change them while no server uses it."""

import contextlib
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import datetime

from asyncchat.errors import ChatError
from asyncchat.log.accounts import Account, Role
from asyncchat.log.entries import AnyEntry, LiftRestriction, SetRole, StorePassword
from asyncchat.log.restrictions import Restriction, RestrictionKind
from asyncchat.store.file import ERRORS, Retention, StoreFile, open_to_read, reason
from asyncchat.store.location import shown
from asyncchat.store.tables.entries import EntryStore, Tables
from asyncchat.text.usernames import Name, find_name

OPERATOR = Name("the operator", "")
"""The name of the operator in the audit log; no account can have it."""

_ROLES = {Role.REGISTERED: "registered", Role.MODERATOR: "moderator", Role.ADMIN: "admin"}


class Operator(ABC):
    """Changes passwords, roles and bans.

    Each method returns a sentence that says what was done, and raises ChatError if it can't be done.
    """

    def __init__(self, entries: Tables) -> None:
        self._entries = entries

    def reset_password(self, name: str, ask: Callable[[Name], str]) -> str:
        """Set the password of an account, of which `ask` returns the hash, and delete its tokens."""
        account = self._find(name)
        password = ask(account.name)
        self._keep(StorePassword(account.id, password, b""), audited="reset-password", about=account)
        return f"{account.name.shown} has another password, and must log in with it everywhere"

    def grant(self, name: str) -> str:
        """Make a user a moderator."""
        account = self._find(name)
        if account.role >= Role.MODERATOR:
            raise ChatError(f"{account.name.shown} is already a moderator")
        self._keep(SetRole(OPERATOR, account.id, Role.MODERATOR, now()))
        return f"{account.name.shown} is a moderator now"

    def revoke(self, name: str) -> str:
        """Remove the moderator role from a user."""
        account = self._find(name)
        if account.role != Role.MODERATOR:
            raise ChatError(f"{account.name.shown} is not a moderator")
        self._keep(SetRole(OPERATOR, account.id, Role.REGISTERED, now()))
        return f"{account.name.shown} is no longer a moderator"

    def unban(self, name: str) -> str:
        """Lift a ban."""
        wanted = find_name(name)
        for restriction in _in_force(self._entries.moderation.restrictions()):
            if restriction.kind == RestrictionKind.BAN and (
                (wanted and restriction.name.key == wanted.key) or restriction.name.shown == name
            ):
                self._keep(LiftRestriction(OPERATOR, RestrictionKind.BAN, restriction.name, now()))
                return f"{restriction.name.shown} is no longer banned"
        raise ChatError(f"{shown(name)} is not banned")

    def _find(self, name: str) -> Account:
        wanted = find_name(name)
        for account in self._entries.accounts.all():
            if wanted and account.name.key == wanted.key:
                return account
        raise ChatError(f"{shown(name)} is not registered")

    @abstractmethod
    def _keep(self, entry: AnyEntry, audited: str = "", about: Account | None = None) -> None:
        """Store an entry, and an action about an account in the audit log."""


class FileOperator(Operator):
    """Does that in the store in `file`, which no server uses."""

    def __init__(self, file: StoreFile) -> None:
        super().__init__(_entries(file.connection))
        self._file = file

    def _keep(self, entry: AnyEntry, audited: str = "", about: Account | None = None) -> None:
        with self._file.transaction():
            self._entries.write(entry)
            if about:
                self._entries.moderation.audit(OPERATOR, audited, about.name.shown, now())


@contextlib.contextmanager
def operating(path: str) -> Iterator[Operator]:
    """Open the store at `path`, and keep servers from using it meanwhile.

    Raises InUse if a server has it, and ChatError if it can't be used.
    """
    open_to_read(path).close()  # what is no store does not become one
    with contextlib.closing(StoreFile(path)) as file:
        try:
            yield FileOperator(file)
        except ERRORS as error:
            raise ChatError(f"nothing is changed in {shown(path)}: {reason(error)}") from None


def people_in(path: str) -> list[str]:
    """Return a line for each account, and for each guest who is banned or muted, by name; times are local.

    Raises ChatError.
    """
    with contextlib.closing(open_to_read(path)) as connection:
        try:
            return describe_people(_entries(connection))
        except ERRORS as error:
            raise ChatError(f"can't read the store {shown(path)}: {reason(error)}") from None


def describe_people(entries: Tables) -> list[str]:
    """Return the same from the tables of a store. Raises what the database raises."""
    accounts, restrictions = entries.accounts.all(), _in_force(entries.moderation.restrictions())
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
    return [restriction for restriction in restrictions if not restriction.ends_before(now())]


def _entries(connection: sqlite3.Connection) -> EntryStore:
    return EntryStore(connection, Retention(), now)


def now() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000
