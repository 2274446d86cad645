"""What IRC clients are told, besides numeric replies whose texts are those of other servers."""

REGISTERED = "this nickname is registered: log in with SASL, or with the server password NICK:PASSWORD"
NO_SHARED_BANS = "write the name of one user: a mask would ban others from the same place, too"
NOT_UTF8 = "Message rejected: it is not UTF-8"
NO_CTCP = "no CTCP here but ACTION"
NO_OTHER_NICK = "Your name stays as it is: reconnect to have another one, or register it (/msg Server /help name)"
PASSWORD_HERE = (
    "this may have a password in it, and is shown to nobody. Write commands to Server, as in /msg Server /help"
)
ACCOUNTS_ONLY = "only registered users write to one another: register with /msg Server /register PASSWORD"
TOO_LONG = "Input line was too long"


def all_members(room: str, number: int) -> str:
    """Tell how many members a room has, of which the first were listed."""
    return f"{room} has {number} members in all"
