"""The JSON form of what is said on both sides."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from asyncchat.formats import codec, events
from asyncchat.formats.checked import from_server
from asyncchat.formats.codec import InvalidEvent
from asyncchat.formats.events import Hello, Message, Notice, Ping, Pong, Say
from asyncchat.log import room_events
from asyncchat.log.room_events import ANNOUNCED
from asyncchat.text.sanitize import sanitize
from asyncchat.text.usernames import parse_name

ALICE, ZOE = parse_name("Alice"), parse_name("Zoé")

FIELDS = [
    b'"v":1',
    b'"name":"alice"',
    b'"name":"a b"',
    b'"id":7',
    b'"id":-7',
    b'"id":1e999',
    b'"id":%d' % 10**40,
    b'"id":1%s' % (b"0" * 5000),
    b'"text":"hello"',
    b'"text":"/list"',
    b'"text":"\\ud800"',
    b'"text":"\xff"',
    b'"text":["a",{"b":null}]',
    b'"token":"token1"',
    b'"after":0',
    b'"history":%d' % 10**40,
    b'"history":null',
    b'"x":[[1.5,true],{}]',
    b'"type":"ping"',
    b"7",
    b"",
]
EVENT_LIKE = st.builds(
    lambda kind, fields: b'{"type":"%s",%s}' % (kind, b",".join(fields)),
    st.sampled_from([b"hello", b"say", b"pong", b"shout"]),
    st.lists(st.sampled_from(FIELDS), max_size=5),
)
TOKENS = [*b'{}[]:,"\\', *b" 1-e", *FIELDS]
LINES = st.one_of(
    EVENT_LIKE,
    st.lists(st.sampled_from(TOKENS), max_size=10).map(
        lambda tokens: b"".join([token if isinstance(token, bytes) else bytes([token]) for token in tokens])
    ),
    st.binary(max_size=50),
)
NESTED = [
    pytest.param(b'{"a":' * 100_000, id="objects without end"),
    pytest.param(b'{"a":' * 30_000 + b"1" + b"}" * 30_000, id="objects"),
    pytest.param(b'{"type":"say","id":1,"text":' + b"[" * 30_000 + b"]" * 30_000 + b"}", id="where the text should be"),
    pytest.param(b'{"type":"ping","x":' + b"[" * 30_000 + b"]" * 30_000 + b"}", id="where nobody looks"),
]


def read(data: bytes) -> list[dict[str, Any]]:
    """Read lines with another reader than the one that is tested."""
    return [json.loads(line) for line in data.decode().split("\n")[:-1]]


# What everybody is told.


def test_a_message_is_one_line_with_who_said_what_and_when() -> None:
    said = room_events.Sent(41, ALICE, "hi", 1_763_847_600_123)
    assert codec.conversation([said]) == (
        b'{"type":"message","seq":41,"time":"2025-11-22T21:40:00.123Z","from":"Alice","text":"hi"}\n'
    )


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])).map(sanitize), min_size=1))
def test_each_message_is_one_line_whatever_it_says(texts: list[str]) -> None:
    said = [room_events.Sent(seq, ZOE, text, 0) for seq, text in enumerate(texts, 1)]
    assert [event["text"] for event in read(codec.conversation(said))] == texts


@pytest.mark.parametrize("members", [1, ANNOUNCED])
def test_who_joins_and_leaves_a_small_room_is_announced(members: int) -> None:
    happened: list[room_events.Event] = [room_events.Joined(ZOE, members), room_events.Left(ALICE, members)]
    assert read(codec.conversation(happened)) == [
        {"type": "joined", "name": "Zoé", "members": members},
        {"type": "left", "name": "Alice", "members": members},
    ]


def test_who_joins_and_leaves_a_big_room_is_not_announced() -> None:
    many = ANNOUNCED + 1
    assert codec.conversation([room_events.Joined(ZOE, many), room_events.Left(ALICE, many)]) == b""


def test_how_many_there_are_is_told() -> None:
    assert codec.conversation([room_events.MemberCount(300)]) == b'{"type":"members","members":300}\n'


def test_who_came_back_on_another_connection_is_nobodys_business() -> None:
    assert codec.conversation([room_events.ConnectionReplaced(ALICE), room_events.Reconnected(ALICE)]) == b""


@given(st.integers(0, 4_000_000_000_000))
def test_a_time_is_the_same_to_the_millisecond_when_it_is_read_again(time: int) -> None:
    when = Message(1, room_events.timestamp(time), "alice", "hi").when
    assert when - datetime.fromtimestamp(0, UTC) == datetime.fromtimestamp(time // 1000, UTC).replace(
        microsecond=time % 1000 * 1000
    ) - datetime.fromtimestamp(0, UTC)


@pytest.mark.parametrize("time", [0, 999, 1000, 59_999, 86_400_000, 1_763_847_600_007])
def test_every_time_is_written_with_milliseconds_so_that_all_are_equally_long(time: int) -> None:
    assert len(room_events.timestamp(time)) == len("2025-11-22T21:40:00.123Z")


# What a client says.


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (b'{"type":"hello","v":1,"name":"alice"}', Hello(1, "alice")),
        (
            b'{"type":"hello","v":1,"name":"a","token":"t","epoch":"e","after":5,"history":0}',
            Hello(1, "a", "t", "e", 5, 0),
        ),
        (b'{"type":"hello","v":1,"name":"a","history":null}', Hello(1, "a")),
        (b'{"type":"say","id":7,"text":"hello"}', Say(7, "hello")),
        (b' { "text" : "\\u0041" , "id" : 0 , "type" : "say" } ', Say(0, "A")),
        (b'{"type":"ping"}', Ping()),
        (b'{"type":"pong"}', Pong()),
        (b'{"type":"say","id":1,"text":"a","color":"red"}', Say(1, "a")),
    ],
)
def test_understands_what_a_client_says(line: bytes, event: events.FromClient) -> None:
    assert codec.from_client(line) == event


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"[]",
        b"null",
        b"7",
        b'"say"',
        b'{"type":"shout"}',
        b'{"type":7}',
        b'{"type":"Say","id":1,"text":"a"}',
        b'{"type":"message","seq":1,"time":"","from":"a","text":"a"}',
        b'{"type":"say"}',
        b'{"type":"say","id":-1,"text":"a"}',
        b'{"type":"say","id":"1","text":"a"}',
        b'{"type":"say","id":1.5,"text":"a"}',
        b'{"type":"say","id":true,"text":"a"}',
        b'{"type":"say","id":1,"text":null}',
        b'{"type":"hello","name":"alice"}',
        b'{"type":"hello","v":1,"name":"alice","after":-1}',
    ],
)
def test_json_that_is_no_event_is_not_understood(line: bytes) -> None:
    with pytest.raises(InvalidEvent) as caught:
        codec.from_client(line)
    assert caught.value.code == "not-understood"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"{",
        b'{"type":"ping"',
        b'{"type":"ping"} x',
        b'{"type":"ping"}{"type":"ping"}',
        b"{'type':'ping'}",
        b'{"type":"say","id":1,"text":"\xff"}',
        b'{"type":"say","id":1,"text":"\\ud800"}',
        b'{"type":"say","id":1,"text":"\xed\xa0\x80"}',
        b'{"type":"say","id":NaN,"text":"a"}',
    ],
)
def test_a_line_that_is_not_json_is_said_to_be_none(line: bytes) -> None:
    with pytest.raises(InvalidEvent) as caught:
        codec.from_client(line)
    assert caught.value.code == "not-json"


@pytest.mark.parametrize("line", NESTED)
def test_json_that_is_nested_too_deeply_is_refused(line: bytes) -> None:
    with pytest.raises(InvalidEvent):
        codec.from_client(line)


@given(LINES)
def test_any_line_is_an_event_that_can_be_answered_or_is_refused(line: bytes) -> None:
    refusal = None
    try:
        event = codec.from_client(line)
    except InvalidEvent as malformed:
        refusal = malformed
    if refusal:
        assert read(codec.lines([events.Error(refusal.code, str(refusal))]))[0]["code"] == refusal.code
    else:
        assert codec.from_client(codec.lines([event])) == event


# Whether somebody speaks JSON at all.


@pytest.mark.parametrize(
    "line", [b"{}", b' \t{"a":1}\r', b'{"type":"hello","v":1,"name":"alice"}', b'{"type":"shout"}']
)
def test_an_object_is_known_whatever_it_says(line: bytes) -> None:
    assert codec.is_object(line)


@pytest.mark.parametrize(
    "line", [None, b"", b"alice", b"[]", b"7", b'"{}"', b"{", b"{}}", b"{alice}", b"\xef\xbb\xbf{}"]
)
def test_anything_else_is_no_object(line: bytes | None) -> None:
    assert not codec.is_object(line)


@pytest.mark.parametrize("line", NESTED)
def test_what_is_nested_too_deeply_is_no_object(line: bytes) -> None:
    assert not codec.is_object(line)


@given(LINES)
def test_every_event_is_an_object(line: bytes) -> None:
    try:
        codec.from_client(line)
    except InvalidEvent:
        codec.is_object(line)
    else:
        assert codec.is_object(line)


# What a server says.


@pytest.mark.parametrize(
    "event",
    [
        events.Welcome("alice", "token", "epoch", 41, 3, 4096, resumed=False, names=["alice", "Zoé"]),
        events.Welcome("alice", "token", "epoch", 41, 300, 4096, resumed=True),
        events.Error("name-taken", "this name is already taken!"),
        events.Message(41, "2026-11-22T21:40:00.123Z", "bob", "hi"),
        events.Ack(7, 42),
        events.Ack(7),
        events.Refused(8, "too-long", "it is too long."),
        events.Joined("carol", 4),
        events.Left("carol", 3),
        events.Members(300),
        events.Notice("no one online"),
        events.Gap(12, 31),
        events.Ping(),
        events.Pong(),
        events.Bye("Goodbye!"),
    ],
)
def test_a_client_understands_what_a_server_says(event: events.FromServer) -> None:
    assert from_server(codec.lines([event])) == event


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (events.Gap(12, 31), b'{"type":"gap","from":12,"to":31}\n'),
        (events.Ack(7, 42), b'{"type":"ack","id":7,"seq":42}\n'),
        (events.Ack(7), b'{"type":"ack","id":7}\n'),
        (
            events.Welcome("a", "t", "e", 0, 300, 4096, resumed=False),
            b'{"type":"welcome","name":"a","token":"t","epoch":"e","seq":0,"members":300,"max_line":4096,"resumed":false}\n',
        ),
    ],
)
def test_the_fields_have_the_names_of_the_protocol_and_those_without_a_value_are_left_out(
    event: events.FromServer, line: bytes
) -> None:
    assert codec.lines([event]) == line


def test_a_client_ignores_a_field_that_it_does_not_know() -> None:
    assert from_server(b'{"type":"notice","text":"hi","color":"red"}') == Notice("hi")


@pytest.mark.parametrize(
    "line", [b'{"type":"dance"}', b"alice: hello", b"", b'{"type":"ack"}', *[p.values[0] for p in NESTED]]
)
def test_a_client_takes_what_it_does_not_understand_for_nothing(line: bytes) -> None:
    assert from_server(line) is None


@given(LINES)
def test_a_client_can_be_sent_anything(line: bytes) -> None:
    from_server(line)
