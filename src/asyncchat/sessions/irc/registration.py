"""How an IRC client gets in: CAP, SASL, PASS, NICK and USER, in whatever order it sends them."""

import base64
import contextlib

from asyncchat.chat import login
from asyncchat.chat.requests.pause import Pause
from asyncchat.chat.requests.queries import ConversationKey, Unread, UnreadCounts
from asyncchat.chat.user import User
from asyncchat.commands.messaging import find_recipient
from asyncchat.errors import Refusal
from asyncchat.formats.irc.encoder import source
from asyncchat.formats.irc.lines import Line, middle
from asyncchat.log.accounts import Account
from asyncchat.log.entries import MarkRead
from asyncchat.log.requests import Running
from asyncchat.log.room_events import SHOWN
from asyncchat.sessions.irc.session import IrcSession, handles
from asyncchat.text import texts
from asyncchat.text.irc import answers
from asyncchat.text.refusals import Banned, IncorrectLogin, NameTaken
from asyncchat.text.usernames import Name, NameRefused, find_name, is_name, parse_name

_CHUNK = 400
"""Characters of a part of a password in SASL, at most; a shorter one is the last."""

_MOST_SASL = 4 * _CHUNK
_MOST_UNREAD = 50
"""Private conversations of which the unread messages are shown at once."""

_PAUSE = 0.2
_PAUSES = 15
"""So many times that pause: as long has another connection to answer."""

_WITH_VALUES = 302
"""The version of CAP from which on capabilities have values."""


@handles("CAP", least=1, is_early=True)
def _cap(session: IrcSession, line: Line) -> Running | None:
    what, output = line.params[0].upper(), session.output
    capabilities = session.network.capabilities
    if what in {"LS", "REQ"} and not session.user.name:
        session.is_negotiating = True
    match what:
        case "LS":
            version = line.param(1)
            has_values = version.isascii() and version.isdigit() and int(version[:4]) >= _WITH_VALUES
            if has_values:
                output.capabilities = {*output.capabilities, "cap-notify"}
            shown = [f"{name}={value}" if value and has_values else name for name, value in capabilities.items()]
            output.tell("CAP", output.nick, "LS", " ".join(shown))
        case "LIST":
            output.tell("CAP", output.nick, "LIST", " ".join(sorted(output.capabilities)))
        case "REQ":
            wanted = line.param(1).split()
            if {name.removeprefix("-") for name in wanted} <= capabilities.keys():
                off = {name[1:] for name in wanted if name.startswith("-")}
                session.set_capabilities({*output.capabilities, *wanted} - off - {f"-{name}" for name in off})
                output.tell("CAP", output.nick, "ACK", line.param(1))
            else:
                output.tell("CAP", output.nick, "NAK", line.param(1))
        case "END":
            session.is_negotiating = False
            return _register(session)
        case _:
            output.numeric(410, middle(line.params[0]), "Invalid CAP command")
    return None


@handles("NICK", is_early=True)
def _nick(session: IrcSession, line: Line) -> Running | None:
    raw = line.param(0)
    if not raw:
        session.output.numeric(431, answers.NO_NICK_GIVEN)
        return None
    try:
        name = parse_name(raw)
    except NameRefused as refused:
        _refuse_nick(session, raw, refused)
        return None
    if session.user.name:
        return _rename(session, name)
    session.wanted = name.shown
    return _register(session)


async def _rename(session: IrcSession, name: Name) -> None:
    user = session.user
    own = user.require_name()
    if own == name or (user.account and own.key == name.key):
        return
    if user.account:
        session.output.numeric(447, answers.account_nick(user.account.name.shown))
        return
    try:
        await login.rename_guest(session.core, user, name)
    except (Refusal, NameRefused) as refused:
        _refuse_nick(session, name.shown, refused)


