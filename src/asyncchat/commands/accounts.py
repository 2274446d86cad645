"""The commands for names that are one's own, and who may have which name."""

import re
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from precis_i18n import get_profile

from asyncchat.chat.credentials import Authorize, ChangePassword, Register, Secret, Unregister
from asyncchat.commands.table import word_of
from asyncchat.errors import Banned, NameTaken, Refusal, WrongPassword
from asyncchat.log.accounts import ADMIN, LONGEST_PASSWORD, SHORTEST_PASSWORD, Account
from asyncchat.text.usernames import Name, NameRefused, prepare

if TYPE_CHECKING:
    from asyncchat.sessions.session import Session

_PASSWORD = get_profile("OpaqueString")
_DIGITS = re.compile("([\u0660-\u0669]+|[\u06f0-\u06f9]+)")

REGISTERED = "you are registered successfully!"
AUTHORIZED = "you are authorized successfully!"


def password(raw: str) -> Secret:
    """Return a password as it is compared (RFC 8265, OpaqueString). Raises Refusal if it can't be one."""
    raw = raw.strip()
    if len(raw) < SHORTEST_PASSWORD:
        raise Refusal("short-password", "the password is too short!")
    if len(raw) > LONGEST_PASSWORD:  # before it is prepared, which takes the square of some characters
        raise Refusal("long-password", "the password is too long!")
    try:
        return Secret(_enforced(raw))
    except UnicodeEncodeError:
        raise Refusal("password-refused", "it has a character that no password can have.") from None


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
    if _key_of(secret) == name.key:
        # So that a password that is written in the place of a name, and then again, is not what all see.
        raise Refusal("password-refused", "the password can't be the name.")
    return secret


def check_guest(session: "Session", name: Name, *, is_back: bool) -> None:
    """See whether the peer may come in under a name that is nobody's; `is_back`: it has shown that it had that before.

    Raises Refusal, NameRefused and NameTaken.
    """
    host = session.host
    host.refuse_reserved(name)
    if host.find_account(name):
        raise Refusal(
            "name-registered",
            f"this name is registered. Write /auth {name.shown} PASSWORD, or choose another one.",
        )
    if host.is_banned(name) or host.shuts_out(session.address):
        raise Banned
    if not is_back:
        host.refuse_alike(name)
    if host.needs_account:
        raise Refusal(
            "guest",
            f"this chat is for registered people. Write /registration {name.shown} PASSWORD"
            " to make the name yours, or /auth NAME PASSWORD.",
        )
    if host.accounts and host.accounts.is_reserved(name.key):
        raise NameTaken(name.shown)


def check_new(session: "Session", name: Name) -> None:
    """See whether the peer may make `name` its own. Raises Refusal."""
    host = session.host
    assert host.accounts
    if session.account:
        raise Refusal(
            "registered",
            f"you are registered already, as {session.account.name.shown}."
            " Write /password PASSWORD for another password.",
        )
    if host.is_banned(name) or host.shuts_out(session.address):
        raise Banned
    _refuse_muted(session, name)
    holder = host.present.get(name.key)
    if host.accounts.find(name.key) or host.accounts.is_reserved(name.key) or (holder and holder is not session):
        raise Refusal("login-taken", "this login is already taken! Choose another one.")
    try:
        host.refuse_reserved(name)
        host.refuse_alike(name, own=session.named)
    except NameRefused as refused:
        raise _unusable(refused) from None


def check_owner(session: "Session", account: Account | None) -> Account:
    """See whether the peer may try to show that it owns `account`. Raises Refusal."""
    if not account:
        raise Refusal("incorrect-login", "incorrect login!")
    if session.account:
        raise Refusal(
            "authorized",
            f"you are authorized already, as {session.account.name.shown}."
            " Leave with /exit to come in as somebody else.",
        )
    session.host.check_not_banned(account.name)
    _refuse_muted(session, account.name)
    return account


def _refuse_muted(session: "Session", name: Name) -> None:
    """Let nobody leave a mute behind with the name. Raises Refusal."""
    if session.named and session.named.key != name.key:
        session.host.check_not_muted(session.named)


