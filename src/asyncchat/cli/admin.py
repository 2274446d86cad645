"""`asyncchat admin`: its arguments, and the question for a password."""

import argparse
import os
from typing import TYPE_CHECKING

from asyncchat.cli.arguments import Parser
from asyncchat.cli.databases import is_url, load_postgres
from asyncchat.errors import ChatError
from asyncchat.system import password_prompt, signals, stdio

if TYPE_CHECKING:
    from types import ModuleType

    from asyncchat.text.usernames import Name

DESCRIPTION = (
    "Show or change the accounts in a store. Stop the server before you change them in a file; servers with a database"
    " are told."
)

_ACTIONS = {
    "list": "show accounts, bans and mutes (also while a server runs)",
    "reset-password": "set a new password for NAME: you are asked for it, or it is the first line of standard input",
    "grant": "make NAME a moderator",
    "revoke": "remove the moderator role from NAME",
    "unban": "lift the ban of NAME",
}


def add_arguments(parser: Parser) -> None:
    """Add the arguments of `admin` to `parser`."""
    parser.add_argument("--store", metavar="FILE|URL", required=True, help="the store")
    explained = "; ".join(f"{action}: {what}" for action, what in _ACTIONS.items())
    parser.add_argument("action", metavar="ACTION", choices=_ACTIONS, help=explained)
    parser.add_argument("name", metavar="NAME", nargs="?", help="the user whose account or ban it is")


def run(options: argparse.Namespace) -> int:
    """Run the action; return the exit code. Raises ChatError."""
    if options.action == "list" and options.name:
        options.parser.error("list takes no NAME")
    if options.action != "list" and not options.name:
        options.parser.error(f"the name is missing: write {options.action} NAME")
    signals.exit_cleanly()
    lines = _offline(options.store).people_in(options.store) if options.action == "list" else [_change(options)]
    stdio.write("".join(f"{line}\n" for line in lines).encode())
    return 0


def _offline(store: str) -> "ModuleType":
    """Return what works on a store of this kind. Raises ChatError."""
    if is_url(store):
        load_postgres()
        from asyncchat.store.postgres import offline

        return offline
    from asyncchat.store.offline import admin

    return admin


def _change(options: argparse.Namespace) -> str:
    """Change an account; return the line to print."""
    from asyncchat.store.file import InUse

    try:
        with _offline(options.store).operating(options.store) as operator:
            match options.action:
                case "grant":
                    said: str = operator.grant(options.name)
                case "revoke":
                    said = operator.revoke(options.name)
                case "unban":
                    said = operator.unban(options.name)
                case _:
                    said = operator.reset_password(options.name, _ask_password)
    except InUse:
        there = "" if options.action == "reset-password" else f", or write /{options.action} NAME there, as admin"
        raise ChatError(f"a server uses {options.store} and has its accounts in memory: stop it first{there}") from None
    return said


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


def admin_password(file: str | None, kept: str | None) -> str | None:
    """Return the hash of the admin's new password; None to keep the old one, of which `kept` is the hash.

    file: in which it is; without it, it is in the environment, or made
    """
    if file:
        given, where = password_prompt.read_secret(file), file
    else:
        given, where = os.environ.get("ASYNCCHAT_ADMIN_PASSWORD", ""), "ASYNCCHAT_ADMIN_PASSWORD"
        if not given and kept:
            return None
    from asyncchat.chat.requests.credentials import password
    from asyncchat.errors import Refusal
    from asyncchat.log.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD
    from asyncchat.system.password_hash import hashed, is_right

    if not given and where == "ASYNCCHAT_ADMIN_PASSWORD":
        return hashed(_make_admin_password())
    try:
        wanted = password(given)
    except Refusal as refusal:
        raise ChatError(f"{where}: {refusal} It needs {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.") from None
    return None if kept and is_right(wanted, kept) else hashed(wanted)


def _make_admin_password() -> str:
    """Return a new password for the admin, and print it."""
    import secrets

    made = secrets.token_urlsafe(12)
    said = f"the account admin is made, its password is {made} (write it down: it is shown only now)"
    stdio.report(said, patience=None)
    return made
