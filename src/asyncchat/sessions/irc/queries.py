"""What IRC clients ask of users and of the server; and PING, AWAY and QUIT."""

from asyncchat.chat.user import User
from asyncchat.formats.irc.encoder import USER, source
from asyncchat.formats.irc.lines import Line, middle
from asyncchat.log.entries import Mark
from asyncchat.log.room_events import ANNOUNCED, to_the_second
from asyncchat.sessions.irc.session import IrcSession, handles
from asyncchat.text.sanitize import sanitize
from asyncchat.text.usernames import find_name

_ISON_MOST = 20


@handles("PING", is_early=True)
async def _ping(session: IrcSession, line: Line) -> None:
    if session.unkept:
        await Mark()  # the answer shows that what was sent before is delivered
    if line.param(0):
        session.output.tell("PONG", session.network.name, sanitize(line.params[0]))
    else:
        session.output.numeric(409, "No origin specified")


@handles("PONG", is_early=True)
def _pong(_session: IrcSession, _line: Line) -> None:
    """Do nothing: every line shows that the client is there."""


@handles("QUIT", is_early=True)
def _quit(session: IrcSession, _: Line) -> None:
    session.core.disconnect(session.user, "Closing link")


@handles("AWAY")
async def _away(session: IrcSession, line: Line) -> None:
    text = sanitize(line.param(0))
    await session.command("/away", text, session.user.room)
    session.output.numeric(306 if text else 305, f"You {'are' if text else 'are no longer'} marked as being away")


@handles("WHO")
def _who(session: IrcSession, line: Line) -> None:
    wanted, core, user = line.param(0), session.core, session.user
    if wanted.startswith("#"):
        key = core.find_room(wanted, user.account)
        if key is not None and key in core.rooms_of(user):
            room = core.state.rooms[key]
            if len(room.members) <= ANNOUNCED:
                for member in core.users_in(key):
                    _tell_who(session, member, room.shown, key)
    elif (name := find_name(wanted)) and (found := core.online.get(name.key)):
        _tell_who(session, found, "*", None)
    session.output.numeric(315, middle(wanted), "End of WHO list")


def _tell_who(session: IrcSession, member: User, shown: str, room: str | None) -> None:
    name, network = member.require_name(), session.network
    all_of_them = "multi-prefix" in session.output.capabilities
    prefix = "" if room is None else network.prefix(room, name, all_of_them=all_of_them)
    flags = f"{'G' if member.resumable.away else 'H'}{prefix}"
    session.output.numeric(352, shown, USER, name.shown, network.name, name.shown, flags, f"0 {name.shown}")


@handles("WHOIS")
def _whois(session: IrcSession, line: Line) -> None:
    if not line.params:
        session.output.numeric(431, "No nickname given")
        return
    wanted, core, output = line.params[-1].partition(",")[0], session.core, session.output
    name = find_name(wanted)
    online = core.online.get(name.key) if name else None
    if not online:
        output.numeric(401, middle(wanted), "No such nick")
    else:
        name = online.require_name()
        output.numeric(311, name.shown, USER, name.shown, "*", name.shown)
        theirs = core.rooms_of(online)
        common = [key for key in core.rooms_of(session.user) if key in theirs]
        if common:
            shown = [f"{session.network.prefix(key, name)}{core.state.rooms[key].shown}" for key in common]
            output.numeric(319, name.shown, " ".join(shown))
        output.numeric(312, name.shown, session.network.name, "asyncchat")
        if online.account:
            output.numeric(330, name.shown, online.account.name.shown, "is logged in as")
        if online.resumable.away:
            output.numeric(301, name.shown, online.resumable.away)
        idle = max(0, core.clock() - online.active) // 1000
        output.numeric(317, name.shown, str(idle), str(online.since // 1000), "seconds idle, signon time")
    output.numeric(318, middle(wanted), "End of /WHOIS list")


@handles("WHOWAS", least=1)
def _whowas(session: IrcSession, line: Line) -> None:
    wanted = middle(line.params[0])
    session.output.numeric(406, wanted, "There was no such nickname")
    session.output.numeric(369, wanted, "End of WHOWAS")


@handles("ISON")
def _ison(session: IrcSession, line: Line) -> None:
    session.output.numeric(303, " ".join([user.require_name().shown for user in _online(session, line)]))


@handles("USERHOST")
def _userhost(session: IrcSession, line: Line) -> None:
    found = []
    for user in _online(session, line):
        shown = source(user.require_name())[1:].partition("!")
        found.append(f"{shown[0]}={'-' if user.resumable.away else '+'}{shown[2]}")
    session.output.numeric(302, " ".join(found))


def _online(session: IrcSession, line: Line) -> list[User]:
    words = " ".join(line.params).split()[:_ISON_MOST]
    names = filter(None, map(find_name, words))
    return [found for name in names if (found := session.core.online.get(name.key))]


@handles("LUSERS")
def _lusers(session: IrcSession, _: Line) -> None:
    core, output = session.core, session.output
    count = len(core.online)
    output.numeric(251, f"There are {count} users and 0 invisible on 1 servers")
    output.numeric(254, str(len(core.visible_rooms(session.user.account))), "channels formed")
    output.numeric(255, f"I have {count} clients and 0 servers")


@handles("MOTD")
def _motd(session: IrcSession, _: Line) -> None:
    session.output.numeric(422, "There is no message of the day")


@handles("VERSION")
def _version(session: IrcSession, _: Line) -> None:
    network = session.network
    session.output.numeric(351, f"asyncchat-{network.version}", network.name, "")
    session.output.numeric(5, network.tokens(), "are supported by this server")


@handles("TIME")
def _time(session: IrcSession, _: Line) -> None:
    session.output.numeric(391, session.network.name, to_the_second(session.core.clock()))


@handles("INFO")
def _info(session: IrcSession, _: Line) -> None:
    session.output.numeric(371, f"asyncchat {session.network.version}: a chat for people on one network")
    session.output.numeric(374, "End of INFO list")


@handles("OPER")
def _oper(session: IrcSession, _: Line) -> None:
    session.output.numeric(491, "Nobody becomes an operator in this way")


@handles("KILL")
def _kill(session: IrcSession, _: Line) -> None:
    session.output.numeric(481, "Permission denied: KICK and MODE +b are for moderators")
