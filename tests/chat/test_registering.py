"""Names that are one's own."""

import json
from collections.abc import Iterator

import pytest

from asyncchat.chat.requests.credentials import RegisterAccount, Secret
from asyncchat.commands.mistakes.redaction import may_contain_password, redact
from asyncchat.log.accounts import Role
from asyncchat.log.entries import StoreToken
from asyncchat.log.room_events import Joined, Left
from asyncchat.text.refusals import RateLimited, WrongPassword
from asyncchat.text.usernames import parse_name
from tests.chat import Bot, a_room, record, some_sessions
from tests.chat.stored_chat import SECRET, StoredChat, stored_chat

REGISTERED = "Server: you are registered successfully!"
AUTHORIZED = "Server: you are authorized successfully!"


# In plain text.


def test_a_guest_needs_nothing_but_a_name(chat: StoredChat) -> None:
    assert chat.connect().say("alice", "hello") == ["alice: hello"]


@pytest.mark.parametrize("command", ["/registration", "/register", "/REGISTER"])
def test_somebody_registers_at_the_prompt_and_is_in(chat: StoredChat, command: str) -> None:
    chat.guest("bob").say("one")
    alice = chat.connect()
    assert alice.say(f"{command} alice {SECRET}", "hello") == [REGISTERED, "bob: one", "alice: hello"]
    assert alice.session.user.role == Role.REGISTERED


def test_a_guest_who_is_in_claims_the_name_that_he_has(chat: StoredChat) -> None:
    alice = chat.guest("alice")
    assert alice.say("/register longenough", "hello") == [REGISTERED, "alice: hello"]
    assert chat.connect().say("/auth alice longenough") == [AUTHORIZED, "alice: hello"]


def test_a_guest_who_is_in_registers_another_name_and_goes_on_under_it(chat: StoredChat) -> None:
    carol, bob = chat.guest("carol"), chat.guest("bob")
    events = record(chat.pipeline)
    assert carol.say(f"/register alice {SECRET}", "/name alice", "hello")[1:] == [REGISTERED, "alice: hello"]
    assert bob.say("/list")[-1] == "Server: online: alice"
    assert [type(event).__name__ for event in events] == ["Renamed", "Sent"]
    assert chat.connect().say("carol") == ["alice: hello"]


def test_the_name_is_shown_as_it_was_registered(chat: StoredChat) -> None:
    chat.owner("Zoé").say("/exit")
    again = chat.connect()
    assert again.say(f"/auth ZOÉ {SECRET}") == [AUTHORIZED]
    assert again.name == "Zoé"


def test_a_registered_name_is_not_for_guests(chat: StoredChat) -> None:
    chat.owner("alice").say("/exit")
    stranger = chat.connect()
    refusal = "Server: this name is registered. Write /auth {} PASSWORD, or choose another one."
    assert stranger.say("alice", "ALICE", "alice2") == [refusal.format("alice"), refusal.format("ALICE")]
    assert stranger.name == "alice2"


@pytest.mark.parametrize("name", ["a1ice", "aIice", "аlice", "alіce", "ALlCE"])
def test_a_name_that_looks_like_a_registered_one_is_not_for_others(chat: StoredChat, name: str) -> None:
    chat.owner("alice")
    said = "this name can't be used: it looks like alice, which is registered. Choose another one."
    assert chat.connect().say(name, f"/register {name} {SECRET}") == [f"Server: {said}"] * 2


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/auth bob longenough", "incorrect login!"),
        ("/auth bo:b longenough", "incorrect login!"),
        ("/auth alice longenough", "incorrect password!"),
        ("/auth alice \u200bnever", "incorrect password!"),
        ("/auth alice", "write your name and your password: /auth LOGIN PASSWORD"),
        ("/auth", "write your name and your password: /auth LOGIN PASSWORD"),
        ("/register carol short", "the password is too short!"),
        ("/register carol 1234567", "the password is too short!"),
        ("/register carol \u200blongenough", "it has a character that no password can have."),
        ("/register carol", "write the name and a password: /registration LOGIN PASSWORD"),
        ("/register alice longenough", "this login is already taken! Choose another one."),
        ("/register server longenough", "this name can't be used: it is reserved. Choose another one."),
        (
            "/register ca:rol longenough",
            "this name can't be used: : is not a letter, digit, underscore, dash or dot. Choose another one.",
        ),
    ],
)
def test_what_is_not_right_is_refused_and_one_may_try_again(chat: StoredChat, line: str, answer: str) -> None:
    chat.owner("alice").say("/exit")
    person = chat.connect()
    assert person.say(line, "dave", "hello") == [f"Server: {answer}", "dave: hello"]