@handles("USER", is_early=True)
def _user(session: IrcSession, line: Line) -> Running | None:
    if session.has_user:
        session.output.numeric(462, answers.REGISTERED_ALREADY)
    elif not line.param(3):
        session.output.numeric(461, "USER", answers.TOO_FEW)
    else:
        session.has_user = True
        return _register(session)
    return None


@handles("PASS", least=1, is_early=True)
def _pass(session: IrcSession, line: Line) -> None:
    if session.user.name:
        session.output.numeric(462, answers.REGISTERED_ALREADY)
    else:
        session.password = line.params[0]
        # Whether it belongs to an account or not: it is not to be shown.
        session.user.resumable.doubts.learn_password(session.password.partition(":")[2] or session.password)


@handles("AUTHENTICATE", least=1, is_early=True)
def _authenticate(session: IrcSession, line: Line) -> Running | None:
    output, word = session.output, line.params[0]
    if session.login or session.user.account:
        output.numeric(907, answers.LOGGED_IN_ALREADY)
    elif word == "*":
        session.sasl = None
        output.numeric(906, answers.LOGIN_ABORTED)
    elif session.sasl is None and word.upper() != "PLAIN":
        output.numeric(908, "PLAIN", answers.MECHANISMS)
        _refuse_login(session)
    elif session.sasl is None:
        session.sasl = ""
        output.send("AUTHENTICATE +")
    elif len(word) > _CHUNK or len(session.sasl) + len(word) > _MOST_SASL:
        session.sasl = None
        output.numeric(905, answers.LOGIN_TOO_LONG)
    else:
        session.sasl += word if word != "+" else ""
        if len(word) < _CHUNK:
            written, session.sasl = session.sasl, None
            return _log_in(session, written)
    return None


def _refuse_login(session: IrcSession, why: str = "") -> None:
    session.output.numeric(904, answers.login_failed(why))


async def _log_in(session: IrcSession, written: str) -> None:
    try:
        authzid, authcid, password = base64.b64decode(written, validate=True).decode().split("\0")
    except ValueError:
        _refuse_login(session)
        return
    if authzid not in {"", authcid}:
        _refuse_login(session)
        return
    core, user = session.core, session.user
    try:
        account = await _authorize(session, authcid, password)
        if user.name:
            session.output.is_quiet = True
            await login.log_in(core, user, account, texts.AUTHORIZED)
    except Refusal as refused:
        core.counters.refused_lines[refused.code] += 1
        _refuse_login(session, str(refused))
        return
    finally:
        session.output.is_quiet = False
    session.login = account
    shown = account.name.shown
    session.output.numeric(900, source(account.name)[1:], shown, answers.logged_in_as(shown))
    session.output.numeric(903, answers.LOGGED_IN)
    if user.name:
        await _show_unread(session, account)


async def _authorize(session: IrcSession, wanted: str, password: str) -> Account:
    """Return the account with this name, if the password is right. Raises Refusal."""
    core, user = session.core, session.user
    core.require_accounts()
    login.refuse_plain_password(core, user)
    name = find_name(wanted)
    account = login.check_owner(core, user, core.find_account(name) if name else None)
    await login.authorize(core, user, account, password, b"")
    user.resumable.doubts.learn_password(password)
    return account


async def _register(session: IrcSession) -> None:
    """Let the client in, if it has said all that is needed."""
    user, wanted = session.user, session.wanted
    if user.name or session.is_negotiating or not (session.has_user and wanted):
        return
    try:
        await _join(session, parse_name(wanted))
    except Banned as banned:
        session.output.numeric(465, answers.BANNED)
        session.core.disconnect(user, str(banned))
    except (Refusal, NameRefused) as refused:
        session.wanted = ""
        if refused.code == "guest":  # only registered users may join
            session.core.disconnect(user, answers.ACCOUNTS_ONLY)
        else:
            _refuse_nick(session, wanted, refused)
    else:
        await _welcome(session)


