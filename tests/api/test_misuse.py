"""Whatever a program calls in whatever order, it is told what is wrong by an `asyncchat.Error`."""

import asyncio
import inspect
import pickle
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

import asyncchat
from asyncchat import Chat, ChatClosed, Disconnected, Error, InvalidAddress, NameRefused, UsageError
from asyncchat.aio.client import reconnecting
from asyncchat.limits import Limits
from tests.aio.test_server import running
from tests.hostile import HostileServer, Victim
from tests.programs import ADMIN, PATIENCE, ServeProgram, seconds

T = TypeVar("T")

USES: list[Callable[[Chat], Awaitable[object]]] = [
    lambda chat: chat.send("hello"),
    lambda chat: chat.command("/list"),
    lambda chat: anext(chat),
    lambda chat: anext(chat.messages()),
    lambda chat: chat.__aenter__(),
    lambda chat: chat.close(),
]


def public(kind: type[T]) -> list[type[T]]:
    found = [getattr(asyncchat, name) for name in asyncchat.__all__]
    return [thing for thing in found if inspect.isclass(thing) and issubclass(thing, kind)]


def test_every_public_name_can_be_imported_and_completed() -> None:
    namespace: dict[str, object] = {}
    exec("from asyncchat import *", namespace)
    assert set(asyncchat.__all__) <= namespace.keys()
    assert set(asyncchat.__all__) <= set(dir(asyncchat))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = asyncchat.nonsense


def test_every_error_is_an_error_of_asyncchat_and_shown_by_the_name_by_which_it_is_caught() -> None:
    errors = public(Exception)
    assert len(errors) > 5
    assert all(issubclass(error, Error) for error in errors)
    assert [f"{error.__module__}.{error.__qualname__}" for error in errors] == [
        f"asyncchat.{error.__name__}" for error in errors
    ]


@pytest.mark.parametrize(
    "error",
    [
        asyncchat.ConnectError("text", "code"),
        ChatClosed("text", "code"),
        NameRefused("text", "code"),
        asyncchat.PasswordNeeded("text", "code", is_new=True),
        asyncchat.Refusal("code", "text"),
        UsageError("text"),
    ],
)
def test_an_error_reaches_another_process_as_it_is(error: Error) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), "text", vars(error))


# Before there is a chat.


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"address": "127.0.0.1:99999"}, InvalidAddress),
        ({"address": "127.0.0.1:x"}, InvalidAddress),
        ({"address": ""}, InvalidAddress),
        ({"address": ("127.0.0.1", 23456)}, UsageError),
        ({"name": ""}, NameRefused),
        ({"name": "no name"}, NameRefused),
        ({"name": b"alice"}, UsageError),
        ({"name": None}, UsageError),
        ({"password": 12345678}, UsageError),
        ({"register": True}, UsageError),
        ({"history": -1}, UsageError),
        ({"history": "all"}, UsageError),
    ],
)
def test_what_can_never_work_is_an_error_before_anything_is_connected(
    arguments: dict[str, Any], error: type[Error]
) -> None:
    with pytest.raises(error):
        asyncchat.connect(**{"address": "127.0.0.1:1", "name": "alice"} | arguments)


def test_an_address_or_a_name_that_can_not_be_is_a_value_error_too() -> None:
    assert issubclass(InvalidAddress, ValueError)
    assert issubclass(NameRefused, ValueError)


async def test_whoever_forgets_to_await_is_told_to() -> None:
    with pytest.raises(AttributeError, match=r"there is no send before .* write `chat = await asyncchat\.connect"):
        asyncchat.connect("127.0.0.1:1", name="alice").send("hello")  # type: ignore[attr-defined]


async def test_what_connect_returns_is_used_once(room: ServeProgram) -> None:
    connecting = asyncchat.connect(room.address, name="alice")
    async with connecting:
        with pytest.raises(UsageError, match=r"call asyncchat\.connect\(\) again"):
            await connecting
        with pytest.raises(UsageError, match=r"call asyncchat\.connect\(\) again"):
            async with connecting:
                pass


async def test_connecting_that_is_cancelled_leaves_nothing_behind() -> None:
    asked, ended = threading.Event(), threading.Event()

    def silent(victim: Victim) -> None:
        victim.ask_name()
        asked.set()
        victim.wait_for_end()
        ended.set()

    tasks = len(asyncio.all_tasks())
    with HostileServer(silent) as server:
        connecting = asyncio.ensure_future(asyncchat.connect(server.address, name="alice"))
        assert await asyncio.to_thread(asked.wait, seconds(PATIENCE))
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        assert await asyncio.to_thread(ended.wait, seconds(PATIENCE))
    assert len(asyncio.all_tasks()) == tasks


# When it is over.


@pytest.mark.parametrize("use", USES[:2] + USES[4:5])
async def test_a_chat_that_is_closed_takes_nothing_more(
    room: ServeProgram, use: Callable[[Chat], Awaitable[object]]
) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        await alice.close()
        with pytest.raises(ChatClosed, match="the chat has ended"):
            await use(alice)


