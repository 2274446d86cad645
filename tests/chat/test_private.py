"""What two say to one another alone."""

import pytest

from asyncchat.formats import codec
from asyncchat.formats.events import Hello, Say
from asyncchat.log.accounts import Role
from asyncchat.log.entries import DeleteAccount
from tests.chat import Person, a_room, record
from tests.chat.stored_chat import SECRET, Json, Plain, StoredChat

TURNED = "Server: you write to {} alone now. /room turns back."
BACK = "Server: you write to everybody now."


def write(sender: Plain, to: str, *lines: str) -> None:
    sender.say(*(f"/msg {to} {line}" for line in lines))


# In plain text.


def test_two_who_are_turned_to_each_other_see_what_they_say_and_nobody_else_does(chat: StoredChat) -> None:
    alice, bob, carol = chat.owner("alice"), chat.owner("bob"), chat.owner("carol")
    events = record(chat.pipeline)
    assert alice.say("/chat bob") == [TURNED.format("bob")]
    assert bob.say("/chat alice") == [TURNED.format("alice")]
    assert alice.say("hello", "  you  ") == ["(private) alice: hello", "(private) alice:   you  "]
    assert bob.hear() == ["(private) alice: hello", "(private) alice:   you  "]
    assert bob.say("//my too") == ["(private) bob: /my too"]
    assert carol.hear() == []
    assert events == []


