"""Passwords, and the requests that contain one: hashing it takes long, so the shell answers them."""

import re
from dataclasses import dataclass

from precis_i18n import get_profile

from asyncchat.errors import Refusal
from asyncchat.log.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD, Account
from asyncchat.log.requests import Request
from asyncchat.text import texts
from asyncchat.text.refusals import WrongPassword
from asyncchat.text.usernames import Name, is_name

_PASSWORD = get_profile("OpaqueString")
_DIGITS = re.compile("([\u0660-\u0669]+|[\u06f0-\u06f9]+)")


class Secret(str):
    """A password; its `repr` does not show it."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return something else."""
        return "'…'"


def password(raw: str) -> Secret:
    """Return a password as it is compared (RFC 8265, OpaqueString). Raises Refusal if it can't be one."""
    raw = raw.strip()
    if len(raw) < SHORTEST_PASSWORD:
        raise Refusal("short-password", texts.SHORT_PASSWORD)
    if len(raw) > LONGEST_PASSWORD:  # before it is prepared, which takes the square of some characters
        raise Refusal("long-password", texts.LONG_PASSWORD)
    try:
        return Secret(_enforced(raw))
    except UnicodeEncodeError:
        raise Refusal("password-refused", texts.PASSWORD_CHARACTER) from None


def _enforced(raw: str) -> str:
    """Return `raw` prepared, in the time that its length takes. Raises UnicodeEncodeError.

    For each Arabic-Indic digit precis_i18n looks for one of the other kind in the whole (RFC 5892, A.8 and A.9). So
    what is between them is prepared for itself: nothing is composed across a digit. (A Katakana dot wants its letter on
    the same side.)
    """
    parts = _DIGITS.split(raw)
    digits = parts[1::2]
    if len({digit < "\u06f0" for digit in digits}) > 1:
        _PASSWORD.enforce("\u0660\u06f0")  # which it refuses
    parts[::2] = [part and _PASSWORD.enforce(part) for part in parts[::2]]
    return "".join(parts)


def new_password(name: Name, raw: str) -> Secret:
    """Return another password for `name`, as it is compared. Raises Refusal if it can't be one."""
    secret = password(raw)
    if is_name(secret, name):
        # A user who writes the password when asked for a name must not join with it as the name.
        raise Refusal("password-refused", texts.PASSWORD_IS_NAME)
    return secret


def known_password(raw: str) -> Secret:
    """Return a password to compare with a stored one. Raises WrongPassword if it can't be a password at all."""
    try:
        return password(raw)
    except Refusal:
        raise WrongPassword from None


# Each has a password, which is hashed first. `token_hash`: of the token that is enough to log in from now on.


@dataclass(frozen=True, slots=True)
class RegisterAccount(Request[None]):
    """Make an account of `name`."""

    name: Name
    password: Secret
    token_hash: bytes


@dataclass(frozen=True, slots=True)
class CheckPassword(Request[None]):
    """Check the password of `account`. Raises WrongPassword."""

    account: Account
    password: Secret
    token_hash: bytes


@dataclass(frozen=True, slots=True)
class ChangePassword(Request[None]):
    """Give `account` another password; of its tokens only one stays valid."""

    account: Account
    password: Secret
    token_hash: bytes


@dataclass(frozen=True, slots=True)
class Unregister(Request[None]):
    """Delete `account` and its conversations, if this is its password. Raises WrongPassword."""

    account: Account
    password: Secret


Credentials = RegisterAccount | CheckPassword | ChangePassword | Unregister
