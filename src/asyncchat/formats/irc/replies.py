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
NO_HISTORY = "Messages could not be retrieved"
WRONG_PARAMETERS = "Invalid parameters"
CLOSING_LINK = "Closing link"
NO_NICK = "there is no user with this name"
TOO_LONG = "Input line was too long"


def all_members(room: str, number: int) -> str:
    """Tell how many members a room has, of which the first were listed."""
    return f"{room} has {number} members in all"


OF_NUMERICS = {
    "001": "Welcome to the chat, {nick}",
    "002": "Your host is {server}, running asyncchat",
    "003": "This server was created {created}",
    "005": "are supported by this server",
    "251": "There are {members} users and 0 invisible on 1 servers",
    "252": "operator(s) online",
    "254": "channels formed",
    "255": "I have {members} clients and 0 servers",
    "305": "You are no longer marked as being away",
    "306": "You have been marked as being away",
    "315": "End of /WHO list",
    "317": "seconds idle, signon time",
    "318": "End of /WHOIS list",
    "321": "Users  Name",
    "323": "End of /LIST",
    "330": "is logged in as",
    "331": "No topic is set",
    "352": "0 {shown}",
    "366": "End of /NAMES list",
    "368": "End of channel ban list",
    "401": "No such nick/channel",
    "403": "No such channel",
    "404": "Cannot send to channel",
    "409": "No origin specified",
    "410": "Invalid CAP command",
    "411": "No recipient given",
    "412": "No text to send",
    "421": "Unknown command",
    "422": "There is no message of the day",
    "431": "No nickname given",
    "433": "Nickname is already in use",
    "441": "They aren't on that channel",
    "442": "You're not on that channel",
    "451": "You have not registered",
    "461": "Not enough parameters",
    "462": "You may not reregister",
    "472": "is unknown mode char to me",
    "481": "Permission Denied",
    "491": "Nobody is made an operator here: roles are those of accounts",
    "502": "Can't change mode for other users",
    "900": "You are now logged in as {shown}",
    "903": "SASL authentication successful",
    "904": "SASL authentication failed",
    "905": "SASL message too long",
    "906": "SASL authentication aborted",
    "907": "You have already authenticated using SASL",
    "908": "are available SASL mechanisms",
}
"""What is said with a numeric reply, as other servers say it (modern.ircdocs.horse)."""
