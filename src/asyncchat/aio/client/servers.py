"""The servers at which one chat can be joined: which of them is used, and where the client goes on when it is lost."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack

from asyncchat.aio.client.link import ClientStream, now, open_stream
from asyncchat.errors import ChatClosed, ChatError, ConnectError
from asyncchat.formats import events, plain
from asyncchat.system import stdio
from asyncchat.system.addresses import DEFAULT_PORT, Address, parse_address, reason
from asyncchat.text.sanitize import sanitize
from asyncchat.tls.trust import Trust, Untrusted

NEXT_TIMEOUT = 1.0
"""Seconds in which a server must accept a connection and ask for a name, as long as there are others to try."""

SLOW_TIMEOUT = 5.0
"""The same when all have been tried, and some were slow."""

STEADY = 2.0
"""Seconds after which a connection counts as a good one: then the others are tried at once when it is lost."""

_MOST_SAID = 200
"""Characters of what a server says instead of asking for a name."""

Notice = Callable[[str], object]


class _Silent(ConnectError):
    """The server has not asked for a name in time."""


class Servers:
    """The addresses of servers, the first one to be tried first.

    trust: returns what knows the certificate of one of them, and tells what is new by the function that it gets
    notice: what tells the user so
    """

    def __init__(
        self, addresses: Iterable[Address], trust: Callable[[Address, Notice], Trust | None] = lambda *_: None
    ) -> None:
        self._addresses = list(dict.fromkeys(addresses))
        self._make_trust = trust
        self._trusts: dict[Address, Trust | None] = {}
        self.notice: Notice = stdio.report
        self._current = self._hops = 0
        self._since = 0.0
        self._left: deque[tuple[int, float]] = deque()  # servers still to be tried, and the seconds that each gets
        self._failed: dict[Address, ChatError] = {}

    @property
    def address(self) -> Address:
        """The server that was connected to last."""
        return self._addresses[self._current]

    @property
    def are_several(self) -> bool:
        """Whether there is another one to go to."""
        return len(self._addresses) > 1

    def learn(self, addresses: Iterable[str]) -> None:
        """Add servers that a server has named; what is no address is ignored."""
        for text in addresses:
            try:
                host, port = parse_address(text)
            except ValueError:
                continue
            address = Address(host, port or DEFAULT_PORT)
            if address not in self._addresses and len(self._addresses) < events.MOST_SERVERS:
                self._addresses.append(address)

    async def open(self) -> ClientStream:
        """Connect to the first server that asks for a name, from the current one on.

        One server alone need not ask. Raises ConnectError, which says of each server why it was passed over, and
        Untrusted if none has the right certificate.
        """
        if not self.are_several:
            stream = await open_stream(self.address, self._trust(self.address))
            self._since = now()
            return stream
        return await self._open_one_of(range(len(self._addresses)))

    async def open_next(self, why: str) -> ClientStream:
        """Connect to the next server: the current one lets nobody in. Raises what `open` raises."""
        if not self.are_several:
            raise ConnectError(f"{self.address} does not let us in: {why}")
        self._failed[self.address] = ConnectError(f"{self.address}: {why.rstrip('.')}")
        return await self._open_left()

    async def open_again(self, why: str, pauses: Iterator[float], tell: Callable[[str, float], object]) -> ClientStream:
        """Connect again, after the connection was lost: to the other servers at once, then to each after a pause.

        why: the connection was lost
        tell: called before each attempt with the reason and the seconds until it

        Raises ChatClosed when there are no more pauses, and Untrusted.
        """
        if now() - self._since > STEADY:
            self._hops = 0
        others = len(self._addresses) - 1
        if self._hops < others:
            self._hops += 1
            tell(why, 0.0)
            try:
                first = random.randrange(others)  # so that clients of a server that has ended spread over the others
                return await self._open_one_of([1 + (first + step) % others for step in range(others)])
            except ChatError as error:
                why = str(error)
        for pause in pauses:
            tell(why, pause)
            await asyncio.sleep(pause)
            try:
                return await self.open()
            except Untrusted:
                raise
            except ChatError as error:
                why = str(error)
        raise ChatClosed(f"the chat has ended: {why}")

    async def _open_one_of(self, steps: Iterable[int]) -> ClientStream:
        """Connect to the first that lets us in of the servers that are so many places behind the current one."""
        self._left = deque(((self._current + step) % len(self._addresses), NEXT_TIMEOUT) for step in steps)
        self._failed = {}
        return await self._open_left()

    async def _open_left(self) -> ClientStream:
        while self._left:
            index, patience = self._left.popleft()
            address = self._addresses[index]
            try:
                stream = await self._open(address, patience)
            except ChatError as error:
                self._failed[address] = error
                if isinstance(error, _Silent) and patience < SLOW_TIMEOUT:
                    self._left.append((index, SLOW_TIMEOUT))
            else:
                self._current, self._since = index, now()
                return stream
        raise _together(list(self._failed.values()))

    async def _open(self, address: Address, patience: float) -> ClientStream:
        """Connect to a server, and wait until it asks for a name. Raises ChatError."""
        with ExitStack() as failing:
            try:
                async with asyncio.timeout(patience):
                    stream = await open_stream(address, self._trust(address))
                    failing.callback(stream.abort)
                    said = await stream.first_line()
            except TimeoutError:
                raise _Silent(f"{address} does not answer") from None
            except OSError as error:
                raise ConnectError(f"{address}: {reason(error)}") from None
            if said != plain.ASK_NAME:
                why = sanitize(said.decode(errors="backslashreplace").strip())[:_MOST_SAID].removeprefix("Server: ")
                raise ConnectError(f"{address}: {why.rstrip('.') or 'the server closed the connection'}")
            failing.pop_all()
            return stream

    def _trust(self, address: Address) -> Trust | None:
        if address not in self._trusts:
            self._trusts[address] = self._make_trust(address, lambda text: self.notice(text))
        return self._trusts[address]


def _together(errors: list[ChatError]) -> ConnectError:
    """Return one error that says of each server why it was passed over."""
    # What to do stands behind the first sentence: it is about one server, except where only a person can decide.
    why = "; ".join(str(error) if isinstance(error, Untrusted) else str(error).partition(". ")[0] for error in errors)
    text = f"no server lets us in: {why}. Try again later, or name another server."
    if all(isinstance(error, Untrusted) for error in errors):
        return Untrusted(text)
    codes = {error.code if isinstance(error, ConnectError) else "" for error in errors}
    return ConnectError(text, codes.pop() if len(codes) == 1 else "")
