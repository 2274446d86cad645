"""What a person is told when something can't be done."""


class ChatError(Exception):
    """Something went wrong that its reader can act on; the message is one line that says what, and what to do."""


class ServerGone(ChatError):
    """The server has ended the conversation, not we."""

    def __init__(self) -> None:
        super().__init__("the server has closed the connection. Run the same command again to come back.")


class OutputClosed(Exception):
    """Nobody reads our output any more, which is no error: we end quietly."""


class Refusal(ValueError):
    """Something that a peer sent and that can't be taken; `code` says why for programs, the message for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class NotKept(Refusal):
    """What is kept can't be read, or written; `why` is the rest of a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__("not-kept", f"this can't be done: {why}.")
        self.why = why


class NotNow(Refusal):
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
