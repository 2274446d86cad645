"""What the server tells users, in English; what /help says of one command is in its row of the table.

Programs depend on the codes of refusals, and on those texts alone that docs/protocol.md fixes. Names and times come as
they are shown; `excerpt` is the beginning of what the user wrote, without what could do harm on a screen.
"""

from collections.abc import Sequence

# Names.
ASK_NAME = "write your name"
CHOOSE_NAME = "choose a name first."
CHOOSE_ANOTHER = "Choose another one."
NAME_TAKEN = "this name is already taken!"
LOOKS_LIKE_ADDRESS = "it looks like an address"
IS_REGISTERED = "is registered"
IS_RESERVED = "is reserved"
IS_ONLINE = "is there already"
NO_PASSWORD_AS_NAME = "this name was not taken, since it may be a password. If it is none, write it again."
TOO_SLOW = "it took you too long to choose a name. Connect again to try once more."


def name_refused(reason: str) -> str:
    return f"this name can't be used: {reason}."


def choose_another_name(reason: str) -> str:
    return f"{name_refused(reason)} {CHOOSE_ANOTHER}"


def looks_like(other: str, whose: str) -> str:
    """Tell that a name looks like `other`; `whose`: IS_REGISTERED, IS_RESERVED or IS_ONLINE."""
    return f"it looks like {other}, which {whose}"


def name_registered(name: str) -> str:
    return f"this name is registered. Write /auth {name} PASSWORD, or choose another one."


# Connections.
CHAT_FULL = "the chat is full, try again later."
TOO_MANY_CONNECTIONS = "there are too many connections from your address, try again later."
TLS_ONLY = "this server speaks TLS: join it with `asyncchat join --tls HOST:PORT`, or `openssl s_client -quiet`."
CLOSING = "the chat is closing"
GOODBYE = f"{CLOSING}. Goodbye!"
REPLACED = "you are here on another connection now"
KICKED = "you have been kicked out of the server!"
BANNED = "you are banned!"
ACCOUNTS_ONLY_GOODBYE = "this chat is for registered people. Goodbye!"
SAY_HELLO = "say hello first"


def already_in(name: str) -> str:
    return f"you are in the room as {name}"


def speaks_version(version: int) -> str:
    return f"this server speaks version {version}"


# Accounts.
REGISTERED = "you are registered successfully!"
AUTHORIZED = "you are authorized successfully!"
LOGIN_TAKEN = f"this login is already taken! {CHOOSE_ANOTHER}"
INCORRECT_LOGIN = "incorrect login!"
INCORRECT_PASSWORD = "incorrect password!"
SHORT_PASSWORD = "the password is too short!"
LONG_PASSWORD = "the password is too long!"
PASSWORD_CHARACTER = "it has a character that no password can have."
PASSWORD_IS_NAME = "the password can't be the name."
PASSWORD_CHANGED = "your password is changed"
UNREGISTERED = "your name is not registered any more"
ADMIN_STAYS = "the admin can't be unregistered."
NEEDS_ACCOUNT = "you are not registered, or not authorized: write /auth LOGIN PASSWORD."
WRITE_REGISTRATION = "write the name and a password: /registration LOGIN PASSWORD"
WRITE_PASSWORD_FOR_NAME = "write a password for your name: /register PASSWORD"
WRITE_REGISTER_FIRST = "write /register LOGIN PASSWORD first, then /name and the same LOGIN."
WRITE_AUTH = "write your name and your password: /auth LOGIN PASSWORD"
WRITE_PASSWORD = "write the new password: /password PASSWORD"
WRITE_UNREGISTER = "this gives up your name and deletes your private conversations: /unregister PASSWORD"
TOO_MANY_TRIES = "too many tries. Wait a minute, then write it again."
TOO_MANY_WAITING = "too many are waiting already. Write it again in a minute."
NO_MEMORY = "the server has no memory for this now. Write it again in a minute."
TOO_MANY_REGISTRATIONS = "too many names were registered from your address. Write it again in an hour."


def accounts_only(name: str) -> str:
    return (
        f"this chat is for registered people. Write /registration {name} PASSWORD"
        " to make the name yours, or /auth NAME PASSWORD."
    )


def registered_already(name: str) -> str:
    return f"you are registered already, as {name}. Write /password PASSWORD for another password."


def authorized_already(name: str) -> str:
    return f"you are authorized already, as {name}. Leave with /exit to join under another name."


