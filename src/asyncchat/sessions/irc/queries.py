"""What IRC clients ask of users and of the server; and PING, AWAY and QUIT."""

from asyncchat.formats.irc.encoder import USER, source
from asyncchat.formats.irc.lines import Line, middle, without_formatting
from asyncchat.log.entries import Mark
from asyncchat.log.room_events import ANNOUNCED, to_the_second
from asyncchat.sessions.irc.session import IrcSession, handles
from asyncchat.text.irc import answers
from asyncchat.text.sanitize import sanitize
from asyncchat.text.usernames import Name, find_name

_ISON_MOST = 20


@handles("PING", is_early=True)
async def _ping(session: IrcSession, line: Line) -> None:
    if session.unkept:
        await Mark()  # the answer shows that what was sent before is delivered
    if line.param(0):
        session.output.tell("PONG", session.network.name, sanitize(line.params[0]))
    else:
        session.output.numeric(409, answers.NO_ORIGIN)


@handles("PONG", is_early=True)
def _pong(_session: IrcSession, _line: Line) -> None:
    """Do nothing: every line shows that the client is there."""


@handles("QUIT", is_early=True)
def _quit(session: IrcSession, _: Line) -> None:
    session.core.disconnect(session.user, answers.CLOSING)


@handles("AWAY")
async def _away(session: IrcSession, line: Line) -> None:
    text = sanitize(without_formatting(line.param(0)))
    await session.command("/away", text, session.user.room)
    session.output.numeric(306 if text else 305, answers.away(is_away=bool(text)))


@handles("WHO")
def _who(session: IrcSession, line: Line) -> None:
    wanted, core, user = line.param(0), session.core, session.user
    if wanted.startswith("#"):
        key = core.find_room(wanted, user.account)
        if key is not None and key in core.rooms_of(user):
            room = core.state.rooms[key]
            if len(room.members) <= ANNOUNCED:
                for member in room.members.values():
                    _tell_who(session, member, room.shown, key)
    elif (name := find_name(wanted)) and (found := core.find_member(name)):
        _tell_who(session, found.name, "*", None)
    session.output.numeric(315, middle(wanted), answers.END_OF_WHO)


def _tell_who(session: IrcSession, name: Name, shown: str, room: str | None) -> None:
    network = session.network
    all_of_them = "multi-prefix" in session.output.capabilities
    prefix = "" if room is None else network.prefix(room, name, all_of_them=all_of_them)
    flags = f"{'G' if network.away_of(name) else 'H'}{prefix}"
    session.output.numeric(352, shown, USER, name.shown, network.name, name.shown, flags, f"0 {name.shown}")


@handles("WHOIS")
def _whois(session: IrcSession, line: Line) -> None:
    if not line.params:
        session.output.numeric(431, answers.NO_NICK_GIVEN)
        return
    wanted, core, output = line.params[-1].partition(",")[0], session.core, session.output
    name = find_name(wanted)
    member = core.find_member(name) if name else None
    if not member:
        output.numeric(401, middle(wanted), answers.NO_NICK)
    else:
        name = member.name
        output.numeric(311, name.shown, USER, name.shown, "*", name.shown)
        common = [key for key in core.rooms_of(session.user) if key in member.rooms]
        if common:
            shown = [f"{session.network.prefix(key, name)}{core.state.rooms[key].shown}" for key in common]
            output.numeric(319, name.shown, " ".join(shown))
        output.numeric(312, name.shown, session.network.name, "asyncchat")
        if account := core.find_account(name):
            output.numeric(330, name.shown, account.name.shown, answers.LOGGED_IN_AS)
        if away := session.network.away_of(name):
            output.numeric(301, name.shown, away)
        if online := core.online.get(name.key):  # else the server that the user is connected to knows it
            idle = max(0, core.clock() - online.active) // 1000
            output.numeric(317, name.shown, str(idle), str(online.since // 1000), answers.IDLE)
    output.numeric(318, middle(wanted), answers.END_OF_WHOIS)


@handles("WHOWAS", least=1)
def _whowas(session: IrcSession, line: Line) -> None:
    wanted = middle(line.params[0])
    session.output.numeric(406, wanted, answers.NO_FORMER_NICK)
    session.output.numeric(369, wanted, answers.END_OF_WHOWAS)


@handles("ISON")
def _ison(session: IrcSession, line: Line) -> None:
    session.output.numeric(303, " ".join([name.shown for name in _online(session, line)]))


@handles("USERHOST")
def _userhost(session: IrcSession, line: Line) -> None:
    found = []
    for name in _online(session, line):
        shown = source(name)[1:].partition("!")
        found.append(f"{shown[0]}={'-' if session.network.away_of(name) else '+'}{shown[2]}")
    session.output.numeric(302, " ".join(found))


def _online(session: IrcSession, line: Line) -> list[Name]:
    words = " ".join(line.params).split()[:_ISON_MOST]
    names = filter(None, map(find_name, words))
    return [found.name for name in names if (found := session.core.find_member(name))]


@handles("LUSERS")
def _lusers(session: IrcSession, _: Line) -> None:
    core, output = session.core, session.output
    count = len(core.state.members)
    output.numeric(251, answers.users(count))
    output.numeric(254, str(len(core.visible_rooms(session.user.account))), answers.CHANNELS)
    output.numeric(255, answers.clients(count))


@handles("MOTD")
def _motd(session: IrcSession, _: Line) -> None:
    session.output.numeric(422, answers.NO_MOTD)


@handles("VERSION")
def _version(session: IrcSession, _: Line) -> None:
    network = session.network
    session.output.numeric(351, f"asyncchat-{network.version}", network.name, "")
    session.output.numeric(5, network.tokens(), answers.SUPPORTED)


@handles("TIME")
def _time(session: IrcSession, _: Line) -> None:
    session.output.numeric(391, session.network.name, to_the_second(session.core.clock()))


@handles("INFO")
def _info(session: IrcSession, _: Line) -> None:
    session.output.numeric(371, answers.info(session.network.version))
    session.output.numeric(374, answers.END_OF_INFO)


@handles("OPER")
def _oper(session: IrcSession, _: Line) -> None:
    session.output.numeric(491, answers.NO_OPERATORS)


@handles("KILL")
def _kill(session: IrcSession, _: Line) -> None:
    session.output.numeric(481, answers.NO_KILL)
