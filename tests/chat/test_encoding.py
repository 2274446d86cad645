"""How entries are written for other servers."""

import pytest
from hypothesis import given, strategies as st
from msgspec import msgpack

from asyncchat.log.entries import Count, Leave, Mark, MarkRead, PrivateStored, SendPrivate, ServerLost
from asyncchat.log.log import Received
from asyncchat.log.room_events import Sent
from asyncchat.log.shared.encoding import decode, encode
from asyncchat.log.state import ChatState, Member, RoomState
from asyncchat.text.usernames import Name, parse_name


@given(st.text(), st.binary(), st.integers(0, 1 << 53))
def test_what_is_written_is_read_again(text: str, token: bytes, number: int) -> None:
    entries = [
        Received(Sent(number, Name("Alice", "alice"), text, 7, token, 3, "ops")),
        Received(SendPrivate(1, 2, text, 7, token, 3), PrivateStored(number, 7, 1)),
        Received(Leave(number)),
        Received(ServerLost(number)),
    ]
    assert decode(encode(entries)) == entries


def test_what_no_other_server_needs_is_not_written() -> None:
    assert encode([Received(Count()), Received(Mark()), Received(MarkRead(1, 2, 3))]) == b""


@pytest.mark.parametrize(
    "data", [b"", b"\xff", msgpack.encode([["Unknown", {}, None]]), msgpack.encode([["Leave", 1]])]
)
def test_what_another_version_has_written_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # of msgspec, or ours
        decode(data)


def test_a_member_that_was_stored_is_in_the_chat_and_in_its_rooms() -> None:
    state, alice = ChatState(RoomState(10)), parse_name("alice")
    state.add(Member(alice, 7, None, b""))
    assert state.room.members == {"alice": alice}
    assert state.member(7).name == alice
    assert state.looks.find(parse_name("a1ice")) == alice


def test_a_member_that_comes_back_in_another_spelling_is_known_by_that() -> None:
    state = ChatState(RoomState(10))
    state.replace(Member(Name("Alice", "alice"), 1, None, b""))
    state.replace(Member(Name("ALICE", "alice"), 2, None, b""))
    assert state.looks.find(Name("AL1CE", "al1ce")) == Name("ALICE", "alice")
    state.remove(2)
    assert not state.looks.find(Name("AL1CE", "al1ce"))
