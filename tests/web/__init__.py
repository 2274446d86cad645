"""The web port, as browsers, proxies and raw sockets see it."""

import base64
import contextlib
import json
import os
import re
import socket
from functools import cached_property
from typing import Any, NamedTuple, Self

from tests.programs import PATIENCE, Lines, ServeProgram, seconds

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
CONTINUED = 0

Event = dict[str, Any]


class WebProgram(ServeProgram):
    """A running `asyncchat serve --web`, on ports that the system chose."""

    def __init__(self, *arguments: str, **how: object) -> None:
        super().__init__("--web", "0", *arguments, **how)

    @cached_property
    def web_port(self) -> int:
        assert self.port
        found = re.search(r"the page is at https?://127\.0\.0\.1:(\d+)/", self.errors.line())
        assert found
        return int(found[1])

    def __enter__(self) -> Self:
        super().__enter__()
        assert self.web_port
        return self


class Frame(NamedTuple):
    opcode: int
    data: bytes
    fin: bool = True

    @property
    def code(self) -> int:
        """The code of a close frame."""
        assert self.opcode == CLOSE
        return int.from_bytes(self.data[:2])


def frame(opcode: int, data: bytes, *, fin: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    """Return a frame, as a client sends it."""
    first = fin << 7 | reserved << 4 | opcode
    size = len(data)
    if size < 126:
        length = bytes([masked << 7 | size])
    elif size < 1 << 16:
        length = bytes([masked << 7 | 126]) + size.to_bytes(2)
    else:
        length = bytes([masked << 7 | 127]) + size.to_bytes(8)
    if not masked:
        return bytes([first]) + length + data
    mask = b"\xa5\x0f\x3c\x81"
    return bytes([first]) + length + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))


def event(kind: str, **fields: object) -> bytes:
    return json.dumps({"type": kind} | fields).encode()


def close(code: int | None, reason: bytes = b"") -> bytes:
    return frame(CLOSE, b"" if code is None else code.to_bytes(2) + reason)


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Web:
    """A connection to the web port, that sends what it likes."""

    def __init__(self, port: int, receive_buffer: int = 0, source: str = "") -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(seconds(PATIENCE))
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))
        self.port = port
        self.bytes = Lines(self.socket.fileno())

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def request(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Send a request, and return the answer; `_` in a header's name is a dash, and "" leaves one out."""
        sent = {"Host": f"127.0.0.1:{self.port}"} | {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items() if value)
        self.send(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())
        return self.answer(with_body=method != "HEAD")

    def answer(self, *, with_body: bool = True) -> Answer:
        start, *lines = self.bytes.some(b"\r\n\r\n").decode().split("\r\n")[:-2]
        headers = dict(line.split(": ", 1) for line in lines)
        status = int(start.split()[1])
        size = int(headers.get("Content-Length", 0)) if with_body and status != 101 else 0
        return Answer(status, headers, self.bytes.exactly(size))

    def upgrade(self, path: str = "/ws", **headers: str) -> Answer:
        key = base64.b64encode(os.urandom(16)).decode()
        wanted = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
            "Origin": f"http://127.0.0.1:{self.port}",
        }
        return self.request(path, **wanted | {name.replace("_", "-"): value for name, value in headers.items()})

    def frame(self) -> Frame:
        """Return the next frame."""
        first, second = self.bytes.exactly(2)
        assert not second & 0x80  # a server's frames are not masked
        size = second & 0x7F
        if size == 126:
            size = int.from_bytes(self.bytes.exactly(2))
        elif size == 127:
            size = int.from_bytes(self.bytes.exactly(8))
        return Frame(first & 15, self.bytes.exactly(size), bool(first & 0x80))

    def reset(self) -> None:
        """Break the connection, as a machine does that crashed."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


class WebPeer(Web):
    """A WebSocket that is open."""

    def __init__(self, port: int, receive_buffer: int = 0, source: str = "", **headers: str) -> None:
        super().__init__(port, receive_buffer, source)
        answer = self.upgrade(**headers)
        assert answer.status == 101, answer
        self.welcome: Event = {}
        self._events: list[Event] = []
        self._newest = 0

    def tell(self, kind: str, **fields: object) -> None:
        self.send(frame(TEXT, event(kind, **fields)))

    def event(self) -> Event:
        """Return the next event."""
        while not self._events:
            got = self.frame()
            assert got.opcode == TEXT, got
            assert got.data.endswith(b"\n")
            self._events += map(json.loads, got.data.splitlines())
        return self._events.pop(0)

    def until(self, kind: str) -> list[Event]:
        events = [self.event()]
        while events[-1]["type"] != kind:
            events.append(self.event())
        return events

    def come_in(self, name: str, **fields: object) -> Event:
        """Say hello, wait until everybody has been told, and return the welcome."""
        self.tell("hello", v=1, name=name, **fields)
        welcome = self.event()
        assert welcome["type"] == "welcome", welcome
        self.welcome = welcome
        self.until("joined")
        return welcome

    def resume(self, welcome: Event, after: int) -> None:
        """Say hello as somebody who was there before."""
        known = {field: welcome[field] for field in ("name", "token", "epoch")}
        self.tell("hello", v=1, after=after, **known)

    def say(self, text: str) -> int:
        self._newest += 1
        self.tell("say", id=self._newest, text=text)
        return self._newest

    def closing(self) -> Frame:
        """Return the close frame, after whatever comes before it, and wait for the end."""
        while (got := self.frame()).opcode != CLOSE:
            pass
        with contextlib.suppress(BrokenPipeError):  # it may have ended its output
            self.send(frame(CLOSE, got.data[:2]))
        assert self.bytes.rest() == b""
        return got


def peer(room: WebProgram, name: str, **how: Any) -> WebPeer:
    new = WebPeer(room.web_port, **how)
    new.come_in(name)
    return new
