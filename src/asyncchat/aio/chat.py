"""The client for programs: takes part in a chat, and comes back by itself when the connection breaks."""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from types import TracebackType
from typing import Self

from msgspec import Struct

from asyncchat.addresses import DEFAULT_HOST, DEFAULT_PORT, Address, parse_address, reason
from asyncchat.aio.link import Link, open_link
from asyncchat.chat import events
from asyncchat.chat.client import Client
from asyncchat.chat.commands import is_exit
from asyncchat.chat.names import NameRefused, PasswordNeeded, prepare
from asyncchat.chat.refusal import Refusal
from asyncchat.errors import ChatError

MOST_UNREAD = 10_000
"""Events that may wait for whoever reads them, until nothing more is read from the server."""

WELCOME_TIMEOUT = 10.0
"""Seconds that the server may take to let somebody in."""

GOODBYE_TIMEOUT = 0.5
"""Seconds that the server may take to see somebody off."""

LONGEST_PAUSE = 30.0

NAMING = ("name-taken", "name-refused", "name-reserved", "login-taken", "incorrect-login")
OF_PASSWORD = ("name-registered", "incorrect-password")
OF_NEW_PASSWORD = ("guest", "short-password", "password-refused")
BANNED = "banned"


class Disconnected(Struct, frozen=True, tag_field="type", tag="disconnected"):
    """The connection is lost, for the reason `text`; the next try comes after `pause` seconds."""

    text: str
    pause: float


Event = events.FromServer | Disconnected
"""Whatever can happen; see docs/protocol.md."""


def growing_pauses() -> Iterator[float]:
    """Yield seconds between one try to connect and the next: random, so that not everybody comes at once."""
    longest = 2.0
    while True:
        yield random.uniform(longest / 2, longest)
        longest = min(longest * 2, LONGEST_PAUSE)


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
        self._unread: deque[Event] = deque()
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

        While there is no connection that takes until there is one again. Raises Refusal if the server does not take it,
        and ChatError if the chat ends first.
        """
        receipt: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        ident = self._post(text, receipt)
        try:
            return await receipt
        finally:
            del self._receipts[ident]

    def post(self, text: str) -> int:
        """Say something without waiting; return the id that its Ack or Refused will have. Raises ChatError if over."""
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

    async def drain(self, most: int = 0) -> None:
        """Wait until at most `most` of what was said waits for an answer, and events are read as fast as they come."""
        await self._until(lambda: self._client.waiting <= most and (len(self._unread) < MOST_UNREAD or not most))

    async def batch(self) -> list[Event]:
        """Wait for events, and return all that there are; none when the chat has ended."""
        await self._until(lambda: self._unread)
        batch = list(self._unread)
        self._unread.clear()
        self._changed.set()
        return batch

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over what happens, until one has left."""
        while True:
            await self._until(lambda: self._unread)
            if not self._unread:
                return
            event = self._unread.popleft()
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
                try:
                    why = await self._talk(link)
                finally:
                    self._link = None
                    link.abort()
                if self._leaving:
                    return
                if not self._was_in:
                    raise ChatError(f"{self._address} does not let us in: {why}")
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
        self._not_let_in = False
        self._last_words = ""
        self._client.connected()
        try:
            while True:
                try:
                    async with asyncio.timeout(events.PING_AFTER if self._client.is_in else WELCOME_TIMEOUT):
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
                self._flush()
                if self._not_let_in:
                    return self._last_words
                # Whoever waits for an answer must get it, whether or not it reads events meanwhile.
                await self._until(lambda: len(self._unread) < MOST_UNREAD or self._client.waiting or self._leaving)
        except OSError as error:
            return reason(error)
        finally:
            self._client.is_in = False

    def _flush(self) -> None:
        if self._link and not self._link.writer.transport.is_closing():
            self._link.writer.write(self._client.to_send())
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
                    self._trying = self._pauses()
                case events.Bye(text, code) if code:
                    raise ChatError(text)
                case events.Error(code, text) if code in OF_PASSWORD and not self._was_in:
                    raise PasswordNeeded(f"{self.name}: {text}")
                case events.Error(code, text) if code in OF_NEW_PASSWORD and not self._was_in:
                    raise PasswordNeeded(f"{self.name}: {text}", is_new=True)
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
        self._unread.extend(happened)
        self._changed.set()


def _settle(receipt: "asyncio.Future[int | None]", outcome: int | Exception | None) -> None:
    if receipt.done():  # whoever waited has given up
        return
    if isinstance(outcome, Exception):
        receipt.set_exception(outcome)
    else:
        receipt.set_result(outcome)