async def test_closing_again_does_nothing_and_waits_for_the_first_close(room: ServeProgram) -> None:
    alice = await asyncchat.connect(room.address, name="alice")
    sent = asyncio.create_task(alice.send("hello"))
    await asyncio.sleep(0)
    await asyncio.gather(alice.close(), alice.close())
    await alice.close()
    assert await sent == 1


async def test_a_close_that_is_cancelled_closes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnecting, "GOODBYE_TIMEOUT", PATIENCE)

    over = threading.Event()

    def deaf(victim: Victim) -> None:
        victim.let_in()
        over.wait()

    with HostileServer(deaf) as server:
        alice = await asyncchat.connect(server.address, name="alice")
        closing = asyncio.create_task(alice.close())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert repr(alice).endswith("closed>")
        over.set()


async def test_a_loop_ends_when_the_chat_is_closed_by_another_task(room: ServeProgram) -> None:
    async def read() -> list[str]:
        return [message.text async for message in alice.messages()]

    async with asyncchat.connect(room.address, name="alice") as alice:
        reading = asyncio.create_task(read())
        await alice.send("hello")
    async with asyncio.timeout(seconds(PATIENCE)):
        assert await reading == ["hello"]
    assert [event async for event in alice] == []


async def test_a_loop_can_close_the_chat_that_it_reads(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        async for _ in alice:
            await alice.close()


async def test_a_user_who_was_kicked_is_told_by_everything(with_people: str) -> None:
    with ServeProgram("--rate", "0", "--store", with_people) as server:
        async with (
            asyncchat.connect(server.address, name="admin", password=ADMIN) as admin,
            asyncchat.connect(server.address, name="eve") as eve,
        ):
            await admin.command("/kick eve")
            for _ in range(2):
                with pytest.raises(ChatClosed, match="you have been kicked") as closed:
                    async for _ in eve:
                        pass
                assert closed.value.code == "out"
            with pytest.raises(ChatClosed, match="you have been kicked") as closed:
                await eve.send("hello")
            assert closed.value.code == "out"


# While it goes on.


async def test_a_second_loop_at_the_same_time_is_an_error_and_the_first_goes_on(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        await alice.send("one")
        await anext(alice.messages())
        first = asyncio.ensure_future(anext(alice.messages()))
        await asyncio.sleep(0)
        with pytest.raises(UsageError, match="another loop reads this chat already"):
            async with asyncio.timeout(seconds(PATIENCE)):
                await anext(alice)
        await alice.send("two")
        assert (await first).text == "two"


async def test_a_loop_that_has_timed_out_is_continued_and_nothing_is_lost(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        messages = alice.messages()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(messages), 0.01)
        numbers = []
        for _ in range(19):
            sending = asyncio.create_task(alice.send("hello"))
            try:
                async with asyncio.timeout(0):
                    numbers.append((await anext(messages)).seq)
            except TimeoutError:
                pass
            await sending
        while len(numbers) < 19:
            numbers.append((await anext(messages)).seq)
        assert numbers == list(range(1, 20))


async def test_a_loop_that_was_left_is_continued_by_the_next_one(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        await asyncio.gather(*(alice.send(str(number)) for number in range(4)))
        first: list[str] = []
        async for message in alice.messages():
            first.append(message.text)
            if len(first) == 2:
                break
        await alice.close()
        assert first + [message.text async for message in alice.messages()] == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    "use",
    [
        lambda chat: chat.send(None),
        lambda chat: chat.send(b"hello"),
        lambda chat: chat.command(b"/list"),
        lambda chat: chat.command("list"),
        lambda chat: chat.command("//list"),
        lambda chat: chat.command(""),
    ],
)
async def test_what_is_no_text_or_no_command_is_an_error(
    room: ServeProgram, use: Callable[[Any], Awaitable[object]]
) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        with pytest.raises(UsageError):
            await use(alice)
        assert await alice.send("hello") == 1


@pytest.mark.parametrize("use", USES)
def test_a_chat_of_another_event_loop_is_an_error(room: ServeProgram, use: Callable[[Chat], Awaitable[object]]) -> None:
    async def connect() -> Chat:
        return await asyncchat.connect(room.address, name="alice")

    async def use_it() -> None:
        with pytest.raises(UsageError, match="belongs to another event loop"):
            async with asyncio.timeout(seconds(PATIENCE)):
                await use(alice)

    with asyncio.Runner() as one, asyncio.Runner() as other:
        alice = one.run(connect())
        other.run(use_it())
        one.run(alice.close())
    assert repr(alice).endswith("closed>")


async def test_a_chat_without_a_connection_says_so_and_waits() -> None:
    async with running(Limits()) as port:
        alice = await asyncchat.connect(f"127.0.0.1:{port}", name="alice")
    async for event in alice:
        if isinstance(event, Disconnected):
            break
    assert repr(alice) == f"<asyncchat.Chat 'alice' at 127.0.0.1:{port}, reconnecting>"
    sending = asyncio.create_task(alice.send("hello"))
    await asyncio.sleep(0)
    await alice.close()
    with pytest.raises(ChatClosed, match="it is not known whether the server has this"):
        async with asyncio.timeout(seconds(PATIENCE)):
            await sending
