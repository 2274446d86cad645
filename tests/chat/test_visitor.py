"""One person's side of a conversation."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from asyncchat.client.plain_client import MAX_HEARD, NotTaken, PlainClient, Received
from asyncchat.errors import ChatError, ConnectError, Error
from asyncchat.log.accounts import Role
from asyncchat.log.restrictions import Restriction, RestrictionKind
from asyncchat.text import texts
from asyncchat.text.usernames import NameRefused, PasswordNeeded, parse_name
from tests.chat import Person, Room, a_room
from tests.chat.stored_chat import SECRET, Plain, StoredChat

ASKED = b"Server: write your name\n"
TAKEN = b"Server: this name is already taken! Choose another one.\n"
UNUSABLE = b"Server: this name can't be used: it is empty. Choose another one.\n"
ANSWER = b"alice\n/list\n"
PROBE = b"\xff\n"
PROVEN = b"Server: your line was not sent: it is not UTF-8.\n"
PROBE_REFUSED = (
    b"Server: this name can't be used: / is not a letter, digit, underscore, dash or dot. Choose another one.\n"
)


def asked(*, can_choose: bool = False) -> PlainClient:
    """Return alice, once she has answered the server's question."""
    visitor = PlainClient("alice", can_choose=can_choose)
    assert visitor.hear(ASKED) == Received(show=b"", answer=ANSWER)
    return visitor


def settled() -> PlainClient:
    """Return somebody who talks, and whose name is no question any more."""
    visitor = PlainClient(None, can_choose=True)
    assert visitor.settled
    return visitor


def meet(visitor: PlainClient, room: Room) -> tuple[Person, bytes]:
    """Let `visitor` talk with a real server until both have said all; return the server's side, and what was shown."""
    person, shown = Person(room), b""
    while data := person.peer.take():
        heard = visitor.hear(data)
        shown += heard.show
        person.send(heard.answer)
    return person, shown


def joined(room: Room, name: str) -> Person:
    person = Person(room)
    person.send(f"{name}\n")
    return person


# With a real server.


def test_a_room_is_entered_before_anything_is_sent() -> None:
    visitor, room = PlainClient("alice", room="#ops", can_choose=False), a_room()
    person, shown = meet(visitor, room)
    assert visitor.settled
    assert shown == b"Server: you are in #ops now, 1 online.\n"
    assert person.session.user.room == "ops"


def test_nothing_is_sent_if_the_room_can_not_be_entered() -> None:
    visitor = PlainClient("alice", room="#a/b", can_choose=False)
    with pytest.raises(ChatError, match="can't join #a/b: a room can't have this name"):
        meet(visitor, a_room())
    assert not visitor.settled


def test_joins_an_empty_room_without_a_word() -> None:
    visitor = PlainClient("alice", can_choose=False)
    person, shown = meet(visitor, a_room())
    assert (visitor.settled, person.name, shown) == (True, "alice", b"")


def test_joins_a_room_and_shows_the_last_messages_but_not_the_answer_to_its_probe() -> None:
    room = a_room()
    bob = joined(room, "bob")
    bob.send("hello\nis anybody there?\n")
    visitor = PlainClient("alice", can_choose=False)
    person, shown = meet(visitor, room)
    assert (visitor.settled, person.name) == (True, "alice")
    assert shown == b"bob: hello\nbob: is anybody there?\n"


def test_is_asked_for_another_name_when_the_one_given_is_taken() -> None:
    room = a_room()
    joined(room, "alice")
    visitor = PlainClient("alice", can_choose=True)
    person, shown = meet(visitor, room)
    assert (visitor.settled, person.name, shown) == (True, None, TAKEN)


def test_goes_on_with_the_name_that_is_typed_then() -> None:
    room = a_room()
    joined(room, "alice").send("hello\n")
    visitor = PlainClient("alice", can_choose=True)
    person, _ = meet(visitor, room)
    person.send("alice2\nhi\n")
    assert visitor.hear(person.peer.take()) == Received(show=b"alice: hello\nalice2: hi\n", answer=b"")


def test_ends_with_what_to_do_when_the_name_is_taken_and_nobody_can_choose() -> None:
    room = a_room()
    joined(room, "alice")
    with pytest.raises(NameRefused, match=r"^\w+: this name is already taken!$"):
        meet(PlainClient("alice", can_choose=False), room)


