"""The commands for names: register, log in, change the password, delete the account."""

from asyncchat.chat import login
from asyncchat.chat.core import ChatCore
from asyncchat.chat.requests.credentials import ChangePassword, Unregister, known_password, new_password
from asyncchat.chat.user import User
from asyncchat.commands.table import Group, command
from asyncchat.errors import Refusal
from asyncchat.log.accounts import ADMIN, Role
from asyncchat.text import texts
from asyncchat.text.command_line import word_of
from asyncchat.text.usernames import Name, NameRefused, find_name, is_name, parse_name


@command(
    "/registration",
    "/register",
    argument="LOGIN PASSWORD",
    help="register a name; in the room, PASSWORD alone registers your current name",
    before_login=True,
    needs_store=True,
    has_password=True,
    group=Group.NAME,
)
async def _register(core: ChatCore, user: User, argument: str) -> None:
    word, raw = _split(argument)
    user.offered = None
    if user.name:
        await _register_named(core, user, user.name, word, raw)
    elif not raw:
        raise Refusal("no-argument", texts.WRITE_REGISTRATION)
    else:
        await _register_as(core, user, _prepared(word), raw)


async def _register_named(core: ChatCore, user: User, own: Name, word: str, raw: str) -> None:
    """Register the name that all see already: no word behind the command may become one without being asked for."""
    if is_name(word, own):
        word, raw = raw, ""
    elif raw:
        name = _prepared(word)
        login.check_new(core, user, name)
        new_password(name, raw)
        user.offered = name, raw
        raise Refusal("other-name", texts.confirm_name(own.shown))
    if not word:
        raise Refusal("no-argument", texts.WRITE_PASSWORD_FOR_NAME)
    await _register_as(core, user, own, word)


@command(
    "/name",
    argument="LOGIN",
    help="confirm the new name after /register LOGIN PASSWORD in the room",
    needs_store=True,
    group=Group.NAME,
)
async def _name(core: ChatCore, user: User, word: str) -> None:
    offered, user.offered = user.offered, None
    if not offered or not is_name(word, offered[0]):
        raise Refusal("no-name", texts.WRITE_REGISTER_FIRST)
    await _register_as(core, user, *offered)


async def _register_as(core: ChatCore, user: User, name: Name, raw: str) -> None:
    account = await login.register(core, user, name, raw, user.resumable.token_hash)
    user.resumable.doubts.learn_password(raw)
    await login.log_in(core, user, account, texts.REGISTERED)


@command(
    "/auth",
    "/login",
    argument="LOGIN PASSWORD",
    help="log in to your registered name",
    before_login=True,
    needs_store=True,
    has_password=True,
    group=Group.NAME,
)
async def _auth(core: ChatCore, user: User, argument: str) -> None:
    word, raw = _split(argument)
    if not raw:
        raise Refusal("no-argument", texts.WRITE_AUTH)
    name = find_name(word)
    account = login.check_owner(core, user, core.find_account(name) if name else None)
    await login.authorize(core, user, account, raw, user.resumable.token_hash)
    user.resumable.doubts.learn_password(raw)
    await login.log_in(core, user, account, texts.AUTHORIZED)


@command(
    "/password",
    argument="PASSWORD",
    help="change your password",
    role=Role.REGISTERED,
    needs_store=True,
    has_password=True,
    group=Group.NAME,
)
async def _password(core: ChatCore, user: User, raw: str) -> None:
    account = user.require_account()
    if not raw:
        raise Refusal("no-argument", texts.WRITE_PASSWORD)
    secret = new_password(account.name, raw)
    core.credential_limiter.count_change(account)
    await ChangePassword(account, secret, user.resumable.token_hash)
    user.resumable.doubts.learn_password(raw)
    user.notice(texts.PASSWORD_CHANGED)


@command(
    "/unregister",
    argument="PASSWORD",
    help="delete your account and your private conversations",
    role=Role.REGISTERED,
    needs_store=True,
    has_password=True,
    group=Group.NAME,
)
async def _unregister(core: ChatCore, user: User, raw: str) -> None:
    account = user.require_account()
    if not raw:
        raise Refusal("no-argument", texts.WRITE_UNREGISTER)
    if account.name.key == ADMIN:
        raise Refusal("admin", texts.ADMIN_STAYS)
    secret = known_password(raw)
    core.credential_limiter.count_attempt(account, user.network)
    await Unregister(account, secret)
    user.notice(texts.UNREGISTERED)


def _split(argument: str) -> tuple[str, str]:
    """Return the first word, and what follows it."""
    word = word_of(argument)
    return word, argument[len(word) :].strip()


def _prepared(word: str) -> Name:
    try:
        return parse_name(word)
    except NameRefused as refused:
        raise login.unusable(refused) from None
