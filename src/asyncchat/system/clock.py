"""The time: the system's clock is trusted as far as it agrees with the time that has passed."""

import contextlib
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

LEAP = 60_000
"""Milliseconds by which the clock may change at once."""

HOLD = 60_000
"""Milliseconds for which a larger change must last before it is followed."""


log = logging.getLogger(__name__)


def is_odd(time: int, trusted: int) -> bool:
    """Tell whether the time of a message differs from the trusted time at which it was written."""
    return abs(time - trusted) > LEAP


def read_wall() -> int:
    """Return the time of the system's clock, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


if hasattr(time, "CLOCK_BOOTTIME"):  # it continues while the system sleeps

    def read_elapsed() -> int:
        """Return the milliseconds since the system was started, by a clock that can't be set."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
else:

    def read_elapsed() -> int:
        """Return the milliseconds since an unspecified moment, by a clock that can't be set."""
        return time.monotonic_ns() // 1_000_000


def read_boot() -> str:
    """Return the identifier of this start of the system, or "" if there is none."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


class Evidence(NamedTuple):
    """A time, the time that had elapsed then, and the start of the system that this was measured from."""

    time: int
    elapsed: int = 0
    boot: str = ""

    def encode(self) -> str:
        """Return it as a string."""
        return f"{self.time} {self.elapsed} {self.boot}"

    @classmethod
    def decode(cls, kept: str) -> "Evidence | None":
        """Return the evidence in a string; None if it is invalid."""
        time, _, rest = kept.partition(" ")
        elapsed, _, boot = rest.partition(" ")
        try:
            return cls(int(time), int(elapsed), boot)
        except ValueError:
            return None


class Clock:
    """Tells the time, in milliseconds since 1970; `look` must be called about once a second.

    known: the evidence from the last run; None if there is none, or if the system's clock is to be trusted
    tolerance: milliseconds by which the system's clock may differ from the calculated time; None: any number

    Other threads may read it during `look`.
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
        # Each time is an offset to the time that has elapsed.
        passed = elapsed()
        system = self._shown = self._borne_out = wall() - passed
        self._odd: tuple[int, int] | None = None
        self._is_doubted = False
        if known:
            is_same_boot = bool(self._boot) and known.boot == self._boot and passed >= known.elapsed
            self._borne_out = known.time - (known.elapsed if is_same_boot else passed)
            # After a new start of the system, more time may have passed than is known, but not less.
            self._shown = self._borne_out if is_same_boot else max(system, self._borne_out)
            if abs(system - self._borne_out) <= LEAP:
                self._shown = self._borne_out = system
            elif not is_same_boot and self._is_borne_out(system):
                self._borne_out = system
        self._trusted = self._shown if self._is_borne_out(self._shown) else self._borne_out

    def now(self) -> int:
        """Return the time for messages. It follows the system's clock, once that is steady."""
        return self._elapsed() + self._shown

    def trusted(self) -> int:
        """Return the time for deleting old messages and ending bans.

        It follows the system's clock only while that agrees with the time that has passed.
        """
        return self._elapsed() + self._trusted

    def moment(self) -> int:
        """Return the trusted time, but never an earlier one than before: for what is identified by its time."""
        self.latest = max(self.latest, self.trusted())
        return self.latest

    def evidence(self) -> Evidence:
        """Return the evidence to store for the next run."""
        passed = self._elapsed()
        return Evidence(passed + self._trusted, passed, self._boot)

    def look(self) -> None:
        """Read the system's clock, and check it."""
        passed = self._elapsed()
        system = self._wall() - passed
        if abs(system - self._shown) <= LEAP:
            self._shown, self._odd = system, None
        elif not self._odd or abs(system - self._odd[0]) > LEAP:
            self._odd = system, passed
        elif passed - self._odd[1] >= HOLD:
            self._shown, self._odd = system, None
        self._trusted = self._shown if self._is_borne_out(self._shown) else self._borne_out
        doubt = self.find_doubt()
        if doubt and not self._is_doubted:
            log.warning("%s", doubt)
        self._is_doubted = bool(doubt)

    def find_doubt(self) -> str:
        """Return why the system's clock is not trusted now; empty if it is."""
        passed = self._elapsed()
        system = self._wall() - passed
        if self._is_borne_out(system):
            return ""
        return (
            f"the system's clock says {_moment(passed + system)}, and it must be about "
            f"{_moment(passed + self._borne_out)}: nothing is deleted for that, and no ban ends. If the system's clock "
            "is right, start the server once with --trust-clock"
        )

    def _is_borne_out(self, offset: int) -> bool:
        return self._tolerance is None or abs(offset - self._borne_out) <= self._tolerance


def _moment(time: int) -> str:
    try:
        return datetime.fromtimestamp(time // 1000, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return f"a time that no calendar has ({time // 1000} s since 1970)"
