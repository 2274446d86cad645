"""The client for programs: takes part in a chat, and comes back by itself when the connection breaks."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from types import TracebackType
from typing import Self

from asyncchat.aio.event_queue import Disconnected, Event, EventQueue
from asyncchat.aio.link import LONGEST_PAUSE, Link, growing_pauses, open_link
from asyncchat.client.json_client import Client
from asyncchat.commands.table import is_exit
from asyncchat.errors import ChatError, Refusal
from asyncchat.formats import events
from asyncchat.system.addresses import DEFAULT_HOST, DEFAULT_PORT, Address, parse_address, reason
from asyncchat.text.usernames import NameRefused, PasswordNeeded, prepare

MOST_POSTED = 2 * events.MOST_UNANSWERED
"""Lines that may wait for an answer until a file that is sent waits, too."""

FOR_ANSWERS = 2
"""How many times as many events as usually may wait while somebody waits for an answer, which comes behind them."""

WELCOME_TIMEOUT = 10.0
"""Seconds that the server may take in all to let somebody in."""

GOODBYE_TIMEOUT = 0.5
"""Seconds that the server may take to see somebody off."""

NAMING = ("name-taken", "name-refused", "name-reserved", "login-taken", "incorrect-login")
OF_PASSWORD = ("name-registered", "incorrect-password")
OF_NEW_PASSWORD = ("guest", "short-password", "password-refused")
BANNED = "banned"


def connect(address: str = f"{DEFAULT_HOST}:{DEFAULT_PORT}", *, name: str, password: str = "") -> "Chat":
    """Take part in the chat at `address` (HOST or HOST:PORT) as `name`, within an `async with`.

    `password`: if the name is registered, and one's own. Raises ValueError if address or name can't be, as NameRefused
    if it is the name.
    """
    host, port = parse_address(address)
    prepare(name)
    return Chat(Address(host, port or DEFAULT_PORT), name, password)


class Chat:
    """A chat that one takes part in: iterate over its events, and `say` something.

    Entering it raises ChatError if the server can't be reached, and NameRefused if it does not take the name. From
    then on a connection that breaks is made again, and what was missed meanwhile comes, once and in order.
    `register`: make the name one's own. `link`: a connection that there is already; `pauses`: makes the seconds to wait
    before each try to come back.
    """

    def __init__(
        self,
        address: Address,
        name: str,
        password: str = "",
        *,
        register: bool = False,
        link: Link | None = None,
        pauses: Callable[[], Iterator[float]] = growing_pauses,
    ) -> None:
        self._address = address
        self._client = Client(name, password, register=register)
        self._link = link
        self._pauses = pauses
        self._trying = pauses()
        self._unread = EventQueue()
        self._is_read = False  # ever
        self._saying = asyncio.Lock()
        self._receipts: dict[int, asyncio.Future[int | None]] = {}
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
    def pending(self) -> list[str]:
        """What was said and neither acknowledged nor refused yet, in order."""
        return [say.text for say in self._client.pending]

    async def say(self, text: str) -> int | None:
        """Say something, also a command; return the number of the message once the server has it.

        While there is no connection that takes until there is one again, and while too much waits for the server until
        it has taken some of that. Raises Refusal if the server does not take it, and ChatError if the chat ends first,
        or if nobody reads the events that come before the answer.
        """
        receipt: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        async with self._saying:  # so that those who wait go on in their order
            await self._until(lambda: not self._client.is_full)
            ident = self._post(text, receipt)
        try:
            return await receipt
        finally:
            del self._receipts[ident]

    def post(self, text: str) -> int:
        """Say something without waiting; return the id that its Ack or Refused will have. Raises ChatError if over.

        It is refused, with the code too-many, if too much waits for the server already.
        """
        return self._post(text)

    def _post(self, text: str, receipt: "asyncio.Future[int | None] | None" = None) -> int:
        if not self._task or self._task.done():
            raise ChatError("the chat has ended")
        self._leaving = self._leaving or is_exit(text)
        ident = self._client.say(text)
        if receipt:
            self._receipts[ident] = receipt
        self._flush()
        self._changed.set()
        return ident

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

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over what happens, until one has left."""
        self._is_read = True
        while True:
            await self._until(lambda: self._unread)
            if not self._unread:
                return
            event = self._unread.take()
            self._changed.set()  # before the event, behind which there may be nothing more of this iteration
            yield event

    async def __aenter__(self) -> Self:
        """Connect, and take the name."""
        link = self._link or await open_link(self._address)
        self._task = asyncio.create_task(self._run(link))
        self._task.add_done_callback(lambda _: self._changed.set())
        try:
            await self._until(lambda: self._was_in)
        except BaseException:
            await self.leave()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the chat."""
        await self.leave()

    async def leave(self) -> None:
        """Leave the chat: what happened until then can still be read."""
        self._leaving = True
        assert self._task is not None
        link, self._link = self._link, None
        if link and not link.writer.transport.is_closing():
            with contextlib.suppress(OSError):  # it may be broken, and not known to be
                link.writer.write_eof()
            self._changed.set()
            await asyncio.wait({self._task}, timeout=GOODBYE_TIMEOUT)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _until(self, condition: Callable[[], object]) -> None:
        """Wait until the condition holds, or there is nothing more to wait for. Raises what has ended the chat."""
        while not condition():
            assert self._task is not None
            if self._task.done():
                if not self._task.cancelled():
                    self._task.result()
                return
            self._changed.clear()
            await self._changed.wait()

    async def _run(self, link: Link) -> None:
        try:
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
                    raise ChatError(f"{self._address} does not let us in: {why}")
                if _now() - begun > LONGEST_PAUSE:  # else it may let us in only to end at once
                    self._trying = self._pauses()
                link = await self._come_back(why)
        finally:
            for receipt in self._receipts.values():
                _settle(receipt, ChatError("the chat has ended before the server answered"))

    async def _come_back(self, why: str) -> Link:
        for pause in self._trying:
            self._publish([Disconnected(why, pause)])
            await asyncio.sleep(pause)
            try:
                return await open_link(self._address)
            except ChatError as error:
                why = str(error)
        raise ChatError(why)

    async def _talk(self, link: Link) -> str:
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
                for receipt in self._receipts.values():
                    _settle(receipt, ChatError("the answer is behind events that nobody reads: read those meanwhile"))

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
                case events.Ack(ident, seq) if ident in self._receipts:
                    _settle(self._receipts[ident], seq)
                case events.Refused(ident, code, text) if ident in self._receipts:
                    _settle(self._receipts[ident], Refusal(code, text))
                case events.Welcome():
                    self._was_in = True
                case events.Bye(text, code) if code:
                    raise ChatError(text)
                case events.Error(code, text) if code in OF_PASSWORD and not self._was_in:
                    raise PasswordNeeded(f"{self.name}: {text}", code)
                case events.Error(code, text) if code in OF_NEW_PASSWORD and not self._was_in:
                    raise PasswordNeeded(f"{self.name}: {text}", code, is_new=True)
                case events.Error(code, text) if code == BANNED and not self._client.is_in:
                    raise ChatError(text)
                case events.Error(code, text) if not self._was_in:
                    raise NameRefused(f"{self.name}: {text}") if code in NAMING else ChatError(text)
                case events.Error(text=text) if not self._client.is_in:
                    self._not_let_in = True
                    self._last_words = text
                case events.Notice(text) if self._client.is_in:
                    pass  # the answer to a command
                case events.Bye(text) | events.Notice(text):
                    self._last_words = text
        self._unread.put(happened)
        self._changed.set()


def _settle(receipt: "asyncio.Future[int | None]", outcome: int | Exception | None) -> None:
    if receipt.done():  # whoever waited has given up
        return
    if isinstance(outcome, Exception):
        receipt.set_exception(outcome)
    else:
        receipt.set_result(outcome)


def _now() -> float:
    return asyncio.get_running_loop().time()
