"""The commands for order in the room."""

import re
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from asyncchat.chat.queries import Audit
from asyncchat.commands.table import excerpt
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Account, Role
from asyncchat.log.bans import KICKED_FOR, Action, Kind, Sentence, as_name, duration
from asyncchat.log.entries import LiftRestriction, Restrict, SetRole
from asyncchat.log.room_events import to_the_second
from asyncchat.text.networks import network_written
from asyncchat.text.usernames import Name, NameRefused, prepare

if TYPE_CHECKING:
    from asyncchat.chat.core import Host
    from asyncchat.sessions.session import Session


_LASTING = ("kick", "ban", "mute")
_UNTIL = re.compile(r"([0-9]{4}-[0-9-]{5}T[0-9:]{8}Z)\)$")  # as a Sentence says it, whose words are kept


async def _kick(session: "Session", wanted: str) -> None:
    _refuse_nobody(wanted, "/kick NAME")
    name = _other(session, wanted, "kick")
    if name.key not in session.host.present:
        raise Refusal("not-online", "the user is not online!")
    await _pass_sentence(session, "kick", Kind.BAN, name, session.host.clock() + KICKED_FOR, "was kicked")


async def _ban(session: "Session", argument: str) -> None:
    await _punish(session, argument, "ban", Kind.BAN, "was banned")


async def _mute(session: "Session", argument: str) -> None:
    await _punish(session, argument, "mute", Kind.MUTE, "was muted")


async def _punish(session: "Session", argument: str, act: str, kind: Kind, done: str) -> None:
    _refuse_nobody(argument, f"/{act} NAME, or /{act} NAME 12h")
    wanted, _, how_long = argument.partition(" ")
    lasts = duration(how_long.strip()) if how_long else None
    if how_long and lasts is None:
        raise Refusal(
            "no-duration",
            f"{excerpt(how_long.strip())} is no duration: write something like 30m, 12h or 7d, or nothing.",
        )
    host = session.host
    if kind == Kind.BAN and (network := network_written(wanted)):
        name = as_name(network)
    else:
        name = _other(session, wanted, act)
        known = name.key in host.present or host.find_account(name) or host.departed.find(name)
        if not (known or host.order.find(kind, name.key, host.clock())):
            raise Refusal("not-online", "the user is not online!")
    await _pass_sentence(session, act, kind, name, None if lasts is None else session.host.clock() + lasts, done)


async def _pass_sentence(session: "Session", act: str, kind: Kind, name: Name, until: int | None, done: str) -> None:
    host = session.host
    their_role = host.role_of(name)
    if their_role == Role.ADMIN:
        raise Refusal("not-allowed", f"nobody can {act} the admin!")
    if their_role >= session.role:
        raise Refusal("not-allowed", f"only the admin can {act} a moderator!")
    assert session.account
    before = host.order.find(kind, name.key, host.clock())
    _refuse_lower(session, before, kind)
    there = host.present.get(name.key)
    address = (before.address if before else "") or _address_of(host, name, kind)
    sentence = Sentence(kind, name, address, until, session.role)
    times = [to_the_second(until)] if until is not None and act != "kick" else []
    how_long = "".join(f" until {time}" for time in times)
    await Restrict(session.account.name, sentence, Action(act), host.clock())
    if there and kind == Kind.BAN:  # under another name by now, perhaps
        there.put_out_by(Action(act))
    session.notice(f"{name.shown} {done}{how_long}!", times)


def _address_of(host: "Host", name: Name, kind: Kind) -> str:
    """Return the address that is banned with somebody: that of a guest, who has or had the name last."""
    if kind != Kind.BAN or host.find_account(name):
        return ""
    there, guest = host.present.get(name.key), host.departed.find(name)
    return there.address if there else guest.address if guest else network_written(name.key) or ""


def _refuse_lower(session: "Session", sentence: Sentence | None, kind: Kind) -> None:
    if sentence and sentence.rank > session.role:
        raise Refusal("not-allowed", f"only the admin can change this {kind}!")


