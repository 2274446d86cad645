"""A crowd that connects to a server and joins it, each peer as soon as the server lets it."""

import select
import socket
import ssl
import time

from bench.machine import Failed
from bench.targets import Server
from bench.tls_socket import wrap

_TAIL = 512
_COUNTED = 1.5
"""Seconds after which everybody knows how many peers there are, where that is told."""


class Peer:
    """One connection. `index` makes its name."""

    __slots__ = ("index", "message", "name", "own", "position", "sock", "step", "tail")

    def __init__(self, index: int, sock: socket.socket) -> None:
        self.index = index
        self.name = b"p%05d" % index
        self.sock = sock
        self.step = 0
        self.tail = b""
        self.position = 0
        """How far in the stream of messages it is."""
        self.message = 0
        """How many messages it has got, where that is measured."""
        self.own: bytearray | None = None
        """What it got, if it gets another stream than all others."""


class Crowd:
    """The peers of one server; closes them all at the end of a `with`.

    addresses: of the loopback network, from which the peers connect
    first: the number in the name of the first peer
    """

    def __init__(self, server: Server, addresses: int = 1, first: int = 0) -> None:
        self.server = server
        self._addresses = addresses
        self._first = first
        self.wire = server.wire
        self.peers: list[Peer] = []
        self.by_descriptor: dict[int, Peer] = {}
        self.epoll = select.epoll()

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *_: object) -> None:
        for peer in self.peers:
            peer.sock.close()
        self.epoll.close()

    def join(self, count: int, seconds: float = 60) -> None:
        """Let `count` more peers join, and wait until they have."""
        deadline = time.monotonic() + seconds
        wanted = len(self.peers) + count
        joined = len(self.peers)
        while joined < wanted:
            while len(self.peers) < min(wanted, joined + self.server.window):
                self._connect()
            for descriptor, _ in self.epoll.poll(1):
                joined += self._advance(self.by_descriptor[descriptor])
            if time.monotonic() > deadline:
                raise Failed(f"only {joined} of {wanted} peers had joined after {seconds:.0f} s")

    def settle(self, seconds: float = 60) -> None:
        """Wait until everybody has everything that the joining made the server say."""
        while self.wire.acks and (ready := self.epoll.poll(_COUNTED)):
            for descriptor, _ in ready:
                self._advance(self.by_descriptor[descriptor])
        # What two peers say comes after all that; two, for not every server repeats to a peer what it says itself.
        # A sender whom nobody compares hears enough of others later.
        words = [(self.peers[0], b"the first word"), (self.peers[-1], b"the second word")]
        for speaker, text in words[:1] if self.wire.acks else words:
            hearers = [peer for peer in self.peers if self.wire.echo or peer is not speaker]
            self._say(speaker, text, hearers, seconds)
        for peer in self.peers:
            peer.tail = b""

    def _say(self, speaker: Peer, text: bytes, hearers: list[Peer], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        line = text + self.wire.end
        speaker.sock.send(self.wire.say(text, 1))
        while hearers := [peer for peer in hearers if not peer.tail.endswith(line)]:
            for descriptor, _ in self.epoll.poll(1):
                self._advance(self.by_descriptor[descriptor])
            if time.monotonic() > deadline:
                raise Failed(f"{len(hearers)} peers had not heard {text!r} after {seconds:.0f} s")

    def _connect(self) -> None:
        try:
            source = f"127.0.0.{1 + len(self.peers) % self._addresses}"
            sock = socket.create_connection(("127.0.0.1", self.server.port), timeout=10, source_address=(source, 0))
        except OSError as error:
            raise Failed(f"peer {len(self.peers)} could not connect: {error}") from None
        if self.server.tls:
            sock = wrap(sock)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = Peer(self._first + len(self.peers), sock)
        self.peers.append(peer)
        self.by_descriptor[sock.fileno()] = peer
        self.epoll.register(sock, select.EPOLLIN)
        if self.wire.first:
            sock.send(self.wire.first.replace(b"NAME", peer.name))

    def _advance(self, peer: Peer) -> bool:
        """Take what has arrived; tell whether the peer has joined by that."""
        try:
            data = peer.sock.recv(1 << 16)
        except ssl.SSLWantReadError:
            return False
        except OSError as error:
            raise Failed(f"peer {peer.index} lost its connection: {error}") from None
        if not data:
            raise Failed(f"the server closed the connection of peer {peer.index} after {peer.tail!r}")
        peer.tail += data
        had = peer.step
        while peer.step < len(self.wire.steps):
            awaited, answer = self.wire.steps[peer.step]
            _, found, rest = peer.tail.partition(awaited)
            if not found:
                break
            peer.tail = rest
            peer.step += 1
            if answer:
                peer.sock.send(answer.replace(b"NAME", peer.name))
        peer.tail = peer.tail[-_TAIL:]
        return had < peer.step == len(self.wire.steps)
