"""What Tab offers: the names of those who are here, and the commands."""

from collections.abc import Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from asyncchat.ui import commands
from asyncchat.ui.mentions import beginnings
from asyncchat.ui.people import People


class ChatCompleter(Completer):
    """Completes a command at the start of a line, and elsewhere a name, which addresses somebody at the start."""

    def __init__(self, people: People) -> None:
        self._people = people

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """Yield what the word before the cursor may become."""
        before = document.text_before_cursor
        if before.startswith("/") and not any(character.isspace() for character in before):
            for name, help_text in sorted(commands.all_helps().items()):
                if name.startswith(before.lower()):
                    yield Completion(f"{name} ", -len(before), display=name, display_meta=help_text)
            return
        for start in beginnings(before):
            if names := self._people.beginning_with(before[start:]):
                ending = " " if start else ": "
                yield from (Completion(name + ending, start - len(before), display=name) for name in names)
                return
