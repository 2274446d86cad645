"""The commands of moderators and of the admin."""

from asyncchat.chat.core import ChatCore
from asyncchat.chat.requests.queries import AuditLog
from asyncchat.chat.user import User
from asyncchat.commands.room_privacy import set_role
from asyncchat.commands.table import Group, command
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Account, Role
from asyncchat.log.entries import LiftRestriction, Restrict, SetRole
from asyncchat.log.restrictions import KICK_DURATION, Action, Restriction, RestrictionKind, as_name, parse_duration
from asyncchat.log.room_events import to_the_second
from asyncchat.log.state import LOBBY, RoomRole
from asyncchat.text import texts
from asyncchat.text.command_line import excerpt
from asyncchat.text.networks import network_written
from asyncchat.text.refusals import NotThere
from asyncchat.text.usernames import Name, find_name


@command(
    "/kick",
    argument="NAME",
    help="remove a user for five minutes",
    role=Role.MODERATOR,
    needs_store=True,
    group=Group.ORDER,
)
async def _kick(core: ChatCore, user: User, wanted: str) -> None:
    _require_argument(wanted, texts.name_missing("/kick"))
    name = _find_target(core, user, wanted, "kick")
    if not core.find_member(name):
        raise NotThere
    await _restrict(core, user, "kick", RestrictionKind.BAN, name, core.clock() + KICK_DURATION, "kicked")


@command(
    "/ban",
    argument="NAME|ADDRESS [DURATION]",
    help="ban a user, or all guests from an address, for 30m, 12h or 7d, or permanently",
    role=Role.MODERATOR,
    needs_store=True,
    group=Group.ORDER,
)
async def _ban(core: ChatCore, user: User, argument: str) -> None:
    await _restrict_for(core, user, argument, "ban", RestrictionKind.BAN, "banned")


@command(
    "/mute",
    argument="NAME [DURATION]",
    help="stop a user from writing in this room, for 30m, 12h or 7d, or permanently",
    role=Role.MODERATOR,
    for_rooms=True,
    needs_store=True,
    group=Group.ORDER,
)
async def _mute(core: ChatCore, user: User, argument: str) -> None:
    await _restrict_for(core, user, argument, "mute", RestrictionKind.MUTE, "muted")


async def _restrict_for(core: ChatCore, user: User, argument: str, act: str, kind: RestrictionKind, done: str) -> None:
    _require_argument(argument, texts.name_missing_before_time(f"/{act}"))
    wanted, _, how_long = argument.partition(" ")
    lasts = parse_duration(how_long.strip()) if how_long else None
    if how_long and lasts is None:
        raise Refusal("no-duration", texts.no_duration(excerpt(how_long.strip())))
    if kind == RestrictionKind.BAN and (network := network_written(wanted)):
        name = as_name(network)
    else:
        name = _find_target(core, user, wanted, act)
        known = core.find_member(name) or core.find_account(name) or core.recent_guests.find(name)
        if not (known or core.restrictions.find(kind, name.key, core.clock(), _place(user, kind))):
            raise NotThere
    await _restrict(core, user, act, kind, name, None if lasts is None else core.clock() + lasts, done)


async def _restrict(
    core: ChatCore, user: User, act: str, kind: RestrictionKind, name: Name, until: int | None, done: str
) -> None:
    room = _place(user, kind)
    own, theirs = core.rank_in(room, user.require_name()), core.rank_in(room, name)
    is_admin = theirs == Role.ADMIN
    if is_admin or theirs >= own:
        raise Refusal("not-allowed", texts.not_allowed(act, is_admin=is_admin))
    before = core.restrictions.find(kind, name.key, core.clock(), room)
    _refuse_lower(own, before, kind)
    online = core.online.get(name.key)
    address = (before.address if before else "") or _address_of(core, name, kind)
    restriction = Restriction(kind, name, address, until, own, room)
    end = to_the_second(until) if until is not None and act != "kick" else ""
    await Restrict(user.require_account().name, restriction, Action(act), core.clock())
    if online and kind == RestrictionKind.BAN:  # under another name by now, perhaps
        core.remove(online, Action(act))
    user.notice(texts.restricted(name.shown, done, end), [end] if end else [])


def _address_of(core: ChatCore, name: Name, kind: RestrictionKind) -> str:
    """Return the address to ban together with a name: that of the guest who has or had it; empty for an account."""
    if kind != RestrictionKind.BAN or core.find_account(name):
        return ""
    online, member, guest = core.online.get(name.key), core.find_member(name), core.recent_guests.find(name)
    if online:
        return online.address
    return member.network if member else guest.address if guest else network_written(name.key) or ""


def _place(user: User, kind: RestrictionKind) -> str:
    """Return the key of the room in which a restriction is to hold; bans are for the whole server."""
    return user.at if kind == RestrictionKind.MUTE else LOBBY


def _refuse_lower(role: Role, restriction: Restriction | None, kind: RestrictionKind) -> None:
    if restriction and restriction.rank > role:
        raise Refusal("not-allowed", texts.only_admin_can_change(kind))


