"""The client for JSON events, which reconnects automatically when the connection breaks."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Self

from asyncchat.aio.client.event_queue import Disconnected, Event, EventQueue
from asyncchat.aio.client.link import LONGEST_PAUSE, ClientStream, growing_pauses, now
from asyncchat.aio.client.listening import Listening
from asyncchat.aio.client.receipts import Receipt, Receipts
from asyncchat.aio.client.servers import Servers
from asyncchat.client.entry_errors import entry_error
from asyncchat.client.json_client import JsonClient
from asyncchat.errors import ChatClosed, ConnectError, UsageError
from asyncchat.formats import codec, events
from asyncchat.system.addresses import Address, reason
from asyncchat.text.command_line import is_exit

MOST_POSTED = 2 * events.MOST_UNANSWERED
"""Lines that may wait for an answer before `ready` waits."""

FOR_ANSWERS = 2
"""The factor by which more events may wait to be read while an answer is awaited, which comes after them."""

GOODBYE_TIMEOUT = 0.5
"""Seconds to wait for the server to close the connection after the client has left."""

NOT_READ = "the answer is behind events that this program does not read: read them in another task"


class ReconnectingClient:
    """A user in a chat, over one connection after the other; messages that were missed in between arrive once.

    `password`: of a registered name; `register`: register the name with it. `history`, `rooms`: as in `connect`.
    `link`: an open connection to the current one of the `servers`. `pauses`: yields the seconds before each attempt to
    reconnect.
    """

    def __init__(
        self,
        servers: Address | Servers,
        name: str,
        password: str = "",
        *,
        register: bool = False,
        history: int | None = None,
        rooms: Sequence[str] = (),
        link: ClientStream | None = None,
        pauses: Callable[[], Iterator[float]] = growing_pauses,
    ) -> None:
        self.servers = servers if isinstance(servers, Servers) else Servers([servers])
        self.client = JsonClient(name, password, register=register, history=history, rooms=rooms)
        self._link = link
        self._pauses = pauses
        self._trying = pauses()
        self._unread = EventQueue()
        self._is_read = False  # ever
        self._send_lock = asyncio.Lock()
        self._command_lock = asyncio.Lock()
        self._leave_lock = asyncio.Lock()
        self._receipts = Receipts()
        self._changed = asyncio.Event()
        self._was_welcomed = False
        self._is_refused = False
        self._leaving = False
        self._last_text = ""
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> Address:
        """The address of the server."""
        return self.servers.address

    @property
    def name(self) -> str:
        """The user's name."""
        return self.client.name

    @property
    def is_connected(self) -> bool:
        """Whether the client is connected and welcomed."""
        return self.client.is_in

    @property
    def has_ended(self) -> bool:
        """Whether nothing more can be sent or received."""
        return self._task is None or self._task.done()

    @property
    def pending(self) -> list[str]:
        """The lines that were neither acknowledged nor refused yet, in order."""
        return [say.text for say in self.client.pending]

    async def say(self, text: str, to: str | None = None) -> int | None:
        """Send a message or a command; return the number of the message once the server has it.

        `to`: as in `post`. It waits while the connection is broken, and while too much waits to be sent. Raises Refusal
        if the server refuses it, ChatClosed if the chat ends first, and UsageError if the answer comes after events
        that are not read.
        """
        return await (await self._send(text, to)).number

    async def run(self, command: str) -> list[str]:
        """Send a command; return the notices that the server sends until it is done. Raises what `say` raises."""
        async with self._command_lock:  # an answer does not name its command
            receipt = await self._send(command, None)
            await receipt.number
            return receipt.notices

    async def _send(self, text: str, to: str | None) -> Receipt:
        async with self._send_lock:  # so that waiting callers continue in order
            await self._until(lambda: not self.client.is_full)
            receipt = self._receipts.open(self._say(text, to))
            self._flush()
            return receipt

    def post(self, text: str, to: str | None = None) -> int:
        """Send without waiting; return the id that its Ack or Refused will have. Raises ChatClosed.

        `to`: the user that it is for, "" for the room; without it, the current conversation. It is refused, with the
        code too-many, if too much waits to be sent.
        """
        ident = self._say(text, to)
        self._flush()
        return ident

    def _say(self, text: str, to: str | None) -> int:
        if self.has_ended:
            raise self._end()
        self._leaving = self._leaving or is_exit(text)
        return self.client.say(text, to)

    def read(self, conversation: str, seq: int) -> None:
        """Tell the server that the messages of a room were read up to this number; see JsonClient."""
        self.client.read(conversation, seq)
        self._flush()

    def part(self, conversation: str) -> None:
        """Leave a room; see JsonClient."""
        self.client.part(conversation)
        self._flush()

    async def drain(self) -> None:
        """Wait until everything that was sent is answered."""
        await self._until(lambda: not self.client.waiting)

    async def ready(self) -> None:
        """Wait until more should be sent: few lines wait for an answer, and events are read in time."""
        await self._until(
            lambda: self.client.waiting <= MOST_POSTED and self._unread.has_room() and not self.client.is_full
        )

    async def batch(self) -> list[Event]:
        """Wait for events, and return all of them; none when the chat has ended."""
        self._is_read = True
        await self._until(lambda: self._unread)
        batch = self._unread.take_all()
        self._changed.set()
        return batch

    def __aiter__(self) -> Self:
        """Iterate over the events, until the user has left. Raises ChatClosed."""
        return self

    async def __anext__(self) -> Event:
        self._is_read = True
        await self._until(lambda: self._unread)
        if not self._unread:
            raise StopAsyncIteration
        event = self._unread.take()
        self._changed.set()
        return event

    async def __aenter__(self) -> Self:
        """Connect, and take the name."""
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the chat."""
        await self.leave()

    async def connect(self) -> None:
        """Connect, and take the name."""
        link = self._link or await self.servers.open()
        self._task = asyncio.create_task(self._run(link))
        self._task.add_done_callback(self._ended)
        try:
            await self._until(lambda: self._was_welcomed)
        except BaseException:
            await self.leave()
            raise

    async def leave(self) -> None:
        """Leave the chat: earlier events can still be read."""
        self._leaving = True
        if self._task is None:
            return
        try:
            async with self._leave_lock:  # a second call waits for the goodbye, too
                await self._say_goodbye(self._task)
        finally:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _say_goodbye(self, task: asyncio.Task[None]) -> None:
        link, self._link = self._link, None
        if link and not link.writer.transport.is_closing():
            with contextlib.suppress(OSError):  # the connection may be broken
                link.end(codec.EXIT)
            self._changed.set()
            await asyncio.wait({task}, timeout=GOODBYE_TIMEOUT)

    def _ended(self, _: asyncio.Task[None]) -> None:
        end = self._end()
        self._receipts.fail(ChatClosed, f"{end}: it is not known whether the server has this", end.code)
        self._changed.set()

    def _end(self) -> ChatClosed:
        """Return the error that says why the chat has ended."""
        task = self._task
        error = task.exception() if task and task.done() and not task.cancelled() else None
        if isinstance(error, ChatClosed):
            return ChatClosed(str(error), error.code)
        return ChatClosed(f"the chat has ended: {error}" if error else "the chat has ended")

    async def _until(self, condition: Callable[[], object]) -> None:
        """Wait until the condition holds or the chat has ended. Raises the error that has ended the chat."""
        while not condition():
            if self._task is None or self._task.done():
                if self._task and not self._task.cancelled():
                    self._task.result()
                return
            self._changed.clear()
            await self._changed.wait()

    async def _run(self, link: ClientStream) -> None:
        while True:
            self._link = link
            begun = now()
            try:
                why = await self._talk(link)
            finally:
                self._link = None
                link.abort()
            if self._leaving:
                return
            if not self._was_welcomed:
                link = await self.servers.open_next(why)
                continue
            if now() - begun > LONGEST_PAUSE:  # a server that welcomes and then closes at once gets the longer pauses
                self._trying = self._pauses()
            link = await self.servers.open_again(
                why, self._trying, lambda why, pause: self._publish([Disconnected(why, pause)])
            )

    async def _talk(self, link: ClientStream) -> str:
        """Use one connection until it ends; return why it ended."""
        listening = Listening(link, self._ping)
        self._is_refused = False
        self._last_text = ""
        self.client.connected()
        try:
            while True:
                data = await listening.read(is_in=self.client.is_in, has_others=self.servers.are_several)
                if data is None:
                    return "the server does not answer"
                if not data:
                    return self._last_text or "the server closed the connection"
                self.client.hear(data)
                self._unread.heard(len(data))
                self._flush()
                if self._is_refused:
                    return self._last_text
                if self._was_welcomed:
                    await self._wait_for_room()
                elif not self._unread.has_room():
                    return "the server says too much before it lets us in"
        except OSError as error:
            return reason(error)
        finally:
            self.client.is_in = False

    def _ping(self) -> None:
        self.client.ping()
        self._flush()

    async def _wait_for_room(self) -> None:
        """Wait until there is room for more events; a caller that awaits an answer but reads none gets an error."""
        while not self._has_room():
            if self._only_sends:
                self._unread.take_all()
                return
            try:
                async with asyncio.timeout(events.PING_AFTER):
                    await self._until(lambda: self._has_room() or self._only_sends)
            except TimeoutError:
                self._receipts.fail(UsageError, NOT_READ)

    def _has_room(self) -> bool:
        return self._unread.has_room(FOR_ANSWERS if self._is_awaited else 1)

    @property
    def _is_awaited(self) -> bool:
        return bool(self.client.waiting) or self._leaving

    @property
    def _only_sends(self) -> bool:
        return self._is_awaited and not self._is_read

    def _flush(self) -> None:
        if self._link and not (transport := self._link.writer.transport).is_closing():
            transport.write(self.client.to_send(answers=not transport.get_write_buffer_size()))
        self._publish(self.client.news())

    def _publish(self, happened: Sequence[Event]) -> None:
        for event in happened:
            match event:
                case events.Message():
                    pass
                case events.Ack() | events.Refused():
                    self._receipts.take(event)
                case events.Welcome(servers=others):
                    self._was_welcomed = True
                    self.servers.learn(others)
                case events.Bye(text, code) if code == events.MOVE:
                    self._is_refused = True  # by this server alone
                    self._last_text = text
                case events.Bye(text, code) if code:
                    raise ChatClosed(text, code) if self._was_welcomed else ConnectError(text, code)
                case events.Error() if not self._was_welcomed:
                    raise entry_error(self.name, event.code, event.text)
                case events.Error(code, text) if code == "banned" and not self.client.is_in:
                    raise ChatClosed(text, code)
                case events.Error(text=text) if not self.client.is_in:
                    self._is_refused = True
                    self._last_text = text
                case events.Notice() if self.client.is_in:
                    self._receipts.take(event)
                case events.Bye(text) | events.Notice(text):
                    self._last_text = text
        self._unread.put(happened)
        self._changed.set()
