"""The control: a server that only copies (epoll and send), to tell what the kernel costs from what a server costs."""

import select
import socket
import struct
import sys

BACKLOG = 4096
MAX_BACKLOG = 1 << 20
"""Bytes that may wait for a peer that does not read, as with asyncchat."""

_READ_SIZE = 1 << 16
_EVENTS = 4096
_RESET = struct.pack("ii", 1, 0)


class Copier:
    """Sends the lines of each peer to all, and resets the connection of one that is too far behind."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.listener.setblocking(False)
        self.epoll = select.epoll()
        self.epoll.register(self.listener, select.EPOLLIN)
        self.peers: dict[int, socket.socket] = {}
        self.names: dict[int, bytes] = {}
        self.tails: dict[int, bytes] = {}
        self.waiting: dict[int, bytearray] = {}

    def run(self) -> None:
        """Serve until the process is ended."""
        while True:
            said: list[bytes] = []
            for descriptor, event in self.epoll.poll(-1, _EVENTS):
                if descriptor == self.listener.fileno():
                    self.accept()
                    continue
                if event & select.EPOLLOUT and descriptor in self.waiting:
                    self.write(descriptor, b"")
                if event & ~select.EPOLLOUT and descriptor in self.peers:
                    self.read(descriptor, said)
            if batch := b"".join(said):
                for descriptor in list(self.names):
                    self.write(descriptor, batch)

    def accept(self) -> None:
        """Accept one connection."""
        peer, _ = self.listener.accept()
        peer.setblocking(False)
        self.peers[peer.fileno()] = peer
        self.epoll.register(peer, select.EPOLLIN)
        peer.send(b"Server: write your name\n")

    def read(self, descriptor: int, said: list[bytes]) -> None:
        """Take what a peer sends; its first line is its name."""
        try:
            data = self.peers[descriptor].recv(_READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close(descriptor)
            return
        *lines, self.tails[descriptor] = (self.tails.get(descriptor, b"") + data).split(b"\n")
        for line in lines:
            if descriptor not in self.names:
                self.names[descriptor] = line
            elif line.startswith(b"/"):
                self.write(descriptor, b"Server: unknown command %b\n" % line)
            else:
                said.append(b"%b: %b\n" % (self.names[descriptor], line))

    def write(self, descriptor: int, data: bytes) -> None:
        """Send what waits for a peer, and `data`; keep what the kernel does not take."""
        rest = self.waiting.get(descriptor)
        if rest is not None:
            rest += data
            data = bytes(rest)
        try:
            sent = self.peers[descriptor].send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close(descriptor)
            return
        if len(data) - sent > MAX_BACKLOG:
            self.close(descriptor)
        elif sent < len(data):
            if rest is None:
                self.epoll.modify(descriptor, select.EPOLLIN | select.EPOLLOUT)
            self.waiting[descriptor] = bytearray(data[sent:])
        elif rest is not None:
            del self.waiting[descriptor]
            self.epoll.modify(descriptor, select.EPOLLIN)

    def close(self, descriptor: int) -> None:
        """Reset a connection, so that the kernel keeps nothing of it."""
        peer = self.peers.pop(descriptor)
        self.names.pop(descriptor, None)
        self.tails.pop(descriptor, None)
        self.waiting.pop(descriptor, None)
        self.epoll.unregister(peer)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        peer.close()


def main() -> None:
    """Serve at a free port."""
    copier = Copier()
    port = copier.listener.getsockname()[1]
    print(f"copier: listening on 127.0.0.1:{port}", file=sys.stderr, flush=True)
    copier.run()


if __name__ == "__main__":
    main()
