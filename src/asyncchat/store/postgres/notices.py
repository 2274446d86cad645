"""Hears of it when another server has appended to the log: PostgreSQL's NOTIFY, which only wakes."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

import asyncpg

from asyncchat.store.postgres.connection import open_connection

CHANNEL = "asyncchat"

_TRY_AGAIN = 1.0
"""Seconds until it connects again. The log is read each second anyway."""


class Notices:
    """Listens by a connection to the database at `url`, in a thread of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, name="notices", daemon=True)

    def start(self, wake: Callable[[], object]) -> None:
        """Begin; `wake` is called in this thread."""
        self._wake = wake
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        if self._thread.is_alive():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join()
        if not self._loop.is_closed():
            self._loop.close()

    def _work(self) -> None:
        self._task = self._loop.create_task(self._listen())
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)
        self._loop.close()

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection = await open_connection(self._url)
                try:
                    ended: asyncio.Future[None] = self._loop.create_future()
                    connection.add_termination_listener(lambda _, ended=ended: ended.done() or ended.set_result(None))
                    await connection.add_listener(CHANNEL, self._hear)
                    self._wake()  # for what has come before
                    await ended
                finally:
                    connection.terminate()
            await asyncio.sleep(_TRY_AGAIN)

    def _hear(self, *_: Any) -> None:
        self._wake()
