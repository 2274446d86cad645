"""What IRC clients are told: the texts of numerics, as other servers write them, and those that only IRC needs."""

END_OF_NAMES = "End of /NAMES list"
NO_TOPIC = "No topic is set"
END_OF_LIST = "End of /LIST"
NO_NICK = "No such nick"
NOT_ON_CHANNEL_THEY = "They aren't on that channel"
ON_CHANNEL = "is already on channel"
NOT_IN_ROOM = "You are not in this room"
NOT_UNDERSTOOD = "This is not understood"
NO_LIMIT = "The limit is not a number"
HOW_MESSAGES_ARE_GIVEN = "A message is given by msgid=… or timestamp=…"
ONLY_ACTION = "Only ACTION of CTCP is understood here"
NO_TEXT = "No text to send"
NO_CHANNEL = "No such channel"
OTHERS_MODE = "Can't change mode for other users"
NOT_ON_CHANNEL = "You're not on that channel"
NOT_ONE_USER = "This is not one user: write the nick alone"
END_OF_BANS = "End of channel ban list"
NO_ORIGIN = "No origin specified"
CLOSING = "Closing link"
END_OF_WHO = "End of WHO list"
NO_NICK_GIVEN = "No nickname given"
LOGGED_IN_AS = "is logged in as"
IDLE = "seconds idle, signon time"
END_OF_WHOIS = "End of /WHOIS list"
NO_FORMER_NICK = "There was no such nickname"
END_OF_WHOWAS = "End of WHOWAS"
CHANNELS = "channels formed"
NO_MOTD = "There is no message of the day"
SUPPORTED = "are supported by this server"
END_OF_INFO = "End of INFO list"
NO_OPERATORS = "Nobody becomes an operator in this way"
NO_KILL = "Permission denied: KICK and MODE +b are for moderators"
IN_USE = "Nickname is already in use"
REGISTERED_ALREADY = "You may not reregister"
TOO_FEW = "Not enough parameters"
LOGGED_IN_ALREADY = "You have already authenticated using SASL"
LOGIN_ABORTED = "SASL authentication aborted"
MECHANISMS = "are available SASL mechanisms"
LOGIN_TOO_LONG = "SASL message too long"
LOGGED_IN = "SASL authentication successful"
TLS_ONLY = "This port speaks TLS: switch TLS on in your client"
BANNED = "You are banned from this server"
ACCOUNTS_ONLY = "this chat is for registered people: log in with SASL"
TOO_LONG = "Input line was too long"
NOT_UTF_8 = "Your line was not taken: it is not UTF-8"
NOT_REGISTERED = "You have not registered"
UNKNOWN_COMMAND = "Unknown command"


def some_listed(room: str, members: int) -> str:
    return f"{room} has {members} members; only some of them are listed."


def no_recipient(command: str) -> str:
    return f"No recipient given ({command})"


def command_as_text(server: str) -> str:
    """Tell that a line was not sent, since it may be a command with a password in it."""
    return f"your line was not sent: commands go to {server}, /msg {server} /help"


def no_services(server: str) -> str:
    return (
        f"There is no NickServ here: log in with SASL (PLAIN) or /msg {server} /auth NAME PASSWORD;"
        f" /msg {server} /register PASSWORD registers your nick."
    )


def unknown_mode(room: str) -> str:
    return f"is unknown mode char to me for {room}"


def away(*, is_away: bool) -> str:
    return f"You {'are' if is_away else 'are no longer'} marked as being away"


def users(number: int) -> str:
    return f"There are {number} users and 0 invisible on 1 servers"


def clients(number: int) -> str:
    return f"I have {number} clients and 0 servers"


def info(version: str) -> str:
    return f"asyncchat {version}: a chat for people on one network"


def account_nick(name: str) -> str:
    return f"Your nickname is that of your account, {name}"


def login_failed(why: str) -> str:
    return f"SASL authentication failed{why and f': {why}'}"


def logged_in_as(name: str) -> str:
    return f"You are now logged in as {name}"


def nick_registered(nick: str) -> str:
    return f"{nick} is registered: log in with SASL (PLAIN) to use it, or choose another nick."


def on_another_connection(nick: str) -> str:
    return f"{nick} is here on another connection: end that, or wait until it has timed out."


def welcome(user: str) -> str:
    return f"Welcome to asyncchat, {user}"


def your_host(server: str, version: str) -> str:
    return f"Your host is {server}, running asyncchat {version}"


def started(time: str) -> str:
    return f"This server was started {time}"
