"""Passwords: what is kept of one, and whether one is right (argon2id, RFC 9106)."""

from argon2 import PasswordHasher
from argon2.exceptions import HashingError, InvalidHashError, VerificationError, VerifyMismatchError

# One lane: more would take the other cores from those who chat, and somebody who guesses has cores enough anyway.
_HASHER = PasswordHasher(parallelism=1)

NO_MEMORY = (HashingError, VerificationError)
"""What argon2-cffi raises if the system has no memory for it."""


def hashed(password: str) -> str:
    """Return what is kept of `password`. Raises NO_MEMORY."""
    return _HASHER.hash(password)


def is_right(password: str, kept: str) -> bool:
    """Tell whether this is the password of which `kept` was kept. Raises NO_MEMORY."""
    try:
        return _HASHER.verify(kept, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def is_weak(kept: str) -> bool:
    """Tell whether what is kept was made with less work than is usual now."""
    return _HASHER.check_needs_rehash(kept)