async def _join(session: IrcSession, name: Name) -> None:
    core, user = session.core, session.user
    account = session.login
    if not account and session.password and (found := core.find_account(name)):
        before, _, rest = session.password.partition(":")
        password = rest if rest and is_name(before, name) else session.password
        session.password = ""
        account = await _authorize(session, found.name.shown, password)
    if not account:
        await login.join_as_guest(core, user, name, rooms=())
        return
    while other := core.online.get(account.name.key):
        if await _answers(other):
            raise NameTaken(account.name.shown)
        if core.online.get(account.name.key) is other:
            break
    core.refuse_banned(account.name)
    if core.find_account(account.name) is not account:
        session.login = None
        raise IncorrectLogin
    await login.join_as_owner(core, user, account, rooms=())


async def _answers(other: User) -> bool:
    """Tell whether another connection of the same account is alive; one that can't be asked does not count.

    If it were replaced all the same, two clients that reconnect by themselves would throw each other out for ever.
    """
    if not (other.is_asked or other.ask()):
        return False
    for _ in range(_PAUSES):
        if other.is_closed:
            return False
        if not other.is_asked:
            return True
        await Pause(_PAUSE)
    return not other.is_asked


def _refuse_nick(session: IrcSession, wanted: str, refused: Refusal | NameRefused) -> None:
    """Tell why the client can't have a nick, and what it can do."""
    session.core.counters.refused_lines[refused.code] += 1
    output, wanted = session.output, middle(wanted)
    if refused.code in {"name-taken", "name-registered"}:
        output.numeric(433, wanted, answers.IN_USE)
        if refused.code == "name-registered":
            output.notice(answers.nick_registered(wanted))
        elif session.login:
            _tell_elsewhere(session, session.login, wanted)
    elif isinstance(refused, NameRefused):
        output.numeric(432, wanted, str(refused))
    else:
        output.numeric(464 if refused.code == "incorrect-password" else 437, wanted, str(refused))


def _tell_elsewhere(session: IrcSession, account: Account, wanted: str) -> None:
    """Tell that the account is here on another connection; end this one if the client tries one nick after the other.

    Clients do that by themselves, a hundred times, and no other nick can help.
    """
    text = answers.on_another_connection(account.name.shown)
    if session.is_elsewhere and wanted != account.name.shown:
        session.core.disconnect(session.user, text)
    else:
        session.is_elsewhere = True
        session.output.notice(text)


async def _welcome(session: IrcSession) -> None:
    core, user, output, network = session.core, session.user, session.output, session.network
    name = user.require_name()
    output.identity(name.shown, user.role)
    output.numeric(1, answers.welcome(source(name)[1:]))
    output.numeric(2, answers.your_host(network.name, network.version))
    output.numeric(3, answers.started(network.started))
    output.numeric(4, network.name, f"asyncchat-{network.version}", "i", "bnot")
    output.numeric(5, network.tokens(), answers.SUPPORTED)
    output.numeric(422, answers.NO_MOTD)
    output.numeric(221, "+")
    for key in core.rooms_of(user):  # where the connection was that this one has replaced
        output.entered(core.state.rooms[key], name, core.last(room=key), 0, 0)
    if user.account:
        await _show_unread(session, user.account)


async def _show_unread(session: IrcSession, account: Account) -> None:
    """Show the private messages that have waited for the user."""
    core, output = session.core, session.output
    with contextlib.suppress(Refusal):  # the store can't be read, or somebody's account is deleted meanwhile
        for name, _ in (await UnreadCounts(account))[:_MOST_UNREAD]:
            other = find_recipient(core, session.user, name)
            waiting = await Unread(ConversationKey(account, other))
            if waiting.messages:
                output.private_messages(other, waiting.messages)
                # The connection may end before they are there, so they are read at the next line that comes.
                session.user.unread_marks[other] = MarkRead(account.id, other.id, waiting.messages[-1].seq)
            if waiting.more:
                output.notice(f"{name}: {texts.more_unread(waiting.more, waiting.more + SHOWN)}")
