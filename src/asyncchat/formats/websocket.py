"""JSON events in WebSocket frames (RFC 6455): a text frame holds one or more whole lines."""

from collections.abc import Iterable

from asyncchat.formats import codec
from asyncchat.formats.json_output import JsonOutput
from asyncchat.log.room_events import Event

MOST_IN_A_FRAME = 1 << 16
"""Bytes in a frame with more than one line: clients limit what they take."""

_TEXT = b"\x81"  # the last frame of a text message; a server's frames are not masked
_SHORT, _MEDIUM = 126, 1 << 16


def frames(lines: bytes) -> bytes:
    """Return `lines` in text frames; no frame if there are none."""
    framed = []
    while len(lines) > MOST_IN_A_FRAME:
        end = lines.rfind(b"\n", 0, MOST_IN_A_FRAME) + 1 or lines.find(b"\n") + 1
        framed.append(_frame(lines[:end]))
        lines = lines[end:]
    if lines:
        framed.append(_frame(lines))
    return b"".join(framed)


def _frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < _SHORT:
        return b"%b%c%b" % (_TEXT, size, payload)
    if size < _MEDIUM:
        return b"%b\x7e%b%b" % (_TEXT, size.to_bytes(2), payload)
    return b"%b\x7f%b%b" % (_TEXT, size.to_bytes(8), payload)


def conversation(batch: Iterable[Event], room: str = "") -> bytes:
    """Return the events of a room in `batch`, in frames: once for all peers, like every format."""
    return frames(codec.conversation(batch, room))


class WebSocketOutput(JsonOutput):
    """Tells a peer at a WebSocket."""

    __slots__ = ()

    client = "WebSocket"
    encode = staticmethod(conversation)

    def send(self, lines: bytes) -> None:
        """Send `lines` in frames."""
        self.peer.write(frames(lines))
