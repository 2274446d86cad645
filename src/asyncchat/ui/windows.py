"""The windows of the terminal client: one for each room and private conversation, with its last lines and its news."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec import structs
from prompt_toolkit.document import Document

from asyncchat.formats.events import Deleted, Edited, Message
from asyncchat.text.command_line import is_command
from asyncchat.ui.view.style import key_of

KEPT = 200
"""Lines that a window keeps, to be shown again."""

MOST_REFUSED = 100
"""Refused lines that wait for their window."""

MOST_WINDOWS = 100
"""Windows in all; beyond that, private conversations without news are closed."""

Line = list[tuple[str, str]]
"""Pieces of text, each with its style before it."""


class RefusedLine(NamedTuple):
    """A line that is to come back, to whom it was to go, and why it did not; `is_lost`: there was nobody there."""

    line: str
    turned: str | None
    why: str
    is_lost: bool

    def may_come_back(self, turned: str | None) -> bool:
        """Tell whether Enter would not send it to others than those for whom it was."""
        return self.is_lost or turned == self.turned or is_command(self.line)


class RefusedLines:
    """Lines that come back into the input, each in the window for which it was; of too many the oldest are lost."""

    def __init__(self) -> None:
        self._lines: deque[RefusedLine] = deque(maxlen=MOST_REFUSED)

    def add(self, line: RefusedLine) -> None:
        """Keep a line."""
        self._lines.append(line)

    def take(self, turned: str | None) -> RefusedLine | None:
        """Return the first that may come back while what is said goes to `turned`, if any; it waits no longer."""
        found = next((line for line in self._lines if line.may_come_back(turned)), None)
        if found:
            self._lines.remove(found)
        return found


class Tab(NamedTuple):
    """What the status line says of a window; `calls`: unread messages that mention the user, or are for it alone."""

    number: int
    title: str
    unread: int
    calls: int

    def __str__(self) -> str:
        """Return it with the number of unread messages, and a mark if some of these call the user."""
        news = f"({self.unread}{'!' if self.calls else ''})" if self.unread else ""
        return f"{self.number}:{self.title}{news}"


class Window:
    """A conversation.

    name: as events name it: empty for the default room, # and the name of another one, or a user
    kept: its last messages and lines
    unread, calls: see Tab
    members: how many users are in the room
    seen: the number of the last message that is not new
    missed: the number of the last message that was sent before the user came
    read, told: what the server knows to be read, None if it does not keep that, and what it was told last
    is_known: the server has said that there is such a conversation
    moderates: the user is a moderator of the room
    draft: what was being typed here when another window was shown, and where the cursor was
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.kept: deque[Message | Line] = deque(maxlen=KEPT)
        self.unread = self.calls = self.members = 0
        self.seen = self.missed = self.told = 0
        self.read: int | None = None
        self.is_known = self.moderates = False
        self.draft = Document()
        self._is_marked = False
        self._first_new: int | None = None

    @property
    def is_private(self) -> bool:
        """Whether it is a conversation with one user."""
        return bool(self.name) and not self.name.startswith("#")

    def enter(self, last: int, members: int) -> None:
        """The user is in the room, in which `last` is the number of the last message."""
        self.is_known, self.moderates = True, False
        self.members = members
        if not self.kept:
            self.seen = last
        self.missed = last
        self.told = 0

    def know_read(self, seq: int) -> None:
        """The server keeps what was read; it is up to this number."""
        if self.read is None or seq > self.seen:
            self.seen = seq
            if not any(isinstance(kept, Message) and kept.seq > seq for kept in self.kept):
                self.unread = self.calls = 0
        self.read = seq

    def begin_anew(self) -> None:
        """The messages are numbered anew."""
        self.seen = self.missed = self.told = 0
        self.read = None

    def is_first_new(self, message: Message) -> bool:
        """Tell whether this message, which is shown now, is the first that was sent since the user was last here."""
        is_first = self.read is not None and not self._is_marked and self.seen < message.seq <= self.missed
        self._is_marked = self._is_marked or is_first
        return is_first

    def show(self, message: Message) -> None:
        """A message is shown."""
        self.kept.append(message)
        self.seen = max(self.seen, message.seq)

    def keep(self, message: Message, *, is_own: bool, calls: bool) -> bool:
        """Keep a message that is not shown now; tell whether it is new."""
        self.kept.append(message)
        is_new = self.is_private or message.seq > self.seen
        if is_new and not is_own:
            self.unread += 1
            self.calls += calls
            if self._first_new is None:
                self._first_new = message.seq
        return is_new

    def change(self, event: Edited | Deleted) -> Message | None:
        """Change a message that is kept; return it as it was, or None if there is nothing to change."""
        for index, kept in enumerate(self.kept):
            if isinstance(kept, Message) and kept.seq == event.seq:
                text = event.text if isinstance(event, Edited) else ""
                if kept.text == text:
                    return None
                self.kept[index] = structs.replace(kept, text=text, edited=bool(text), deleted=not text)
                return kept
        return None

    def look(self) -> tuple[Sequence[Message | Line], int | None]:
        """Return what is kept, and the number of the first message that is new; nothing is new from now on."""
        first, self._first_new = self._first_new, None
        self.unread = self.calls = 0
        for kept in reversed(self.kept):
            if isinstance(kept, Message):
                self.seen = max(self.seen, kept.seq)
                break
        return list(self.kept), first


