"""One peer's conversation with the server: what every wire format has in common, and the commands."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import NamedTuple

from asyncchat.chat.archive import SHOWN, Answer, History, Question, Search, Unanswered
from asyncchat.chat.messages import Sent, timestamp
from asyncchat.chat.names import Name
from asyncchat.chat.room import Peer, Room

LISTED = 100
_EXCERPT = 32
_DIGITS = 18
"""Of a number that can be asked for; the store has no larger ones."""


class Refusal(ValueError):
    """Something that a peer sent and that can't be taken; `code` says why for programs, the message for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Session(ABC):
    """What the server makes of the lines that one peer sends, of which each has at most `max_line` bytes of text.

    When it has `asked` something, it takes no line until it has the `answer`.
    """

    def __init__(self, room: Room, peer: Peer, max_line: int) -> None:
        self.asked: Question | None = None
        self._room = room
        self._peer = peer
        self._max_line = max_line
        self._name: Name | None = None
        self._over = False

    @property
    def name(self) -> str | None:
        """The name that the peer has in the room."""
        return self._name.shown if self._name else None

    def receive(self, lines: Iterable[bytes | None]) -> None:
        """Handle the lines that the peer has sent, up to one that asks for something; None is one that was too long."""
        for line in lines:
            if self._over:
                return
            self._hear(line)
            if self.asked:
                return

    def answer(self, answer: Answer) -> None:
        """Go on with what was asked."""
        asked, self.asked = self.asked, None
        if asked and not self._over:
            self._go_on(asked, answer)

    def end(self, *, unfinished: bool = False) -> None:
        """The peer sends no more; `unfinished`: its last line has no end, and so may be half of what was meant."""
        if unfinished and not self._over:
            self._refuse_unfinished()
        self.leave()

    def leave(self) -> None:
        """Take the peer out of the room; its connection ends when it has got what it is owed."""
        if self._over:
            return
        self._over = True
        if self._name is None:
            self._peer.close()
        else:
            self._room.leave(self._name)

    @abstractmethod
    def notice(self, saying: str) -> None:
        """Say something to this peer alone."""

    @abstractmethod
    def say_goodbye(self, saying: str) -> None:
        """Tell the peer why it is let go, and take it out of the room."""

    def _go_on(self, asked: Question, answer: Answer) -> None:
        match asked, answer:
            case _, Unanswered(why):
                self.notice(f"what was said can't be read: {why}.")
            case History(), []:
                self.notice("there is nothing so far back")
            case Search(words), []:
                self.notice(f"nothing found: {words}")
            case _:
                for sent in answer:
                    assert isinstance(sent, Sent)
                    self.notice(f"{timestamp(sent.time)[:19]}Z {sent.name.shown}: {sent.text}")

    @abstractmethod
    def _hear(self, line: bytes | None) -> None: ...

    @abstractmethod
    def _refuse_unfinished(self) -> None: ...

    def _take(self, said: str, post: Callable[[str], None]) -> None:
        """Do what a command says, or `post` what is a message. Raises Refusal."""
        if said.startswith("//"):
            post(said[1:])
        elif said.startswith("/"):
            if not (command := find_command(said)):
                word = _word(said)[:_EXCERPT]
                raise Refusal(
                    "unknown-command",
                    f"unknown command {word}. Write /help to see the commands, // to say a line with /.",
                )
            self._run(command, said)
        elif said and not said.isspace():
            post(said)

    def _run(self, command: "Command", said: str) -> None:
        command.run(self, said[len(_word(said)) :].strip())

    def _help(self, _: str) -> None:
        for command in COMMANDS:
            if self._room.is_stored or not command.of_store:
                self.notice(command.described())

    def _exit(self, _: str) -> None:
        self.leave()

    def _show_history(self, number: str) -> None:
        if number and not (number.isascii() and number.isdigit() and len(number) <= _DIGITS):
            raise Refusal("no-number", f"{number[:_EXCERPT]} is not a number!")
        self._ask(History(max(1, int(number or SHOWN))))

    def _search(self, words: str) -> None:
        if not words:
            raise Refusal("no-words", "write what to search for: /search WORDS")
        self._ask(Search(words))

    def _ask(self, question: Question) -> None:
        if self._room.is_stored:
            self.asked = question
        else:
            self.notice("nothing is kept here: this chat is served without --store")

    def _list(self, _: str) -> None:
        assert self._name is not None  # only /exit works without a name
        names, more = self._room.names(without=self._name, most=LISTED)
        if not names:
            self.notice("no one online")
        else:
            self.notice(f"online: {' '.join(names)}" + (f" and {more} more" if more else ""))


class Command(NamedTuple):
    """A command: its name and aliases, what /help says of it, what it does; where it works, and what it takes."""

    names: tuple[str, ...]
    help: str
    run: Callable[[Session, str], None]
    argument: str = ""
    before_naming: bool = False
    of_store: bool = False

    def described(self) -> str:
        """Return the command's line in /help."""
        name, *aliases = self.names
        return (
            f"{name} {self.argument}".rstrip() + f": {self.help}" + (f" (also {', '.join(aliases)})" if aliases else "")
        )


COMMANDS = (
    Command(("/help",), "show the commands", Session._help),
    Command(("/list", "/who", "/names", "/users"), "show who is online", Session._list),
    Command(("/history",), f"show {SHOWN} messages from the Nth last on", Session._show_history, "N", of_store=True),
    Command(("/search",), "show the last messages with these words", Session._search, "WORDS", of_store=True),
    Command(("/exit", "/quit"), "leave the chat", Session._exit, before_naming=True),
)

_COMMANDS = {name: command for command in COMMANDS for name in command.names}
_EXIT = _COMMANDS["/exit"]


def is_exit(said: str) -> bool:
    """Tell whether a line asks to leave, in every form of the chat."""
    return find_command(said) is _EXIT


def find_command(said: str) -> Command | None:
    """Return the command that a line begins with."""
    return _COMMANDS.get(_word(said).lower())


def _word(said: str) -> str:
    return said.split(" ", 1)[0]
