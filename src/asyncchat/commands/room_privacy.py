"""The commands of the moderators of a room: who may enter it, and who else is a moderator."""

from asyncchat.chat.core import ChatCore
from asyncchat.chat.resumption import hash_token
from asyncchat.chat.user import Place, User
from asyncchat.commands.table import Group, command
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Account, Role
from asyncchat.log.entries import MakeInvite, RevokeInvite, SetPrivate, SetRoomRole
from asyncchat.log.invites import Invite
from asyncchat.log.restrictions import parse_duration
from asyncchat.log.room_events import to_the_second
from asyncchat.log.state import LOBBY, RoomRole, RoomState
from asyncchat.text import room_texts, texts
from asyncchat.text.command_line import excerpt
from asyncchat.text.refusals import PrivateRoom
from asyncchat.text.usernames import find_name

_LASTS, _USES = 7 * 86_400_000, 10
"""Milliseconds for which a link can be used, and how often."""

_DIGITS = 8

MOST_ROLES = 1000
"""Accounts that can have a role in one room."""


@command(
    "/private",
    argument="on|off",
    help="make this room private, so that only invited users can enter and see it, or public again",
    role=Role.MODERATOR,
    for_rooms=True,
    not_in_default=True,
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
    argument="NAME | [DURATION] [N]",
    help="let a registered user enter this room while it is private; without NAME, as a moderator of the server, make a"
    " link by which anybody can join, for 7 days and 10 times, or for DURATION and N times",
    role=Role.MODERATOR,
    for_rooms=True,
    needs_store=True,
    group=Group.ROOMS,
)
async def _invite(core: ChatCore, user: User, wanted: str) -> None:
    duration, _, uses = wanted.partition(" ")
    if not wanted or parse_duration(duration) is not None:
        await _make_link(core, user, parse_duration(duration) or _LASTS, uses.strip() or str(_USES))
        return
    room = _room_at_hand(core, user)
    account = _find_account(core, wanted, "/invite")
    if account.id in room.roles:
        raise Refusal("invited", room_texts.INVITED_ALREADY)
    await set_role(core, user, account, RoomRole.INVITED)
    user.notice(room_texts.invited(account.name.shown, room.shown))


@command(
    "/uninvite",
    argument="NAME|N",
    help="withdraw an invitation; the user leaves the room if it is private; N: revoke the link with this number, as a"
    " moderator of the server",
    role=Role.MODERATOR,
    for_rooms=True,
    needs_store=True,
    group=Group.ROOMS,
)
async def _uninvite(core: ChatCore, user: User, wanted: str) -> None:
    if wanted.isascii() and wanted.isdigit() and len(wanted) < _DIGITS:
        if user.role < Role.MODERATOR:
            raise Refusal("not-allowed", room_texts.NO_LINK_TO_REVOKE)
        await RevokeInvite(user.require_account().name, int(wanted), core.clock())
        user.notice(room_texts.revoked(wanted))
        return
    room = _room_at_hand(core, user)
    account = _find_account(core, wanted, "/uninvite")
    role = room.roles.get(account.id)
    if role is None:
        raise Refusal("not-invited", room_texts.NOT_INVITED_YET)
    if role is RoomRole.MODERATOR:
        raise Refusal("not-allowed", room_texts.REVOKE_FIRST)
    await set_role(core, user, account, None)
    user.notice(room_texts.uninvited(account.name.shown, room.shown))


@command(
    "/invites",
    help="list the links that invite",
    role=Role.MODERATOR,
    needs_store=True,
    group=Group.ROOMS,
)
async def _invites(core: ChatCore, user: User, _: str) -> None:
    invites = core.state.invites.all(core.clock())
    if not invites:
        user.notice(room_texts.NO_INVITES)
    for invite in invites:
        until = to_the_second(invite.until)
        user.notice(room_texts.invite(str(invite.number), invite.room, invite.by, invite.uses, until), [until])


async def _make_link(core: ChatCore, user: User, lasts: int, uses: str) -> None:
    if user.role < Role.MODERATOR:
        raise Refusal("not-allowed", room_texts.NO_LINK_TO_MAKE)
    if not (uses.isascii() and uses.isdigit() and 0 < len(uses) < _DIGITS and int(uses)):
        raise Refusal("no-number", room_texts.no_uses(excerpt(uses)))
    room = core.state.rooms[user.at]
    if room.is_private:
        raise PrivateRoom
    key, now = core.resumable.new_key(), core.clock()
    invite = Invite(
        core.state.invites.last + 1, hash_token(key), user.require_name().shown, room.shown, int(uses), now + lasts
    )
    await MakeInvite(user.require_account().name, invite, now)
    until = to_the_second(invite.until)
    user.notice(room_texts.invite(str(invite.number), invite.room, invite.by, invite.uses, until), [until])
    for link in core.links(user, room.conversation, key):
        user.notice(link)


async def set_role(core: ChatCore, user: User, account: Account, role: RoomRole | None) -> None:
    """Give an account a role in the room at hand, or none. Raises Refusal."""
    room = _room_at_hand(core, user)
    if role is not None and account.id not in room.roles and len(room.roles) >= MOST_ROLES:
        raise Refusal("too-many", room_texts.too_many_roles(MOST_ROLES))
    by, was = user.require_account().name, room.roles.get(account.id)
    await SetRoomRole(by, user.at, account.id, account.name, role, core.clock(), was)


def _room_at_hand(core: ChatCore, user: User) -> RoomState:
    """Return the room that the line is about, and of which the user is a moderator. Raises Refusal."""
    if user.at == LOBBY or user.addressee is not Place.ROOM:
        raise Refusal("default-room", room_texts.NOT_THE_DEFAULT_ROOM)
    return core.state.rooms[user.at]


def _find_account(core: ChatCore, wanted: str, command_name: str) -> Account:
    if not wanted:
        raise Refusal("no-argument", texts.name_missing(command_name))
    name = find_name(wanted)
    if not (account := core.find_account(name) if name else None):
        raise Refusal("not-registered", texts.not_registered(excerpt(wanted)))
    return account
