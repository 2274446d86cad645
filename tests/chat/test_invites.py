"""Links that invite: who makes them, how often and how long they can be used, and that they are revoked."""

import pytest
from hypothesis import given, strategies as st

from asyncchat.errors import Refusal
from asyncchat.log.accounts import Role
from asyncchat.log.invites import MOST_INVITES, Invite, Invites
from asyncchat.text import room_texts
from tests.chat.stored_chat import Plain, StoredChat, stored_chat

DAY = 86_400_000


def made(chat: StoredChat, moderator: Plain, line: str = "/invite") -> str:
    """Return the key of a new link."""
    keys: list[str] = []

    def links(_user: object, room: str, key: str) -> list[str]:
        keys.append(key)
        return [f"asyncchat://127.0.0.1:1/{room}?k={key}"]

    chat.core.links = links
    said = moderator.say(line)
    assert said[-1] == f"Server: asyncchat://127.0.0.1:1/?k={keys[0]}", said
    return keys[0]


def answer(chat: StoredChat, name: str, key: str, **fields: object) -> str:
    """Return what a program with this key is answered: welcome, or the code of an error."""
    said = chat.stranger().hello(name, invite=key, **fields)
    return str(said.get("code", said["type"]))


def test_a_guest_with_a_link_joins_where_accounts_are_required() -> None:
    with stored_chat(needs_account=True) as chat:
        key = made(chat, chat.owner("mod", role=Role.MODERATOR))
        assert answer(chat, "gus", "") == "guest"
        assert answer(chat, "gus", "wrong") == "no-invite"
        assert answer(chat, "gus", key) == "welcome"


def test_a_link_is_used_a_number_of_times() -> None:
    with stored_chat(needs_account=True) as chat:
        key = made(chat, chat.owner("mod", role=Role.MODERATOR), "/invite 1h 2")
        assert answer(chat, "mod", key) == "name-registered"  # which is no use of it
        assert [answer(chat, name, key) for name in ("gus", "gus", "eve", "bob")] == [
            "welcome",
            "name-taken",
            "welcome",
            "no-invite",
        ]
        again = chat.started_again()
        again.core.needs_account = True
        assert answer(again, "bob", key) == "no-invite"


def test_a_link_ends() -> None:
    with stored_chat(needs_account=True) as chat:
        key = made(chat, chat.owner("mod", role=Role.MODERATOR), "/invite 2h")
        chat.time += 2 * 3_600_000 - 1
        assert answer(chat, "gus", key) == "welcome"
        chat.time += 1
        assert answer(chat, "eve", key) == "no-invite"


def test_who_comes_back_by_the_token_uses_it_once() -> None:
    with stored_chat(needs_account=True) as chat:
        key = made(chat, chat.owner("mod", role=Role.MODERATOR), "/invite 1h 1")
        gus = chat.program("gus", invite=key)
        gus.hang_up()
        assert answer(chat, "gus", key, token=gus.token) == "welcome"


def test_links_are_listed_and_revoked() -> None:
    with stored_chat(needs_account=True) as chat:
        moderator = chat.owner("mod", role=Role.MODERATOR)
        key, other = made(chat, moderator), made(chat, moderator, "/invite 1h 3")
        assert moderator.say("/invites") == [
            "Server: link 1 to #lobby by mod: 10 more uses, until 2025-11-29T21:40:00Z",
            "Server: link 2 to #lobby by mod: 3 more uses, until 2025-11-22T22:40:00Z",
        ]
        assert moderator.say("/uninvite 1") == ["Server: link 1 can't be used any more."]
        assert moderator.say("/uninvite 1") == [f"Server: {room_texts.NO_INVITE}"]
        assert answer(chat, "gus", key) == "no-invite"
        again = chat.started_again()
        again.core.needs_account = True
        assert answer(again, "gus", other) == "welcome"
        assert moderator.say("/uninvite 2") == ["Server: link 2 can't be used any more."]
        assert moderator.say("/invites") == [f"Server: {room_texts.NO_INVITES}"]
        assert [line.split(" ", 3)[2:] for line in moderator.say("/audit")] == [
            ["mod:", "invite 1 to #lobby"],
            ["mod:", "invite 2 to #lobby"],
            ["mod:", "uninvite 1"],
            ["mod:", "uninvite 2"],
        ]


def test_where_guests_may_join_a_link_changes_nothing(chat: StoredChat) -> None:
    key = made(chat, chat.owner("mod", role=Role.MODERATOR), "/invite 1h 1")
    assert [answer(chat, name, key) for name in ("gus", "eve")] == ["welcome", "welcome"]


def test_only_moderators_of_the_server_make_and_revoke_links(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    assert alice.say("/join #ops", "/invite", "/uninvite 1")[1:] == [
        "Server: only moderators of the server and the admin make links. Write /invite NAME to let a registered user"
        " enter this room.",
        "Server: only moderators of the server and the admin revoke links. Write /uninvite NAME to withdraw an"
        " invitation.",
    ]
    assert alice.say("/invites") == ["Server: you are not a moderator or an admin!"]


def test_a_link_for_one_use_says_so(chat: StoredChat) -> None:
    said = chat.owner("mod", role=Role.MODERATOR).say("/invite 2h 1")[0]
    assert ": 1 more use, until " in said


def test_no_link_leads_to_a_private_room(chat: StoredChat) -> None:
    moderator = chat.owner("mod", role=Role.MODERATOR)
    assert moderator.say("/join #ops", "/private on", "/invite")[-1] == f"Server: {room_texts.NO_LINK_TO_PRIVATE}"


@pytest.mark.parametrize("uses", ["0", "x", "-1", "1" * 9])
def test_how_often_is_a_number(chat: StoredChat, uses: str) -> None:
    moderator = chat.owner("mod", role=Role.MODERATOR)
    assert moderator.say(f"/invite 7d {uses}") == [f"Server: {room_texts.no_uses(uses)}"]


def test_a_link_is_not_used_twice_at_once() -> None:
    invites = Invites([Invite(1, b"key", "mod", "#lobby", 1, 10)])
    invites.use(b"key", 0)
    with pytest.raises(Refusal, match="can't be used any more"):
        invites.use(b"key", 0)


@given(st.lists(st.integers(0, 3)))
def test_numbers_are_not_used_twice(steps: list[int]) -> None:
    invites, numbers = Invites(), []
    for step in steps:
        if step:
            numbers.append(invites.last + 1)
            invites.add(Invite(numbers[-1], bytes([len(numbers) % 256, step]), "mod", "#lobby", 1, 10))
        elif numbers and any(one.number == numbers[-1] for one in invites.all(0)):
            invites.revoke(numbers[-1])
    assert len(set(numbers)) == len(numbers)


def test_there_are_so_many_at_most() -> None:
    invites = Invites()
    for number in range(1, MOST_INVITES + 3):
        invites.add(Invite(number, number.to_bytes(4), "mod", "#lobby", 1, 10))
    assert [one.number for one in invites.all(0)] == list(range(3, MOST_INVITES + 3))
