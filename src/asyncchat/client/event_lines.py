"""From JSON events to the lines that a client in plain text prints for them."""

from collections import OrderedDict

from asyncchat.client.plain_answers import NOT_SENT
from asyncchat.errors import ChatError
from asyncchat.formats import events, plain
from asyncchat.text import room_texts, texts

REMEMBERED = 1000
"""Messages whose authors are remembered, for what is said when they change."""


class EventLines:
    """Turns events into lines, of the room that the user is in, as of a server that speaks plain text.

    room: that the user is to be in, with its leading #; empty for the default room
    refused: how many lines the server did not take
    """

    def __init__(self, room: str = "") -> None:
        self.refused = 0
        self._wanted = room
        self._room = None if room else ""  # as events name it; None before the first one
        self._turned: str | None = room
        self._default = ""
        self._was_told = False  # where the user writes, until the next line is answered
        self._left: list[str] = []
        self._authors: OrderedDict[tuple[str, int], str] = OrderedDict()

    def take_left(self) -> list[str]:
        """Return, once, the rooms in which the user was before: who prints plain text is in one at a time."""
        left, self._left = self._left, []
        return left

    def of(self, event: object) -> bytes:
        """Return the lines for an event; most of what is no message has none.

        Raises ChatError if the room that the user is to be in can't be entered.
        """
        match event:
            case events.Message():
                return self._message(event)
            case events.Edited(seq, text, by, conversation) if self._is_shown(conversation):
                if author := by or self._authors.get((conversation, seq)):
                    return plain.lines_of(author, text, f"{_mark(conversation)}(edited) ").encode()
            case events.Deleted(seq, by, conversation) if by and self._is_shown(conversation):
                author = self._authors.get((conversation, seq), by)
                return _mark(conversation).encode() + plain.notice(room_texts.message_deleted(author, by))
            case events.Gap(first, last, conversation) if self._is_shown(conversation):
                missing = "1 message is" if first == last else f"{last - first + 1} messages are"
                return plain.notice(f"{missing} missing here.")
            case events.Refused(code=code, text=text):
                self._was_told = False
                line = plain.notice(text)
                self.refused += code == "in-doubt" or line.decode().startswith(NOT_SENT)
                return line
            case events.Welcome(room=default):
                self._default, self._was_told = default, True
            case events.Ack():
                self._was_told = False
            case events.Room():
                return self._enter(event)
            case events.Turned(conversation):
                return self._turn(conversation)
            case events.Parted(conversation, _, text) if self._room is None and conversation == self._wanted:
                raise ChatError(f"can't join {conversation}: {text}")
            case events.Notice(text) | events.Error(text=text) | events.Parted(text=text) if text:
                return plain.notice(text)
        return b""

    def _is_shown(self, conversation: str) -> bool:
        return conversation == self._room or _is_private(conversation)

    def _message(self, message: events.Message) -> bytes:
        conversation = message.conversation
        self._authors[conversation, message.seq] = message.sender
        if len(self._authors) > REMEMBERED:
            self._authors.popitem(last=False)
        if not self._is_shown(conversation):
            return b""
        return plain.lines_of(message.sender, message.text, "(new) " if message.new else _mark(conversation)).encode()

    def _enter(self, room: events.Room) -> bytes:
        if room.conversation == self._room:
            return b""  # again, after a reconnect
        self._go(room.conversation)
        self._turned, self._was_told = room.conversation, True
        return plain.notice(room_texts.entered(room.conversation or self._default, room.members, room.topic))

    def _turn(self, conversation: str | None) -> bytes:
        before, self._turned = self._turned, conversation
        if conversation is None or (conversation == before and self._was_told):
            return b""
        if _is_private(conversation):
            return plain.notice(texts.to_one(conversation))
        if conversation != self._room:  # it has entered it before
            self._go(conversation)
            return b""
        return plain.notice(room_texts.to_room(conversation) if conversation else texts.TO_EVERYBODY)

    def _go(self, room: str) -> None:
        if self._room is not None:
            self._left.append(self._room)
        self._room = room


def _is_private(conversation: str) -> bool:
    return bool(conversation) and not conversation.startswith("#")


def _mark(conversation: str) -> str:
    return "(private) " if _is_private(conversation) else ""
