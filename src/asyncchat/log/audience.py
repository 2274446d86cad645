"""Sends the events of rooms to their peers; each batch is encoded once for each wire format."""

from collections.abc import Sequence
from typing import Protocol

from asyncchat.log.room_events import Event


class Writer(Protocol):
    """Takes bytes. No call waits, raises, or calls back."""

    def write(self, data: bytes) -> None:
        """Take `data` for sending."""
        ...


class Peer(Writer, Protocol):
    """The other end of a connection."""

    def close(self) -> None:
        """Send what was written so far, then end the connection."""
        ...


class Encoder(Protocol):
    """A wire format: turns a batch of events into the bytes for each peer that speaks it; empty if it has none of them.

    `room`: the one that they are from, as JSON events name it: empty, or # and its name.
    """

    def __call__(self, events: Sequence[Event], room: str = "", /) -> bytes:
        """Return the bytes for a batch of events."""
        ...


class Audience:
    """The peers that get the events of rooms, given by their keys: members, found by their numbers, and observers."""

    def __init__(self) -> None:
        self._rooms: dict[str, dict[Encoder, dict[Writer, None]]] = {}
        self._members: dict[int, tuple[Encoder, Writer, tuple[str, ...]]] = {}
        self._observers: list[tuple[Writer, Encoder]] = []
        self.written = 0  # bytes, to all peers together

    def attach(self, peer: Writer, encode: Encoder, room: str = "") -> None:
        """Send all events of a room to `peer` from now on, in the format of `encode`; it is not a member."""
        self._rooms.setdefault(room, {}).setdefault(encode, {})[peer] = None

    def observe(self, peer: Writer, encode: Encoder) -> None:
        """Send all events of all rooms to `peer` from now on."""
        self._observers.append((peer, encode))

    def add(self, member: int, peer: Writer, encode: Encoder, rooms: tuple[str, ...] = ("",)) -> None:
        """Send all events of its rooms to a member from now on."""
        self._members[member] = encode, peer, rooms
        for room in rooms:
            self.attach(peer, encode, room)

    def enter(self, member: int, room: str, known: tuple[str, ...] = ()) -> None:
        """Send all events of a room to a member, too, from now on; `known`: perhaps the same rooms, to save memory."""
        encode, peer, rooms = self._members[member]
        if room not in rooms:
            rooms = (*rooms, room)
            self._members[member] = encode, peer, known if known == rooms else rooms
            self.attach(peer, encode, room)

    def leave(self, member: int, room: str) -> None:
        """Stop sending the events of a room to a member."""
        encode, peer, rooms = self._members[member]
        if room in rooms:
            self._members[member] = encode, peer, tuple(other for other in rooms if other != room)
            self._detach(peer, encode, room)

    def rooms_of(self, member: int) -> tuple[str, ...]:
        """Return the keys of the rooms whose events are sent to a member."""
        return self._members[member][2] if member in self._members else ()

    def remove(self, member: int) -> None:
        """Stop sending to a member."""
        if found := self._members.pop(member, None):
            encode, peer, rooms = found
            for room in rooms:
                self._detach(peer, encode, room)

    def _detach(self, peer: Writer, encode: Encoder, room: str) -> None:
        peers = self._rooms[room][encode]
        del peers[peer]
        if room and not peers:
            del self._rooms[room][encode]
            if not self._rooms[room]:
                del self._rooms[room]

    def write(
        self, events: Sequence[Event], room: str = "", conversation: str = "", *, is_private: bool = False
    ) -> None:
        """Send the events of a room to its peers; observers don't get those of a private room."""
        for encode, peers in self._rooms.get(room, {}).items():
            if peers and (data := encode(events, conversation)):
                self.written += len(data) * len(peers)
                for peer in peers:
                    peer.write(data)
        for peer, encode in () if is_private else self._observers:
            if data := encode(events, conversation):
                peer.write(data)
