"""Draw the client on a terminal, from a real run of it: `python docs/make_picture.py >docs/client.svg`."""

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import Callable
from html import escape

import pyte

import asyncchat

COLUMNS, LINES = 76, 20
WIDTH, HEIGHT = 8.4, 18  # of a character
PALETTE = {
    "black": "#1c1f24", "red": "#e06c75", "green": "#98c379", "brown": "#e5c07b", "blue": "#61afef",
    "magenta": "#c678dd", "cyan": "#56b6c2", "white": "#d7dae0",
}  # fmt: skip
PAPER, INK = "#1c1f24", "#d7dae0"

TALK = [
    ("bob", "the build has been red since 10:40"),
    ("carol", "that is my merge, on it"),
    ("ci", "build 41 failed: tests/test_room.py"),
    ("bob", "alice: can you look at the runner meanwhile?"),
]


class Screen:
    """What a person would see who runs `command`."""

    def __init__(self, *command: str) -> None:
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self._changed = asyncio.Event()
        child, self._terminal = pty.fork()
        if child == 0:
            os.environ["TERM"] = "xterm-256color"
            os.execvp(command[0], command)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        asyncio.get_running_loop().add_reader(self._terminal, self._read)

    def _read(self) -> None:
        try:
            self._stream.feed(os.read(self._terminal, 1 << 16))
        except OSError:
            asyncio.get_running_loop().remove_reader(self._terminal)
        self._changed.set()

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._terminal, keys.encode())

    async def shows(self, condition: Callable[[str], object]) -> None:
        """Wait until what is on the screen meets `condition`."""
        async with asyncio.timeout(20):
            while not condition("\n".join(self._screen.display)):
                self._changed.clear()
                await self._changed.wait()

    def svg(self) -> str:
        """Return what is on the screen."""
        rows = max(number for number, line in enumerate(self._screen.display, 1) if line.strip())
        width, height = COLUMNS * WIDTH + 24, rows * HEIGHT + 24
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            'shape-rendering="crispEdges" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">',
            f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>',
        ]
        for row in range(rows):
            for column in range(COLUMNS):
                parts.extend(_cell(self._screen.buffer[row][column], 12 + column * WIDTH, 12 + row * HEIGHT))
        cursor = self._screen.cursor
        parts.append(
            f'<rect x="{12 + cursor.x * WIDTH:.1f}" y="{12 + cursor.y * HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
            f'fill="{INK}" opacity="0.7"/>'
        )
        return "\n".join([*parts, "</svg>\n"])


def _cell(cell: pyte.screens.Char, x: float, y: float) -> list[str]:
    ink, paper = _colour(cell.fg, INK), _colour(cell.bg, PAPER)
    if cell.reverse:
        ink, paper = paper, ink
    parts = []
    if paper != PAPER:
        parts.append(f'<rect x="{x:.1f}" y="{y}" width="{WIDTH + 0.2:.1f}" height="{HEIGHT}" fill="{paper}"/>')
    if cell.data.strip():
        weight = ' font-weight="bold"' if cell.bold else ""
        parts.append(f'<text x="{x:.1f}" y="{y + 14}" fill="{ink}"{weight}>{escape(cell.data)}</text>')
    return parts


def _colour(name: str, default: str) -> str:
    bright = name.removeprefix("bright")
    return default if name == "default" else PALETTE.get(bright) or f"#{name}"


async def main() -> None:
    """Let some people talk, and draw what one of them sees."""
    asyncchat_command = [sys.executable, "-m", "asyncchat"]
    server = await asyncio.create_subprocess_exec(
        *asyncchat_command, "serve", "--quiet", stderr=asyncio.subprocess.PIPE
    )
    try:
        assert server.stderr
        port = re.findall(rb":(\d+)\n", await server.stderr.readline())[0].decode()
        alice = Screen(*asyncchat_command, "join", f"127.0.0.1:{port}", "--name", "alice", "--bell", "off")
        await alice.shows(lambda shown: "alice" in shown)
        async with contextlib.AsyncExitStack() as stack:
            chats = {
                name: await stack.enter_async_context(asyncchat.connect(f"127.0.0.1:{port}", name=name))
                for name in ("bob", "carol", "ci")
            }
            for name, text in TALK:
                await chats[name].send(text)
            alice.type("sure, give me a minute\r")
            await alice.shows(lambda shown: re.search(r"alice.* sure", shown))
            await chats["carol"].send("thanks ❤")
            await alice.shows(lambda shown: "thanks" in shown)
            alice.type("bob: it is out of disk, I am clear")
            await alice.shows(lambda shown: "I am clear" in shown)
            sys.stdout.write(alice.svg())
            alice.type("\x15/exit\r")
    finally:
        server.terminate()
        await server.wait()


if __name__ == "__main__":
    asyncio.run(main())
