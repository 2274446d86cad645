"""The errors of asyncchat: those that the API for programs raises, and those that the command line reports."""


class Error(Exception):
    """The base class of all errors of asyncchat."""

    __module__ = "asyncchat"  # where programs find it, and what a traceback shows


class ChatError(Error):
    """The user can do something about it; the message is one line that says what is wrong, and what to do."""


class ConnectError(ChatError):
    """The server can't be reached, or does not let this user in.

    Attributes:
        code: why the server refuses, for programs (`banned`, `no-store`, …); empty if it gave no code.
    """

    __module__ = "asyncchat"

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class InvalidAddress(ConnectError, ValueError):
    """This is not the address of a server; the message says what to write instead."""

    __module__ = "asyncchat"


class ChatClosed(ChatError):
    """The chat is over: it was closed, or the server has ended it for good.

    Attributes:
        code: why the server has ended it, for programs: `out` after a kick or a ban, `elsewhere` if another connection
            has taken over; empty if this program has closed it.
    """

    __module__ = "asyncchat"

    def __init__(self, text: str = "the chat has ended", code: str = "") -> None:
        super().__init__(text)
        self.code = code


class UsageError(Error):
    """The API was used in a way that can't work; the message says what to do instead."""

    __module__ = "asyncchat"


class ServerGone(ChatError):
    """The server has closed the connection, not this program."""

    def __init__(self) -> None:
        super().__init__("the server has closed the connection. Run the same command again to come back.")


class OutputClosed(Exception):
    """The reader of the standard output has closed it: no error, the program ends quietly."""


class Refusal(Error, ValueError):
    """The server does not accept a message or a command; the message of the error says why, for people.

    Attributes:
        code: why, for programs.
    """

    __module__ = "asyncchat"

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code

    def __reduce__(self) -> tuple[type[Error], tuple[str, str]]:
        return Refusal, (self.code, str(self))
