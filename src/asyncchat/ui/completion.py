"""What Tab offers: the names of those who are here, and the commands."""

from collections.abc import Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from asyncchat.ui import commands
from asyncchat.ui.people import People


class ChatCompleter(Completer):
    """Completes a command at the start of a line, and elsewhere a name, which addresses somebody at the start."""

    def __init__(self, people: People) -> None:
        self._people = people

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """Yield what the word before the cursor may become."""
        before = document.text_before_cursor
        word = before[max(before.rfind(" "), before.rfind("\t")) + 1 :]
        if before.startswith("/") and word == before:
            for name, help_text in sorted(commands.all_helps().items()):
                if name.startswith(word.lower()):
                    yield Completion(f"{name} ", -len(word), display=name, display_meta=help_text)
            return
        ending = ": " if word == before else " "
        for name in self._people.beginning_with(word):
            yield Completion(name + ending, -len(word), display=name)
