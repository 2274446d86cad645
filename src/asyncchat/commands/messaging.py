"""The commands for talking: to everybody, and to one person alone."""

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from asyncchat.chat.queries import Count, History, Pair, Search, Unread
from asyncchat.commands import help_text
from asyncchat.commands.table import excerpt, find_command, is_command, word_of
from asyncchat.errors import NotKept, Refusal
from asyncchat.log.accounts import Account, Role
from asyncchat.log.entries import OpenConversation, SendPrivate, SetTopic
from asyncchat.log.room_events import SHOWN, Sent, to_the_second
from asyncchat.text.invisible import is_blank
from asyncchat.text.usernames import NameRefused, prepare

if TYPE_CHECKING:
    from asyncchat.sessions.session import Session

_HELP_WIDTH = 78 - len("Server: ")
"""Columns of a row of help, which most windows have room for."""

LISTED = 100
_DIGITS = 18
"""Of a number that can be asked for; the store has no larger ones."""


async def _help(session: "Session", about: str) -> None:
    has_store = session.host.accounts is not None
    if not about:
        commands = help_text.usable(session.role, has_store=has_store)
        can_register = has_store and session.role == Role.GUEST
        rows = help_text.overview(commands, _HELP_WIDTH, can_register=can_register)
    elif (command := find_command(f"/{word_of(about).lstrip('/')}")) and not command.of_client:
        rows = help_text.details(command, _HELP_WIDTH, has_store=has_store)
    else:
        raise Refusal("unknown-command", f"there is no command {excerpt(about)}. /help shows those that there are.")
    for row in rows:
        session.notice(row)


async def _exit(session: "Session", _: str) -> None:
    session.leave()


async def _list(session: "Session", _: str) -> None:
    assert session.named
    names, more = session.host.room.names(without=session.named, most=LISTED)
    if not names:
        session.notice("no one online")
    else:
        session.notice(f"online: {' '.join(names)}" + (f" and {more} more" if more else ""))


async def _topic(session: "Session", text: str) -> None:
    if not text:
        session.notice(f"the topic is: {topic}" if (topic := session.host.room.topic) else "there is no topic")
        return
    if session.role < Role.MODERATOR:
        raise Refusal("not-allowed", "you are not a moderator or an admin!")
    assert session.account
    session.host.check_not_muted(session.account.name)
    await SetTopic(session.account.name, text, session.host.clock())
    session.notice(f"the topic is: {text}")


async def _history(session: "Session", number: str) -> None:
    if number and not (number.isascii() and number.isdigit() and len(number) <= _DIGITS):
        raise Refusal("no-number", f"{excerpt(number)} is not a number! Write something like /history 50.")
    said = await History(max(1, int(number or SHOWN)), _current(session))
    _show(session, said, "there are no messages yet")


async def _search(session: "Session", words: str) -> None:
    if not words:
        raise Refusal("no-words", "write what to search for: /search WORDS")
    found = await Search(words, _current(session))
    _show(session, found.messages, f"nothing found: {words}")
    if not found.is_all:
        session.notice(
            "the search took too long and was stopped: there may be more, further back."
            " Search for fewer words, or for rarer ones."
        )


def _current(session: "Session") -> Pair | None:
    return Pair(session.account, session.addressed) if session.account and session.addressed else None


def _show(session: "Session", said: Sequence[Sent], nothing: str) -> None:
    if not said:
        session.notice(nothing)
    for sent in said:
        time = to_the_second(sent.time)
        session.notice(f"{time} {sent.name.shown}: {sent.text}", [time])


# To one alone.


async def _chat(session: "Session", wanted: str) -> None:
    if not wanted:
        session.turn(None)
        return
    await turn_to(session, _other(session, wanted))


