"""What Tab offers: the names of those who are here, the commands, and the words that may follow one."""

from collections.abc import Callable, Iterator, Sequence

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from asyncchat.commands.table import Command, find_command
from asyncchat.text.command_line import word_of
from asyncchat.ui.mentions import beginnings
from asyncchat.ui.roster import People
from asyncchat.ui.windows import Windows

OF_ROOMS = ("/join", "/go")


class ChatCompleter(Completer):
    """Completes a command at the start of a line, and elsewhere a name, which addresses somebody at the start.

    The commands are those that are `usable`, as /help shows them; another name of one is offered if nothing else fits.
    """

    def __init__(self, people: People, windows: Windows, usable: Callable[[], Sequence[Command]]) -> None:
        self._people = people
        self._windows = windows
        self._usable = usable

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """Yield what the word before the cursor may become."""
        before = document.text_before_cursor
        if before.startswith("/") and not any(character.isspace() for character in before):
            yield from self._commands(before)
            return
        if choices := _choices(before):
            word = before[len(word_of(before)) :].lstrip()
            yield from (Completion(choice, -len(word)) for choice in choices if choice.startswith(word.lower()))
            return
        if (word_of(before) in OF_ROOMS and before[-1:] != " ") or before.endswith("#"):
            word = before[len(word_of(before)) :].lstrip()
            names = [self._windows.title(window) for window in self._windows]
            yield from (Completion(name, -len(word)) for name in names if name.lower().startswith(word.lower()))
            return
        for start in beginnings(before):
            if names := self._people.beginning_with(before[start:]):
                ending = " " if start else ": "
                yield from (Completion(name + ending, start - len(before), display=name) for name in names)
                return

    def _commands(self, before: str) -> Iterator[Completion]:
        names = [(name, command.help) for command in self._usable() for name in command.names[:1]]
        others = [(name, command.help) for command in self._usable() for name in command.names[1:]]
        for offered in (names, others):
            fitting = sorted((name, said) for name, said in offered if name.startswith(before.lower()))
            for name, said in fitting:
                yield Completion(f"{name} ", -len(before), display=name, display_meta=said)
            if fitting:
                return


def _choices(before: str) -> Sequence[str]:
    """Return the words of which one follows the command, if it takes no name or text."""
    command = find_command(before)
    # What stands for something else is written in capitals.
    return command.argument.split("|") if command and command.argument.islower() else ()
