"""What may be a password, or for one alone, is shown to nobody because a command before it did not work."""

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from asyncchat.log.room_events import Joined, Renamed, Sent
from asyncchat.sessions.plain import PlainSession
from asyncchat.sessions.session import Session
from tests.chat import record
from tests.chat.stored_chat import SECRET, StoredChat, stored_chat

REGISTERED = "Server: you are registered successfully!"
OTHER_NAME = (
    "Server: nothing is registered yet. If the first word is to be your name instead of carol, which all see, write"
    " /name and that word. If it belongs to the password: /register carol PASSWORD"
)
MAY_BE_PASSWORD = "Server: your line was not sent: it may be a password. If it is none, write it again."
YOUR_PASSWORD = "Server: your line was not sent: it is your password."
NO_NAME = "Server: this name was not taken, since it may be a password. If it is none, write it again."
MISSED = "Server: your line was not sent: /chat or /join did not work. Write it again to send it to {}."


# In the room, /register makes nothing a name that is none yet.


@pytest.mark.parametrize(
    "line",
    [
        "/register carolpw999",
        "/register  carolpw999 ",
        "/registration CAROL carolpw999",
        "/register\tcarol\tcarolpw999",
    ],
)
def test_one_word_is_the_password_of_the_name_that_one_has(chat: StoredChat, line: str) -> None:
    carol = chat.guest("carol")
    assert carol.say(line, "hello") == [REGISTERED, "carol: hello"]
    assert chat.connect().say("/auth carol carolpw999")[0] == "Server: you are authorized successfully!"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/register", "write a password for your name: /register PASSWORD"),
        ("/register carol", "write a password for your name: /register PASSWORD"),
        ("/register carolpw", "the password is too short!"),
        ("/register carol Carol", "the password is too short!"),
        ("/name dave", "write /register LOGIN PASSWORD first, then /name and the same LOGIN."),
    ],
)
def test_what_lacks_something_is_refused(chat: StoredChat, line: str, answer: str) -> None:
    assert chat.guest("carol").say(line) == [f"Server: {answer}"]


def test_another_name_is_asked_back_before_anybody_sees_it(chat: StoredChat) -> None:
    carol = chat.guest("carol")
    seen = record(chat.pipeline)
    assert carol.say(f"/register dave {SECRET}", f"/register dave {SECRET}") == [OTHER_NAME] * 2
    assert not seen
    assert (
        carol.say("/name eve", "/name dave")
        == ["Server: write /register LOGIN PASSWORD first, then /name and the same LOGIN."] * 2
    )
    assert carol.say(f"/register Dave {SECRET}", "/name dave", "hello")[1:] == [REGISTERED, "Dave: hello"]


def test_what_is_asked_back_is_checked_first(chat: StoredChat) -> None:
    chat.owner("bob")
    assert chat.guest("carol").say(f"/register bob {SECRET}", "/register dave short", "/register d:e longenough") == [
        "Server: this login is already taken! Choose another one.",
        "Server: the password is too short!",
        "Server: this name can't be used: : is not a letter, digit, underscore, dash or dot. Choose another one.",
    ]


def test_a_password_written_twice_is_no_name(chat: StoredChat) -> None:
    stranger, owner = chat.connect(), chat.owner("carolpw999")
    seen = record(chat.pipeline)
    said = "Server: the password can't be the name."
    assert stranger.say("/register otherpw999 OtherPW999") == [said]
    assert owner.say("/password carolpw999") == [said]
    assert chat.guest("thirdpw999").say("/register thirdpw999", "/register thirdpw999 thirdpw999")[1:] == [said]
    assert not [event for event in seen if isinstance(event, Joined | Renamed) and event.name.shown != "thirdpw999"]


# What is written after a command with a password did not work.


