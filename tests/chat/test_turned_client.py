"""A client in JSON events that writes to one person alone, over connections that break."""

from random import Random

import pytest
from hypothesis import given, strategies as st

from asyncchat.client.json_client import JsonClient
from asyncchat.formats import codec, events
from asyncchat.formats.events import Message, Notice, Refused, Topic, Turned, Unread, Welcome, You
from asyncchat.text.texts import chat_failed
from tests.chat.stored_chat import SECRET, Plain, StoredChat, stored_chat
from tests.chat.wires import QUESTION, Wire


def connect(chat: StoredChat, client: JsonClient) -> Wire:
    """Return a new connection of `client` to the server."""
    return Wire(client, chat.stranger())


def here(chat: StoredChat, name: str = "alice") -> tuple[JsonClient, Wire]:
    chat.owner(name).say("/exit")
    client = JsonClient(name, SECRET)
    line = connect(chat, client)
    line.carry_all()
    return client, line


def texts(news: list[events.FromServer], conversation: str) -> list[str]:
    return [event.text for event in news if isinstance(event, Message) and event.conversation == conversation]


def waiting(bob: Plain) -> list[str]:
    return [line.removeprefix("(new) alice: ") for line in bob.say("/chat alice", "/room") if "(new)" in line]


def test_shows_its_password_if_the_name_is_registered(chat: StoredChat) -> None:
    client, _ = here(chat)
    assert client.is_in
    assert client.name == "alice"


def test_knows_at_once_where_it_writes_and_is_right_about_it(chat: StoredChat) -> None:
    client, line = here(chat)
    chat.owner("bob")
    client.say("/chat BOB")
    assert client.turned == "BOB"
    line.carry_all()
    assert client.turned == "bob"
    client.say("/room")
    assert client.turned == ""


def test_a_message_goes_to_whom_it_says_whatever_the_conversation_is(chat: StoredChat) -> None:
    client, line = here(chat)
    bob = chat.owner("bob")
    client.say("/chat bob")
    client.say("for all", "")
    client.say("/room")
    client.say("for bob", "bob")
    assert client.turned == ""
    assert not [event for event in line.carry_all() if isinstance(event, Refused)]
    assert "alice: for all" in bob.hear()
    assert waiting(bob) == ["for bob"]


def test_what_is_written_behind_a_mistyped_name_goes_nowhere(chat: StoredChat) -> None:
    client, line = here(chat)
    bob = chat.owner("bob")
    client.say("/chat bobb")
    client.say("a secret")
    refused = [event.code for event in line.carry_all() if isinstance(event, Refused)]
    assert refused == ["incorrect-name", "nowhere"]
    assert bob.hear() == []
    client.say("to all")
    line.carry_all()
    assert client.turned == ""
    assert bob.hear() == ["alice: to all"]


@pytest.mark.parametrize("before", ["", "carol"])
def test_whoever_is_told_that_chat_did_not_work_is_where_one_was_after_one_refused_line(
    chat: StoredChat, before: str
) -> None:
    client, line = here(chat)
    chat.owner("carol")
    bob = chat.owner("bob")
    client.say(f"/chat {before}".strip())
    client.say("/chat bobb")
    line.carry_all()
    assert client.turned == before
    client.say("one")
    client.say("two")
    refused = [event for event in line.carry_all() if isinstance(event, Refused)]
    assert [event.code for event in refused] == ["nowhere", "nowhere"]
    assert refused[0].text.endswith(f"Write it again to send it to {before or 'everybody'}.")
    client.say("one again")
    line.carry_all()
    assert bob.hear() == ["alice: one again"] * (not before)
    assert chat.said_between("alice", "carol") == [("alice", "one again")] * bool(before)


def test_after_a_join_that_did_not_work_one_line_is_refused_and_why(chat: StoredChat) -> None:
    client, line = here(chat)
    bob = chat.owner("bob")
    client.say("/join #a/b")
    line.carry_all()
    client.say("one")
    (refused,) = [event for event in line.carry_all() if isinstance(event, Refused)]
    assert (refused.code, refused.text) == ("nowhere", chat_failed("everybody"))
    client.say("one")
    assert not [event for event in line.carry_all() if isinstance(event, Refused)]
    assert bob.hear() == ["alice: one"]