class Windows:
    """All windows, in the order in which they were opened; the first is that of the default room.

    default: the name of the default room
    """

    def __init__(self) -> None:
        self.default = "#lobby"
        self.current = Window("")
        self._all = {"": self.current}
        self._closed: list[Window] = []  # those with a draft

    def __iter__(self) -> Iterator[Window]:
        """Iterate over the windows."""
        return iter(self._all.values())

    def find(self, name: str) -> Window | None:
        """Return the window of a conversation."""
        return self._all.get(_key(name))

    def open(self, name: str) -> Window:
        """Return the window of a conversation, a new one if there is none."""
        if window := self.find(name):
            return window
        if len(self._all) >= MOST_WINDOWS:
            others = [each for each in self if each is not self.current and each is not self.of_lobby]
            self.close(min(others, key=lambda each: (not each.is_private, each.unread > 0)).name)
        window = self._all[_key(name)] = Window(name)
        return window

    @property
    def of_lobby(self) -> Window:
        """The window of the default room."""
        return self._all[""]

    def select(self, name: str) -> None:
        """Make a window the current one."""
        self.current = self.open(name)

    def close_unknown(self) -> None:
        """Close the windows of conversations that could not be opened."""
        for window in [each for each in self if each.name and not each.is_known and each is not self.current]:
            self.close(window.name)

    def close(self, name: str) -> None:
        """Close a window, but not that of the default room."""
        window = self._all.pop(_key(name), None) if name else None
        if window:
            self.keep_draft(window, window.draft)
        if window is self.current:
            self.current = self.of_lobby

    def keep_draft(self, window: Window, draft: Document) -> None:
        """Keep what was being typed in a window that is not shown any more, and may be closed."""
        window.draft = draft
        if draft.text and self.find(window.name) is not window:
            self._closed.append(window)

    def unsent(self) -> Iterator[RefusedLine]:
        """Return what was being typed in windows that were closed since the last call."""
        closed, self._closed = self._closed, []
        for window in closed:
            why = "not sent: its window was closed before."
            is_lost = window.is_private and not window.is_known
            yield RefusedLine(window.draft.text, window.name, why, is_lost=is_lost)

    def title(self, window: Window) -> str:
        """Return the name of a window as it is shown."""
        return window.name or self.default

    def tabs(self) -> list[Tab]:
        """Return what the status line says of each window; nothing if there is one alone."""
        if len(self._all) == 1:
            return []
        return [Tab(number, self.title(each), each.unread, each.calls) for number, each in enumerate(self, 1)]

    def meant(self, where: str) -> Window | None:
        """Return the window with this number or name."""
        if where.isascii() and where.isdigit():
            return dict(enumerate(self, 1)).get(int(where[:4]))
        if key_of(where.removeprefix("#")) == key_of(self.default[1:]):
            return self.of_lobby
        return self.find(where) or self.find(f"#{where}")

    def beside(self, step: int) -> Window:
        """Return the window so many steps on, or back."""
        every = list(self)
        return every[(every.index(self.current) + step) % len(every)]

    def with_news(self) -> Window | None:
        """Return the next window with unread messages, first those that call the user."""
        every = list(self)
        at = every.index(self.current)
        later = every[at + 1 :] + every[:at]
        return next((each for each in later if each.calls), None) or next((each for each in later if each.unread), None)

    def to_tell(self) -> list[tuple[str, int]]:
        """Return the rooms in which the user has read more than the server was told, and up to which number."""
        told = []
        for window in self:
            if window.read is not None and window.seen > max(window.told, window.read) and window.seen:
                window.told = window.seen
                told.append((window.name, window.seen))
        return told


def _key(name: str) -> str:
    return f"#{key_of(name[1:])}" if name.startswith("#") else key_of(name) if name else ""
