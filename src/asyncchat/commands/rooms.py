"""The commands for rooms: which there are, to enter one, and to leave it."""

from asyncchat.chat.core import ChatCore
from asyncchat.chat.user import Place, User
from asyncchat.commands.table import Group, command
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Role
from asyncchat.log.entries import Depart, Enter, MakeRoom
from asyncchat.log.room_events import MOST_ROOMS
from asyncchat.log.state import LOBBY, RoomRole
from asyncchat.text import room_texts
from asyncchat.text.refusals import NoRoom, TooManyRooms
from asyncchat.text.usernames import Name, NameRefused, parse_name

LISTED = 100
"""Rooms that /rooms shows."""

_NEEDED = {Role.REGISTERED: room_texts.ROOMS_BY_REGISTERED, Role.ADMIN: room_texts.ROOMS_BY_ADMIN}


@command("/rooms", help="show the rooms, and how many users are in each", group=Group.ROOMS)
async def _rooms(core: ChatCore, user: User, _: str) -> None:
    rooms = sorted(core.visible_rooms(user.account), key=lambda room: (-len(room.members), room.shown))
    lines = [room_texts.room(room.shown, len(room.members), room.topic) for room in rooms[:LISTED]]
    if len(rooms) > LISTED:
        lines.append(room_texts.more_rooms(len(rooms) - LISTED))
    user.output.notices(lines)


@command(
    "/join",
    argument="[#ROOM]",
    help="enter a room, which is made if there is none; without #ROOM, show the rooms",
    sets_target=True,
    group=Group.ROOMS,
)
async def _join(core: ChatCore, user: User, wanted: str) -> None:
    if not wanted:
        await _rooms(core, user, "")
        return
    leaving = user.room if user.output.has_one_room else None
    await enter(core, user, wanted, leaving=leaving)


@command("/leave", help="leave this room, and return to the default room", sets_target=True, group=Group.ROOMS)
async def _leave(core: ChatCore, user: User, _: str) -> None:
    if user.at == LOBBY:
        user.notice(room_texts.LEAVES_DEFAULT_ROOM)
        return
    if user.at != user.room:
        await part(core, user, core.state.rooms[user.at].conversation)
        return
    conversation = core.state.rooms[user.at].conversation
    left = user.at
    await enter(core, user, core.room.shown, leaving=left)
    core.unfollow(user, left)
    user.output.parted(conversation)


async def enter(core: ChatCore, user: User, wanted: str, leaving: str | None = None) -> None:
    """Enter a room, unless the user is in it, and write there. Raises Refusal.

    leaving: the key of a room to leave in the same moment
    """
    user.room = await _enter(core, user, wanted, None, leaving)
    if user.output.has_one_room:
        user.target = user.resumable.target = Place.ROOM
    else:
        user.set_target(Place.ROOM, core.conversation_of(user))


async def enter_too(core: ChatCore, user: User, wanted: str, after: int | None) -> None:
    """Enter a room, and show its messages after the number `after`; messages go where they went. Raises Refusal."""
    await _enter(core, user, wanted, after, None)


async def _enter(core: ChatCore, user: User, wanted: str, after: int | None, leaving: str | None) -> str:
    """Enter a room, show its last messages, and return its key."""
    key = core.find_room(wanted, user.account)
    is_in = key is not None and key in core.rooms_of(user)
    if key is None:
        name = _new_room(core, user, wanted, leaving)
        key = name.key
        account = user.account.id if user.account else None
        await MakeRoom(user.member, name, user.require_name(), core.clock(), core.max_rooms, leaving, account)
    elif not is_in or leaving not in {None, key}:
        await Enter(user.member, key, leaving)
    if not is_in:
        core.follow(user, key, after)
        show(core, user, key, after)
    return key


def show(core: ChatCore, user: User, key: str, after: int | None = None, most: int = 0) -> None:
    """Tell the user of a room that was entered, with its last messages, or those `after` a number.

    most: bytes that these may have; without it, as many as may wait for a peer
    """
    most = most or core.max_backlog
    room = core.state.rooms[key]
    first = user.resumable.rooms.get(key, 1)
    read = None if user.positions is None else user.positions.setdefault(key, 0)
    if after is None:
        missed = core.last(user.resumable.history, key)
        user.output.entered(room, user.require_name(), missed, room.seq + 1 - len(missed), most, read=read)
    else:
        first = 1 if user.account else first
        missed = room.since(max(after, first - 1))
        changed = room.changed(first, after)
        user.output.entered(room, user.require_name(), missed, after + 1, most, changed, read)
    if user.account and room.roles.get(user.account.id) is RoomRole.MODERATOR:
        user.output.rank(room.conversation, moderates=True)


async def part(core: ChatCore, user: User, wanted: str) -> None:
    """Leave a room, and write nowhere if messages went there. Raises Refusal."""
    key = core.find_room(wanted, user.account)
    if key is None or key not in core.rooms_of(user):
        raise NoRoom(room_texts.NOT_IN_ROOM)
    conversation = core.state.rooms[key].conversation
    await Depart(user.member, key)
    core.unfollow(user, key)
    user.output.parted(conversation)
    if user.room == key:
        user.room = next(iter(core.rooms_of(user)), LOBBY)
        if user.target is Place.ROOM:
            user.set_target(Place.NOWHERE)


def _new_room(core: ChatCore, user: User, wanted: str, leaving: str | None) -> Name:
    try:
        name = parse_name(wanted.removeprefix("#"))
    except NameRefused as refused:
        raise Refusal(refused.code, room_texts.room_refused(str(refused))) from None
    if user.role < core.may_make_rooms:
        raise Refusal("no-room", f"{room_texts.NO_ROOM} {_NEEDED[core.may_make_rooms]}")
    core.refuse_muted(user.require_name())
    # First, so that the answer does not tell whether there is a private room.
    if len([room for room in core.rooms_of(user) if room != leaving]) >= MOST_ROOMS:
        raise TooManyRooms(room_texts.in_too_many_rooms(MOST_ROOMS))
    if len(core.state.rooms) >= core.max_rooms:
        raise TooManyRooms(room_texts.TOO_MANY_ROOMS)
    core.credential_limiter.count_room(user.network)
    core.refuse_room_name(name)
    return name
