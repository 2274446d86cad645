"""Private messages of IRC clients."""

from asyncchat.chat.core import ChatCore
from asyncchat.chat.user import User
from asyncchat.commands.messaging import find_recipient, send_private
from asyncchat.errors import Refusal
from asyncchat.formats.irc import replies
from asyncchat.text import texts
from asyncchat.text.refusals import NotKept
from asyncchat.text.usernames import find_name


async def send_to(core: ChatCore, user: User, target: str, text: str) -> None:
    """Send a message to one user alone. Raises Refusal."""
    name = find_name(target)
    if not name or not (core.find_account(name) or core.find_member(name)):
        raise Refusal("not-online", replies.NO_NICK)
    if not user.account or not core.find_account(name):
        raise Refusal("guest-involved", replies.ACCOUNTS_ONLY)
    to = find_recipient(core, user, target)
    user.target = user.resumable.target = to
    if not user.resumable.doubts.is_message(text):
        user.resumable.doubts.check_message(text, to.name.shown, is_private=True)
    try:
        await send_private(core, user, to, text)
    except NotKept as lost:
        user.notice(texts.line_refused(lost.why))
