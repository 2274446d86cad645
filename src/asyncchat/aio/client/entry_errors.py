"""The exceptions for the errors with which a server refuses a `hello`."""

from asyncchat.errors import ConnectError, Error
from asyncchat.formats import events
from asyncchat.text.usernames import NameRefused, PasswordNeeded

_OF_NAME = ("name-taken", "name-refused", "name-reserved", "login-taken", "incorrect-login")
_OF_PASSWORD = ("name-registered", "incorrect-password")
_OF_NEW_PASSWORD = ("guest", "short-password", "password-refused")


def entry_error(name: str, error: events.Error) -> Error:
    """Return what to raise when the server answers the first `hello` of `name` with `error`."""
    text = f"{name}: {error.text}"
    if error.code in _OF_PASSWORD or error.code in _OF_NEW_PASSWORD:
        return PasswordNeeded(text, error.code, is_new=error.code in _OF_NEW_PASSWORD)
    if error.code in _OF_NAME:
        return NameRefused(text, error.code)
    return ConnectError(error.text, error.code)
