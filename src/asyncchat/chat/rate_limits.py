"""How often something may be done: messages of one peer, and attempts at a password."""

from collections.abc import Callable
from typing import Any

from asyncchat.log.accounts import Account
from asyncchat.text import room_texts, texts
from asyncchat.text.refusals import RateLimited

MOST = 3
PERIOD = 60.0
"""Seconds in which MOST attempts at one account are allowed from one address."""

AT_ONCE = 10
"""Attempts at one account from all addresses without a successful login, before the next one has to wait."""

FIRST_DELAY, LONGEST_DELAY = 2.0, 60.0
"""Seconds until the next attempt is allowed: at first, and at most; the time doubles with each attempt."""

FORGOTTEN_AFTER = 3600.0
"""Seconds without an attempt after which the earlier ones no longer count."""

REGISTRATIONS, REGISTRATION_PERIOD = 100, 3600.0
"""Names that may be registered from one address, and the seconds in which they count."""

REMEMBERED = 10_000
"""Pairs of a name and an address that each limiter keeps in memory; the oldest are forgotten first."""


class RateLimiter:
    """Allows `rate` messages a second, and `burst` at once after a rest (the generic cell rate algorithm).

    Has no clock: `now` is in seconds, of a monotonic clock. With a `rate` of 0 there is no limit.
    """

    __slots__ = ("_due", "_interval", "_tolerance")

    def __init__(self, rate: float, burst: int) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._tolerance = self._interval * (burst - 1)
        self._due = 0.0

    def take(self, now: float) -> float:
        """Count one message, and return how many seconds it has to wait."""
        due = max(self._due, now)
        self._due = due + self._interval
        return max(0.0, due - self._tolerance - now)


class AttemptLimiter:
    """Allows `most` attempts in `period` seconds for each pair of a key and an address.

    Has no clock: `now` is in seconds, of a monotonic clock.
    """

    def __init__(self, most: int = MOST, period: float = PERIOD) -> None:
        self._most = most
        self._period = period
        self._tries: dict[tuple[str, str], list[float]] = {}

    def take(self, key: str, address: str, now: float) -> bool:
        """Count one attempt, and tell whether it is allowed."""
        recent = [time for time in self._tries.pop((key, address), ()) if time > now - self._period]
        allowed = len(recent) < self._most
        self._tries[key, address] = [*recent, now] if allowed else recent
        _forget_oldest(self._tries)
        return allowed

    def forget(self, key: str, address: str) -> None:
        """Forget the attempts, since the password was right."""
        self._tries.pop((key, address), None)


class LoginLimiter:
    """Limits the attempts at each account, from each address and from all addresses together.

    An attacker may have many addresses: so after AT_ONCE attempts each further one has to wait, twice as long each
    time. This does not apply to addresses from which the password was right before. Has no clock: `now` is in seconds,
    of a monotonic clock.
    """

    def __init__(self) -> None:
        self._from_one = AttemptLimiter()
        self._from_all: dict[str, tuple[int, float]] = {}  # how many, and when the last was
        self._owners: dict[tuple[str, str], None] = {}

    def take(self, account: str, address: str, now: float) -> bool:
        """Count one attempt, and tell whether it is allowed."""
        if (account, address) in self._owners:
            return self._from_one.take(account, address, now)
        many, last = self._from_all.get(account, (0, now))
        if now >= last + FORGOTTEN_AFTER:
            many = 0
        if many >= AT_ONCE and now < last + min(FIRST_DELAY * 2 ** min(many - AT_ONCE, 16), LONGEST_DELAY):
            return False
        if not self._from_one.take(account, address, now):
            return False
        self._from_all.pop(account, None)
        self._from_all[account] = many + 1, now
        _forget_oldest(self._from_all)
        return True

    def was_right(self, account: str, address: str) -> None:
        """The owner of the account is at this address."""
        self._from_one.forget(account, address)
        self._owners.pop((account, address), None)
        self._owners[account, address] = None
        _forget_oldest(self._owners)


class CredentialLimiter:
    """Limits how often names are registered, rooms are made, and passwords tried or changed.

    monotonic: tells the time in seconds, by a clock that is never set. By the chat's own clock, which may be, a jump
        would lock users out, or allow attempts without end.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._logins = LoginLimiter()
        self._changes = AttemptLimiter()
        self._registrations = AttemptLimiter(REGISTRATIONS, REGISTRATION_PERIOD)
        self._rooms = AttemptLimiter(REGISTRATIONS, REGISTRATION_PERIOD)

    def count_room(self, address: str) -> None:
        """Count one room that is made from `address`. Raises RateLimited, and counts nothing, if it may not be."""
        if not self._rooms.take("", address, self._monotonic()):
            raise RateLimited(room_texts.TOO_MANY_NEW_ROOMS)

    def count_registration(self, address: str) -> None:
        """Count one name that is registered from `address`. Raises RateLimited, and counts nothing, if it may not be.

        It counts before the name is kept: what costs the server is hashing the password.
        """
        if not self._registrations.take("", address, self._monotonic()):
            raise RateLimited(texts.TOO_MANY_REGISTRATIONS)

    def count_attempt(self, account: Account, address: str) -> None:
        """Count one attempt at the password of `account`. Raises RateLimited, and counts nothing, if it may not be."""
        if not self._logins.take(str(account.id), address, self._monotonic()):
            raise RateLimited(texts.TOO_MANY_TRIES)

    def count_change(self, account: Account) -> None:
        """Count one new password of `account`. Raises RateLimited, and counts nothing, if there may not be one."""
        if not self._changes.take(str(account.id), "", self._monotonic()):
            raise RateLimited(texts.TOO_MANY_TRIES)

    def was_right(self, account: Account, address: str) -> None:
        """The owner of the account is at this address: a password or a token has shown it."""
        self._logins.was_right(str(account.id), address)


def _forget_oldest(remembered: dict[Any, Any]) -> None:
    if len(remembered) > REMEMBERED:
        del remembered[next(iter(remembered))]
