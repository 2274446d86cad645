"""The commands of IRC for channels, which are the rooms of the chat."""

from asyncchat.commands import rooms
from asyncchat.errors import Refusal
from asyncchat.formats.irc.lines import Line, middle, without_formatting
from asyncchat.sessions.irc.session import IrcSession, handles
from asyncchat.text import room_texts
from asyncchat.text.irc import answers
from asyncchat.text.refusals import NoRoom, TooManyRooms
from asyncchat.text.sanitize import sanitize
from asyncchat.text.usernames import find_name


@handles("JOIN", least=1)
async def _join(session: IrcSession, line: Line) -> None:
    core, user = session.core, session.user
    if line.params[0] == "0":
        for own in core.rooms_of(user):
            await rooms.part(core, user, core.state.rooms[own].shown)
        return
    for wanted in line.params[0].split(","):
        key = core.find_room(wanted, user.account)
        if wanted.startswith("#") and key is not None and key in core.rooms_of(user):
            continue
        try:
            if not wanted.startswith("#"):
                raise NoRoom
            await rooms.enter(core, user, wanted)
        except Refusal as refusal:
            core.counters.refused_lines[refusal.code] += 1
            session.output.numeric(405 if isinstance(refusal, TooManyRooms) else 403, middle(wanted), str(refusal))


@handles("PART", least=1)
async def _part(session: IrcSession, line: Line) -> None:
    for wanted in line.params[0].split(","):
        if session.find_room(wanted):
            await rooms.part(session.core, session.user, wanted)


@handles("TOPIC", least=1)
async def _topic(session: IrcSession, line: Line) -> None:
    if not (room := session.find_room(line.params[0])):
        return
    if text := line.param(1):
        await session.command("/topic", sanitize(without_formatting(text)), room.key)
    elif room.topic:
        session.output.topic_is(room)
    else:
        session.output.numeric(331, room.shown, answers.NO_TOPIC)


@handles("NAMES")
def _names(session: IrcSession, line: Line) -> None:
    wanted, core, user = line.param(0).partition(",")[0], session.core, session.user
    key = core.find_room(wanted, user.account) if wanted.startswith("#") else None
    if key is not None and key in core.rooms_of(user):
        session.output.names(core.state.rooms[key], user.name)
    else:
        session.output.numeric(366, middle(wanted), answers.END_OF_NAMES)


@handles("LIST")
def _list(session: IrcSession, line: Line) -> None:
    core, output = session.core, session.output
    output.numeric(321, "Channel", "Users  Name")
    wanted = {name.lower() for name in line.param(0).split(",") if name.startswith("#")}
    found = [room for room in core.visible_rooms(session.user.account) if not wanted or room.shown.lower() in wanted]
    found.sort(key=lambda room: (-len(room.members), room.shown))
    for room in found[: rooms.LISTED]:
        output.numeric(322, room.shown, str(len(room.members)), room.topic)
    output.numeric(323, answers.END_OF_LIST)
    if len(found) > rooms.LISTED:
        output.notice(room_texts.more_rooms(len(found) - rooms.LISTED))


@handles("KICK", least=2)
async def _kick(session: IrcSession, line: Line) -> None:
    if not (room := session.find_room(line.params[0])):
        return
    wanted = line.params[1].partition(",")[0]
    name = find_name(wanted)
    if session.core.moderates(session.user, room.key) and not (name and session.core.find_member(name)):
        session.output.numeric(401, middle(wanted), answers.NO_NICK)
    elif session.core.moderates(session.user, room.key) and name and name.key not in room.members:
        session.output.numeric(441, name.shown, room.shown, answers.NOT_ON_CHANNEL_THEY)
    else:
        await session.command("/kick", wanted, room.key)


@handles("INVITE", least=2)
async def _invite(session: IrcSession, line: Line) -> None:
    wanted, core = line.params[0], session.core
    if not (room := session.find_room(line.params[1])):
        return
    name = find_name(wanted)
    is_known = name is not None and bool(core.find_account(name) or core.find_member(name))
    if core.moderates(session.user, room.key) and not is_known:  # it may be a duration, which would make a link
        session.output.numeric(401, middle(wanted), answers.NO_NICK)
    elif core.moderates(session.user, room.key) and name and name.key in room.members:
        session.output.numeric(443, name.shown, room.shown, answers.ON_CHANNEL)
    else:
        await session.command("/invite", wanted, room.key)
        session.output.numeric(341, middle(wanted), room.shown)
