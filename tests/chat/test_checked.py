"""What a client takes from a server."""

import json
import unicodedata
from collections.abc import Iterator
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, strategies as st
from msgspec import Struct

from asyncchat.formats import events
from asyncchat.formats.checked import from_server
from asyncchat.formats.events import Gap, Message, Notice
from asyncchat.text.sanitize import sanitize, sanitize_lines

NASTY = "\x1b]0;x\x07 \x9b2J \u202e \x7f \r\n \u2028 \u2066"
TIME = "2026-11-22T21:40:00.123Z"
HUGE = 1 << 53

EVENTS: list[dict[str, Any]] = [
    {"type": "welcome", "name": "a", "token": "t", "epoch": "e", "seq": 1, "members": 1, "max_line": 9}
    | {
        "resumed": False,
        "topic": "x",
        "names": ["a", "b"],
        "store": True,
        "rooms": ["", "#ops"],
        "lines": 1,
        "room": "#lobby",
        "servers": ["a:1"],
        "pages": ["https://a"],
    },
    {"type": "room", "conversation": "#ops", "seq": 1, "members": 1, "topic": "x", "names": ["a"], "private": True},
    {"type": "rank", "conversation": "#ops", "role": "moderator"},
    {"type": "parted", "conversation": "#ops", "code": "c", "text": "x"},
    {"type": "error", "code": "c", "text": "x"},
    {"type": "message", "seq": 1, "time": TIME, "from": "a", "text": "x", "conversation": "b"}
    | {"new": True, "edited": True, "deleted": True},
    {"type": "ack", "id": 1, "seq": 1},
    {"type": "refused", "id": 1, "code": "c", "text": "x"},
    {"type": "joined", "name": "a", "members": 1, "conversation": "#ops"},
    {"type": "left", "name": "a", "members": 1, "conversation": "#ops"},
    {"type": "members", "members": 1, "conversation": "#ops"},
    {"type": "notice", "text": "x", "times": [TIME], "seq": 1},
    {"type": "you", "name": "a", "role": "guest"},
    {"type": "turned", "conversation": "a"},
    {"type": "unread", "conversation": "a", "messages": 1},
    {"type": "topic", "text": "x", "conversation": "#ops"},
    {"type": "edited", "seq": 1, "text": "x", "by": "a", "conversation": "#ops"},
    {"type": "deleted", "seq": 1, "by": "a", "conversation": "#ops"},
    {"type": "read", "seq": 1, "conversation": "#ops"},
    {"type": "gap", "from": 1, "to": 1, "conversation": "#ops"},
    {"type": "bye", "text": "x", "code": "c"},
    {"type": "ping"},
    {"type": "pong"},
]
FIELDS = [(event, name) for event in EVENTS for name in event if name != "type"]
NUMBERS = [(event, name) for event, name in FIELDS if type(event[name]) is int]
TEXTS = [(event, name) for event, name in FIELDS if isinstance(event[name], str) and name != "time"]
OPEN = {"text", "topic"}
"""Fields that may be as long as a line, of some events."""


def read(**fields: object) -> events.FromServer | None:
    return from_server(json.dumps(fields).encode())


def called(value: Any) -> str:
    return value if isinstance(value, str) else str(value["type"])


def strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list() | tuple():
            for one in value:
                yield from strings(one)
        case Struct():
            for field in value.__struct_fields__:
                yield from strings(getattr(value, field))


def test_each_event_is_looked_at_with_all_its_fields() -> None:
    for kind in events.FromServer.__args__:
        (event,) = [event for event in EVENTS if event["type"] == kind.__struct_config__.tag]
        assert set(event) - {"type"} == set(kind.__struct_encode_fields__)
        assert isinstance(read(**event), kind)


@pytest.mark.parametrize(("event", "field"), TEXTS, ids=called)
def test_no_text_of_any_event_can_command_a_terminal(event: dict[str, Any], field: str) -> None:
    heard = read(**event | {field: NASTY})
    assert heard is not None
    has_lines = field == "text" and isinstance(heard, events.Message | events.Edited)
    assert (sanitize_lines(NASTY) if has_lines else sanitize(NASTY)) in set(strings(heard))
    for said in strings(heard):
        kinds = {unicodedata.category(char) for char in (said.replace("\n", " ") if has_lines else said)}
        assert not kinds & {"Cc", "Cf", "Zl"}


