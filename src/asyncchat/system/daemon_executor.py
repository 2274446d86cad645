"""An executor whose threads do not hold up the end of the process, as those of the default one do."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any


class DaemonExecutor(Executor):
    """Runs calls in daemon threads, in one, one after the other, unless there shall be more; each begins with `start`.

    For calls that may wait for ever, like reading a stdio.
    """

    def __init__(self, name: str, threads: int = 1, start: Callable[[], object] = lambda: None) -> None:
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._start = start
        self._threads = [threading.Thread(target=self._run, name=name, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run `fn` when the calls before it are done, or are being done by other threads."""
        future: Future[Any] = Future()
        self._calls.put((future, lambda: fn(*args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads end when the calls so far are done, for which this never waits."""
        for _ in self._threads:
            self._calls.put(None)

    def _run(self) -> None:
        self._start()
        while given := self._calls.get():
            future, call = given
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for the future
                future.set_exception(error)
            else:
                future.set_result(result)
