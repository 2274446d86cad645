"""asyncchat: a group chat for people who live in terminals.

chat/          the conversation itself: lines, names, room, sessions; knows no I/O
aio/           the room's server and the clients, on asyncio; `connect` is the one for programs
ui/            the client that a person sees on a terminal
store/         the conversation, and whose names are whose, in a file
threads/       the two-way line, the server and the client on threads
transcript.py  the raw transcript, and conversation.py, the filter that reads it
terminal.py    standard input and output, as bytes
asking.py      passwords that a person or a file is asked for
passwords.py   what is kept of a password
outlet.py      output that nobody waits for
addresses.py   HOST:PORT, and the sockets behind it
signals.py     the signals by which a program is asked to end
limits.py      how much of anything a peer may have
errors.py      what a person is told when something can't be done
cli/           the command line; the only package that knows all the others
"""

from asyncchat.errors import ChatError

TYPE_CHECKING = False  # as typing has it, which takes longer to load than all that `asyncchat filter` needs
if TYPE_CHECKING:
    from typing import Any

    from asyncchat.aio.chat import Chat, connect
    from asyncchat.aio.event_queue import Disconnected, Event
    from asyncchat.chat import events
    from asyncchat.chat.names import NameRefused
    from asyncchat.chat.refusal import Refusal

__version__ = "0.1.0"

__all__ = ["Chat", "ChatError", "Disconnected", "Event", "NameRefused", "Refusal", "connect", "events"]

_HOMES = {
    "Chat": "asyncchat.aio.chat",
    "Disconnected": "asyncchat.aio.event_queue",
    "Event": "asyncchat.aio.event_queue",
    "NameRefused": "asyncchat.chat.names",
    "Refusal": "asyncchat.chat.refusal",
    "connect": "asyncchat.aio.chat",
}


def __getattr__(name: str) -> "Any":
    # Imported when it is asked for: what `asyncchat filter` and `--help` don't need, they don't wait for.
    import importlib

    if name == "events":
        return importlib.import_module("asyncchat.chat.events")
    if home := _HOMES.get(name):
        return getattr(importlib.import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