@pytest.mark.parametrize(
    "line", ["/auth alice", "/auth alice not-the-password", "/register", "/register short", "/register dave longenough"]
)
def test_what_may_be_the_password_is_refused_once(chat: StoredChat, line: str) -> None:
    chat.owner("alice").say("/exit")
    carol, bob = chat.guest("carol"), chat.guest("bob")
    carol.say(line)
    assert carol.say("a-password", "and again") == [MAY_BE_PASSWORD] * 2
    assert bob.hear() == []
    assert carol.say("a long message") == ["carol: a long message"]


def test_what_is_too_short_for_a_password_is_a_message_and_the_line_after_it_may_be_one(chat: StoredChat) -> None:
    carol = chat.guest("carol")
    assert carol.say("/auth alice", "what?")[1:] == ["carol: what?"]
    assert carol.say("a-password") == [MAY_BE_PASSWORD]


@pytest.mark.parametrize(
    "line",
    [
        *["/regsiter", "/reg", "/passwd not-the-password", "/AUHT alice", "/pass", "/unregsiter", "/logn alice x"],
        *["\u200b/auth alice", "\uff0fauth alice", "\x1b[A/auht alice", " /auth alice"],
    ],
)
@pytest.mark.parametrize("name", ["carol", ""])
def test_after_a_mistyped_or_hidden_command_the_line_may_be_the_password_too(
    chat: StoredChat, name: str, line: str
) -> None:
    carol = chat.guest(name) if name else chat.connect()
    carol.say(line)
    assert carol.say("a-password") == [MAY_BE_PASSWORD if name else NO_NAME]


@pytest.mark.parametrize("line", ["/caht bob", "/chta bob", "/roms"])
def test_after_a_mistyped_command_the_line_may_be_for_one_alone_too(chat: StoredChat, line: str) -> None:
    assert chat.guest("carol").say(line, "for bob")[1:] == [MISSED.format("everybody")]


@pytest.mark.parametrize("line", ["/shrug", "/foo bar", "/etc/fstab", "/me waves", "/re", "/join here", "/j"])
def test_after_other_unknown_commands_each_line_is_a_message(chat: StoredChat, line: str) -> None:
    assert chat.guest("carol").say(line, "a long message")[1:] == ["carol: a long message"]


# One's own password.


@pytest.mark.parametrize("commands", [[f"/register carol {SECRET}"], ["/register old-password", f"/password {SECRET}"]])
def test_a_line_that_is_the_password_is_never_sent(chat: StoredChat, commands: list[str]) -> None:
    carol = chat.guest("carol")
    carol.say(*commands)
    assert carol.say(SECRET, f" {SECRET} ", "x" * len(SECRET)) == [YOUR_PASSWORD] * 2 + ["carol: " + "x" * len(SECRET)]


@pytest.mark.parametrize(
    ("password", "written"),
    [
        ("café au lait", "cafe\u0301 au lait"),
        ("cafe\u0301 au lait", "café\u00a0au\u3000lait"),
        ("caffè\u00a0espresso", "caffè espresso"),
        ("two\u00a0words", "two words"),
        ("two words", "two\u2003words"),
    ],
)
def test_nor_is_it_in_another_form_that_would_be_accepted(chat: StoredChat, password: str, written: str) -> None:
    carol = chat.guest("carol")
    carol.say(f"/register carol {password}")
    assert carol.say(written, "été" * 200) == [YOUR_PASSWORD, "carol: " + "été" * 200]