def on_another_connection(name: str) -> str:
    return (
        f"{name} is here on another connection."
        " Leave with /exit, and write /auth when you are asked for a name: that takes its place."
    )


def confirm_name(own: str) -> str:
    return (
        f"nothing is registered yet. If the first word is to be your name instead of {own}, which all see,"
        f" write /name and that word. If it belongs to the password: /register {own} PASSWORD"
    )


# Storing.
NOTHING_KEPT = "nothing is kept here"
NO_STORE = f"{NOTHING_KEPT}: this chat is served without --store"
NAME_UNREGISTERED = "the name is not registered any more"


def not_kept(why: str) -> str:
    return f"this can't be done: {why}."


# Lines.
UNFINISHED = "it does not end with a line feed"
LINE_UNFINISHED = f"your last line was not sent: {UNFINISHED}."
JSON_UNFINISHED = f"your last line was not taken: {UNFINISHED}"
NOT_JSON = "not understood: the line is not a JSON object"
OLD_ID = "ids must increase: this one is too old, and its result is not known any more"


def line_refused(reason: str) -> str:
    return f"your line was not sent: {reason}."


def json_refused(reason: str) -> str:
    return f"not taken: {reason}"


def not_understood(error: str) -> str:
    return f"not understood: {error}"


def too_many_unacknowledged(most: int) -> str:
    """Tell a program that `most` messages wait for their `ack`, and no more may."""
    return f"not sent: {most} messages wait for their ack already"


# Lines that may be something else than a message.
IS_EMPTY = line_refused("it is empty")
IS_PASSWORD = line_refused("it is your password")
MAY_BE_PASSWORD = f"{line_refused('it may be a password')} If it is none, write it again."
SENDING_NOWHERE = line_refused("write /chat NAME again, or /room to write to everybody")
SENDING_MUTED = "your line was not sent: you are muted!"


def chat_failed(place: str) -> str:
    """Tell that a line was not sent to `place`, since it may be meant for the user whom /chat did not find."""
    return f"{line_refused('/chat or /join did not work')} Write it again to send it to {place}."


def hidden_command(command: str) -> str:
    return line_refused(f"write {command} with a plain / and nothing before it")


def unknown_command(command: str) -> str:
    return f"unknown command {command}. Write /help to see the commands, // to say a line with /."


# Who may do what.
NEEDS_REGISTRATION = "this is for registered people. Write /register PASSWORD to make your name yours."
NEEDS_MODERATOR = "you are not a moderator or an admin!"
NEEDS_ADMIN = "you are not an admin!"

# Help, users, and the topic.
REGISTERED_HAVE_MORE = "Registered users have more commands: /help register"
HELP_EXPLAINS = "/help COMMAND explains one."
FOR_REGISTERED = "For registered users."
FOR_MODERATORS = "For moderators and the admin."
FOR_ADMIN = "For the admin."
WORKS_BEFORE_LOGIN = "It also works before you have a name."
NEEDS_STORE = "Not available here: the server must be started with --store."
PLAIN_TEXT = "plain text"


def no_such_command(command: str) -> str:
    return f"there is no command {command}. /help shows those that there are."


def online(names: Sequence[str], more: int) -> str:
    """List users who are online; `more`: how many are not listed."""
    return f"online: {' '.join(names)}" + (f" and {more} more" if more else "") if names else "no one online"


def unknown_user(name: str) -> str:
    return f"{name} is not online, and not registered."


def registered_as(role: str) -> str:
    return f"registered, {role}"


def whois_online(name: str, role: str, idle: str, since: str = "", address: str = "", client: str = "") -> str:
    """Describe a user who is online; `idle`: for how long; the rest if a moderator asks."""
    facts = [f"{role}, online", f"idle for {idle}" if idle else ""]
    if since:
        facts += [f"since {since}", f"from {address}", client]
    return f"{name}: {', '.join(filter(None, facts))}"


def whois_offline(name: str, role: str, seen: str = "", address: str = "") -> str:
    """Describe a user who is not online; `seen`: when the user was; `address`: if a moderator asks about a guest."""
    facts = [f"{role}, not online", f"last seen {seen}" if seen else "", f"from {address}" if address else ""]
    return f"{name}: {', '.join(filter(None, facts))}"


def topic(text: str) -> str:
    """Tell the topic; `text` is empty if there is none."""
    return f"the topic is: {text}" if text else "there is no topic"