async def turn_to(session: "Session", other: Account, after: int | None = None) -> None:
    """Let what is said go to `other` alone, and show what there is; or, if that is known, what came `after` it."""
    who = session.account
    assert who

    try:
        said = await OpenConversation(who.id, other.id, after)
    except NotKept:
        _refuse_gone(session, who, other)
        raise
    _refuse_gone(session, who, other)
    session.turn(other)
    if said.more:
        session.notice(f"{said.more} more unread messages are further back: /history {said.more + SHOWN}")
    session.hear_private(other, said.read)
    session.hear_private(other, said.new, new=after is None)


def _refuse_gone(session: "Session", *accounts: Account) -> None:
    """Raise Refusal if one of `accounts` has been given up meanwhile."""
    for account in accounts:
        if session.host.find_account(account.name) is not account:
            raise Refusal("incorrect-name", f"{account.name.shown} is not registered any more.")


async def _room(session: "Session", _: str) -> None:
    session.turn(None)


async def _msg(session: "Session", argument: str) -> None:
    wanted, _, text = argument.partition(" ")
    if is_blank(text):
        raise Refusal("no-argument", "write whom to send it to, and what: /msg NAME TEXT")
    other = _other(session, wanted, "/msg NAME TEXT")
    session.check_meant(other)
    await session.send_private(other, text)


def send(session: "Session", to: Account, text: str, token_hash: bytes = b"", ident: int = 0) -> SendPrivate:
    """Return what has to be kept of a message to one person alone."""
    assert session.account
    return SendPrivate(session.account.id, to.id, text, session.host.pipeline.now(), token_hash, ident)


def say_sent(session: "Session", to: Account) -> None:
    """Tell a peer that it has sent something to somebody, unless it sees that."""
    if session.turned is not to:
        session.notice(f"sent to {to.name.shown}")


def _other(session: "Session", wanted: str, usage: str = "/chat NAME") -> Account:
    """Return the account of somebody else. Raises Refusal."""
    try:
        name = prepare(wanted)
    except NameRefused:
        name = None
    account = session.host.find_account(name) if name else None
    if not account:
        raise Refusal("incorrect-name", f"{excerpt(wanted)} is not registered. /list shows who is online.")
    if account is session.account:
        raise Refusal("yourself", f"that is you. Write {usage} with the name of somebody else.")
    return account


def find_meant(session: "Session", wanted: str) -> Account:
    """Return the account of whom this peer writes to, who may have had that name before others. Raises Refusal."""
    if not session.account:
        raise Refusal("not-allowed", "you are not registered, or not authorized: write /auth LOGIN PASSWORD.")
    other = _other(session, wanted)
    session.check_meant(other)
    return other


def addressed(session: "Session", conversation: str, text: str) -> Account | None:
    """Return to whom a line goes that says so itself; None if to everybody. Raises Refusal."""
    if not conversation:
        return None
    try:
        return find_meant(session, conversation)
    except Refusal:
        if is_command(text):
            return None  # a command may be what helps
        session.doubts.check_place(session.place)
        raise


async def _unread(session: "Session", _: str) -> None:
    assert session.account

    if session.confirmed:
        # It is on its way to the store; once it is kept again, so it was the first time.
        await session.confirmed
    waiting = " ".join(f"{name}({number})" for name, number in await Unread(session.account))
    session.notice(f"unread from: {waiting}" if waiting else "no one unread")


async def _stats(session: "Session", _: str) -> None:
    assert session.account
    if not (pair := _current(session)):
        raise Refusal("no-conversation", "this counts private messages: write /chat NAME first.")

    mine, theirs = await Count(pair)
    session.tell(
        [
            f"Statistics with {pair.other.name.shown}:",
            f"Total messages: {mine + theirs}",
            f"Messages from {pair.who.name.shown}: {mine}",
            f"Messages from {pair.other.name.shown}: {theirs}",
        ]
    )


RUN: dict[str, Callable[["Session", str], Coroutine[Any, Any, None]]] = {
    "/help": _help,
    "/exit": _exit,
    "/list": _list,
    "/topic": _topic,
    "/history": _history,
    "/search": _search,
    "/chat": _chat,
    "/room": _room,
    "/msg": _msg,
    "/unread": _unread,
    "/stats": _stats,
}
