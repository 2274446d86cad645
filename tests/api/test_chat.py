"""`asyncchat.connect`, as a program uses it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

import asyncchat
from asyncchat import Chat, ConnectError, Message, NameRefused, PasswordNeeded, Refusal, events
from asyncchat.aio.client import event_queue
from asyncchat.limits import Limits
from tests.aio.test_server import running
from tests.programs import PATIENCE, SECRET, ServeProgram, seconds
from tests.proxy import bad_network

T = TypeVar("T")


@pytest.fixture
def stored(with_people: str) -> Iterator[ServeProgram]:
    """A chat with a store, in which alice and bob are registered."""
    with ServeProgram("--rate", "0", "--store", with_people) as server:
        yield server


async def next_of(chat: Chat, kind: type[T]) -> T:
    """Return the next event of that kind."""
    async with asyncio.timeout(seconds(PATIENCE)):
        async for event in chat:
            if isinstance(event, kind):
                return event
    raise AssertionError(f"the chat has ended without a {kind.__name__}")


async def test_send_returns_the_number_of_the_message_and_all_get_it(room: ServeProgram) -> None:
    async with (
        asyncchat.connect(room.address, name="alice") as alice,
        asyncchat.connect(room.address, name="bob") as bob,
    ):
        assert [await alice.send("one"), await bob.send("two")] == [1, 2]
        heard = await next_of(bob, events.Message)
        assert (heard.seq, heard.sender, heard.text) == (1, "alice", "one")


async def test_a_command_returns_its_answer_which_is_an_event_too(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        assert await alice.command("/list") == ["no one online"]
        assert await next_of(alice, events.Notice) == events.Notice("no one online")


async def test_commands_that_run_at_once_each_return_their_own_answer(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        answers = await asyncio.gather(*(alice.command(f"/help {command}") for command in ("list", "exit", "topic")))
        assert [answer[0].strip("/").partition(":")[0].split()[0] for answer in answers] == ["list", "exit", "topic"]


async def test_what_the_server_does_not_take_is_raised_with_its_code(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        with pytest.raises(Refusal) as refused:
            await alice.command("/nonsense")
        assert refused.value.code == "unknown-command"
        with pytest.raises(Refusal) as refused:
            await alice.send("x" * 5000)
        assert refused.value.code == "too-long"
        assert await alice.send("hello") == 1


async def test_many_messages_sent_at_once_each_get_their_number(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        numbers = await asyncio.gather(*(alice.send(f"line {number}") for number in range(500)))
        assert numbers == list(range(1, 501))


async def test_a_send_that_is_cancelled_takes_no_number_from_others(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        given_up = asyncio.create_task(alice.send("one"))
        await asyncio.sleep(0)
        given_up.cancel()
        assert await alice.send("two") == 2


async def test_send_is_answered_though_no_event_is_read(room: ServeProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_queue, "MOST_EVENTS", 10)
    async with asyncchat.connect(room.address, name="alice") as alice:
        for number in range(100):
            assert await alice.send("hello") == number + 1


async def test_a_chat_that_is_closed_has_left_for_all(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        await alice.send("bye")
    assert room.out.until("left") == ["alice joined", "alice sent bye", "alice left"]


async def test_what_happened_before_a_chat_was_closed_can_still_be_read(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        await alice.send("hello")
        await alice.close()
        kinds = [type(event).__name__ for event in [event async for event in alice]]
    assert kinds[:3] == ["Welcome", "Joined", "Message"]
    assert "Ack" not in kinds, "send has returned that"


async def test_exit_ends_the_events(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        assert await alice.command("/exit") == []
        kinds = [type(event).__name__ async for event in alice]
    assert kinds[:2] == ["Welcome", "Joined"]


async def test_a_name_that_is_taken_is_raised(room: ServeProgram) -> None:
    with room.join("alice"), pytest.raises(NameRefused, match="alice: this name is already taken!"):
        async with asyncchat.connect(room.address, name="alice"):
            pass


async def test_no_server_is_an_error_at_once() -> None:
    async with running(Limits()) as port:
        pass
    with pytest.raises(ConnectError, match="refused"):
        async with asyncchat.connect(f"127.0.0.1:{port}", name="alice"):
            pass


async def test_a_chat_is_connected_by_await_too(room: ServeProgram) -> None:
    alice = await asyncchat.connect(room.address, name="alice")
    assert await alice.send("hello") == 1
    await alice.close()
    assert room.out.until("left") == ["alice joined", "alice sent hello", "alice left"]


async def test_a_chat_that_was_awaited_is_closed_at_the_end_of_async_with(room: ServeProgram) -> None:
    async with await asyncchat.connect(room.address, name="alice") as alice:
        pass
    assert repr(alice).endswith("closed>")


async def test_what_is_sent_while_the_connection_is_broken_is_said_once_and_nothing_is_missed(
    room: ServeProgram,
) -> None:
    async with (
        bad_network(room.port) as network,
        asyncchat.connect(f"127.0.0.1:{network.port}", name="alice") as alice,
        asyncchat.connect(room.address, name="bob") as bob,
    ):
        await alice.send("one")
        await network.end()
        assert await bob.send("two") == 2
        assert await alice.send("three") == 3
        await alice.close()
        assert [message.text async for message in alice.messages()] == ["one", "two", "three"]


async def test_messages_are_what_is_said_and_nothing_else(room: ServeProgram) -> None:
    async with (
        asyncchat.connect(room.address, name="alice") as alice,
        asyncchat.connect(room.address, name="bob") as bob,
    ):
        await alice.send("one")
        await bob.command("/list")
        await bob.send("two")
        await alice.close()
        assert [(message.sender, message.text) async for message in alice.messages()] == [
            ("alice", "one"),
            ("bob", "two"),
        ]


async def test_a_message_knows_its_sender_its_text_and_its_time_and_can_not_be_changed(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        number = await alice.send("hello")
        message = await anext(alice.messages())
    assert (message.seq, message.sender, message.text, message.conversation) == (number, "alice", "hello", "")
    assert timedelta() <= datetime.now(UTC) - message.when < timedelta(hours=1)
    with pytest.raises(AttributeError):
        message.text = "changed"  # type: ignore[misc]


@pytest.mark.parametrize("text", ["/exit", "//x", "/nonsense", " /list"])
async def test_what_is_sent_is_said_as_it_is_and_never_run_as_a_command(room: ServeProgram, text: str) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        await alice.send(text)
        assert (await anext(alice.messages())).text == text
        assert await alice.send("still here") == 2


async def test_a_private_message_is_for_one_user_and_its_answer_goes_to_its_conversation(stored: ServeProgram) -> None:
    async with (
        asyncchat.connect(stored.address, name="alice", password=SECRET) as alice,
        asyncchat.connect(stored.address, name="bob", password=SECRET) as bob,
    ):
        assert await alice.send("psst", to="bob") == 1
        unread = await next_of(bob, events.Unread)
        await bob.command(f"/chat {unread.conversation}")
        message = await anext(bob.messages())
        assert (message.text, message.sender, message.conversation, message.new) == ("psst", "alice", "alice", True)
        assert await bob.send("yes?", to=message.conversation) == 2
        assert await bob.send("hello all") == 1
        assert (await anext(alice.messages())).text == "hello all"


async def test_a_private_message_to_a_name_that_is_not_registered_is_refused_and_the_next_message_is_not(
    stored: ServeProgram,
) -> None:
    async with asyncchat.connect(stored.address, name="alice", password=SECRET) as alice:
        with pytest.raises(Refusal, match="bobby is not registered") as refused:
            await alice.send("psst", to="bobby")
        assert refused.value.code == "incorrect-name"
        assert await alice.send("hello") == 1


@pytest.mark.parametrize(("history", "texts"), [(None, ["1", "2", "3"]), (2, ["2", "3"]), (0, [])])
async def test_history_is_how_many_of_the_messages_from_before_come(
    room: ServeProgram, history: int | None, texts: list[str]
) -> None:
    with room.join("bob") as bob:
        bob.send("1\n2\n3\n")
        room.out.until("sent 3")
        async with asyncchat.connect(room.address, name="alice", history=history) as alice:
            await alice.send("hello")
            await alice.close()
            assert [message.text async for message in alice.messages()] == [*texts, "hello"]


async def test_a_name_is_registered_once_and_then_needs_its_password(stored: ServeProgram) -> None:
    async with asyncchat.connect(stored.address, name="eve", password=SECRET, register=True) as eve:
        assert (await next_of(eve, events.You)).role == "registered"
    with pytest.raises(NameRefused) as refused:
        await asyncchat.connect(stored.address, name="eve", password=SECRET, register=True)
    assert refused.value.code == "login-taken"
    with pytest.raises(PasswordNeeded) as needed:
        await asyncchat.connect(stored.address, name="eve")
    assert needed.value.code == "name-registered"
    async with asyncchat.connect(stored.address, name="eve", password=SECRET) as eve:
        assert (await next_of(eve, events.You)).role == "registered"


async def test_without_a_store_no_name_can_be_registered(room: ServeProgram) -> None:
    with pytest.raises(ConnectError) as refused:
        await asyncchat.connect(room.address, name="eve", password=SECRET, register=True)
    assert refused.value.code == "no-store"


async def test_the_token_that_would_let_others_in_is_in_no_event(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        assert (await next_of(alice, events.Welcome)).token == ""


async def test_a_chat_says_what_it_is(room: ServeProgram) -> None:
    connecting = asyncchat.connect(room.address, name="alice")
    assert repr(connecting) == f"<asyncchat.connect to {room.address} as 'alice': await it for a Chat>"
    async with connecting as alice:
        assert (alice.name, alice.address, alice.is_connected) == ("alice", room.address, True)
        assert repr(alice) == f"<asyncchat.Chat 'alice' at {room.address}, connected>"
    assert not alice.is_connected
    assert repr(alice) == f"<asyncchat.Chat 'alice' at {room.address}, closed>"


async def test_a_message_shows_only_what_it_has() -> None:
    message = Message(seq=1, time="2026-11-22T21:40:00.123Z", sender="bob", text="hi")
    assert repr(message) == "Message(seq=1, time='2026-11-22T21:40:00.123Z', sender='bob', text='hi')"
