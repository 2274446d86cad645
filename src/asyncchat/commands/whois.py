"""The command that tells who somebody is."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from asyncchat.chat.recent_guests import Guest
from asyncchat.commands.table import excerpt
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Account, Role
from asyncchat.log.room_events import to_the_second
from asyncchat.text.usernames import NameRefused, prepare

if TYPE_CHECKING:
    from asyncchat.sessions.session import Session

_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"))


async def _whois(session: "Session", wanted: str) -> None:
    if not wanted:
        raise Refusal("no-argument", "write whom: /whois NAME")
    host = session.host
    try:
        name = prepare(wanted)
    except NameRefused:
        raise _unknown(wanted) from None
    there, account = host.present.get(name.key), host.find_account(name)
    if there:
        _tell_present(session, there)
    elif account:
        _tell_absent(session, account)
    elif guest := host.departed.find(name):
        _tell_departed(session, guest)
    else:
        raise _unknown(wanted)


def _unknown(wanted: str) -> Refusal:
    return Refusal("not-online", f"{excerpt(wanted)} is not online, and not registered.")


def _tell_present(session: "Session", there: "Session") -> None:
    facts, times = [f"{_called(there.role)}, online"], list[str]()
    if idle := _lasting(session.host.clock() - there.active):
        facts.append(f"idle for {idle}")
    if session.role >= Role.MODERATOR:
        times.append(to_the_second(there.since))
        facts += [f"since {times[0]}", f"from {there.address}", there.client]
    session.notice(f"{there.name}: {', '.join(facts)}", times)


def _tell_absent(session: "Session", account: Account) -> None:
    times = [to_the_second(account.seen)] if account.seen is not None else []
    seen = "".join(f", last seen {time}" for time in times)
    session.notice(f"{account.name.shown}: {_called(account.role)}, not online{seen}", times)


def _tell_departed(session: "Session", guest: Guest) -> None:
    time = to_the_second(guest.time)
    address = f", from {guest.address}" if session.role >= Role.MODERATOR else ""
    session.notice(f"{guest.name.shown}: {_called(Role.GUEST)}, not online, last seen {time}{address}", [time])


def _called(role: Role) -> str:
    return role.name.lower() if role <= Role.REGISTERED else f"registered, {role.name.lower()}"


def _lasting(milliseconds: int) -> str:
    """Return how long that is, in whole units of the largest kind; nothing below a minute."""
    return next((f"{milliseconds // unit}{letter}" for unit, letter in _UNITS if milliseconds >= unit), "")


RUN: dict[str, Callable[["Session", str], Coroutine[Any, Any, None]]] = {"/whois": _whois}
