"""The load: a joined crowd of which ten peers send, and of which every peer's every byte is checked."""

import contextlib
import select
import ssl
import time
from array import array
from collections.abc import Iterable

from bench.joining import Crowd, Peer
from bench.machine import Failed
from bench.stream import Sender, Stream

SENDERS = 10
WINDOW = 20
"""Messages that each sender keeps unanswered in a flood."""
TEXT = 64

_IN_FLIGHT = 400_000
"""Bytes unanswered of all senders together: a reader that lags by one more round still has less than 1 MiB waiting,
which is what the servers keep for a peer."""
_BUFFER = 1 << 20
_EVENTS = 4096
_QUIET = 0.1
_POURED = 200
_STUCK_AFTER = 60.0
_clock = time.perf_counter


class Load:
    """What `crowd`, which must have settled, sends and gets; texts are `size` bytes long."""

    def __init__(self, crowd: Crowd, size: int = TEXT, senders: int = SENDERS) -> None:
        self.senders = [Sender(index) for index in range(senders)]
        self.latencies = array("d")
        """Seconds from sending to each delivery, at all peers but the senders."""
        self.gone = 0
        """How many of those that stopped reading have lost their connections."""
        self._window = max(1, min(WINDOW, _IN_FLIGHT // (senders * size)))
        self._crowd = crowd
        self._epoll = crowd.epoll
        self._size = size
        self._stream = Stream(crowd.wire.pattern(size), self.senders)
        self._readers = set(crowd.peers)
        self._timed = False
        self._budget = 0
        self._flooder: Sender | None = None
        self._rest = b""
        self._buffer = memoryview(bytearray(_BUFFER))
        self._watches: dict[Peer, Sender] = {}
        self._peer_of: list[Peer] = []
        for peer in crowd.peers:
            peer.position = peer.message = 0
            peer.own = None
        step = len(crowd.peers) // senders
        for sender in self.senders:
            peer = crowd.peers[sender.index * step]
            self._peer_of.append(peer)
            if crowd.wire.echo:
                self._watches[peer] = sender
            else:
                peer.own = bytearray()
                self._watches[crowd.peers[sender.index * step + 1]] = sender

    @property
    def deliveries(self) -> int:
        """How many deliveries there have been, of which each was checked."""
        each = len(self._readers) if self._crowd.wire.echo else len(self._readers) - 1
        return len(self._stream.ends) * each

    def bystanders(self) -> list[Peer]:
        """Return the peers that neither send nor watch."""
        return [peer for peer in self._crowd.peers if peer not in self._watches and peer not in self._peer_of]

    def flood(self, messages: int, seconds: float) -> None:
        """Keep the window of each sender full for so many messages or seconds, whichever comes first; wait for all."""
        end = _clock() + seconds
        self._budget = messages
        for sender in self.senders:
            self._fill(sender)
        while self._budget and _clock() < end:
            self._pump(1)
        self._budget = 0
        self.finish()

    def pace(self, messages: int, rate: float, senders: Iterable[Sender] | None = None, *, at_once: int = 1) -> None:
        """Send `rate` messages a second, the senders in turn; note the time of each delivery; wait for all.

        Each sends so many `at_once`.

        No sender gets further ahead than in a flood: a machine that paused must not make up for it by more at once than
        a server keeps for its peers.
        """
        self._timed = True
        turn = list(senders or self.senders)
        start = _clock()
        for number in range(messages // at_once):
            due = start + number * at_once / rate
            while (wait := due - _clock()) > 0:
                self._pump(wait)
            sender = turn[number % len(turn)]
            stuck = _clock() + _STUCK_AFTER
            while sender.sent - sender.answered + at_once > self._window:
                if _clock() > stuck:
                    raise Failed(f"sender {sender.index} has had no answer for {_STUCK_AFTER:.0f} s")
                self._pump(1)
            self.send(sender, at_once)
        self.finish()
        self._timed = False

    def pour(self, flooder: Sender) -> None:
        """Let a sender send as much as the server takes from it, until `finish`."""
        self._flooder = flooder
        self._epoll.modify(self._peer_of[flooder.index].sock, select.EPOLLIN | select.EPOLLOUT)

    def send(self, sender: Sender, count: int) -> None:
        """Let a sender say its next messages."""
        line = self._crowd.wire.line
        first = sender.sent
        data = b"".join([line(sender.index, number, self._size) for number in range(first, first + count)])
        sender.sent_at.extend([_clock()] * count)
        try:
            taken = self._peer_of[sender.index].sock.send(data)
        except OSError as error:
            raise Failed(f"sender {sender.index} can't send: {error}") from None
        if taken < len(data):
            raise Failed(f"the server does not read what sender {sender.index} sends")

    def stop_reading(self, peers: Iterable[Peer]) -> None:
        """Let peers read no more, and count them when the server has cut them off."""
        for peer in peers:
            self._readers.discard(peer)
            self._epoll.modify(peer.sock, 0)

    def wait(self, seconds: float) -> None:
        """Take what comes for some time."""
        end = _clock() + seconds
        while (left := end - _clock()) > 0:
            self._pump(left)

    def finish(self, seconds: float = 60) -> None:
        """Wait until everybody has got everything. Raises Failed if that takes too long."""
        if self._flooder:
            self._epoll.modify(self._peer_of[self._flooder.index].sock, select.EPOLLIN)
        deadline = _clock() + seconds
        while missing := self._missing():
            if _clock() > deadline:
                raise Failed(f"{missing} after {seconds:.0f} s")
            self._pump(1)

    def verify(self) -> None:
        """Check that nothing came twice or is left over. Raises Failed."""
        self.wait(_QUIET)
        self.finish()
        self._stream.check_whole()
        for sender, peer in zip(self.senders, self._peer_of, strict=True):
            if peer.own is not None and not self._crowd.wire.acks and peer.own != self._stream.without(sender):
                raise Failed(f"sender {sender.index} did not get what the others sent")

    def _missing(self) -> str:
        unseen = sum(sender.sent - sender.seen for sender in self.senders if sender is not self._flooder)
        if unseen:
            return f"{unseen} messages have not been seen by anybody"
        end = len(self._stream)
        if not self._stream.is_whole:
            return "half a message"
        behind = sum(peer.position != end for peer in self._readers if peer.own is None)
        if behind:
            return f"{behind} peers have not got every message"
        for sender, peer in zip(self.senders, self._peer_of, strict=True):
            if peer.own is not None and len(peer.own) < end - sender.length:
                return f"sender {sender.index} has not got every message"
        return ""

    def _pump(self, seconds: float) -> None:
        by_descriptor, buffer, stream, watches = self._crowd.by_descriptor, self._buffer, self._stream, self._watches
        for descriptor, event in self._epoll.poll(seconds, _EVENTS):
            peer = by_descriptor[descriptor]
            if event & select.EPOLLOUT:
                self._pour(peer)
            if not event & select.EPOLLIN or peer not in self._readers:
                if not event & select.EPOLLOUT:
                    self._lost(peer)
                continue
            try:
                count = peer.sock.recv_into(buffer)
            except ssl.SSLWantReadError:
                continue
            except OSError as error:
                raise Failed(f"peer {peer.index} lost its connection: {error}") from None
            if not count:
                raise Failed(f"the server closed the connection of peer {peer.index}")
            if peer.own is not None:
                peer.own += buffer[:count]
                continue
            position = peer.position = stream.take(peer.position, buffer[:count])
            if self._timed:
                self._note(peer)
            if peer in watches:
                self._answered(watches[peer], position)

    def _note(self, peer: Peer) -> None:
        """Note the time that the messages took which the peer has just got."""
        now = _clock()
        ends, messages = self._stream.ends, self._stream.messages
        while peer.message < len(ends) and ends[peer.message] <= peer.position:
            sender, number = messages[peer.message]
            peer.message += 1
            if peer not in self._watches and sender is not self._flooder:
                self.latencies.append(now - sender.sent_at[number])

    def _pour(self, peer: Peer) -> None:
        flooder = self._flooder
        if flooder is None:
            return
        if not self._rest:
            numbers = range(flooder.sent, flooder.sent + _POURED)
            self._rest = b"".join([self._crowd.wire.line(flooder.index, number, self._size) for number in numbers])
            flooder.sent_at.extend([_clock()] * _POURED)
        with contextlib.suppress(BlockingIOError):
            self._rest = self._rest[peer.sock.send(self._rest) :]

    def _answered(self, sender: Sender, position: int) -> None:
        unanswered = sender.unanswered
        while unanswered and unanswered[0] <= position:
            unanswered.popleft()
            sender.answered += 1
        if self._budget:
            self._fill(sender)

    def _fill(self, sender: Sender) -> None:
        count = min(self._window - (sender.sent - sender.answered), self._budget)
        if count:
            self._budget -= count
            self.send(sender, count)

    def _lost(self, peer: Peer) -> None:
        if peer in self._readers:
            raise Failed(f"peer {peer.index} lost its connection")
        self._epoll.unregister(peer.sock)
        peer.sock.close()  # what it has not read is no longer the server's fault
        self.gone += 1
