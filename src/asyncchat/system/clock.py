"""What time it is: a reading of the system's clock is believed as far as the time that has passed bears it out."""

import contextlib
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

LEAP = 60_000
"""Milliseconds by which the clock may be set at once without a doubt."""

HOLD = 60_000
"""Milliseconds for which a clock that was set further must have gone on, before it is followed."""


log = logging.getLogger(__name__)


def is_odd(time: int, trusted: int) -> bool:
    """Tell whether a message has a time other than the one at which it was written, as far as that is trusted."""
    return abs(time - trusted) > LEAP


def read_wall() -> int:
    """Return what the system says is the time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


if hasattr(time, "CLOCK_BOOTTIME"):  # it goes on while the system sleeps

    def read_elapsed() -> int:
        """Return the milliseconds that have passed since the system was started, by a clock that nobody sets."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
else:

    def read_elapsed() -> int:
        """Return the milliseconds that have passed since some moment, by a clock that nobody sets."""
        return time.monotonic_ns() // 1_000_000


def read_boot() -> str:
    """Return what names the time since the system was started, or nothing where it has no name."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


class Evidence(NamedTuple):
    """What was known of the time once: the time, what had elapsed, and since which start of the system."""

    time: int
    elapsed: int = 0
    boot: str = ""

    def encode(self) -> str:
        """Return it as it is kept."""
        return f"{self.time} {self.elapsed} {self.boot}"

    @classmethod
    def decode(cls, kept: str) -> "Evidence | None":
        """Return what was kept; None if that is something else."""
        time, _, rest = kept.partition(" ")
        elapsed, _, boot = rest.partition(" ")
        try:
            return cls(int(time), int(elapsed), boot)
        except ValueError:
            return None


class Clock:
    """Tells the time, in milliseconds since 1970; `look` must be called about once a second.

    known: what was known when the chat ended; None if nothing was, or if the system's clock is to be believed
    tolerance: by how many milliseconds the system's clock may differ from what must be the time; None: by any

    Threads may read it while one of them looks.
    """

    def __init__(
        self,
        known: Evidence | None = None,
        tolerance: int | None = None,
        *,
        wall: Callable[[], int] = read_wall,
        elapsed: Callable[[], int] = read_elapsed,
        boot: Callable[[], str] = read_boot,
    ) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._boot = boot()
        self._tolerance = tolerance
        self.latest = 0
        # What is to be added to the time that has elapsed, for each of the times that there are.
        passed = elapsed()
        system = self._shown = self._borne_out = wall() - passed
        self._odd: tuple[int, int] | None = None
        self._is_doubted = False
        if known:
            is_same_boot = bool(self._boot) and known.boot == self._boot and passed >= known.elapsed
            self._borne_out = known.time - (known.elapsed if is_same_boot else passed)
            # Since the system was started anew, more time may have passed than is known, but not less.
            self._shown = self._borne_out if is_same_boot else max(system, self._borne_out)
            if abs(system - self._borne_out) <= LEAP:
                self._shown = self._borne_out = system
            elif not is_same_boot and self._is_borne_out(system):
                self._borne_out = system
        self._trusted = self._shown if self._is_borne_out(self._shown) else self._borne_out

    def now(self) -> int:
        """Return the time as it is shown. It follows the system's clock, once that is steady."""
        return self._elapsed() + self._shown

    def trusted(self) -> int:
        """Return the time by which what is old is deleted, and bans end.

        It follows the system's clock no further than it is borne out by the time that has passed.
        """
        return self._elapsed() + self._trusted

    def moment(self) -> int:
        """Return the same, but never an earlier time than before: for what is known by when it came to be."""
        self.latest = max(self.latest, self.trusted())
        return self.latest

    def evidence(self) -> Evidence:
        """Return what is known of the time."""
        passed = self._elapsed()
        return Evidence(passed + self._trusted, passed, self._boot)

    def look(self) -> None:
        """See what the system's clock says, and whether that can be."""
        passed = self._elapsed()
        system = self._wall() - passed
        if abs(system - self._shown) <= LEAP:
            self._shown, self._odd = system, None
        elif not self._odd or abs(system - self._odd[0]) > LEAP:
            self._odd = system, passed
        elif passed - self._odd[1] >= HOLD:
            self._shown, self._odd = system, None
        self._trusted = self._shown if self._is_borne_out(self._shown) else self._borne_out
        is_doubted = not self._is_borne_out(system)
        if is_doubted and not self._is_doubted:
            log.warning(
                "the system's clock says %s, and it must be about %s: nothing is deleted for that, and no ban ends. "
                "If the system's clock is right, start the server once with --trust-clock",
                _moment(passed + system),
                _moment(passed + self._borne_out),
            )
        self._is_doubted = is_doubted

    def _is_borne_out(self, offset: int) -> bool:
        return self._tolerance is None or abs(offset - self._borne_out) <= self._tolerance


def _moment(time: int) -> str:
    try:
        return datetime.fromtimestamp(time // 1000, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return f"a time that no calendar has ({time // 1000} s since 1970)"