async def _unban(session: "Session", wanted: str) -> None:
    await _pardon(session, wanted, "/unban NAME", Kind.BAN, "banned")


async def _unmute(session: "Session", wanted: str) -> None:
    await _pardon(session, wanted, "/unmute NAME", Kind.MUTE, "muted")


async def _pardon(session: "Session", wanted: str, usage: str, kind: Kind, called: str) -> None:
    _refuse_nobody(wanted, usage)
    assert session.account
    network = network_written(wanted)
    name = as_name(network) if network else _name(wanted)
    sentence = name and session.host.order.find(kind, name.key, session.host.clock())
    if not sentence:
        where = " Write /bans to see who is." if kind == Kind.BAN else ""
        raise Refusal("not-sentenced", f"this user is not {called}!{where}")
    _refuse_lower(session, sentence, kind)
    await LiftRestriction(session.account.name, kind, sentence.name, session.host.clock())
    session.notice(f"{sentence.name.shown} is no longer {called}!")


async def _bans(session: "Session", _: str) -> None:
    bans = session.host.order.all(Kind.BAN, session.host.clock())
    times = [to_the_second(ban.until) for ban in bans if ban.until is not None]
    session.notice(f"banned: {', '.join(map(str, bans))}" if bans else "no one banned", times)


async def _audit(session: "Session", _: str) -> None:
    acts = await Audit()
    if not acts:
        session.notice("nothing was done yet")
    for act in acts:
        time = to_the_second(act.time)
        until = _UNTIL.findall(act.what) if act.act in _LASTING else []
        session.notice(f"{time} {act.by}: {act.act} {act.what}", [time, *until])


async def _grant(session: "Session", wanted: str) -> None:
    _refuse_nobody(wanted, "/grant NAME")
    account = _registered(session, wanted)
    if account.role >= Role.MODERATOR:
        raise Refusal("moderator", "this user is already a moderator!")
    await _appoint(session, account, Role.MODERATOR, "is the new moderator")


async def _revoke(session: "Session", wanted: str) -> None:
    _refuse_nobody(wanted, "/revoke NAME")
    account = _registered(session, wanted)
    if account.role != Role.MODERATOR:
        raise Refusal("no-moderator", "this user is not a moderator!")
    await _appoint(session, account, Role.REGISTERED, "is no longer a moderator")


async def _appoint(session: "Session", account: Account, role: Role, done: str) -> None:
    assert session.account
    await SetRole(session.account.name, account.id, role, session.host.clock())
    session.notice(f"{account.name.shown} {done}!")


def _refuse_nobody(argument: str, usage: str) -> None:
    if not argument:
        raise Refusal("no-argument", f"write whom: {usage}")


def _name(wanted: str) -> Name | None:
    try:
        return prepare(wanted)
    except NameRefused:
        return None


def _other(session: "Session", wanted: str, act: str) -> Name:
    """Return somebody else's name, as it is shown where it is known."""
    name = _name(wanted)
    if not name:
        raise Refusal("not-online", "the user is not online!")
    assert session.account
    if name.key == session.account.name.key:
        raise Refusal("yourself", f"you can't {act} yourself!")
    account, there = session.host.find_account(name), session.host.present.get(name.key)
    guest = session.host.departed.find(name)
    return account.name if account else there.named if there and there.named else guest.name if guest else name


def _registered(session: "Session", wanted: str) -> Account:
    name = _name(wanted)
    account = session.host.find_account(name) if name else None
    if account:
        return account
    if name and name.key in session.host.present:
        raise Refusal("not-registered", f"{name.shown} is a guest, who has to write /register PASSWORD first!")
    raise Refusal("not-online", "the user is not online!")


RUN: dict[str, Callable[["Session", str], Coroutine[Any, Any, None]]] = {
    "/kick": _kick,
    "/ban": _ban,
    "/unban": _unban,
    "/bans": _bans,
    "/mute": _mute,
    "/unmute": _unmute,
    "/audit": _audit,
    "/grant": _grant,
    "/revoke": _revoke,
}
