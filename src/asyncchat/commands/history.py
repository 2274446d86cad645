"""The commands that look back: /history and /search, in the room or in a private conversation."""

from collections.abc import Sequence

from asyncchat.chat.core import ChatCore
from asyncchat.chat.queries import ConversationKey, History, Search
from asyncchat.chat.user import User
from asyncchat.commands.table import command
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Account
from asyncchat.log.room_events import SHOWN, Sent, to_the_second
from asyncchat.text import texts
from asyncchat.text.command_line import excerpt

_DIGITS = 18
"""Digits of the argument of /history, at most: no message has a larger number."""


@command("/history", argument="[N]", help=f"show {SHOWN} messages, beginning with the Nth last", needs_store=True)
async def _history(_core: ChatCore, user: User, number: str) -> None:
    if number and not (number.isascii() and number.isdigit() and len(number) <= _DIGITS):
        raise Refusal("no-number", texts.no_number(excerpt(number)))
    _show(user, await History(max(1, int(number or SHOWN)), pair_of(user), user.at), texts.NO_MESSAGES)


@command("/search", argument="WORDS", help="show the last messages that contain these words", needs_store=True)
async def _search(_core: ChatCore, user: User, words: str) -> None:
    if not words:
        raise Refusal("no-words", texts.WRITE_SEARCH)
    found = await Search(words, pair_of(user), user.at)
    _show(user, found.messages, texts.nothing_found(words))
    if not found.is_all:
        user.notice(texts.SEARCH_STOPPED)


def pair_of(user: User) -> ConversationKey | None:
    """Return the private conversation that the current line is about; None if it is about the room."""
    return (
        ConversationKey(user.account, user.addressee) if user.account and isinstance(user.addressee, Account) else None
    )


def _show(user: User, messages: Sequence[Sent], nothing: str) -> None:
    if not messages:
        user.notice(nothing)
    for sent in messages:
        time = to_the_second(sent.time)
        for line in sent.text.split("\n"):
            user.notice(f"{time} {sent.name.shown}: {line}", [time])
