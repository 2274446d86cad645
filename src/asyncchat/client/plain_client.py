"""One person's side of a conversation: the twin of the server's session, for a client on any shell."""

from collections.abc import Callable
from typing import NamedTuple

from asyncchat.client import plain_answers
from asyncchat.client.entry_errors import entry_error
from asyncchat.errors import ChatError
from asyncchat.text.command_line import is_exit
from asyncchat.text.framing import LineDecoder, MarkDropper
from asyncchat.text.sanitize import is_blank, sanitize

MAX_HEARD = 1 << 20
"""Bytes of the longest line that is taken from a server."""

QUESTION_TIMEOUT = 3.0
"""Seconds of silence after which a server is taken for one that asks for no name."""

VERDICT_TIMEOUT = 30.0
"""Seconds that a server may take, whatever it says meanwhile, to take or to refuse the name that it has asked for."""

NO_VERDICT = "the server does not say whether it takes the name. Try again later."

GOODBYE_TIMEOUT = 0.5
"""Seconds that a server gets to send what is left and to close, when its user leaves at once."""

_MAX_COMMAND = 4096

# A server says nothing to a name that it takes, and nothing when it has handled all that was sent. To this it answers
# in any case, and after what came before: so nothing typed is taken for one more try at a name, and it is known that
# nothing was lost at the end.
_PROBE = "/list"

# The servers that ask for no name have no such command, and other servers than those of asyncchat ask for none either.
# All of asyncchat refuse a line that is not UTF-8, and show it to nobody: the answer to one says that this is such a
# server, and that it has taken what came before.
_PROBE_OF_NAMELESS = b"\xff\n"


class NotTaken(ChatError):
    """The server has not taken everything that was sent; the message says so to its sender."""


class NoChat(ChatError):
    """Nothing has shown that there is a server of asyncchat."""

    def __init__(self) -> None:
        super().__init__(
            "this is no server of asyncchat, or it ended before it had taken all lines. Look whether host and port are"
            " right."
        )


class Received(NamedTuple):
    """What to show, and what to answer at once."""

    show: bytes
    answer: bytes


