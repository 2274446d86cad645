"""What IRC clients say: in rooms, to one user, and to the server."""

from asyncchat.chat.doubts import Doubt
from asyncchat.chat.user import Place
from asyncchat.commands.messaging import find_recipient
from asyncchat.commands.mistakes.mistyped import doubt_of_refused
from asyncchat.commands.table import find_command
from asyncchat.errors import Refusal
from asyncchat.formats.irc.lines import Line, middle, without_formatting
from asyncchat.sessions.irc.services import is_for_services, is_service, tell_way
from asyncchat.sessions.irc.session import IrcSession, handles
from asyncchat.text import room_texts, texts
from asyncchat.text.command_line import ACTION, is_command
from asyncchat.text.irc import answers
from asyncchat.text.refusals import NoRoom
from asyncchat.text.sanitize import is_blank, sanitize
from asyncchat.text.usernames import SERVER, find_name

_CTCP = "\x01"


@handles("PRIVMSG", "NOTICE")
def _privmsg(session: IrcSession, line: Line) -> None:
    target, output = line.param(0), session.output
    is_notice = line.command == "NOTICE"
    if not target:
        if not is_notice:
            output.numeric(411, answers.no_recipient(line.command))
        return
    text = without_formatting(line.param(1))
    is_action = False
    if text.startswith(_CTCP):
        word, _, text = text.strip(_CTCP).partition(" ")
        is_action = word.upper() == "ACTION"
        if not is_action:
            if not is_notice:
                output.notice(answers.ONLY_ACTION)
            return
    text = sanitize(text)
    if is_blank(text):
        if not is_notice:
            output.numeric(412, answers.NO_TEXT)
    elif is_service(target):
        if not is_notice:
            tell_way(session, line)
    elif is_for_services(text):
        raise Refusal("secret", answers.command_as_text(SERVER.shown))
    elif target.startswith("#"):
        _say_in_room(session, target, f"{ACTION}{text}" if is_action else _as_text(session, text))
    elif target == session.network.name or ((name := find_name(target)) and name.key == SERVER.key):
        if not is_notice:
            _ask_server(session, text)
    else:
        _say_to_one(session, target, f"{ACTION}{text}" if is_action else _as_text(session, text))


@handles("TAGMSG")
def _tagmsg(_session: IrcSession, _line: Line) -> None:
    """Do nothing: tags of clients, which say for example that somebody types, are sent to nobody."""


def _as_text(session: IrcSession, text: str) -> str:
    """Return a text as the line of which it is the message. Raises Refusal if it may be meant as a command.

    An IRC client has its own commands, so a / is text; but what may have a password in it is not shown to others.
    """
    if not is_command(text):
        return f"/{text}" if text.startswith("/") else text
    command, doubt = find_command(text), doubt_of_refused(text)
    if (command and command.is_confidential) or Doubt.PASSWORD in doubt:
        session.user.resumable.doubts.add(doubt)
        raise Refusal("secret", answers.command_as_text(SERVER.shown))
    return f"/{text}"


def _say_in_room(session: IrcSession, target: str, line: str) -> None:
    core, user = session.core, session.user
    key = core.find_room(target, user.account)
    if key is None:
        if session.line.command != "NOTICE":
            session.output.numeric(403, middle(target), answers.NO_CHANNEL)
        return
    _require_member(session, key)

    session.say(line, Place.ROOM, key, lambda said: session.post(said, key))
    user.room = key


def _require_member(session: IrcSession, key: str) -> None:
    if key not in session.core.rooms_of(session.user):
        raise NoRoom(texts.line_refused(room_texts.NOT_IN_ROOM))


def _say_to_one(session: IrcSession, target: str, line: str) -> None:
    core, user, output = session.core, session.user, session.output
    name = find_name(target)
    try:
        to = find_recipient(core, user, target)
    except Refusal as refusal:
        if session.line.command == "NOTICE":
            return
        is_known = name is not None and bool(core.find_member(name) or core.find_account(name))
        core.counters.refused_lines[refusal.code] += 1
        output.numeric(531 if is_known else 401, middle(target), str(refusal) if is_known else answers.NO_NICK)
        return
    session.say(line, to, user.room, lambda _: None)
    if (online := core.find_user(to)) and (away := online.resumable.away) and session.line.command != "NOTICE":
        output.numeric(301, to.name.shown, away)


def _ask_server(session: IrcSession, text: str) -> None:
    """Run a command of the chat, in the room in which the user has spoken last."""
    core, user = session.core, session.user

    def post(said: str) -> None:
        _require_member(session, user.room)
        session.post(said, user.room)

    if user.room not in core.state.rooms:
        user.room = next(iter(core.rooms_of(user)), "")
    session.say(text if text.startswith("/") else f"/{text}", Place.ROOM, user.room, post)
