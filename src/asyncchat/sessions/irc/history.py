"""CHATHISTORY: earlier messages of a room or of a private conversation (IRCv3, draft/chathistory)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from asyncchat.chat.requests.queries import ConversationKey, Conversations, Passage
from asyncchat.commands.messaging import find_recipient
from asyncchat.errors import Error, Refusal
from asyncchat.formats.irc.encoder import place_of_pair
from asyncchat.formats.irc.lines import Line, middle
from asyncchat.log.room_events import SHOWN, Sent, timestamp
from asyncchat.sessions.irc.session import IrcSession, handles
from asyncchat.text.irc import answers

_PARAMS = {"LATEST": 4, "BEFORE": 4, "AFTER": 4, "AROUND": 4, "BETWEEN": 5, "TARGETS": 4}
_DIGITS = 18
_END = 10**_DIGITS
"""A larger number than any message has."""

_BATCH, _HISTORY, _TARGETS = "history", "chathistory", "draft/chathistory-targets"


class _Failed(Error):
    """What is asked for is not understood, or not there; `code` says why for programs."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class _Point(NamedTuple):
    """A message, by its number, or, if `seq` is negative, a time in milliseconds since 1970."""

    seq: int
    time: int = 0


class _Messages:
    """The messages of a room that the user is in, or of a private conversation.

    target: how the batch names it
    between: the private conversation, if it is one
    place: what the ids of its messages end with
    """

    def __init__(self, session: IrcSession, target: str) -> None:
        core, user = session.core, session.user
        self._core, self._user = core, user
        self.between: ConversationKey | None = None
        if target.startswith("#"):
            key = core.find_room(target, user.account)
            if key is None or key not in core.rooms_of(user):
                raise _Failed("INVALID_TARGET", answers.NOT_IN_ROOM)
            self._room, self.target = key, core.state.rooms[key].shown
            self.place = session.output.encode.place_of_room(self.target)
            return
        try:
            other = find_recipient(core, user, target)
        except Refusal as refusal:
            raise _Failed("INVALID_TARGET", str(refusal)) from None
        self._room, self.target = "", other.name.shown
        self.between = ConversationKey(user.require_account(), other)
        self.place = place_of_pair(*self.between)

    def check_member(self) -> None:
        """Raise _Failed if the user was removed from the room meanwhile."""
        if self.between is None and self._room not in self._core.rooms_of(self._user):
            raise _Failed("INVALID_TARGET", answers.NOT_IN_ROOM)

    async def first(self, most: int, begin: int, end: int = _END) -> list[Sent]:
        """Return the first messages from the number `begin` on, but none from the number `end` on."""
        return await self._passage(begin, end, most, are_last=False)

    async def last(self, most: int, end: int = _END, begin: int = 1) -> list[Sent]:
        """Return the last of these messages."""
        return await self._passage(begin, end, most, are_last=True)

    async def _passage(self, begin: int, end: int, most: int, *, are_last: bool) -> list[Sent]:
        if begin >= end or not most:
            return []
        room = self._core.state.rooms.get(self._room)
        if self.between is None and room:
            found = [sent for sent in room.last if begin <= sent.seq < end and sent.text]
            reaches_back = bool(room.last) and room.last[0].seq <= begin
            if not self._core.is_stored or reaches_back or (are_last and len(found) >= most):
                return found[-most:] if are_last else found[:most]
        return await Passage(begin, end, most, are_last, self.between, self._room)

    async def seq_at(self, time: int) -> int:
        """Return the number of the first message that was sent then or later."""
        newest = await self.last(1)
        low, high = 1, newest[0].seq + 1 if newest else 1
        while low < high:
            half = (low + high) // 2
            found = await self.first(1, half)
            if not found or found[0].time >= time:
                high = half
            else:
                low = found[0].seq + 1
        return low

    async def before(self, point: _Point) -> int:
        """Return the number up to which messages are before a point; that one is not."""
        return point.seq if point.seq >= 0 else await self.seq_at(point.time)

    async def after(self, point: _Point) -> int:
        """Return the number from which on messages are after a point."""
        return point.seq + 1 if point.seq >= 0 else await self.seq_at(point.time + 1)


