"""Clients of several servers: when theirs ends, they go on at another, and nothing is lost or comes twice."""

import asyncio
import itertools
import json
import signal
import socket
import time
from collections.abc import Iterator

import pytest

import asyncchat
from asyncchat.aio.client.reconnecting import ReconnectingClient
from asyncchat.aio.client.servers import Servers
from asyncchat.formats import events
from asyncchat.system.addresses import Address
from tests.programs import PATIENCE, Program, ServeProgram, assert_within, seconds
from tests.test_servers import Json, serve, url

__all__ = ["url"]


@pytest.fixture
def pair(url: str) -> Iterator[tuple[ServeProgram, ServeProgram]]:
    with serve(url) as one, serve(url) as other:
        yield one, other


def both(pair: tuple[ServeProgram, ServeProgram]) -> str:
    return ",".join(server.address for server in pair)


def test_a_program_goes_on_within_three_seconds_when_its_server_is_killed(url: str) -> None:
    async def attempt() -> float:
        with serve(url) as one, serve(url) as other, Json(other, "bob") as bob:
            async with asyncchat.connect(f"{one.address},{other.address}", name="alice") as chat:
                await chat.send("before")
                one.process.kill()
                begun = time.monotonic()
                sending = [asyncio.create_task(chat.send(f"{number}")) for number in range(20)]
                numbers = [await sent for sent in sending]
                took = time.monotonic() - begun
                assert chat.address == other.address
            assert numbers == list(range(2, 22))
            heard = [bob.hear("message", "left") for _ in range(22)]
            assert [said.get("text") for said in heard[:21]] == ["before", *map(str, range(20))]
            assert heard[21]["type"] == "left"  # at the end, and not before
            return took

    assert_within(3, lambda: asyncio.run(attempt()))


def test_messages_that_were_posted_meanwhile_arrive_once(pair: tuple[ServeProgram, ServeProgram]) -> None:
    one, other = pair

    async def run() -> list[str]:
        async with asyncchat.connect([one.address, other.address], name="alice") as chat:
            with Json(other, "bob") as bob:
                for number in range(30):
                    bob.posted(f"{number}")
                    if number == 10:
                        one.process.kill()
                messages = chat.messages()
                return [(await anext(messages)).text for _ in range(30)]

    assert asyncio.run(run()) == [f"{number}" for number in range(30)]


def test_the_first_server_that_answers_is_used(pair: tuple[ServeProgram, ServeProgram]) -> None:
    one, other = pair
    one.process.kill()
    one.wait()

    async def run() -> str:
        async with asyncchat.connect(both(pair), name="alice") as chat:
            return chat.address

    assert asyncio.run(run()) == other.address


def test_a_server_that_does_not_answer_delays_for_a_second_only(pair: tuple[ServeProgram, ServeProgram]) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, socket.create_connection(deaf.getsockname()):
        silent = Address(*deaf.getsockname())

        async def run() -> float:
            begun = time.monotonic()
            servers = Servers([silent, Address("127.0.0.1", pair[1].port)])
            stream = await servers.open()
            stream.abort()
            return time.monotonic() - begun

        assert_within(2.5, lambda: asyncio.run(run()))


def test_servers_that_welcome_and_close_at_once_are_not_tried_without_pause(url: str) -> None:
    connections = 0

    async def run() -> None:
        async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            writer.write(b"Server: write your name\n")
            await reader.readline()
            fields = {"name": "alice", "token": "t", "epoch": "e", "seq": 0, "members": 1, "max_line": 100}
            writer.write(json.dumps({"type": "welcome", **fields, "resumed": True}).encode() + b"\n")
            writer.close()

        first, second = [await asyncio.start_server(welcome, "127.0.0.1", 0) for _ in range(2)]
        addresses = [Address(*server.sockets[0].getsockname()) for server in (first, second)]
        client = ReconnectingClient(Servers(addresses), "alice", pauses=lambda: itertools.repeat(0.2))
        async with client:
            await asyncio.sleep(1)
        for server in (first, second):
            server.close()

    asyncio.run(run())
    assert connections < 10


