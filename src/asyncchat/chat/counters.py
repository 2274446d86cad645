"""What the server has done so far, as numbers: for those who watch it."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate


class Counters:
    """Counts since the start of the server.

    accepted: connections
    cut_off: connections that the server has ended because of their peers, by the reason
    refused_lines: lines that were refused, by the code of the refusal
    private_messages: private messages that were stored
    login_failures: wrong passwords
    """

    def __init__(self) -> None:
        self.accepted = self.private_messages = self.login_failures = 0
        self.cut_off: Counter[str] = Counter()
        self.refused_lines: Counter[str] = Counter()


BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class Histogram:
    """Counts durations, in seconds, by the bounds of buckets; one thread adds, others may read.

    total: of all durations
    """

    def __init__(self, bounds: Sequence[float] = BOUNDS) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count a duration."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self.total += seconds

    def __iter__(self) -> Iterator[tuple[str, float]]:
        """Iterate over the bounds, the last one +Inf, and how many durations were not longer."""
        return zip([*map(str, self._bounds), "+Inf"], map(float, accumulate(self._counts)), strict=True)
