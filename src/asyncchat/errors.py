"""What a person is told when something can't be done, and what the API for programs raises."""


class Error(Exception):
    """The base class of all errors of asyncchat."""

    __module__ = "asyncchat"  # where programs find it, and what a traceback shows


class ChatError(Error):
    """Something went wrong that its reader can act on; the message is one line that says what, and what to do."""


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
    """The server has ended the conversation, not we."""

    def __init__(self) -> None:
        super().__init__("the server has closed the connection. Run the same command again to come back.")


class OutputClosed(Exception):
    """Nobody reads our output any more, which is no error: we end quietly."""


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


class NotKept(Refusal):
    """What is kept can't be read, or written; `why` is the rest of a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__("not-kept", f"this can't be done: {why}.")
        self.why = why


class RateLimited(Refusal):
    """It is not done now; the message says when to try again."""

    def __init__(self, text: str) -> None:
        super().__init__("not-now", text)


class Banned(Refusal):
    """Somebody who may not come in."""

    def __init__(self) -> None:
        super().__init__("banned", "you are banned!")


class Muted(Refusal):
    """Somebody who may say nothing in the room."""

    def __init__(self, text: str = "you are muted!") -> None:
        super().__init__("muted", text)


class WrongPassword(Refusal):
    """Not the password."""

    def __init__(self) -> None:
        super().__init__("incorrect-password", "incorrect password!")


class NameTaken(Refusal):
    """Somebody in the room has this name, or one that counts as the same."""

    def __init__(self, name: str) -> None:
        super().__init__("name-taken", "this name is already taken!")
        self.name = name


class LoginTaken(Refusal):
    """Somebody has registered this name."""

    def __init__(self) -> None:
        super().__init__("login-taken", "this login is already taken! Choose another one.")


class NotThere(Refusal):
    """A member who is not there any more."""

    def __init__(self) -> None:
        super().__init__("not-online", "the user is not online!")


class IncorrectLogin(Refusal):
    """Nobody's login."""

    def __init__(self) -> None:
        super().__init__("incorrect-login", "incorrect login!")