def test_sees_the_question_itself_when_no_name_is_given() -> None:
    visitor = PlainClient(None, can_choose=True)
    person, shown = meet(visitor, a_room())
    assert (visitor.settled, person.name, shown) == (True, None, ASKED)


# The name, step by step.


def test_with_a_name_to_give_nothing_typed_may_be_sent_yet() -> None:
    assert not PlainClient("alice", can_choose=True).settled


def test_without_a_name_whatever_is_typed_may_be_sent_at_once() -> None:
    assert PlainClient(None, can_choose=True).settled


def test_the_question_is_answered_and_not_shown() -> None:
    assert PlainClient("alice", can_choose=False).hear(ASKED) == Received(show=b"", answer=ANSWER)


def test_the_question_is_answered_in_whatever_pieces_it_arrives() -> None:
    visitor = PlainClient("alice", can_choose=False)
    assert [visitor.hear(bytes([byte])).answer for byte in ASKED] == [b""] * (len(ASKED) - 1) + [ANSWER]


def test_the_question_is_answered_by_its_name_in_utf8() -> None:
    assert PlainClient("Zoé", can_choose=False).hear(ASKED).answer == "Zoé\n/list\n".encode()


def test_nothing_is_settled_while_the_name_is_on_its_way() -> None:
    assert not asked().settled


@pytest.mark.parametrize("answer", [b"Server: online: bob carol\n", b"Server: no one online\n"])
def test_the_answer_to_the_probe_settles_the_name_and_is_not_shown(answer: bytes) -> None:
    visitor = asked()
    assert visitor.hear(answer) == Received(show=b"", answer=b"")
    assert visitor.settled


def test_messages_before_the_answer_to_the_probe_are_shown_and_settle_nothing() -> None:
    visitor = asked()
    assert visitor.hear(b"bob: one\ncarol: Server: no one online\n").show == b"bob: one\ncarol: Server: no one online\n"
    assert not visitor.settled


def test_messages_around_the_answer_to_the_probe_are_shown() -> None:
    assert asked().hear(b"bob: one\nServer: no one online\nbob: two\n").show == b"bob: one\nbob: two\n"


def test_once_the_name_is_settled_the_same_answer_is_shown() -> None:
    visitor = asked()
    visitor.hear(b"Server: no one online\n")
    assert visitor.hear(b"Server: no one online\n").show == b"Server: no one online\n"


@pytest.mark.parametrize("refusal", [TAKEN, UNUSABLE])
def test_a_refusal_is_shown_to_somebody_who_can_choose(refusal: bytes) -> None:
    visitor = asked(can_choose=True)
    assert visitor.hear(refusal) == Received(show=refusal, answer=b"")
    assert not visitor.settled


@pytest.mark.parametrize("refusal", [TAKEN, UNUSABLE])
def test_after_a_refusal_the_answer_to_the_probe_is_not_shown_and_typing_may_begin(refusal: bytes) -> None:
    visitor = asked(can_choose=True)
    visitor.hear(refusal)
    assert visitor.hear(PROBE_REFUSED) == Received(show=b"", answer=b"")
    assert visitor.settled


def test_later_refusals_are_all_shown() -> None:
    visitor = asked(can_choose=True)
    assert visitor.hear(TAKEN + PROBE_REFUSED + TAKEN + UNUSABLE).show == TAKEN + TAKEN + UNUSABLE


def test_a_refusal_says_why_when_nobody_can_choose() -> None:
    with pytest.raises(NameRefused, match=r": this name can't be used: it is empty\.$"):
        asked(can_choose=False).hear(UNUSABLE)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (f"{texts.NAME_TAKEN} {texts.CHOOSE_ANOTHER}", "name-taken"),
        (texts.choose_another_name("it is empty"), "name-refused"),
        (texts.NO_PASSWORD_AS_NAME, "name-refused"),
        (texts.name_registered("alice"), "name-registered"),
        (texts.accounts_only("alice"), "guest"),
        (texts.INCORRECT_PASSWORD, "incorrect-password"),
        (texts.INCORRECT_LOGIN, "incorrect-login"),
        (texts.BANNED, "banned"),
        (texts.NO_STORE, "no-store"),
        (texts.not_kept("the disk is full"), "not-kept"),
        (texts.TOO_MANY_TRIES, "not-now"),
        (texts.TOO_MANY_WAITING, "not-now"),
        (texts.NO_MEMORY, "not-now"),
    ],
)
def test_a_refusal_is_raised_with_the_code_that_programs_get_for_it(answer: str, code: str) -> None:
    with pytest.raises(Error) as refused:
        asked(can_choose=False).hear(f"Server: {answer}\n".encode())
    assert isinstance(refused.value, NameRefused | ConnectError)
    assert refused.value.code == code
    assert answer.startswith(str(refused.value).removeprefix("alice: "))


