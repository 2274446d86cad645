"""CHATHISTORY: earlier messages of a room (ircv3.net/specs/extensions/chathistory), as far as they are remembered."""

from collections.abc import Sequence
from datetime import datetime

from asyncchat.chat.core import ChatCore
from asyncchat.chat.user import User
from asyncchat.formats.irc import replies
from asyncchat.formats.irc.lines import Line
from asyncchat.formats.irc.output import IrcOutput
from asyncchat.log.room_events import SHOWN, Sent
from asyncchat.log.state import RoomState


def answer(core: ChatCore, user: User, output: IrcOutput, line: Line) -> None:
    """Send a batch of messages, or say what is wrong."""
    what, target, *points = line.parameters
    key = core.find_room(target, user.account) if target.startswith("#") else None
    if key is None or key not in core.rooms_of(user):
        output.fail_command("CHATHISTORY", "INVALID_TARGET", what, target, replies.NO_HISTORY)
        return
    room = core.state.rooms[key]
    limit = min(int(points[-1]), SHOWN) if points and points[-1].isascii() and points[-1].isdigit() else 0
    found = _find(core, room, what.upper(), points[:-1], limit)
    if found is None:
        output.fail_command("CHATHISTORY", "INVALID_PARAMS", what, replies.WRONG_PARAMETERS)
        return
    output.history(room, found)


def _find(core: ChatCore, room: RoomState, what: str, points: Sequence[str], limit: int) -> list[Sent] | None:
    """Return the messages that are asked for; None if that can't be understood."""
    kept = [message for message in room.last if message.text]
    if not points or not limit:
        return None
    if what == "LATEST" and points[0] == "*":
        return kept[-limit:]
    places = [_place(core, kept, point) for point in points]
    if any(place is None for place in places):
        return None
    first = places[0] or 0
    match what:
        case "LATEST":
            return kept[_after(kept, first) :][-limit:]
        case "BEFORE":
            return kept[: _index(kept, first)][-limit:]
        case "AFTER":
            return kept[_after(kept, first) :][:limit]
        case "AROUND":
            middle = _index(kept, first)
            begin = max(middle - limit // 2, 0)
            return kept[begin : begin + limit]
        case "BETWEEN" if len(places) == 2:
            low, high = sorted((first, places[1] or 0))
            between = kept[_after(kept, low) : _index(kept, high)]
            return between[:limit] if first == low else between[-limit:]
    return None


def _place(core: ChatCore, kept: Sequence[Sent], point: str) -> int | None:
    """Return the number of the message that a point means: msgid=…, or timestamp=…, the last one before that time."""
    kind, _, value = point.partition("=")
    if kind == "msgid":
        epoch, _, number = value.rpartition("-")
        return int(number) if epoch == core.epoch and number.isascii() and number.isdigit() else None
    if kind == "timestamp":
        try:
            time = datetime.fromisoformat(value).timestamp() * 1000
        except ValueError:
            return None
        return max((message.seq for message in kept if message.time <= time), default=0)
    return None


def _index(kept: Sequence[Sent], seq: int) -> int:
    """Return how many messages have smaller numbers."""
    return sum(message.seq < seq for message in kept)


def _after(kept: Sequence[Sent], seq: int) -> int:
    return sum(message.seq <= seq for message in kept)
