"""asyncchat: a group chat for people who live in terminals.

cli/       the command line; the only package that knows all the others
ui/        the client for people at a terminal
aio/       the room's server and the clients, on asyncio; `connect` is the one for programs
threads/   the two-way line, the server and the client on threads
store/     the chat in a file: SQLite
sessions/  one connection to the server: lines in, commands and messages out; like all below, without any I/O
client/    the client's side of a connection
commands/  the table of commands, and what each of them does
formats/   what is sent over a connection: plain text and JSON events
chat/      what all connections to a server share: users, sessions that can be resumed, limits
log/       the entries that change the chat, and the state that applying them gives
text/      lines, names and passwords
system/    streams, signals, sockets, the clock: what the operating system gives
"""

from asyncchat.errors import ChatError

TYPE_CHECKING = False  # as typing has it, which takes longer to load than all that `asyncchat filter` needs
if TYPE_CHECKING:
    from typing import Any

    from asyncchat.aio.chat import Chat, connect
    from asyncchat.aio.event_queue import Disconnected, Event
    from asyncchat.errors import Refusal
    from asyncchat.formats import events
    from asyncchat.text.usernames import NameRefused

__version__ = "0.1.0"

__all__ = ["Chat", "ChatError", "Disconnected", "Event", "NameRefused", "Refusal", "connect", "events"]

_HOMES = {
    "Chat": "asyncchat.aio.chat",
    "Disconnected": "asyncchat.aio.event_queue",
    "Event": "asyncchat.aio.event_queue",
    "NameRefused": "asyncchat.text.usernames",
    "Refusal": "asyncchat.errors",
    "connect": "asyncchat.aio.chat",
}


def __getattr__(name: str) -> "Any":
    # Imported when it is asked for: what `asyncchat filter` and `--help` don't need, they don't wait for.
    import importlib

    if name == "events":
        return importlib.import_module("asyncchat.formats.events")
    if home := _HOMES.get(name):
        return getattr(importlib.import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
