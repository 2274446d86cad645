"""How a peer speaks to each kind of server: joining, saying something, and what a message looks like."""

import re
from typing import NamedTuple

NAME = b"NAME"


class Wire(NamedTuple):
    """A protocol, seen from a peer; `NAME` in what it sends stands for its name.

    first: what a peer sends as soon as it is connected
    steps: what a peer waits for, and what it then sends; it has joined when it has been through all of them
    say: what comes before a text in a line that a peer sends
    shown: what comes before a text in a line that a peer gets, as a pattern
    end: what ends a line, in both directions
    echo: whether a sender gets its own messages
    """

    first: bytes
    steps: tuple[tuple[bytes, bytes], ...]
    say: bytes
    shown: bytes
    end: bytes
    echo: bool

    def pattern(self, size: int) -> re.Pattern[bytes]:
        """Return the pattern of a whole line with a text of `size` bytes; its groups are the sender and the number."""
        return re.compile(
            self.shown + rb"(\d{%d})\.(\d{%d}) x{%d}" % (_SENDER, _NUMBER, size - _HEAD) + re.escape(self.end)
        )

    def line(self, sender: int, number: int, size: int) -> bytes:
        """Return what `sender` sends to say its message `number`."""
        return b"%b%0*d.%0*d %b%b" % (self.say, _SENDER, sender, _NUMBER, number, b"x" * (size - _HEAD), self.end)


_SENDER, _NUMBER = 2, 8
_HEAD = _SENDER + _NUMBER + 2

CHAT = Wire(
    first=b"",
    # The command that nobody knows is answered to its sender alone, so that each peer learns when it has joined.
    steps=((b"write your name\n", b"NAME\n/ready\n"), (b"/ready", b"")),
    say=b"",
    shown=rb"p\d{5}: ",
    end=b"\n",
    echo=True,
)
IRC = Wire(
    first=b"NICK NAME\r\nUSER NAME 0 * :NAME\r\n",
    steps=((b" 001 ", b"JOIN #bench\r\n"), (b" 366 ", b"")),
    say=b"PRIVMSG #bench :",
    shown=rb":p\d{5}!\S+ PRIVMSG #bench :",
    end=b"\r\n",
    echo=False,
)
NCAT = Wire(
    first=b"",
    steps=((b"is connected as", b""),),
    say=b"",
    # One name for all that is read at once, not for each line.
    shown=rb"(?:<user\d+> )?",
    end=b"\n",
    echo=False,
)