def test_a_name_that_somebody_else_has_now_can_not_be_registered(chat: StoredChat) -> None:
    chat.guest("bob")
    taken = "Server: this login is already taken! Choose another one."
    assert chat.connect().say(f"/register bob {SECRET}") == [taken]
    assert chat.guest("carol").say(f"/register bob {SECRET}") == [taken]


def test_a_name_that_is_about_to_be_somebodys_is_not_for_others(chat: StoredChat) -> None:
    alice, bob = chat.connect(), chat.connect()
    alice.session.receive([b"/register alice longenough"])
    assert alice.session.pending_request == RegisterAccount(parse_name("alice"), Secret("longenough"), b"")
    assert bob.say("alice", "/register alice longenough") == [
        "Server: this name is already taken! Choose another one.",
        "Server: this login is already taken! Choose another one.",
    ]
    chat.attend(alice.session)
    assert alice.hear() == [REGISTERED]


def test_what_could_not_be_kept_is_refused_and_the_name_is_free_again(chat: StoredChat) -> None:
    alice = chat.connect()
    chat.is_broken = True
    assert alice.say(f"/register alice {SECRET}") == ["Server: this can't be done: the disk is full."]
    chat.is_broken = False
    assert alice.say(f"/register alice {SECRET}") == [REGISTERED]


def test_whoever_is_in_already_is_not_authorized_again(chat: StoredChat) -> None:
    chat.owner("bob").say("/exit")
    alice = chat.owner("alice")
    assert alice.say(f"/auth bob {SECRET}", f"/register carol {SECRET}") == [
        "Server: you are authorized already, as alice. Leave with /exit to join under another name.",
        "Server: you are registered already, as alice. Write /password PASSWORD for another password.",
    ]


def test_whoever_shows_the_password_takes_the_place_of_ones_other_connection(chat: StoredChat) -> None:
    before, bob = chat.owner("alice"), chat.guest("bob")
    events = record(chat.pipeline)
    after = chat.connect()
    assert after.say(f"/auth alice {SECRET}") == [AUTHORIZED]
    assert before.hear() == ["Server: you are here on another connection now"]
    assert before.peer.closed
    assert after.say("hello") == ["alice: hello"]
    assert bob.hear() == ["alice: hello"]
    assert [type(event).__name__ for event in events] == ["ConnectionReplaced", "Reconnected", "Sent"]


def test_a_guest_can_not_become_somebody_who_is_here_already(chat: StoredChat) -> None:
    chat.owner("alice")
    guest = chat.guest("bob")
    assert guest.say(f"/auth alice {SECRET}", "hello") == [
        "Server: alice is here on another connection. Leave with /exit, and write /auth when you are asked for a name:"
        " that takes its place.",
        "bob: hello",
    ]


