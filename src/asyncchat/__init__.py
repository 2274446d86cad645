"""asyncchat: a group chat for people who live in terminals.

chat/          the conversation itself: lines, names, room, sessions; knows no I/O
aio/           the room's server and the client, on asyncio
threads/       the two-way line, the server and the client on threads
transcript.py  the raw transcript, and the filter that reads it
terminal.py    standard input and output, as bytes
outlet.py      output that nobody waits for
addresses.py   HOST:PORT, and the sockets behind it
limits.py      how much of anything a peer may have
errors.py      what a person is told when something can't be done
cli.py         the command line; the only module that knows all the others
"""

__version__ = "0.1.0"
