"""An executor whose threads, unlike those of the default one, do not delay the exit of the process."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any


class DaemonExecutor(Executor):
    """Runs calls in daemon threads, in order; each thread first calls `start`.

    For calls that may wait for ever, such as reading standard input.
    """

    def __init__(self, name: str, threads: int = 1, start: Callable[[], object] = lambda: None) -> None:
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._start = start
        self._threads = [threading.Thread(target=self._run, name=name, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run `fn` as soon as a thread is free and the earlier calls have started."""
        future: Future[Any] = Future()
        self._calls.put((future, lambda: fn(*args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads end after the calls so far; this never waits for them."""
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
            except BaseException as error:  # noqa: BLE001 - the future passes it on
                future.set_exception(error)
            else:
                future.set_result(result)
