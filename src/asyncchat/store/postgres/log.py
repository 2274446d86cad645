"""The log in PostgreSQL: a thread of its own appends to it, and reads what other servers append."""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from asyncchat.chat.counters import Histogram
from asyncchat.log.entries import CHANGES_NOTHING, Logged, ServerLost
from asyncchat.log.log import Kept, LogListener, Progress, Received
from asyncchat.log.room_events import Sent
from asyncchat.store.database import DatabaseError
from asyncchat.store.postgres import turn
from asyncchat.store.postgres.connection import PgConnection
from asyncchat.store.postgres.notices import BEAT, Notices
from asyncchat.store.postgres.tables import LIFE_LOST, PgTables
from asyncchat.store.postgres.tidying import Tidying
from asyncchat.store.postgres.turn import Fenced, LogFailed
from asyncchat.text.refusals import NotKept

LATE = 3.0
"""Seconds from one beat to the next after which this server does not know how long the others were silent."""

WATCH = 6.0
"""Seconds for which it must have been in time before it calls another one silent."""

LOOK = 1.0
"""Seconds between two looks into the log, if no notice comes."""

TRY_AGAIN = 0.2
"""Seconds between two attempts to connect."""

_LOST = "the connection to the database was lost"

_MOST_REASONS = 10
"""Reasons that are logged until messages can be stored again."""

_T = TypeVar("_T")

log = logging.getLogger(__name__)


class _Ended(Exception):
    """The event loop is gone."""


class _Doubt(NamedTuple):
    """A batch that is being stored; once that `may_be` so, only the log tells it."""

    n: int
    batch: Sequence[Logged]
    results: Sequence[object]
    may_be: bool


class Start(NamedTuple):
    """Where a server begins to read and write the log; see PgLog. `last`: of the row of `entry`, if it is there."""

    life: int
    n: int
    entry: int
    last: turn.Place | None
    epoch: str
    seq: int
    recent: Sequence[Sent]