@handles("CHATHISTORY")
async def _chathistory(session: IrcSession, line: Line) -> None:
    what = line.param(0).upper()
    try:
        _check_form(what, line)
        most = _number(line.params[-1])
        if what == "TARGETS":
            await _tell_targets(session, _time(line.params[1]), _time(line.params[2]), most)
            return
        messages = _Messages(session, line.params[1])
        is_open = what == "LATEST" and line.params[2] == "*"
        points = [] if is_open else [_point(session, messages.place, raw) for raw in line.params[2:-1]]
        found = await _find(messages, what, points, most)
        messages.check_member()
    except _Failed as failed:
        session.output.tell("FAIL", "CHATHISTORY", failed.code, middle(what), middle(line.param(1)), str(failed))
        return
    except Refusal as refusal:  # the store can't be read
        session.output.tell("FAIL", "CHATHISTORY", "MESSAGE_ERROR", middle(what), middle(line.param(1)), str(refusal))
        return
    _send(session, messages, found)


def _check_form(what: str, line: Line) -> None:
    if len(line.params) != _PARAMS.get(what):
        raise _Failed("INVALID_PARAMS", answers.NOT_UNDERSTOOD)


async def _find(messages: _Messages, what: str, points: Sequence[_Point], most: int) -> list[Sent]:
    match what:
        case "LATEST":
            return await messages.last(most, begin=await messages.after(points[0]) if points else 1)
        case "BEFORE":
            return await messages.last(most, await messages.before(points[0]))
        case "AFTER":
            return await messages.first(most, await messages.after(points[0]))
        case "AROUND":
            at = await messages.before(points[0])
            earlier = await messages.last(most // 2, at)
            return earlier + await messages.first(most - len(earlier), at)
    first, end = await messages.after(points[0]), await messages.before(points[1])
    if first <= end:
        return await messages.first(most, first, end)
    return await messages.last(most, await messages.before(points[0]), await messages.after(points[1]))


def _number(raw: str) -> int:
    if not (raw.isascii() and raw.isdigit() and len(raw) <= _DIGITS):
        raise _Failed("INVALID_PARAMS", answers.NO_LIMIT)
    return min(int(raw), SHOWN)


def _point(session: IrcSession, place: str, raw: str) -> _Point:
    kind, _, value = raw.partition("=")
    if kind != "msgid":
        return _Point(-1, _time(raw))
    epoch, _, rest = value.partition("-")
    number, dash, where = rest.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) <= _DIGITS) or f"{dash}{where}" != place:
        raise _Failed("INVALID_PARAMS", answers.HOW_MESSAGES_ARE_GIVEN)
    return _Point(int(number) if epoch == session.core.epoch else 0)  # else all messages are new


def _time(raw: str) -> int:
    """Return a time in milliseconds since 1970."""
    kind, _, value = raw.partition("=")
    try:
        if kind == "timestamp":
            time = datetime.fromisoformat(value)
            return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        pass
    raise _Failed("INVALID_PARAMS", answers.HOW_MESSAGES_ARE_GIVEN)


def _send(session: IrcSession, messages: _Messages, found: Sequence[Sent]) -> None:
    """Send messages as a batch."""
    output, server, own = session.output, session.network.name, session.user.require_name()
    has_batch = "batch" in output.capabilities
    lines = [f":{server} BATCH +{_BATCH} {_HISTORY} {messages.target}\r\n"] if has_batch else []
    for sent in found:
        target = own.shown if messages.between and sent.name.key != own.key else messages.target
        lines += output.encode.message(sent, target, _BATCH if has_batch else "", place=messages.place)
    if has_batch:
        lines.append(f":{server} BATCH -{_BATCH}\r\n")
    output.send_whole(lines)


async def _tell_targets(session: IrcSession, one: int, other: int, most: int) -> None:
    """Tell in which of the user's rooms and private conversations something was said in a time."""
    core, output, server, account = session.core, session.output, session.network.name, session.user.account
    first, last = sorted((one, other))
    rooms = [core.state.rooms[key] for key in core.rooms_of(session.user)]
    spoken = [(room.last[-1].time, room.shown) for room in rooms if room.last]
    found = [(time, shown) for time, shown in spoken if first < time < last]
    if account:
        pairs = await Conversations(account, first, last, most, one > other)
        found += [(time, name) for name, time in pairs]
    found.sort()
    found = found[max(len(found) - most, 0) :] if one > other else found[:most]
    tag = f"@batch={_BATCH} " if "batch" in output.capabilities else ""
    lines = [f"{tag}:{server} CHATHISTORY TARGETS {shown} {timestamp(time)}\r\n" for time, shown in found]
    if tag:
        begin = f":{server} BATCH +{_BATCH} {_TARGETS}\r\n"
        lines = [begin, *lines, f":{server} BATCH -{_BATCH}\r\n"]
    output.send_whole(lines)