@pytest.mark.parametrize("name", ["alice", None])
@pytest.mark.parametrize("can_choose", [True, False])
def test_a_server_that_asks_nothing_is_simply_listened_to(name: str | None, can_choose: bool) -> None:
    visitor = PlainClient(name, can_choose=can_choose)
    assert visitor.hear(b"hello, this is no group chat\n") == Received(
        show=b"hello, this is no group chat\n", answer=b""
    )
    assert visitor.settled


@pytest.mark.parametrize("name", ["alice", None])
def test_a_question_that_is_not_the_first_line_is_just_shown(name: str | None) -> None:
    assert PlainClient(name, can_choose=True).hear(b"hello\n" + ASKED) == Received(show=b"hello\n" + ASKED, answer=b"")


def test_without_a_name_and_without_input_the_question_ends_it_with_what_to_do() -> None:
    with pytest.raises(ChatError, match=r"give one with --name$"):
        PlainClient(None, can_choose=False).hear(ASKED)


# What is shown.


def test_what_the_server_says_is_shown_line_by_line() -> None:
    visitor = settled()
    assert [visitor.hear(data).show for data in (b"bob: hel", b"lo\nbob: h", b"i\r\n")] == [
        b"",
        b"bob: hello\n",
        b"bob: hi\n",
    ]


def test_text_is_shown_as_it_is() -> None:
    line = "Zoé:  日本語\t😀 \n".encode()
    assert settled().hear(line).show == line


def test_control_characters_are_shown_as_their_stand_ins() -> None:
    shown = settled().hear("bob: \x1b[2J\x07\x9b\r\u202e\u2028!\n".encode()).show
    assert shown.decode() == "bob: \u241b[2J\u2407<U+009B>\u240d<U+202E><U+2028>!\n"


def test_bytes_that_are_not_utf8_are_shown_as_numbers() -> None:
    assert settled().hear(b"bob: caf\xe9\n").show == b"bob: caf\\xe9\n"


def test_a_line_without_end_in_sight_is_left_out_and_that_is_said() -> None:
    visitor = settled()
    shown = visitor.hear(b"x" * (MAX_HEARD + 2)).show + visitor.hear(b"xx\nbob: hi\n").show
    assert shown == b"(a line of more than 1048576 bytes was left out)\nbob: hi\n"


@given(
    st.lists(
        st.sampled_from([b"\x1b", b"\x9b", "\x9b\u202e".encode(), b"\r", b"\n", b"a", ASKED, TAKEN]) | st.binary()
    ),
    st.sampled_from(["alice", None]),
)
def test_no_control_character_of_a_server_is_ever_shown(chunks: list[bytes], name: str | None) -> None:
    visitor = PlainClient(name, can_choose=True)
    for chunk in chunks:
        for character in visitor.hear(chunk).show.decode():
            assert character in "\n\t" or unicodedata.category(character) not in {"Cc", "Zl", "Zp"}
            assert character not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(st.lists(st.sampled_from([b"\x1b", b"\xff", b"\n", b"bob: hi\n", TAKEN]) | st.binary()))
def test_what_is_shown_is_the_same_in_whatever_pieces_it_arrives(chunks: list[bytes]) -> None:
    visitor = settled()
    assert b"".join(visitor.hear(chunk).show for chunk in chunks) == settled().hear(b"".join(chunks)).show


# What is typed.


@pytest.mark.parametrize(
    "typed", [b"/exit\n", b"/quit\r\n", b"/EXIT\n", b"/exit now\n", b"hello\n/exit\n", b"/exit\nhello\n"]
)
def test_notices_when_somebody_asks_to_leave(typed: bytes) -> None:
    assert settled().type(typed)


@pytest.mark.parametrize("typed", [b"/exit\n", b"hello\n/quit\n", b"x" * 9000 + b"\n/exit\n", b"\xff\xc3\n/exit\r\n"])
def test_notices_it_in_whatever_pieces_it_is_typed(typed: bytes) -> None:
    for middle in range(len(typed)):
        visitor = settled()
        assert not visitor.type(typed[:middle])
        assert visitor.type(typed[middle:])


