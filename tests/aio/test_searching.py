"""Whose search comes next, and what becomes of those whose peers are gone."""

import asyncio
import threading
from dataclasses import dataclass

import pytest

from asyncchat.aio.server import searching
from asyncchat.aio.server.searching import Searches
from asyncchat.chat.requests.queries import Found, Search
from asyncchat.text.refusals import NotKept
from tests.programs import PATIENCE, seconds


@dataclass
class Asker:
    is_gone: bool = False
    may_be_gone: bool = False


class Run:
    """Searches that take until they are told to go on, or stopped; `ran` is what they were for, in their order."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.stopped: list[str] = []
        self._go_on = threading.Semaphore(0)
        self.end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._searches = Searches(self._answer, self.end)

    def _answer(self, question: Search, stop: threading.Event) -> Found:
        self.ran.append(question.words)
        while not stop.is_set():
            if self._go_on.acquire(timeout=0.01):
                if not stop.is_set():
                    return Found([])
                self._go_on.release()  # it was meant for the next one
        self.stopped.append(question.words)
        return Found([])

    async def ask(self, words: str, address: str = "here", asker: Asker | None = None) -> "asyncio.Task[Found]":
        """Begin to ask, and return what waits for the answer."""
        task = asyncio.create_task(self._searches.answer(Search(words), address, asker or Asker()))
        await asyncio.sleep(0)
        return task

    async def go_on(self, *tasks: "asyncio.Task[Found]") -> list[str]:
        """Let each search come to its end, and return the order in which they ran."""
        for _ in tasks:
            self._go_on.release()
        async with asyncio.timeout(seconds(PATIENCE)):
            await asyncio.gather(*tasks)
        return self.ran


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "LOOK_AGAIN", 0.01)


async def test_each_address_has_its_turn() -> None:
    run = Run()
    many = [await run.ask(f"many {number}", "one") for number in range(4)]
    few = [await run.ask(f"few {number}", "two") for number in range(2)]
    ran = await run.go_on(*many, *few)
    assert ran == ["many 0", "few 0", "many 1", "few 1", "many 2", "many 3"]


async def test_who_may_be_gone_comes_last() -> None:
    run = Run()
    tasks = [
        await run.ask("first"),
        await run.ask("ended", asker=Asker(may_be_gone=True)),
        await run.ask("second"),
        await run.ask("third", "elsewhere"),
    ]
    assert await run.go_on(*tasks) == ["first", "third", "second", "ended"]


async def test_what_somebody_asked_who_is_gone_is_stopped_and_what_waits_never_runs() -> None:
    run = Run()
    asker = Asker()
    running = await run.ask("running", asker=asker)
    waiting = await run.ask("waiting", asker=asker)
    next_one = await run.ask("next")
    asker.is_gone = True
    for task in (running, waiting):
        with pytest.raises(ConnectionAbortedError):
            await task
    assert await run.go_on(next_one) == ["running", "next"]
    assert run.stopped == ["running"]


@pytest.mark.parametrize("what", [0, 1], ids=["running", "waiting"])
async def test_a_search_that_is_cancelled_holds_up_no_other(what: int) -> None:
    run = Run()
    tasks = [await run.ask("first"), await run.ask("second")]
    next_one = await run.ask("next")
    tasks[what].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[what]
    assert (await run.go_on(tasks[1 - what], next_one))[-1] == "next"


async def test_nothing_is_answered_after_the_end() -> None:
    run = Run()
    tasks = [await run.ask("running"), await run.ask("waiting")]
    run.end.set_result(None)
    for task in tasks:
        with pytest.raises(NotKept):
            await task
