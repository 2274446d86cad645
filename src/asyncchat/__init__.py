"""asyncchat: a group chat for people who live in terminals.

cli/       the command line; the only package that knows all the others
ui/        the client for people at a terminal
api/       the client for programs: what is imported from here
aio/       the room's server and the clients, on asyncio
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

TYPE_CHECKING = False  # as typing has it, which takes longer to load than all that `asyncchat filter` needs
if TYPE_CHECKING:
    from typing import Any

    from asyncchat import events
    from asyncchat.api.chat import Chat
    from asyncchat.api.connecting import Connecting, connect
    from asyncchat.errors import ChatClosed, ConnectError, Error, InvalidAddress, Refusal, UsageError
    from asyncchat.events import Disconnected, Event, Message
    from asyncchat.text.usernames import NameRefused, PasswordNeeded

__version__ = "0.1.0"

__all__ = [
    "Chat",
    "ChatClosed",
    "ConnectError",
    "Connecting",
    "Disconnected",
    "Error",
    "Event",
    "InvalidAddress",
    "Message",
    "NameRefused",
    "PasswordNeeded",
    "Refusal",
    "UsageError",
    "connect",
    "events",
]

_HOMES = {
    "Chat": "api.chat",
    "ChatClosed": "errors",
    "ConnectError": "errors",
    "Connecting": "api.connecting",
    "Disconnected": "events",
    "Error": "errors",
    "Event": "events",
    "InvalidAddress": "errors",
    "Message": "events",
    "NameRefused": "text.usernames",
    "PasswordNeeded": "text.usernames",
    "Refusal": "errors",
    "UsageError": "errors",
    "connect": "api.connecting",
}


def __getattr__(name: str) -> "Any":
    # Imported when it is asked for: what `asyncchat filter` and `--help` don't need, they don't wait for.
    import importlib

    if name == "events":
        return importlib.import_module("asyncchat.events")
    if home := _HOMES.get(name):
        return getattr(importlib.import_module(f"asyncchat.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__} - {"TYPE_CHECKING"})