@pytest.mark.parametrize(
    "typed",
    [
        b"",
        b"/exit",
        b"hello\n",
        b" /exit\n",
        b"//exit\n",
        b"/exits\n",
        b"/help\n",
        b"\xff/exit\n",
        b"x" * 9000 + b"/exit\n",
    ],
)
def test_anything_else_is_no_goodbye(typed: bytes) -> None:
    assert not settled().type(typed)


def test_the_end_of_a_long_line_is_no_goodbye() -> None:
    visitor = settled()
    assert not visitor.type(b"x" * 9000)
    assert not visitor.type(b"/exit\n")


@pytest.mark.parametrize(
    ("typed", "lacks"), [(b"", b""), (b"hello\n", b""), (b"hello", b"\n"), (b"a\nb", b"\n"), (b"\r", b"\n")]
)
def test_a_last_line_gets_the_end_that_it_lacks(typed: bytes, lacks: bytes) -> None:
    visitor = settled()
    visitor.type(typed)
    assert visitor.end() == lacks + PROBE


MARK = "\ufeff".encode()


@pytest.mark.parametrize(
    ("typed", "sent", "end"),
    [
        ([MARK + b"hello\n"], b"hello\n", b""),
        ([MARK[:1], MARK[1:] + b"hello\n"], b"hello\n", b""),
        ([b"hello\n", MARK + b"\n"], b"hello\n" + MARK + b"\n", b""),
        ([MARK[:2]], b"", MARK[:2] + b"\n"),
    ],
)
def test_a_mark_at_the_start_of_what_is_typed_is_not_sent(typed: list[bytes], sent: bytes, end: bytes) -> None:
    visitor = settled()
    pieces = [visitor.without_mark(data) for data in typed]
    for piece in pieces:
        visitor.type(piece)
    assert (b"".join(pieces), visitor.end()) == (sent, end + PROBE)


# How it ends.


def test_the_end_is_good_only_when_the_server_has_answered_behind_all_that_was_sent() -> None:
    visitor = PlainClient(None, can_choose=True)
    visitor.hear(ASKED)
    visitor.type(b"alice\nlast words")
    assert visitor.end() == b"\n/list\n"
    assert visitor.hear(b"alice: last words\n").show == b"alice: last words\n"
    assert not visitor.check_end()
    assert visitor.hear(b"Server: no one online\n").show == b""
    assert visitor.check_end()


def test_a_list_that_was_typed_is_shown_though_the_end_asks_for_one_more() -> None:
    visitor = PlainClient(None, can_choose=True)
    visitor.hear(ASKED)
    visitor.type(b"alice\n/list\n")
    assert visitor.end() == b"/list\n"
    shown = visitor.hear(b"Server: online: bob\nServer: online: bob carol\n").show
    assert shown == b"Server: online: bob\n"
    assert visitor.check_end()


def test_whoever_ends_without_a_name_is_told_that_nothing_was_sent() -> None:
    room = a_room()
    visitor = PlainClient(None, can_choose=True)
    person = Person(room)
    visitor.hear(person.peer.take())
    person.send("build 41 done\n")
    person.send(visitor.end())
    shown = visitor.hear(person.peer.take()).show
    assert shown.count(b"Server: this name can't be used") == 1
    with pytest.raises(ChatError, match="nothing was sent: give a name with --name"):
        visitor.check_end()


@pytest.mark.parametrize("said", [b"", b"welcome\n"])
def test_a_server_that_asks_nobodys_name_has_taken_all_if_it_refuses_the_probe_as_asyncchat_does(said: bytes) -> None:
    visitor = PlainClient(None, can_choose=True, is_script=True)
    visitor.hear(said)
    visitor.type(b"hi\n")
    assert visitor.end() == PROBE
    assert visitor.hear(b"hello\n" + PROVEN + b"bye\n").show == b"hello\nbye\n"
    assert visitor.check_end()


