"""How often somebody may try a password."""

MOST = 3
PERIOD = 60.0
"""Seconds in which there may be so many tries for one name from one address."""

REMEMBERED = 10_000


class Tries:
    """Counts the tries for each name and address, of which there may be so many in so many seconds.

    Knows no clock: `now` is in seconds, from one that only goes on.
    """

    def __init__(self, most: int = MOST, period: float = PERIOD) -> None:
        self._most = most
        self._period = period
        self._tries: dict[tuple[str, str], list[float]] = {}

    def take(self, key: str, address: str, now: float) -> bool:
        """Count one try, and tell whether there may be one."""
        recent = [time for time in self._tries.pop((key, address), ()) if time > now - self._period]
        allowed = len(recent) < self._most
        self._tries[key, address] = [*recent, now] if allowed else recent
        if len(self._tries) > REMEMBERED:
            del self._tries[next(iter(self._tries))]
        return allowed

    def forget(self, key: str, address: str) -> None:
        """The password was right."""
        self._tries.pop((key, address), None)
