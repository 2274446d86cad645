"""Sends the events of a room to its peers; each batch is encoded once for each wire format."""

from collections.abc import Callable, Sequence
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


Encoder = Callable[[Sequence[Event]], bytes]
"""A wire format: turns a batch of events into the bytes for each peer that speaks it; empty if it has none of them."""


class Audience:
    """The peers that get the events of a room: members, which are found by their numbers, and other observers."""

    def __init__(self) -> None:
        self._peers: dict[Encoder, dict[Writer, None]] = {}
        self._members: dict[int, tuple[Encoder, Writer]] = {}

    def attach(self, peer: Writer, encode: Encoder) -> None:
        """Send all events to `peer` from now on, in the format of `encode`; it is not a member."""
        self._peers.setdefault(encode, {})[peer] = None

    def add(self, member: int, peer: Writer, encode: Encoder) -> None:
        """Send all events to a member from now on."""
        self._members[member] = encode, peer
        self.attach(peer, encode)

    def remove(self, member: int) -> None:
        """Stop sending to a member."""
        if found := self._members.pop(member, None):
            encode, peer = found
            del self._peers[encode][peer]

    def write(self, events: Sequence[Event]) -> None:
        """Send events to all peers."""
        for encode, peers in self._peers.items():
            if peers and (data := encode(events)):
                for peer in peers:
                    peer.write(data)