@pytest.mark.parametrize(
    "said", [b"", b"220 smtp ready\n", b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", b"\xff\n"]
)
def test_a_server_that_does_not_refuse_the_probe_is_no_chat(said: bytes) -> None:
    visitor = PlainClient("alice", can_choose=False)
    visitor.wait_no_longer()
    visitor.type(b"hi\n")
    visitor.end()
    visitor.hear(said)
    with pytest.raises(ChatError, match="this is no server of asyncchat"):
        visitor.check_end()


def test_a_server_that_has_no_room_is_one_though_nothing_was_taken() -> None:
    visitor = PlainClient(None, can_choose=True)
    visitor.hear(b"Server: this chat is between two, and both are here.\n")
    visitor.end()
    assert not visitor.check_end()


def test_lines_that_a_server_without_names_refuses_are_counted() -> None:
    visitor = PlainClient(None, can_choose=True)
    visitor.type(b"\xfe\n")
    visitor.end()
    assert visitor.hear(PROVEN + PROVEN).show == PROVEN
    with pytest.raises(NotTaken, match="did not take one of the lines"):
        visitor.check_end()


@pytest.mark.parametrize(
    ("pieces", "sent"),
    [
        ([b"hi\n/exit\n"], b"hi\n" + PROBE + b"/exit\n"),
        ([b"hi\n", b"/exit now\r\nmore\n"], PROBE + b"/exit now\r\nmore\n"),
        ([b"x", b"y\n/exit\n"], b"y\n" + PROBE + b"/exit\n"),
        ([b"/ex", b"it\n"], b"it\n"),
    ],
)
def test_a_script_that_leaves_has_a_server_without_names_prove_itself_before(pieces: list[bytes], sent: bytes) -> None:
    visitor = PlainClient(None, can_choose=True, is_script=True)
    assert [visitor.type(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert visitor.before_exit(pieces[-1]) == sent
    if PROBE in sent:
        with pytest.raises(ChatError, match="no server of asyncchat"):
            visitor.check_exit()
        visitor.hear(PROVEN)
    visitor.check_exit()


def test_a_script_that_leaves_a_chat_needs_no_probe_and_hears_what_was_refused() -> None:
    visitor = PlainClient(None, can_choose=True, is_script=True)
    visitor.hear(ASKED)
    visitor.type(b"alice\n\xff\n/exit\n")
    assert visitor.before_exit(b"alice\n\xff\n/exit\n") == b"alice\n\xff\n/exit\n"
    visitor.check_exit()
    visitor.hear(PROVEN)
    with pytest.raises(NotTaken):
        visitor.check_exit()


def test_a_server_that_says_nothing_is_taken_for_one_that_asks_no_name() -> None:
    visitor = PlainClient("alice", can_choose=False)
    visitor.wait_no_longer()
    assert visitor.settled
    assert visitor.hear(b"hello\n") == Received(show=b"hello\n", answer=b"")
    assert visitor.end() == PROBE


def test_a_question_that_comes_too_late_is_not_answered_but_said() -> None:
    visitor = PlainClient("alice", can_choose=False)
    visitor.wait_no_longer()
    with pytest.raises(ChatError, match="slow to ask for a name: try again"):
        visitor.hear(ASKED)


def test_what_others_say_between_two_refusals_is_shown() -> None:
    visitor = asked(can_choose=True)
    visitor.hear(TAKEN)
    assert visitor.hear(b"Server: the chat is closing. Goodbye!\n").show == b"Server: the chat is closing. Goodbye!\n"
    assert not visitor.settled


def ended(room: Room, *typed: bytes) -> PlainClient:
    """Return alice, who has a name in `room`, typed something, ended her input, and heard the answers."""
    visitor = PlainClient("alice", can_choose=False)
    person, _ = meet(visitor, room)
    for line in typed:
        visitor.type(line)
        person.send(line)
        visitor.hear(person.peer.take())
    person.send(visitor.end())
    visitor.hear(person.peer.take())
    return visitor


@pytest.mark.parametrize("line", [b"/lst\n", b"\xff\n", b"x" * 5000 + b"\n"], ids=["command", "bytes", "length"])
def test_the_end_is_not_good_when_the_server_has_refused_something(line: bytes) -> None:
    with pytest.raises(NotTaken, match=r"^the server did not take one of the lines, and has said why$"):
        ended(a_room(), b"hello\n", line, b"hello\n").check_end()


def test_all_that_was_refused_is_counted() -> None:
    with pytest.raises(NotTaken, match="did not take 2 of the lines"):
        ended(a_room(), b"/lst\n", b"/lts\n").check_end()


def test_the_end_is_good_when_all_was_taken() -> None:
    assert ended(a_room(), b"hello\n", b"/list\n").check_end()


# A name that is somebody's.


def the_name_of_alice(chat: StoredChat) -> None:
    chat.owner("alice").say("/exit")


def meet_in(chat: StoredChat, visitor: PlainClient) -> tuple[Plain, bytes]:
    """Connect `visitor` to `chat`; return the far end, and what the person sees."""
    far = Plain(chat, "192.0.2.9")
    shown = b""
    while data := far.peer.take():
        heard = visitor.hear(data)
        shown += heard.show
        far.send(heard.answer)
    return far, shown


def test_shows_its_password_and_is_in(chat: StoredChat) -> None:
    the_name_of_alice(chat)
    visitor = PlainClient("alice", SECRET, can_choose=False)
    far, shown = meet_in(chat, visitor)
    assert (visitor.settled, far.name) == (True, "alice")
    assert shown == b"Server: you are authorized successfully!\n"


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "alice: this name is registered. Write /auth alice PASSWORD, or choose another one."),
        ("not my password", "alice: incorrect password!"),
    ],
)
def test_ends_if_it_has_no_password_or_a_wrong_one(chat: StoredChat, password: str, said: str) -> None:
    the_name_of_alice(chat)
    with pytest.raises(PasswordNeeded) as needed:
        meet_in(chat, PlainClient("alice", password, can_choose=False))
    assert str(needed.value) == said


