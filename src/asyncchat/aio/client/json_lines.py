"""The client for `join --json`: prints events as JSON lines, and sends the lines of its input."""

import asyncio
from collections.abc import Callable, Sequence

from asyncchat.aio.client.event_queue import Event
from asyncchat.aio.client.plain import cancel_on_ctrl_c
from asyncchat.aio.client.reconnecting import ReconnectingClient
from asyncchat.aio.client.servers import Servers
from asyncchat.client.plain_client import MAX_HEARD
from asyncchat.errors import ChatError
from asyncchat.formats import codec, events
from asyncchat.system import stdio
from asyncchat.system.daemon_executor import DaemonExecutor
from asyncchat.text.command_line import is_exit
from asyncchat.text.framing import LineDecoder
from asyncchat.text.sanitize import is_blank


async def join_as_json(
    servers: Servers,
    name: str,
    password: str,
    rooms: Sequence[str] = (),
    *,
    read_input: bool,
    invite: str = "",
) -> None:
    """Join as `name` until the input ends and the server has answered every line; without input, for ever.

    invite: the key of an invitation

    Raises NameRefused, OutputClosed, and ChatError, also if the server has refused a line.
    """
    client = ReconnectingClient(servers, name, password, rooms=rooms)
    client.client.invite = invite
    refused = 0

    def show(batch: Sequence[Event]) -> bytes:
        nonlocal refused
        refused += sum(isinstance(event, events.Refused) for event in batch)
        return codec.lines(batch)

    await take_part(client, show, read_input=read_input)
    if refused:
        raise ChatError(f"the server has refused {refused} of the lines: the events with the type refused say why")


async def take_part(client: ReconnectingClient, show: Callable[[Sequence[Event]], bytes], *, read_input: bool) -> None:
    """Take part until the input ends and the server has answered every line; without input, for ever.

    show: returns what to print of events

    Raises NameRefused, OutputClosed, and ChatError.
    """
    cancel_on_ctrl_c()
    async with client as chat:
        printing = asyncio.create_task(_print(chat, show))
        sending = asyncio.create_task(_send(chat)) if read_input else None
        tasks = {printing, sending} if sending else {printing}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if sending and sending.done():
                sending.result()
                await chat.leave()
            await printing
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _print(chat: ReconnectingClient, show: Callable[[Sequence[Event]], bytes]) -> None:
    """Print events until the chat ends."""
    output = DaemonExecutor("output")
    loop = asyncio.get_running_loop()
    while batch := await chat.batch():
        await loop.run_in_executor(output, stdio.write, show(batch))


async def _send(chat: ReconnectingClient) -> None:
    """Send the input until it ends or has /exit in it, and wait for the answers."""
    keyboard = DaemonExecutor("input")
    loop = asyncio.get_running_loop()
    decoder = LineDecoder(MAX_HEARD)
    while data := await loop.run_in_executor(keyboard, stdio.read):
        if await _post(chat, decoder.feed(data)):
            return
    if not (decoder.unfinished and await _post(chat, decoder.feed(b"\n"))):
        await chat.drain()


async def _post(chat: ReconnectingClient, lines: list[bytes | None]) -> bool:
    """Send lines; tell whether one of them is /exit."""
    for line in lines:
        said = "x" * MAX_HEARD if line is None else line.decode(errors="backslashreplace")
        if is_exit(said):
            await chat.drain()
            return True
        if not is_blank(said):
            chat.post(said)
        await chat.ready()
    return False
