"""Receipts for what was sent: they get the acknowledgement, or the reason why there is none."""

import asyncio
from dataclasses import dataclass, field

from asyncchat.aio.client.event_queue import Event
from asyncchat.errors import Error, Refusal
from asyncchat.formats.events import Ack, Notice, Refused


@dataclass(slots=True)
class Receipt:
    """Gets the number of a message, None for a command; `notices` are the notices that came before it."""

    number: "asyncio.Future[int | None]"
    notices: list[str] = field(default_factory=list)


class Receipts:
    """The open receipts, by the ids of what was sent."""

    def __init__(self) -> None:
        self._open: dict[int, Receipt] = {}

    def open(self, ident: int) -> Receipt:
        """Return a receipt for what was sent with the id `ident`."""
        receipt = self._open[ident] = Receipt(asyncio.get_running_loop().create_future())
        return receipt

    def take(self, event: Event) -> None:
        """Handle an event that may be an answer, or a part of one."""
        match event:
            case Ack(ident, seq) if receipt := self._pop(ident):
                receipt.number.set_result(seq)
            case Refused(ident, code, text) if receipt := self._pop(ident):
                receipt.number.set_exception(Refusal(code, text))
            case Notice(text):
                for receipt in self._open.values():
                    receipt.notices.append(text)

    def fail(self, kind: type[Error], *arguments: str) -> None:
        """Raise an error of that kind in each caller that awaits an answer."""
        for ident in list(self._open):
            if receipt := self._pop(ident):
                receipt.number.set_exception(kind(*arguments))

    def _pop(self, ident: int) -> Receipt | None:
        receipt = self._open.pop(ident, None)
        return None if receipt is None or receipt.number.done() else receipt  # done: its caller was cancelled
