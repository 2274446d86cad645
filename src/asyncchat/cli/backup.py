"""`asyncchat backup`: its arguments."""

import argparse

from asyncchat.cli.arguments import Parser
from asyncchat.cli.databases import is_url
from asyncchat.errors import ChatError
from asyncchat.system import signals

DESCRIPTION = "Write a copy of a store, even while a server uses it. The copy is one file, readable only by its owner."


def add_arguments(parser: Parser) -> None:
    """Add the arguments of `backup` to `parser`."""
    parser.add_argument("--store", metavar="FILE", required=True, help="the store")
    parser.add_argument("target", metavar="COPY", help="file to write, which must not exist yet")


def run(options: argparse.Namespace) -> int:
    """Write the copy; return the exit code. Raises ChatError."""
    if is_url(options.store):
        raise ChatError("this copies files: use pg_dump for a database, also while servers use it")
    from asyncchat.store.offline.backup import back_up

    signals.exit_cleanly()
    back_up(options.store, options.target)
    return 0
