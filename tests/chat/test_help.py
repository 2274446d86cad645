"""/help: what one may use here, in rows that fit, and all about one command."""

import pytest

from asyncchat.commands import help_text
from asyncchat.commands.table import COMMANDS, Group
from asyncchat.log.accounts import Role
from tests.chat import Person, a_room
from tests.chat.stored_chat import StoredChat

ONLY_WITH_A_STORE = {command.names[0] for command in COMMANDS if command.needs_store}


def named(rows: list[str]) -> set[str]:
    """Return the commands in an answer to /help, without what follows below them."""
    words = [
        word for row in rows[:-1] for word in row.removeprefix("Server: ").split() if "Registered users" not in row
    ]
    return {word for word in words if word.startswith("/")}


def a_guest_without_store() -> Person:
    person = Person(a_room())
    person.send("alice\n")
    person.hear()
    return person


def test_help_names_what_works_without_a_store_where_there_is_none() -> None:
    person = a_guest_without_store()
    person.send("/HELP\n")
    assert person.hear() == [
        "Server: Chat:        /help [COMMAND]  /me TEXT  /list  /whois NAME",
        "Server:              /away [TEXT]  /exit  /edit TEXT  /delete [NUMBER|NAME]",
        "Server: Rooms:       /rooms  /join [#ROOM]  /leave",
        "Server: Private:     /room",
        "Server: /help COMMAND explains one.",
    ]


@pytest.mark.parametrize("role", Role)
def test_help_names_all_that_one_may_use_and_nothing_else(chat: StoredChat, role: Role) -> None:
    person = chat.guest("alice") if role == Role.GUEST else chat.owner("alice", role=role)
    rows = person.say("/help")
    of_here = [one for one in COMMANDS if one.role <= role and not one.is_client_only and not one.not_in_default]
    assert named(rows) == {one.names[0] for one in of_here}
    assert ("Registered users have more commands" in "".join(rows)) == (role == Role.GUEST)
    assert all(row.startswith("Server: ") and len(row) <= 78 for row in rows)
    assert len(rows) < 16


@pytest.mark.parametrize("width", [20, 33, 40, 50, 80, 200])
@pytest.mark.parametrize("role", Role)
def test_help_fits_into_the_window_and_breaks_no_word(width: int, role: Role) -> None:
    commands = help_text.usable(role, has_store=True, has_window=True)
    rows = help_text.overview(commands, width, can_register=True)
    assert all(len(row) <= width and row == row.rstrip() for row in rows)
    assert {word for row in rows for word in row.split()} >= {word for one in commands for word in one.usage.split()}
    if width >= 80:
        assert len(rows) <= 22  # of 24, with the line and the status
    for command in commands:
        assert all(len(row) <= width for row in help_text.details(command, width, has_store=True))


@pytest.mark.parametrize("said", ["/help ban", "/help /ban", "/HELP /BAN now"])
def test_help_tells_all_about_one_command(chat: StoredChat, said: str) -> None:
    usage, *rest = chat.guest("alice").say(said)
    assert usage.startswith("Server: /ban ")
    assert rest[-1] == "Server: For moderators and the admin."


def test_help_tells_the_other_names_of_a_command_and_where_it_works(chat: StoredChat) -> None:
    assert chat.guest("alice").say("/help names") == [
        "Server: /list: show who is online.",
        "Server: Also: /who, /names, /users.",
    ]
    assert chat.guest("bob").say("/help login")[1:] == [
        "Server: Also: /login.",
        "Server: It also works before you have a name.",
    ]


def test_help_says_what_does_not_work_here() -> None:
    person = a_guest_without_store()
    person.send("/help stats\n")
    assert person.hear()[-1] == "Server: Not available here: the server must be started with --store."


@pytest.mark.parametrize("about", ["nothing", "/nothing", "/", "//", "clear"])
def test_help_about_what_is_no_command_of_the_server_says_so(chat: StoredChat, about: str) -> None:
    person = chat.guest("alice")
    (answer,) = person.say(f"/help {about}")
    assert answer == f"Server: there is no command {about}. /help shows those that there are."


def test_every_command_has_a_group_and_every_group_a_command() -> None:
    assert {command.group for command in COMMANDS} == set(Group)


@pytest.mark.parametrize("about", ["", " ban", " nothing"])
def test_a_program_gets_the_same_rows(chat: StoredChat, about: str) -> None:
    rows = chat.guest("alice").say(f"/help{about}")
    said = [event for event in chat.program("bot").say(f"/help{about}") if event["type"] in ("notice", "refused")]
    assert [f"Server: {event['text']}" for event in said] == rows


@pytest.mark.parametrize("has_store", [True, False])
def test_a_program_is_told_whether_there_is_a_store(chat: StoredChat, has_store: bool) -> None:
    if not has_store:
        chat.core.state.accounts = None
    assert chat.stranger().hello("alice")["store"] is has_store
