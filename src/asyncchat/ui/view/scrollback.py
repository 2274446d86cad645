"""From events to lines for the scrollback: what is shown and how, what is folded, and when the bell rings."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from functools import partial
from typing import NamedTuple

from msgspec import UNSET

from asyncchat.aio.client.event_queue import Disconnected, Event
from asyncchat.formats import events
from asyncchat.log.accounts import Role
from asyncchat.ui.mentions import mentions
from asyncchat.ui.roster import MOST_NAMES, People, Run
from asyncchat.ui.view.style import colour_of, key_of

Line = list[tuple[str, str]]
"""Pieces of text, each with its style before it."""

MOST_OF_ONE = 1 << 16
"""Characters that are shown of one message; a server may let somebody say more."""

_DIM = "class:dim"


class Shown(NamedTuple):
    """What to print, and whether the bell rings."""

    lines: list[Line]
    rings: bool


class _Item(NamedTuple):
    """Something that may be shown; if it `matters`, it is not folded away while there is room for it."""

    make: Callable[[], Line]  # only what is shown is worth the work
    length: int
    matters: bool


_Change = events.Joined | events.Left


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
        self.members = 0
        self.unread: dict[str, int] = {}
        self._server = server
        self._current = ""  # the room where messages go
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
        items: list[_Item | _Change] = []
        for event in happened:
            match event:
                case events.Message(sender=sender):
                    if not is_private(event):
                        self._know(sender)
                    if key_of(sender) not in self.ignored:
                        items.append(self._message(event))
                case events.Joined(conversation=room) | events.Left(conversation=room) if room != self._current:
                    pass
                case events.Left(name, members) if key_of(name) == self._key_before:
                    self._count(event, members)  # oneself, under the name before
                    self._key_before = ""
                case events.Joined(name, members) | events.Left(name, members):
                    self._count(event, members)
                    if key_of(name) not in self.ignored and key_of(name) != self._key:
                        items.append(event)
                case _:
                    others = [(style, _cut(text)) for style, text in self._other(event)]
                    items += [_Item(partial(list, [said]), len(said[1]), True) for said in others]
        return Shown(list(self._fold(_readable(items, columns, rows), items)), self._rings)

    def _count(self, event: _Change, members: int) -> None:
        self.members = members
        if isinstance(event, events.Joined):
            self._know(event.name)
        else:
            self.people.remove(event.name)

    def _know(self, name: str) -> None:
        if key_of(name) != self._key:  # nobody addresses oneself
            self.people.add(name)

    def _message(self, message: events.Message) -> _Item:
        own = key_of(message.sender) == self._key
        text = _cut(message.text)
        places = [] if own else mentions(text, self._key)
        if not own and (message.conversation or message.seq > self._said_before):
            calls = bool(places or is_private(message))
            self._rings = self._rings or self.bell == "all" or (self.bell == "mentions" and calls)
        length = len(message.sender) + len(text) + 10
        return _Item(partial(self._message_line, message, text, places), length, own or bool(places))

    def _other(self, event: Event) -> Iterator[tuple[str, str]]:
        match event:
            case events.Welcome():
                yield from self._welcome(event)
            case Disconnected(text) if not self._is_lost:
                self._is_lost = True
                yield _DIM, f"connection lost ({text}). What you write now is sent when it is there again."
            case events.You(name, role):
                self.role = Role.__members__.get(role.upper(), Role.GUEST)
                if name != self.name:
                    self.people.remove(name)
                    self._key_before = self._key
                    yield _DIM, f"You are {name} now."
                self.name, self._key = name, key_of(name)
            case events.Turned(str(conversation)):
                self.unread.pop(conversation, None)
                if not conversation or conversation.startswith("#"):
                    self._current = conversation
            case events.Room(room, _, members, topic):
                self.members = members
                yield _DIM, f"You are in {room}, {members} online" + (f": {topic}" if topic else ".")
            case events.Parted(room, _, text):
                yield _DIM, f"You are not in {room or 'the default room'}" + (f": {text}" if text else ".")
            case events.Topic(text, room) if room:
                yield _DIM, f"The topic of {room} is: {text}"
            case events.Unread(conversation, number):
                if number > self.unread.get(conversation, 0):
                    self._rings = self._rings or self.bell != "off"
                    yield _DIM, f"{conversation} has written to you alone: /chat {conversation}"
                self.unread[conversation] = number
                if len(self.unread) > MOST_NAMES:
                    del self.unread[next(iter(self.unread))]
            case events.Topic(text):
                yield _DIM, f"The topic is: {text}"
            case events.Members(members, room):
                if room == self._current:
                    self.members = members
            case events.Gap(first, last):
                messages = "1 message is" if first == last else f"{last - first + 1} messages are"
                yield _DIM, f"{messages} missing here: the server did not send them."
            case events.Refused(text=text):
                yield "class:reason", not_sent(text)
            case events.Error(text=text) if not self._is_lost:
                yield _DIM, text
            case events.Notice(text, times):
                yield "", f"Server: {self._in_zone(text, times)}"

    def _welcome(self, welcome: events.Welcome) -> Iterator[tuple[str, str]]:
        first, anew = not self._epoch, welcome.epoch != self._epoch
        self.name, self._key, self._epoch = welcome.name, key_of(welcome.name), welcome.epoch
        self.members = welcome.members
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

    def _fold(self, shown: set[int], items: Sequence[_Item | _Change]) -> Iterator[Line]:
        hidden = 0
        for index, item in enumerate(items):
            if not isinstance(item, _Item):
                self.run.add(item.name, joined=isinstance(item, events.Joined))
            elif index not in shown:
                hidden += 1
            else:
                if hidden:
                    yield _hidden(hidden)
                    hidden = 0
                if changes := str(self.run):
                    self.run.clear()
                    yield [(_DIM, changes)]
                yield item.make()
        if hidden:
            yield _hidden(hidden)

    def _message_line(self, message: events.Message, text: str, places: Sequence[tuple[int, int]]) -> Line:
        mark = "(new) " if message.new else "(private) " if is_private(message) else ""
        if not is_private(message) and message.conversation != self._current:
            mark = f"{message.conversation or '#'} "
        return [
            (_DIM, f"{self._local(message.when)} "),
            *([("class:private", mark)] if mark else []),
            (colour_of(message.sender), message.sender),
            ("", ": "),
            *_marked(text, places),
        ]

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


def _cut(text: str) -> str:
    more = len(text) - MOST_OF_ONE
    return text if more <= 0 else f"{text[:MOST_OF_ONE]}… ({more} more characters)"


def not_sent(why: str) -> str:
    """Return why the server did not take something, as it is shown."""
    return f"not sent: {why.removeprefix('your line was not sent: ')}"


def _readable(items: Sequence[_Item | _Change], columns: int, rows: int) -> set[int]:
    """Choose what to show if there is more than fits: the newest, and before them what matters."""
    shown: set[int] = set()
    for matters in (True, False):
        for index in range(len(items) - 1, -1, -1):
            item = items[index]
            if isinstance(item, _Item) and item.matters == matters:
                rows -= 1 + matters + item.length // max(columns, 1)  # before what matters it may say what is hidden
                if rows < 0 and shown:
                    return shown
                shown.add(index)
    return shown


def _hidden(number: int) -> Line:
    return [(_DIM, f"… {number} message{'s' * (number > 1)} not shown")]


def _marked(text: str, places: Sequence[tuple[int, int]]) -> Iterator[tuple[str, str]]:
    end = 0
    rest = "bold" if places else ""
    for start, following in places:
        yield rest, text[end:start]
        yield "class:mention", text[start:following]
        end = following
    yield rest, text[end:]
