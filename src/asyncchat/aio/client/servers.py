"""The servers at which one chat can be joined: when one is lost, the client goes on at another."""

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator, Sequence

from asyncchat.aio.client.link import ClientStream, now, open_stream
from asyncchat.errors import ChatClosed, ChatError, ConnectError
from asyncchat.formats import events
from asyncchat.system.addresses import DEFAULT_PORT, Address, parse_address
from asyncchat.tls.trust import Trust, Untrusted

NEXT_TIMEOUT = 1.0
"""Seconds in which a server must accept a connection, as long as there are others to try."""

STEADY = 2.0
"""Seconds after which a connection counts as a good one: then the others are tried at once when it is lost."""


class Servers:
    """The addresses of servers, the first one to be tried first; `trust` returns what knows the certificate of one.

    address: of the server that was connected to last
    """

    def __init__(
        self, addresses: Iterable[Address], trust: Callable[[Address], Trust | None] = lambda _address: None
    ) -> None:
        self._addresses = list(dict.fromkeys(addresses))
        self._make_trust = trust
        self._trusts: dict[Address, Trust | None] = {}
        self._current = self._hops = 0
        self._since = 0.0

    @property
    def address(self) -> Address:
        """The current server."""
        return self._addresses[self._current]

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
        """Connect to the first server that answers, from the current one on. Raises ConnectError."""
        return await self._open_one_of(range(len(self._addresses)))

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
            except Untrusted:
                raise
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

    async def _open_one_of(self, steps: Sequence[int]) -> ClientStream:
        """Connect to the first that answers of the servers that are so many places behind the current one."""
        begin, failed = self._current, None
        for step in steps:
            index = (begin + step) % len(self._addresses)
            try:
                async with asyncio.timeout(None if step == steps[-1] else NEXT_TIMEOUT):
                    stream = await self._open(self._addresses[index])
            except TimeoutError:
                continue
            except ConnectError as error:
                failed = error
                continue
            self._current, self._since = index, now()
            return stream
        raise failed or ConnectError("no server answers")

    async def _open(self, address: Address) -> ClientStream:
        if address not in self._trusts:
            self._trusts[address] = self._make_trust(address)
        return await open_stream(address, self._trusts[address])
