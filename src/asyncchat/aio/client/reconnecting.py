"""The client in JSON events: takes part in a chat, and reconnects by itself when the connection breaks."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Self

from asyncchat.aio.client.entry_errors import entry_error
from asyncchat.aio.client.event_queue import Disconnected, Event, EventQueue
from asyncchat.aio.client.link import LONGEST_PAUSE, ClientStream, growing_pauses, open_stream
from asyncchat.aio.client.receipts import Receipt, Receipts
from asyncchat.client.json_client import JsonClient
from asyncchat.errors import ChatClosed, ChatError, ConnectError, UsageError
from asyncchat.formats import events
from asyncchat.system.addresses import Address, reason
from asyncchat.text.command_line import is_exit

MOST_POSTED = 2 * events.MOST_UNANSWERED
"""Lines that may wait for an answer until a file that is sent waits, too."""

FOR_ANSWERS = 2
"""How many times as many events as usually may wait while somebody waits for an answer, which comes behind them."""

WELCOME_TIMEOUT = 10.0
"""Seconds that the server may take in all to let somebody in."""

GOODBYE_TIMEOUT = 0.5
"""Seconds that the server may take to see somebody off."""

NOT_READ = "the answer is behind events that this program does not read: read them in another task"


class ReconnectingClient:
    """A user's part in a chat, over as many connections as it takes; what was missed between them comes once.

    `password`: if the name is registered; `register`: register the name with it. `history`: how many of the messages
    from before are wanted. `link`: a connection that there is already; `pauses`: makes the seconds to wait before each
    try to reconnect. Entering it raises what `connect` raises.
    """

    def __init__(
        self,
        address: Address,
        name: str,
        password: str = "",
        *,
        register: bool = False,
        history: int | None = None,
        link: ClientStream | None = None,
        pauses: Callable[[], Iterator[float]] = growing_pauses,
    ) -> None:
        self.address = address
        self._client = JsonClient(name, password, register=register, history=history)
        self._link = link
        self._pauses = pauses
        self._trying = pauses()
        self._unread = EventQueue()
        self._is_read = False  # ever
        self._saying = asyncio.Lock()
        self._running = asyncio.Lock()
        self._closing = asyncio.Lock()
        self._receipts = Receipts()
        self._changed = asyncio.Event()
        self._was_in = False
        self._not_let_in = False
        self._leaving = False
        self._last_words = ""
        self._task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """The name that one has here."""
        return self._client.name

    @property
    def turned(self) -> str | None:
        """To whom alone goes what is said; "" if to everybody."""
        return self._client.turned

    @property
    def is_connected(self) -> bool:
        """Whether the server hears us now."""
        return self._client.is_in

    @property
    def has_ended(self) -> bool:
        """Whether nothing more can be sent or received."""
        return self._task is None or self._task.done()

    @property
    def pending(self) -> list[str]:
        """What was said and neither acknowledged nor refused yet, in order."""
        return [say.text for say in self._client.pending]

    async def say(self, text: str, to: str | None = None) -> int | None:
        """Send a message or a command; return the number of the message once the server has it.

        `to`: as in `post`. While there is no connection that takes until there is one again, and while too much waits
        for the server until it has taken some of that. Raises Refusal if the server does not take it, ChatClosed if
        the chat ends first, and UsageError if the answer is behind events that are not read.
        """
        return await (await self._send(text, to)).number

    async def run(self, command: str) -> list[str]:
        """Send a command; return what the server says until it is done. Raises what `say` raises."""
        async with self._running:  # an answer does not say to which command
            receipt = await self._send(command, None)
            await receipt.number
            return receipt.notices

    async def _send(self, text: str, to: str | None) -> Receipt:
        async with self._saying:  # so that those who wait go on in their order
            await self._until(lambda: not self._client.is_full)
            receipt = self._receipts.open(self._say(text, to))
            self._flush()
            return receipt

    def post(self, text: str, to: str | None = None) -> int:
        """Send without waiting; return the id that its Ack or Refused will have. Raises ChatClosed.

        `to`: the user that it is for, "" for the room; without it, the current conversation. It is refused, with the
        code too-many, if too much waits for the server already.
        """
        ident = self._say(text, to)
        self._flush()
        return ident

    def _say(self, text: str, to: str | None) -> int:
        if self.has_ended:
            raise self._end()
        self._leaving = self._leaving or is_exit(text)
        return self._client.say(text, to)

    async def drain(self) -> None:
        """Wait until all that was said is answered."""
        await self._until(lambda: not self._client.waiting)

    async def ready(self) -> None:
        """Wait until more should be said: not much waits for an answer, and events are read as fast as they come."""
        await self._until(
            lambda: self._client.waiting <= MOST_POSTED and self._unread.has_room() and not self._client.is_full
        )

    async def batch(self) -> list[Event]:
        """Wait for events, and return all that there are; none when the chat has ended."""
        self._is_read = True
        await self._until(lambda: self._unread)
        batch = self._unread.take_all()
        self._changed.set()
        return batch

    def __aiter__(self) -> Self:
        """Iterate over what happens, until one has left. Raises ChatClosed."""
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
        link = self._link or await open_stream(self.address)
        self._task = asyncio.create_task(self._run(link))
        self._task.add_done_callback(self._ended)
        try:
            await self._until(lambda: self._was_in)
        except BaseException:
            await self.leave()
            raise

    async def leave(self) -> None:
        """Leave the chat: what happened until then can still be read."""
        self._leaving = True
        if self._task is None:
            return
        try:
            async with self._closing:  # whoever calls this meanwhile waits for the goodbye, too
                await self._say_goodbye(self._task)
        finally:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _say_goodbye(self, task: asyncio.Task[None]) -> None:
        link, self._link = self._link, None
        if link and not link.writer.transport.is_closing():
            with contextlib.suppress(OSError):  # it may be broken, and not known to be
                link.writer.write_eof()
            self._changed.set()
            await asyncio.wait({task}, timeout=GOODBYE_TIMEOUT)

    def _ended(self, _: asyncio.Task[None]) -> None:
        end = self._end()
        self._receipts.fail(ChatClosed, f"{end}: it is not known whether the server has this", end.code)
        self._changed.set()

    def _end(self) -> ChatClosed:
        """Return that, and why, the chat is over."""
        task = self._task
        error = task.exception() if task and task.done() and not task.cancelled() else None
        if isinstance(error, ChatClosed):
            return ChatClosed(str(error), error.code)
        return ChatClosed(f"the chat has ended: {error}" if error else "the chat has ended")

    async def _until(self, condition: Callable[[], object]) -> None:
        """Wait until the condition holds, or there is nothing more to wait for. Raises what has ended the chat."""
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
            begun = _now()
            try:
                why = await self._talk(link)
            finally:
                self._link = None
                link.abort()
            if self._leaving:
                return
            if not self._was_in:
                raise ConnectError(f"{self.address} does not let us in: {why}")
            if _now() - begun > LONGEST_PAUSE:  # else it may let us in only to end at once
                self._trying = self._pauses()
            link = await self._come_back(why)

    async def _come_back(self, why: str) -> ClientStream:
        for pause in self._trying:
            self._publish([Disconnected(why, pause)])
            await asyncio.sleep(pause)
            try:
                return await open_stream(self.address)
            except ChatError as error:
                why = str(error)
        raise ChatClosed(f"the chat has ended: {why}")

    async def _talk(self, link: ClientStream) -> str:
        """Take part on one connection; return why it ended."""
        pings = 0
        to_come_in = _now() + WELCOME_TIMEOUT
        self._not_let_in = False
        self._last_words = ""
        self._client.connected()
        try:
            while True:
                try:
                    async with asyncio.timeout_at(_now() + events.PING_AFTER if self._client.is_in else to_come_in):
                        data = await link.read()
                except TimeoutError:
                    if not self._client.is_in or pings == events.MOST_PINGS:
                        return "the server does not answer"
                    pings += 1
                    self._client.ping()
                    self._flush()
                    continue
                if not data:
                    return self._last_words or "the server closed the connection"
                pings = 0
                self._client.hear(data)
                self._unread.heard(len(data))
                self._flush()
                if self._not_let_in:
                    return self._last_words
                if self._was_in:
                    await self._until_it_is_read()
                elif not self._unread.has_room():
                    return "the server says too much before it lets us in"
        except OSError as error:
            return reason(error)
        finally:
            self._client.is_in = False

    async def _until_it_is_read(self) -> None:
        """Wait for room for more events; but who waits for an answer, and reads none, must get it or hear why not."""
        while not self._may_go_on():
            if self._only_says:
                self._unread.take_all()
                return
            try:
                async with asyncio.timeout(events.PING_AFTER):
                    await self._until(lambda: self._may_go_on() or self._only_says)
            except TimeoutError:
                self._receipts.fail(UsageError, NOT_READ)

    def _may_go_on(self) -> bool:
        return self._unread.has_room(FOR_ANSWERS if self._is_awaited else 1)

    @property
    def _is_awaited(self) -> bool:
        return bool(self._client.waiting) or self._leaving

    @property
    def _only_says(self) -> bool:
        return self._is_awaited and not self._is_read

    def _flush(self) -> None:
        if self._link and not (transport := self._link.writer.transport).is_closing():
            transport.write(self._client.to_send(answers=not transport.get_write_buffer_size()))
        self._publish(self._client.news())

    def _publish(self, happened: Sequence[Event]) -> None:
        for event in happened:
            match event:
                case events.Message():
                    pass
                case events.Ack() | events.Refused():
                    self._receipts.take(event)
                case events.Welcome():
                    self._was_in = True
                case events.Bye(text, code) if code:
                    raise ChatClosed(text, code) if self._was_in else ConnectError(text, code)
                case events.Error() if not self._was_in:
                    raise entry_error(self.name, event)
                case events.Error(code, text) if code == "banned" and not self._client.is_in:
                    raise ChatClosed(text, code)
                case events.Error(text=text) if not self._client.is_in:
                    self._not_let_in = True
                    self._last_words = text
                case events.Notice() if self._client.is_in:
                    self._receipts.take(event)
                case events.Bye(text) | events.Notice(text):
                    self._last_words = text
        self._unread.put(happened)
        self._changed.set()


def _now() -> float:
    return asyncio.get_running_loop().time()
