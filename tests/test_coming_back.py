"""Who says that it comes back, to a real server."""

import pytest

from tests.programs import ServeProgram
from tests.test_json_server import Bot, Event, texts


@pytest.mark.parametrize("fields", [{}, {"token": "0" * 32}], ids=str)
@pytest.mark.parametrize("stored", [True, False])
def test_a_newcomer_gets_no_more_by_saying_that_it_comes_back(empty_store: str, fields: Event, *, stored: bool) -> None:
    store = ("--store", empty_store) if stored else ()
    with ServeProgram(*store, "--history", "2", "--rate", "0") as room, room.join("bob") as bob:
        bob.send("".join(f"{number}\n" for number in range(1, 13)))
        bob.lines.until("bob: 12")
        with Bot(room) as first:
            epoch = first.come_in("first")["epoch"]
        for wanted in (epoch, "another"):
            with Bot(room) as alice:
                assert not alice.hello("alice", epoch=wanted, after=0, **fields)["resumed"]
                gap, *last, _ = alice.until("joined")
                assert gap == {"type": "gap", "from": 1, "to": 10}
                assert texts(last) == ["11", "12"]
            room.out.until("alice left")


def test_a_guest_gets_by_its_token_no_more_after_a_restart_than_when_it_joined(empty_store: str) -> None:
    options = ("--store", empty_store, "--history", "2", "--rate", "0")
    with ServeProgram(*options) as room, room.join("bob") as bob:
        bob.send("".join(f"{number}\n" for number in range(1, 13)))
        bob.lines.until("bob: 12")
        with Bot(room) as alice:
            welcome = alice.come_in("alice")
            alice.say("13")
            alice.until("ack")
    with ServeProgram(*options) as room, Bot(room) as alice:
        assert alice.hello("alice", token=welcome["token"], epoch=welcome["epoch"], after=0)["resumed"]
        gap, *missed, _ = alice.until("joined")
        assert gap == {"type": "gap", "from": 1, "to": 10}
        assert texts(missed) == ["11", "12", "13"]
