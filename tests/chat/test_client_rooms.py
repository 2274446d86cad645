"""A client in JSON events that is in several rooms, and what it has seen of each when its connection breaks."""

from random import Random

import pytest

from asyncchat.client.json_client import JsonClient
from asyncchat.formats import codec, events
from asyncchat.formats.events import Gap, Message, Parted, Refused, Room, Turned, Welcome
from asyncchat.log.room_events import MOST_ROOMS
from tests.chat import Bot
from tests.chat.test_client import World, connect, hear, message, welcome, welcomed
from tests.chat.wires import QUESTION

TIME = "2026-11-22T21:40:00.000Z"


def line(*told: events.FromServer) -> bytes:
    return codec.lines(told)


def said(seq: int, room: str = "#ops") -> bytes:
    return line(Message(seq, TIME, "bob", str(seq), room))


def in_ops(seq: int = 0) -> JsonClient:
    client = welcomed()
    hear(client, line(Room("#ops", seq, 1)))
    return client


def hello_of(client: JsonClient) -> str:
    client.connected()
    client.hear(QUESTION)
    return client.to_send().decode()


def test_a_program_that_wants_rooms_asks_for_these_and_writes_in_the_first() -> None:
    client = JsonClient("alice", rooms=["#ops", "#dev"])
    assert '"conversation":"#ops"' in (hello := hello_of(client))
    assert '"rooms":[{"conversation":"#ops"},{"conversation":"#dev"}]' in hello
    assert client.turned == "#ops"


def test_a_client_of_the_default_room_says_nothing_of_rooms() -> None:
    assert "rooms" not in hello_of(welcomed())


def test_a_client_that_wants_the_default_room_alone_does_not_return_to_those_of_the_last_time() -> None:
    assert '"rooms":[{"conversation":""}]' in hello_of(JsonClient("alice", rooms=[""]))


def test_a_room_is_left_while_there_is_a_connection() -> None:
    client = in_ops()
    client.part("#ops")
    assert client.to_send() == codec.lines([events.Part("#ops")])
    client.connected()
    client.part("#ops")
    assert client.to_send() == b""


def test_a_message_of_a_room_is_shown_once_and_what_is_missing_is_told() -> None:
    client = in_ops()
    assert hear(client, said(5), said(5), said(4), said(8)) == [
        Message(5, TIME, "bob", "5", "#ops"),
        Gap(6, 7, "#ops"),
        Message(8, TIME, "bob", "8", "#ops"),
    ]


def test_each_room_is_resumed_from_where_it_was_seen() -> None:
    client = in_ops()
    hear(client, said(5))
    assert '"rooms":[{"conversation":""},{"conversation":"#ops","after":5}]' in hello_of(client)


def test_without_old_messages_those_of_a_room_are_new_that_come_after_it_was_entered() -> None:
    client = JsonClient("alice", history=0)
    hear(client, QUESTION, welcome(), line(Room("#ops", 5, 1)))
    assert '{"conversation":"#ops","after":5}' in hello_of(client)  # none is lost while the connection is broken
    again = Welcome("alice", "t", "e", 0, 1, 4096, resumed=True, rooms=["", "#ops"])
    hear(client, line(again), line(Room("#ops", 7, 1)))
    hear(client, line(Room("#dev", 3, 1)))  # where the server may show some nevertheless
    heard = hear(client, said(6), said(7), said(3, "#dev"), said(4, "#dev"))
    assert [isinstance(event, Message) and event.seq for event in heard] == [6, 7, 4]


def test_a_gap_that_the_server_tells_is_not_told_again() -> None:
    client = in_ops()
    hear(client, said(5), line(Gap(6, 9, "#ops")))
    assert hear(client, said(10)) == [Message(10, TIME, "bob", "10", "#ops")]
    assert hear(client, line(Gap(1, 2, "#nowhere"))) == [Gap(1, 2, "#nowhere")]


def test_a_room_that_was_left_is_not_asked_for_again() -> None:
    client = in_ops()
    hear(client, line(Parted("#ops")))
    assert "rooms" not in hello_of(client)


def test_in_another_epoch_all_messages_of_a_room_are_new() -> None:
    client = in_ops()
    hear(client, said(5))
    client.connected()
    again = Welcome("alice", "t", "other", 0, 1, 4096, resumed=False, rooms=["", "#ops"])
    hear(client, QUESTION, line(again), line(Room("#ops", 1, 1)))
    assert hear(client, said(1)) == [Message(1, TIME, "bob", "1", "#ops")]


