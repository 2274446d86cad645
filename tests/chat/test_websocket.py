"""JSON events in WebSocket frames."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from asyncchat.formats import codec, websocket
from asyncchat.log.room_events import Left, Sent
from asyncchat.sessions.json import WebSocketSession
from asyncchat.text.usernames import parse_name
from tests.chat import ADDRESS, Peer as Written, Person, a_room

ALICE = parse_name("alice")


def payloads(data: bytes) -> list[bytes]:
    """Return what is in the frames, each of which must be a whole text message without a mask."""
    found = []
    while data:
        assert data[0] == 0x81
        size, start = data[1], 2
        if size > 125:
            start = {126: 4, 127: 10}[size]
            size = int.from_bytes(data[2:start])
            assert size > (125 if start == 4 else 65535)
        found.append(data[start : start + size])
        assert len(found[-1]) == size
        data = data[start + size :]
    return found


@pytest.mark.parametrize("size", [1, 125, 126, 127, 65535, 65536, 65537, 1 << 20])
def test_a_line_of_any_length_is_one_frame(size: int) -> None:
    line = b"x" * (size - 1) + b"\n"
    assert payloads(websocket.frames(line)) == [line]


@given(st.lists(st.integers(1, 200_000), max_size=12))
def test_lines_that_are_too_long_together_are_several_frames_of_whole_lines(sizes: list[int]) -> None:
    lines = b"".join(b"x" * (size - 1) + b"\n" for size in sizes)
    frames = payloads(websocket.frames(lines))
    assert b"".join(frames) == lines
    for each in frames:
        assert each.endswith(b"\n")
        assert len(each) <= websocket.MOST_IN_A_FRAME or each.count(b"\n") == 1


def test_a_batch_is_the_lines_of_json_in_a_frame() -> None:
    batch = [Sent(1, ALICE, "ä", 0), Sent(2, ALICE, "b", 0)]
    assert payloads(websocket.conversation(batch)) == [codec.conversation(batch)]


def test_nothing_is_framed_when_nothing_is_told() -> None:
    assert websocket.conversation([Left(ALICE, 1000)]) == b""


class Browser:
    """Somebody with a browser."""

    def __init__(self, room: Any) -> None:
        self.peer = Written()
        self.pipeline = room.pipeline
        self.session = WebSocketSession(room.host(), self.peer, ADDRESS)

    def tell(self, kind: str, **fields: object) -> None:
        self.session.receive([json.dumps({"type": kind} | fields).encode()])
        self.pipeline.commit()

    def hear(self) -> list[str]:
        lines = b"".join(payloads(self.peer.take())).splitlines()
        return [json.loads(line)["type"] for line in lines]


def test_all_that_a_browser_is_told_is_in_frames() -> None:
    room = a_room()
    bob = Person(room)
    bob.send("bob\nhello\n")
    alice = Browser(room)
    assert alice.hear() == []  # it is not asked for its name in plain text
    alice.tell("hello", v=1, name="alice")
    assert alice.hear() == ["welcome", "message", "joined"]
    alice.tell("say", id=1, text="hi")
    assert alice.hear() == ["message", "ack"]
    alice.tell("say", id=2, text="/list")
    assert alice.hear() == ["notice", "ack"]
    bob.send("bye\n")
    bob.hang_up()
    assert alice.hear() == ["message", "left"]
    alice.session.disconnect("goodbye")
    assert alice.hear() == ["bye"]
