"""One peer that sends what costs most, and how long the others wait."""

import json
import time
from statistics import median

import pytest

from asyncchat.text.framing import LineDecoder
from tests.programs import Nc, ServeProgram, assert_within

BEGIN = {"type": "hello", "v": 1}
LINES = {
    "a name": BEGIN | {"name": "a" + "\u0315" * 4000 + "\u0300" * 4000},
    "a password": BEGIN | {"name": "admin", "password": "\u0660" * 8000},
    "a password that may be one": BEGIN | {"name": "admin", "password": "\u0660" * 128},
}
MOST = 0.005
"""Seconds by which nobody's median may move."""


def waits(peer: Nc) -> float:
    """Return the median of the seconds until one's own message comes back."""
    took = []
    for number in range(15):
        begun = time.monotonic()
        peer.send(f"{number}\n")
        while not peer.line().endswith(f": {number}"):
            pass
        took.append(time.monotonic() - begun)
    return median(took)


@pytest.mark.parametrize("line", LINES)
def test_the_worst_peer_delays_nobody(empty_store: str, line: str) -> None:
    with ServeProgram("--store", empty_store, "--rate", "0") as server, server.join("alice") as alice:
        sent = (json.dumps(LINES[line], ensure_ascii=False) + "\n").encode() * 60
        quiet = waits(alice)

        def delay() -> float:
            with server.connect() as peer:
                peer.socket.setblocking(False)  # what does not go at once is not needed
                peer.socket.send(sent)
                return waits(alice) - quiet

        assert_within(MOST, delay)


def test_what_is_read_at_a_time_is_split_within_that_time_too() -> None:
    from asyncchat.aio.server.connection import READ_SIZE

    def split() -> float:
        begun = time.thread_time()
        LineDecoder(4096).feed(b"\n" * READ_SIZE)
        return time.thread_time() - begun

    assert_within(2 * MOST, split)  # where others share the core, the processor takes longer for the same