class PgLog:
    """Keeps the entries of the chat in a database, together with other servers; see log.log.SharedLog.

    connect: returns a new connection, to the same chat
    entry: the last entry that was applied

    commits: how long it took to store a batch
    waiting: how many entries are being stored
    trouble: why nothing can be stored now; empty if it can
    """

    is_archive = True

    def __init__(
        self,
        connect: Callable[[], PgConnection],
        connection: PgConnection,
        tables: Callable[[PgConnection], PgTables],
        tidying: Tidying,
        notices: Notices,
        start: Start,
    ) -> None:
        self._connect = connect
        self._connection: PgConnection | None = connection
        self._make_tables = tables
        self._tables = tables(connection)
        self._tidying = tidying
        self._notices = notices
        self.life, self._n, self.entry, self._last, self.epoch, self.seq, self.recent = start
        self.commits = Histogram()
        self.waiting = 0
        self.trouble = ""
        self._applied_at = time.monotonic()
        self._stalled_at: float | None = None
        self._logged: set[str] = set()  # why nothing could be stored since then
        self._doubt: _Doubt | None = None
        self._wake = threading.Event()
        self._is_wanted = self._is_closing = False
        self._beat_at = self._in_time_since = time.monotonic()
        self._thread = threading.Thread(target=self._work, name="log", daemon=True)

    def start(self, call: Callable[..., object], listener: LogListener) -> None:
        """Begin; `call` has a function called with its arguments in the listener's thread, as call_soon_threadsafe."""
        self._call = call
        self._listener = listener
        self._notices.start(self._wake.set)
        self._thread.start()

    def close(self, patience: float) -> None:
        """Tell the other servers that this one has ended, in at most `patience` seconds."""
        self._is_closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(patience)
        self._notices.close()
        if not self._thread.is_alive() and self._connection:
            self._connection.close()

    def append(self, batch: Sequence[Logged], kept: Kept) -> None:
        """Not for a shared log: it makes no batch before it is its turn."""
        raise NotImplementedError

    def request(self) -> None:
        """Have the listener's `prepare` called as soon as it is this server's turn."""
        self._is_wanted = True
        self._wake.set()

    def progress(self) -> Progress:
        """Return how far the log was read."""
        now = time.monotonic()
        return Progress(self.entry, now - self._applied_at, now - (self._stalled_at or now))

    # In the thread of the log.

    def _work(self) -> None:
        try:
            while not self._is_closing:
                self._wake.wait(TRY_AGAIN if self.trouble else self._pause())
                self._wake.clear()
                self._step()
            if self._connection:
                turn.retire(self._connection, self._tables, self.life)
        except LogFailed as failed:
            self._tell(self._listener.fail, str(failed))
        except (_Ended, DatabaseError):
            pass  # the others will notice

    def _pause(self) -> float:
        return max(0.0, min(LOOK, self._beat_at + BEAT - time.monotonic()))

    def _step(self) -> None:
        """Do what there is to do. Raises LogFailed, and _Ended."""
        try:
            connection = self._connected()
            if self.trouble:
                turn.probe(connection, self._tables)
            if self._is_wanted:
                self._append(connection)
            else:
                self._read(connection, turn.rows_after(connection, self.entry))
            if time.monotonic() >= self._beat_at + BEAT:
                self._beat(connection)
                self._tidying.step(connection, self._tables)
            self._note("")
        except LogFailed:
            raise
        except Fenced:
            self._renew()
        except DatabaseError as error:
            self._lose_connection()
            self._note(str(error), error.explained)
            if self._doubt and not self._doubt.may_be:
                self._settle([NotKept(self.trouble)] * len(self._doubt.batch))

    def _connected(self) -> PgConnection:
        """Return the connection; connect, and settle what is in doubt, if there is none."""
        if not self._connection:
            self._connection = connection = self._connect()
            self._tables = self._make_tables(connection)
            self._in_time_since = time.monotonic()
            head = turn.lock_head(connection)  # whatever was on its way is stored by now, or never will be
            if head < self.entry or not turn.is_place(connection, self.entry, self._last):
                raise LogFailed(
                    "the database has lost entries that this server has seen, as a standby may that was promoted: the "
                    "server ends, so that no number is used twice. Start it again to go on with what is left"
                )
            if doubt := self._doubt:
                is_stored = connection.execute(
                    "SELECT 1 FROM log WHERE life = ? AND n = ?", (self.life, doubt.n)
                ).fetchone()
                if not is_stored:
                    self._settle([NotKept(self.trouble or _LOST)] * len(doubt.batch))
            connection.script("COMMIT")
            self._read(connection, turn.rows_after(connection, self.entry))
        return self._connection

    def _settle(self, results: Sequence[object]) -> None:
        self._doubt = None
        self.waiting = 0
        self._tell(self._listener.kept, results)

    def _lose_connection(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _note(self, trouble: str, explained: str = "") -> None:
        """Remember why nothing can be stored, and log each reason once, as the operator is told it."""
        if trouble and explained not in self._logged and len(self._logged) < _MOST_REASONS:
            self._logged.add(explained)
            self._stalled_at = self._stalled_at or time.monotonic()
            log.error("nothing can be posted until this has ended: %s", explained)
            self._tell(self._listener.stall, trouble)
        elif self.trouble and not trouble:
            self._logged.clear()
            self._stalled_at = None
            log.warning("messages can be stored again")
            self._tell(self._listener.stall, "")
        self.trouble = trouble

    def _tell(self, callback: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone
            self._call(callback, *arguments)

    def _ask(self, function: Callable[[], _T]) -> _T:
        """Return what a function returns in the thread of the pipeline. Raises _Ended."""
        answer: queue.SimpleQueue[_T] = queue.SimpleQueue()
        try:
            self._call(lambda: answer.put(function()))
        except RuntimeError:
            raise _Ended from None
        while True:
            try:
                return answer.get(timeout=LOOK)
            except queue.Empty:
                if self._is_closing:
                    raise _Ended from None

    def _read(self, connection: PgConnection, rows: "turn.Rows") -> None:
        """Have the listener apply what others have stored. Raises Fenced, LogFailed, and DatabaseError."""
        received: list[Received] = []
        is_lost = False
        try:
            for row in rows:
                self.entry, self._last, self._applied_at = row.entry, row.place, time.monotonic()
                if row.life == self.life:
                    if not self._doubt or self._doubt.n != row.n:
                        raise LogFailed("another server has the number of this one")
                    received = self._receive(received)
                    self._n = row.n
                    self._settle(self._doubt.results)
                    continue
                entries = row.entries()
                received += entries
                is_lost = is_lost or any(isinstance(e, ServerLost) and e.life == self.life for e, _ in entries)
                if len(received) >= turn.AT_ONCE:
                    received = self._receive(received)
                    self._ask(lambda: None)  # so that what waits in memory is bounded
        finally:  # also when the rows after these can't be read now
            self._receive(received)
        if is_lost:
            raise Fenced

    def _receive(self, received: list[Received]) -> list[Received]:
        """Have the listener apply entries; return a list for the next ones."""
        if received:
            self._tell(self._listener.receive, received)
        return []

    def _append(self, connection: PgConnection) -> None:
        begun = time.monotonic()
        head = turn.lock_head(connection)
        if head > self.entry:
            self._read(connection, turn.rows_after(connection, self.entry))
        self._is_wanted = False
        batch = self._ask(self._listener.prepare)
        if not batch:
            connection.script("ROLLBACK")
            return
        self.waiting = len(batch)
        self._doubt = _Doubt(self._n + 1, batch, (), may_be=False)
        if all(isinstance(entry, CHANGES_NOTHING) for entry in batch):
            connection.script("ROLLBACK")
            self._settle(())
            return
        results = turn.write(connection, self._tables, batch)
        appended = turn.append(connection, self.life, batch, results)
        self._doubt = _Doubt(self._n + 1, batch, results, may_be=True)
        connection.script("COMMIT")
        if appended:
            self.entry, self._n = appended
            self._last = turn.Place(self.life, self._n)
            self._applied_at = time.monotonic()
            self._beat_now()
        self.commits.add(time.monotonic() - begun)
        self._settle(results)

    def _renew(self) -> None:
        """Go on with another life, since the others have given this one up."""
        try:
            connection = self._connected()
            connection.script("ROLLBACK")
            if self._doubt:
                self._settle([NotKept("the other servers have given this one up")] * len(self._doubt.batch))
            (self.life,) = connection.execute("INSERT INTO servers DEFAULT VALUES RETURNING life").fetchone()
            self._notices.life = self.life
        except DatabaseError:
            self._lose_connection()
            return
        self._n = 0
        self._beat_at = self._in_time_since = time.monotonic()
        log.warning("the other servers had given this one up: its users have to join again")
        self._tell(self._listener.fence, self.life)

    # Who is there.

    def _beat_now(self) -> None:
        now = time.monotonic()
        if now - self._beat_at > LATE:
            self._in_time_since = now
        self._beat_at = now

    def _beat(self, connection: PgConnection) -> None:
        """Let the others know that this server is there, and see whether they are."""
        done = connection.execute("UPDATE servers SET seen = clock_timestamp() WHERE life = ?", (self.life,))
        if not done.rowcount:
            self._read(connection, turn.rows_after(connection, self.entry))
            raise Fenced
        self._beat_now()
        if time.monotonic() - self._in_time_since < WATCH:
            return
        silent = connection.execute(
            f"SELECT life FROM servers WHERE life != ? AND seen < clock_timestamp() - interval '{LIFE_LOST}'",
            (self.life,),
        )
        for (life,) in silent.fetchall():
            self._tell(self._listener.lose, life)
