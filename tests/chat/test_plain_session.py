"""One peer's conversation with the server, for people with nc."""

import pytest
from hypothesis import given, strategies as st

from asyncchat.log.accounts import Role
from asyncchat.log.room_events import Joined, Left, Sent
from asyncchat.text.usernames import parse_name
from tests.chat import Person, Room, a_room, record
from tests.chat.stored_chat import StoredChat

ASKED = "Server: write your name"
TAKEN = "Server: this name is already taken! Choose another one."


def joined(room: Room, name: str) -> Person:
    """Let somebody in, to whom nothing is left to say."""
    person = Person(room)
    person.send(f"{name}\n")
    person.hear()
    return person


# Choosing a name.


def test_asks_for_a_name_at_once() -> None:
    assert Person(a_room()).hear() == [ASKED]


def test_says_nothing_to_a_name_that_it_takes() -> None:
    person = Person(a_room())
    person.send("alice\n")
    assert person.hear() == [ASKED]


def test_the_name_may_end_with_cr_lf() -> None:
    person = Person(a_room())
    person.send("alice\r\n")
    assert person.name == "alice"


def test_a_peer_has_no_name_before_it_has_chosen() -> None:
    assert Person(a_room()).name is None


def test_a_peer_has_the_name_that_others_see() -> None:
    person = Person(a_room())
    person.send("Zoe\u0301\n")
    assert person.name == "Zoé"


def test_others_are_not_told_who_joins_and_leaves() -> None:
    room = a_room()
    alice = joined(room, "alice")
    joined(room, "bob").send("/exit\n")
    assert alice.hear() == []


def test_a_newcomer_is_in_the_room_at_once() -> None:
    room = a_room()
    alice = joined(room, "alice")
    joined(room, "bob")
    alice.send("/list\n")
    assert alice.hear() == ["Server: online: bob"]


@pytest.mark.parametrize("name", ["alice", "ALICE", "\uff41lice"])
def test_a_name_that_is_taken_is_not_given_twice(name: str) -> None:
    room = a_room()
    joined(room, "alice")
    other = Person(room)
    other.send(f"{name}\n")
    assert other.hear() == [ASKED, TAKEN]
    assert other.name is None


def test_a_name_can_be_tried_as_often_as_needed() -> None:
    room = a_room()
    joined(room, "alice")
    joined(room, "alice2")
    other = Person(room)
    other.send("alice\nalice2\n.\nalice3\n")
    assert other.hear() == [
        ASKED,
        TAKEN,
        TAKEN,
        "Server: this name can't be used: it does not start with a letter or a digit. Choose another one.",
    ]
    assert other.name == "alice3"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"", "it is empty"),
        (b" ", "it has a blank in it"),
        (b"alice and bob", "it has a blank in it"),
        (b"x" * 33, "it is longer than 32 characters"),
        (b"x" * 5000, "it is too long: it has 5000 bytes, and 4096 are the most"),
        (b"caf\xe9", "it is not UTF-8"),
        (b"a:b", ": is not a letter, digit, underscore, dash or dot"),
        ("a\u200b".encode(), "U+200B (ZERO WIDTH SPACE) is not a letter, digit, underscore, dash or dot"),
        (b"\x1b[2J", "\u241b (U+241B, SYMBOL FOR ESCAPE) is not a letter, digit, underscore, dash or dot"),
    ],
)
def test_a_name_that_cant_be_used_is_refused_with_the_reason(line: bytes, why: str) -> None:
    person = Person(a_room())
    person.send(line + b"\n")
    assert person.hear() == [ASKED, f"Server: this name can't be used: {why}. Choose another one."]
    assert person.name is None


@pytest.mark.parametrize("command", ["/help", "/list", "/who", "//exit"])
def test_commands_are_no_names_and_get_no_answer_before_there_is_one(command: str) -> None:
    room = a_room()
    joined(room, "alice")
    person = Person(room)
    person.send(f"{command}\n")
    assert person.hear() == [
        ASKED,
        "Server: this name can't be used: / is not a letter, digit, underscore, dash or dot. Choose another one.",
    ]


def test_nothing_is_sent_to_a_peer_without_a_name() -> None:
    room = a_room()
    alice = joined(room, "alice")
    nameless = Person(room)
    alice.send("hello\n")
    assert nameless.hear() == [ASKED]


# The last messages.


def test_a_newcomer_gets_the_last_ten_messages_oldest_first() -> None:
    room = a_room()
    alice = joined(room, "alice")
    for number in range(12):
        alice.send(f"message {number}\n")
    bob = Person(room)
    bob.send("bob\n")
    assert bob.hear() == [ASKED, *(f"alice: message {number}" for number in range(2, 12))]


