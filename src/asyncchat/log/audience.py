"""Who is told what happens in a room, in which format: each batch is encoded once for each of them."""

from collections.abc import Callable, Sequence
from typing import Protocol

from asyncchat.log.room_events import Event


class Writer(Protocol):
    """Whoever can be written to. No call waits, raises, or calls back."""

    def write(self, data: bytes) -> None:
        """Take `data` for sending."""
        ...


class Peer(Writer, Protocol):
    """The other end of a connection."""

    def close(self) -> None:
        """Send what was written so far, then end the connection."""
        ...


Encoder = Callable[[Sequence[Event]], bytes]
"""A wire format: turns a batch of events into what is written to each peer that speaks it, or into nothing."""


class Audience:
    """The peers that get what happens: members, who are found by their numbers, and others."""

    def __init__(self) -> None:
        self._peers: dict[Encoder, dict[Writer, None]] = {}
        self._members: dict[int, tuple[Encoder, Writer]] = {}

    def attach(self, peer: Writer, encode: Encoder) -> None:
        """Let `peer` have all that happens from now on, in the format of `encode`, without being a member."""
        self._peers.setdefault(encode, {})[peer] = None

    def add(self, member: int, peer: Writer, encode: Encoder) -> None:
        """Let a member have all that happens from now on."""
        self._members[member] = encode, peer
        self.attach(peer, encode)

    def remove(self, member: int) -> None:
        """Tell a member nothing more."""
        if found := self._members.pop(member, None):
            encode, peer = found
            del self._peers[encode][peer]

    def write(self, events: Sequence[Event]) -> None:
        """Tell all what has happened."""
        for encode, peers in self._peers.items():
            if peers and (data := encode(events)):
                for peer in peers:
                    peer.write(data)