@command("/unban", argument="NAME|ADDRESS", help="lift a ban", role=Role.MODERATOR, needs_store=True, group=Group.ORDER)
async def _unban(core: ChatCore, user: User, wanted: str) -> None:
    await _lift(core, user, wanted, "/unban", RestrictionKind.BAN, "banned")


@command(
    "/unmute",
    argument="NAME",
    help="lift a mute",
    role=Role.MODERATOR,
    for_rooms=True,
    needs_store=True,
    group=Group.ORDER,
)
async def _unmute(core: ChatCore, user: User, wanted: str) -> None:
    await _lift(core, user, wanted, "/unmute", RestrictionKind.MUTE, "muted")


async def _lift(core: ChatCore, user: User, wanted: str, command_name: str, kind: RestrictionKind, called: str) -> None:
    _require_argument(wanted, texts.name_missing(command_name))
    network = network_written(wanted)
    name = as_name(network) if network else find_name(wanted)
    room = _place(user, kind)
    restriction = name and core.restrictions.find(kind, name.key, core.clock(), room)
    if not restriction:
        raise Refusal("not-sentenced", texts.NOT_BANNED if kind == RestrictionKind.BAN else texts.NOT_MUTED)
    _refuse_lower(core.rank_in(room, user.require_name()), restriction, kind)
    await LiftRestriction(user.require_account().name, kind, restriction.name, core.clock(), room)
    user.notice(texts.no_longer(restriction.name.shown, called))


@command("/bans", help="list the bans", role=Role.MODERATOR, needs_store=True, group=Group.ORDER)
async def _bans(core: ChatCore, user: User, _: str) -> None:
    bans = core.restrictions.all(RestrictionKind.BAN, core.clock())
    times = [to_the_second(ban.until) for ban in bans if ban.until is not None]
    user.notice(texts.bans([str(ban) for ban in bans]), times)


@command("/audit", help="show the last actions of moderators", role=Role.MODERATOR, needs_store=True, group=Group.ORDER)
async def _audit(core: ChatCore, user: User, _: str) -> None:
    acts = await AuditLog(user.require_account())
    if not acts:
        user.notice(texts.NOTHING_DONE)
    for act in acts:
        time = to_the_second(act.time)
        until = [] if act.until is None else [to_the_second(act.until)]
        user.notice(f"{time} {act.by}: {act.act} {act.what}", [time, *until])


@command(
    "/grant",
    argument="NAME",
    help="make a user a moderator: of the server, or, in another room than the default one, of that room",
    role=Role.ADMIN,
    for_rooms=True,
    needs_store=True,
    group=Group.ORDER,
)
async def _grant(core: ChatCore, user: User, wanted: str) -> None:
    _require_argument(wanted, texts.name_missing("/grant"))
    account = _find_account(core, user, wanted)
    if user.at != LOBBY:
        if core.state.rooms[user.at].roles.get(account.id) is RoomRole.MODERATOR:
            raise Refusal("moderator", texts.IS_MODERATOR)
        await set_role(core, user, account, RoomRole.MODERATOR)
        user.notice(texts.granted(account.name.shown))
        return
    if account.role >= Role.MODERATOR:
        raise Refusal("moderator", texts.IS_MODERATOR)
    await SetRole(user.require_account().name, account.id, Role.MODERATOR, core.clock())
    user.notice(texts.granted(account.name.shown))


@command(
    "/revoke",
    argument="NAME",
    help="remove the moderator role from a user, as /grant gives it",
    role=Role.ADMIN,
    for_rooms=True,
    needs_store=True,
    group=Group.ORDER,
)
async def _revoke(core: ChatCore, user: User, wanted: str) -> None:
    _require_argument(wanted, texts.name_missing("/revoke"))
    account = _find_account(core, user, wanted)
    if user.at != LOBBY:
        if core.state.rooms[user.at].roles.get(account.id) is not RoomRole.MODERATOR:
            raise Refusal("no-moderator", texts.NOT_MODERATOR)
        await set_role(core, user, account, RoomRole.INVITED)
        user.notice(texts.no_longer(account.name.shown, texts.MODERATOR))
        return
    if account.role != Role.MODERATOR:
        raise Refusal("no-moderator", texts.NOT_MODERATOR)
    await SetRole(user.require_account().name, account.id, Role.REGISTERED, core.clock())
    user.notice(texts.no_longer(account.name.shown, texts.MODERATOR))


def _require_argument(argument: str, text: str) -> None:
    if not argument:
        raise Refusal("no-argument", text)


def _find_target(core: ChatCore, user: User, wanted: str, act: str) -> Name:
    """Return the name of another user, in its usual spelling if it is known. Raises Refusal."""
    name = find_name(wanted)
    if not name:
        raise NotThere
    if name.key == user.require_account().name.key:
        raise Refusal("yourself", texts.not_yourself(act))
    known = core.find_account(name) or core.find_member(name) or core.recent_guests.find(name)
    return known.name if known else name


def _find_account(core: ChatCore, user: User, wanted: str) -> Account:
    name = find_name(wanted)
    account = core.find_account(name) if name else None
    if account:
        return account
    if name and core.find_member(name):
        raise Refusal("not-registered", texts.is_guest(name.shown))
    raise NotThere
