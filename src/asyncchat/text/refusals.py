"""The refusals that are raised in several places, each with its code and its text."""

from asyncchat.errors import Refusal
from asyncchat.text import room_texts, texts

_PLAIN_PASSWORD = (
    "passwords are not accepted without TLS: others may have read this one, so do not use it any more. Ask the operator"
    " to serve with --tls, and join with `asyncchat join --tls HOST`."
)


class NotKept(Refusal):
    """The store can't be read or written; `why` is the rest of a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__("not-kept", texts.not_kept(why))
        self.why = why


class RateLimited(Refusal):
    """The user may try again later; the message says when."""

    def __init__(self, text: str) -> None:
        super().__init__("not-now", text)


class Banned(Refusal):
    """The name or the address is banned."""

    def __init__(self) -> None:
        super().__init__("banned", texts.BANNED)


class Muted(Refusal):
    """The user may send no messages to the room."""

    def __init__(self, text: str = texts.MUTED) -> None:
        super().__init__("muted", text)


class PlainPassword(Refusal):
    """A password came over a network on which others can read it."""

    def __init__(self) -> None:
        super().__init__("plain-password", _PLAIN_PASSWORD)


class WrongPassword(Refusal):
    """The password is not that of the account."""

    def __init__(self) -> None:
        super().__init__("incorrect-password", texts.INCORRECT_PASSWORD)


class NameTaken(Refusal):
    """A user in the room has this name, or one that counts as the same."""

    def __init__(self, name: str) -> None:
        super().__init__("name-taken", texts.NAME_TAKEN)
        self.name = name


class LoginTaken(Refusal):
    """The name is registered already."""

    def __init__(self) -> None:
        super().__init__("login-taken", texts.LOGIN_TAKEN)


class NotThere(Refusal):
    """The member is not in the room any more."""

    def __init__(self) -> None:
        super().__init__("not-online", texts.NOT_ONLINE)


class NoRoom(Refusal):
    """There is no such room, or the user is not in it."""

    def __init__(self, text: str = room_texts.NO_ROOM) -> None:
        super().__init__("no-room", text)


class PrivateRoom(Refusal):
    """No link leads to a private room."""

    def __init__(self) -> None:
        super().__init__("private", room_texts.NO_LINK_TO_PRIVATE)


class NoMessage(Refusal):
    """There is no such message, or it was deleted, or the user may not change it."""

    def __init__(self, text: str = room_texts.NO_MESSAGE) -> None:
        super().__init__("no-message", text)


class NoInvite(Refusal):
    """There is no such invitation, or it can't be used any more."""

    def __init__(self, text: str) -> None:
        super().__init__("no-invite", text)


class TooManyRooms(Refusal):
    """The user is in as many rooms as one may be, or there are as many as there may be."""

    def __init__(self, text: str) -> None:
        super().__init__("too-many-rooms", text)


class IncorrectLogin(Refusal):
    """There is no account with this name."""

    def __init__(self) -> None:
        super().__init__("incorrect-login", texts.INCORRECT_LOGIN)
