"""Hears of what others append, by PostgreSQL's NOTIFY, which only wakes, and tells them that this server is there."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

import asyncpg

from asyncchat.store.postgres.connection import LOST, PATIENCE, open_connection

CHANNEL = "asyncchat"

_TRY_AGAIN = 1.0
"""Seconds until it connects again. The log is read each second anyway."""


BEAT = 2.0
"""Seconds after which the others hear of this server, though it has nothing to append."""

_BEAT = "UPDATE servers SET seen = clock_timestamp() WHERE life = $1"
_SETTINGS = {"application_name": "asyncchat", "synchronous_commit": "off"}


class Notices:
    """Listens by a connection to the database at `url`, in a thread of its own.

    By the same connection it tells the others that the server with this `life` is there: that of the log may have to
    wait for something else.
    """

    def __init__(self, url: str, life: int) -> None:
        self._url = url
        self.life = life
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
            with contextlib.suppress(asyncpg.PostgresError, *LOST):
                connection = await open_connection(self._url, server_settings=_SETTINGS)
                try:
                    await self._use(connection)
                finally:
                    connection.terminate()
            await asyncio.sleep(_TRY_AGAIN)

    async def _use(self, connection: Any) -> None:
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        await connection.add_listener(CHANNEL, self._hear)
        self._wake()  # for what has come before
        while not ended.is_set():
            await connection.execute(_BEAT, self.life, timeout=PATIENCE)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT):
                    await ended.wait()

    def _hear(self, *_: Any) -> None:
        self._wake()