def test_no_name_in_a_list_can_either() -> None:
    heard = read(**EVENTS[0] | {"names": ["a", NASTY]})
    assert isinstance(heard, events.Welcome)
    assert heard.names == ["a", sanitize(NASTY)]


@pytest.mark.parametrize("raw", [b"\xc2\x9b", b"\xe2\x80\xae", b"\x7f", b"\\u009b", b"\\u202e", b"\\u001b"])
def test_it_makes_no_difference_how_it_is_written(raw: bytes) -> None:
    heard = from_server(b'{"type":"notice","text":"%s"}' % raw)
    assert isinstance(heard, Notice)
    assert heard.text == sanitize(json.loads(b'"%s"' % raw))


@pytest.mark.parametrize(("event", "field"), NUMBERS, ids=called)
@pytest.mark.parametrize("number", [-1, HUGE, 10**40, 1.5, True, "1"])
def test_a_number_is_one_that_can_be_counted_to(event: dict[str, Any], field: str, number: object) -> None:
    assert read(**event | {field: number}) is None


@pytest.mark.parametrize(("event", "field"), TEXTS, ids=called)
def test_nothing_but_what_people_write_is_long(event: dict[str, Any], field: str) -> None:
    is_open = field in OPEN and event["type"] in {"edited", "message", "notice", "room", "topic", "welcome"}
    assert (read(**event | {field: "x" * 1025}) is not None) == is_open


def test_lists_are_not_endless() -> None:
    assert read(**EVENTS[0] | {"names": ["a"] * 2000})
    assert read(**EVENTS[0] | {"names": ["a"] * 2001}) is None
    assert read(**EVENTS[0] | {"names": ["a" * 65]}) is None
    assert read(type="notice", text="x", times=[TIME] * 2001) is None


@pytest.mark.parametrize(
    "time",
    [
        "",
        "now",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "1969-12-31T23:59:59Z",
        "2026-02-30T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T21:40:00",
        "2026-11-22 21:40:00Z",
        "2026-11-22T21:40:00Z\n",
        "2026-11-22T21:40:00+24:00",
        "2026-11-22T21:40:00+01:00:30",
        "20261122T214000Z",
        "2026-W47-7T21:40:00Z",
        "\u0662026-11-22T21:40:00Z",
        "\u0662\u0660\u0662\u0666-11-22T21:40:00Z",
        "2026-11-22T21:40:00.Z",
        "\x1b[2J",
    ],
)
def test_a_time_that_is_none_or_that_nobody_can_mean_is_not_taken(time: str) -> None:
    assert read(type="message", seq=1, time=time, text="x", **{"from": "a"}) is None
    assert read(type="notice", text="x", times=[TIME, time]) is None


@given(
    st.datetimes(timezones=st.none()).filter(lambda when: 1970 < when.year < 9998),
    st.integers(-1439, 1439),
    st.sampled_from(["seconds", "milliseconds", "microseconds"]),
    st.integers(-1439, 1439),
)
def test_every_time_that_is_taken_can_be_shown_in_every_zone(when: Any, offset: int, precision: str, zone: int) -> None:
    time = when.replace(tzinfo=timezone(timedelta(minutes=offset))).isoformat(timespec=precision)
    heard = read(type="message", seq=1, time=time, text="x", **{"from": "a"})
    assert isinstance(heard, Message)
    assert heard.when.astimezone(timezone(timedelta(minutes=zone)))


@pytest.mark.parametrize("time", ["1970-01-01T00:00:00+23:59", "9998-12-31T23:59:59-23:59", "2026-11-22T21:40:00.1Z"])
def test_the_first_and_the_last_can_be_shown_here(time: str) -> None:
    heard = read(type="message", seq=1, time=time, text="x", **{"from": "a"})
    assert isinstance(heard, Message)
    assert heard.when.astimezone()


def test_a_gap_goes_forward() -> None:
    assert read(type="gap", **{"from": 3, "to": 2}) is None
    assert read(type="gap", **{"from": 0, "to": HUGE - 1}) == Gap(0, HUGE - 1)


def test_what_is_harmless_is_as_it_was_said() -> None:
    for text in ("plain", '\t"quoted" \\ back', "日本語 😀 नमस्ते é", "<U+202E>"):
        assert read(type="notice", text=text) == Notice(text)
