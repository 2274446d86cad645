"""A session in plain text: for nc, telnet and pipes."""

import re
from collections.abc import Callable, Sequence

from asyncchat.chat.core import ChatCore
from asyncchat.chat.doubts import Doubt
from asyncchat.chat.login import join_as_guest
from asyncchat.chat.user import Place
from asyncchat.commands.mistakes.mistyped import doubt_of_refused
from asyncchat.commands.table import find_command
from asyncchat.errors import Refusal
from asyncchat.formats import plain
from asyncchat.formats.plain_output import PlainOutput
from asyncchat.log.audience import Peer
from asyncchat.log.restrictions import RestrictionKind
from asyncchat.sessions.session import Session
from asyncchat.text.refusals import NameTaken
from asyncchat.text.sanitize import InvalidLine, decode_line
from asyncchat.text.usernames import NameRefused, parse_name

_MESSAGES = re.compile(rb"[0-9A-Za-z][ -~]*+(?:\n[0-9A-Za-z][ -~]*+)*+")
"""Lines of printable ASCII that begin with a letter or a digit, so that none is a command, or a hidden one."""


class PlainSession(Session):
    """Asks for a name as soon as it is created."""

    __slots__ = ("_peer",)

    token_hash = b""  # a plain text client sends no line again

    def __init__(self, core: ChatCore, peer: Peer, address: str, *, is_private: bool = False) -> None:
        super().__init__(core, PlainOutput(peer), address, is_private=is_private)
        self._peer = peer
        peer.write(plain.ASK_NAME)

    def acknowledge(self, kept: Sequence[tuple[int, int]]) -> None:
        """Do nothing: the user sees the message when it is stored."""

    def fail(self, idents: Sequence[int], why: str) -> None:
        """Tell that messages could not be stored."""
        if not self.user.is_closed:
            self.user.output.fail(idents, why)

    def receive_messages(self, lines: Sequence[bytes | None]) -> bool:
        """Handle several lines that are messages for certain, at the cost of little more than one.

        Return False, with nothing done, if each has to be looked at: one may be a command, or need a stand-in, or the
        messages may not go to the room.
        """
        name, doubts = self.user.name, self.user.resumable.doubts
        if not (name and self._speaks_freely()):
            return False
        try:
            data = b"\n".join(lines)  # type: ignore[arg-type]
        except TypeError:  # one was too long
            return False
        if not _MESSAGES.fullmatch(data) or max(map(len, lines)) > self.core.max_line:  # type: ignore[arg-type]
            return False
        if not doubts.are_messages(lines):  # type: ignore[arg-type]
            return False
        self.user.active = self.core.clock()
        self.core.pipeline.say_all(name, data.decode("ascii").split("\n"), self, self.user.room)
        return True

    def _speaks_freely(self) -> bool:
        """Tell whether each message of this user goes to the room without further checks."""
        user = self.user
        return (
            user.target is Place.ROOM
            and not user.is_closed
            and not user.unread_marks
            and self.pending_request is None
            and not self.core.restrictions.has_any(RestrictionKind.MUTE)
        )

    def _proceed(self, step: Callable[[], None]) -> None:
        try:
            step()
        except NameTaken:
            self.core.counters.refused_lines["name-taken"] += 1
            self._peer.write(plain.NAME_TAKEN)
        except NameRefused as refused:
            self.core.counters.refused_lines[refused.code] += 1
            self._peer.write(plain.name_refused(str(refused)))
        except Refusal as refusal:
            self.core.counters.refused_lines[refusal.code] += 1
            if refusal.code == "name-registered":
                self.user.resumable.doubts.add(Doubt.PASSWORD)
            self.user.notice(str(refusal))

    def _handle_line(self, line: bytes | None) -> None:
        user = self.user
        name = user.name
        if name is None:
            self._proceed(lambda: self.run(self._choose_name(line)))
            return
        try:
            self._dispatch(
                decode_line(line, self.core.max_line),
                user.target,
                user.room,
                lambda said: self.core.pipeline.say(name, said, self, room=user.room),
            )
        except InvalidLine as bad:
            self.core.counters.refused_lines["invalid"] += 1
            self._peer.write(plain.line_refused(str(bad)))
        except Refusal as refusal:
            self.core.counters.refused_lines[refusal.code] += 1
            user.notice(str(refusal))

    def _refuse_unfinished(self) -> None:
        self.core.counters.refused_lines["unfinished"] += 1
        self._peer.write(plain.UNFINISHED)

    async def _choose_name(self, line: bytes | None) -> None:
        try:
            wanted = decode_line(line, self.core.max_line)
        except InvalidLine as bad:
            raise NameRefused(str(bad)) from None
        command, doubts = find_command(wanted), self.user.resumable.doubts
        if command and command.before_login:
            await self._run_command(command, wanted)
            return
        doubts.add(doubt_of_refused(wanted))
        name = parse_name(wanted)
        doubts.check_name(name.shown)
        await join_as_guest(self.core, self.user, name)
        self._peer.write(plain.encode(self.core.last()))
