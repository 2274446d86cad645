"""What a server has done and holds, as numbers, at one moment."""

from collections import Counter
from typing import NamedTuple

from asyncchat.chat.counters import Counters, Histogram
from asyncchat.log.log import Progress


class Measurements(NamedTuple):
    """What a server has done, and holds.

    connections: by what they speak, and whether with TLS
    members, rooms: users who are online, and rooms
    counters: see there
    refused: connections, by the reason
    batches, messages: that were delivered; messages of rooms
    written: bytes of the events of rooms, to all peers together
    waiting: for each peer with a backlog, its bytes
    commits: how long it took to store a batch; None without a store
    pending: entries that wait for the store
    handshake_failures: of TLS
    certificate_ends: when it does, in seconds since 1970
    log: of several servers
    """

    connections: Counter[tuple[str, bool]]
    members: int
    rooms: int
    counters: Counters
    refused: Counter[str]
    batches: int
    messages: int
    written: int
    waiting: list[int]
    commits: Histogram | None
    pending: int
    handshake_failures: int
    certificate_ends: float | None
    log: Progress | None
