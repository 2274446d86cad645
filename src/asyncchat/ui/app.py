"""The client at a terminal: between what the person does, the chat, and what there is to see."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime

from asyncchat.aio.client.event_queue import Disconnected, Event
from asyncchat.aio.client.reconnecting import ReconnectingClient
from asyncchat.chat.doubts import Doubt, Doubts
from asyncchat.commands import help_text
from asyncchat.commands.mistakes.mistyped import doubt_of
from asyncchat.commands.mistakes.redaction import may_contain_password, redact
from asyncchat.commands.table import Command, find_command
from asyncchat.errors import ChatError, Refusal
from asyncchat.formats import events
from asyncchat.log.accounts import Role
from asyncchat.system.stdio import BELLS
from asyncchat.text.command_line import is_command, word_of
from asyncchat.text.sanitize import is_blank
from asyncchat.ui import commands
from asyncchat.ui.completion import ChatCompleter
from asyncchat.ui.history import LineHistory, history_path
from asyncchat.ui.navigation import Navigation
from asyncchat.ui.passwords import PasswordQuestion, accepted_password, missing_password
from asyncchat.ui.view.paste import as_text
from asyncchat.ui.view.screen import Screen
from asyncchat.ui.view.scrollback import Show, not_sent
from asyncchat.ui.view.status_bar import Around, Status, above_input, wrapped
from asyncchat.ui.view.style import key_of
from asyncchat.ui.windows import Line, RefusedLine, RefusedLines

REST = 0.1
"""Seconds from one print to the next, at least: faster than people read."""

SCREENFULS = 2
"""What one print may have: a flood is not worth more."""

AT_LEAST = 200
"""Rows that it may have in a small window, too: an answer to a command, or what was missed, is there to scroll to."""

ROWS_OF_REASON = 3
"""Rows above a long line that came back, for the reason why it did."""

LAST_WORDS = 1.0
"""Seconds that the server may take at the end to acknowledge what was said."""


OF_TYPED_PASSWORD = ("short-password", "password-refused", "incorrect-password")
"""Codes of what is wrong with a password that was typed unseen: its command comes back, to ask for it again."""

OF_PLACE = ("nowhere", "incorrect-name")
"""Codes of lines that were to go to nobody who is there: they come back, wherever one is now."""

LAST_LOOK = 0.05
"""Seconds to wait at the end if there is nothing to show."""


ASKING = "What you type now is a password, and not shown. Enter alone: do nothing."


class App:
    """Lets a person take part in a chat that has been entered."""

    def __init__(self, chat: ReconnectingClient, *, password: str, bell: str) -> None:
        self._chat = chat
        self._show = Show(str(chat.address), bell=bell)
        self._history = LineHistory(history_path(chat.address))
        self._navigation = Navigation(chat, self._show)
        self._screen = Screen(
            Around(self._above, self._status),
            send=self._send,
            prompt=self._prompt,
            completer=ChatCompleter(self._show.people, self._show.windows, self._usable),
            history=self._history,
            keys=self._navigation.keys(),
        )
        self._navigation.connect(self._screen, self._say)
        self._said: dict[int, tuple[str, str | None]] = {}
        self._refused = RefusedLines()
        self._brought_back: RefusedLine | None = None
        self._brought_to = self._show.windows.current
        self._doubts = Doubts()  # of what the server does not know: questions that were left, passwords after a restart
        if password:
            self._doubts.learn_password(password)
        self._why_again = ""  # a password is asked for
        self._unseen: dict[int, str] = {}  # what was said with a password that was typed unseen, without that
        self._lost_why = ""
        self._next_try = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Take part until the person leaves. Raises ChatError if something that was said did not get through."""
        servers = self._chat.servers
        with self._screen.opened():
            outside, servers.notice = servers.notice, self._tell
            try:
                await self._screen.run(self._start)
                await self._say_last_words()
            finally:
                servers.notice = outside
                self._tell(*(f"not acknowledged: {redact(line)}" for line in self._chat.pending))
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
        for task in self._tasks:
            if not task.cancelled():
                task.result()
        if pending := len(self._chat.pending):
            lines = "1 line" if pending == 1 else f"{pending} lines"
            raise ChatError(
                f"the server has not acknowledged {lines}, and may not have them. The arrow keys bring them back."
            )

    def _start(self) -> None:
        self._tasks = [asyncio.create_task(self._receive()), asyncio.create_task(self._tick())]
        self._tasks[0].add_done_callback(lambda _: self._screen.close())

    async def _say_last_words(self) -> None:
        """Wait for what the server has not acknowledged, and show what there is."""
        self._tasks[0].cancel()
        self._navigation.tell_read()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await self._chat.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_LOOK):
                self._take(await self._chat.batch())

    async def _receive(self) -> None:
        while batch := await self._chat.batch():
            self._take(batch)
            await asyncio.sleep(REST)

    def _take(self, batch: Sequence[Event]) -> None:
        self._note(batch)
        self._navigation.follow()
        columns, rows = self._screen.size
        shown = self._show.take(batch, now=datetime.now(UTC), columns=columns, rows=max(SCREENFULS * rows, AT_LEAST))
        self._navigation.tidy()
        if shown.rings:
            self._screen.ring()
        if self._navigation.follow():
            pass  # what is to be shown is there
        elif shown.lines:
            self._screen.print(shown.lines)
        else:
            self._screen.draw()
        self._bring_back()

    async def _tick(self) -> None:
        """Count the seconds to the next try, and tell the server what was read."""
        while True:
            await asyncio.sleep(1)
            self._navigation.tell_read()
            if not self._chat.is_connected:
                self._screen.draw()

    def _note(self, batch: Sequence[Event]) -> None:
        for event in batch:
            match event:
                case events.Ack(ident):
                    if password := accepted_password(self._said.pop(ident)[0]):
                        self._doubts.learn_password(password)
                    self._unseen.pop(ident, None)
                case events.Refused(ident, code, why):
                    line, turned = self._said.pop(ident)
                    unseen = self._unseen.pop(ident, "")
                    if unseen and code in OF_TYPED_PASSWORD:
                        line = unseen
                    if code == "secret":
                        self._forget(line)
                    if line == unseen or not may_contain_password(line):
                        self._refused.add(RefusedLine(line, turned, not_sent(why), is_lost=code in OF_PLACE))
                case Disconnected(why, pause):
                    self._lost_why = why
                    self._next_try = asyncio.get_running_loop().time() + pause

    def _bring_back(self) -> None:
        for line in self._show.windows.unsent():
            self._refused.add(line)
            if not line.is_lost:
                self._tell(f"What you were writing comes back when {line.turned} is open again.")
        if self._screen.typed or self._screen.is_asking:
            return
        if here := self._refused.take(self._chat.client.turned):
            self._brought_back, self._brought_to = here, self._show.windows.current
            self._screen.bring_back(here.line)
            if missing_password(here.line, self._chat.name):
                # Not asked for at once: what is being typed now was not meant to be a password.
                self._tell("Enter asks for the password again, unseen.")

    def _send(self, text: str) -> None:
        self._doubts.more_came()
        if "\n" in text:
            self._send_lines(text)
        elif found := commands.find(text):
            run, argument = found
            run(self, argument)
        elif not is_blank(text):
            self._post(text)
        self._navigation.follow()
        self._bring_back()

    def _send_lines(self, text: str) -> None:
        """Send several lines as one message, or, if the server does not take that, as one each."""
        escaped = f"/{text}" if text.startswith("/") else text
        if self._chat.client.fits(escaped):
            self._say_message(escaped)
        else:
            for line in text.split("\n"):
                self._post(as_text(line))

    def _post(self, line: str) -> None:
        if command := find_command(line):
            self._doubts.end(doubt_of(command))
        if missing := missing_password(line, self._chat.name):
            self._ask(line, *missing)
        elif is_command(line):
            self._say(line)
        else:
            self._say_message(line)

    def _say_message(self, line: str) -> None:
        try:
            self._doubts.check_message(line, self._chat.client.turned or "", is_addressed=False)
        except Refusal as refusal:
            if refusal.code == "secret":
                self._forget(line)
            why = not_sent(str(refusal))
            self._tell(why)
            self._refused.add(RefusedLine(line, self._chat.client.turned, why, is_lost=False))
        else:
            self._say(line)

    def _forget(self, line: str) -> None:
        self._history.remove(line)
        self._screen.reload_history()

    def _ask(self, line: str, command: str, question: PasswordQuestion) -> None:
        def answer(typed: str) -> None:
            match question.answered(typed):
                case PasswordQuestion() as another:
                    self._ask(line, command, another)
                case "":
                    self._doubts.add(Doubt.PASSWORD)
                case password:
                    self._unseen[self._say(f"{command} {password}")] = line
            self._navigation.follow()

        self._why_again = question.why
        self._screen.ask(question.prompt, answer)

    def _say(self, line: str) -> int:
        turned = self._chat.client.turned
        ident = self._chat.post(line)
        self._said[ident] = line, turned
        return ident

    # What stands around the line.

    def _prompt(self) -> str:
        turned = self._chat.client.turned
        return f"{'(nobody)' if turned is None else turned}> "

    def _above(self, width: int) -> Sequence[str]:
        lines = above_input(list(map(redact, self._chat.pending)), str(self._show.run), width)
        if self._screen.is_asking:
            lines += wrapped(f"{self._why_again} {ASKING}".lstrip(), width)
        if not self._screen.typed or self._brought_to is not self._show.windows.current:
            self._brought_back = None
        if (
            self._brought_back and len(self._brought_back.line) >= width
        ):  # a long line leaves little room for the scrollback
            lines += wrapped(self._brought_back.why, width)[:ROWS_OF_REASON]
        return lines

    def _status(self, width: int) -> str:
        again_in = None
        if not self._chat.is_connected:
            again_in = max(0.0, self._next_try - asyncio.get_running_loop().time())
        windows = self._show.windows
        members = None if windows.current.is_private else windows.current.members
        status = Status(str(self._chat.address), self._chat.name, members, windows.tabs(), again_in, self._lost_why)
        return status.fit(width)

    # What the commands do.

    def show_help(self, about: str) -> None:
        """Show the commands that one may use here, or more about one."""
        width = max(self._screen.size[0], 1)
        command = find_command(f"/{word_of(about).lstrip('/')}")
        if command:
            self._tell(*help_text.details(command, width, has_store=self._show.has_store))
        elif about:
            self._post(f"/help {about}")  # the server may be newer
        else:
            can_register = self._show.has_store and self._show.role == Role.GUEST
            self._tell(*help_text.overview(self._usable(), width, can_register=can_register))

    def _usable(self) -> Sequence[Command]:
        window, show = self._show.windows.current, self._show
        return help_text.usable(
            show.role,
            has_store=show.has_store,
            has_window=True,
            moderates=window.moderates,
            in_default=not window.name,
        )

    def clear(self) -> None:
        """Empty the screen."""
        self._screen.clear()

    def ignore(self, name: str) -> None:
        """Hide the messages of a user; without a name, list the users whose messages are hidden."""
        ignored = self._show.ignored
        if name and key_of(name) == key_of(self._chat.name):
            self._tell("that is you")
            return
        if name:
            ignored[key_of(name)] = name
        self._tell(f"ignored: {', '.join(ignored.values()) or 'nobody'}")

    def unignore(self, name: str) -> None:
        """Show them again."""
        if self._show.ignored.pop(key_of(name), None) is None:
            self._tell(f"{name or 'nobody'} is not ignored")
        else:
            self._tell(f"{name} is not ignored any more")

    def ring(self, when: str) -> None:
        """Set when the bell rings; without `when`, tell."""
        if when and when not in BELLS:
            self._tell(f"the bell can be one of: {', '.join(BELLS)}")
            return
        self._show.bell = when or self._show.bell
        self._tell(f"bell: {self._show.bell}")

    def go(self, where: str) -> None:
        """Show another window, by its name or number; without that, tell which there are."""
        self._tell(*self._navigation.go(where))

    def leave(self) -> None:
        """Leave the chat."""
        self._screen.close()

    def _tell(self, *lines: str) -> None:
        printed: list[Line] = [[("class:dim", line)] for line in lines]
        self._screen.print(printed)
