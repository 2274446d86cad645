"""The tests of the pure core, and the peers that they look at it with."""

from asyncchat.chat.lines import LineDecoder
from asyncchat.chat.room import Room
from asyncchat.chat.session import Session


class Peer:
    """Remembers what it is written, and whether it is closed; to write to it after that is an error."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written.append(data)

    def close(self) -> None:
        assert not self.closed
        self.closed = True

    def take(self) -> bytes:
        """Return what was written since the last call."""
        data = b"".join(self.written)
        self.written.clear()
        return data


class Person:
    """Somebody who is connected to `room`: what they send is decoded, handled and committed at once."""

    def __init__(self, room: Room, limit: int = 4096) -> None:
        self.room = room
        self.peer = Peer()
        self.session = Session(room, self.peer)
        self._decoder = LineDecoder(limit)

    def send(self, data: bytes | str) -> None:
        """Send `data` to the server."""
        self.session.receive(self._decoder.feed(data.encode() if isinstance(data, str) else data))
        self.room.commit()

    def hang_up(self) -> None:
        """Send no more."""
        self.session.end(unfinished=self._decoder.unfinished)
        self.room.commit()

    def hear(self) -> list[str]:
        """Return the lines that the server has sent since the last call."""
        return self.peer.take().decode().split("\n")[:-1]
