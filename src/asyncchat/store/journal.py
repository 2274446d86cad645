"""The journal in a file: a thread of its own commits what came together, and says so to the room."""

import contextlib
import itertools
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from asyncchat.chat.messages import Event, Sent
from asyncchat.chat.refusal import NotKept, Refusal
from asyncchat.chat.requests import Change
from asyncchat.chat.room import Committed, Failed
from asyncchat.clock import Evidence, is_odd
from asyncchat.store.file import ERRORS, Keep, StoreError, StoreFile, reason, sent
from asyncchat.store.location import shown
from asyncchat.store.people import People
from asyncchat.store.upkeep import Upkeep

_MOST_ROWS = 32
"""Messages in one statement. Each statement gives up the interpreter's lock once, and may have to wait for it."""

_COLUMNS = ("seq", "time", "name", "text", "seat", "id", "written")
_SIZES = [1 << power for power in reversed(range(_MOST_ROWS.bit_length()))]
_INSERT = {
    (columns, size): f"INSERT INTO messages ({', '.join(_COLUMNS[:columns])}) VALUES "
    + ", ".join([f"({', '.join('?' * columns)})"] * size)
    for columns in (4, 6, 7)
    for size in _SIZES
}

MOST_AT_ONCE = 128
"""Orders in one transaction: the first shall not wait long for the others."""


class _Order(NamedTuple):
    batch: Sequence[Event]
    rows: list[Sent]
    committed: Committed
    failed: Failed


class _Wish(NamedTuple):
    change: Change[Any]
    done: Callable[[object], None]


class SqliteJournal:
    """Keeps a conversation in the store at `file`, of which it keeps as much as `keep` says.

    clock: tells the time that is trusted, in milliseconds since 1970
    evidence: returns what is known of the time, which is kept, too

    Its callbacks are called by what `start` was given, which runs them in the thread of the room.
    """

    is_archive = True

    def __init__(
        self,
        file: StoreFile,
        durability: str,
        keep: Keep,
        recent: int,
        clock: Callable[[], int],
        evidence: Callable[[], Evidence] | None = None,
    ) -> None:
        self._file = file
        self._clock = clock
        self._connection = file.connection
        try:
            self._load(durability, recent)
            self._people = People(self._connection, keep, clock)
            self._upkeep = Upkeep(file, self._people, keep, clock, self.seq, evidence)
        except ERRORS as error:
            raise StoreError(f"can't use the store {shown(file.path)}: {reason(error)}") from None
        self._orders: queue.SimpleQueue[_Order | _Wish | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)

    def _load(self, durability: str, recent: int) -> None:
        self._connection.execute(f"PRAGMA synchronous = {durability.upper()}")
        rows = self._connection.execute(
            "SELECT seq, time, name, text FROM messages ORDER BY seq DESC LIMIT ?", (max(recent, 1),)
        )
        self.recent: Sequence[Sent] = sent(rows)[::-1]
        self.epoch = str(self._file.fact("epoch"))
        (deleted,) = self._connection.execute("SELECT max(value) FROM facts WHERE name = 'deleted'").fetchone()
        self.seq = self.recent[-1].seq if self.recent else deleted or 0

    def start(self, call: Callable[..., object]) -> None:
        """Begin; `call` has a function called with its arguments in the room's thread, as call_soon_threadsafe does."""
        self._call = call
        self._thread.start()

    def close(self, patience: float) -> None:
        """Write what is left, for at most `patience` seconds, and close the file."""
        if self._thread.is_alive():
            self._orders.put(None)
            self._thread.join(patience)
        if not self._thread.is_alive():
            self._file.close()

    def append(self, batch: Sequence[Event], committed: Committed, failed: Failed) -> None:
        """Keep the messages of `batch`; see chat.room.Journal."""
        if rows := [event for event in batch if type(event) is Sent]:
            self._orders.put(_Order(batch, rows, committed, failed))
        else:
            committed(batch)

    def change(self, change: Change[Any], done: Callable[[object], None]) -> None:
        """Keep `change`, behind all that came before, and call `done` with the answer, or with a Refusal."""
        self._orders.put(_Wish(change, done))

    # In the journal's thread.

    def _work(self) -> None:
        while orders := self._next_orders():
            self._carry_out(orders)
            self._upkeep.between(sum(len(order.rows) if isinstance(order, _Order) else 1 for order in orders))
        self._upkeep.note_the_time()

    def _carry_out(self, orders: Sequence[_Order | _Wish]) -> None:
        """Keep it all in one transaction: to wait for the disk takes longer than what is to be written."""
        try:
            with self._file.transaction():
                answers = [self._write(order) for order in orders]
        except ERRORS as error:
            if len(orders) > 1:
                for order in orders:
                    self._carry_out([order])
            else:
                self._refuse(orders[0], reason(error))
            return
        for order, answer in zip(orders, answers, strict=True):
            if isinstance(order, _Wish):
                self._tell(order.done, answer)
            else:
                self._upkeep.last = order.rows[-1].seq
                self._tell(order.committed, order.batch)

    def _write(self, order: _Order | _Wish) -> object:
        if isinstance(order, _Wish):
            try:
                return self._people.write(order.change)
            except Refusal as refusal:
                return refusal
        rows = order.rows
        written = self._clock()
        if is_odd(rows[0].time, written) or is_odd(rows[-1].time, written):
            self._insert(7, [(s.seq, s.time, s.name.shown, s.text, s.seat or None, s.ident, written) for s in rows])
            return None
        # Most come from plain peers, and have no seat: two columns less are a third of the time.
        self._insert(4, [(sent.seq, sent.time, sent.name.shown, sent.text) for sent in rows if not sent.seat])
        self._insert(6, [(s.seq, s.time, s.name.shown, s.text, s.seat, s.ident) for s in rows if s.seat])
        return None

    def _refuse(self, order: _Order | _Wish, why: str) -> None:
        if isinstance(order, _Wish):
            self._tell(order.done, NotKept(why))
        else:
            self._tell(order.failed, order.batch, why)

    def _tell(self, callback: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the room is gone
            self._call(callback, *arguments)

    def _next_orders(self) -> Sequence[_Order | _Wish]:
        """Wait for something to write, and do other work meanwhile; return all there is by then, nothing at the end."""
        while True:
            try:
                order = self._orders.get(timeout=self._upkeep.pause())
            except queue.Empty:
                self._upkeep.at_rest()
            else:
                return [] if order is None else [order, *self._others()]

    def _others(self) -> Iterator[_Order | _Wish]:
        for _ in range(MOST_AT_ONCE - 1):
            if self._orders.empty():
                return
            order = self._orders.get()
            if order is None:
                self._orders.put(None)  # nothing comes behind the end
                return
            yield order

    def _insert(self, columns: int, rows: Sequence[tuple[object, ...]]) -> None:
        begin = 0
        for size in _SIZES:  # a few statements, which are kept prepared, do for all lengths
            while len(rows) - begin >= size:
                values = itertools.chain.from_iterable(rows[begin : begin + size])
                self._connection.execute(_INSERT[columns, size], tuple(values))
                begin += size