def test_a_server_can_not_make_a_client_remember_rooms_without_end() -> None:
    client = welcomed()
    hear(client, *[line(Room(f"#r{number}", 0, 1)) for number in range(MOST_ROOMS + 5)])
    assert hello_of(client).count('{"conversation"') == MOST_ROOMS


def test_what_is_written_behind_a_join_is_for_that_room() -> None:
    client = welcomed()
    client.say("/join ops")
    client.say("hello")
    assert '"text":"hello","conversation":"#ops"' in client.to_send().decode()


def test_join_alone_and_leave_say_where_one_writes() -> None:
    client = in_ops()
    hear(client, line(Turned("#ops")))
    client.say("/join")
    assert client.turned == "#ops"
    client.say("/room")
    assert client.turned == "#ops"
    client.say("/chat bob")
    assert client.turned == "bob"
    client.say("/leave")
    assert client.turned == ""


def test_room_behind_a_join_leads_to_that_room() -> None:
    client = welcomed()
    client.say("/join #ops")
    client.say("/room")
    assert client.turned == "#ops"


def test_after_a_private_conversation_one_is_back_in_the_room() -> None:
    client = in_ops()
    hear(client, line(Turned("#ops")), line(Turned("bob")))
    client.say("/room")
    assert client.turned == "#ops"


def test_after_a_join_that_was_refused_the_next_line_goes_nowhere() -> None:
    client = welcomed()
    ident = client.say("/join #ops")
    client.to_send()
    hear(client, line(Refused(ident, "no-room", "x")))
    client.say("hello")
    assert '"conversation":"#ops "' in client.to_send().decode()


def test_a_welcome_without_rooms_is_that_of_an_old_server() -> None:
    client = in_ops()
    client.connected()
    hear(client, QUESTION, welcome())
    assert "rooms" not in hello_of(client)


def test_however_connections_break_each_message_of_each_room_is_seen_once() -> None:
    random = Random(7)
    world = World()
    bob = Bot(world.room, world.sessions)
    bob.hello("carol")
    client = JsonClient("alice", rooms=["#ops", "#dev"])
    wire = connect(world, client)
    seen: list[events.FromServer] = list(wire.carry_all())
    for room in ("#ops", "#dev"):
        bob.tell("join", conversation=room)
    for number in range(200):
        bob.tell("say", id=number + 1, text=str(number), conversation=random.choice(["#ops", "#dev"]))
        if random.random() < 0.2:
            wire = connect(world, client)
        if random.random() < 0.5:
            seen += wire.carry_all()
    seen += wire.carry_all()
    messages = [event for event in seen if isinstance(event, Message)]
    for room in ("#ops", "#dev"):
        numbers = [message.seq for message in messages if message.conversation == room]
        assert numbers == list(range(1, len(numbers) + 1))
    assert sorted(int(message.text) for message in messages) == list(range(200))
    assert not [event for event in seen if isinstance(event, Gap)]


def of_a_new_server() -> JsonClient:
    client = JsonClient("alice")
    hear(client, QUESTION, line(Welcome("alice", "t", "e", 0, 1, 10, resumed=False, lines=3, room="#main")))
    return client


def test_the_default_room_has_a_name_to_join_it_by() -> None:
    client = of_a_new_server()
    client.say("/join #ops")
    assert (client.turned, client.is_turning) == ("#ops", True)
    client.say("/join Main")
    assert client.turned == ""
    client.say("/join")
    assert client.turned == ""


def test_a_text_of_several_lines_is_one_message_where_the_server_takes_that() -> None:
    assert not welcomed().fits("one\ntwo")
    assert of_a_new_server().fits("1\n2\n3")
    assert not of_a_new_server().fits("1\n2\n3\n4")
    assert not of_a_new_server().fits("long\nlines\n")


def test_what_was_read_is_told_while_there_is_a_connection() -> None:
    client = of_a_new_server()
    client.read("#ops", 3)
    assert client.to_send() == line(events.Read(3, "#ops"))
    client.connected()
    client.read("#ops", 4)
    assert client.to_send() == b""


@pytest.mark.parametrize("old", [events.Read(12), events.Edited(14, "text", "bob"), events.Deleted(14, "bob")])
def test_what_is_told_of_old_messages_hides_none_of_the_last_ones(old: events.FromServer) -> None:
    client = welcomed(seq=20)
    assert hear(client, line(old), message(15), message(16))[1:] == hear(welcomed(seq=20), message(15), message(16))
