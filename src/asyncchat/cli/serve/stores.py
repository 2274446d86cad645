"""Opens the store that `serve` is given: a file, or a database."""

import argparse
from typing import TYPE_CHECKING

from asyncchat.cli.databases import is_url, load_postgres
from asyncchat.errors import ChatError
from asyncchat.limits import Limits

if TYPE_CHECKING:
    from asyncchat.store import Store
    from asyncchat.store.postgres import PgStore


def open_store(options: argparse.Namespace, limits: Limits) -> "Store | PgStore":
    """Return the store. Raises ChatError."""
    if is_url(options.store):
        return _open_database(options, limits)
    from asyncchat.cli.admin import admin_password
    from asyncchat.store import Retention, Store
    from asyncchat.system.daemon_executor import DaemonExecutor

    def opened() -> Store:
        return Store(
            options.store,
            durability=options.durability or "normal",
            keep=Retention(**(options.keep or {})),
            recent=max(limits.history, limits.replay),
            trust_clock=options.trust_clock,
            patience=limits.search_timeout,
            admin_password=lambda kept: admin_password(options.admin_password_file, kept),
        )

    # SQLite may take long to open a large file, and a thread handles no signal meanwhile: so another thread opens it.
    store: Store = DaemonExecutor("store").submit(opened).result()
    return store


def check_default_room(store: "Store | PgStore", wanted: str) -> None:
    """Raise ChatError if a room in the store has the name that is `wanted` for the default room, or a similar one."""
    from asyncchat.text.confusables import looks_of
    from asyncchat.text.usernames import Name, parse_name

    looks = set(looks_of(parse_name(wanted)))
    for key, room in store.rooms:
        if not looks.isdisjoint(looks_of(Name(room.shown[1:], key))):
            raise ChatError(
                f"the default room can't be #{wanted}: the store has another room, {room.shown}. Give --room another"
                " name."
            )


def _open_database(options: argparse.Namespace, limits: Limits) -> "PgStore":
    load_postgres()
    from asyncchat.cli.admin import admin_password
    from asyncchat.store import Retention
    from asyncchat.store.postgres import PgStore

    return PgStore(
        options.store,
        keep=Retention(**(options.keep or {})),
        recent=max(limits.history, limits.replay),
        patience=limits.search_timeout,
        admin_password=lambda kept: admin_password(options.admin_password_file, kept),
    )