def test_a_newcomer_gets_each_message_once_also_what_is_said_in_the_same_moment() -> None:
    room = a_room()
    alice = joined(room, "alice")
    alice.send("before\n")
    alice.session.receive([b"meanwhile"])
    bob = Person(room)
    bob.send("bob\nafter\n")
    assert bob.hear() == [ASKED, "alice: before", "alice: meanwhile", "bob: after"]


# Messages.


def test_a_message_reaches_everybody_the_sender_too() -> None:
    room = a_room()
    alice, bob = joined(room, "alice"), joined(room, "bob")
    alice.send("hello\n")
    assert alice.hear() == bob.hear() == ["alice: hello"]


def test_what_is_sent_together_with_the_name_is_said() -> None:
    person = Person(a_room())
    person.send("alice\nhello\n")
    assert person.hear() == [ASKED, "alice: hello"]


@pytest.mark.parametrize("said", ["  two  blanks before, three behind   ", "\ttab", "a: b", " /exit", "日本語 😀", "."])
def test_text_is_kept_as_it_was_typed(said: str) -> None:
    alice = joined(a_room(), "alice")
    alice.send(f"{said}\r\n")
    assert alice.hear() == [f"alice: {said}"]


@pytest.mark.parametrize("blank", ["", " ", "   ", "\t", " \t ", "\r", "\u3000"])
def test_a_line_of_blanks_is_ignored(blank: str) -> None:
    alice = joined(a_room(), "alice")
    alice.send(f"{blank}\n")
    assert alice.hear() == []


def test_control_characters_reach_others_as_their_stand_ins() -> None:
    room = a_room()
    alice, bob = joined(room, "alice"), joined(room, "bob")
    alice.send("\x1b[2J\rbob: I never said that\u2028\u202e\n")
    assert bob.hear() == ["alice: \u241b[2J\u240dbob: I never said that<U+2028><U+202E>"]


@given(st.binary(max_size=60))
def test_whatever_is_sent_others_get_lines_of_the_sender_and_no_others(data: bytes) -> None:
    room = a_room()
    alice, bob = joined(room, "alice"), joined(room, "bob")
    alice.send(data + b"\n")
    heard = bob.peer.take().decode()
    assert all(line.startswith("alice: ") for line in heard.splitlines())


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"caf\xe9", "it is not UTF-8"),
        (b"x" * 20_000, "it is too long: 4096 bytes are the most"),
        (b"/list \xff", "it is not UTF-8"),
    ],
)
def test_a_line_that_cant_be_taken_is_answered_to_its_sender_alone(line: bytes, why: str) -> None:
    room = a_room()
    alice, bob = joined(room, "alice"), joined(room, "bob")
    alice.send(line + b"\n")
    assert (alice.hear(), bob.hear()) == ([f"Server: your line was not sent: {why}."], [])


def test_the_conversation_goes_on_after_a_line_that_cant_be_taken() -> None:
    alice = joined(a_room(), "alice")
    alice.send(b"\xff\n" + b"x" * 9000 + b"\nhello\n")
    assert alice.hear()[-1] == "alice: hello"


# Commands.


@pytest.mark.parametrize("command", ["/list", "/who", "/names", "/users", "/LIST", "/Who", "/list everybody"])
def test_list_says_who_is_online_sorted_and_without_oneself(command: str) -> None:
    room = a_room()
    alice = joined(room, "alice")
    for name in ("dave", "Carol", "bob"):
        joined(room, name)
    alice.send(f"{command}\n")
    assert alice.hear() == ["Server: online: bob Carol dave"]


def test_list_says_that_no_one_else_is_online() -> None:
    alice = joined(a_room(), "alice")
    alice.send("/list\n")
    assert alice.hear() == ["Server: no one online"]


@pytest.mark.parametrize(("others", "more"), [(99, ""), (100, ""), (101, " and 1 more"), (250, " and 150 more")])
def test_list_says_the_first_hundred_and_how_many_more(others: int, more: str) -> None:
    room = a_room()
    names = [f"name{number:03}" for number in range(others)]
    for name in names:
        joined(room, name)
    last = joined(room, "zoe")
    last.send("/list\n")
    assert last.hear() == [f"Server: online: {' '.join(names[:100])}{more}"]


@pytest.mark.parametrize("line", ["/help", "/list", "/mgs bob a secret", "/", "/ list", "/listen", "/exit\x1b"])
def test_a_command_known_or_not_is_never_shown_to_others(line: str) -> None:
    room = a_room()
    alice, bob = joined(room, "alice"), joined(room, "bob")
    events = record(room)
    alice.send(f"{line}\n")
    assert bob.hear() == []
    assert events == []


