"""Why a server does not let a user in, as the error that clients raise."""

from asyncchat.errors import ConnectError, Error
from asyncchat.text.usernames import NameRefused, PasswordNeeded

_OF_NAME = ("name-taken", "name-refused", "name-reserved", "login-taken", "incorrect-login")
_OF_PASSWORD = ("name-registered", "incorrect-password")
_OF_NEW_PASSWORD = ("guest", "short-password", "password-refused")


def entry_error(name: str, code: str, text: str) -> Error:
    """Return what to raise when the server refuses `name`, with this code and this text."""
    if code in _OF_PASSWORD or code in _OF_NEW_PASSWORD:
        return PasswordNeeded(f"{name}: {text}", code, is_new=code in _OF_NEW_PASSWORD)
    if code in _OF_NAME:
        return NameRefused(f"{name}: {text}", code)
    return ConnectError(text, code)
