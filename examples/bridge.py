"""A bridge between two chats: what is said in one is repeated in the other, with the name of its sender.

Run it with two addresses: python examples/bridge.py 127.0.0.1:23456 127.0.0.1:23457
"""

import asyncio
import sys

import asyncchat


async def main(one: str, other: str) -> None:
    """Pass messages on in both directions until Ctrl-C."""
    async with (
        asyncchat.connect(one, name="bridge", history=0) as here,
        asyncchat.connect(other, name="bridge", history=0) as there,
    ):
        await asyncio.gather(pass_on(here, there), pass_on(there, here))


async def pass_on(source: asyncchat.Chat, target: asyncchat.Chat) -> None:
    """Repeat in `target` what the users of `source` say; not what this bridge has said there, or it would never end."""
    async for message in source.messages():
        if message.sender == source.name:
            continue
        try:
            await target.send(f"{message.sender}: {message.text}")
        except asyncchat.Refusal as refusal:  # it may be too long with the name, for example
            print(f"bridge: {refusal}", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("write the addresses of two chats: python examples/bridge.py 127.0.0.1:23456 127.0.0.1:23457")
    try:
        asyncio.run(main(sys.argv[1], sys.argv[2]))
    except asyncchat.Error as error:
        sys.exit(f"bridge: {error}")
    except KeyboardInterrupt:
        pass
