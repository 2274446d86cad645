"""Drives one command at a time: up to what it awaits, and on with the reply."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any

from asyncchat.errors import Refusal
from asyncchat.log.entries import AnyEntry, Entry
from asyncchat.log.requests import Request

Running = Coroutine[Request[Any], Any, None]
"""A command, or what else takes a while, in the midst of it."""


class Runner(ABC):
    """Runs coroutines that await entries, which it proposes itself, and requests, which its owner answers.

    asked: what the command waits for: the owner gives the `answer`, or says by `fail` why there is none
    """

    def __init__(self) -> None:
        self.asked: Request[Any] | None = None
        self._running: Running | None = None
        self._is_stopped = False
        self._applied_too: Callable[[], object] | None = None

    @abstractmethod
    def _propose(self, entry: AnyEntry, done: Callable[[object], object]) -> None:
        """Have an entry kept and applied."""

    @abstractmethod
    def _proceed(self, step: Callable[[], None]) -> None:
        """Take a step of what runs, and tell the peer what it was refused; none if the peer is gone."""

    def run(self, running: Running) -> None:
        """Run a command, up to what it asks, or to its end. Raises Refusal, and what else it raises."""
        self._running = running
        self._step(lambda: running.send(None))

    def answer(self, answer: object) -> None:
        """Go on with the answer to what was asked."""
        self._go_on(lambda running: running.send(answer))

    def fail(self, why: Refusal) -> None:
        """Go on, since what was asked can't be done."""
        self._go_on(lambda running: running.throw(why))

    def when_applied(self, then: Callable[[], object]) -> None:
        """Have `then` called when what a command has proposed is applied, or refused."""
        self._applied_too = then

    def stop(self) -> None:
        """End what runs, and run nothing more; what it has asked for is done all the same."""
        self._is_stopped = True
        if self._running:
            self._running.close()
            self._running = None

    def _go_on(self, step: Callable[[Running], Request[Any]]) -> None:
        self.asked = None
        if running := self._running:
            self._proceed(lambda: self._step(lambda: step(running)))

    def _step(self, step: Callable[[], Request[Any]]) -> None:
        running = self._running
        self._running = None  # which can't be closed while it runs
        try:
            self.asked = step()
        except StopIteration:
            return
        self._running = running
        if self._is_stopped:
            self.stop()
        if isinstance(asked := self.asked, Entry):
            self._propose(asked, self._applied)  # type: ignore[arg-type]  # there are no others

    def _applied(self, outcome: object) -> None:
        if then := self._applied_too:
            self._applied_too = None
            then()
        if isinstance(outcome, Refusal):
            self.fail(outcome)
        else:
            self.answer(outcome)
