"""The commands, all in one table: /help, what Tab completes and docs/commands.md are made from it."""

from enum import StrEnum
from typing import NamedTuple

from asyncchat.log.accounts import Role
from asyncchat.log.room_events import SHOWN
from asyncchat.text.invisible import is_blank

EXCERPT = 32
"""Characters of what somebody wrote that an answer may repeat."""


class Group(StrEnum):
    """What a command is about: its part of /help."""

    CHAT = "Chat"
    PRIVATE = "Private"
    NAME = "Your name"
    ORDER = "Moderation"
    WINDOW = "Window"


class Command(NamedTuple):
    """A command: its name and aliases, what follows it, and what /help says of it.

    who: who may use it
    before_naming: whether it works before one has a name, too
    of_store: whether it needs a store
    of_client: whether the client on a terminal does it by itself
    is_secret: whether a password follows it, so that nobody may see or keep the line
    group: what it is about
    """

    names: tuple[str, ...]
    argument: str
    help: str
    who: Role = Role.GUEST
    before_naming: bool = False
    of_store: bool = False
    of_client: bool = False
    is_secret: bool = False
    group: Group = Group.CHAT

    @property
    def usage(self) -> str:
        """What to write."""
        return f"{self.names[0]} {self.argument}".rstrip()

    @property
    def is_confidential(self) -> bool:
        """Whether what follows it is not for everybody's eyes."""
        return self.is_secret or self.who == Role.REGISTERED


COMMANDS = (
    Command(("/help",), "[COMMAND]", "show the commands, or explain one"),
    Command(("/list", "/who", "/names", "/users"), "", "show who is online"),
    Command(("/whois",), "NAME", "show a user's role, whether online, idle time, and when last seen"),
    Command(("/history",), "[N]", f"show {SHOWN} messages, beginning with the Nth last", of_store=True),
    Command(("/search",), "WORDS", "show the last messages that contain these words", of_store=True),
    Command(("/topic",), "[TEXT]", "show the topic; moderators can set it", of_store=True),
    Command(
        ("/registration", "/register"),
        "LOGIN PASSWORD",
        "register a name; in the room, PASSWORD alone registers your current name",
        before_naming=True,
        of_store=True,
        is_secret=True,
        group=Group.NAME,
    ),
    Command(
        ("/name",),
        "LOGIN",
        "confirm the new name after /register LOGIN PASSWORD in the room",
        of_store=True,
        group=Group.NAME,
    ),
    Command(
        ("/auth", "/login"),
        "LOGIN PASSWORD",
        "log in to your registered name",
        before_naming=True,
        of_store=True,
        is_secret=True,
        group=Group.NAME,
    ),
    Command(
        ("/password",),
        "PASSWORD",
        "change your password",
        Role.REGISTERED,
        of_store=True,
        is_secret=True,
        group=Group.NAME,
    ),
    Command(
        ("/unregister",),
        "PASSWORD",
        "delete your account and your private conversations",
        Role.REGISTERED,
        of_store=True,
        is_secret=True,
        group=Group.NAME,
    ),
    Command(
        ("/chat",),
        "[NAME]",
        "start a private conversation with a user; without NAME, return to the room",
        Role.REGISTERED,
        of_store=True,
        group=Group.PRIVATE,
    ),
    Command(("/room",), "", "return to the room: what you write is for all users", group=Group.PRIVATE),
    Command(("/msg",), "NAME TEXT", "send one private message", Role.REGISTERED, of_store=True, group=Group.PRIVATE),
    Command(
        ("/unread",),
        "",
        "show who has sent you private messages that you have not read",
        Role.REGISTERED,
        of_store=True,
        group=Group.PRIVATE,
    ),
    Command(
        ("/stats",),
        "",
        "count the messages of this private conversation",
        Role.REGISTERED,
        of_store=True,
        group=Group.PRIVATE,
    ),
    Command(("/kick",), "NAME", "remove a user for five minutes", Role.MODERATOR, of_store=True, group=Group.ORDER),
    Command(
        ("/ban",),
        "NAME|ADDRESS [DURATION]",
        "ban a user, or all guests from an address, for 30m, 12h or 7d, or permanently",
        Role.MODERATOR,
        of_store=True,
        group=Group.ORDER,
    ),
    Command(("/unban",), "NAME|ADDRESS", "lift a ban", Role.MODERATOR, of_store=True, group=Group.ORDER),
    Command(("/bans",), "", "list the bans", Role.MODERATOR, of_store=True, group=Group.ORDER),
    Command(
        ("/mute",),
        "NAME [DURATION]",
        "stop a user from writing in the room, for 30m, 12h or 7d, or permanently",
        Role.MODERATOR,
        of_store=True,
        group=Group.ORDER,
    ),
    Command(("/unmute",), "NAME", "lift a mute", Role.MODERATOR, of_store=True, group=Group.ORDER),
    Command(("/audit",), "", "show the last actions of moderators", Role.MODERATOR, of_store=True, group=Group.ORDER),
    Command(("/grant",), "NAME", "make a user a moderator", Role.ADMIN, of_store=True, group=Group.ORDER),
    Command(
        ("/revoke",), "NAME", "remove the moderator role from a user", Role.ADMIN, of_store=True, group=Group.ORDER
    ),
    Command(("/clear",), "", "clear the screen", of_client=True, group=Group.WINDOW),
    Command(("/ignore",), "NAME", "hide the messages of a user", of_client=True, group=Group.WINDOW),
    Command(("/unignore",), "NAME", "show the messages of a user again", of_client=True, group=Group.WINDOW),
    Command(("/bell",), "off|mentions|all", "choose when the bell rings", of_client=True, group=Group.WINDOW),
    Command(("/exit", "/quit"), "", "leave the chat", before_naming=True),
)

TURNING = ("/chat", "/room")
"""The commands after which what is said goes elsewhere."""

_COMMANDS = {name: command for command in COMMANDS for name in command.names}


def find_command(said: str) -> Command | None:
    """Return the command that a line begins with."""
    return _COMMANDS.get(word_of(said).lower())


def is_command(said: str) -> bool:
    """Tell whether a line is no message, whatever command it is."""
    return said.startswith("/") and not said.startswith("//")


def is_exit(said: str) -> bool:
    """Tell whether a line asks to leave, in every form of the chat."""
    return find_command(said) is _COMMANDS["/exit"]


def word_of(said: str) -> str:
    """Return the first word of a line; nothing if a blank comes before it."""
    return "" if not said or said[0].isspace() else said.split(maxsplit=1)[0]


def argument_of(said: str) -> str:
    """Return what follows the first word of a line; nothing if nothing of that is seen."""
    argument = said[len(word_of(said)) :].strip()
    return "" if is_blank(argument) else argument


def excerpt(text: str) -> str:
    """Return as much of what somebody wrote as an answer may repeat."""
    return text[:EXCERPT]
