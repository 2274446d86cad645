"""The function `connect`."""

import ssl
from collections.abc import Generator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from asyncchat.aio.client.reconnecting import ReconnectingClient
from asyncchat.aio.client.servers import Servers
from asyncchat.api.chat import Chat, check_is_string
from asyncchat.errors import InvalidAddress, UsageError
from asyncchat.system.addresses import DEFAULT_HOST, DEFAULT_PORT, Address, parse_address
from asyncchat.text.usernames import NameRefused, parse_name
from asyncchat.tls.trust import Trust, parse_fingerprint


def connect(
    address: str | Sequence[str] = f"{DEFAULT_HOST}:{DEFAULT_PORT}",
    *,
    name: str,
    password: str = "",
    register: bool = False,
    history: int | None = None,
    rooms: Sequence[str] = (),
    tls: bool | str | ssl.SSLContext = False,
) -> "Connecting":
    """Join the chat at `address`.

    Write either of:

        async with asyncchat.connect("SERVER", name="alice") as chat: ...
        chat = await asyncchat.connect("SERVER", name="alice")

    The first closes the chat at the end; after the second, call `chat.close()`.

    Args:
        address: HOST or HOST:PORT; without it, the usual port of this machine. Several, in a list or with commas
            between, are servers of one chat, which goes on at another when one ends; one that can't be used is skipped.
        name: the user's name in the chat.
        password: the password of the name, if it is registered.
        register: register the name with that password, which is needed once; the server must have a store.
        history: the number of earlier messages to get; without it, as many as the server sends (ten).
        rooms: the names of the rooms to be in, such as `["#ops"]`; without it, the default room.
        tls: use TLS. True: an authority that the system trusts must know the certificate, or `asyncchat join --tls`
            must have remembered it. A str: its SHA-256 fingerprint. An ssl.SSLContext: that decides.

    Returns:
        An object to await, or to enter with `async with`, once; either gives a `Chat`.

    Raises:
        InvalidAddress: `address` is invalid (at once).
        NameRefused: `name` is invalid (at once), or the server does not accept it; `code` says why (`name-taken`, …).
        PasswordNeeded: the name is registered and `password` is wrong or missing, or guests can't join.
        ConnectError: the server can't be reached, or refuses the user; `code` says why (`banned`, …).
        UsageError: an argument has the wrong type, or `register` has no password (at once).
    """
    if isinstance(address, tuple) and not all(isinstance(one, str) for one in address):
        raise UsageError('address must be a str: write "HOST:PORT"')
    several = address.split(",") if isinstance(address, str) else address
    if not isinstance(several, Sequence) or not several:
        raise UsageError(f"address must be a str, or a list of them, not {address!r}")
    for one in several:
        check_is_string(address=one)
    check_is_string(name=name, password=password)
    if register and not password:
        raise UsageError("register=True needs the password that the name shall have")
    if history is not None and (not isinstance(history, int) or history < 0):
        raise UsageError(f"history must be a number of messages, not {history!r}")
    try:
        places = [parse_address(one) for one in several]
    except ValueError as error:
        raise InvalidAddress(str(error)) from None
    try:
        parse_name(name)
    except NameRefused as refused:
        raise NameRefused(f"{name!r}: this name can't be used: {refused}", refused.code) from None
    if isinstance(rooms, str) or not all(isinstance(room, str) for room in rooms):
        raise UsageError('rooms must be a list of names, such as ["#ops"]')
    addresses = [Address(host, port or DEFAULT_PORT) for host, port in places]
    _trust(addresses[0], tls)  # raises what is wrong at once
    servers = Servers(addresses, lambda one, _: _trust(one, tls))
    wanted = [f"#{room.removeprefix('#')}" for room in rooms]
    client = ReconnectingClient(servers, name, password, register=register, history=history, rooms=wanted)
    return Connecting(client, wanted[0] if wanted else "")


def _trust(address: Address, tls: bool | str | ssl.SSLContext) -> Trust | None:
    if isinstance(tls, ssl.SSLContext):
        return Trust(address, context=tls)
    if isinstance(tls, str):
        try:
            return Trust(address, fingerprint=parse_fingerprint(tls))
        except ValueError as error:
            raise UsageError(str(error)) from None
    if not isinstance(tls, bool):
        raise UsageError(f"tls must be True, a fingerprint or an ssl.SSLContext, not {tls!r}")
    return Trust(address) if tls else None


class Connecting:
    """What `connect` returns: await it, or use it in `async with`, to get a `Chat`.

    Raises:
        UsageError: it was used before; call `connect` again for another chat.
    """

    def __init__(self, client: ReconnectingClient, room: str) -> None:
        self._client = client
        self._room = room
        self._chat: Chat | None = None
        self._is_used = False

    def __repr__(self) -> str:
        return f"<asyncchat.connect to {self._client.address} as {self._client.name!r}: await it for a Chat>"

    def __await__(self) -> Generator[Any, None, Chat]:
        return self._connect().__await__()

    async def __aenter__(self) -> Chat:
        self._chat = await self._connect()
        return self._chat

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._chat:
            await self._chat.close()

    async def _connect(self) -> Chat:
        if self._is_used:
            raise UsageError("this has been awaited already: call asyncchat.connect() again for another chat")
        self._is_used = True
        await self._client.connect()
        return Chat(self._client, self._room)

    if not TYPE_CHECKING:  # a type checker knows better

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(
                f"there is no {name} before it is connected: write `chat = await asyncchat.connect(...)`,"
                " or `async with asyncchat.connect(...) as chat`"
            )
