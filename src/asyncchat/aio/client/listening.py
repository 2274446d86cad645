"""How long a client listens to a server that says nothing."""

import asyncio
from collections.abc import Callable

from asyncchat.aio.client.link import ClientStream, now
from asyncchat.formats import events

WELCOME_TIMEOUT = 10.0
"""Seconds in which a server must send its welcome."""

WITH_OTHERS = (10.0, 5.0)
"""Seconds of silence where there is another server to go to: until this one is asked whether it is still there, and
until it must have answered."""


class Listening:
    """Reads from one connection.

    ask: asks the server whether it is still there
    """

    def __init__(self, link: ClientStream, ask: Callable[[], object]) -> None:
        self._link = link
        self._ask = ask
        self._deadline = now() + WELCOME_TIMEOUT

    async def read(self, *, is_in: bool, has_others: bool) -> bytes | None:
        """Wait for data and return it, empty at the end; None if the server does not answer. Raises OSError.

        is_in: the server has sent its welcome
        has_others: there is another server to go to
        """
        waits = WITH_OTHERS if has_others else (events.PING_AFTER,) * (1 + events.MOST_PINGS)
        for number, wait in enumerate(waits if is_in else [self._deadline - now()]):
            if number:
                self._ask()
            try:
                async with asyncio.timeout(wait):
                    return await self._link.read()
            except TimeoutError:
                pass
        return None
