"""The commands that look back: /history and /search, in the room or in a private conversation."""

from collections.abc import Sequence

from asyncchat.chat.core import ChatCore
from asyncchat.chat.requests.queries import ConversationKey, History, Search
from asyncchat.chat.user import User
from asyncchat.commands.table import command
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Account
from asyncchat.log.room_events import SHOWN, Sent, to_the_second
from asyncchat.text import texts
from asyncchat.text.command_line import excerpt
from asyncchat.text.refusals import NoRoom

_DIGITS = 18
"""Digits of the argument of /history, at most: no message has a larger number."""


@command("/history", argument="[N]", help=f"show {SHOWN} messages, beginning with the Nth last", needs_store=True)
async def _history(core: ChatCore, user: User, number: str) -> None:
    if number and not (number.isascii() and number.isdigit() and len(number) <= _DIGITS):
        raise Refusal("no-number", texts.no_number(excerpt(number)))
    messages = await History(max(1, int(number or SHOWN)), pair_of(user), user.at)
    _refuse_hidden(core, user)
    _show(user, messages, texts.NO_MESSAGES)


@command(
    "/search",
    argument="[-a] WORDS",
    help="show the last messages here that contain these words; with -a, of all rooms",
    needs_store=True,
)
async def _search(core: ChatCore, user: User, words: str) -> None:
    if not words:
        raise Refusal("no-words", texts.WRITE_SEARCH)
    option, _, rest = words.partition(" ")
    if option == "-a" and rest.strip():
        found = await Search(rest, everywhere=True, reader=user.account)
        ident = user.account.id if user.account else None
        messages = [sent for sent in found.messages if core.state.may_enter(sent.room, ident)]
        _show(user, messages, texts.nothing_found(rest), [core.state.rooms[sent.room].shown for sent in messages])
    else:
        found = await Search(words, pair_of(user), user.at)
        _refuse_hidden(core, user)
        _show(user, found.messages, texts.nothing_found(words))
    if not found.is_all:
        user.notice(texts.SEARCH_STOPPED)


def pair_of(user: User) -> ConversationKey | None:
    """Return the private conversation that the current line is about; None if it is about the room."""
    return (
        ConversationKey(user.account, user.addressee) if user.account and isinstance(user.addressee, Account) else None
    )


def _refuse_hidden(core: ChatCore, user: User) -> None:
    """Raise NoRoom if the user may not read the room at hand any more, since it is private now."""
    if not core.state.may_enter(user.at, user.account.id if user.account else None):
        raise NoRoom


def _show(user: User, messages: Sequence[Sent], nothing: str, places: Sequence[str] = ()) -> None:
    """Show messages; `places`: the room of each, if they are from several."""
    if not messages:
        user.notice(nothing)
    for sent, place in zip(messages, places or [""] * len(messages), strict=True):
        time = to_the_second(sent.time)
        begin = f"{time} {place} " if place else f"{time} "
        for line in sent.text.split("\n"):
            user.notice(f"{begin}{sent.name.shown}: {line}", [time], sent.seq)
