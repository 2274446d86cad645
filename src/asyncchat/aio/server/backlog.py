"""The data that waits for a peer that reads too slowly."""

from collections import deque

_SLICE = 1 << 16


class Backlog:
    """A queue of batches; they are not copied, so that all slow peers share the same bytes."""

    def __init__(self) -> None:
        self._batches: deque[bytes] = deque()
        self.size = 0

    def keep(self, data: bytes) -> None:
        """Append `data`."""
        self._batches.append(data)
        self.size += len(data)

    def take(self) -> bytes:
        """Remove and return the oldest data, enough for one write; nothing if the queue is empty."""
        taken = []
        size = 0
        while self._batches and size < _SLICE:
            taken.append(self._batches.popleft())
            size += len(taken[-1])
        self.size -= size
        return b"".join(taken)
