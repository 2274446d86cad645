"""From events to lines for the scrollback: what is shown and how, what is folded, and when the bell rings."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from functools import partial
from typing import NamedTuple

from msgspec import UNSET

from asyncchat.aio.client.event_queue import Disconnected, Event
from asyncchat.formats import events
from asyncchat.formats.room_events import Rank
from asyncchat.log.accounts import Role
from asyncchat.text.command_line import ACTION
from asyncchat.ui.mentions import mentions
from asyncchat.ui.roster import People, Run
from asyncchat.ui.view.folding import Change, Item, not_shown, readable
from asyncchat.ui.view.style import colour_of, key_of
from asyncchat.ui.windows import Line, Windows

MOST_OF_ONE = 1 << 16
"""Characters that are shown of one message; a server may let somebody say more."""

_DIM = "class:dim"


class Shown(NamedTuple):
    """What to print, and whether the bell rings."""

    lines: list[Line]
    rings: bool


_OF_ROOMS = (events.Edited, events.Deleted, events.Gap, events.Room, events.Topic)
"""Events that are shown in the window that they are about."""


class Show:
    """What the person sees of the chat at `server`; knows who is there.

    `bell` says when it rings: off, mentions or all. `ignored` has the names of whom nothing is shown, by their keys.
    `zone` is the one in which times are shown; None for the system's own, in which summer has another hour than winter.
    """

    def __init__(self, server: str, *, bell: str, zone: tzinfo | None = None) -> None:
        self.bell = bell
        self.ignored: dict[str, str] = {}
        self.people = People()
        self.run = Run()
        self.name = ""
        self.role = Role.GUEST
        self.has_store = True
        self.windows = Windows()
        self._server = server
        self._zone = zone
        self._today = date.min
        self._key = self._key_before = ""
        self._epoch = ""
        self._is_lost = False
        self._said_before = 0
        self._rings = False

    def take(self, happened: Iterable[Event], *, now: datetime, columns: int, rows: int) -> Shown:
        """Take what happened, and return what to show of it at the time `now`.

        More than fits into `rows` with so many columns is folded.
        """
        self._rings = False
        self._today = now.astimezone(self._zone).date()
        # Whoever joined or left stays in place here, since a run of them ends where something else is shown.
        items: list[Item | Change] = []
        for event in happened:
            match event:
                case events.Message(sender=sender):
                    if not is_private(event):
                        self._know(sender)
                    if key_of(sender) not in self.ignored:
                        items += self._take_message(event)
                case events.Joined(conversation=room) | events.Left(conversation=room) if self._is_elsewhere(room):
                    if window := self.windows.find(room):
                        window.members = event.members
                case events.Left(name, members) if key_of(name) == self._key_before:
                    self._count(event, members)  # oneself, under the name before
                    self._key_before = ""
                case events.Joined(name, members) | events.Left(name, members):
                    self._count(event, members)
                    if key_of(name) not in self.ignored and key_of(name) != self._key:
                        items.append(event)
                case _:
                    items += self._lines(event)
        return Shown(list(self._fold(readable(items, columns, rows), items)), self._rings)

    def _is_elsewhere(self, conversation: str) -> bool:
        return self.windows.find(conversation) is not self.windows.current

    def _lines(self, event: Event) -> list[Item]:
        """Return what to show now of an event that is no message; what it says of another window is kept there."""
        lines: list[Line] = [[(style, _cut(text))] for style, text in self._other(event)]
        where = getattr(event, "conversation", None) if isinstance(event, _OF_ROOMS) else None
        window = self.windows.current if where is None else self.windows.find(where) or self.windows.current
        window.kept += lines
        if window is not self.windows.current:
            return []
        return [Item(partial(list, line), len(line[0][1]), True) for line in lines]

    def _take_message(self, message: events.Message) -> list[Item]:
        window = self.windows.open(message.conversation)
        own = key_of(message.sender) == self._key
        places = [] if own else mentions(_cut(message.text), self._key)
        calls = bool(places or is_private(message))
        if window is not self.windows.current:
            if window.keep(message, is_own=own, calls=calls) and not own:
                self._ring(calls=calls)
            return []
        items = []
        if window.is_first_new(message):
            items.append(Item(partial(self._news_line, message), 0, True))
        if not own and (message.conversation or message.seq > self._said_before):
            self._ring(calls=calls)
        window.show(message)
        return [*items, self._message(message)]

    def _ring(self, *, calls: bool) -> None:
        self._rings = self._rings or self.bell == "all" or (self.bell == "mentions" and calls)

    def screen(self, *, now: datetime, columns: int, rows: int) -> list[Line]:
        """Return what to show of the current window when it is shown again."""
        self._today = now.astimezone(self._zone).date()
        self.run.clear()
        window = self.windows.current
        kept, first_new = window.look()
        lines: list[Line] = []
        room = rows - 1
        for entry in reversed(kept):
            line = self._message_line(entry) if isinstance(entry, events.Message) else entry
            is_first = isinstance(entry, events.Message) and entry.seq == first_new
            room -= sum(1 + len(text) // max(columns, 1) + text.count("\n") for _, text in line[-1:]) + is_first
            if room < 0 and lines:
                break
            lines.append(line)
            if is_first and isinstance(entry, events.Message):
                lines.append(self._news_line(entry))
                first_new = None
        if first_new is not None:
            lines.append([(_DIM, f"— {len(kept)} messages or more are new: /history shows them —")])
        lines.append([(_DIM, f"— {self.windows.title(window)} —")])
        return lines[::-1]

    def _news_line(self, message: events.Message) -> Line:
        return [(_DIM, f"— new since {self._local(message.when)} —")]

    def _count(self, event: Change, members: int) -> None:
        self.windows.current.members = members
        if isinstance(event, events.Joined):
            self._know(event.name)
        else:
            self.people.remove(event.name)

    def _know(self, name: str) -> None:
        if key_of(name) != self._key:  # nobody addresses oneself
            self.people.add(name)

    def _message(self, message: events.Message) -> Item:
        own = key_of(message.sender) == self._key
        text = _cut(message.text)
        matters = own or bool(mentions(text, self._key))
        rows = text.count("\n")
        return Item(partial(self._message_line, message), len(message.sender) + len(text) + 10, matters, rows)

    def _other(self, event: Event) -> Iterator[tuple[str, str]]:
        match event:
            case events.Welcome():
                yield from self._welcome(event)
            case Disconnected(text) if not self._is_lost:
                self._is_lost = True
                yield _DIM, f"connection lost ({text.rstrip('.')}). What you write now is sent when it is there again."
            case events.You(name, role):
                self.role = Role.__members__.get(role.upper(), Role.GUEST)
                if name != self.name:
                    self.people.remove(name)
                    self._key_before = self._key
                    yield _DIM, f"You are {name} now."
                self.name, self._key = name, key_of(name)
            case events.Turned(str(conversation)):
                self.windows.open(conversation).is_known = True
            case events.Room(room, seq, members, topic):
                self.windows.open(room).enter(seq, members)
                yield _DIM, f"You are in {room}, {members} online" + (f": {topic}" if topic else ".")
            case Rank(room, role):
                if window := self.windows.find(room):
                    window.moderates = bool(role)
            case events.Parted(room, _, text):
                self.windows.close(room)
                yield _DIM, f"You are not in {room or self.windows.default}" + (f": {text}" if text else ".")
            case events.Read(seq, room):
                if window := self.windows.find(room):
                    window.know_read(seq)
            case events.Edited(by=by) | events.Deleted(by=by):
                yield from self._changed(event, by)
            case events.Unread(conversation, number):
                yield from self._unread(conversation, number)
            case events.Topic(text):
                yield _DIM, f"The topic is: {text}"
            case events.Members(members, room):
                if window := self.windows.find(room):
                    window.members = members
            case events.Gap(first, last):
                messages = "1 message is" if first == last else f"{last - first + 1} messages are"
                yield _DIM, f"{messages} missing here: the server did not send them."
            case events.Refused(text=text):
                yield "class:reason", not_sent(text)
            case events.Error(text=text) if not self._is_lost:
                yield _DIM, text
            case events.Notice(text, times):
                yield "", f"Server: {self._in_zone(text, times)}"

    def _changed(self, event: events.Edited | events.Deleted, by: str) -> Iterator[tuple[str, str]]:
        window = self.windows.find(event.conversation)
        if not window or not (before := window.change(event)):
            return
        author = before.sender
        which = f"{'a message' if by in ('', author) else f'a message of {author}'} of {self._local(before.when)}"
        if isinstance(event, events.Edited):
            yield _DIM, f"{by or author} has changed {which}: {_indented(event.text)}"
        else:
            yield _DIM, f"{by or author} has deleted {which}"

    def _unread(self, conversation: str, number: int) -> Iterator[tuple[str, str]]:
        window = self.windows.open(conversation)
        if number > window.unread and window is not self.windows.current:
            self._rings = self._rings or self.bell != "off"
            yield _DIM, f"{conversation} has written to you alone: /chat {conversation}"
        window.is_known = True
        if window is not self.windows.current:
            window.unread = window.calls = number

    def _welcome(self, welcome: events.Welcome) -> Iterator[tuple[str, str]]:
        first, anew = not self._epoch, welcome.epoch != self._epoch
        self.name, self._key, self._epoch = welcome.name, key_of(welcome.name), welcome.epoch
        self.windows.default = welcome.room or self.windows.default
        lobby = self.windows.of_lobby
        if anew:
            for window in self.windows:
                window.begin_anew()
        lobby.enter(welcome.seq, welcome.members)
        self.role = Role.GUEST  # else it says so right after this
        self.has_store = welcome.store is not False  # what a server does not tell may be so
        if welcome.names is not UNSET:
            self.people.replace(name for name in welcome.names if key_of(name) != self._key)
        self._is_lost = False
        if first:
            self._said_before = welcome.seq
            yield _DIM, f"You are {self.name} at {self._server}. /help shows the commands, Ctrl-D leaves."
            if welcome.topic:
                yield _DIM, f"The topic is: {welcome.topic}"
        elif anew:
            self._said_before = 0
            yield _DIM, "connected again. The server was started anew: what was said meanwhile is gone."
        else:
            yield _DIM, "connected again."

    def _fold(self, shown: set[int], items: Sequence[Item | Change]) -> Iterator[Line]:
        hidden = 0
        for index, item in enumerate(items):
            if not isinstance(item, Item):
                self.run.add(item.name, joined=isinstance(item, events.Joined))
            elif index not in shown:
                hidden += 1
            else:
                if hidden:
                    yield not_shown(hidden)
                    hidden = 0
                if changes := str(self.run):
                    self.run.clear()
                    yield [(_DIM, changes)]
                yield item.make()
        if hidden:
            yield not_shown(hidden)

    def _message_line(self, message: events.Message) -> Line:
        text, own = _cut(message.text), key_of(message.sender) == self._key
        mark = "(new) " if message.new else "(private) " if is_private(message) else ""
        begin = [(_DIM, f"{self._local(message.when)} "), *([("class:private", mark)] if mark else [])]
        name = (colour_of(message.sender), message.sender)
        if message.deleted:
            return [*begin, name, (_DIM, ": (deleted)")]
        is_action = text.startswith(ACTION)
        text = text.removeprefix(ACTION)
        between = [("", "* "), name, ("", " ")] if is_action else [name, ("", ": ")]
        said = [(style, _indented(part)) for style, part in _marked(text, [] if own else mentions(text, self._key))]
        return [*begin, *between, *said, *([(_DIM, " (edited)")] if message.edited else [])]

    def _in_zone(self, text: str, times: Sequence[str]) -> str:
        """Return `text` with its `times`, which stand in it in this order, as they are here."""
        done, end = [], 0
        for time in times:
            if (start := text.find(time, end)) >= 0:
                done += [text[end:start], self._local(events.parse_time(time))]
                end = start + len(time)
        return "".join([*done, text[end:]])

    def _local(self, when: datetime) -> str:
        there = when.astimezone(self._zone)
        return f"{there:%H:%M}" if there.date() == self._today else f"{there:%Y-%m-%d %H:%M}"


def is_private(message: events.Message) -> bool:
    """Tell whether a message is for one user alone."""
    return bool(message.conversation) and not message.conversation.startswith("#")


def _indented(text: str) -> str:
    """Return a text with its further lines indented, so that none can be taken for one of another user."""
    return text.replace("\n", "\n      ")


def _cut(text: str) -> str:
    more = len(text) - MOST_OF_ONE
    return text if more <= 0 else f"{text[:MOST_OF_ONE]}… ({more} more characters)"


def not_sent(why: str) -> str:
    """Return why the server did not take something, as it is shown."""
    return f"not sent: {why.removeprefix('your line was not sent: ')}"


def _marked(text: str, places: Sequence[tuple[int, int]]) -> Iterator[tuple[str, str]]:
    end = 0
    rest = "bold" if places else ""
    for start, following in places:
        yield rest, text[end:start]
        yield "class:mention", text[start:following]
        end = following
    yield rest, text[end:]
