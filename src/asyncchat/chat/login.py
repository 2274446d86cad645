"""How a user joins: as a guest, with a password, or instead of another connection; and the checks of names for it."""

import contextlib

from asyncchat.chat.core import ChatCore
from asyncchat.chat.requests.credentials import CheckPassword, RegisterAccount, known_password, new_password
from asyncchat.chat.requests.queries import LoadPlaces, UnreadCounts
from asyncchat.chat.user import User
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Account
from asyncchat.log.entries import Depart, Join, Rename
from asyncchat.log.state import LOBBY
from asyncchat.text import texts
from asyncchat.text.refusals import Banned, IncorrectLogin, LoginTaken, NameTaken, NotKept, PlainPassword
from asyncchat.text.usernames import Name, NameRefused


def check_guest(core: ChatCore, user: User, name: Name, *, is_back: bool, is_invited: bool) -> None:
    """Check that the user may join as a guest under this name; `is_back`: it was the user's before, as the token shows.

    is_invited: also where accounts are required

    Raises Refusal, NameRefused and NameTaken.
    """
    core.refuse_reserved(name)
    if core.find_account(name):
        raise Refusal("name-registered", texts.name_registered(name.shown))
    if core.is_banned(name) or core.is_address_banned(user.address):
        raise Banned
    if not is_back:
        core.refuse_confusable(name, own=user.name)
    if core.needs_account and not is_invited:
        raise Refusal("guest", texts.accounts_only(name.shown))
    if core.accounts and core.accounts.is_reserved(name.key):
        raise NameTaken(name.shown)


def check_new(core: ChatCore, user: User, name: Name) -> None:
    """Check that the user may register `name`. Raises Refusal."""
    accounts = core.require_accounts()
    if user.account:
        raise Refusal("registered", texts.registered_already(user.account.name.shown))
    if core.is_banned(name) or core.is_address_banned(user.address):
        raise Banned
    _refuse_muted(core, user, name)
    holder = core.find_member(name)
    if accounts.find(name.key) or accounts.is_reserved(name.key) or (holder and holder.number != user.member):
        raise LoginTaken
    try:
        core.refuse_reserved(name)
        core.refuse_confusable(name, own=user.name)
    except NameRefused as refused:
        raise unusable(refused) from None


def check_owner(core: ChatCore, user: User, account: Account | None) -> Account:
    """Check that the user may try to log in to `account`. Raises Refusal."""
    if not account:
        raise IncorrectLogin
    if user.account:
        raise Refusal("authorized", texts.authorized_already(user.account.name.shown))
    core.refuse_banned(account.name)
    _refuse_muted(core, user, account.name)
    return account


def unusable(refused: NameRefused) -> Refusal:
    """Return why a name can't be registered."""
    return Refusal(refused.code, texts.choose_another_name(str(refused)))


def _refuse_muted(core: ChatCore, user: User, name: Name) -> None:
    """Raise Muted if the user is muted, and would escape that under another name."""
    if user.name and user.name.key != name.key:
        core.refuse_muted(user.name)


def refuse_plain_password(core: ChatCore, user: User) -> None:
    """Raise PlainPassword if others may read what this user sends."""
    if not (user.is_private or core.plain_passwords):
        raise PlainPassword


async def register(core: ChatCore, user: User, name: Name, raw: str, token_hash: bytes) -> Account:
    """Make an account of `name`, with a password as it was typed. Raises Refusal."""
    check_new(core, user, name)
    accounts = core.require_accounts()
    secret = new_password(name, raw)
    core.credential_limiter.count_registration(user.network)
    accounts.reserve(name)
    await RegisterAccount(name, secret, token_hash)
    _refuse_muted(core, user, name)  # meanwhile
    return accounts.of_key(name.key)


async def authorize(core: ChatCore, user: User, account: Account, raw: str, token_hash: bytes) -> None:
    """Check that this is the password of `account`, as it was typed. Raises Refusal."""
    secret = known_password(raw)
    core.credential_limiter.count_attempt(account, user.network)
    await CheckPassword(account, secret, token_hash)
    _refuse_muted(core, user, account.name)  # meanwhile