def test_clients_learn_of_other_servers_and_go_there_when_theirs_closes(url: str) -> None:
    with serve(url) as other, serve(url, "--servers", other.address) as one:

        async def run() -> tuple[str, int | None]:
            async with asyncchat.connect(one.address, name="alice") as chat:
                assert await chat.send("before") == 1
                one.signal(signal.SIGTERM)
                numbers = [await chat.send(f"{number}") for number in range(50)]
                assert numbers == list(range(2, 52))
                return chat.address, numbers[-1]

        assert asyncio.run(run()) == (other.address, 51)
        assert one.wait() == 0


def test_programs_are_told_to_move_and_people_with_nc_that_it_closes(url: str) -> None:
    with serve(url, "--servers", "127.0.0.1:1,https://chat.example") as one, Json(one, "alice") as alice:
        assert alice.welcome["servers"] == ["127.0.0.1:1"]
        assert alice.welcome["pages"] == ["https://chat.example"]
        with one.join("bob") as bob:
            one.signal(signal.SIGTERM)
            assert alice.hear("bye")["code"] == events.MOVE
            assert "closing" in bob.lines.rest().decode()
        assert one.wait() == 0


def test_a_server_without_others_says_goodbye_as_ever(url: str) -> None:
    with serve(url) as one, Json(one, "alice") as alice:
        assert "servers" not in alice.welcome
        one.signal(signal.SIGTERM)
        assert "code" not in alice.hear("bye")


def test_join_in_a_terminal_goes_on_at_another_server_with_what_is_being_typed(
    pair: tuple[ServeProgram, ServeProgram],
) -> None:
    one, other = pair
    with (
        Json(other, "bob") as bob,
        Program("join", both(pair), "--name", "alice", terminal=True, environment={"TERM": "xterm"}) as alice,
    ):
        alice.out.some(b"alice")
        alice.write("first\r")
        assert bob.hear("message")["text"] == "first"
        alice.write("half a ")
        one.process.kill()
        alice.out.some(other.address.encode())
        alice.write("line\r")
        assert bob.hear("message")["text"] == "half a line"
        alice.write("/exit\r")
        assert alice.wait() == 0


def test_join_for_programs_goes_on_at_another_server(pair: tuple[ServeProgram, ServeProgram]) -> None:
    one, other = pair
    with Json(other, "bob") as bob, Program("join", both(pair), "--json", "--name", "alice") as alice:
        alice.write("first\n")
        assert bob.hear("message")["text"] == "first"
        one.process.kill()
        alice.write("second\n")
        assert bob.hear("message")["text"] == "second"
        alice.end_input()
        assert alice.wait() == 0
        kinds = [json.loads(line) for line in alice.out.rest().decode().splitlines()]
        assert [said["text"] for said in kinds if said["type"] == "message"] == ["first", "second"]


def test_join_in_a_pipe_uses_the_first_server_that_answers(pair: tuple[ServeProgram, ServeProgram]) -> None:
    one, other = pair
    one.process.kill()
    one.wait()
    with Json(other, "bob") as bob, Program("join", both(pair), "--name", "alice") as alice:
        alice.write("hello\n")
        alice.end_input()
        assert bob.hear("message")["text"] == "hello"
        assert alice.wait(seconds(PATIENCE)) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("join", "a,b", "--threads"), "one server only"),
        (("join", "a,,b"), "has no host"),
        (("serve", "--servers", "a:b:c"), "is not an address"),
        (("serve", "--servers", "ftp://a"), "is not an origin"),
        (("serve", "--servers", ",".join(["a"] * 17)), "at most 16"),
    ],
)
def test_wrong_lists_of_servers_are_refused(arguments: tuple[str, ...], said: str) -> None:
    with Program(*arguments) as refused:
        assert refused.wait() == 2
        assert said in refused.errors.rest().decode()
