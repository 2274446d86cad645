"""The commands for all users: help, who is online, the topic, and leaving."""

from collections.abc import Sequence

from asyncchat.chat.core import ChatCore
from asyncchat.chat.recent_guests import Guest
from asyncchat.chat.user import User
from asyncchat.commands import help_text
from asyncchat.commands.table import Command, add, command, find_command
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Account, Role
from asyncchat.log.entries import SetTopic
from asyncchat.log.room_events import to_the_second
from asyncchat.log.state import LOBBY
from asyncchat.text import room_texts, texts
from asyncchat.text.command_line import EXIT, excerpt, word_of
from asyncchat.text.usernames import find_name

_HELP_WIDTH = 78 - len("Server: ")
"""Columns of a row of help: with its prefix it fits a window of 80."""

LISTED = 100
"""Names that /list shows."""

_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"))


@command("/help", argument="[COMMAND]", help="show the commands, or explain one")
async def _help(core: ChatCore, user: User, about: str) -> None:
    has_store = core.accounts is not None
    if not about:
        in_default = user.at == LOBBY
        moderates = user.name is not None and not in_default and core.moderates(user, user.at)
        commands = help_text.usable(user.role, has_store=has_store, moderates=moderates, in_default=in_default)
        can_register = has_store and user.role == Role.GUEST
        rows = help_text.overview(commands, _HELP_WIDTH, can_register=can_register)
    elif (known := find_command(f"/{word_of(about).lstrip('/')}")) and not known.is_client_only:
        rows = help_text.details(known, _HELP_WIDTH, has_store=has_store)
    else:
        raise Refusal("unknown-command", texts.no_such_command(excerpt(about)))
    for row in rows:
        user.notice(row)


add(Command(("/me",), "TEXT", "say what you do: your name and TEXT", posts=True, has_lines=True))


@command("/list", "/who", "/names", "/users", help="show who is online")
async def _list(core: ChatCore, user: User, _: str) -> None:
    names, more = core.state.rooms[user.at].names(without=user.require_name(), most=LISTED)
    user.notice(texts.online(names, more))


@command("/whois", argument="NAME", help="show a user's role, whether online, idle time, and when last seen")
async def _whois(core: ChatCore, user: User, wanted: str) -> None:
    if not wanted:
        raise Refusal("no-argument", texts.name_missing("/whois"))
    if not (name := find_name(wanted)):
        raise _unknown(wanted)
    online, account = core.online.get(name.key), core.find_account(name)
    if online:
        _tell_online(core, user, online)
    elif member := core.find_member(name):
        more = room_texts.whois_more(_in_common(core, user, member.rooms), "")
        user.notice(texts.whois_online(member.name.shown, _called(core.role_of(name)), "") + more)
    elif account:
        _tell_offline(user, account)
    elif guest := core.recent_guests.find(name):
        _tell_departed(user, guest)
    else:
        raise _unknown(wanted)


@command("/away", argument="[TEXT]", help="let /whois say that you are away, and why; without TEXT, not any more")
async def _away(core: ChatCore, user: User, text: str) -> None:
    user.resumable.away = text
    core.tell_away(user)
    user.notice(room_texts.away(text))


def _unknown(wanted: str) -> Refusal:
    return Refusal("not-online", texts.unknown_user(excerpt(wanted)))


def _tell_online(core: ChatCore, user: User, online: User) -> None:
    name, role, idle = online.require_name().shown, _called(online.role), _lasting(core.clock() - online.active)
    more = room_texts.whois_more(_in_common(core, user, core.rooms_of(online)), online.resumable.away)
    if user.role >= Role.MODERATOR:
        since = to_the_second(online.since)
        user.notice(texts.whois_online(name, role, idle, since, online.address, online.output.client) + more, [since])
    else:
        user.notice(texts.whois_online(name, role, idle) + more)


def _in_common(core: ChatCore, user: User, theirs: Sequence[str]) -> list[str]:
    """Return the names of the rooms in which both are, besides the default one."""
    return [core.state.rooms[key].conversation for key in core.rooms_of(user) if key in theirs and key != LOBBY]


def _tell_offline(user: User, account: Account) -> None:
    seen = to_the_second(account.seen) if account.seen is not None else ""
    user.notice(texts.whois_offline(account.name.shown, _called(account.role), seen), [seen] if seen else [])


def _tell_departed(user: User, guest: Guest) -> None:
    time = to_the_second(guest.time)
    address = guest.address if user.role >= Role.MODERATOR else ""
    user.notice(texts.whois_offline(guest.name.shown, _called(Role.GUEST), time, address), [time])


def _called(role: Role) -> str:
    return role.name.lower() if role <= Role.REGISTERED else texts.registered_as(role.name.lower())


def _lasting(milliseconds: int) -> str:
    """Return a duration in whole days, hours or minutes, for example `5m`; empty below a minute."""
    return next((f"{milliseconds // unit}{letter}" for unit, letter in _UNITS if milliseconds >= unit), "")


@command("/topic", argument="[TEXT]", help="show the topic; moderators can set it", needs_store=True)
async def _topic(core: ChatCore, user: User, text: str) -> None:
    if not text:
        user.notice(texts.topic(core.state.rooms[user.at].topic))
        return
    if not core.moderates(user, user.at):
        raise Refusal("not-allowed", texts.NEEDS_MODERATOR)
    name = user.require_account().name
    core.refuse_muted(name, user.at)
    await SetTopic(name, text, core.clock(), user.at)
    user.notice(texts.topic(text))


@command(*EXIT, help="leave the chat", before_login=True)
async def _exit(core: ChatCore, user: User, _: str) -> None:
    core.leave(user)