def test_neither_is_the_one_that_was_shown_at_the_question_for_a_name(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    assert alice.say(SECRET) == [YOUR_PASSWORD]


def test_several_lines_in_one_read_with_the_password_among_them_are_looked_at_each(chat: StoredChat) -> None:
    session = chat.owner("alice").session
    assert isinstance(session, PlainSession)
    assert not session.receive_messages([b"one", SECRET.encode(), b"two"])
    assert session.receive_messages([b"one", b"two"])


def test_a_program_never_sends_its_password(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    assert [event["code"] for event in alice.say(SECRET)] == ["secret"]
    again = chat.program("alice", token=alice.token, epoch="chat")
    again.tell("say", id=50, text=SECRET)
    assert [event["code"] for event in again.hear("refused")] == ["secret"]


def test_a_program_that_comes_back_with_an_old_password_does_not_send_its_new_one(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    alice.say("/password another-password")
    again = chat.program("alice", token=alice.token, epoch="chat", password=SECRET)
    again.tell("say", id=50, text="another-password")
    assert [event["code"] for event in again.hear("refused")] == ["secret"]


@pytest.mark.parametrize("line", [f"/auth alice {SECRET}", "/register longenough"])
def test_when_it_has_worked_everything_is_a_message_again(chat: StoredChat, line: str) -> None:
    chat.owner("alice").say("/exit")
    carol = chat.guest("carol")
    assert carol.say("/auth alice", line, "a long message")[-1].endswith(": a long message")


def test_who_needs_no_password_is_not_taken_to_write_one(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    assert alice.say("/register carolpw999", "a long message")[1:] == ["alice: a long message"]


@pytest.mark.parametrize("line", ["alice", "/auth alice", "/auth alice not-the-password", "/register alice"])
def test_what_may_be_the_password_is_not_taken_for_a_name_at_once(chat: StoredChat, line: str) -> None:
    chat.owner("alice").say("/exit")
    stranger = chat.connect()
    stranger.say(line)
    assert stranger.say("hunter2hunter") == [NO_NAME]
    assert stranger.name is None
    stranger.say("hunter2hunter")
    assert stranger.name == "hunter2hunter"


def test_a_program_is_not_taken_to_say_a_password_because_its_hello_was_refused(chat: StoredChat) -> None:
    chat.owner("alice").say("/exit")
    bot = chat.stranger()
    assert bot.hello("alice", password="not the password")["code"] == "incorrect-password"
    bot.hello("bot")
    assert bot.say("a long message")[0]["text"] == "a long message"


SECRETS = ("hunter2hunter", "carolpw999", "correct horse battery")
REFUSED = (
    "/register",
    "/register carol",
    "/auth",
    "/auth alice",
    "/auth alice {}",
    "/auth nobody {}",
    "/auth {}",
    "/password",
    "/unregister",
    "/unregister {} {}",
    "/regsiter",
    "/passwd {}",
    "/auht alice",
)
OTHERS = (
    "/register {}",
    "/register carol {}",
    "/register dave {}",
    "/password {}",
    "/unregister {}",
    "/name dave",
    "hi",
)
ALONE = "{}"
_MISTAKES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(REFUSED), st.booleans(), st.just(ALONE), st.booleans()),
        st.tuples(st.sampled_from(REFUSED + OTHERS), st.booleans()),
    ),
    max_size=6,
)


def _plain(chat: StoredChat, name: str) -> tuple[Session, Callable[[str], bytes]]:
    return (chat.guest(name) if name else chat.connect()).session, str.encode


def _json(chat: StoredChat, name: str) -> tuple[Session, Callable[[str], bytes]]:
    numbers = itertools.count(1)
    return (
        chat.program(name).session,
        lambda line: (
            b'{"type":"say","id":%d,"text":"%b"}'
            % (
                next(numbers),
                line.encode(),
            )
        ),
    )


@pytest.mark.parametrize(("connect", "name"), [(_plain, "carol"), (_json, "carol"), (_plain, "")])
@given(mistakes=_MISTAKES, secret=st.sampled_from(SECRETS))
def test_no_sequence_of_mistakes_shows_a_password(
    connect: Callable[[StoredChat, str], tuple[Session, Callable[[str], bytes]]],
    name: str,
    mistakes: list[tuple[str | bool, ...]],
    secret: str,
) -> None:
    """The password is written alone after a command that did not work, at once or when the answer was there."""
    with stored_chat() as chat:
        chat.owner("alice").say("/exit")
        seen = record(chat.pipeline)
        session, encoded = connect(chat, name)
        for said in itertools.chain(*mistakes):
            if not isinstance(said, str):
                if said:
                    session.user.resumable.doubts.more_came()
                continue
            # At the question for a name, the first word behind /register is one.
            if said != "/register {}" or session.user.name:
                session.receive([encoded(said.replace("{}", secret))])
                chat.attend(session)
        shown = [event.text if isinstance(event, Sent) else str(event) for event in seen]
        assert not [text for text in shown if secret.split()[0] in text]


# What is written after /chat or /join did not work.


@pytest.mark.parametrize("to", ["everybody", "bob"])
@given(
    sends=st.lists(st.lists(st.sampled_from(["/chat bobb", "/chat", "one", "two"]), min_size=1, max_size=4), max_size=5)
)
def test_one_line_is_refused_and_all_that_was_sent_before_its_refusal_could_be_seen(
    to: str, sends: list[list[str]]
) -> None:
    with stored_chat() as chat:
        alice, bob = chat.owner("alice"), chat.owner("bob")
        place = "alice" if to == "everybody" else "(private) alice"
        if to == "bob":
            alice.say("/chat bob")
        is_open = is_told = False
        for lines in sends:
            if is_told:
                is_open = is_told = False
            answers, expected = alice.say(*lines), list[str]()
            for line in lines:
                if line == "/chat bobb":
                    is_open, is_told = True, False
                    expected.append("Server: bobb is not registered. /list shows who is online.")
                elif line == "/chat":
                    is_open, place, to = False, "alice", "everybody"
                    expected.append("Server: you write to everybody now.")
                elif is_open:
                    is_told = True
                    expected.append(MISSED.format(to))
                else:
                    expected.append(f"{place}: {line}")
            assert sorted(answers) == sorted(expected)
        assert not bob.say("/unread")[-1].endswith("bobb")


def test_a_program_that_does_not_say_where_it_writes_is_refused_once_likewise(chat: StoredChat) -> None:
    alice, bob = chat.own_program("alice"), chat.owner("bob")
    alice.say("/chat bobb")
    assert [event["code"] for event in alice.say("one")] == ["nowhere"]
    assert alice.say("two")[0]["text"] == "two"
    assert bob.hear() == ["alice: two"]


@pytest.mark.parametrize("failed", ["/chat bobb", "/join #a/b"])
def test_a_program_that_says_that_it_writes_to_all_goes_on(chat: StoredChat, failed: str) -> None:
    alice, bob = chat.own_program("alice"), chat.owner("bob")
    assert alice.say(failed)[0]["type"] == "refused"
    assert alice.say("one", conversation="")[0]["text"] == "one"
    assert bob.hear() == ["alice: one"]


def test_the_room_is_named_to_which_the_line_goes_if_it_is_written_again(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    alice.say("/join #ops")
    assert alice.say("/chat bobb", "one")[-1].endswith("Write it again to send it to #ops.")


def test_a_program_that_says_to_whom_it_writes_goes_on(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    chat.owner("bob")
    alice.say("/chat bobb")
    assert alice.say("for bob", conversation="bob")[0]["type"] == "ack"
    assert [event["code"] for event in alice.say("for bobb", conversation="bobb")] == ["nowhere"]
    assert [event["code"] for event in alice.say("for bobb", conversation="bobb")] == ["incorrect-name"]


def test_a_refusal_that_may_be_lost_with_its_connection_counts_for_nothing(chat: StoredChat) -> None:
    alice = chat.program("alice")
    alice.say("/chat bob")
    assert [event["code"] for event in alice.say("one")] == ["nowhere"]
    again = chat.program("alice", token=alice.token, epoch="chat")
    again.tell("say", id=50, text="one")
    assert [event["code"] for event in again.hear("refused")] == ["nowhere"]
    again.tell("say", id=51, text="one")
    assert [event["text"] for event in again.hear("message")] == ["one"]
