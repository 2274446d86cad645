"""That users of IRC clients who are not invited learn nothing of a private room."""

import pytest

from asyncchat.log.accounts import Role
from tests.chat.irc_people import Irc, irc, owner
from tests.chat.stored_chat import StoredChat, stored_chat

CAPABILITIES = ("batch", "server-time", "message-tags", "draft/chathistory", "labeled-response", "echo-message")

LINES = [
    f"{line}{room}{rest}"
    for room in ("#ops", "#OPS", "#lobby,#ops", "#ops,#lobby")
    for line, rest in (
        ("JOIN ", ""),
        ("JOIN ", " key"),
        ("PART ", ""),
        ("PART ", " :bye"),
        ("TOPIC ", ""),
        ("TOPIC ", " :x"),
        ("NAMES ", ""),
        ("LIST ", ""),
        ("WHO ", ""),
        ("MODE ", ""),
        ("MODE ", " b"),
        ("MODE ", " +b alice!*@*"),
        ("MODE ", " +o eve"),
        ("KICK ", " alice"),
        ("KICK ", " bob :x"),
        ("INVITE eve ", ""),
        ("INVITE alice ", ""),
        ("PRIVMSG ", " :hello"),
        ("NOTICE ", " :hello"),
        ("TAGMSG ", ""),
        ("CHATHISTORY LATEST ", " * 10"),
        ("CHATHISTORY BEFORE ", " timestamp=2030-01-01T00:00:00.000Z 10"),
        ("CHATHISTORY TARGETS ", " 10"),
        ("PRIVMSG Server :/join ", ""),
        ("PRIVMSG Server :/search -a ", ""),
    )
] + [
    "LIST",
    "NAMES",
    "WHO *",
    "WHO alice",
    "WHOIS alice",
    "WHOIS eve",
    "LUSERS",
    "CHATHISTORY TARGETS timestamp=2000-01-01T00:00:00.000Z timestamp=2030-01-01T00:00:00.000Z 10",
    "PRIVMSG Server :/rooms",
    "PRIVMSG Server :/whois alice",
    "PRIVMSG Server :/audit",
    "PRIVMSG Server :/invites",
    "PRIVMSG Server :/bans",
    "PRIVMSG Server :/search -a plan",
    "JOIN 0",
]


@pytest.mark.parametrize("role", [Role.REGISTERED, Role.MODERATOR])
@pytest.mark.parametrize("may_make", [True, False])
def test_what_an_irc_client_is_told_does_not_depend_on_a_private_room(role: Role, *, may_make: bool) -> None:
    heard = []
    for is_there in (True, False):
        with stored_chat() as chat:
            heard.append(_heard(chat, role, is_there=is_there, may_make=may_make))
    for number, (line, one, other) in enumerate(zip([*LINES, *LINES], *heard, strict=True)):
        assert one == other, (number, line)


def _heard(chat: StoredChat, role: Role, *, is_there: bool, may_make: bool) -> list[list[str]]:
    """Return what is heard after each line, by a registered user and by a guest.

    is_there: meanwhile two others are in a private room, #ops
    may_make: they may make rooms, but there are as many as there may be
    """
    alice, bob = owner(chat, "alice", *CAPABILITIES), owner(chat, "bob", *CAPABILITIES)
    if is_there:
        alice.say("JOIN #ops", "PRIVMSG Server :/private on", "TOPIC #ops :the plan", "INVITE bob #ops")
        bob.say("JOIN #ops", "PRIVMSG #ops :the plan", "AWAY :x")
    else:
        bob.say("AWAY :x")
    people: list[Irc] = [owner(chat, "eve", *CAPABILITIES, role=role), irc(chat, "guest", *CAPABILITIES)]
    if may_make:
        chat.core.max_rooms = len(chat.pipeline.state.rooms)
    else:
        chat.core.may_make_rooms = Role.ADMIN
    heard = []
    for person in people:
        for line in LINES:
            heard.append(person.say(line))
            if is_there:
                bob.say("PRIVMSG #ops :the plan")
    return heard
