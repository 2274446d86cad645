"""What is kept for a peer that does not take it as fast as it comes."""

from collections import deque

_SLICE = 1 << 16


class Backlog:
    """Batches in their order, as they are: all who are slow share the same bytes."""

    def __init__(self) -> None:
        self._batches: deque[bytes] = deque()
        self.size = 0

    def keep(self, data: bytes) -> None:
        """Put `data` behind what is there."""
        self._batches.append(data)
        self.size += len(data)

    def take(self) -> bytes:
        """Take out some of what was kept first, enough for one write; nothing if there is nothing."""
        taken = []
        size = 0
        while self._batches and size < _SLICE:
            taken.append(self._batches.popleft())
            size += len(taken[-1])
        self.size -= size
        return b"".join(taken)
