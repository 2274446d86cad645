"""The plain-text client on asyncio: prints what the server sends, and sends standard input at the same time."""

import asyncio
import contextlib
import signal

from asyncchat.aio.client.link import ClientStream
from asyncchat.aio.client.servers import Servers
from asyncchat.client.plain_client import GOODBYE_TIMEOUT, NO_VERDICT, QUESTION_TIMEOUT, VERDICT_TIMEOUT, PlainClient
from asyncchat.errors import ChatError, ServerGone
from asyncchat.system import stdio
from asyncchat.system.daemon_executor import DaemonExecutor


async def join(servers: Servers, visitor: PlainClient, *, read_input: bool) -> None:
    """Connect to one of the servers, and run until the user leaves.

    Ctrl-C cancels it. Raises ServerGone if the server closes first, NameRefused if it refuses the name, OutputClosed if
    the output is closed, and ChatError for any other failure.
    """
    cancel_on_ctrl_c()
    await converse(await servers.open(), visitor, read_input=read_input)


async def converse(link: ClientStream, visitor: PlainClient, *, read_input: bool) -> None:
    """Do the same on an open connection."""
    try:
        await _Conversation(link, visitor).run(read_input=read_input)
    finally:
        link.abort()


def cancel_on_ctrl_c() -> None:
    """Let Ctrl-C cancel the running task."""
    # The handler of asyncio.run does not wake a loop that is just about to wait when the signal arrives.
    task = asyncio.current_task()
    assert task is not None
    with contextlib.suppress(NotImplementedError):  # Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, task.cancel)


class _Conversation:
    """Runs a task that receives and one that sends, and ends both."""

    def __init__(self, link: ClientStream, visitor: PlainClient) -> None:
        self._link = link
        self._writer = link.writer
        self._visitor = visitor
        self._patience = asyncio.get_running_loop().time() + QUESTION_TIMEOUT
        self._heard = asyncio.Event()
        self._said_something = False
        self._settled = asyncio.Event()

    async def run(self, *, read_input: bool) -> None:
        """Run until one side ends the conversation. Raises what `join` raises."""
        receiving = asyncio.create_task(self._receive())
        sending = asyncio.create_task(self._send()) if read_input else None
        tasks = {receiving, sending} if sending else {receiving}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if sending and sending.done() and not _lost(sending):
                if sending.result():  # the user leaves
                    await self._say_goodbye(receiving)
                    if self._visitor.is_script:
                        self._visitor.check_exit()
                    return
                if await receiving and self._visitor.check_end():
                    return
            else:
                await receiving
            raise ServerGone
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _say_goodbye(self, receiving: asyncio.Task[bool]) -> None:
        """Wait until the server has handled what was sent, as long as it still sends something."""
        while not receiving.done():
            self._said_something = False
            await asyncio.wait({receiving}, timeout=GOODBYE_TIMEOUT)
            if not self._said_something:
                break
        if receiving.done():
            receiving.result()

    async def _receive(self) -> bool:
        """Print what arrives; return whether the server closed the connection properly."""
        output = DaemonExecutor("output")
        loop = asyncio.get_running_loop()
        try:
            while data := await self._link.read():
                show, answer = self._visitor.hear(data)
                if answer:
                    self._writer.write(answer)
                if show:
                    await loop.run_in_executor(output, stdio.write, show)
                self._heard.set()
                self._said_something = True
                if self._visitor.settled:
                    self._settled.set()
        except OSError:
            return False
        return True

    async def _send(self) -> bool:
        """Send standard input until it ends; return whether the user has left with /exit."""
        if not self._visitor.settled:
            await self._hear_something()
            if self._heard.is_set():
                await self._wait_for_verdict()
            else:
                self._visitor.wait_no_longer()
        keyboard = DaemonExecutor("input")
        loop = asyncio.get_running_loop()
        while typed := await loop.run_in_executor(keyboard, stdio.read):
            data = self._visitor.without_mark(typed)
            leaves = self._visitor.type(data)
            if leaves and self._visitor.is_script:
                await self._hear_something()
                data = self._visitor.before_exit(data)
            self._writer.write(data)
            if leaves:
                self._link.end(b"")  # the server closes
                return True
            await self._writer.drain()
        await self._hear_something()
        self._writer.write(self._visitor.end())
        self._link.end(b"/exit\n")
        return False

    async def _wait_for_verdict(self) -> None:
        try:
            async with asyncio.timeout(VERDICT_TIMEOUT):
                await self._settled.wait()
        except TimeoutError:
            raise ChatError(NO_VERDICT) from None

    async def _hear_something(self) -> None:
        # Not wait_for, which can lose a cancellation before Python 3.12.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._patience):
                await self._heard.wait()


def _lost(sending: asyncio.Task[bool]) -> bool:
    return isinstance(sending.exception(), OSError)