def test_the_name_of_somebody_who_is_just_leaving_is_free_when_that_is_applied(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    events = record(chat.pipeline)
    again = chat.connect()
    again.session.receive([f"/auth alice {SECRET}".encode()])
    alice.session.leave()
    chat.attend(again.session)
    assert again.hear() == [AUTHORIZED]
    assert events == [Left(parse_name("alice"), 0), Joined(parse_name("alice"), 1)]
    assert alice.peer.closed


def test_whoever_is_back_while_the_leaving_is_on_its_way_is_let_go_once(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    chat.log.is_slow = True
    alice.tell("say", id=1, text="hello")
    alice.session.leave()
    again = chat.program("alice", token=alice.token, epoch="chat")
    chat.log.keep()
    assert alice.peer.closed
    assert [event["text"] for event in again.hear("message")] == ["hello"]
    assert list(chat.core.room.members) == ["alice"]


def test_a_password_is_changed(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    assert alice.say("/password", "/password short", "/password even longer one", "/exit") == [
        "Server: write the new password: /password PASSWORD",
        "Server: the password is too short!",
        "Server: your password is changed",
    ]
    person = chat.connect()
    assert person.say(f"/auth alice {SECRET}", "/auth alice even longer one") == [
        "Server: incorrect password!",
        AUTHORIZED,
    ]


def test_a_name_is_given_up_and_free_for_others(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    assert alice.say("/unregister", "/unregister not my password", f"/unregister {SECRET}", "hello", "/exit") == [
        "Server: this gives up your name and deletes your private conversations: /unregister PASSWORD",
        "Server: incorrect password!",
        "Server: your name is not registered any more",
        "alice: hello",
    ]
    assert chat.connect().say("alice") == ["alice: hello"]


def test_the_admin_can_not_be_unregistered(chat: StoredChat) -> None:
    admin = chat.owner("admin", role=Role.ADMIN)
    assert admin.say(f"/unregister {SECRET}") == ["Server: the admin can't be unregistered."]


@pytest.mark.parametrize("command", ["/password", "/unregister", "/chat", "/msg", "/unread", "/stats"])
def test_guests_are_told_how_to_get_a_name_of_their_own(chat: StoredChat, command: str) -> None:
    said = "this is for registered people. Write /register PASSWORD to make your name yours."
    assert chat.guest("bob").say(f"{command} x y") == [f"Server: {said}"]


UNSEEN = [
    " ",
    "\t",
    "\x01",
    "\b",
    "\x1b",
    "\x1b[A",
    "\x1b[1;5D",
    "\x1bOP",
    "\x1b[200~",
    "\x7f",
    "\x85",
    "\xa0",
    "\xad",
    "\u061c",
    "\u200b",
    "\u200e",
    "\u2003",
    "\u202e",
    "\u2800",
    "\u3000",
    "\u3164",
    "\ufe0f",
    "\ufeff",
]
"""What can stand before a command without anybody seeing it."""


@pytest.mark.parametrize("unseen", [*UNSEEN, "  ", "\t \x1b[200~"])
@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/auth alice secretword", "/auth"),
        ("/LOGIN alice secretword", "/auth"),
        ("/register secretword", "/registration"),
        ("/password secretword", "/password"),
        ("/msg bob secretword", "/msg"),
        ("/regster alice secretword", "/regster"),
    ],
)
def test_a_password_is_not_said_to_everybody_whatever_unseen_stands_before_it(
    chat: StoredChat, unseen: str, line: str, command: str
) -> None:
    alice, bob = chat.guest("alice"), chat.guest("bob")
    refused = f"Server: your line was not sent: write {command} with a plain / and nothing before it."
    assert alice.say(unseen + line) == [refused]
    assert bob.hear() == []
    assert may_contain_password(unseen + line) is (command != "/msg")
    assert redact(unseen + line) == (unseen + line if command == "/msg" else f"{line.split()[0]} …")


@pytest.mark.parametrize(
    "line",
    [" /list", " \t/history 5", " /usr/bin is full", " / or not", " /1 x", " //auth x", "<U+20> /auth", "a /auth b c"],
)
def test_what_is_no_hidden_command_is_said(chat: StoredChat, line: str) -> None:
    alice = chat.guest("alice")
    assert alice.say(line) == [f"alice: {line}"]


@pytest.mark.parametrize(
    "line", ["/auht alice secretword", "/auth:alice:secretword", "/pw=secretword", "/pass\tsecretword"]
)
def test_what_may_be_a_password_is_not_said_back(chat: StoredChat, line: str) -> None:
    alice = chat.guest("alice")
    (answer,) = alice.say(line)
    assert "secretword" not in answer
    assert "unknown command" in answer


def test_nothing_shows_a_password_by_accident() -> None:
    question = RegisterAccount(parse_name("alice"), Secret("longenough"), b"")
    assert "longenough" not in f"{question} {question!r}"


# Only for those who are registered.


@pytest.fixture
def closed() -> Iterator[StoredChat]:
    with stored_chat(needs_account=True) as chat:
        yield chat


def test_guests_stay_outside_if_they_shall(closed: StoredChat) -> None:
    person = closed.connect()
    assert person.say("alice", f"/registration alice {SECRET}", "hello") == [
        "Server: this chat is for registered people. Write /registration alice PASSWORD to make the name yours,"
        " or /auth NAME PASSWORD.",
        REGISTERED,
        "alice: hello",
    ]


def test_whoever_gives_up_the_name_has_to_leave_where_guests_stay_outside(closed: StoredChat) -> None:
    alice = closed.owner("alice")
    assert alice.say(f"/unregister {SECRET}") == ["Server: this chat is for registered people. Goodbye!"]
    assert alice.peer.closed


def test_a_new_account_does_not_resume_the_conversation_of_the_deleted_one(closed: StoredChat) -> None:
    closed.own_program("bob")
    alice = closed.own_program("alice")
    alice.say("/chat bob")
    alice.say(f"/unregister {SECRET}")
    again = closed.program("alice", token=alice.token, password=SECRET, register=True)
    assert again.hear("turned") == []


# In JSON.


def test_a_program_registers_with_its_hello_and_comes_back_by_its_token(chat: StoredChat) -> None:
    alice = chat.program("alice", password=SECRET, register=True)
    assert alice.hear("you") == [{"type": "you", "name": "alice", "role": "registered"}]
    alice.hang_up()
    again = chat.program("alice", token=alice.token, epoch="chat")
    assert again.session.user.account
    assert again.hear("you") == [{"type": "you", "name": "alice", "role": "registered"}]


def test_a_program_comes_back_by_its_token_though_the_server_was_started_again(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    other = chat.started_again()
    again = other.program("alice", token=alice.token, epoch="chat")
    assert again.session.user.account
    stranger = other.program("bob", token=alice.token + "x", epoch="chat")
    assert stranger.session.user.account is None


def test_a_program_shows_its_password_with_its_hello(chat: StoredChat) -> None:
    chat.owner("alice").say("/exit")
    assert chat.program("alice", password=SECRET).session.user.role == Role.REGISTERED


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "alice"}, "name-registered"),
        ({"name": "alice", "password": "wrong password"}, "incorrect-password"),
        ({"name": "alice", "password": SECRET, "register": True}, "login-taken"),
        ({"name": "bob", "password": "short", "register": True}, "short-password"),
        ({"name": "bob", "password": SECRET}, "incorrect-login"),
        ({"name": "a1ice"}, "name-refused"),
        ({"name": "a1ice", "password": SECRET, "register": True}, "name-refused"),
    ],
)
def test_a_hello_that_is_not_right_is_refused_and_another_may_follow(
    chat: StoredChat, fields: dict[str, object], code: str
) -> None:
    chat.owner("alice").say("/exit")
    bot = chat.stranger()
    bot.tell("hello", v=1, **fields)
    assert [event["code"] for event in bot.hear()] == [code]
    bot.tell("hello", v=1, name="dave")
    assert bot.hear("welcome")[0]["name"] == "dave"


