"""How fast one peer may go on."""


class Pace:
    """Allows `rate` messages a second, and `burst` at once after a rest (the generic cell rate algorithm).

    Knows no clock: `now` is in seconds, from whatever clock only goes forward. With a `rate` of 0 nobody ever waits.
    """

    __slots__ = ("_due", "_interval", "_tolerance")

    def __init__(self, rate: float, burst: int) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._tolerance = self._interval * (burst - 1)
        self._due = 0.0

    def take(self, now: float) -> float:
        """Count one message, and return the seconds for which it has to wait."""
        due = max(self._due, now)
        self._due = due + self._interval
        return max(0.0, due - self._tolerance - now)
