"""What the tables use of a database, be it SQLite or PostgreSQL, with the statements that both understand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

Values = Sequence[Any] | Mapping[str, Any]


class DatabaseError(Exception):
    """The database can't do what it is asked; the text is the reason that all users are told.

    detail: what the database or the network has said, for the operator; explained: both
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.detail = detail
        self.explained = f"{reason} ({detail})" if detail else reason


class Disconnected(DatabaseError):
    """The connection to the database is lost, or it does not answer."""


class Unwritable(DatabaseError):
    """Nothing, or hardly anything, can be written until somebody has helped."""


class Interrupted(DatabaseError):
    """The statement was stopped since it took too long."""


class Rows(Protocol):
    """The rows that a statement returns."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        ...

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the other rows."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the other rows."""
        ...


class Database(Protocol):
    """A connection; values are given for ? in their order, or for :name by their names."""

    def execute(self, statement: str, values: Values = ..., /) -> Rows:
        """Execute a statement."""
        ...

    def executemany(self, statement: str, values: Iterable[Any], /) -> object:
        """Execute a statement for each of the values."""
        ...