@pytest.mark.parametrize(
    ("line", "called"),
    [
        ("/mgs bob a secret", "/mgs"),
        ("/", "/"),
        ("/ list", "/"),
        ("/listen", "/listen"),
        ("/" + "x" * 500, "/" + "x" * 32),
    ],
)
def test_an_unknown_command_is_answered_with_the_way_to_help(line: str, called: str) -> None:
    alice = joined(a_room(), "alice")
    alice.send(f"{line}\n")
    assert alice.hear() == [
        f"Server: unknown command {called}. Write /help to see the commands, // to say a line with /."
    ]


@pytest.mark.parametrize(
    ("typed", "said"),
    [("//help", "/help"), ("//", "/"), ("///x", "//x"), ("// a line", "/ a line"), ("//exit", "/exit")],
)
def test_two_slashes_say_a_line_with_one(typed: str, said: str) -> None:
    alice = joined(a_room(), "alice")
    alice.send(f"{typed}\n")
    assert alice.hear() == [f"alice: {said}"]


# Leaving.


@pytest.mark.parametrize("line", ["/exit", "/quit", "/EXIT", "/Quit", "/exit now"])
def test_exit_ends_the_connection(line: str) -> None:
    alice = joined(a_room(), "alice")
    alice.send(f"{line}\n")
    assert alice.peer.closed


@pytest.mark.parametrize("line", ["/exit", "/quit", "/EXIT"])
def test_exit_ends_the_connection_before_there_is_a_name(line: str) -> None:
    person = Person(a_room())
    person.send(f"{line}\n")
    assert person.peer.closed
    assert person.hear() == [ASKED]


@pytest.mark.parametrize("line", [" /exit", "//exit", "/exits", "exit"])
def test_nothing_else_ends_the_connection(line: str) -> None:
    alice = joined(a_room(), "alice")
    alice.send(f"{line}\n")
    assert not alice.peer.closed


def test_a_leaver_gets_what_it_is_owed_first() -> None:
    alice = joined(a_room(), "alice")
    alice.send("goodbye\n/exit\n")
    assert alice.hear() == ["alice: goodbye"]
    assert alice.peer.closed


def test_nothing_is_handled_after_exit() -> None:
    room = a_room()
    alice, bob = joined(room, "alice"), joined(room, "bob")
    alice.send("/exit\nhello\n/list\n/exit\n")
    alice.send("hello\n")
    assert (alice.hear(), bob.hear()) == ([], [])


def test_nobody_joins_with_a_name_after_exit() -> None:
    room = a_room()
    events = record(room)
    Person(room).send("/exit\nalice\n")
    assert events == []


def test_a_name_is_free_again_after_its_owner_has_left() -> None:
    room = a_room()
    joined(room, "alice").send("/exit\n")
    other = Person(room)
    other.send("Alice\n")
    assert other.hear() == [ASKED]
    assert other.name == "Alice"


def test_end_of_input_lets_the_peer_leave() -> None:
    room = a_room()
    alice = joined(room, "alice")
    events = record(room)
    alice.hang_up()
    assert alice.peer.closed
    assert events == [Left(parse_name("alice"), 0)]


def test_nothing_is_said_of_a_last_line_that_has_its_end() -> None:
    alice = joined(a_room(), "alice")
    alice.session.end()
    alice.pipeline.commit()
    assert alice.hear() == []


def test_what_came_before_the_end_of_input_is_said_and_flushed() -> None:
    room = a_room()
    bob = joined(room, "bob")
    alice = joined(room, "alice")
    alice.session.receive([b"hello"])
    alice.hang_up()
    assert alice.hear() == bob.hear() == ["alice: hello"]


def test_end_of_input_before_there_is_a_name_ends_the_connection() -> None:
    room = a_room()
    events = record(room)
    person = Person(room)
    person.hang_up()
    assert person.peer.closed
    assert events == []


def test_a_last_line_without_end_is_not_said_and_its_sender_is_told() -> None:
    room = a_room()
    alice, bob = joined(room, "alice"), joined(room, "bob")
    alice.send("hello\nrm -r /tmp/")
    alice.hang_up()
    assert bob.hear() == ["alice: hello"]
    assert alice.hear() == ["alice: hello", "Server: your last line was not sent: it does not end with a line feed."]


def test_a_name_without_end_is_not_taken_and_its_sender_is_told() -> None:
    room = a_room()
    events = record(room)
    person = Person(room)
    person.send("alice")
    person.hang_up()
    assert person.hear() == [ASKED, "Server: your last line was not sent: it does not end with a line feed."]
    assert events == []


