"""CHATHISTORY: earlier messages of a room or of a private conversation (IRCv3, draft/chathistory)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from asyncchat.chat.requests.queries import ConversationKey, History
from asyncchat.commands.messaging import find_recipient
from asyncchat.errors import Error, Refusal
from asyncchat.formats.irc.lines import Line, middle
from asyncchat.log.room_events import SHOWN, Sent, timestamp
from asyncchat.sessions.irc.session import IrcSession, handles
from asyncchat.text.irc import answers

_NEEDED = {"LATEST": 4, "BEFORE": 4, "AFTER": 4, "AROUND": 4, "BETWEEN": 5, "TARGETS": 4}
_DIGITS = 18
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
    """

    def __init__(self, session: IrcSession, target: str) -> None:
        core, user = session.core, session.user
        self._session = session
        self._last = -1
        self.between: ConversationKey | None = None
        if target.startswith("#"):
            key = core.find_room(target, user.account)
            if key is None or key not in core.rooms_of(user):
                raise _Failed("INVALID_TARGET", answers.NOT_IN_ROOM)
            self._room, self.target = key, core.state.rooms[key].shown
            self._last = core.state.rooms[key].seq
            return
        try:
            other = find_recipient(core, user, target)
        except Refusal as refusal:
            raise _Failed("INVALID_TARGET", str(refusal)) from None
        self._room, self.target = "", other.name.shown
        self.between = ConversationKey(user.require_account(), other)

    def check_member(self) -> None:
        """Raise _Failed if the user was removed from the room meanwhile."""
        if self.between is None and self._room not in self._session.core.rooms_of(self._session.user):
            raise _Failed("INVALID_TARGET", answers.NOT_IN_ROOM)

    async def last(self) -> int:
        """Return the number of the last message; 0 if there is none."""
        if self._last < 0:
            newest = await History(1, self.between, self._room)
            self._last = newest[-1].seq if newest else 0
        return self._last

    async def since(self, first: int, end: int | None = None) -> list[Sent]:
        """Return SHOWN messages from the number `first` on, at most, but none from the number `end` on."""
        core, last, first = self._session.core, await self.last(), max(1, first)
        if first > last:
            return []
        room = core.state.rooms.get(self._room)
        if self.between is None and room and (not core.is_stored or (room.last and room.last[0].seq <= first)):
            found = [sent for sent in room.last if sent.seq >= first and sent.text][:SHOWN]
        else:
            found = await History(last - first + 1, self.between, self._room)
        return [sent for sent in found if end is None or sent.seq < end]

    async def seq_at(self, time: int) -> int:
        """Return the number of the first message that was sent then or later."""
        low, high = 1, await self.last() + 1
        while low < high:
            middle_seq = (low + high) // 2
            found = await self.since(middle_seq)
            if not found or found[0].time >= time:
                high = middle_seq
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
            _tell_targets(session, _point(session, line.params[1]), _point(session, line.params[2]), most)
            return
        messages = _Messages(session, line.params[1])
        points = [_point(session, raw) for raw in line.params[2:-1] if raw != "*" or what != "LATEST"]
        found = await _find(messages, what, points, most)
        messages.check_member()
    except _Failed as failed:
        session.output.tell("FAIL", "CHATHISTORY", failed.code, middle(what), middle(line.param(1)), str(failed))
        return
    _send(session, messages, found)


def _check_form(what: str, line: Line) -> None:
    if what not in _NEEDED or len(line.params) < _NEEDED[what]:
        raise _Failed("INVALID_PARAMS", answers.NOT_UNDERSTOOD)


async def _find(messages: _Messages, what: str, points: Sequence[_Point], most: int) -> list[Sent]:
    if what == "LATEST":
        first = await messages.after(points[0]) if points else 1
        return await messages.since(max(first, await messages.last() + 1 - most))
    first, end = await messages.after(points[0]), await messages.before(points[-1])
    if what == "BETWEEN" and end < first:
        first, end = await messages.after(points[1]), await messages.before(points[0])
        return await messages.since(max(first, end - most), end)
    match what:
        case "BEFORE":
            return await messages.since(max(1, end - most), end)
        case "AROUND":
            return await messages.since(end - most // 2, end - most // 2 + most)
        case _:
            return (await messages.since(first, end if what == "BETWEEN" else None))[:most]


def _number(raw: str) -> int:
    if not (raw.isascii() and raw.isdigit() and len(raw) <= _DIGITS):
        raise _Failed("INVALID_PARAMS", answers.NO_LIMIT)
    return min(int(raw), SHOWN)


def _point(session: IrcSession, raw: str) -> _Point:
    kind, _, value = raw.partition("=")
    if kind == "msgid":
        epoch, _, number = value.rpartition("-")
        if number.isascii() and number.isdigit() and len(number) <= _DIGITS:
            return _Point(int(number) if epoch == session.core.epoch else 0)  # else all messages are new
    if kind == "timestamp":
        try:
            return _Point(-1, round(datetime.fromisoformat(value).timestamp() * 1000))
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
        lines += output.encode.message(sent, target, _BATCH if has_batch else "")
    if has_batch:
        lines.append(f":{server} BATCH -{_BATCH}\r\n")
    output.send_whole(lines)


def _tell_targets(session: IrcSession, one: _Point, other: _Point, most: int) -> None:
    """Tell in which of the user's rooms something was said in a time."""
    core, output, server = session.core, session.output, session.network.name
    first, last = sorted((one.time, other.time))
    rooms = [core.state.rooms[key] for key in core.rooms_of(session.user)]
    spoken = sorted((room.last[-1].time, room.shown) for room in rooms if room.last)
    found = [(time, shown) for time, shown in spoken if first < time < last][:most]
    tag = f"@batch={_BATCH} " if "batch" in output.capabilities else ""
    lines = [f"{tag}:{server} CHATHISTORY TARGETS {shown} {timestamp(time)}\r\n" for time, shown in found]
    if tag:
        begin = f":{server} BATCH +{_BATCH} {_TARGETS}\r\n"
        lines = [begin, *lines, f":{server} BATCH -{_BATCH}\r\n"]
    output.send_whole(lines)