async def join_as_guest(
    core: ChatCore,
    user: User,
    name: Name,
    token_hash: bytes = b"",
    rooms: tuple[str, ...] = (LOBBY,),
    *,
    is_back: bool = False,
    is_invited: bool = False,
) -> None:
    """Join under a name that is not registered. Raises Refusal, NameRefused and NameTaken; see check_guest."""
    check_guest(core, user, name, is_back=is_back, is_invited=is_invited)
    await join(core, user, name, None, token_hash, rooms)


async def join_as_owner(
    core: ChatCore, user: User, account: Account, token_hash: bytes = b"", rooms: tuple[str, ...] = (LOBBY,)
) -> None:
    """Join as the owner of `account`; this replaces a connection that has the name already. Raises Refusal."""
    await join(core, user, account.name, account.id, token_hash, rooms)
    user.account = account
    core.note_seen(account)
    core.credential_limiter.was_right(account, user.network)


async def join(
    core: ChatCore,
    user: User,
    name: Name,
    account: int | None,
    token_hash: bytes,
    rooms: tuple[str, ...] = (LOBBY,),
) -> None:
    """Become a member, or take the place of the user's other connection, in `rooms` and no others; see Join.

    Raises NameTaken.
    """
    await Join(name, user.member, core.clock(), user.network, account, token_hash, rooms)
    before = core.online.get(name.key)
    user.since = user.active = core.clock()
    core.add_user(user, name)
    if before:
        core.replace(before, name)
    present = core.rooms_of(user)
    rooms = tuple(room for room in rooms if room in present) or present
    core.pipeline.audience.add(user.member, user.output.peer, user.output.encode, rooms)
    for room in present:
        if room not in rooms:  # where the other connection was
            core.propose(Depart(user.member, room))


async def rename(core: ChatCore, user: User, account: Account) -> None:
    """Go on under the name of the user's own account. Raises Refusal."""
    if user.require_name().key != account.name.key:
        try:
            await Rename(user.member, account.name, account.id, core.clock())
        except NameTaken:
            raise Refusal("name-taken", texts.on_another_connection(account.name.shown)) from None
        core.remove_user(user)
        core.add_user(user, account.name)
    core.set_account(user, account)


async def rename_guest(core: ChatCore, user: User, name: Name) -> None:
    """Go on as a guest under another name. Raises Refusal, NameRefused and NameTaken."""
    check_guest(core, user, name, is_back=False, is_invited=user.resumable.is_invited)
    _refuse_muted(core, user, name)
    await Rename(user.member, name, None, core.clock())
    core.remove_user(user)
    core.add_user(user, name)
    user.since = core.clock()  # what was sent before under this name is not this user's
    user.tell_identity()


async def log_in(core: ChatCore, user: User, account: Account, text: str) -> None:
    """Give the user the name of the account, after the password was right; join if necessary; send a notice."""
    if user.name:
        await rename(core, user, account)
        user.notice(text)
        await _follow_rooms(core, user, account)
        await tell_unread(user, account)
    else:
        await join_as_owner(core, user, account)
        user.notice(text)
        user.output.peer.write(user.output.encode(core.last()))


async def load_places(account: Account) -> dict[str, int] | None:
    """Return the rooms in which the user was last, and the last message read in each; None if that is not known."""
    with contextlib.suppress(NotKept):
        return await LoadPlaces(account)
    return None


async def _follow_rooms(core: ChatCore, user: User, account: Account) -> None:
    """Remember from now on in which rooms the user is, and tell what was read there."""
    if user.output.counts_unread and (places := await load_places(account)) is not None:
        user.positions = places
        for room in core.rooms_of(user):
            if room not in places:
                places[room] = 0
                core.follow(user, room)
            user.output.read(core.state.rooms[room].conversation, places[room])


async def tell_unread(user: User, account: Account) -> None:
    """Tell the user how many messages of each sender are unread, if the wire format has an event for it."""
    if user.output.counts_unread:
        with contextlib.suppress(NotKept):
            user.output.unread(await UnreadCounts(account))
