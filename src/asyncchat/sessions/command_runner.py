"""Drives one command at a time: up to what it awaits, and on with the reply."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from asyncchat.chat.core import ChatCore
from asyncchat.chat.user import Output, User
from asyncchat.errors import Refusal
from asyncchat.log.entries import Entry
from asyncchat.log.requests import Request, Running


class CommandRunner(ABC):
    """Runs coroutines for a user; it proposes the entries that they await, and its owner answers the requests.

    pending_request: what the command waits for: the owner calls `resume` with the reply, or `throw` if there is none
    """

    __slots__ = ("_applied_too", "core", "pending_request", "user")

    def __init__(self, core: ChatCore, output: Output, address: str) -> None:
        self.core = core
        self.user = User(output, address, core.pipeline.new_member())
        self.pending_request: Request[Any] | None = None
        self._applied_too: Callable[[], object] | None = None

    @abstractmethod
    def _proceed(self, step: Callable[[], None]) -> None:
        """Take a step of the command that runs, and tell the peer of a Refusal."""

    def run(self, running: Running) -> None:
        """Run a command up to its first request, or to its end. Raises Refusal, and what else it raises."""
        self.user.running = running
        self._step(lambda: running.send(None))

    def resume(self, reply: object) -> None:
        """Go on with the reply to the request."""
        self._go_on(lambda running: running.send(reply))

    def throw(self, why: Refusal) -> None:
        """Go on with a Refusal, since the request failed."""
        self._go_on(lambda running: running.throw(why))

    def when_applied(self, then: Callable[[], object]) -> None:
        """Have `then` called when what a command has proposed is applied, or refused."""
        self._applied_too = then

    def _go_on(self, step: Callable[[Running], Request[Any]]) -> None:
        self.pending_request = None
        if running := self.user.running:
            self._proceed(lambda: self._step(lambda: step(running)))

    def _step(self, step: Callable[[], Request[Any]]) -> None:
        user = self.user
        running, user.running = user.running, None  # which can't be closed while it runs
        try:
            self.pending_request = step()
        except StopIteration:
            return
        user.running = running
        if user.is_closed:
            user.stop()
        if isinstance(self.pending_request, Entry):
            self.core.propose(self.pending_request, self._applied)  # type: ignore[arg-type]  # there are no others

    def _applied(self, outcome: object) -> None:
        if then := self._applied_too:
            self._applied_too = None
            then()
        if isinstance(outcome, Refusal):
            self.throw(outcome)
        else:
            self.resume(outcome)
