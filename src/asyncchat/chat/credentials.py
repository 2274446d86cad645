"""What a command asks that has a password in it, which first has to be hashed."""

from dataclasses import dataclass

from asyncchat.log.accounts import Account
from asyncchat.log.requests import Request
from asyncchat.text.usernames import Name


class Secret(str):
    """A password, which nothing shows by accident."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return something else."""
        return "'…'"


# With a password, which first has to be hashed. `seat`: the hash of the token that shall be enough from now on.


@dataclass(frozen=True, slots=True)
class Register(Request[None]):
    """Make `name` somebody's."""

    name: Name
    password: Secret
    seat: bytes


@dataclass(frozen=True, slots=True)
class Authorize(Request[None]):
    """See whether this is the password of `account`; the answer is None if it is; else WrongPassword is raised."""

    account: Account
    password: Secret
    seat: bytes


@dataclass(frozen=True, slots=True)
class ChangePassword(Request[None]):
    """Give `account` another password; the tokens of all seats but one do for it no more."""

    account: Account
    password: Secret
    seat: bytes


@dataclass(frozen=True, slots=True)
class Unregister(Request[None]):
    """Delete `account` and its conversations, if this is its password; else WrongPassword is raised."""

    account: Account
    password: Secret


Credentials = Register | Authorize | ChangePassword | Unregister