class PlainClient:
    """Turns what the server sends into what is shown, and knows what may be typed when, and how it ended.

    `name`, if given, answers the server's question for one, with the `password` if there is one; nothing typed may be
    sent before it is `settled`.
    `room`, if given, is entered before anything typed is sent.
    `can_choose`: a user can type a name if none is given or if the one given is refused.
    `is_script`: no user types; so if the input ends with the name, what was to be said has become the name.
    """

    def __init__(
        self, name: str | None, password: str = "", room: str = "", *, can_choose: bool, is_script: bool = False
    ) -> None:
        self.settled = name is None and can_choose
        self._name = name
        self._password = password
        self._room = room
        self._has_entered = not room
        self._last_answer = ""
        self._can_choose = can_choose
        self.is_script = is_script
        self._asked: bool | None = None  # not known before the first line
        self._naming: Callable[[str], str | None] = self._await_question
        self._gave_up = False
        self._not_taken = 0
        self._refusals = 0
        self._lines_typed = self._last_with_text = 0
        self._ending = False
        self._exit_at: int | None = None  # where in what was typed last the line begins that leaves
        self._is_chat = False
        self._held: str | None = None
        self._heard = LineDecoder(MAX_HEARD)
        self._mark = MarkDropper()
        self._typed = LineDecoder(_MAX_COMMAND)

    def hear(self, data: bytes) -> Received:
        """Take what the server has sent.

        Raises what `entry_error` returns if the server refuses the name, and ChatError if it asks for one in vain.
        """
        show, answer = [], ""
        for line in self._heard.feed(data):
            readable = _readable(line)
            self._notice_question(readable)
            self._refusals += readable.startswith(plain_answers.REFUSED)
            reply = None if self.settled else self._naming(readable)
            if reply is not None:
                answer += reply
            elif self._ending and readable.startswith(self._answers_to_probe):
                if self._held:
                    show.append(self._shown(self._held))  # so it was the answer to something typed
                self._held = readable
            else:
                show.append(self._shown(readable))
        return Received("".join(show).encode(), answer.encode())

    @property
    def _answers_to_probe(self) -> tuple[str, ...]:
        if self._asked:
            return (*plain_answers.ONLINE, *plain_answers.NAME_REFUSED)
        return (plain_answers.NOT_READABLE,)

    def _shown(self, line: str) -> str:
        self._not_taken += line.startswith(plain_answers.NOT_SENT)
        return line + "\n"

    def without_mark(self, data: bytes) -> bytes:
        """Return what is to be sent of what was typed: all but a byte order mark at its start."""
        return self._mark.drop(data)

    def type(self, data: bytes) -> bool:
        """Take what is sent of what was typed; tell whether it asks to leave."""
        begin = data.find(b"\n") + 1 if self._typed.unfinished else 0
        leaves = any(self._notice_typed(line) for line in self._typed.feed(data))
        self._exit_at = _find_exit(data, begin) if leaves else None
        return leaves

    def before_exit(self, data: bytes) -> bytes:
        """Return what to send instead of `data`, which asks to leave: before that the server is to prove itself.

        Only for a script, and after the first line of the server, if one comes in time.
        """
        if self._asked or self._exit_at is None:
            return data
        self._ending = self._gave_up = True
        return data[: self._exit_at] + _PROBE_OF_NAMELESS + data[self._exit_at :]

    def _notice_typed(self, line: bytes | None) -> bool:
        self._lines_typed += 1
        said = "(too long)" if line is None else line.decode(errors="replace")
        if not is_blank(said):
            self._last_with_text = self._lines_typed
        return is_exit(said)

    def wait_no_longer(self) -> None:
        """The server has said nothing for QUESTION_TIMEOUT seconds: take it for one that asks for no name."""
        self.settled = True
        self._gave_up = True

    def end(self) -> bytes:
        """Nothing more is typed: return what is still to be sent."""
        self._ending = True
        rest = self._mark.held
        if self._typed.unfinished or rest:
            rest += b"\n"
            self.type(b"\n")
        if self._asked:
            return rest + f"{_PROBE}\n".encode()
        self._gave_up = True
        return rest + _PROBE_OF_NAMELESS

    def check_exit(self) -> None:
        """Look at how it ended for a script that left; raises what `check_end` raises."""
        if self._not_taken:
            raise not_taken(self._not_taken)
        if not (self._asked or self._held or self._exit_at is None):
            raise NoChat

    def check_end(self) -> bool:
        """Tell whether a server that closed after `end` had handled all that was sent.

        Raises ChatError if it accepted no name, and therefore nothing else, NoChat if nothing shows that it is a
        server of asyncchat, and NotTaken if it has refused some of what was sent, or if that was the name alone.
        """
        if self._held and self._held.startswith(plain_answers.NAME_REFUSED):
            raise ChatError("the server took none of this for a name, so nothing was sent: give a name with --name")
        if self._not_taken:
            raise not_taken(self._not_taken)
        is_name_alone = self._name is None and self._last_with_text <= self._refusals + 1
        if self._asked and self._held and self.is_script and is_name_alone:
            raise NotTaken("nothing was said: the first line was taken for the name. Give a name with --name.")
        if not (self._held or self._is_chat):
            raise NoChat
        return self._held is not None

    def _notice_question(self, line: str) -> None:
        if self._asked is None:
            self._asked = line == plain_answers.QUESTION
            self._is_chat = line.startswith(plain_answers.SERVER)
            if line == plain_answers.TLS_ONLY:
                raise ChatError(line.removeprefix("Server: "))
            if self._asked and self._gave_up:
                raise ChatError("the server was slow to ask for a name: try again")

    # Each of these takes the next line while the name is not settled; it returns what to answer, or None to show it.

    def _await_question(self, _line: str) -> str | None:
        if not self._asked:
            self.settled = True
            return None
        if self._name is None:
            raise ChatError("the server asks for a name: give one with --name")
        self._naming = self._await_verdict
        answer = f"/auth {self._name} {self._password}" if self._password else self._name
        entering = f"/join {self._room}\n" if self._room else ""
        return f"{answer}\n{entering}{_PROBE}\n"

    def _await_verdict(self, line: str) -> str | None:
        if line.startswith(plain_answers.REFUSED):
            if not self._can_choose:
                raise entry_error(str(self._name), plain_answers.code_of(line), plain_answers.reason_of(line))
            self._naming = self._await_refused_probe
            return None
        if line.startswith(plain_answers.ONLINE):
            if not self._has_entered:
                raise ChatError(f"can't join {self._room}: {self._last_answer.removeprefix(plain_answers.SERVER)}")
            self.settled = True
            return ""
        self._has_entered = self._has_entered or line.startswith(plain_answers.ENTERED)
        self._last_answer = line
        return None

    def _await_refused_probe(self, line: str) -> str | None:
        if not line.startswith(plain_answers.NAME_REFUSED):
            return None
        self.settled = True
        return ""


def not_taken(number: int) -> NotTaken:
    """Return the error that says that the server did not take so many lines."""
    lines = "one of the lines" if number == 1 else f"{number} of the lines"
    return NotTaken(f"the server did not take {lines}, and has said why")


def _find_exit(typed: bytes, at: int) -> int | None:
    """Return where the first line that leaves begins, in what was typed from there on; None if it began before."""
    for line in typed[at:].split(b"\n"):
        if len(line) <= _MAX_COMMAND and is_exit(line.decode(errors="replace")):
            return at
        at += len(line) + 1
    return None


def _readable(line: bytes | None) -> str:
    if line is None:
        return f"(a line of more than {MAX_HEARD} bytes was left out)"
    return sanitize(line.decode(errors="backslashreplace"))
