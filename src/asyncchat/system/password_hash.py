"""Hashes passwords and verifies them (argon2id, RFC 9106)."""

from argon2 import PasswordHasher
from argon2.exceptions import HashingError, InvalidHashError, VerificationError, VerifyMismatchError

# One lane: more would take the other cores from the chat, and would not slow down an attacker with many cores.
_HASHER = PasswordHasher(parallelism=1)

NO_MEMORY = (HashingError, VerificationError)
"""The exceptions of argon2-cffi if there is not enough memory."""


def hashed(password: str) -> str:
    """Return the hash of `password`. Raises NO_MEMORY."""
    return _HASHER.hash(password)


def is_right(password: str, kept: str) -> bool:
    """Tell whether `kept` is the hash of `password`. Raises NO_MEMORY."""
    try:
        return _HASHER.verify(kept, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def is_weak(kept: str) -> bool:
    """Tell whether the hash was computed with a lower cost than today's."""
    return _HASHER.check_needs_rehash(kept)
