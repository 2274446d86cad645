"""The commands for private conversations, and how a private message is sent."""

from asyncchat.chat.core import ChatCore
from asyncchat.chat.requests.queries import CountMessages, UnreadCounts
from asyncchat.chat.user import Place, User
from asyncchat.commands.history import pair_of
from asyncchat.commands.table import Group, command
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Account, Role
from asyncchat.log.entries import OpenConversation, SendPrivate
from asyncchat.log.room_events import SHOWN
from asyncchat.text import texts
from asyncchat.text.command_line import excerpt
from asyncchat.text.refusals import NotKept
from asyncchat.text.sanitize import is_blank
from asyncchat.text.usernames import find_name


@command(
    "/chat",
    argument="[NAME]",
    help="start a private conversation with a user; without NAME, return to the room",
    role=Role.REGISTERED,
    needs_store=True,
    sets_target=True,
    group=Group.PRIVATE,
)
async def _chat(core: ChatCore, user: User, wanted: str) -> None:
    if wanted:
        await open_conversation(core, user, _find_other(core, user, wanted))
    else:
        user.set_target(Place.ROOM, core.conversation_of(user))


@command("/room", help="return to the room: what you write is for all users", sets_target=True, group=Group.PRIVATE)
async def _room(core: ChatCore, user: User, _: str) -> None:
    user.set_target(Place.ROOM, core.conversation_of(user))


@command(
    "/msg",
    argument="NAME TEXT",
    help="send one private message",
    role=Role.REGISTERED,
    needs_store=True,
    has_lines=True,
    group=Group.PRIVATE,
)
async def _msg(core: ChatCore, user: User, argument: str) -> None:
    wanted, _, text = argument.partition(" ")
    if is_blank(text):
        raise Refusal("no-argument", texts.WRITE_MSG)
    other = _find_other(core, user, wanted, texts.MSG_TO_YOURSELF)
    _check_same_owner(core, user, other)
    await send_private(core, user, other, text)


@command(
    "/unread",
    help="show who has sent you private messages that you have not read",
    role=Role.REGISTERED,
    needs_store=True,
    group=Group.PRIVATE,
)
async def _unread(core: ChatCore, user: User, _: str) -> None:
    account = user.require_account()
    if user.last_mark and core.state.account(user.last_mark.other):
        # It may still be on its way to the store: when the same mark is stored again, so is the first one.
        await user.last_mark
    user.notice(texts.unread(await UnreadCounts(account)))


@command(
    "/stats",
    help="count the messages of this private conversation",
    role=Role.REGISTERED,
    needs_store=True,
    group=Group.PRIVATE,
)
async def _stats(_core: ChatCore, user: User, _: str) -> None:
    if not (pair := pair_of(user)):
        raise Refusal("no-conversation", texts.COUNTS_PRIVATE)
    mine, theirs = await CountMessages(pair)
    user.output.notices(texts.statistics(pair.who.name.shown, pair.other.name.shown, mine, theirs))


async def open_conversation(core: ChatCore, user: User, other: Account, after: int | None = None) -> None:
    """Send messages to `other` alone from now on, and show the last ones; with `after`, those after that number.

    Raises Refusal.
    """
    account = user.require_account()
    try:
        history = await OpenConversation(account.id, other.id, after)
    except NotKept:
        _refuse_deleted(core, account, other)
        raise
    _refuse_deleted(core, account, other)
    user.set_target(other)
    if history.more:
        user.notice(texts.more_unread(history.more, history.more + SHOWN))
    user.output.private_messages(other, history.read)
    user.output.private_messages(other, history.new, new=after is None)


async def send_private(core: ChatCore, user: User, to: Account, text: str) -> None:
    """Send a message to one user alone. Raises Refusal."""
    sender, ident = user.require_account(), user.message_id
    if ident is not None:
        user.resumable.accept(ident)
    try:
        await SendPrivate(
            sender.id, to.id, text, core.pipeline.now(), user.resumable.token_hash, 0 if ident is None else ident
        )
    except NotKept:
        if ident is None:
            raise
    else:
        if not user.hears(to):  # else it is shown
            user.notice(texts.sent_to(to.name.shown))
    user.message_id = None  # the resumable session has answered it


def find_recipient(core: ChatCore, user: User, wanted: str) -> Account:
    """Return the account that a client writes to, if its name has not changed hands since. Raises Refusal."""
    user.require_account()
    other = _find_other(core, user, wanted)
    _check_same_owner(core, user, other)
    return other


def _find_other(core: ChatCore, user: User, wanted: str, yourself: str = texts.CHAT_WITH_YOURSELF) -> Account:
    """Return the account of another user. Raises Refusal, with the text `yourself` if it is the user's own."""
    name = find_name(wanted)
    account = core.find_account(name) if name else None
    if not account:
        raise Refusal("incorrect-name", texts.not_registered(excerpt(wanted)))
    if account is user.account:
        raise Refusal("yourself", yourself)
    return account


def _check_same_owner(core: ChatCore, user: User, other: Account) -> None:
    """Raise Refusal if the line may be meant for an earlier owner of the name."""
    session = user.resumable
    if not session.token_hash:
        return  # a client that never sends a line again
    key, partners = other.name.key, session.partners
    if core.require_accounts().when_released(key) < session.created:
        partners.setdefault(key, other)
    if partners.get(key) is not other:
        raise Refusal("incorrect-name", texts.another_user(other.name.shown))


def _refuse_deleted(core: ChatCore, *accounts: Account) -> None:
    """Raise Refusal if one of `accounts` has been deleted meanwhile."""
    for account in accounts:
        if core.find_account(account.name) is not account:
            raise Refusal("incorrect-name", texts.account_gone(account.name.shown))
