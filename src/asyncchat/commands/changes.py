"""The commands that change messages which were sent: to edit one, and to delete one."""

from collections.abc import Callable

from asyncchat.chat.core import ChatCore
from asyncchat.chat.requests.queries import ConversationKey, FindMessage
from asyncchat.chat.user import Place, User
from asyncchat.commands.history import pair_of
from asyncchat.commands.table import command
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Role
from asyncchat.log.entries import ChangeMessage, ChangePrivate, Mark
from asyncchat.log.room_events import Sent
from asyncchat.text import room_texts, texts
from asyncchat.text.refusals import NoMessage, NoRoom
from asyncchat.text.usernames import find_name

CHANGEABLE_FOR = 15 * 60 * 1000
"""Milliseconds for which one's own message can be changed."""

_DIGITS = 18


@command("/edit", argument="TEXT", help="change your last message here, of the last 15 minutes", has_lines=True)
async def _edit(core: ChatCore, user: User, text: str) -> None:
    if not text:
        raise Refusal("no-argument", room_texts.WRITE_EDIT)
    await edit(core, user, None, text)


@command(
    "/delete",
    argument="[NUMBER|NAME]",
    help="delete your last message here, of the last 15 minutes; for moderators, any, or the last of a user",
)
async def _delete(core: ChatCore, user: User, which: str) -> None:
    if not which:
        await delete(core, user, None)
    elif which.isascii() and which.isdigit() and len(which) <= _DIGITS:
        await delete(core, user, int(which))
    else:
        await _delete_last_of(core, user, which)


async def edit(core: ChatCore, user: User, seq: int | None, text: str) -> None:
    """Give the user's message with this number, or the last one, another text. Raises Refusal."""
    doubts = user.resumable.doubts
    if not doubts.is_message(text):
        doubts.check_message(text, Place.ROOM.value, is_addressed=True)
    if pair := pair_of(user):
        await _change_private(core, user, pair, seq, text)
        return
    core.refuse_muted(user.require_name(), user.at)
    message = await _find_own(core, user, seq)
    await _change(core, user, message, text)


async def delete(core: ChatCore, user: User, seq: int | None) -> None:
    """Delete the message with this number, or the user's last one. Raises Refusal."""
    if pair := pair_of(user):
        await _change_private(core, user, pair, seq, "")
        return
    if seq is not None and core.moderates(user, user.at):
        message = await _find(core, user, seq)
        _check_may_delete(core, user, message)
    else:
        message = await _find_own(core, user, seq)
    await _change(core, user, message, "")


async def _delete_last_of(core: ChatCore, user: User, wanted: str) -> None:
    if not core.moderates(user, user.at):
        raise Refusal("not-allowed", texts.NEEDS_MODERATOR)
    name = find_name(wanted)
    message = await _find_last(core, user, lambda message: name is not None and message.name.key == name.key)
    _check_may_delete(core, user, message)
    await _change(core, user, message, "")


async def _find_own(core: ChatCore, user: User, seq: int | None) -> Sent:
    def is_own(message: Sent) -> bool:
        return core.is_author(user, message) and message.time >= core.pipeline.now() - CHANGEABLE_FOR

    if seq is None:
        return await _find_last(core, user, is_own, room_texts.NO_OWN_MESSAGE)
    message = await _find(core, user, seq)
    if not is_own(message):
        raise NoMessage(room_texts.NOT_YOURS)
    return message


async def _find_last(
    core: ChatCore, user: User, fits: Callable[[Sent], bool], otherwise: str = room_texts.NO_MESSAGE
) -> Sent:
    """Return the last message that fits, of those that the server remembers. Raises NoMessage."""
    room = await _settle(core, user)
    for message in reversed(core.state.rooms[room].last):
        if message.text and fits(message):
            return message
    raise NoMessage(otherwise)


async def _find(core: ChatCore, user: User, seq: int) -> Sent:
    room = await _settle(core, user)
    message = core.state.rooms[room].find(seq)
    if not message and core.is_stored:
        message = await FindMessage(seq, room)
    if not message or not message.text:
        raise NoMessage
    return message._replace(room=room)


async def _settle(core: ChatCore, user: User) -> str:
    """Wait for what was sent before, and return the key of the room that the line is about. Raises Refusal."""
    if user.addressee is not Place.ROOM:
        raise Refusal("nowhere", texts.SENDING_NOWHERE)
    room = user.at
    await Mark()
    if room not in core.rooms_of(user):
        raise NoRoom(room_texts.NOT_IN_ROOM)
    return room


def _check_may_delete(core: ChatCore, user: User, message: Sent) -> None:
    author = core.rank_in(message.room, message.name)
    if not core.is_author(user, message) and author >= core.rank_in(message.room, user.require_name()):
        raise Refusal("not-allowed", texts.not_allowed(room_texts.DELETE_MESSAGE_OF, is_admin=author == Role.ADMIN))


async def _change_private(core: ChatCore, user: User, pair: ConversationKey, seq: int | None, text: str) -> None:
    await Mark()
    message = await FindMessage(seq, between=pair)
    if not message or message.time < core.pipeline.now() - CHANGEABLE_FOR:
        raise NoMessage(room_texts.NO_OWN_MESSAGE)
    token_hash, ident = _accepted(user)
    now = core.pipeline.now()
    await ChangePrivate(pair.who.id, pair.other.id, message.seq, text, now, token_hash, ident)


async def _change(core: ChatCore, user: User, message: Sent, text: str) -> None:
    token_hash, ident = _accepted(user)
    await ChangeMessage(
        message.room,
        message.seq,
        message.name,
        user.require_name(),
        text,
        core.pipeline.now(),
        token_hash,
        ident,
    )


def _accepted(user: User) -> tuple[bytes, int]:
    """Return by what the line at hand is known: it is carried out once, also if another connection sends it again."""
    if user.message_id is None:
        return b"", 0
    user.resumable.accept(user.message_id)
    return user.resumable.token_hash, user.message_id