def test_a_name_that_can_be_used_only_later_gets_nothing_that_was_typed_when_it_could_not(chat: StoredChat) -> None:
    client, line = here(chat)
    client.say("/chat bob")
    line.carry_all()
    bob = chat.owner("bob")
    client.say("for all")
    assert [event.code for event in line.carry_all() if isinstance(event, Refused)] == ["nowhere"]
    assert bob.say("/unread") == ["Server: no one unread"]


@pytest.mark.parametrize("turned", ["to nobody before", "to bob before"])
@pytest.mark.parametrize("registered", [True, False])
@pytest.mark.parametrize("again", ["connected", "server started"])
def test_nobody_gets_what_is_written_behind_a_mistyped_name_after_the_connection_broke(
    chat: StoredChat, turned: str, registered: bool, again: str
) -> None:
    bob = chat.owner("bob")
    if registered:
        client, line = here(chat)
    else:
        client = JsonClient("alice")
        line = connect(chat, client)
        line.carry_all()
    if turned == "to bob before":
        client.say("/chat bob")
    client.say("/chat bobb")
    line.carry_all()
    bob.hear()
    if again == "server started":
        bob.say("/exit")
        chat = chat.started_again()
        bob = chat.owner("bob")
    client.connected()
    line = connect(chat, client)
    client.say("a secret")
    assert len([event for event in line.carry_all() if isinstance(event, Refused)]) == 1
    assert bob.say("/unread") == ["Server: no one unread"]
    client.say("to where one was")
    assert not any(isinstance(event, Refused) for event in line.carry_all())


def test_whoever_has_lost_sight_of_somebody_writes_to_nobody_and_knows_it(chat: StoredChat) -> None:
    client, line = here(chat)
    bob = chat.owner("bob")
    client.say("/chat bob")
    line.carry_all()
    bob.say(f"/unregister {SECRET}")
    line.carry_all()
    assert client.turned is None


def test_a_second_try_counts_though_the_first_one_is_refused(chat: StoredChat) -> None:
    client, line = here(chat)
    bob = chat.owner("bob")
    for said in ("/chat bobb", "/chat bob", "hello"):
        client.say(said)
    line.carry_all()
    assert client.turned == "bob"
    assert waiting(bob) == ["hello"]


@pytest.mark.parametrize("cut", range(8))
def test_a_line_goes_where_it_was_typed_to_go_wherever_the_connection_breaks(chat: StoredChat, cut: int) -> None:
    client, line = here(chat)
    bob = chat.owner("bob")
    line.carry_all()
    news: list[events.FromServer] = []
    for number, said in enumerate(("to all", "/chat bob", "for bob", "/room", "to all again")):
        client.say(said)
        if number == cut // 2:
            if cut % 2:
                line.carry()
            line = connect(chat, client)
    news += line.carry_all()
    assert bob.hear() == ["alice: to all", "alice: to all again"]
    assert waiting(bob) == ["for bob"]


def test_the_conversation_goes_on_where_it_was_on_another_connection(chat: StoredChat) -> None:
    client, line = here(chat)
    bob = chat.owner("bob")
    client.say("/chat bob")
    bob.say("/chat alice", "one")
    assert texts(line.carry_all(), "bob") == ["one"]
    bob.say("two")
    line = connect(chat, client)
    bob.say("three")
    assert texts(line.carry_all(), "bob") == ["two", "three"]
    client.say("/chat bob")
    assert texts(line.carry_all(), "bob") == ["one", "two", "three"]


def test_a_line_that_is_too_long_to_turn_leaves_everything_as_it_was(chat: StoredChat) -> None:
    client, line = here(chat)
    client.say("/chat " + "b" * 5000)
    assert [event.code for event in line.carry_all() if isinstance(event, Refused)] == ["too-long"]
    assert client.turned == ""


def test_a_line_of_which_nothing_is_known_any_more_leaves_everything_as_it_was(chat: StoredChat) -> None:
    client, _ = here(chat)
    client.say("/chat bob")
    client.to_send()
    client.connected()
    client.hear(QUESTION + b'{"type":"welcome","name":"alice","token":"t","epoch":"chat","seq":0,"members":1,')
    client.hear(b'"max_line":4096,"resumed":false}\n')
    assert [event.code for event in client.news() if isinstance(event, Refused)] == ["in-doubt"]
    assert client.turned == ""


