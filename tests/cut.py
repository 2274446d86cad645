"""Between a server and its database: what breaks their connections."""

import contextlib
import socket
import threading
import time

from tests.programs import PATIENCE, seconds


class Cut:
    """Between a server and the database: it cuts a connection when COMMIT comes, before or after that is passed on."""

    def __init__(self, port: int) -> None:
        self._database = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.cuts = ""
        self._is_open = True
        self._is_silent = False
        self._silenced: list[threading.Event] = []
        self._sockets = [self._listener]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._sockets.append(client)
                if not self._is_open:
                    client.close()
                    continue
                try:
                    server = socket.create_connection(("127.0.0.1", self._database))
                except OSError:
                    client.close()
                    continue
                self._sockets.append(server)
                self._silenced.append(silenced := threading.Event())
                if self._is_silent:
                    silenced.set()
                self._threads += [
                    threading.Thread(target=self._pass, args=(client, server, silenced)),
                    threading.Thread(target=self._pass_back, args=(server, client, silenced)),
                ]
                for thread in self._threads[-2:]:
                    thread.start()

    def _pass(self, client: socket.socket, server: socket.socket, silenced: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                if silenced.is_set():
                    continue
                if self.cuts and b"COMMIT" in data:
                    after, self.cuts = self.cuts == "after", ""
                    client.shutdown(socket.SHUT_RDWR)
                    if after:
                        server.sendall(data)
                        time.sleep(0.2)  # for the database, which is told nothing else
                    break
                server.sendall(data)
        for side in (client, server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _pass_back(server: socket.socket, client: socket.socket, silenced: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                if not silenced.is_set():
                    client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)

    @property
    def is_open(self) -> bool:
        """Whether connections are passed on; if not, those that there are are broken."""
        return self._is_open

    @is_open.setter
    def is_open(self, is_open: bool) -> None:
        self._is_open = is_open
        if not is_open:
            for each in self._sockets[1:]:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    @property
    def is_silent(self) -> bool:
        """Whether nothing is passed on, as when packets are lost; connections of that time stay so."""
        return self._is_silent

    @is_silent.setter
    def is_silent(self, is_silent: bool) -> None:
        self._is_silent = is_silent
        if is_silent:
            for silenced in self._silenced:
                silenced.set()

    def close(self) -> None:
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(seconds(PATIENCE))
        for each in self._sockets:
            each.close()
