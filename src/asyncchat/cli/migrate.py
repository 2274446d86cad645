"""`asyncchat migrate`: its arguments."""

import argparse

from asyncchat.cli.arguments import Parser
from asyncchat.cli.databases import is_url, load_postgres
from asyncchat.system import signals, stdio

DESCRIPTION = (
    "Move a store from a file into a PostgreSQL database, which several servers can share. Stop the server before. The"
    " file stays as it is; a move that was broken off can be begun again."
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of `migrate` to `parser`."""
    parser.add_argument("store", metavar="FILE", help="the store")
    parser.add_argument("url", metavar="URL", help="the database, postgresql://…, that no server has used yet")


def run(options: argparse.Namespace) -> int:
    """Move the store; return the exit code. Raises ChatError."""
    if is_url(options.store) or not is_url(options.url):
        options.parser.error("write the file first, then the URL of the database: postgresql://USER@HOST/DATABASE")
    load_postgres()
    from asyncchat.store.postgres.migration import move

    signals.exit_cleanly()
    move(options.store, options.url, lambda table, rows: stdio.write(f"{table}: {rows}\n".encode()))
    return 0