def test_has_another_name_when_the_server_says_so(chat: StoredChat) -> None:
    chat.owner("alice").say("/exit")
    client = JsonClient("guest")
    line = connect(chat, client)
    client.say(f"/auth alice {SECRET}")
    assert You("alice", "registered") in line.carry_all()
    assert client.name == "alice"


def test_nothing_that_a_server_says_of_conversations_can_command_a_terminal() -> None:
    client = JsonClient("alice")
    client.hear(QUESTION)
    evil = "\x1b[2J"
    told = (
        Welcome(evil, "t", "e", 0, 1, 4096, False, topic=evil),
        You(evil, "guest"),
        Turned(evil),
        Unread(evil, 1),
        Topic(evil),
        Message(1, "2025-11-22T21:40:00.000Z", "bob", "hi", evil),
    )
    client.hear(codec.lines(told))
    assert "\x1b" not in repr(client.news()).replace("\\x1b", "\x1b")


@given(st.randoms(use_true_random=False), st.lists(st.sampled_from(["bob", ""]), max_size=6))
def test_however_connections_break_each_private_line_is_stored_once_and_seen_once(
    chance: Random, places: list[str]
) -> None:
    with stored_chat() as chat:
        client, line = here(chat)
        bob = chat.owner("bob")
        bob.say("/chat alice")
        expected: dict[str, list[str]] = {"bob": [], "": []}
        news: list[events.FromServer] = []
        for place in places:
            client.say(f"/chat {place}".strip())
            for number in range(chance.randint(0, 2)):
                said = f"{place or 'all'} {len(expected[place])} {number}"
                expected[place].append(said)
                client.say(said)
            bob.say("from bob")
            for _ in range(chance.randint(0, 3)):
                line.carry(chance)
            if chance.random() < 0.5:
                news += line.news
                line = connect(chat, client)
        news += line.carry_all()
        sent = [event.text for event in chat.core.room.since(0) if event.name.shown == "alice"]
        assert sent == expected[""]
        stored = chat.said_between("alice", "bob")
        assert [text for name, text in stored if name == "alice"] == expected["bob"]
        numbers: list[int] = []
        for event in news:
            if isinstance(event, Turned):  # which shows the last messages again, if the person has asked for it
                numbers.clear()
            elif isinstance(event, Message) and event.conversation:
                numbers.append(event.seq)
                assert numbers == list(range(numbers[0], event.seq + 1))
                assert stored[event.seq - 1] == (event.sender, event.text)
        assert client.turned == (places[-1] if places else "")


def test_what_comes_again_of_a_conversation_is_not_shown_again_and_others_are_shown_as_they_come() -> None:
    client = JsonClient("alice")
    client.hear(QUESTION)
    one, two, other = (
        Message(1, "2025-11-22T21:40:00.000Z", "bob", "one", "bob"),
        Message(2, "2025-11-22T21:40:00.000Z", "bob", "two", "bob"),
        Message(1, "2025-11-22T21:40:00.000Z", "carol", "one", "carol"),
    )
    client.hear(codec.lines([Turned("bob"), one, two, two, one, other, other]))
    assert client.news() == [Turned("bob"), one, two, other, other]


@pytest.mark.parametrize("waits", [True, False])
def test_after_a_room_that_can_not_be_entered_another_one_can(chat: StoredChat, *, waits: bool) -> None:
    client, line = here(chat)
    client.say("/join #a/b")
    if waits:
        line.carry_all()
        client.say("/rooms")
        assert [event.text for event in line.carry_all() if isinstance(event, Notice)] == ["#lobby 1"]
    client.say("/join #dev")
    client.say("hello")
    line.carry_all()
    assert client.turned == "#dev"
    assert [sent.text for sent in chat.pipeline.state.rooms["dev"].last] == ["hello"]


def test_what_is_said_to_a_room_where_one_is_not_does_nothing_in_another(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    alice.tell("join", conversation="#dev")
    alice.say("here", conversation="#dev")
    assert [alice.say(text, conversation="#a/b")[0]["code"] for text in ("/delete", "/leave", "/room", "x")] == [
        "no-room"
    ] * 4
    assert [one["type"] for one in alice.say("/join #ops", conversation="#a/b")][:1] == ["room"]
