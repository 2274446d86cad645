"""The conversation in a transcript, in whatever pieces it arrives."""

import pytest
from hypothesis import given, strategies as st

from asyncchat import transcript
from asyncchat.conversation import Conversation
from asyncchat.formats import plain
from asyncchat.log.room_events import ConnectionReplaced, Event, Joined, Left, MemberCount, Reconnected, Sent
from asyncchat.text.sanitize import sanitize
from asyncchat.text.usernames import parse_name

Complaints = list[tuple[int, bytes]]


def filtered(*chunks: bytes) -> tuple[bytes, Complaints]:
    """Return the conversation in a whole transcript, and its complaints."""
    complaints: Complaints = []
    conversation = Conversation(lambda number, line: complaints.append((number, line)))
    messages = b"".join([conversation.feed(chunk) for chunk in chunks])
    return messages + conversation.end(), complaints


def no_complaint(number: int, line: bytes) -> None:
    pytest.fail(f"complains about line {number}: {line!r}")


def one_by_one(data: bytes) -> tuple[bytes, Complaints]:
    """Do the same the slow way: a line at a time."""
    messages, complaints = b"", []
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, 1):
        name, _, action = line.partition(b" ")
        if name and action.startswith(b"sent "):
            messages += name + b": " + action.removeprefix(b"sent ") + b"\n"
        elif not name or action.removesuffix(b"\r") not in {b"joined", b"left", b"connected", b"disconnected"}:
            complaints.append((number, line))
    return messages, complaints


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param(b"alice sent hello\n", b"alice: hello\n", id="message"),
        pytest.param("Zoé sent ça va? 😀\n".encode(), "Zoé: ça va? 😀\n".encode(), id="any script"),
        pytest.param(b"alice sent   two  blanks \n", b"alice:   two  blanks \n", id="blanks"),
        pytest.param(b"alice sent bob sent hi\n", b"alice: bob sent hi\n", id="transcript line in a message"),
        pytest.param(b"alice sent joined\n", b"alice: joined\n", id="action in a message"),
        pytest.param(b"sent sent sent\n", b"sent: sent\n", id="somebody called sent"),
        pytest.param(b"joined sent left\n", b"joined: left\n", id="somebody called joined"),
        pytest.param(b"alice sent caf\xe9\n", b"alice: caf\xe9\n", id="not UTF-8"),
        pytest.param(b"alice sent a\x0bb\x85c\n", b"alice: a\x0bb\x85c\n", id="separators other than LF"),
        pytest.param(b"alice joined\n", b"", id="joined"),
        pytest.param(b"alice left\n", b"", id="left"),
        pytest.param(b"alice connected\n", b"", id="connected"),
        pytest.param(b"alice disconnected\r\n", b"", id="disconnected, CR LF"),
    ],
)
def test_shows_messages_and_takes_the_other_events_in_silence(line: bytes, message: bytes) -> None:
    assert filtered(line) == (message, [])


@pytest.mark.parametrize(
    "line",
    [
        b"hello",
        b"alice",
        b"alice ",
        b"alice sent",
        b"alice  sent hi",
        b" alice sent hi",
        b"alice Sent hi",
        b"alice sends hi",
        b"alice joined us",
        b"alice joined ",
        b"alice joinedleft",
        b"sent hi",
        b"alice: hi",
        b"\xff\x00",
        b"",
    ],
)
def test_complains_about_any_other_line_and_goes_on(line: bytes) -> None:
    assert filtered(b"alice sent 1\n" + line + b"\nalice sent 3\n") == (b"alice: 1\nalice: 3\n", [(2, line)])


def test_a_message_is_shown_as_soon_as_its_line_ends() -> None:
    conversation = Conversation(no_complaint)
    assert conversation.feed(b"alice sent hel") == b""
    assert conversation.feed(b"lo\nbob jo") == b"alice: hello\n"


def test_a_last_message_without_end_is_shown_with_one() -> None:
    conversation = Conversation(no_complaint)
    assert conversation.feed(b"alice joined\nalice sent hello") == b""
    assert conversation.end() == b"alice: hello\n"


def test_a_last_line_without_end_that_is_no_event_is_complained_about() -> None:
    assert filtered(b"alice joined\nalice se") == (b"", [(2, b"alice se")])


@pytest.mark.parametrize("data", [b"", b"alice sent hello\n"])
def test_nothing_comes_of_the_end_when_no_line_is_open(data: bytes) -> None:
    conversation = Conversation(no_complaint)
    conversation.feed(data)
    assert conversation.end() == b""


def test_lines_are_numbered_through_from_the_first() -> None:
    _, complaints = filtered(b"bad\nalice joined\n", b"alice sent 1\nba", b"d\n", b"bad")
    assert [number for number, _ in complaints] == [1, 4, 5]


TOKENS = [
    b"alice",
    b"Zo\xc3\xa9",
    b" ",
    b" sent ",
    b"sent",
    b"joined",
    b"left",
    b" connected",
    b" disconnected",
    b"\n",
    b"\r\n",
    b"\r",
    b"\xff",
    b"alice sent hi\n",
    b"alice left\n",
]


@given(st.lists(st.lists(st.sampled_from(TOKENS)).map(b"".join) | st.binary()))
def test_is_the_same_as_line_by_line_in_whatever_pieces_it_arrives(chunks: list[bytes]) -> None:
    assert filtered(*chunks) == one_by_one(b"".join(chunks))


NAMES = st.sampled_from(["alice", "Zoé", "sent", "joined", "日本語", "a.b-c_d"]).map(parse_name)
TEXTS = st.text(st.sampled_from("\r\n\x85\u2028 \t") | st.characters(exclude_categories=["Cs"])).map(sanitize)
EVENTS = st.one_of(
    st.builds(Sent, st.integers(), NAMES, TEXTS.filter(bool), st.integers()),
    st.builds(Joined, NAMES, st.integers()),
    st.builds(Left, NAMES, st.integers()),
    st.builds(ConnectionReplaced, NAMES),
    st.builds(Reconnected, NAMES),
    st.builds(MemberCount, st.integers()),
)


@given(st.lists(EVENTS))
def test_the_conversation_in_a_transcript_is_what_everybody_saw(events: list[Event]) -> None:
    assert filtered(transcript.encode(events)) == (plain.encode(events), [])


def test_a_transcript_says_who_did_what() -> None:
    name = parse_name("Zoé")
    assert transcript.encode([Joined(name, 1), Sent(1, name, "ça va?", 0), Left(name, 1)]).decode() == (
        "Zoé joined\nZoé sent ça va?\nZoé left\n"
    )


def test_a_transcript_says_who_came_back_on_another_connection() -> None:
    name = parse_name("alice")
    assert transcript.encode([ConnectionReplaced(name), Reconnected(name)]) == b"alice disconnected\nalice connected\n"


def test_a_transcript_does_not_say_how_many_there_are() -> None:
    assert transcript.encode([MemberCount(300)]) == b""
