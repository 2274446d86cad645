"""What IRC clients ask besides: who is there, modes, topics, moderation, and earlier messages."""

from collections.abc import Callable
from typing import Protocol

from asyncchat.chat.core import ChatCore
from asyncchat.chat.user import User
from asyncchat.errors import Refusal
from asyncchat.formats.irc import replies
from asyncchat.formats.irc.lines import Line
from asyncchat.formats.irc.output import IrcOutput
from asyncchat.log.accounts import Role
from asyncchat.log.restrictions import RestrictionKind
from asyncchat.log.room_events import ANNOUNCED
from asyncchat.log.state import Member, RoomState
from asyncchat.sessions.irc import history
from asyncchat.text.usernames import Name, find_name

_NUMERICS = {
    "muted": "404",
    "not-allowed": "482",
    "no-account": "482",
    "not-there": "401",
    "not-online": "401",
    "no-room": "403",
    "name-refused": "403",
}


class Asking(Protocol):
    """The session of the client that asks; see IrcSession."""

    core: ChatCore
    user: User

    @property
    def output(self) -> IrcOutput: ...  # noqa: D102

    @property
    def name(self) -> Name: ...  # noqa: D102

    def require(self, line: Line, count: int) -> bool: ...  # noqa: D102

    def room_of(self, wanted: str) -> str | None: ...  # noqa: D102

    def command(self, text: str, room: str = ..., *numeric: str) -> None: ...  # noqa: D102


def numeric_of(refusal: Refusal, usual: tuple[str, ...]) -> tuple[str, ...]:
    """Return the numeric for a refusal, with what it is about; nothing if it is answered with a notice."""
    if not usual:
        return ()
    return (_NUMERICS.get(refusal.code, usual[0]), *usual[1:])


def _topic(asking: Asking, line: Line) -> None:
    if not asking.require(line, 1) or (key := asking.room_of(line.parameters[0])) is None:
        return
    if len(line.parameters) < 2:
        asking.output.tell_topic(asking.core.state.rooms[key])
    else:
        asking.command(f"/topic {line.parameters[1] or '-'}", key, "482", line.parameters[0])


def _kick(asking: Asking, line: Line) -> None:
    if not asking.require(line, 2) or (key := asking.room_of(line.parameters[0])) is None:
        return
    name = find_name(line.parameters[1])
    if not name or name.key not in asking.core.state.rooms[key].members:
        asking.output.answer("441", line.parameters[1], line.parameters[0])
    else:
        asking.command(f"/kick {name.shown}", key, "482", line.parameters[0])


def _mode(asking: Asking, line: Line) -> None:
    if not asking.require(line, 1):
        return
    target, *change = line.parameters
    if not target.startswith("#"):
        if (name := find_name(target)) and name.key == asking.name.key:
            asking.output.reply("221", "+")
        else:
            asking.output.answer("502")
        return
    key = asking.core.find_room(target, asking.user.account)
    if key is None:
        asking.output.answer("403", target)
    elif not change:
        asking.output.reply("324", target, "+nt")
    else:
        _change_mode(asking, target, key, change)


def _change_mode(asking: Asking, target: str, key: str, change: list[str]) -> None:
    mode, who = change[0], change[1] if len(change) > 1 else ""
    sign, letter = (mode[0], mode[1:]) if mode[:1] in {"+", "-"} else ("+", mode)
    if letter == "b" and not who:
        may_see = asking.user.role >= Role.MODERATOR
        for ban in asking.core.restrictions.all(RestrictionKind.BAN, asking.core.clock()) if may_see else ():
            asking.output.reply("367", target, f"{ban.name.shown}!*@*")
        asking.output.answer("368", target)
    elif letter == "b":
        if name := name_of_mask(who):
            asking.command(f"/{'ban' if sign == '+' else 'unban'} {name}", key, "482", target)
        else:
            asking.output.notice(replies.NO_SHARED_BANS)
    elif letter == "o" and who:
        asking.command(f"/{'grant' if sign == '+' else 'revoke'} {who}", key, "482", target)
    elif letter in {"n", "t", "nt", "tn"}:
        asking.output.reply("324", target, "+nt")
    else:
        asking.output.answer("472", letter[:1] or "?")


def name_of_mask(mask: str) -> str:
    """Return the name of the one user whom a mask means: its nick, or its host if that is a name; else nothing."""
    nick, _, rest = mask.partition("!")
    host = rest.rpartition("@")[2] if rest else ""
    found = [part for part in (nick, host) if part and not set(part) & set("*?")]
    return found[0] if len(found) == 1 and find_name(found[0]) else ""


def _names(asking: Asking, line: Line) -> None:
    target = line.parameters[0] if line.parameters else "*"
    if (room := _visible(asking, target)) and target.startswith("#"):
        asking.output.tell_names(room)
    else:
        asking.output.answer("366", target)


