"""What was typed, for the arrow keys: kept for each server, and only for oneself to read."""

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path

from prompt_toolkit.history import History

from asyncchat.commands.mistakes.redaction import may_contain_password
from asyncchat.system.addresses import Address
from asyncchat.system.state_folder import state_folder
from asyncchat.ui.view.paste import as_text

MOST_LINES = 1000
"""Lines that are kept; up to twice as many lie in the file."""


def history_path(address: Address) -> Path:
    """Return where the lines typed for a server are kept."""
    name = "".join(character if character.isalnum() or character in ".-" else "_" for character in str(address))
    return state_folder() / f"history-{name}"


class LineHistory(History):
    """What was typed, in one file, one entry a line. A file that can't be read or written is done without.

    An entry of several lines has CR between them there; one that was removed has left blanks. Clients that share the
    file lock it, and leave it in its place.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def load_history_strings(self) -> Iterable[str]:
        """Return the lines that were typed before, the last one first."""
        try:
            lines = _lines(self._path.read_bytes())
            if len(lines) > 2 * MOST_LINES:
                lines = self._shorten()
        except OSError:
            return []
        return [_entry(line) for line in lines[: -MOST_LINES - 1 : -1] if line.strip()]

    def append_string(self, string: str) -> None:
        """Take in an entry, unless there may be a secret in it."""
        if not any(map(may_contain_password, string.split("\n"))):
            super().append_string(string)

    def store_string(self, string: str) -> None:
        """Keep an entry."""
        with contextlib.suppress(OSError), self._locked() as file:
            file.seek(0, os.SEEK_END)
            file.write(string.replace("\n", "\r").encode(errors="replace") + b"\n")

    def remove(self, sent: str) -> None:
        """Forget each entry of which this line was sent, in the file too: it turned out to be a secret."""
        self._loaded_strings = [entry for entry in self._loaded_strings if not _has_line(entry, sent)]
        with contextlib.suppress(OSError), self._locked() as file:
            lines = file.readall().split(b"\n")
            file.seek(0)
            # As long as it was, and in its place: it is never half written, and nothing of the entry stays on the disk.
            file.write(b"\n".join(b" " * len(line) if _has_line(_entry(line), sent) else line for line in lines))

    def _shorten(self) -> list[bytes]:
        with self._locked() as file:
            lines = _lines(file.readall())[-MOST_LINES:]
            file.seek(0)
            file.write(b"".join(line + b"\n" for line in lines))
            file.truncate()
            return lines

    @contextlib.contextmanager
    def _locked(self) -> Iterator[FileIO]:
        """Have the file for oneself."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileIO(str(self._path), "r+", opener=lambda path, flags: os.open(path, flags | os.O_CREAT, 0o600)) as file:
            os.fchmod(file.fileno(), 0o600)  # it may have been made by somebody else, or copied here
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file


def _lines(content: bytes) -> list[bytes]:
    return content.split(b"\n")[:-1]


def _entry(line: bytes) -> str:
    return line.decode(errors="replace").replace("\r", "\n")


def _has_line(entry: str, sent: str) -> bool:
    return sent.removeprefix("/") == entry.removeprefix("/") or any(
        sent in (line, as_text(line)) for line in entry.split("\n")
    )
