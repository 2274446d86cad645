"""What an entry of the log is."""

from asyncchat.log.requests import R, Request


class Entry(Request[R]):
    """An entry in the log; R is the type of its result."""

    __slots__ = ()
