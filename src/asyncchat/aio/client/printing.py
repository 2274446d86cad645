"""The client for pipes with several servers: prints plain text, and goes on at another server when its own ends.

It speaks JSON with them: in plain text nothing says which lines a server has taken, so none could be sent again.
"""

from collections.abc import Sequence

from asyncchat.aio.client.event_queue import Disconnected, Event
from asyncchat.aio.client.json_lines import take_part
from asyncchat.aio.client.reconnecting import ReconnectingClient
from asyncchat.aio.client.servers import Servers
from asyncchat.client.event_lines import EventLines
from asyncchat.client.plain_client import not_taken
from asyncchat.formats import events
from asyncchat.system import stdio


async def join_as_plain(
    servers: Servers, name: str, password: str, room: str, *, read_input: bool, invite: str = ""
) -> None:
    """Join as `name` until the input ends and the server has answered every line; without input, for ever.

    room: with its leading #; empty for the default one
    invite: the key of an invitation

    Raises NameRefused, OutputClosed, and ChatError, also if the server has refused a line.
    """
    client = ReconnectingClient(servers, name, password, rooms=[room])
    client.client.invite = invite
    lines = EventLines(room)
    is_lost = False

    def show(batch: Sequence[Event]) -> bytes:
        nonlocal is_lost
        for event in batch:
            match event:
                case Disconnected(text) if not is_lost:
                    is_lost = True
                    stdio.report(f"connection lost ({text.rstrip('.')}). What is written now is sent later.", 0)
                case events.Welcome() if is_lost:
                    is_lost = False
                    stdio.report(f"connected again, to {client.address}", 0)
        shown = b"".join(map(lines.of, batch))
        for left in lines.take_left():
            client.part(left)
        return shown

    await take_part(client, show, read_input=read_input)
    if lines.refused:
        raise not_taken(lines.refused)
