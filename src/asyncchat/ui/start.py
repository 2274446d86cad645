"""How the client at a terminal begins: the connection, the name, and which client the server can be talked to with."""

import asyncio
import importlib
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from asyncchat import terminal
from asyncchat.addresses import Address
from asyncchat.aio.chat import Chat
from asyncchat.aio.client import cancel_on_ctrl_c, converse
from asyncchat.aio.daemon import DaemonExecutor
from asyncchat.aio.link import Link, open_link
from asyncchat.chat import wire
from asyncchat.chat.names import NameRefused, PasswordNeeded, prepare
from asyncchat.chat.visitor import Visitor

if TYPE_CHECKING:
    from asyncchat.ui.app import App

QUESTION_TIMEOUT = 1.0
"""Seconds of silence after which a server is taken for a plain line to somebody."""


async def join_on_terminal(address: Address, name: str | None, password: str, bell: str) -> None:
    """Take part in the chat at `address` until the person leaves; ask for a name if there is none.

    Ctrl-C cancels it. Raises ChatError, also as `aio.client.join` does, if the server speaks plain text only.
    """
    cancel_on_ctrl_c()
    with _restored_before_termination():
        await _join(address, name, password, bell)


async def _join(address: Address, name: str | None, password: str, bell: str) -> None:
    loop = asyncio.get_running_loop()
    # Loading what draws takes longest: the server answers meanwhile.
    loading = loop.run_in_executor(DaemonExecutor("loading"), importlib.import_module, "asyncchat.ui.app")
    link: Link | None = await open_link(address)
    assert link
    try:
        if not await link.hears_first(wire.ASK_NAME, QUESTION_TIMEOUT):
            visitor = Visitor(name, password, can_choose=True)
            visitor.wait_no_longer()
            await converse(link, visitor, read_input=True)
            return
        if name is None:
            link.abort()  # since a name takes its time, and the server does not wait for ever
            link = None
        app_class: type[App] = (await loading).App
        keyboard = DaemonExecutor("input")
        while name := name or await _ask_name(keyboard):
            try:
                async with Chat(address, name, password, link=link) as chat:
                    await app_class(chat, address, bell=bell).run()
            except PasswordNeeded as needed:
                _say(str(needed))
                link = None
                password = await _ask_password(keyboard, name)
                if not password:
                    name = None
            except NameRefused as refused:
                _say(str(refused))
                name = link = None
            else:
                break
    finally:
        if link:
            link.abort()


@contextmanager
def _restored_before_termination() -> Iterator[None]:
    """Let SIGTERM end the process as it does, but not before the terminal is as it was."""
    task = asyncio.current_task()
    assert task
    terminated = False

    def terminate() -> None:
        nonlocal terminated
        terminated = True
        task.cancel()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        if terminated:
            signal.raise_signal(signal.SIGTERM)


async def _ask_name(keyboard: DaemonExecutor) -> str | None:
    """Let the person type a name; None at the end of input."""
    loop = asyncio.get_running_loop()
    while True:
        terminal.write(b"write your name: ")
        typed = await loop.run_in_executor(keyboard, terminal.read)
        if not typed:
            terminal.write(b"\n")
            return None
        name = typed.decode(errors="replace").strip()
        try:
            prepare(name)
        except NameRefused as refused:
            _say(f"this name can't be used: {refused}.")
        else:
            return name


async def _ask_password(keyboard: DaemonExecutor, name: str) -> str:
    """Let the person type a password, which is not to be seen; nothing if they type none."""
    terminal.write(f"password of {name} (Enter alone for another name): ".encode())
    with terminal.unseen():
        typed = await asyncio.get_running_loop().run_in_executor(keyboard, terminal.read)
    terminal.write(b"\n")
    return typed.decode(errors="replace").rstrip("\r\n")


def _say(line: str) -> None:
    terminal.write(f"{line}\n".encode(errors="backslashreplace"))
