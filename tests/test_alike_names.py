"""Names that look like those of others, through real servers."""

import json
import signal

import pytest

from tests.programs import ASK_NAME, Nc, Program, ServeProgram

ALIKE = "аlice"  # its first letter is Cyrillic


def hello(peer: Nc, name: str, **fields: object) -> dict[str, object]:
    """Return the answer to a hello."""
    assert peer.line() == ASK_NAME
    peer.send(json.dumps({"type": "hello", "v": 1, "name": name} | fields) + "\n")
    answer: dict[str, object] = json.loads(peer.line())
    return answer


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (ALIKE, "it looks like alice, which is there already"),
        ("alice_", "it looks like alice, which is there already"),
        ("Server", "it is reserved"),
        ("admin", "it is reserved"),
        ("Server.", "it looks like Server, which is reserved"),
        ("admin_", "it looks like admin, which is reserved"),
        ("a\u0315\u0315\u0315\u0315", "it has more than 3 marks on one letter"),
        ("a·b", "· (U+00B7, MIDDLE DOT) stands between two l only"),
    ],
)
def test_a_name_that_looks_like_another_is_refused_without_a_store(room: ServeProgram, name: str, reason: str) -> None:
    with room.join("alice"), room.connect() as plain:
        assert plain.line() == ASK_NAME
        plain.send(f"{name}\n")
        assert plain.line() == f"Server: this name can't be used: {reason}. Choose another one."


def test_the_client_for_programs_says_why_a_name_is_refused(room: ServeProgram) -> None:
    with Program("join", "--json", "--name", "Server", room.address) as bot:
        assert bot.errors.rest().decode() == (
            "asyncchat: Server: this name can't be used: it is reserved. Give another with --name.\n"
        )
        assert bot.wait() == 1


def test_who_has_spoken_comes_back_by_a_token_after_a_new_start_though_somebody_alike_is_there(
    empty_store: str,
) -> None:
    with ServeProgram("--store", empty_store) as server, server.connect() as alice:
        welcome = hello(alice, "alice")
        alice.send('{"type":"say","id":1,"text":"hello"}\n')
        alice.lines.until('"type":"ack"')
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
    with ServeProgram("--store", empty_store) as server, server.join(ALIKE), server.connect() as alice:
        back = hello(alice, "alice", token=welcome["token"], epoch=welcome["epoch"])
        assert (back["type"], back.get("resumed")) == ("welcome", True)
