"""`asyncchat admin`: its arguments, and the question for a password."""

import argparse
from typing import TYPE_CHECKING

from asyncchat.cli.arguments import Parser
from asyncchat.errors import ChatError
from asyncchat.system import password_prompt, signals, stdio

if TYPE_CHECKING:
    from asyncchat.text.usernames import Name

DESCRIPTION = "Show or change the accounts in a store. Stop the server before you change them."

_ACTIONS = {
    "list": "show accounts, bans and mutes (also while a server runs)",
    "reset-password": "set a new password for NAME: you are asked for it, or it is the first line of standard input",
    "grant": "make NAME a moderator",
    "revoke": "remove the moderator role from NAME",
    "unban": "lift the ban of NAME",
}


def add_arguments(parser: Parser) -> None:
    """Add the arguments of `admin` to `parser`."""
    parser.add_argument("--store", metavar="FILE", required=True, help="the store")
    explained = "; ".join(f"{action}: {what}" for action, what in _ACTIONS.items())
    parser.add_argument("action", metavar="ACTION", choices=_ACTIONS, help=explained)
    parser.add_argument("name", metavar="NAME", nargs="?", help="the user whose account or ban it is")


def run(options: argparse.Namespace) -> int:
    """Run the action; return the exit code. Raises ChatError."""
    if options.action == "list" and options.name:
        options.parser.error("list takes no NAME")
    if options.action != "list" and not options.name:
        options.parser.error(f"write whom: {options.action} NAME")
    signals.exit_cleanly()
    from asyncchat.store.offline.admin import people_in

    lines = people_in(options.store) if options.action == "list" else [_change(options)]
    stdio.write("".join(f"{line}\n" for line in lines).encode())
    return 0


def _change(options: argparse.Namespace) -> str:
    """Change an account; return the line to print."""
    from asyncchat.store.file import InUse
    from asyncchat.store.offline.admin import operating

    try:
        with operating(options.store) as operator:
            match options.action:
                case "grant":
                    return operator.grant(options.name)
                case "revoke":
                    return operator.revoke(options.name)
                case "unban":
                    return operator.unban(options.name)
                case _:
                    return operator.reset_password(options.name, _ask_password)
    except InUse:
        there = "" if options.action == "reset-password" else f", or write /{options.action} NAME there, as admin"
        raise ChatError(f"a server uses {options.store} and has its accounts in memory: stop it first{there}") from None


def _ask_password(name: "Name") -> str:
    """Return the hash of a new password; at a terminal it must be typed twice."""
    from asyncchat.chat.requests.credentials import new_password
    from asyncchat.errors import Refusal
    from asyncchat.log.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD
    from asyncchat.system.password_hash import hashed

    given = password_prompt.ask_unseen(f"new password of {name.shown}: ")
    try:
        password = new_password(name, given)
    except Refusal as refusal:
        limits = f"It needs {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; nothing is changed."
        raise ChatError(f"{refusal} {limits}") from None
    if stdio.is_interactive() and password_prompt.ask_unseen("the same again: ") != given:
        raise ChatError("these are two different passwords: nothing is changed")
    return hashed(password)
