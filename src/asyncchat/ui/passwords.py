"""What is asked for when a command lacks its password: unseen, and a new one twice."""

from typing import NamedTuple

from asyncchat.chat.requests.credentials import new_password
from asyncchat.commands.table import find_command
from asyncchat.errors import Refusal
from asyncchat.log.accounts import SHORTEST_PASSWORD
from asyncchat.text.command_line import argument_of
from asyncchat.text.usernames import Name
from asyncchat.ui.view.style import key_of

AGAIN = "the same password again: "
NOT_THE_SAME = "That was not the same."
SEVERAL_LINES = "Several lines are no password: nothing was sent. Write the password alone."
NO_COMMAND = "Write the password alone, without a command before it."


class PasswordQuestion(NamedTuple):
    """Asks for a password of `name`.

    question: what to ask
    first: what was typed, if it has to be typed again, since it is new
    why: what was wrong with what was typed before, as a sentence
    """

    name: str
    question: str
    is_new: bool = False
    first: str = ""
    why: str = ""

    @property
    def prompt(self) -> str:
        """What to ask now."""
        return AGAIN if self.first else self.question

    def anew(self, why: str) -> "PasswordQuestion":
        """Return this question from its beginning, and why it is asked again."""
        return self._replace(first="", why=why)

    def answered(self, typed: str) -> "PasswordQuestion | str":
        """Return the password, or nothing if there is none, or what to ask next."""
        password = typed.strip()
        if (command := find_command(password)) and (command.has_password or not argument_of(password)):
            return self.anew(NO_COMMAND)
        if not password or not self.is_new:
            return password
        if self.first:
            return password if password == self.first else self.anew(NOT_THE_SAME)
        try:
            new_password(Name(self.name, key_of(self.name)), password)
        except Refusal as refusal:
            return self._replace(why=str(refusal))
        return self._replace(first=password, why="")


def missing_password(line: str, name: str) -> tuple[str, PasswordQuestion] | None:
    """Return the command in `line`, to which a password has to be added, and the question for it, if it has none.

    `name`: the one that one has.
    """
    command = find_command(line)
    if not command or not command.has_password:
        return None
    first, words = command.names[0], argument_of(line).split()
    new = PasswordQuestion(name, f"new password, {SHORTEST_PASSWORD} characters at least: ", is_new=True)
    if first == "/auth" and len(words) == 1:
        return f"{first} {words[0]}", PasswordQuestion(words[0], f"password of {words[0]}: ")
    if first == "/registration" and [key_of(word) for word in words] in ([], [key_of(name)]):
        # With the name, else the first word of a password with blanks would be taken for one.
        return f"{first} {name}", new
    if words or first == "/auth":
        return None
    if first == "/unregister":
        return first, PasswordQuestion(name, "password, to give up your name and your private conversations: ")
    return first, new


def accepted_password(line: str) -> str:
    """Return the password in a line that the server has accepted; nothing if there is none."""
    command, words = find_command(line), argument_of(line).split(maxsplit=1)
    if not command or not words:
        return ""
    match command.names[0]:
        case "/password":
            return argument_of(line)
        case "/auth" | "/registration":
            return words[-1]
    return ""
