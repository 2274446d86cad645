"""What a command waits for: it awaits a request, and its driver sends the reply, or throws a Refusal."""

from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

R = TypeVar("R")


class Request(Generic[R]):
    """A request to read, store or compute something outside of the core; awaiting it returns the reply, of type `R`."""

    __slots__ = ()

    def __await__(self) -> Generator["Request[Any]", Any, R]:
        """Hand the request to the driver of the coroutine, and return what it sends back."""
        reply: R = yield self
        return reply


Running = Coroutine[Request[Any], Any, None]
"""A command that runs for a user: it awaits requests and entries."""
