"""How a peer speaks to each kind of server: joining, saying something, and what a message looks like."""

import re
from collections.abc import Callable
from typing import NamedTuple

NAME = b"NAME"


class Wire(NamedTuple):
    """A protocol, seen from a peer; `NAME` in what it sends stands for its name.

    first: what a peer sends as soon as it is connected
    steps: what a peer waits for, and what it then sends; it has joined when it has been through all of them
    say: makes what a peer sends to say a text, which is the peer's message with a number, from 1 on
    shown: what comes before a text in a line that a peer gets, as a pattern
    end: what comes after it
    echo: whether a sender gets its own messages
    acks: whether a sender gets more than the others, so that what it gets can't be compared
    """

    first: bytes
    steps: tuple[tuple[bytes, bytes], ...]
    say: Callable[[bytes, int], bytes]
    shown: bytes
    end: bytes
    echo: bool
    acks: bool = False

    def pattern(self, size: int) -> re.Pattern[bytes]:
        """Return the pattern of a whole line with a text of `size` bytes; its groups are the sender and the number."""
        text = rb"(\d{%d})\.(\d{%d}) x{%d}" % (_SENDER, _NUMBER, size - _HEAD)
        return re.compile(self.shown + text + re.escape(self.end), re.DOTALL)

    def line(self, sender: int, number: int, size: int) -> bytes:
        """Return what `sender` sends to say its message `number`."""
        # One message was said before: the word with which a crowd settles.
        return self.say(b"%0*d.%0*d %b" % (_SENDER, sender, _NUMBER, number, b"x" * (size - _HEAD)), number + 2)


def _json(text: bytes, number: int) -> bytes:
    return b'{"type":"say","id":%d,"text":"%b"}\n' % (number, text)


def _frame(payload: bytes) -> bytes:
    """Return a client's text frame, masked with zeros."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2)
    return b"\x81" + length + bytes(4) + payload


_SENDER, _NUMBER = 2, 8
_HEAD = _SENDER + _NUMBER + 2

CHAT = Wire(
    first=b"",
    # The command that nobody knows is answered to its sender alone, so that each peer learns when it has joined.
    steps=((b"write your name\n", b"NAME\n/ready\n"), (b"/ready", b"")),
    say=lambda text, _: text + b"\n",
    shown=rb"p\d{5}: ",
    end=b"\n",
    echo=True,
)
IRC = Wire(
    first=b"NICK NAME\r\nUSER NAME 0 * :NAME\r\n",
    steps=((b" 001 ", b"JOIN #bench\r\n"), (b" 366 ", b"")),
    say=lambda text, _: b"PRIVMSG #bench :%b\r\n" % text,
    shown=rb":p\d{5}!\S+ PRIVMSG #bench :",
    end=b"\r\n",
    echo=False,
)
NCAT = Wire(
    first=b"",
    steps=((b"is connected as", b""),),
    say=lambda text, _: text + b"\n",
    # One name for all that is read at once, not for each line.
    shown=rb"(?:<user\d+> )?",
    end=b"\n",
    echo=False,
)

_HELLO = b'{"type":"hello","v":1,"name":"NAME","history":0}\n'
_MESSAGE = rb'\{"type":"message","seq":\d+,"time":"[^"]+","from":"p\d{5}","text":"'
_MEMBERS = rb'\{"type":"members","members":\d+\}\n'
_FRAMED = rb"(?:\x81(?:\x7e..|\x7f.{8}|[\x00-\x7d]))"
JSON = Wire(
    first=_HELLO,
    steps=((b'{"type":"welcome"', b""),),
    say=_json,
    shown=rb"(?:%b)*%b" % (_MEMBERS, _MESSAGE),
    end=b'"}\n',
    echo=False,
    acks=True,
)
_FRAMED_HELLO = _frame(_HELLO + b"  ")[:-2]  # a name is two bytes longer than NAME
WEBSOCKET = JSON._replace(
    first=b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n" + _FRAMED_HELLO,
    say=lambda text, number: _frame(_json(text, number)),
    # Where a batch begins, so does a frame.
    shown=rb"(?:%b?%b)*%b?%b" % (_FRAMED, _MEMBERS, _FRAMED, _MESSAGE),
)
