"""From window to window: the one that is shown is that of the conversation to which lines go."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from prompt_toolkit.document import Document

from asyncchat.aio.client.reconnecting import ReconnectingClient
from asyncchat.ui.view.screen import Screen
from asyncchat.ui.view.scrollback import Show
from asyncchat.ui.windows import Window

ROWS_OF_INPUT = 2
"""Rows at the bottom: the line that is typed, and the status."""


class Navigation:
    """Changes the window on `connect`ed screens, and tells the server what was read."""

    def __init__(self, chat: ReconnectingClient, show: Show) -> None:
        self._chat = chat
        self._show = show
        self._on_screen = show.windows.current

    def connect(self, screen: Screen, post: Callable[[str], object]) -> None:
        """Use this screen; `post` sends a command."""
        self._screen = screen
        self._post = post
        self._typing_in = self._show.windows.current

    def follow(self) -> bool:
        """Show the window of the conversation to which lines go, with what was being typed there.

        Tell whether it is another one than before.
        While they go nowhere, that is the last one, unless it is closed, or of a room that could not be entered.
        """
        windows, client = self._show.windows, self._chat.client
        if client.turned is not None:
            windows.select(client.turned)
        elif not client.is_turning and not windows.current.is_known:
            windows.close(windows.current.name)
        self._change_drafts()
        if windows.current is self._on_screen:
            return False
        self._on_screen = windows.current
        self.tell_read()
        columns, rows = self._screen.size
        lines = self._show.screen(now=datetime.now(UTC), columns=columns, rows=rows - ROWS_OF_INPUT)
        self._screen.clear()
        self._screen.print(lines)
        return True

    def _change_drafts(self) -> None:
        """Let the line be that of the window that is shown; what is typed stays there while it can't be sent."""
        windows = self._show.windows
        if self._screen.is_asking or self._chat.client.turned is None:  # a password is no draft
            return
        left, self._typing_in = self._typing_in, windows.current
        never_was = bool(left.name) and not left.is_known and not self._chat.client.is_turning
        if never_was and not self._typing_in.draft.text:
            return  # what is being typed does not vanish: the next line is refused once, since it was for nobody
        if left.name != self._typing_in.name:
            draft, self._typing_in.draft = self._typing_in.draft, Document()
            windows.keep_draft(left, self._screen.exchange(draft))

    def tidy(self) -> None:
        """Close the windows of conversations that could not be opened."""
        if not self._chat.client.is_turning:
            self._show.windows.close_unknown()

    def tell_read(self) -> None:
        """Tell the server what was read, if there is a connection."""
        if self._chat.is_connected:
            for room, seq in self._show.windows.to_tell():
                self._chat.read(room, seq)

    def go(self, where: str) -> list[str]:
        """Show the window with this name or number; return what to tell the person, if there is none."""
        windows = self._show.windows
        if window := windows.meant(where):
            self._go(window)
            return []
        if where:
            return [f"there is no window {where}. /join #ROOM or /chat NAME opens one."]
        return [" ".join(map(str, windows.tabs())) or "there is one window"]

    def _go(self, window: Window | None) -> None:
        if not window or (window is self._show.windows.current and self._chat.client.turned is not None):
            return
        if window.is_private:
            self._post(f"/chat {window.name}")
        else:
            self._post(f"/join {self._show.windows.title(window)}")
        self.follow()

    def keys(self) -> dict[str, Callable[[], None]]:
        """Return what keys do, pressed together with Alt."""
        windows = self._show.windows
        keys: dict[str, Callable[[], None]] = {
            "up": lambda: self._go(windows.beside(-1)),
            "down": lambda: self._go(windows.beside(1)),
            "a": lambda: self._go(windows.with_news()),
        }
        for number in map(str, range(1, 10)):
            keys[number] = partial(lambda number: self._go(windows.meant(number)), number)
        return keys
