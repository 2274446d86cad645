"""How the client at a terminal begins: the connection, the name, and which client the server can be talked to with."""

import asyncio
import importlib
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from asyncchat.aio.client.link import ClientStream
from asyncchat.aio.client.plain import cancel_on_ctrl_c, converse
from asyncchat.aio.client.reconnecting import ReconnectingClient
from asyncchat.aio.client.servers import Servers
from asyncchat.chat.doubts import Doubt, Doubts
from asyncchat.client.plain_client import PlainClient
from asyncchat.commands.mistakes.mistyped import doubt_of_refused
from asyncchat.commands.table import find_command
from asyncchat.errors import Refusal
from asyncchat.formats import plain
from asyncchat.system import password_prompt, signals, stdio
from asyncchat.system.daemon_executor import DaemonExecutor
from asyncchat.text.command_line import argument_of, is_exit
from asyncchat.text.usernames import NameRefused, PasswordNeeded, parse_name
from asyncchat.ui.passwords import SEVERAL_LINES, PasswordQuestion

if TYPE_CHECKING:
    from asyncchat.ui.app import App

QUESTION_TIMEOUT = 1.0
"""Seconds of silence after which a server is taken for a plain line to somebody."""


async def join_on_terminal(
    servers: Servers,
    name: str | None,
    password: str,
    bell: str,
    rooms: Sequence[str] = (),
    invite: str = "",
) -> None:
    """Take part in the chat until the person leaves; ask for a name if there is none.

    invite: the key of an invitation

    Ctrl-C cancels it. Raises ChatError, also as `aio.client.plain.join` does, if the server speaks plain text only.
    """
    cancel_on_ctrl_c()
    with _restored_before_termination():
        await _join(servers, name, password, bell, rooms, invite)


async def _join(
    servers: Servers,
    name: str | None,
    password: str,
    bell: str,
    rooms: Sequence[str],
    invite: str,
) -> None:
    loop = asyncio.get_running_loop()
    # Loading what draws takes longest: the server answers meanwhile.
    loading = loop.run_in_executor(DaemonExecutor("loading"), importlib.import_module, "asyncchat.ui.app")
    link: ClientStream | None = await servers.open()
    assert link
    try:
        if not await link.hears_first(plain.ASK_NAME, QUESTION_TIMEOUT):
            visitor = PlainClient(name, password, can_choose=True)
            visitor.wait_no_longer()
            await converse(link, visitor, read_input=True)
            return
        if name is None:
            link.abort()  # since a name takes its time, and the server does not wait for ever
            link = None
        app_class: type[App] = (await loading).App
        questions = _Questions()
        who = _Who(name, password) if name else await questions.ask_name()
        while True:
            try:
                client = ReconnectingClient(
                    servers, who.name, who.password, register=who.is_new, rooms=rooms, link=link
                )
                client.client.invite = invite
                async with client as chat:
                    await app_class(chat, password=who.password, bell=bell).run()
            except NameRefused as refused:
                who = await questions.ask_again(who, refused)
            else:
                break
            link = None
    except _Left:
        pass
    finally:
        if link:
            link.abort()


@contextmanager
def _restored_before_termination() -> Iterator[None]:
    """Let signals end the process as they do, but not before the terminal is as it was."""
    task = asyncio.current_task()
    assert task
    came: list[signal.Signals] = []

    def terminate(number: signal.Signals) -> None:
        if not came:  # a second one shall not disturb what the first one has begun
            task.cancel()
        came.append(number)

    loop = asyncio.get_running_loop()
    ending = [*signals.of_termination(), signal.SIGQUIT]
    for number in ending:
        loop.add_signal_handler(number, terminate, number)
    try:
        yield
    finally:
        for number in ending:
            loop.remove_signal_handler(number)
        if came:
            signal.raise_signal(came[0])


class _Who(NamedTuple):
    """Who wants to come in; `is_new`: the name shall be theirs from now on, with the password."""

    name: str
    password: str = ""
    is_new: bool = False


class _Left(Exception):
    """The person has left instead of answering a question."""


class _Questions:
    """What is asked for until one is in. The end of input, which is no answer to any of it, raises _Left."""

    def __init__(self) -> None:
        self._keyboard = DaemonExecutor("input")
        self._doubts = Doubts()  # the server has none, since each try is a connection of its own

    async def ask_again(self, who: _Who, refused: NameRefused) -> _Who:
        """Say why the server did not let `who` in, and let the person type what it needs."""
        _say(_reason(who.name, refused))
        if isinstance(refused, PasswordNeeded):
            return await self._ask_password(who.name, is_new=refused.is_new) or await self.ask_name()
        if who.password:
            self._doubts.add(Doubt.PASSWORD)
        return await self.ask_name()

    async def ask_name(self) -> _Who:
        """Let the person type a name, or a command that works before there is one."""
        while True:
            stdio.write(b"write your name: ")
            typed = (await self._type()).strip()
            if is_exit(typed):
                raise _Left
            if password_prompt.drop_more():  # in the chat it would be sent unseen
                _say("several lines are no name: nothing was sent. Write the name alone.")
                continue
            command = find_command(typed)
            who = _understand(typed)
            self._doubts.more_came()
            try:
                parse_name(who.name)
                if not command:
                    self._doubts.check_name(who.name)
            except NameRefused as refused:
                self._doubts.add(doubt_of_refused(typed))
                _say(f"this name can't be used: {refused}.")
                continue
            except Refusal as refusal:
                _say(str(refusal))
                continue
            if not typed.startswith("/") or who.password:
                return who
            if asked := await self._ask_password(who.name, is_new=who.is_new):
                return asked

    async def _ask_password(self, name: str, *, is_new: bool) -> _Who | None:
        """Let the person type a password, which is not to be seen; None if they type none."""
        self._doubts.add(Doubt.PASSWORD)
        new = "new " * is_new
        question = PasswordQuestion(name, f"{new}password of {name} (Enter alone for another name): ", is_new)
        while True:
            if question.why:
                _say(question.why)
            with password_prompt.unseen():  # before it is asked for: some type fast
                stdio.write(question.prompt.encode(errors="backslashreplace"))
                try:
                    typed = await self._type()
                    has_more = password_prompt.drop_more()  # it would be sent unseen here, too
                    answer = question.anew(SEVERAL_LINES) if has_more else question.answered(typed)
                finally:
                    stdio.write(b"\n")
            if isinstance(answer, str):
                return _Who(name, answer, is_new) if answer else None
            question = answer

    async def _type(self) -> str:
        """Let the person type a line."""
        typed = await asyncio.get_running_loop().run_in_executor(self._keyboard, stdio.read)
        if not typed:
            stdio.write(b"\n")
            raise _Left
        return typed.decode(errors="replace").rstrip("\r\n")


def _reason(name: str, refused: NameRefused) -> str:
    """Return why the server did not let somebody in, with what to do here: its own words may be for a plain client."""
    match refused.code:
        case "name-registered":
            return f"{name} is registered: write its password."
        case "guest":
            return f"this chat is for registered people: write a new password, and {name} is yours."
    return str(refused)


def _understand(typed: str) -> _Who:
    command = find_command(typed)
    if not (command and command.before_login):
        return _Who(typed)
    name, _, password = argument_of(typed).partition(" ")
    return _Who(name, password.strip(), is_new=command.names[0] == "/registration")


def _say(line: str) -> None:
    stdio.write(f"{line}\n".encode(errors="backslashreplace"))