async def register(session: "Session", name: Name, raw: str, seat: bytes) -> Account:
    """Make `name` the peer's own. Raises Refusal."""
    check_new(session, name)
    accounts = session.host.accounts
    assert accounts
    secret = new_password(name, raw)
    accounts.reserve(name)
    await Register(name, secret, seat)
    _refuse_muted(session, name)  # meanwhile
    account = accounts.find(name.key)
    assert account  # it is only just made
    return account


async def authorize(session: "Session", account: Account, raw: str, seat: bytes) -> None:
    """Let the peer show that `account` is its own. Raises Refusal."""
    await Authorize(account, _known(raw), seat)
    _refuse_muted(session, account.name)  # meanwhile


def _known(raw: str) -> Secret:
    """Return a password that may be one that is kept. Raises Refusal if it is none that anybody could have chosen."""
    try:
        return password(raw)
    except Refusal:
        raise WrongPassword from None


async def _register(session: "Session", argument: str) -> None:
    login, raw = _split(argument)
    session.offered = None
    if session.named:
        await _register_named(session, session.named, login, raw)
    elif not raw:
        raise Refusal("no-argument", "write the name and a password: /registration LOGIN PASSWORD")
    else:
        await _register_as(session, _prepared(login), raw)


async def _register_named(session: "Session", own: Name, login: str, raw: str) -> None:
    """Register the name that all see already: no word behind the command may become one without being asked for."""
    if _key_of(login) == own.key:
        login, raw = raw, ""
    elif raw:
        name = _prepared(login)
        check_new(session, name)
        new_password(name, raw)
        session.offered = name, raw
        raise Refusal(
            "other-name",
            f"nothing is registered yet. If the first word is to be your name instead of {own.shown}, which all see,"
            f" write /name and that word. If it belongs to the password: /register {own.shown} PASSWORD",
        )
    if not login:
        raise Refusal("no-argument", "write a password for your name: /register PASSWORD")
    await _register_as(session, own, login)


async def _name(session: "Session", login: str) -> None:
    offered, session.offered = session.offered, None
    if not offered or offered[0].key != _key_of(login):
        raise Refusal("no-name", "write /register LOGIN PASSWORD first, then /name and the same LOGIN.")
    await _register_as(session, *offered)


async def _register_as(session: "Session", name: Name, raw: str) -> None:
    account = await register(session, name, raw, session.key_of_seat)
    session.doubts.learn_password(raw)
    await session.become(account, REGISTERED)


def _split(argument: str) -> tuple[str, str]:
    """Return the first word, and what follows it."""
    login = word_of(argument)
    return login, argument[len(login) :].strip()


def _key_of(word: str) -> str:
    try:
        return prepare(word).key
    except NameRefused:
        return ""


def _prepared(login: str) -> Name:
    try:
        return prepare(login)
    except NameRefused as refused:
        raise _unusable(refused) from None


def _unusable(refused: NameRefused) -> Refusal:
    return Refusal(refused.code, f"this name can't be used: {refused}. Choose another one.")


async def _auth(session: "Session", argument: str) -> None:
    login, raw = _split(argument)
    if not raw:
        raise Refusal("no-argument", "write your name and your password: /auth LOGIN PASSWORD")
    try:
        account = session.host.find_account(prepare(login))
    except NameRefused:
        account = None
    account = check_owner(session, account)
    await authorize(session, account, raw, session.key_of_seat)
    session.doubts.learn_password(raw)
    await session.become(account, AUTHORIZED)


async def _password(session: "Session", raw: str) -> None:
    assert session.account
    if not raw:
        raise Refusal("no-argument", "write the new password: /password PASSWORD")
    await ChangePassword(session.account, new_password(session.account.name, raw), session.key_of_seat)
    session.doubts.learn_password(raw)
    session.notice("your password is changed")


async def _unregister(session: "Session", raw: str) -> None:
    assert session.account
    if not raw:
        raise Refusal(
            "no-argument", "this gives up your name and deletes your private conversations: /unregister PASSWORD"
        )
    if session.account.name.key == ADMIN:
        raise Refusal("admin", "the admin can't be unregistered.")

    await Unregister(session.account, _known(raw))
    session.notice("your name is not registered any more")


RUN: dict[str, Callable[["Session", str], Coroutine[Any, Any, None]]] = {
    "/registration": _register,
    "/name": _name,
    "/auth": _auth,
    "/password": _password,
    "/unregister": _unregister,
}
