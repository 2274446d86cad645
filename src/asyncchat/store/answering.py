"""Answers queries one at a time, each in a limited time."""

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator

from asyncchat.store.file import ERRORS, reason
from asyncchat.text.refusals import NotKept

LAST_STATEMENT = 1.0
"""Seconds that a running query gets to end when no more are answered."""


class Answering:
    """Lets one thread at a time use the connection of an archive, for `patience` seconds at most."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._using = threading.Lock()
        self._is_closing = False
        self._stop: threading.Event | None = None
        self._deadline = math.inf

    def is_over(self) -> bool:
        """Tell whether the running query is to be interrupted."""
        return self._is_closing or bool(self._stop and self._stop.is_set()) or time.monotonic() > self._deadline

    @contextlib.contextmanager
    def one(self, stop: threading.Event | None) -> Iterator[None]:
        """Answer one query in this context; it is to be interrupted, too, when `stop` is set. Raises NotKept."""
        with self._using:
            if self._is_closing:
                raise NotKept("the chat is closing")
            self._stop, self._deadline = stop, time.monotonic() + self._patience
            try:
                yield
            except ERRORS as error:
                raise NotKept(reason(error)) from None
            finally:
                self._stop, self._deadline = None, math.inf

    @contextlib.contextmanager
    def without_limit(self) -> Iterator[None]:
        """Do in this context what must be done also when the time is over, and takes none."""
        limits = self._stop, self._deadline
        self._stop, self._deadline = None, math.inf
        try:
            yield
        finally:
            self._stop, self._deadline = limits

    def close(self, close: Callable[[], object]) -> None:
        """Interrupt the running query, answer no more, and `close` the connection, unless it is still used."""
        self._is_closing = True
        if self._using.acquire(timeout=LAST_STATEMENT):
            close()
            self._using.release()
