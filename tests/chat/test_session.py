"""What every form of the chat has in common: the commands."""

import json

import pytest

from asyncchat.commands.mistakes.redaction import redact
from asyncchat.commands.table import COMMANDS, find_command
from asyncchat.text.command_line import is_exit
from tests.chat.stored_chat import SECRET, StoredChat


@pytest.mark.parametrize(
    ("said", "name"), [("/list", "/list"), ("/WHO", "/list"), ("/help me", "/help"), ("/quit", "/exit")]
)
def test_finds_the_command_that_a_line_begins_with(said: str, name: str) -> None:
    command = find_command(said)
    assert command
    assert command.names[0] == name


@pytest.mark.parametrize("said", ["", "list", "//list", "/", "/lists", " /list"])
def test_finds_no_command_in_any_other_line(said: str) -> None:
    assert find_command(said) is None


def test_no_two_commands_have_the_same_name() -> None:
    names = [name for command in COMMANDS for name in command.names]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("/auth alice secret", "/auth …"),
        (" /LOGIN alice secret", "/LOGIN …"),
        ("/password\tsecret", "/password …"),
        ("/list secret", "/list secret"),
        ("/auht alice secret", "/auht …"),
        ("/auht", "/auht"),
        ("//auth is a command", "//auth is a command"),
        ("hello", "hello"),
    ],
)
def test_a_line_is_shown_without_a_password(said: str, shown: str) -> None:
    assert redact(said) == shown


# Asking to leave, in every form of the chat.


@pytest.mark.parametrize("said", ["/exit", "/quit", "/EXIT", "/qUIT", "/exit now", "/quit "])
def test_recognizes_a_line_that_asks_to_leave(said: str) -> None:
    assert is_exit(said)


@pytest.mark.parametrize(
    "said", ["", " ", "exit", " /exit", "//exit", "/exits", "/help", "/list", "/", "hello", "\t/exit"]
)
def test_any_other_line_does_not_ask_to_leave(said: str) -> None:
    assert not is_exit(said)


def test_a_command_whose_peer_is_gone_in_the_midst_of_it_goes_no_further(chat: StoredChat) -> None:
    chat.owner("alice").say("/exit")
    bot = chat.program("bot")
    bot.hear()
    written: list[bytes] = []

    def write_and_end(data: bytes) -> None:
        written.append(data)
        bot.session.leave()

    bot.peer.write = write_and_end  # type: ignore[method-assign]
    bot.tell("say", id=1, text=f"/auth alice {SECRET}")
    told = [json.loads(line)["type"] for line in b"".join(written).splitlines()]
    assert told[0] == "you"
    assert "ack" not in told