def test_may_choose_another_name_if_the_one_given_is_somebodys(chat: StoredChat) -> None:
    the_name_of_alice(chat)
    visitor = PlainClient("alice", can_choose=True)
    far, shown = meet_in(chat, visitor)
    assert (visitor.settled, far.name) == (True, None)
    assert shown.startswith(b"Server: this name is registered.")


def test_ends_if_it_is_banned(chat: StoredChat) -> None:
    chat.core.restrictions.add(Restriction(RestrictionKind.BAN, parse_name("bob"), "", None, Role.ADMIN))
    with pytest.raises(ConnectError, match=r"^you are banned!$") as refused:
        meet_in(chat, PlainClient("bob", can_choose=False))
    assert refused.value.code == "banned"


# The name of a script's line.


def input_of(*typed: bytes) -> Callable[[], bool]:
    """Return what tells how it ended for a script without a name, whose input this was, in a real room with a bob."""
    room = a_room()
    joined(room, "bob")
    visitor = PlainClient(None, can_choose=True, is_script=True)
    person = Person(room)

    def meanwhile(data: bytes) -> None:
        person.send(data)
        while said := person.peer.take():
            visitor.hear(said)

    meanwhile(b"")
    for data in typed:
        visitor.type(data)
        meanwhile(data)
    meanwhile(visitor.end())
    return visitor.check_end


@pytest.mark.parametrize(
    "typed",
    [
        [b"hi\n"],
        [b"hi"],
        [b"h", b"i"],
        [b"hi\r\n"],
        [b"hi\n\n  \n\xe2\x80\x8b\n"],
        [b"two words\nhi\n"],
        [b"\n", b"bob\nhi\n \n"],
        [b"x" * 5000 + b"\nhi\n"],
    ],
)
def test_input_that_ends_with_the_name_is_an_error_that_names_the_option(typed: list[bytes]) -> None:
    with pytest.raises(NotTaken, match=r"^nothing was said: .* Give a name with --name\.$"):
        input_of(*typed)()


@pytest.mark.parametrize("typed", [[b"ci\nhi\n"], [b"ci\nhi"], [b"ci", b"\n\nh"], [b"bob\nci\nhi\n"], [b"ci\n/list\n"]])
def test_input_with_more_than_the_name_is_none(typed: list[bytes]) -> None:
    assert input_of(*typed)()


def test_a_person_may_leave_without_a_word() -> None:
    visitor = PlainClient(None, can_choose=True)
    visitor.hear(ASKED)
    visitor.type(b"alice\n")
    visitor.end()
    visitor.hear(b"Server: no one online\n")
    assert visitor.check_end()


def test_a_server_that_wants_tls_is_no_chat_and_says_what_to_do() -> None:
    visitor = PlainClient("alice", can_choose=True)
    visitor.wait_no_longer()
    with pytest.raises(ChatError, match="join it with `asyncchat join --tls"):
        visitor.hear(f"Server: {texts.TLS_ONLY}\n".encode())
