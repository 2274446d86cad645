"""What IRC clients cost the server: a join among many members, and a delivery, beside those of plain peers."""

import os
import select
import threading
import time
from collections.abc import Callable
from pathlib import Path

from asyncchat.formats.irc.network import DEFAULT_NAME, Network
from asyncchat.sessions.irc.session import IrcSession
from tests.chat import ADDRESS, Peer, a_room
from tests.irc import IrcPeer, IrcProgram
from tests.programs import Nc, in_rounds

MEMBERS = 10_000
COUNTED = 1000

PEERS = 300
MESSAGES = 400
MOST = 1.3
"""Times what a delivery to a plain peer costs."""

TICK = os.sysconf("SC_CLK_TCK")


def test_a_join_costs_the_same_at_the_end_as_at_the_start() -> None:
    def costs() -> tuple[float, float]:
        core = a_room().host()
        network = Network(core, DEFAULT_NAME, "1.0")
        took = []
        for number in range(MEMBERS):
            peer = Peer()
            session = IrcSession(core, peer, ADDRESS, network)
            lines = f"NICK member{number}x", "USER x 0 * :x", "JOIN #lobby", "MODE #lobby", "WHO #lobby"
            begun = time.thread_time()
            session.receive([line.encode() for line in lines])
            while session.pending_request is not None:
                core.pipeline.commit()
            took.append(time.thread_time() - begun)
            assert peer.take()
        # At the start, while there are as many members as are listed.
        return sum(took[300 : 300 + COUNTED]), sum(took[-COUNTED:])

    first, last = in_rounds(costs, lambda took: took[1] <= 1.5 * took[0])
    assert last <= 1.5 * first


class Drain(threading.Thread):
    """Reads what peers are sent, until all have got so many messages."""

    def __init__(self, peers: list[Nc], last: bytes) -> None:
        super().__init__(daemon=True)
        self._peers = {peer.socket.fileno(): peer.socket for peer in peers}
        self._last = last

    def run(self) -> None:
        poll = select.epoll()
        for descriptor in self._peers:
            poll.register(descriptor, select.EPOLLIN)
        waiting = set(self._peers)
        while waiting:
            for descriptor, _ in poll.poll():
                data = self._peers[descriptor].recv(1 << 16)
                if self._last in data:
                    waiting.discard(descriptor)
        poll.close()


def plain(room: IrcProgram, number: int) -> Nc:
    peer = room.connect()
    peer.send(f"member{number}x\n")
    return peer


def irc(*capabilities: str) -> Callable[[IrcProgram, int], Nc]:
    def made(room: IrcProgram, number: int) -> Nc:
        peer = IrcPeer(room.irc_port)
        peer.register(f"member{number}x", *capabilities)
        peer.enter()
        return peer

    return made


def delivery(make: Callable[[IrcProgram, int], Nc]) -> float:
    """Return the seconds of the processor that a delivery takes."""
    with IrcProgram("--rate", "0", "--quiet", "--max-per-address", "0", "--history", "0") as room:
        peers = [make(room, number) for number in range(PEERS)]
        with room.join("sender") as sender:
            drain = Drain(peers, b"the end")
            drain.start()
            begun = _processor(room)
            for number in range(MESSAGES):
                sender.send(f"this is message {number}, as long as most\n")
                sender.lines.until(f" {number},")
            took = _processor(room) - begun
            sender.send("the end\n")
            drain.join()
        for peer in peers:
            peer.socket.close()
    return took / (PEERS * MESSAGES)


def _processor(room: IrcProgram) -> float:
    fields = Path(f"/proc/{room.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def test_a_delivery_costs_hardly_more_than_one_to_a_plain_peer() -> None:
    def ratios() -> list[float]:
        base = delivery(plain)
        made = [irc("server-time"), irc("server-time", "message-tags", "account-tag", "echo-message")]
        return [delivery(make) / base for make in made]

    found = in_rounds(ratios, lambda ratios: max(ratios) <= MOST)
    assert max(found) <= MOST