# Looking back.
NO_MESSAGES = "there are no messages yet"
WRITE_SEARCH = "write what to search for: /search WORDS"
SEARCH_STOPPED = (
    "the search took too long and was stopped: there may be more, further back."
    " Search for fewer words, or for rarer ones."
)


def no_number(excerpt: str) -> str:
    return f"{excerpt} is not a number! Write something like /history 50."


def nothing_found(words: str) -> str:
    return f"nothing found: {words}"


# Private messages.
WRITE_MSG = "the name or the text is missing: write /msg NAME TEXT"
CHAT_WITH_YOURSELF = "that is you. Write /chat NAME with the name of another user."
MSG_TO_YOURSELF = "that is you. Write /msg NAME TEXT with the name of another user."
COUNTS_PRIVATE = "this counts private messages: write /chat NAME first."
TO_EVERYBODY = "you write to everybody now."
TO_NOBODY = "what you write is not sent to any user now. Write /room to write to everybody."
PARTNER_GONE = "the user you write to has deleted the account. Write /room to write to everybody."
NOT_AUTHORIZED_ANY_MORE = "you are not authorized any more, so your lines are not sent. Write /auth LOGIN PASSWORD."


def to_one(name: str) -> str:
    return f"you write to {name} alone now. /room turns back."


def sent_to(name: str) -> str:
    return f"sent to {name}"


def unread(counts: Sequence[tuple[str, int]]) -> str:
    return f"unread from: {' '.join(f'{name}({number})' for name, number in counts)}" if counts else "no one unread"


def more_unread(number: int, last: int) -> str:
    """Tell that more unread messages are not shown; `last`: the argument of /history that shows them."""
    return f"{number} more unread messages are further back: /history {last}"


def statistics(own: str, other: str, mine: int, theirs: int) -> list[str]:
    return [
        f"Statistics with {other}:",
        f"Total messages: {mine + theirs}",
        f"Messages from {own}: {mine}",
        f"Messages from {other}: {theirs}",
    ]


def not_registered(excerpt: str) -> str:
    return f"{excerpt} is not registered. /list shows who is online."


def another_user(name: str) -> str:
    return f"{name} is another user now. Write /chat {name} to write to them."


def account_gone(name: str) -> str:
    return f"{name} is not registered any more."


# Moderation.
NOT_ONLINE = "the user is not online!"
MUTED = "you are muted!"
NOW_MODERATOR = "you are the new moderator now!"
NO_MODERATOR_ANY_MORE = "you are no longer a moderator!"
IS_MODERATOR = "this user is already a moderator!"
NOT_MODERATOR = "this user is not a moderator!"
NOT_MUTED = "this user is not muted!"
NOT_BANNED = "this user is not banned! Write /bans to see who is."
MODERATOR = "a moderator"
NOTHING_DONE = "nothing was done yet"


def name_missing(command: str) -> str:
    return f"the name is missing: write {command} NAME"


def name_missing_before_time(command: str) -> str:
    return f"the name is missing: write {command} NAME, or {command} NAME 12h"


def no_duration(excerpt: str) -> str:
    return f"{excerpt} is no duration: write something like 30m, 12h or 7d, or nothing."


def not_yourself(act: str) -> str:
    return f"you can't {act} yourself!"


def not_allowed(act: str, *, is_admin: bool) -> str:
    """Tell a moderator that a user of the same or a higher role can't be, for example, banned."""
    return f"nobody can {act} the admin!" if is_admin else f"only the admin can {act} a moderator!"


def only_admin_can_change(kind: str) -> str:
    return f"only the admin can change this {kind}!"


def restricted(name: str, done: str, until: str) -> str:
    """Tell a moderator that a user is, for example, `banned`; `until`: empty if that has no end, or is short."""
    return f"{name} was {done} until {until}!" if until else f"{name} was {done}!"


def with_end(name: str, until: str) -> str:
    return f"{name} (until {until})"


def no_longer(name: str, done: str) -> str:
    """Tell that a user is, for example, not `banned` any more."""
    return f"{name} is no longer {done}!"


def bans(described: Sequence[str]) -> str:
    return f"banned: {', '.join(described)}" if described else "no one banned"


def granted(name: str) -> str:
    return f"{name} is the new moderator!"


def is_guest(name: str) -> str:
    return f"{name} is a guest, who has to write /register PASSWORD first!"