def test_what_is_typed_goes_to_everybody_again_after_turning_back(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    for command in ("/room", "/chat"):
        assert alice.say("/chat bob", command, "hello") == [TURNED.format("bob"), BACK, "alice: hello"]
        assert bob.hear() == ["alice: hello"]


def test_whoever_is_turned_to_somebody_hears_the_room_too(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    alice.say("/chat bob")
    bob.say("to all")
    assert alice.hear() == ["bob: to all"]


def test_a_message_waits_for_whoever_is_away_or_not_turned_to_its_sender(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    chat.owner("carol").say("/chat alice", "from carol")
    assert bob.say("/chat alice", "one") == [TURNED.format("alice"), "(private) bob: one"]
    assert alice.hear() == []
    alice.say("/exit")
    bob.say("two")
    alice = chat.owner("alice")
    assert alice.say("/unread") == ["Server: unread from: bob(2) carol(1)"]
    assert alice.say("/chat bob") == [TURNED.format("bob"), "(new) bob: one", "(new) bob: two"]
    assert alice.say("/unread") == ["Server: unread from: carol(1)"]
    assert alice.say("/chat bob") == [TURNED.format("bob"), "(private) bob: one", "(private) bob: two"]
    assert alice.say("/chat carol", "/unread")[1:] == ["(new) carol: from carol", "Server: no one unread"]


def test_what_somebody_sees_at_once_is_read(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    alice.say("/chat bob")
    write(bob, "alice", "hello")
    assert alice.say("/unread") == ["(private) bob: hello", "Server: no one unread"][1:]


def test_whoever_turns_sees_the_last_ten_that_were_read_and_all_that_is_new(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    write(bob, "alice", *(f"old {number}" for number in range(20)))
    alice.say("/chat bob", "mine", "/room")
    write(bob, "alice", *(f"new {number}" for number in range(7)))
    assert alice.say("/chat bob")[1:] == [
        *(f"(private) bob: old {number}" for number in range(11, 20)),
        "(private) alice: mine",
        *(f"(new) bob: new {number}" for number in range(7)),
    ]


def test_at_most_25_are_shown_and_the_way_to_the_others(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    write(bob, "alice", "read")
    alice.say("/chat bob", "/room")
    write(bob, "alice", *(f"line {number}" for number in range(18)))
    heard = alice.say("/chat bob")[1:]
    assert heard == ["(private) bob: read", *(f"(new) bob: line {number}" for number in range(18))]
    alice.say("/room")
    write(bob, "alice", *(f"more {number}" for number in range(30)))
    heard = alice.say("/chat bob")[1:]
    assert heard == [
        "Server: 5 more unread messages are further back: /history 30",
        *(f"(new) bob: more {number}" for number in range(5, 30)),
    ]
    assert alice.say("/history 30")[:5] == [f"Server: 2025-11-22T21:40:00Z bob: more {number}" for number in range(5)]


def test_one_message_is_sent_without_turning(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    assert alice.say("/msg bob hello  there", "to all") == ["Server: sent to bob", "alice: to all"]
    assert bob.say("/chat alice")[-1] == "(new) alice: hello  there"
    alice.say("/chat bob")
    assert alice.say("/msg bob again") == ["(private) alice: again"]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/chat carol", "carol is not registered. /list shows who is online."),
        ("/chat bob:", "bob: is not registered. /list shows who is online."),
        ("/chat gus", "gus is not registered. /list shows who is online."),
        ("/chat alice", "that is you. Write /chat NAME with the name of another user."),
        ("/chat ALICE", "that is you. Write /chat NAME with the name of another user."),
        ("/msg carol hello", "carol is not registered. /list shows who is online."),
        ("/msg bob", "the name or the text is missing: write /msg NAME TEXT"),
        ("/msg", "the name or the text is missing: write /msg NAME TEXT"),
        ("/stats", "this counts private messages: write /chat NAME first."),
    ],
)
def test_what_can_not_be_done_is_refused(chat: StoredChat, line: str, answer: str) -> None:
    alice = chat.owner("alice")
    chat.owner("bob")
    chat.guest("gus")
    assert alice.say(line) == [f"Server: {answer}"]


NOWHERE = "Server: your line was not sent: write /chat NAME again, or /room to write to everybody."
MISSED = "Server: your line was not sent: /chat or /join did not work. Write it again to send it to everybody."


@pytest.mark.parametrize("registered", [True, False])
def test_what_was_meant_for_one_is_not_shown_to_all_because_the_name_was_mistyped(
    chat: StoredChat, registered: bool
) -> None:
    alice = chat.owner("alice") if registered else chat.guest("alice")
    bob = chat.owner("bob")
    assert alice.say("/chat bobb", "a secret", "/room", "hello")[1:] == [MISSED, BACK, "alice: hello"]
    assert bob.hear() == ["alice: hello"]


def test_nor_because_the_store_can_not_be_read(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    chat.owner("bob")
    chat.is_broken = True
    assert alice.say("/chat bob", "a secret") == ["Server: this can't be done: the disk is full.", MISSED]
    assert alice.say("/unread") == ["Server: this can't be done: the disk has an error."]


def test_a_message_that_can_not_be_kept_is_refused(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    bob = chat.owner("bob")
    alice.say("/chat bob")
    bob.say("/chat alice")
    chat.is_broken = True
    assert alice.say("hello") == ["Server: this can't be done: the disk is full."]
    assert bob.hear() == []


def test_history_search_and_stats_are_about_the_current_conversation(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    bob.say("red in the room")
    write(bob, "alice", "red for alice", "blue for alice")
    alice.say("/chat bob", "red for bob")
    time = "Server: 2025-11-22T21:40:00Z"
    assert alice.say("/history 2") == [f"{time} bob: blue for alice", f"{time} alice: red for bob"]
    assert alice.say("/search red") == [f"{time} bob: red for alice", f"{time} alice: red for bob"]
    assert alice.say("/search green") == ["Server: nothing found: green"]
    assert alice.say("/stats") == [
        "Server:",
        "Statistics with bob:",
        "Total messages: 3",
        "Messages from alice: 1",
        "Messages from bob: 2",
    ]
    assert bob.say("/search red")[-1] != f"{time} alice: red for bob"


def test_whose_partner_gives_up_the_name_writes_to_nobody(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    alice.say("/chat bob", "hello")
    bob.say(f"/unregister {SECRET}")
    assert alice.hear() == ["Server: the user you write to has deleted the account. Write /room to write to everybody."]
    assert alice.say("still there?") == [NOWHERE]


def test_whoever_gets_a_name_that_was_given_up_sees_nothing_of_what_was_said_before(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    alice.say("/chat bob", "for the old bob")
    bob.say(f"/unregister {SECRET}", "/exit")
    new = chat.owner("bob")
    assert new.say("/unread", "/chat alice", "/history 9") == [
        "Server: no one unread",
        TURNED.format("alice"),
        "Server: there are no messages yet",
    ]
    assert alice.say("hello?") == [NOWHERE]


def test_whoever_gives_up_the_name_while_turned_to_somebody_writes_to_nobody(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    alice.say("/chat bob")
    assert alice.say(f"/unregister {SECRET}", "for bob alone") == [
        "Server: what you write is not sent to any user now. Write /room to write to everybody.",
        "Server: your name is not registered any more",
        "Server: your line was not sent: write /chat NAME again, or /room to write to everybody.",
    ]
    assert bob.hear() == []
    assert alice.say("/room", "hello") == [BACK, "alice: hello"]


def test_whoever_gives_up_the_name_while_turning_to_somebody_writes_to_nobody(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    bob = chat.owner("bob")
    alice.session.receive([b'{"type":"say","id":1,"text":"/chat bob"}'])
    alice_account = alice.session.user.account
    assert alice_account
    chat.pipeline.propose(DeleteAccount(alice_account.id, chat.time))
    chat.attend(alice.session)
    alice.tell("say", id=2, text="for bob alone")
    assert alice.hear()[-1]["code"] == "nowhere"
    assert bob.hear() == []


def test_what_is_written_to_a_dead_connection_waits(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    bob.say("/chat alice")
    write(alice, "bob", "one", "two")
    bob.session.leave()  # its connection was reset
    bob = chat.owner("bob")
    assert bob.say("/unread") == ["Server: unread from: alice(2)"]


def test_what_came_from_the_one_before_while_one_turned_was_read_too(chat: StoredChat) -> None:
    alice, bob, carol = (chat.owner(name) for name in ("alice", "bob", "carol"))
    bob.say("/chat alice")
    alice.session.receive([b"/msg bob just before"])
    bob.session.receive([b"/chat carol"])
    chat.attend(bob.session)
    write(carol, "bob", "just after")
    assert bob.say("/unread")[-1] == "Server: no one unread"


def test_unread_is_answered_after_the_last_one_who_wrote_has_deleted_the_account(chat: StoredChat) -> None:
    alice, bob, carol = (chat.owner(name) for name in ("alice", "bob", "carol"))
    bob.say("/chat alice")
    write(alice, "bob", "hello")
    write(carol, "bob", "hello")
    bob.say("/room")
    alice.say(f"/unregister {SECRET}")
    assert bob.say("/unread") == ["Server: unread from: carol(1)"]


@pytest.mark.parametrize("end", ["says something", "ends its side"])
def test_what_is_written_to_somebody_who_is_heard_again_was_read(chat: StoredChat, end: str) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    bob.say("/chat alice")
    write(alice, "bob", "one", "two")
    if end == "says something":
        bob.say("/room")
        bob.session.leave()
    else:
        bob.session.end()
    chat.pipeline.commit()
    assert chat.owner("bob").say("/unread") == ["Server: no one unread"]


def test_a_clock_that_is_set_back_stamps_what_comes_after_it(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    write(alice, "bob", "one")
    chat.time -= 3_600_000
    write(alice, "bob", "two")
    bob.say("/chat alice")
    assert [line.split()[1] for line in bob.say("/history 2")] == [
        "2025-11-22T21:40:00Z",
        "2025-11-22T20:40:00Z",
    ]


# In JSON.


def two(chat: StoredChat) -> tuple[Json, Json]:
    return chat.own_program("alice"), chat.own_program("bob")


def test_programs_get_private_messages_with_the_name_of_the_conversation(chat: StoredChat) -> None:
    alice, bob = two(chat)
    carol = chat.own_program("carol")
    assert alice.say("/chat bob") == [{"type": "turned", "conversation": "bob"}, {"type": "ack", "id": 1}]
    bob.say("/chat alice")
    said = {"type": "message", "seq": 1, "time": "2025-11-22T21:40:00.000Z", "from": "alice", "text": "hi"}
    assert alice.say("hi") == [{"type": "ack", "id": 2, "seq": 1}, said | {"conversation": "bob"}]
    assert bob.hear() == [said | {"conversation": "alice"}]
    assert carol.hear() == [] or all(event["type"] == "joined" for event in carol.hear())


def test_each_conversation_has_numbers_of_its_own(chat: StoredChat) -> None:
    alice, _ = two(chat)
    chat.own_program("carol")
    alice.say("to all")
    acks = [alice.say(text, conversation=to)[0] for text, to in (("a", "bob"), ("b", "carol"), ("c", "bob"), ("d", ""))]
    assert [ack["seq"] for ack in acks] == [1, 1, 2, 2]


def test_programs_hear_who_waits(chat: StoredChat) -> None:
    alice, bob = two(chat)
    alice.say("one", conversation="bob")
    alice.say("/msg bob two")
    assert bob.hear("unread") == [{"type": "unread", "conversation": "alice", "messages": n} for n in (1, 2)]
    bob.hang_up()
    again = chat.program("bob", password=SECRET)
    assert again.hear("unread") == [{"type": "unread", "conversation": "alice", "messages": 2}]
    messages = [event for event in again.say("/chat alice") if event["type"] == "message"]
    assert [(message["text"], message["new"]) for message in messages] == [("one", True), ("two", True)]


def test_the_sender_of_one_message_is_told_and_gets_its_receipt(chat: StoredChat) -> None:
    alice, _ = two(chat)
    assert alice.say("/msg bob hello") == [
        {"type": "ack", "id": 1, "seq": 1},
        {"type": "notice", "text": "sent to bob"},
    ]


def test_a_line_says_itself_where_it_goes(chat: StoredChat) -> None:
    alice, bob = two(chat)
    bob.hear()
    alice.say("/chat bob")
    alice.say("to all", conversation="")
    assert [event["text"] for event in bob.hear("message")] == ["to all"]
    assert alice.say("secret", conversation="nobody")[0]["code"] == "incorrect-name"
    assert alice.say("/list", conversation="nobody")[-1]["type"] == "ack"
    assert alice.say("//list", conversation="nobody")[0]["code"] == "incorrect-name"
    assert chat.program("guest").say("secret", conversation="bob")[0]["code"] == "not-allowed"
    assert bob.hear("message") == []


def test_the_same_line_sent_again_is_acknowledged_and_not_sent_twice(chat: StoredChat) -> None:
    alice, bob = two(chat)
    alice.say("hello", conversation="bob")
    alice.tell("say", id=1, text="hello", conversation="bob")
    assert alice.hear() == [{"type": "ack", "id": 1, "seq": 1}]
    assert bob.say("/unread")[0] == {"type": "notice", "text": "unread from: alice(1)"}


def test_the_same_line_is_known_though_the_server_was_started_again(chat: StoredChat) -> None:
    alice, bob = two(chat)
    alice.say("hello", conversation="bob")
    other = chat.started_again()
    again = other.program("alice", token=alice.token, epoch="chat")
    again.hear()
    again.tell("say", id=1, text="hello", conversation="bob")
    assert again.hear() == [{"type": "ack", "id": 1, "seq": 1}]
    assert bob.say("/unread")[0] == {"type": "notice", "text": "unread from: alice(1)"}


def another_takes_the_name(chat: StoredChat, before: Plain | Json) -> Json:
    """Let somebody give up a name, which somebody else registers; return the latter."""
    name = before.name
    assert name
    before.say(f"/unregister {SECRET}")
    before.say("/exit")
    chat.time += 1
    return chat.own_program(name)


ANOTHER = "bob is another user now. Write /chat bob to write to them."


@pytest.mark.parametrize("text", ["for the first bob", "/msg bob for the first bob"])
@pytest.mark.parametrize("known", ["addressed", "known only"])
def test_what_is_for_one_is_not_sent_to_another_who_has_got_the_name(chat: StoredChat, text: str, known: str) -> None:
    alice, bob = two(chat)
    fields = {} if text.startswith("/msg") else {"conversation": "bob"}
    if known == "addressed":
        alice.say(text, **fields)
    another = another_takes_the_name(chat, bob)
    assert [(event["type"], event.get("text")) for event in alice.say(text, **fields)] == [("refused", ANOTHER)]
    assert another.hear("unread") == []
    assert alice.say("/chat bob")
    alice.say("for the second bob", conversation="bob")
    assert [event["messages"] for event in another.hear("unread")] == [1]


def test_that_is_so_though_the_server_was_started_again(chat: StoredChat) -> None:
    alice, bob = two(chat)
    alice.say("/chat bob")
    chat.time += 1
    another_takes_the_name(chat, bob)
    for after in (0, 1):
        chat = chat.started_again()
        again = chat.program("alice", token=alice.token, epoch="chat", conversation="bob", conversation_after=after)
        assert [event["text"] for event in again.hear("notice")] == [ANOTHER]
        for ident, fields in ((50, {}), (51, {"conversation": "bob"})):
            again.tell("say", id=ident, text="for the first bob", **fields)
        assert [event["code"] for event in again.hear()] == ["nowhere", "incorrect-name"]


def test_whoever_has_written_to_the_one_who_has_the_name_now_means_that_one_after_a_new_start_too(
    chat: StoredChat,
) -> None:
    alice, bob = two(chat)
    chat.time += 1
    another_takes_the_name(chat, bob)
    alice.say("/chat bob")
    alice.say("for the second bob")
    for ident in (50, 51):
        chat = chat.started_again()
        again = chat.program("alice", token=alice.token, epoch="chat", conversation="bob", conversation_after=1)
        assert again.hear("turned") == [{"type": "turned", "conversation": "bob"}]
        again.tell("say", id=ident, text="more", conversation="bob")
        assert [event["type"] for event in again.hear()] == ["ack", "message"]


def test_whoever_comes_with_a_token_of_which_nothing_is_known_may_mean_another(chat: StoredChat) -> None:
    _, bob = two(chat)
    another_takes_the_name(chat, bob)
    chat.time += 1
    again = chat.program("alice", token="0" * 32, epoch="elsewhere", password=SECRET)
    assert again.say("for bob", conversation="bob")[0]["text"] == ANOTHER
    chat.time += 1
    fresh = chat.program("alice", password=SECRET)
    assert fresh.say("for bob", conversation="bob")[0]["type"] == "ack"


def test_names_that_nobody_can_mean_any_more_are_forgotten(chat: StoredChat) -> None:
    chat.owner("carol").say(f"/unregister {SECRET}")
    assert chat.started_again().core.accounts.released == {}  # type: ignore[union-attr]
    chat.own_program("alice")
    chat.time += 1
    chat.owner("bob").say(f"/unregister {SECRET}")
    assert list(chat.started_again().core.accounts.released) == ["bob"]  # type: ignore[union-attr]


def test_what_could_not_be_kept_is_refused_and_may_be_sent_again(chat: StoredChat) -> None:
    alice, _ = two(chat)
    chat.is_broken = True
    refusal = {"type": "refused", "id": 1, "code": "not-kept", "text": "your line was not sent: the disk is full."}
    assert alice.say("hello", conversation="bob") == [refusal]
    chat.is_broken = False
    alice.tell("say", id=1, text="hello", conversation="bob")
    assert alice.hear() == [{"type": "ack", "id": 1, "seq": 1}, {"type": "notice", "text": "sent to bob"}]


def test_a_receipt_reaches_whoever_comes_back_meanwhile(chat: StoredChat) -> None:
    alice, _ = two(chat)
    alice.session.receive([b'{"type":"say","id":1,"text":"hello","conversation":"bob"}'])
    again = chat.program("alice", token=alice.token, epoch="chat")
    assert alice.hear("ack") == [{"type": "ack", "id": 1, "seq": 1}]
    again.hear()
    again.tell("say", id=1, text="hello", conversation="bob")
    assert again.hear() == [{"type": "ack", "id": 1, "seq": 1}]


# Coming back to a conversation.


def test_whoever_comes_back_gets_what_was_missed_of_the_conversation_once(chat: StoredChat) -> None:
    alice, bob = two(chat)
    alice.say("/chat bob")
    bob.say("one", conversation="alice")
    bob.say("two", conversation="alice")  # which is lost on its way to alice
    again = chat.program("alice", token=alice.token, epoch="chat", conversation="bob", conversation_after=1)
    heard = [event for event in again.hear() if event["type"] in ("turned", "message")]
    assert [event["type"] for event in heard] == ["turned", "message"]
    assert (heard[1]["text"], heard[1]["conversation"]) == ("two", "bob")
    bob.say("three", conversation="alice")
    assert [event["text"] for event in again.hear("message")] == ["three"]


def test_a_resumed_session_has_its_current_conversation(chat: StoredChat) -> None:
    alice, bob = two(chat)
    alice.say("/chat bob")
    again = chat.program("alice", token=alice.token, epoch="chat")
    assert again.hear("turned") == [{"type": "turned", "conversation": "bob"}]
    again.say("only for bob")
    assert bob.hear("message") == []
    again.say("/room")
    third = chat.program("alice", token=alice.token, epoch="chat", conversation="bob", conversation_after=1)
    assert third.hear("turned") == [{"type": "turned", "conversation": ""}]


def test_after_a_start_of_the_server_the_peer_says_where_it_was_turned(chat: StoredChat) -> None:
    alice, bob = two(chat)
    bob.say("hello", conversation="alice")
    other = chat.started_again()
    again = other.program("alice", token=alice.token, epoch="chat", conversation="bob")
    assert [event["text"] for event in again.hear("message")] == ["hello"]
    again = other.program("alice", token=alice.token, epoch="chat", conversation="nobody")
    assert again.hear("turned") == [{"type": "turned", "conversation": "bob"}]


def test_whoever_can_not_be_turned_again_writes_to_nobody(chat: StoredChat) -> None:
    two(chat)
    stranger = chat.stranger()
    stranger.tell("hello", v=1, name="carol", conversation="bob", conversation_after=0)
    heard = stranger.hear()
    said = "you are not authorized any more, so your lines are not sent. Write /auth LOGIN PASSWORD."
    assert heard[1:3] == [{"type": "turned", "conversation": None}, {"type": "notice", "text": said}]
    stranger.tell("say", id=1, text="secret")
    assert stranger.hear()[-1]["code"] == "nowhere"


@pytest.mark.parametrize("number", [0, 1, 2**53 - 1])
def test_forged_numbers_show_nothing_to_others(chat: StoredChat, number: int) -> None:
    alice, bob = two(chat)
    alice.say("secret one", conversation="bob")
    bob.say("secret two", conversation="alice")
    mallory = chat.own_program("mallory")
    mallory.hang_up()
    for fields in (
        {"token": mallory.token},
        {"password": SECRET},
        {"token": alice.token[:-1]},
        {},
    ):
        name = "mallory" if "password" in fields or fields.get("token") == mallory.token else "mallory2"
        back = chat.stranger()
        back.tell(
            "hello", v=1, name=name, epoch="chat", after=number, conversation="bob", conversation_after=number, **fields
        )
        for command in ("/history 100", "/search secret", "/unread", "/chat alice", "/history 100", "/search secret"):
            back.tell("say", id=900 + len(back.peer.written), text=command)
        assert b"secret one" not in (said := b"".join(back.peer.written))
        assert b"secret two" not in said
        back.hang_up()


@pytest.mark.parametrize("role", list(Role))
def test_no_role_sees_what_others_say_alone(chat: StoredChat, role: Role) -> None:
    alice = chat.owner("alice")
    chat.owner("bob")
    alice.say("/chat bob", "a secret")
    mallory = chat.owner("mallory", role=role)
    commands = ["/history 99", "/search secret", "/unread", "/audit", "/bans", "/stats", "/chat alice", "/history 99"]
    assert not any("a secret" in line for line in mallory.say(*commands, "/search secret", "/stats"))


def test_a_program_gets_statistics_line_by_line(chat: StoredChat) -> None:
    alice, _ = two(chat)
    alice.say("hello", conversation="bob")
    alice.say("/chat bob")
    said = [event["text"] for event in alice.say("/stats") if event["type"] == "notice"]
    assert said == ["Statistics with bob:", "Total messages: 1", "Messages from alice: 1", "Messages from bob: 0"]


def test_who_waits_is_not_told_if_it_can_not_be_read(chat: StoredChat) -> None:
    alice, bob = two(chat)
    alice.say("hello", conversation="bob")
    bob.hang_up()
    chat.is_broken = True
    assert chat.program("bob", token=bob.token).hear("unread") == []


# A name that was given up, and is another's now.


def test_a_program_does_not_write_to_whoever_has_the_name_of_its_partner_now(chat: StoredChat) -> None:
    alice, bob = two(chat)
    alice.say("/chat bob")
    bob.say(f"/unregister {SECRET}")
    bob.hang_up()
    assert alice.say("secret", conversation="bob")[-1]["code"] == "incorrect-name"
    mallory = chat.own_program("bob")
    refused = alice.say("secret", conversation="bob")[-1]
    assert refused["text"] == "bob is another user now. Write /chat bob to write to them."
    assert mallory.say("/unread")[0] == {"type": "notice", "text": "no one unread"}
    alice.say("/chat bob", conversation="bob")
    assert alice.say("hello, new bob", conversation="bob")[0]["type"] == "ack"


def test_whoever_comes_back_is_not_turned_to_somebody_who_is_gone(chat: StoredChat) -> None:
    alice, bob = two(chat)
    alice.say("/chat bob")
    alice.hang_up()
    bob.say(f"/unregister {SECRET}")
    bob.hang_up()
    chat.own_program("bob")
    again = chat.program("alice", token=alice.token, epoch="chat", conversation="bob", conversation_after=0)
    assert again.session.user.partner is None
    again.tell("say", id=50, text="secret")
    assert again.hear("refused")[0]["code"] == "nowhere"


def test_nothing_is_read_unseen_by_the_number_of_another_conversation(chat: StoredChat) -> None:
    alice, bob = two(chat)
    alice.hang_up()
    bob.say("hello", conversation="alice")
    again = chat.program("alice", password=SECRET, conversation="bob", conversation_after=57)
    assert [event["text"] for event in again.hear("message")] == ["hello"]


@pytest.mark.parametrize("line", [" /msg bob secret", "\u200b/msg bob secret", "\ufeff/chat bob", "\xa0/auth alice pw"])
def test_what_looks_like_a_private_command_is_not_said_to_everybody(chat: StoredChat, line: str) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    (answer,) = alice.say(line)
    assert answer.startswith("Server: your line was not sent: write /")
    assert bob.hear() == []


def test_a_tab_ends_the_word_too(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    assert alice.say("/chat\tbob", "secret") == [TURNED.format("bob"), "(private) alice: secret"]
    assert bob.hear() == []


def test_without_a_store_what_was_meant_for_one_is_not_shown_to_all_either() -> None:
    room = a_room()
    alice, bob = Person(room), Person(room)
    alice.send("alice\n")
    bob.send("bob\n")
    alice.hear()
    bob.hear()
    alice.send("/chat bob\nsecret\n")
    assert alice.hear() == ["Server: nothing is kept here: this chat is served without --store", MISSED]
    assert bob.hear() == []


def test_whoever_is_found_gone_when_it_is_kept_is_said_to_be(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    chat.log.is_slow = True
    bob.say(f"/unregister {SECRET}")
    alice.say("/msg bob hello")
    chat.log.keep()
    assert alice.hear() == ["Server: this can't be done: the name is not registered any more."]
    bob.hear()
    bob.say("/exit")
    bob = chat.owner("bob")
    chat.log.is_slow = True
    bob.say(f"/unregister {SECRET}")
    alice.say("/chat bob")
    chat.log.keep()
    assert alice.hear() == ["Server: bob is not registered any more."]
    assert alice.say("secret") == [MISSED]


def test_whoever_has_given_up_the_name_while_turned_to_somebody_writes_to_nobody_on_another_connection_either(
    chat: StoredChat,
) -> None:
    alice, _ = two(chat)
    alice.say("/chat bob")
    alice.say(f"/unregister {SECRET}")
    again = chat.program("alice", token=alice.token, epoch="chat")
    again.tell("say", id=50, text="secret")
    assert again.hear("refused")[0]["code"] == "nowhere"


def test_a_private_message_that_comes_while_its_conversation_is_resumed_is_shown_once_and_in_order(
    chat: StoredChat,
) -> None:
    alice, bob = two(chat)
    alice.say("/chat bob")
    bob.say("one", conversation="alice")
    after = alice.hear("message")[-1]["seq"]
    alice.hang_up()
    bob.say("two", conversation="alice")
    again = chat.stranger()
    hello = Hello(1, "alice", alice.token, "chat", conversation="bob", conversation_after=after)
    again.session.receive([codec.lines([hello]).rstrip()])
    bob.say("three", conversation="alice")
    chat.attend(again.session)
    heard = [event for event in again.hear() if event["type"] in ("turned", "message")]
    assert [event.get("text", "") for event in heard] == ["", "two", "three"]


def test_a_password_that_is_changed_from_an_earlier_connection_ends_no_private_conversation(chat: StoredChat) -> None:
    alice, _ = two(chat)
    alice.session.receive([codec.lines([Say(50, "/password even longer one")]).rstrip()])
    again = chat.program("alice", password=SECRET)
    again.say("/chat bob")
    events = record(chat.pipeline)
    chat.attend(alice.session)
    again.say("secret")
    assert events == []
    assert chat.said_between("alice", "bob") == [("alice", "secret")]


def test_after_a_start_of_the_server_who_does_not_say_where_it_was_turned_speaks_to_nobody(chat: StoredChat) -> None:
    alice, _ = two(chat)
    alice.say("/chat bob")
    other = chat.started_again()
    again = other.program("alice", token=alice.token, epoch="chat")
    again.tell("say", id=50, text="secret")
    assert again.hear("refused")[0]["code"] == "nowhere"
    third = other.program("alice", token=alice.token, epoch="chat", conversation="")
    third.tell("say", id=51, text="secret")
    assert third.hear("refused")[0]["code"] == "nowhere"


def test_after_a_start_of_the_server_who_was_turned_to_nobody_speaks_to_all(chat: StoredChat) -> None:
    alice, _ = two(chat)
    other = chat.started_again()
    again = other.program("alice", token=alice.token, epoch="chat", conversation="")
    again.tell("say", id=50, text="hello")
    assert again.hear("message")[0]["text"] == "hello"


def test_after_a_start_of_the_server_whoever_was_turned_to_somebody_who_is_gone_speaks_to_nobody(
    chat: StoredChat,
) -> None:
    alice, _ = two(chat)
    other = chat.started_again()
    again = other.program("alice", token=alice.token, epoch="chat", conversation="carol")
    assert again.hear("notice")[0]["text"] == "carol is not registered. /list shows who is online."
    again.tell("say", id=50, text="secret")
    assert again.hear("refused")[0]["code"] == "nowhere"


@pytest.mark.parametrize("stays", [True, False])
def test_whoever_waits_for_what_was_proposed_learns_when_it_is_applied(chat: StoredChat, stays: bool) -> None:
    alice, _ = chat.owner("alice"), chat.owner("bob")
    applied: list[bool] = []
    chat.log.is_slow = True
    alice.say("/msg bob hello")
    alice.session.when_applied(lambda: applied.append(True))
    if not stays:
        alice.session.leave()
    assert applied == []
    chat.log.keep()
    assert applied == [True]
