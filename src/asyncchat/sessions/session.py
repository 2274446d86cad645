"""One connection: its lines become messages and commands, in the order in which they come."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence

from asyncchat.chat.core import ChatCore
from asyncchat.chat.login import refuse_plain_password
from asyncchat.chat.user import Output, Place, Target
from asyncchat.commands.messaging import send_private
from asyncchat.commands.mistakes.mistyped import doubt_of, doubt_of_refused
from asyncchat.commands.mistakes.redaction import find_hidden_command, safe_command
from asyncchat.commands.table import Command, find_command
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Role
from asyncchat.log.state import LOBBY
from asyncchat.sessions.command_runner import CommandRunner
from asyncchat.text import room_texts, texts
from asyncchat.text.command_line import ACTION, argument_of
from asyncchat.text.networks import is_loopback
from asyncchat.text.refusals import Muted
from asyncchat.text.sanitize import is_blank

_MAY_NOT = {
    Role.REGISTERED: texts.NEEDS_REGISTRATION,
    Role.MODERATOR: texts.NEEDS_MODERATOR,
    Role.ADMIN: texts.NEEDS_ADMIN,
}


def _required(line: str, command: Command) -> str:
    if not (argument := argument_of(line)):
        raise Refusal("no-argument", room_texts.write_argument(command.usage))
    return argument


class Session(CommandRunner):
    """Handles the lines that one peer at `address` sends; each format has its own class.

    `is_private`: nobody can read along, since the connection uses TLS.

    While a command waits for the reply to a request, no line is handled.

    pings: whether the format has a question that the peer answers by itself
    """

    __slots__ = ("_now",)

    pings = False

    def __init__(self, core: ChatCore, output: Output, address: str, *, is_private: bool = False) -> None:
        super().__init__(core, output, address)
        self.user.is_private = is_private or is_loopback(address)
        self._now = 0

    def receive(self, lines: Iterable[bytes | None]) -> None:
        """Handle lines, up to one whose command waits for a request; None stands for a line that was too long."""
        self._now = self.core.clock()
        user = self.user
        user.is_asked = False
        for line in lines:
            if user.unread_marks:  # rarely
                self._mark_read()
            if user.is_closed:
                return
            self._handle_line(line)
            if self.pending_request is not None:
                return

    def end(self, *, unfinished: bool = False) -> None:
        """End the session; `unfinished`: the last line has no line feed, and is refused."""
        self._mark_read()
        if unfinished and not self.user.is_closed:
            self._refuse_unfinished()
        self.leave()

    def leave(self) -> None:
        """Let the user leave, unless the user has left."""
        self.core.leave(self.user)

    def disconnect(self, text: str, code: str = "") -> None:
        """Tell the user why the connection ends, and end it; see ChatCore.disconnect."""
        self.core.disconnect(self.user, text, code)

    def _mark_read(self) -> None:
        """Mark what was written to the peer as read: a peer that sends something is alive, and has received it."""
        for mark in self.user.unread_marks.values():
            self.core.propose(mark)
            self.user.last_mark = mark
        self.user.unread_marks.clear()

    def receive_messages(self, lines: Sequence[bytes | None]) -> bool:
        """Handle several lines at once, if the format can, and each is a message for certain; else return False."""
        return False

    def ping(self) -> None:
        """Ask the peer whether it is still there, if `pings`."""
        self.user.ask()

    @abstractmethod
    def _handle_line(self, line: bytes | None) -> None: ...

    @abstractmethod
    def _refuse_unfinished(self) -> None: ...

    @property
    def _place(self) -> str:
        """Where messages go, in words."""
        user = self.user
        if user.partner:
            return user.partner.name.shown
        return Place.ROOM.value if user.room == LOBBY else self.core.state.rooms[user.room].shown

    def _dispatch(
        self, line: str, to: Target, room: str, post: Callable[[str], None], *, is_addressed: bool = False
    ) -> None:
        """Run a command, or send a message `to` one user, or `post` it in the room with this key. Raises Refusal.

        `is_addressed`: the line itself says where it goes, and the current conversation does not matter.
        """
        user = self.user
        user.addressee, user.at = to, room
        user.active = self._now
        if line.startswith("//"):
            self._send(line[1:], post, is_addressed=is_addressed)
        elif line.startswith("/"):
            if not (command := find_command(line)) or command.is_client_only:
                user.resumable.doubts.add(doubt_of_refused(line))
                raise Refusal("unknown-command", texts.unknown_command(safe_command(line)))
            if command.posts:
                self._send(f"{command.names[0]} {_required(line, command)}", post, is_addressed=is_addressed)
                return
            self.run(self._run_command(command, line))
        elif not is_blank(line):
            if hidden := find_hidden_command(line):
                user.resumable.doubts.add(doubt_of_refused(line))
                raise Refusal("secret", texts.hidden_command(hidden))
            self._send(line, post, is_addressed=is_addressed)

    def _send(self, text: str, post: Callable[[str], None], *, is_addressed: bool) -> None:
        user = self.user
        to, doubts = user.addressee, user.resumable.doubts
        if to is Place.NOWHERE:
            raise Refusal("nowhere", texts.SENDING_NOWHERE)
        if not doubts.is_message(bare := text.removeprefix(ACTION)):
            doubts.check_message(bare, self._place, is_addressed=is_addressed)
        if to is not Place.ROOM:
            self.run(send_private(self.core, user, to, text))
        elif user.name and self.core.is_muted(user.name, user.at):
            raise Muted(texts.SENDING_MUTED)
        else:
            post(text)

    async def _run_command(self, command: Command, line: str) -> None:
        doubts = self.user.resumable.doubts
        doubts.end(doubt_of(command))
        try:
            self._check(command)
            assert command.run  # None only for commands of the client
            await command.run(self.core, self.user, argument_of(line))
        except Refusal as refusal:
            doubts.begin(doubt_of(command), refusal)
            raise

    def _check(self, command: Command) -> None:
        if command.needs_store:
            self.core.require_accounts()
        user = self.user
        moderates = command.for_rooms and user.at != LOBBY and self.core.moderates(user, user.at)
        if user.role < command.role and not moderates:
            raise Refusal("not-allowed", _MAY_NOT[command.role])
        if command.has_password:
            refuse_plain_password(self.core, user)
