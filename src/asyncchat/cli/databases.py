"""What commands need for a store in PostgreSQL."""

from asyncchat.errors import ChatError


def is_url(store: str) -> bool:
    """Tell whether a store is a database, and not a file."""
    return store.startswith(("postgresql://", "postgres://"))


def load_postgres() -> None:
    """Raise ChatError if the package for PostgreSQL is not installed."""
    try:
        import asyncpg  # noqa: F401
    except ImportError:
        raise ChatError("for PostgreSQL the package asyncpg is needed: run `pip install asyncpg`") from None