def test_a_program_that_is_in_becomes_somebody(chat: StoredChat) -> None:
    bot, bob = chat.program("bot"), chat.program("bob")
    bob.hear()
    assert bot.say(f"/register carol {SECRET}")[0]["code"] == "other-name"
    assert bob.hear() == []
    heard = bot.say("/name carol")
    assert heard[0] == {"type": "you", "name": "carol", "role": "registered"}
    assert {"type": "ack", "id": 2} in heard
    assert {"type": "notice", "text": "you are registered successfully!"} in heard
    assert bob.hear() == [
        {"type": "left", "name": "bot", "members": 1},
        {"type": "joined", "name": "carol", "members": 2},
    ]
    assert bot.say("hello")[0]["from"] == "carol"


def test_a_program_is_told_that_its_password_is_wrong(chat: StoredChat) -> None:
    chat.owner("alice").say("/exit")
    heard = chat.program("bot").say("/auth alice not the password")
    assert heard == [{"type": "refused", "id": 1, "code": "incorrect-password", "text": "incorrect password!"}]


def test_a_token_does_for_the_account_no_more_when_the_password_is_changed(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    alice.hang_up()
    other = chat.program("alice", password=SECRET)
    assert other.say("/password another password")[-1] == {"type": "ack", "id": 1}
    other.hang_up()
    back = chat.stranger()
    assert back.hello("alice", token=alice.token)["code"] == "name-registered"
    assert chat.program("alice", token=other.token).session.user.account


def test_a_token_is_not_enough_for_another_name(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    chat.own_program("bob").hang_up()
    thief = chat.stranger()
    assert thief.hello("bob", token=alice.token)["code"] == "name-registered"


def test_a_program_that_gives_up_its_name_goes_on_as_a_guest(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    heard = alice.say(f"/unregister {SECRET}")
    assert {"type": "you", "name": "alice", "role": "guest"} in heard
    assert heard[-1] == {"type": "ack", "id": 1}
    alice.hang_up()
    assert chat.program("alice", token=alice.token).session.user.account is None


def test_a_program_takes_the_place_of_its_other_connection(chat: StoredChat) -> None:
    before = chat.own_program("alice")
    after = chat.program("alice", password=SECRET)
    assert before.hear() == [{"type": "bye", "text": "you are here on another connection now", "code": "elsewhere"}]
    assert before.peer.closed
    assert after.say("hello")[-1] == {"type": "ack", "id": 1, "seq": 1}
    after.hang_up()
    assert chat.core.online == {}


def test_a_name_is_given_up_though_its_owner_leaves_before_it_is_kept(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    alice.session.receive([f"/unregister {SECRET}".encode()])
    alice.session.leave()
    chat.attend(alice.session)
    assert chat.connect().say("alice", "hello") == ["alice: hello"]


def test_whoever_asks_for_too_much_is_told(chat: StoredChat) -> None:
    alice = chat.connect()
    alice.session.receive([f"/auth admin {SECRET}".encode()])
    chat.owner("alice").say("/exit")
    alice.hear()
    alice.session.receive([f"/auth alice {SECRET}".encode()])
    alice.session.throw(RateLimited("wait a minute."))
    assert alice.hear() == ["Server: wait a minute."]


# What two connections ask for at once.


def test_one_token_is_one_session_though_two_log_in_with_it_at_once(chat: StoredChat) -> None:
    gus = chat.program("gus")
    gus.say("hello")
    chat.owner("alice").say("/exit")
    chat = chat.started_again()
    one, two = chat.stranger(), chat.stranger()
    hello = {"type": "hello", "v": 1, "name": "alice", "password": SECRET, "token": gus.token, "epoch": "chat"}
    for program in (one, two):
        program.session.receive([json.dumps(hello).encode()])
        chat.answer(program.session, program.session.pending_request)  # type: ignore[arg-type]
    chat.attend(one.session)
    chat.attend(two.session)
    assert one.hear("bye") == [{"type": "bye", "text": "you are here on another connection now", "code": "elsewhere"}]
    two.hang_up()
    chat.pipeline.commit()
    assert chat.program("alice", token=gus.token).session.user.account


def test_a_name_that_is_given_up_twice_at_once_is_given_up_once(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    line = json.dumps({"type": "say", "id": 1, "text": f"/unregister {SECRET}"}).encode()
    alice.session.receive([line])
    again = chat.program("alice", token=alice.token, epoch="chat")
    again.session.receive([line])
    chat.attend(alice.session)
    chat.attend(again.session)
    assert chat.connect().say("alice") == ["Server: this name is already taken! Choose another one."]
    again.hang_up()
    assert chat.connect().say("alice", "hello") == ["alice: hello"]


def test_whoever_comes_back_while_the_name_becomes_its_own_owns_it(chat: StoredChat) -> None:
    alice = chat.program("alice")
    alice.session.receive([json.dumps({"type": "say", "id": 1, "text": "/register longenough"}).encode()])
    again = chat.program("alice", token=alice.token, epoch="chat")
    again.hear()
    chat.attend(alice.session)
    assert again.hear() == [{"type": "you", "name": "alice", "role": "registered"}]
    assert again.say("/unread")[-1] == {"type": "ack", "id": 1}


def test_whoever_comes_back_as_a_guest_by_the_token_of_somebody_is_turned_to_nobody(chat: StoredChat) -> None:
    alice, _ = chat.own_program("alice"), chat.own_program("bob")
    alice.say("/chat bob")
    alice.hang_up()
    guest = chat.program("gus", token=alice.token, epoch="chat", conversation="bob")
    assert guest.session.user.partner is None
    guest.tell("say", id=50, text="secret")
    assert guest.hear("refused")[0]["code"] == "nowhere"


def test_a_program_that_claims_the_name_that_it_has_is_told_once(chat: StoredChat) -> None:
    heard = chat.program("alice").say("/register longenough")
    assert [event["type"] for event in heard] == ["you", "notice", "read", "ack"]


def test_of_two_names_that_look_alike_one_becomes_somebodys(chat: StoredChat) -> None:
    one, other = chat.connect(), chat.connect()
    one.session.receive([f"/register scope {SECRET}".encode()])
    said = "this name can't be used: it looks like scope, which is registered. Choose another one."
    assert other.say(f"/register ѕсоре {SECRET}", "ѕсоре") == [f"Server: {said}"] * 2


def test_a_password_that_is_changed_while_it_is_compared_is_wrong(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    assert chat.core.accounts
    account = chat.core.accounts.find("alice")
    assert account
    before = StoreToken(account.id, account.password, b"token hash", 0)
    alice.say("/password another password")
    outcomes: list[object] = []
    chat.pipeline.propose(before, outcomes.append)
    chat.pipeline.commit()
    assert [type(outcome) for outcome in outcomes] == [WrongPassword]
    assert account.password == "another password"


def test_a_password_is_the_same_with_blanks_at_its_ends(chat: StoredChat) -> None:
    chat.program("alice", password=f"  {SECRET} ", register=True).hang_up()
    assert chat.connect().say(f"/auth alice  {SECRET}  ") == [AUTHORIZED]


def test_a_program_has_no_name_of_its_own_without_a_store() -> None:
    for fields in ({"register": True}, {}):
        bot = Bot(a_room(), some_sessions())
        bot.tell("hello", v=1, name="alice", password=SECRET, **fields)
        assert [event["code"] for event in bot.hear("error")] == ["no-store"]
