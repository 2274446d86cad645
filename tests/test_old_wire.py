"""Sessions of version 0.1.0, as they were recorded: its clients are served as before, and its server is understood.

Each line of a recording is a peer, C (from the client) or S (from the server), and what was sent.
"""

import itertools
import json
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.programs import SECRET, Lines, Nc, Program, ServeProgram, seconds

RECORDED = Path(__file__).parent / "recorded"
VOLATILE = {"time", "token", "epoch"}
FOR_PEOPLE = {"refused", "error", "notice", "bye"}
"""Events whose text is for people: programs compare the code."""

TO_THE_LETTER = ("Server: write your name", "Server: this name is already taken!", "Server: online", "Server: no one")
"""Of the server's sentences, those that clients of 0.1.0 look for."""


class Step(NamedTuple):
    peer: str
    what: str
    line: str


def steps(recording: str) -> list[Step]:
    found = []
    for row in (RECORDED / f"{recording}.txt").read_text().splitlines():
        peer, what, line = (*row.split(" ", 2), "")[:3]
        found.append(Step(peer, what, line))
    return found


def of_peer(recording: str, peer: str) -> list[Step]:
    return [step for step in steps(recording) if step.peer == peer]


def parsed(line: str) -> dict[str, Any] | None:
    return json.loads(line) if line.startswith("{") else None


def assert_same(line: str, recorded: str) -> None:
    """Assert that a program of 0.1.0 reads the same in both: what is new must be in fields that it does not know."""
    event, wanted = parsed(line), parsed(recorded)
    if wanted is None:
        is_exact = not recorded.startswith("Server: ") or recorded.startswith(TO_THE_LETTER)
        assert line == recorded if is_exact else line.startswith("Server: ")
        return
    assert event is not None
    ignored = VOLATILE | ({"text"} if wanted["type"] in FOR_PEOPLE else set())
    assert {key: event.get(key) for key in wanted if key not in ignored} == {
        key: value for key, value in wanted.items() if key not in ignored
    }
    assert VOLATILE & wanted.keys() <= event.keys()


class OldClients:
    """Plays the clients' side of a recording against a server, and sees whether it answers as it did."""

    def __init__(self, server: ServeProgram, recording: str) -> None:
        self._server = server
        self._steps = steps(recording)
        self._known = {kind for step in self._steps if (event := parsed(step.line)) for kind in [event["type"]]}
        self._peers: dict[str, Nc] = {}
        self._new: dict[str, str] = {}  # for each token and epoch that was recorded

    def play(self) -> None:
        for number, step in enumerate(self._steps):
            match step.what:
                case "connects":
                    self._peers[step.peer] = self._server.connect()
                case "C" if step.line == "ends":
                    self._peers[step.peer].end_input()
                case "C":
                    self._peers[step.peer].send(self._renewed(step.line) + "\n")
                case "S" if step.line == "ends":
                    if any(later.peer == step.peer and later.what == "S" for later in self._steps[number + 1 :]):
                        self._peers[step.peer].socket.close()  # it came back
                    else:
                        self._peers[step.peer].lines.rest()
                case "S":
                    if '"bye"' in step.line:
                        self._server.signal(signal.SIGTERM)
                    self._check(step)

    def _check(self, step: Step) -> None:
        line = self._next(step.peer)
        if '"unread"' not in step.line:
            while '"unread"' in line:  # which is told once more to a peer that was just coming in
                line = self._next(step.peer)
        assert_same(line, step.line)
        if (event := parsed(line)) and event["type"] == "welcome":
            recorded = json.loads(step.line)
            self._new |= {recorded[key]: event[key] for key in ("token", "epoch")}

    def _next(self, peer: str) -> str:
        """Return the next line that a client of 0.1.0 does not ignore."""
        while event := parsed(line := self._peers[peer].line()):
            if event["type"] in self._known:
                break
        return line

    def _renewed(self, line: str) -> str:
        for recorded, new in self._new.items():
            line = line.replace(recorded, new)
        return line

    def close(self) -> None:
        for peer in self._peers.values():
            peer.socket.close()


def test_plain_clients_of_before_are_served_as_they_were(room: ServeProgram) -> None:
    clients = OldClients(room, "plain")
    try:
        clients.play()
    finally:
        clients.close()


def test_json_clients_of_before_are_served_as_they_were(with_people: str) -> None:
    with ServeProgram("--rate", "0", "--store", with_people) as server:
        clients = OldClients(server, "json")
        try:
            clients.play()
        finally:
            clients.close()


class OldServer:
    """Plays the server's side of a recording for one client."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(seconds(30))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def play(self, recorded: list[Step], act: Callable[[str], None]) -> None:
        """Serve one connection of the recording; `act` makes the client send what comes next, "" for its end."""
        connection, _ = self._listener.accept()
        with connection:
            heard = Lines(connection.fileno())
            for step in recorded:
                if step.what == "S" and step.line != "ends":
                    connection.sendall(f"{step.line}\n".encode())
                elif step.what == "C" and step.line == "ends":
                    act("")
                    assert heard.line() == ""
                elif step.what == "C":
                    act(step.line)
                    assert_same(heard.line(), step.line)

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def old_server() -> Iterator[OldServer]:
    server = OldServer()
    yield server
    server.close()


def connections(recorded: list[Step]) -> list[list[Step]]:
    """Split what was recorded of a peer into its connections."""
    begins = [number for number, step in enumerate(recorded) if step.what == "connects"]
    return [recorded[begin:end] for begin, end in itertools.pairwise([*begins, len(recorded)])]


@pytest.mark.parametrize("peer", ["guest", "alice"])
def test_programs_take_part_in_a_chat_that_an_older_server_serves(old_server: OldServer, peer: str) -> None:
    *broken, last = connections(of_peer("json", peer))
    name = json.loads(last[2].line)["name"]
    password = {"ASYNCCHAT_PASSWORD": SECRET} if peer == "alice" else None

    def act(line: str) -> None:
        if not line:
            client.end_input()
        elif (event := json.loads(line))["type"] == "say":
            client.write(event["text"] + "\n")

    with Program("join", "--json", "--name", name, old_server.address, environment=password) as client:
        for connection in broken:
            old_server.play([step for step in connection if step.line != "ends"], act)
        old_server.play(last, act)
        shown = [json.loads(line) for line in client.out.rest().splitlines()]
    told = [json.loads(step.line) for step in of_peer("json", peer) if step.what == "S" and step.line[0] == "{"]
    assert [event for event in shown if event["type"] == "message"] == [
        event for event in told if event["type"] == "message"
    ]


@pytest.mark.parametrize("form", ["--plain", "--threads"])
def test_people_take_part_in_a_chat_that_an_older_server_serves(old_server: OldServer, form: str) -> None:
    refused, taken = connections(of_peer("plain", "join"))
    with Program("join", form, "--name", "alice", old_server.address) as client:
        old_server.play(refused, lambda _: None)
        assert client.wait() == 1

    def act(line: str) -> None:
        if line in typed:
            client.write(f"{line}\n")
            if line == typed[-1]:
                client.end_input()

    typed = ["hi alice", "//help yourself"]
    with Program("join", form, "--name", "bob", old_server.address) as client:
        old_server.play(taken, act)
        assert client.wait() == 0
        assert client.out.rest().decode().splitlines() == [
            step.line for step in taken if step.what == "S" and step.line.startswith(("alice: ", "bob: "))
        ]
