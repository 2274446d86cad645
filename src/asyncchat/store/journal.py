"""The log in a file: a thread of its own commits each batch, and reports that to the pipeline."""

import contextlib
import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from asyncchat.chat.counters import Histogram
from asyncchat.errors import Refusal
from asyncchat.log.entries import KEPT_NOWHERE, AnyEntry, Logged
from asyncchat.log.log import Kept
from asyncchat.log.room_events import Sent
from asyncchat.store.file import ERRORS, Retention, StoreError, StoreFile, reason, sent
from asyncchat.store.location import shown
from asyncchat.store.tables.entries import EntryStore
from asyncchat.store.upkeep import Upkeep
from asyncchat.system.clock import Evidence
from asyncchat.text.refusals import NotKept

_Part = list[Sent] | AnyEntry

LOOK_AGAIN = 1.0
"""Seconds until a store that can't be written is tried again, if nobody posts meanwhile."""

log = logging.getLogger(__name__)


class _Order(NamedTuple):
    batch: Sequence[Logged]
    kept: Kept


class SqliteLog:
    """Keeps the entries of the chat in the store at `file`, of the messages as much as `keep` says.

    clock: tells the time that is trusted, in milliseconds since 1970
    evidence: returns what is known of the time, which is stored, too

    commits: how long it took to store a batch
    waiting: how many entries are being stored
    trouble: why nothing can be stored now; empty if it can

    It reports through the function that `start` is given, in the thread of the pipeline.
    """

    is_archive = True

    def __init__(
        self,
        file: StoreFile,
        durability: str,
        keep: Retention,
        recent: int,
        clock: Callable[[], int],
        evidence: Callable[[], Evidence] | None = None,
    ) -> None:
        self._file = file
        self._connection = file.connection
        try:
            self._load(durability, recent)
            self._entries = EntryStore(self._connection, keep, clock)
            self._upkeep = Upkeep(file, self._entries, keep, clock, self.seq, evidence)
        except ERRORS as error:
            raise StoreError(f"can't use the store {shown(file.path)}: {reason(error)}") from None
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self.commits = Histogram()
        self.waiting = 0
        self.trouble = ""
        self._next_try = 0.0
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)

    def _load(self, durability: str, recent: int) -> None:
        self._connection.execute(f"PRAGMA synchronous = {durability.upper()}")
        rows = self._connection.execute(
            "SELECT seq, time, name, text, changed FROM messages ORDER BY seq DESC LIMIT ?", (max(recent, 1),)
        )
        self.recent: Sequence[Sent] = sent(rows)[::-1]
        self.epoch = str(self._file.fact("epoch"))
        (deleted,) = self._connection.execute("SELECT max(value) FROM facts WHERE name = 'deleted'").fetchone()
        self.seq = self.recent[-1].seq if self.recent else deleted or 0

    def start(self, call: Callable[..., object]) -> None:
        """Begin; `call` has a function called with its arguments in the pipeline's thread, as call_soon_threadsafe."""
        self._call = call
        self._thread.start()

    def close(self, patience: float) -> None:
        """Write what is left, for at most `patience` seconds, and close the file."""
        if self._thread.is_alive():
            self._orders.put(None)
            self._thread.join(patience)
        if not self._thread.is_alive():
            self._file.close()

    def append(self, batch: Sequence[Logged], kept: Kept) -> None:
        """Keep a batch; see log.log.Log."""
        if any(not isinstance(entry, KEPT_NOWHERE) for entry in batch):
            self.waiting = len(batch)
            self._orders.put(_Order(batch, kept))
        else:
            kept(())

    # In the thread of the log.

    def _work(self) -> None:
        while order := self._next_order():
            begun = time.monotonic()
            results = self._keep(list(_parts(order.batch)))
            self.commits.add(time.monotonic() - begun)
            self._note(next((result.why for result in results if isinstance(result, NotKept)), ""))
            self.waiting = 0
            self._tell(order.kept, results)
            self._upkeep.between(len(order.batch))
        self._upkeep.finish()

    def _next_order(self) -> _Order | None:
        """Wait for a batch, and do other work meanwhile; return None at the end."""
        while True:
            try:
                return self._orders.get(timeout=self._upkeep.pause())
            except queue.Empty:
                self._upkeep.at_rest()
                self._look()

    def _look(self) -> None:
        """See from time to time whether the store can be written, though there is nothing to write."""
        if time.monotonic() < self._next_try:
            return
        self._next_try = time.monotonic() + LOOK_AGAIN
        try:
            if self.trouble:
                with self._file.transaction():
                    self._connection.execute("UPDATE facts SET value = value WHERE name = 'epoch'")
            else:
                self._file.check_there()
        except ERRORS as error:
            self._note(reason(error))
        else:
            self._note("")

    def _note(self, trouble: str) -> None:
        """Remember why nothing can be stored, and log that when it changes."""
        if trouble and not self.trouble and self._file.is_there:  # else the file has logged it
            log.error("nothing can be posted until this has ended: %s", trouble)
        elif self.trouble and not trouble:
            log.warning("messages can be stored again")
        self.trouble = trouble

    def _tell(self, callback: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone
            self._call(callback, *arguments)

    def _keep(self, parts: list[_Part]) -> Sequence[object]:
        """Keep a batch in one transaction: waiting for the disk takes longer than writing."""
        try:
            with self._file.transaction():
                results = [self._write(part) for part in parts]
        except ERRORS as error:
            results = self._keep_each(parts) if len(parts) > 1 else [NotKept(reason(error))]
        found: list[object] = []
        for part, result in zip(parts, results, strict=True):
            if isinstance(part, list):
                found += [result] * len(part)
                if not result and not part[-1].room:
                    self._upkeep.last = part[-1].seq
            else:
                found.append(result)
        return found if any(result is not None for result in results) else ()

    def _keep_each(self, parts: list[_Part]) -> list[object]:
        """Keep what can be kept, since the whole batch can't be; but no message after one that can't."""
        results: list[object] = []
        lost: object = None
        for part in parts:
            if isinstance(part, list):
                lost = lost or next(iter(self._keep([part])), None)
                results.append(lost)
            elif isinstance(part, KEPT_NOWHERE):
                results.append(None)  # a leave holds also while the store can't be used
            else:
                results += self._keep([part]) or [None]
        return results

    def _write(self, part: _Part) -> object:
        if isinstance(part, list):
            self._entries.write_messages(part)
            return None
        try:
            return self._entries.write(part)
        except Refusal as refusal:
            return refusal


def _parts(batch: Sequence[Logged]) -> Iterator[_Part]:
    """Yield consecutive messages of one room as one list, and each other entry alone."""
    for room, some in itertools.groupby(batch, lambda entry: entry.room if isinstance(entry, Sent) else None):
        if room is not None:
            yield list(some)  # type: ignore[arg-type]
        else:
            yield from some  # type: ignore[misc]
