"""Accounts."""

from dataclasses import dataclass

from asyncchat.log.accounts import Role
from asyncchat.log.entries.entry import Entry
from asyncchat.text.usernames import Name


@dataclass(frozen=True, slots=True)
class CreateAccount(Entry[None]):
    """Make an account of `name`, with the hash of its password, and of a token that is enough to log in.

    It gets the next number; no number is used twice. Raises LoginTaken and Banned.
    """

    name: Name
    password: str
    token_hash: bytes
    time: int
    network: str = ""


@dataclass(frozen=True, slots=True)
class StoreToken(Entry[None]):
    """Let the owner of `account` log in with a token instead of the password.

    `checked`: the hash that the password was compared with; `password`: a stronger hash of the same password, if any.
    Raises WrongPassword if the password has changed meanwhile.
    """

    account: int
    checked: str
    token_hash: bytes
    time: int
    password: str | None = None


@dataclass(frozen=True, slots=True)
class StorePassword(Entry[None]):
    """Change the password of `account`, given as a hash; all other tokens of the account are revoked."""

    account: int
    password: str
    token_hash: bytes


@dataclass(frozen=True, slots=True)
class Seen(Entry[None]):
    """The owner of `account` was online at that time."""

    account: int
    time: int


@dataclass(frozen=True, slots=True)
class DeleteAccount(Entry[None]):
    """Delete `account` and its private conversations; only the time of the deletion is stored."""

    account: int
    time: int


@dataclass(frozen=True, slots=True)
class SetRole(Entry[None]):
    """Change the role of `account`; `by`: the admin who does it."""

    by: Name
    account: int
    role: Role
    time: int
