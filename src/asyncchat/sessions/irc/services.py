"""Passwords for the services of other IRC networks, NickServ above all, of which there are none here."""

import re

from asyncchat.formats.irc.lines import Line
from asyncchat.formats.irc.network import SERVICES
from asyncchat.sessions.irc.session import IrcSession, handles
from asyncchat.text.irc import answers
from asyncchat.text.usernames import SERVER

_TO_ONE = r"(?:msg|query|notice|privmsg|quote|raw)\s+"
_SERVICE = r"(?:nickserv|chanserv|ns|cs)\s+:?"
_WITH_PASSWORD = r"(?:identify|id|login|auth|register|set|ghost|regain|recover|release|passwd|password|drop)\s"
_MEANT = re.compile(
    r"\s*(?:/me\s+|/(?=/))?(?:"
    r"/(?:nickserv|chanserv|ns|cs|identify|id|ghost|regain|oper|pass|quote|raw)\s+\S"  # no commands of the client
    rf"|(?:{_TO_ONE})?{_SERVICE}{_WITH_PASSWORD}\s*\S+(?:\s+\S+)?\s*$"  # more words than that are a sentence
    r")",
    re.IGNORECASE,
)


def is_for_services(text: str) -> bool:
    """Tell whether a text was probably meant for services, with a password, and must not be shown."""
    return _MEANT.match(text) is not None


def is_service(target: str) -> bool:
    """Tell whether a message is for services."""
    return target.partition("@")[0].lower() in SERVICES


@handles("NICKSERV", "CHANSERV", "NS", "CS", "IDENTIFY")
def tell_way(session: IrcSession, line: Line) -> None:
    """Tell that there are no services, and how one logs in."""
    asked = line.param(0) if line.command == "PRIVMSG" else line.command
    session.output.numeric(401, asked, answers.NO_NICK)
    session.output.notice(answers.no_services(SERVER.shown))
