"""`asyncchat filter`: its arguments, and the choice of the source."""

import argparse

from asyncchat.cli.arguments import Parser, checked
from asyncchat.system import stdio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncchat.store.archive import Archive
    from asyncchat.store.postgres.archive import PgArchive

DESCRIPTION = "Read a raw transcript and print its messages as NAME: TEXT, without joins and leaves."


def add_arguments(parser: Parser) -> None:
    """Add the arguments of `filter` to `parser`."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="a transcript; - or no argument: standard input")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a line is not a line of a transcript")
    parser.add_argument("--store", metavar="FILE|URL", help="print the conversation in this store instead")
    parser.add_argument("--room", metavar="#ROOM", help="print this room of the store, not the default one")
    parser.add_argument(
        "--since",
        type=checked(_moment),
        metavar="TIME",
        help="only messages from this time on, such as 2026-11-22 or 2026-11-22T21:40",
    )
    parser.add_argument("--until", type=checked(_moment), metavar="TIME", help="only messages before this time")


def _moment(text: str) -> int:
    from datetime import datetime

    try:
        return int(datetime.fromisoformat(text).astimezone().timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is not a time; write it as 2026-11-22 or 2026-11-22T21:40") from None


def run(options: argparse.Namespace) -> int:
    """Print the conversation; return the exit code. Raises ChatError."""
    import gc

    from asyncchat.conversation import run_filter

    if options.store:
        if options.files or options.strict:
            options.parser.error("--store reads no transcript: write no FILE, and no --strict")
        _print_store(options)
        return 0
    if options.since is not None or options.until is not None:
        options.parser.error("--since and --until go with --store only: a transcript has no times")
    if options.room:
        options.parser.error("--room goes with --store only: a transcript has the default room")
    gc.disable()  # there are millions of tuples, without cycles
    return run_filter(options.files, strict=options.strict)


def _open(store: str) -> "Archive | PgArchive":
    from asyncchat.cli.databases import is_url, load_postgres

    if is_url(store):
        load_postgres()
        from asyncchat.store.postgres import offline

        return offline.open_to_read(store)
    from asyncchat.store.archive import Archive
    from asyncchat.store.file import open_to_read

    return Archive(open_to_read(store))


def _print_store(options: argparse.Namespace) -> None:
    from asyncchat.formats import plain

    archive = _open(options.store)
    try:
        for messages in archive.messages(options.since, options.until, options.room or ""):
            stdio.write(plain.encode(messages))
    finally:
        archive.close()
