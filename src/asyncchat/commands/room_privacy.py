"""The commands of the moderators of a room: who may enter it, and who else is a moderator."""

from asyncchat.chat.core import ChatCore
from asyncchat.chat.user import Place, User
from asyncchat.commands.table import Group, command
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Account, Role
from asyncchat.log.entries import SetPrivate, SetRoomRole
from asyncchat.log.state import LOBBY, RoomRole, RoomState
from asyncchat.text import room_texts, texts
from asyncchat.text.command_line import excerpt
from asyncchat.text.usernames import find_name

MOST_ROLES = 1000
"""Accounts that can have a role in one room."""


@command(
    "/private",
    argument="on|off",
    help="make this room private, so that only invited users can enter and see it, or public again",
    role=Role.MODERATOR,
    for_rooms=True,
    needs_store=True,
    group=Group.ROOMS,
)
async def _private(core: ChatCore, user: User, argument: str) -> None:
    room = _room_at_hand(core, user)
    if argument not in {"on", "off"}:
        raise Refusal("no-argument", room_texts.WRITE_PRIVATE)
    is_private = argument == "on"
    if room.is_private == is_private:
        raise Refusal("no-change", room_texts.PRIVATE_ALREADY if is_private else room_texts.PUBLIC_ALREADY)
    own = user.require_account()
    members = {own.id, *(member.account.id for member in core.users_in(user.at) if member.account)}
    await SetPrivate(own.name, user.at, is_private, tuple(sorted(members)), core.clock())


@command(
    "/invite",
    argument="NAME",
    help="let a registered user enter this room while it is private",
    role=Role.MODERATOR,
    for_rooms=True,
    needs_store=True,
    group=Group.ROOMS,
)
async def _invite(core: ChatCore, user: User, wanted: str) -> None:
    room = _room_at_hand(core, user)
    account = _find_account(core, wanted, "/invite")
    if account.id in room.roles:
        raise Refusal("invited", room_texts.INVITED_ALREADY)
    await set_role(core, user, account, RoomRole.INVITED)
    user.notice(room_texts.invited(account.name.shown, room.shown))


@command(
    "/uninvite",
    argument="NAME",
    help="withdraw an invitation; the user leaves the room if it is private",
    role=Role.MODERATOR,
    for_rooms=True,
    needs_store=True,
    group=Group.ROOMS,
)
async def _uninvite(core: ChatCore, user: User, wanted: str) -> None:
    room = _room_at_hand(core, user)
    account = _find_account(core, wanted, "/uninvite")
    role = room.roles.get(account.id)
    if role is None:
        raise Refusal("not-invited", room_texts.NOT_INVITED_YET)
    if role is RoomRole.MODERATOR:
        raise Refusal("not-allowed", room_texts.REVOKE_FIRST)
    await set_role(core, user, account, None)
    user.notice(room_texts.uninvited(account.name.shown, room.shown))


async def set_role(core: ChatCore, user: User, account: Account, role: RoomRole | None) -> None:
    """Give an account a role in the room at hand, or none. Raises Refusal."""
    room = _room_at_hand(core, user)
    if role is not None and account.id not in room.roles and len(room.roles) >= MOST_ROLES:
        raise Refusal("too-many", room_texts.too_many_roles(MOST_ROLES))
    await SetRoomRole(user.require_account().name, user.at, account.id, account.name, role, core.clock())


def _room_at_hand(core: ChatCore, user: User) -> RoomState:
    """Return the room that the line is about, and of which the user is a moderator. Raises Refusal."""
    if user.at == LOBBY or user.addressee is not Place.ROOM:
        raise Refusal("default-room", room_texts.NOT_THE_DEFAULT_ROOM)
    return core.state.rooms[user.at]


def _find_account(core: ChatCore, wanted: str, command_name: str) -> Account:
    if not wanted:
        raise Refusal("no-argument", texts.write_whom(command_name))
    name = find_name(wanted)
    if not (account := core.find_account(name) if name else None):
        raise Refusal("not-registered", texts.not_registered(excerpt(wanted)))
    return account
