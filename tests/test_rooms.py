"""Rooms, as people with nc, pipes and programs see them on a real server."""

import asyncio
from pathlib import Path

import asyncchat
from tests.programs import PATIENCE, Program, ServeProgram, seconds


def test_a_message_stays_in_its_room(room: ServeProgram) -> None:
    with room.join("alice") as alice, room.join("bob") as bob:
        alice.send("/join #ops\nhello\n")
        assert alice.line() == "Server: you are in #ops now, 1 online."
        assert alice.line() == "alice: hello"
        bob.send("hi\n")
        assert bob.line() == "bob: hi"


def test_a_pipe_writes_into_a_room(room: ServeProgram) -> None:
    with room.join("alice") as alice:
        alice.send("/join #ops\n")
        alice.line()
        with Program("join", room.address, "--name", "ci", "--room", "#ops") as ci:
            ci.write("done\n")
            ci.end_input()
            assert ci.wait() == 0
        assert alice.line() == "ci: done"


def test_a_pipe_says_nothing_if_its_room_can_not_be_entered() -> None:
    with ServeProgram("--rooms", "fixed") as room, room.join("alice") as alice:
        with Program("join", room.address, "--name", "ci", "--room", "#ops") as ci:
            ci.write("done\n")
            ci.end_input()
            assert ci.wait() == 1
            assert "can't join #ops: there is no room with this name" in ci.errors.rest().decode()
        alice.send("here\n")
        assert alice.line() == "alice: here"


def test_rooms_are_there_again_after_a_restart(tmp_path: Path) -> None:
    store = f"{tmp_path}/chat.db"
    with ServeProgram("--store", store, "--rooms", "open") as room, room.join("alice") as alice:
        alice.send("in the lobby\n/join #Ops\nkept\n/join #idle\n")
        assert alice.line() == "alice: in the lobby"
        alice.line()
        assert alice.line() == "alice: kept"
        alice.line()
    with ServeProgram("--store", store) as room, room.join("bob") as bob:
        bob.send("/rooms\n/join #ops\n/history\n/search kept\n")
        assert [bob.line() for _ in range(3)] == ["Server:", "#lobby 1", "#Ops 0"]
        assert bob.line() == "Server: you are in #Ops now, 1 online."
        assert bob.line() == "alice: kept"
        assert bob.line().endswith("Z alice: kept")
        assert bob.line().endswith("Z alice: kept")
        with Program("filter", "--store", store, "--room", "#ops") as printed:
            assert printed.out.line() == "alice: kept"
        with Program("filter", "--store", store, "--room", "#none") as printed:
            assert printed.wait() == 1
            assert "there is no room #none" in printed.errors.rest().decode()


def test_the_transcript_has_other_rooms_if_that_is_wanted() -> None:
    with ServeProgram("--transcript-rooms") as room, room.join("alice") as alice:
        alice.send("one\n/join #ops\ntwo\n")
        alice.lines.until("alice: two")
        assert room.out.until("#ops alice sent two")[:2] == ["alice joined", "alice sent one"]


def test_the_default_room_has_the_name_that_it_is_given() -> None:
    with ServeProgram("--room", "#hall") as room, room.join("alice") as alice:
        alice.send("/join\n")
        assert [alice.line(), alice.line()] == ["Server:", "#hall 1"]


def test_the_default_room_may_get_another_name_but_not_that_of_a_room_in_the_store(tmp_path: Path) -> None:
    store = f"{tmp_path}/chat.db"
    with ServeProgram("--store", store, "--rooms", "open") as room, room.join("alice") as alice:
        alice.send("in the lobby\n/join #Ops\nkept\n")
        alice.lines.until("alice: kept")
    for name in ("ops", "#0ps"):
        with Program("serve", "--port", "0", "--store", store, "--room", name) as program:
            assert program.wait() == 1
            shown = f"#{name.removeprefix('#')}"
            assert program.errors.rest().decode() == (
                f"asyncchat: the default room can't be {shown}: the store has another room, #Ops. Give --room another"
                " name.\n"
            )
    with ServeProgram("--store", store, "--room", "hall", "--rooms", "open") as room, room.join("bob") as bob:
        bob.send("/history\n/join #lobby\n")
        assert bob.line().endswith("Z alice: in the lobby")
        assert bob.line() == "Server: you are in #lobby now, 1 online."
        bob.send("kept too\n")
        assert bob.line() == "bob: kept too"
    with Program("serve", "--port", "0", "--store", store) as program:
        assert program.wait() == 1
        assert "the default room can't be #lobby: the store has another room" in program.errors.rest().decode()


async def test_a_program_writes_in_its_rooms_and_knows_where_a_message_is_from(room: ServeProgram) -> None:
    async with (
        asyncchat.connect(room.address, name="alice", rooms=["#ops"]) as alice,
        asyncchat.connect(room.address, name="bob") as bob,
        asyncio.timeout(seconds(PATIENCE)),
    ):
        await bob.join("#ops")
        await alice.send("one")
        await bob.send("lobby")
        await bob.send("two", to="#ops")
        heard = [await anext(alice.messages()) for _ in range(2)]
        assert [(message.conversation, message.text) for message in heard] == [("#ops", "one"), ("#ops", "two")]


async def test_a_program_is_in_its_rooms_again_after_a_restart(tmp_path: Path) -> None:
    store = f"{tmp_path}/chat.db"
    with ServeProgram("--store", store, "--rooms", "open") as room:
        port = str(room.port)
        async with asyncchat.connect(room.address, name="alice", rooms=["#ops"]) as alice, asyncio.timeout(seconds(60)):
            await alice.send("before")
            messages = alice.messages()
            assert (await anext(messages)).text == "before"
            room.__exit__(None, None, None)
            with ServeProgram("--store", store, "--rooms", "open", "--port", port) as again, again.join("bob") as bob:
                bob.send("/join #ops\nafter\n")
                bob.lines.until("bob: after")
                await alice.send("again")
                assert [(await anext(messages)).text for _ in range(2)] == ["after", "again"]
