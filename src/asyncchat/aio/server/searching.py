"""Searches, one at a time: addresses take turns, and searches of closed connections are dropped."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeVar

from asyncchat.chat.requests.queries import Found, Search
from asyncchat.system.daemon_executor import DaemonExecutor
from asyncchat.text import texts
from asyncchat.text.refusals import NotKept

_T = TypeVar("_T")

LOOK_AGAIN = 0.2
"""Seconds between two checks whether the peer is still connected."""


class Asker(Protocol):
    """The peer that has asked for a search.

    is_gone: its connection is closed
    may_be_gone: it has ended its output; TCP does not tell whether it still reads
    """

    @property
    def is_gone(self) -> bool:  # noqa: D102
        ...

    @property
    def may_be_gone(self) -> bool:  # noqa: D102
        ...


class _Turn(NamedTuple):
    address: str
    asker: Asker
    has_come: "asyncio.Future[None]"


class Searches:
    """Calls `answer` in a thread, one search at a time; it must return soon when its event is set; none after `end`."""

    def __init__(self, answer: Callable[[Search, threading.Event], Found], end: "asyncio.Future[None]") -> None:
        self._answer = answer
        self._end = end
        self._thread = DaemonExecutor("search")
        self._waiting: list[_Turn] = []
        self._running: _Turn | None = None
        self._turns = 0
        self._last_turn: dict[str, int] = {}

    async def answer(self, question: Search, address: str, asker: Asker) -> Found:
        """Return the answer. Raises ConnectionAbortedError if the asker disconnects, NotKept when the server ends."""
        turn = _Turn(address, asker, asyncio.get_running_loop().create_future())
        stop = threading.Event()
        self._waiting.append(turn)
        self._begin_next()
        try:
            await self._unless_gone(turn.has_come, asker)
            answered = asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question, stop)
            return await self._unless_gone(answered, asker)
        finally:
            stop.set()
            if self._running is turn:
                self._running = None
                self._begin_next()
            else:
                self._waiting.remove(turn)

    def _begin_next(self) -> None:
        if self._running or not self._waiting:
            return
        self._running = turn = min(self._waiting, key=self._rank)  # of equal ones, the first
        self._waiting.remove(turn)
        self._turns += 1
        waiting = {turn.address for turn in self._waiting}
        self._last_turn = {address: last for address, last in self._last_turn.items() if address in waiting}
        self._last_turn[turn.address] = self._turns
        turn.has_come.set_result(None)

    def _rank(self, turn: _Turn) -> tuple[bool, int]:
        return turn.asker.may_be_gone, self._last_turn.get(turn.address, 0)

    async def _unless_gone(self, done: "asyncio.Future[_T]", asker: Asker) -> _T:
        awaited: set[asyncio.Future[Any]] = {done, self._end}
        while not done.done():
            await asyncio.wait(awaited, timeout=LOOK_AGAIN, return_when=asyncio.FIRST_COMPLETED)
            if asker.is_gone:
                raise ConnectionAbortedError
            if self._end.done():
                raise NotKept(texts.CLOSING)
        return done.result()
