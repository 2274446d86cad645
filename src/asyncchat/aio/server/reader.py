"""Where the lines of a connection come from."""

from typing import Protocol


class Reader(Protocol):
    """Where lines come from: a stream, or the messages in one."""

    async def read(self, n: int, /) -> bytes:
        """Return some of what has come; nothing at the end."""
        ...

    def at_eof(self) -> bool:
        """Tell whether the peer has ended its output, and all of it was read."""
        ...

    def exception(self) -> BaseException | None:
        """Return the error that has ended the connection, if one has."""
        ...