def test_a_line_without_end_after_exit_is_nobodys_business() -> None:
    alice = joined(a_room(), "alice")
    alice.send("/exit\nhal")
    alice.hang_up()
    assert alice.hear() == []


def test_leaves_once_however_often_it_ends() -> None:
    room = a_room()
    alice = joined(room, "alice")
    events = record(room)
    alice.session.leave()
    alice.session.leave()
    alice.hang_up()
    assert events == [Left(parse_name("alice"), 0)]


def test_a_peer_without_a_name_is_closed_once_however_often_it_ends() -> None:
    person = Person(a_room())
    person.session.leave()
    person.session.leave()
    person.hang_up()
    assert person.peer.closed


def test_what_happens_is_told_in_one_order() -> None:
    room = a_room()
    events = record(room)
    alice = Person(room)
    alice.send("alice\nhello\n/exit\n")
    name = parse_name("alice")
    assert events == [Joined(name, 1), Sent(1, name, "hello", 0), Left(name, 0)]


# What the server says by itself.


def test_a_notice_is_said_to_this_peer_alone() -> None:
    room = a_room()
    alice, bob = joined(room, "alice"), joined(room, "bob")
    alice.session.user.notice("the chat is closing.")
    assert (alice.hear(), bob.hear()) == (["Server: the chat is closing."], [])


def test_a_goodbye_is_the_last_thing_that_is_said() -> None:
    room = a_room()
    alice, events = joined(room, "alice"), record(room)
    alice.session.disconnect("the chat is closing.")
    room.commit()
    assert alice.hear() == ["Server: the chat is closing."]
    assert alice.peer.closed
    assert events == [Left(parse_name("alice"), 0)]


def test_no_goodbye_is_said_to_a_peer_that_leaves() -> None:
    alice = joined(a_room(), "alice")
    alice.session.leave()
    alice.session.disconnect("the chat is closing.")
    assert alice.hear() == []


# Several lines at once.


def spoken(lines: list[bytes | None], *, together: bool) -> tuple[list[str], list[str], bool]:
    """Return what the others and what one oneself gets of these lines, and whether they were taken together."""
    room = a_room()
    alice, bob = joined(room, "alice"), joined(room, "bob")
    taken = together and alice.session.receive_messages(lines)
    if not taken:
        alice.session.receive(iter(lines))
    room.commit()
    return bob.hear(), alice.hear(), taken


_LINES = st.one_of(
    st.text("ab1 /\\<~\t\x7f\x1b\xe9", max_size=6).map(str.encode),
    st.sampled_from([b"hello", b"a" * 4096, b"a" * 4097, b"", b" ", b"/list", b"//x", b"\xff", b"x\r", None]),
)


@given(st.lists(_LINES, min_size=1, max_size=6))
def test_lines_that_are_taken_together_are_said_as_one_by_one(lines: list[bytes | None]) -> None:
    one_by_one = spoken(lines, together=False)
    assert spoken(lines, together=True)[:2] == one_by_one[:2]


def test_plain_messages_are_taken_together() -> None:
    assert spoken([b"one", b"2 /list", b"Three: ~!"], together=True) == (
        said := ["alice: one", "alice: 2 /list", "alice: Three: ~!"],
        said,
        True,
    )


@pytest.mark.parametrize("line", [b"/list", b" x", b"", b"\\auth a b", "é".encode(), b"a\tb", None, b"x" * 4097])
def test_what_must_be_looked_at_is_not_taken_together(line: bytes | None) -> None:
    assert not spoken([b"hello", line], together=True)[2]


def test_what_several_say_before_a_commit_is_one_batch() -> None:
    room = a_room()
    alice, bob = joined(room, "alice"), joined(room, "bob")
    assert alice.session.receive_messages([b"one", b"two"])
    assert bob.session.receive_messages([b"three"])
    room.commit()
    assert bob.peer.written == [b"alice: one\nalice: two\nbob: three\n"]


def test_nothing_is_taken_together_while_what_is_said_may_not_go_to_all(chat: StoredChat) -> None:
    alice, bob, mo = chat.owner("alice"), chat.owner("bob"), chat.owner("mo", role=Role.MODERATOR)
    nameless = chat.connect()
    assert not nameless.session.receive_messages([b"carol"])
    alice.say("/chat bob")
    assert not alice.session.receive_messages([b"secret"])
    bob.say("/chat nobody")
    assert not bob.session.receive_messages([b"secret"])
    mo.say("/mute bob")
    assert not mo.session.receive_messages([b"hello"])
    assert not mo.hear()
