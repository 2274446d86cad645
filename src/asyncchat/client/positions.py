"""What a client has seen of each room that it is in, so that nothing is shown twice, and what is missing is noticed."""

from collections.abc import Sequence

from asyncchat.commands.table import Command
from asyncchat.formats.events import Gap, InRoom, Message
from asyncchat.log.room_events import MOST_ROOMS


class Positions:
    """The rooms, as JSON events name them, with the number of the last message of each; None: nothing was seen yet.

    That of the default room is not known here.

    wants_old: messages from before a room was entered are shown
    """

    def __init__(self, rooms: Sequence[str], *, wants_old: bool) -> None:
        self._wants_old = wants_old
        self._seen: dict[str, int | None] = dict.fromkeys(rooms or [""])
        self._are_given = bool(rooms)

    def __contains__(self, room: str) -> bool:
        """Tell whether the client is in a room."""
        return room in self._seen

    def wanted(self) -> list[InRoom] | None:
        """Return what a hello asks for; None if for the rooms of the last time, or the default room alone."""
        return (
            None
            if list(self._seen) == [""] and not self._are_given
            else [InRoom(*place) for place in self._seen.items()]
        )

    def welcome(self, rooms: Sequence[str], *, anew: bool) -> None:
        """The client is in these rooms; `anew`: their numbers count anew, and all that is in them is new."""
        known = dict.fromkeys(self._seen, 0) if anew else self._seen
        self._seen = {room: known.get(room) for room in rooms}

    def enter(self, room: str, last: int) -> None:
        """The client is in a room, in which `last` is the number of the last message."""
        if room in self._seen or len(self._seen) < MOST_ROOMS:
            seen = self._seen.get(room)
            if seen is None and self._wants_old:
                self._seen[room] = None
            else:
                self._seen[room] = last if seen is None else min(seen, last)

    def part(self, room: str) -> None:
        """The client is not in a room any more."""
        self._seen.pop(room, None)

    def skip(self, room: str, last: int) -> None:
        """Messages of a room are missing, up to the number `last`."""
        if room in self._seen:
            self._seen[room] = last

    def take(self, message: Message) -> list[Gap | Message]:
        """Return a message of a room, with what is missing before it; nothing if it was seen."""
        seen = self._seen.get(message.conversation)
        if seen is not None and message.seq <= seen:
            return []
        self.skip(message.conversation, message.seq)
        if seen is None or message.seq == seen + 1:
            return [message]
        return [Gap(seen + 1, message.seq - 1, message.conversation), message]


def place_of(command: Command, argument: str, room: str, default: str) -> str | None:
    """Return the conversation to which a command leads; None if to none.

    room: where messages went last that were for a room
    default: the name of the default room
    """
    match command.names[0]:
        case "/join" if argument:
            wanted = f"#{argument.removeprefix('#')}"
            return "" if wanted.lower() == default.lower() else wanted
        case "/join":
            return None
        case "/chat" if argument:
            return argument
        case "/leave":
            return ""
        case _:
            return room
