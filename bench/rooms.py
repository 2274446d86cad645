"""Many rooms of ten peers each, against one such room alone: what a delivery costs, and the memory of a room."""

import select
import time
from collections.abc import Callable

from bench.joining import Crowd, Peer
from bench.load import TEXT
from bench.machine import Failed, cpu_seconds, file_limit, memory
from bench.parts import COST
from bench.run import Run
from bench.targets import ASYNCCHAT, running

MEMBERS = 10
LINES = 20
"""Messages that one member of each room sends at once."""

_ADDRESSES = 100
"""From one address only so many rooms can be made in an hour."""
_STUCK_AFTER = 60.0
_SPARE_FILES = 100


def rooms(run: Run) -> None:
    """One member of each room sends twenty messages at once, then the next one, in one room and in a thousand."""
    many = 10 if run.short else 1000
    if file_limit() < many * MEMBERS + _SPARE_FILES:
        run.say(f"rooms: left out, for only {file_limit()} files may be open (ulimit -n)")
        return
    bursts = 20 if run.short else 10_000
    for number in run.rounds:
        for count in (1, many):

            def measure(count: int = count) -> dict[str, float]:
                return _measure(count, bursts // count)

            run.measure("rooms", f"{count} rooms" if count > 1 else "1 room", ASYNCCHAT, number, measure)


def _measure(count: int, turns: int) -> dict[str, float]:
    with running(ASYNCCHAT, ("--max-rooms", "2000")) as server, Crowd(server, _ADDRESSES) as crowd:
        crowd.join(count * MEMBERS)
        crowd.settle()
        before = memory(server.pid)
        rooms = [crowd.peers[index::count] for index in range(count)]
        _enter(crowd, rooms)
        full = memory(server.pid)
        start, cpu = time.perf_counter(), cpu_seconds(server.pid)
        for turn in range(turns):
            _burst(crowd, rooms, turn)
        cpu = cpu_seconds(server.pid) - cpu
        deliveries = count * turns * LINES * MEMBERS
        return {
            COST: deliveries / cpu,
            "deliveries": deliveries,
            "CPU s": cpu,
            "wall s": time.perf_counter() - start,
            "bytes/room": (full - before) / count,
        }


def _enter(crowd: Crowd, rooms: list[list[Peer]]) -> None:
    """Let the peers enter the rooms; the first of each makes it."""
    for place in range(MEMBERS):
        for number, peers in enumerate(rooms):
            peers[place].sock.send(b"/join #r%dx\n" % number)
        _take(crowd, {peers[place]: b"" for peers in rooms}, lambda heard: heard.endswith(b" online.\n"))


def _burst(crowd: Crowd, rooms: list[list[Peer]], turn: int) -> None:
    """Let one member of each room send, and check that all ten get all of that, and nothing else."""
    wanted = {}
    for peers in rooms:
        sender = peers[turn % MEMBERS]
        lines = [b"%05d %05d ".ljust(TEXT, b"x") % (turn, number) + b"\n" for number in range(LINES)]
        sender.sock.send(b"".join(lines))
        said = b"".join([sender.name + b": " + line for line in lines])
        wanted.update(dict.fromkeys(peers, said))
    heard = _take(crowd, dict.fromkeys(wanted, b""), lambda heard: len(heard) >= len(said))
    for peer, got in heard.items():
        if got != wanted[peer]:
            raise Failed(f"peer {peer.index} got {got[:100]!r}… and not what was sent in its room")


def _take(crowd: Crowd, heard: dict[Peer, bytes], is_enough: Callable[[bytes], bool]) -> dict[Peer, bytes]:
    """Wait until each of these peers has heard enough, and return what that was."""
    stuck = time.monotonic() + _STUCK_AFTER
    missing = len(heard)
    while missing:
        if time.monotonic() > stuck:
            raise Failed(f"{missing} peers have not got everything after {_STUCK_AFTER:.0f} s")
        for descriptor, event in crowd.epoll.poll(1):
            peer = crowd.by_descriptor[descriptor]
            if not event & select.EPOLLIN or not (data := peer.sock.recv(1 << 16)):
                raise Failed(f"peer {peer.index} lost its connection")
            had = is_enough(heard[peer]) if heard[peer] else False
            heard[peer] += data
            missing -= is_enough(heard[peer]) and not had
    return heard
