"""What was typed, for the arrow keys: kept for each server, and only for oneself to read."""

import os
from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit.history import History

from asyncchat.commands.redaction import may_contain_password
from asyncchat.system.addresses import Address

MOST_LINES = 1000
"""Lines that are kept; up to twice as many lie in the file."""


def history_path(address: Address) -> Path:
    """Return where the lines typed for a server are kept."""
    state = os.environ.get("XDG_STATE_HOME", "")
    # What is not absolute counts for nothing, as the standard says.
    base = Path(state) if os.path.isabs(state) else Path("~/.local/state").expanduser()
    name = "".join(character if character.isalnum() or character in ".-" else "_" for character in str(address))
    return base / "asyncchat" / f"history-{name}"


class LineHistory(History):
    """What was typed, in one file, one entry a line. A file that can't be read or written is done without.

    An entry of several lines has CR between them there.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def load_history_strings(self) -> Iterable[str]:
        """Return the lines that were typed before, the last one first."""
        try:
            lines = self._path.read_bytes().decode(errors="replace").split("\n")[:-1]
            if len(lines) > 2 * MOST_LINES:
                lines = lines[-MOST_LINES:]
                self._write("".join(f"{line}\n" for line in lines), os.O_TRUNC)
        except OSError:
            return []
        return [line.replace("\r", "\n") for line in lines[: -MOST_LINES - 1 : -1]]

    def append_string(self, string: str) -> None:
        """Take in an entry, unless there may be a secret in it."""
        if not any(map(may_contain_password, string.split("\n"))):
            super().append_string(string)

    def store_string(self, string: str) -> None:
        """Keep an entry."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(string.replace("\n", "\r") + "\n", os.O_APPEND)
        except OSError:
            pass

    def _write(self, text: str, how: int) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | how, 0o600)
        try:
            os.fchmod(descriptor, 0o600)  # it may have been made by somebody else, or copied here
            os.write(descriptor, text.encode(errors="replace"))
        finally:
            os.close(descriptor)