def _visible(asking: Asking, target: str) -> RoomState | None:
    key = asking.core.find_room(target, asking.user.account) if target.startswith("#") else None
    return None if key is None else asking.core.state.rooms[key]


def _who(asking: Asking, line: Line) -> None:
    target = line.parameters[0] if line.parameters else "*"
    server, room = asking.output.how.server, _visible(asking, target)
    if room and len(room.members) <= ANNOUNCED:
        for name in room.members.values():
            shown = name.shown
            sign = asking.output.prefix(room, name)
            asking.output.answer("352", target, "u", shown, server, shown, f"H{sign}", shown=shown)
    elif member := _member(asking, target):
        shown = member.name.shown
        asking.output.answer("352", "*", "u", shown, server, shown, "H", shown=shown)
    asking.output.answer("315", target)


def _whois(asking: Asking, line: Line) -> None:
    if not asking.require(line, 1):
        return
    core, output, wanted = asking.core, asking.output, line.parameters[-1]
    name = find_name(wanted)
    member = core.find_member(name) if name else None
    if not member:
        output.answer("401", wanted)
        output.answer("318", wanted)
        return
    shown = member.name.shown
    output.reply("311", shown, "u", shown, "*", shown)
    mine = core.rooms_of(asking.user)
    common = [room for key in member.rooms if key in mine and (room := core.state.rooms[key])]
    if common:
        output.reply("319", shown, " ".join(f"{output.prefix(room, member.name)}{room.shown}" for room in common))
    output.reply("312", shown, output.how.server, "asyncchat")
    if member.account is not None:
        output.answer("330", shown, shown)
    if online := core.online.get(member.name.key):
        idle = max(core.clock() - online.active, 0) // 1000
        output.answer("317", shown, str(idle), str(online.since // 1000))
        if online.resumable.away:
            output.reply("301", shown, online.resumable.away)
    output.answer("318", shown)


def _list(asking: Asking, _line: Line) -> None:
    asking.output.answer("321", "Channel")
    for room in asking.core.visible_rooms(asking.user.account):
        asking.output.reply("322", room.shown, str(len(room.members)), room.topic)
    asking.output.answer("323")


def _away(asking: Asking, line: Line) -> None:
    text = line.parameters[0] if line.parameters else ""
    asking.user.resumable.away = text[:200]
    if text:
        asking.output.answer("306")
    else:
        asking.output.answer("305")


def _lusers(asking: Asking, _line: Line) -> None:
    members, rooms = len(asking.core.state.members), len(asking.core.visible_rooms(None))
    asking.output.answer("251", members=members)
    asking.output.answer("252", "0")
    asking.output.answer("254", str(rooms))
    asking.output.answer("255", members=members)


def _motd(asking: Asking, _line: Line) -> None:
    asking.output.answer("422")


def _version(asking: Asking, _line: Line) -> None:
    asking.output.reply("351", "asyncchat", asking.output.how.server, "")


def _userhost(asking: Asking, line: Line) -> None:
    there = [member.name for one in line.parameters[:5] if (member := _member(asking, one))]
    asking.output.reply("302", " ".join(f"{name.shown}={_presence(asking, name)}u@{name.shown}" for name in there))


def _presence(asking: Asking, name: Name) -> str:
    online = asking.core.online.get(name.key)
    return "-" if online and online.resumable.away else "+"


def _ison(asking: Asking, line: Line) -> None:
    wanted = [one for part in line.parameters for one in part.split()]
    there = [member.name.shown for one in wanted if (member := _member(asking, one))]
    asking.output.reply("303", " ".join(there))


def _member(asking: Asking, wanted: str) -> Member | None:
    name = find_name(wanted)
    return asking.core.find_member(name) if name else None


def _invite(asking: Asking, line: Line) -> None:
    if asking.require(line, 2) and (key := asking.room_of(line.parameters[1])) is not None:
        asking.command(f"/invite {line.parameters[0]}", key, "482", line.parameters[1])


def _operator(asking: Asking, _line: Line) -> None:
    asking.output.answer("491")


def _not_allowed(asking: Asking, line: Line) -> None:
    asking.output.answer("481")


def _chat_history(asking: Asking, line: Line) -> None:
    if asking.require(line, 3):
        history.answer(asking.core, asking.user, asking.output, line)


HANDLERS: dict[str, Callable[..., object]] = {
    "TOPIC": _topic,
    "KICK": _kick,
    "MODE": _mode,
    "NAMES": _names,
    "WHO": _who,
    "WHOIS": _whois,
    "LIST": _list,
    "AWAY": _away,
    "LUSERS": _lusers,
    "MOTD": _motd,
    "VERSION": _version,
    "USERHOST": _userhost,
    "ISON": _ison,
    "INVITE": _invite,
    "OPER": _operator,
    "KILL": _not_allowed,
    "CHATHISTORY": _chat_history,
}
