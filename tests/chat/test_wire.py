"""The plain text form of what the server says."""

from hypothesis import given, strategies as st

from asyncchat.formats import plain
from asyncchat.log.room_events import Joined, Left, Sent
from asyncchat.text.sanitize import sanitize
from asyncchat.text.usernames import parse_name

ALICE, ZOE = parse_name("Alice"), parse_name("Zoé")


def test_each_message_is_a_line_with_its_name() -> None:
    assert (
        plain.encode([Sent(1, ALICE, "hello", 0), Sent(2, ZOE, "ça va?", 0)]) == "Alice: hello\nZoé: ça va?\n".encode()
    )


def test_text_is_kept_as_it_was_typed() -> None:
    assert plain.encode([Sent(1, ALICE, "  a\tb: c ", 0)]) == b"Alice:   a\tb: c \n"


def test_who_joins_and_leaves_is_not_said() -> None:
    assert plain.encode([Joined(ALICE, 1), Sent(1, ZOE, "hi", 0), Left(ALICE, 1)]) == "Zoé: hi\n".encode()


def test_nothing_is_written_when_nothing_was_said() -> None:
    assert plain.encode([Joined(ALICE, 1), Left(ALICE, 1)]) == b""


@given(
    st.lists(
        st.text(st.sampled_from("\r\n\x85\u2028") | st.characters(exclude_categories=["Cs"])).map(sanitize).filter(bool)
    )
)
def test_each_message_is_one_line_whatever_it_says(texts: list[str]) -> None:
    lines = plain.encode([Sent(seq, ALICE, text, 0) for seq, text in enumerate(texts, 1)]).decode().splitlines()
    is_action = [text.startswith("/me ") for text in texts]
    begins = ["* Alice " if acts else "Alice: " for acts in is_action]
    assert lines == [begin + text.removeprefix("/me ") for begin, text in zip(begins, texts, strict=True)]


def test_the_server_speaks_under_its_own_name() -> None:
    assert plain.notice("über 100") == "Server: über 100\n".encode()


def test_the_question_for_a_name_is_the_one_that_clients_know() -> None:
    assert plain.ASK_NAME == b"Server: write your name\n"


def test_a_name_that_is_taken_is_answered_as_clients_know_it() -> None:
    assert plain.NAME_TAKEN == b"Server: this name is already taken! Choose another one.\n"


def test_a_name_that_cant_be_used_is_answered_with_the_reason() -> None:
    answer = plain.name_refused("it is empty")
    assert answer == b"Server: this name can't be used: it is empty. Choose another one.\n"


def test_a_line_that_cant_be_taken_is_answered_with_the_reason() -> None:
    assert plain.line_refused("it is too long") == b"Server: your line was not sent: it is too long.\n"
