"""MODE: bans are those of the chat, and operators are its moderators."""

from asyncchat.errors import Refusal
from asyncchat.formats.irc.lines import Line, middle
from asyncchat.log.accounts import Role
from asyncchat.log.restrictions import RestrictionKind
from asyncchat.log.state import RoomState
from asyncchat.sessions.irc.session import IrcSession, handles
from asyncchat.text.irc import answers
from asyncchat.text.networks import network_written
from asyncchat.text.usernames import find_name, is_name

_FIXED = "nt"
"""The modes that every room has."""

_COMMANDS = {"+b": "/ban", "-b": "/unban", "+o": "/grant", "-o": "/revoke"}


def name_of_mask(mask: str) -> str:
    """Return the name that a mask is for; empty if it may be for several users, or for an address.

    The hosts that others see are names: so a ban of a host is one of a user.
    """
    nick, _, rest = mask.partition("!")
    for part in (nick, rest.rpartition("@")[2]):
        if find_name(part) and not network_written(part):
            return part
    return ""


@handles("MODE", least=1)
async def _mode(session: IrcSession, line: Line) -> None:
    target, user = line.params[0], session.user
    if not target.startswith("#"):
        if is_name(target, user.require_name()):
            session.output.numeric(221, "+")
        else:
            session.output.numeric(502, answers.OTHERS_MODE)
        return
    if not (room := session.find_room(target, must_be_in=False)):
        return
    if len(line.params) == 1:
        session.output.numeric(324, room.shown, f"+{_FIXED}")
        return
    sign, arguments = "+", iter(line.params[2:])
    for letter in line.params[1]:
        if letter in "+-":
            sign = letter
        elif letter == "b" and not (mask := next(arguments, "")):
            _list_bans(session, room)
        elif letter == "b":
            await _change(session, room, f"{sign}b", mask, name_of_mask(mask))
        elif letter == "o":
            wanted = next(arguments, "")
            await _change(session, room, f"{sign}o", wanted, wanted)
        elif letter not in _FIXED:
            session.output.numeric(472, middle(letter), answers.unknown_mode(room.shown))


async def _change(session: IrcSession, room: RoomState, mode: str, written: str, name: str) -> None:
    user, output = session.user, session.output
    if room.key not in session.core.rooms_of(user):
        output.numeric(442, room.shown, answers.NOT_ON_CHANNEL)
        return
    if not name:
        output.numeric(696, room.shown, mode[1], middle(written), answers.NOT_ONE_USER)
        return
    try:
        await session.command(_COMMANDS[mode], name, room.key, is_quiet=mode[1] == "b")
    except Refusal as refusal:
        if refusal.code != "not-online":
            raise
        output.numeric(401, middle(name), answers.NO_NICK)
    else:
        if mode[1] == "b":  # all members of the room are told of the others
            output.send(f"{output.encode.begin(user.require_name())} MODE {room.shown} {mode} {middle(written)}")


def _list_bans(session: IrcSession, room: RoomState) -> None:
    core, output = session.core, session.output
    if session.user.role >= Role.MODERATOR:
        for ban in core.restrictions.all(RestrictionKind.BAN, core.clock()):
            output.numeric(367, room.shown, f"{ban.name.shown}!*@*")
    output.numeric(368, room.shown, answers.END_OF_BANS)
