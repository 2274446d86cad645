"""The lines of an IRC client: messages and commands of the chat, by other names."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from asyncchat.chat.core import ChatCore
from asyncchat.chat.doubts import Doubt
from asyncchat.chat.user import Place
from asyncchat.commands.mistakes.mistyped import doubt_of_refused
from asyncchat.commands.mistakes.redaction import find_hidden_command
from asyncchat.commands.rooms import enter_too, part
from asyncchat.errors import Refusal
from asyncchat.formats.irc import replies
from asyncchat.formats.irc.encoder import Format
from asyncchat.formats.irc.lines import ACTION, LONGEST, LONGEST_TAGS, Line, parse, plain_text
from asyncchat.formats.irc.lines import line as format_line
from asyncchat.formats.irc.output import IrcOutput
from asyncchat.log.audience import Peer
from asyncchat.log.entries import OpenConversation, PrivateHistory
from asyncchat.log.room_events import to_the_second
from asyncchat.log.state import LOBBY
from asyncchat.sessions.irc import answers
from asyncchat.sessions.irc.messages import send_to
from asyncchat.sessions.irc.registration import Registration
from asyncchat.sessions.session import Session
from asyncchat.text import command_line
from asyncchat.text.sanitize import is_blank, sanitize
from asyncchat.text.usernames import SERVER, Name, find_name

_BEFORE = ("NICK", "USER", "PASS", "CAP", "AUTHENTICATE", "PING", "PONG", "QUIT")
"""Commands that work before a client is in."""


class IrcSession(Session):
    """Answers each line as IRC servers do (RFC 2812; modern.ircdocs.horse)."""

    __slots__ = ("_numeric", "_output", "_registration")

    pings = True
    token_hash = b""  # a client sends no line again

    def __init__(self, core: ChatCore, peer: Peer, address: str, server: str, *, is_private: bool = False) -> None:
        self._output = IrcOutput(peer, Format(server, core.room.shown, core.epoch))
        super().__init__(core, self._output, address, is_private=is_private)
        self._output.fetch = self._fetch
        self._output.rank = lambda room, name: core.rank_in(room.key, name)
        self._registration = Registration(core, self.user, self._output)
        self._numeric: tuple[str, ...] = ()

    # Senders of messages; see Sender.

    def acknowledge(self, kept: Sequence[tuple[int, int]]) -> None:
        """Do nothing: the client is told what is refused."""

    def fail(self, idents: Sequence[int], why: str) -> None:
        """Tell that messages could not be stored."""
        if not self.user.is_closed:
            self._output.fail(idents, why)

    def ping(self) -> None:
        """Ask the client whether it is still there."""
        self._output.ask()

    def _refuse_unfinished(self) -> None:
        self.core.counters.refused_lines["unfinished"] += 1

    # Lines.

    def _handle_line(self, line: bytes | None) -> None:
        self._output.is_silent = False
        tags, body = line or b"", line or b""
        if body.startswith(b"@"):
            tags, _, body = body.partition(b" ")
        else:
            tags = b""
        if line is None or len(body) > LONGEST - 2 or len(tags) > LONGEST_TAGS - 1:
            self.core.counters.refused_lines["too-long"] += 1
            self._output.reply("417", replies.TOO_LONG)
            return
        try:
            said = parse(line.decode())
        except UnicodeDecodeError:
            self.core.counters.refused_lines["invalid"] += 1
            command = body.split(b" ", 1)[0].decode(errors="replace").upper()
            self._output.fail_command(sanitize(command)[:32], "INVALID_UTF8", replies.NOT_UTF8)
            return
        if not said:
            return
        if self.user.name is None and said.command not in _BEFORE:
            self._output.answer("451")
        elif handler := _HANDLERS.get(said.command):
            handler(self, said)
        else:
            self._output.answer("421", sanitize(said.command)[:32])
        if self.user.name is None and not self.user.is_closed and self.pending_request is None:
            self._try_to_join()

    def go(self, running: Coroutine[Any, Any, None], *numeric: str) -> None:
        """Run something; if it is refused, send the numeric with the reason, or, without it, a notice."""
        self._numeric = numeric
        self._proceed(lambda: self.run(running))

    def _proceed(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Refusal as refusal:
            self.core.counters.refused_lines[refusal.code] += 1
            numeric = answers.numeric_of(refusal, self._numeric)
            if numeric:
                self._output.reply(*numeric, str(refusal))
            else:
                self._output.notice(str(refusal))
        if self.user.name is None and not self.user.is_closed and self.pending_request is None:
            self._try_to_join()

    def _try_to_join(self) -> None:
        if self._registration.is_complete:
            self.go(self._join())

    async def _join(self) -> None:
        user, core, output = self.user, self.core, self._output
        if not await self._registration.complete():
            return
        name = user.require_name()
        output.nick, output.writer.key = name.shown, name.key
        present = core.rooms_of(user)
        core.pipeline.audience.remove(user.member)
        core.pipeline.audience.add(user.member, output.writer, output.encode, present)
        self._registration.welcome(to_the_second(core.clock()), core.max_line)
        for key in present:  # where the user's other connection was
            room = core.state.rooms[key]
            output.entered(room, name, core.last(room=key), 1, core.max_backlog)
        await self._registration.tell_unread()

    def _fetch(self, name: str) -> None:
        """Show the private messages of a user that were not read, which are read then."""
        core, account = self.core, self.user.account
        other = core.accounts.find(found.key) if core.accounts and (found := find_name(name)) else None
        if not account or not other:
            return

        def show(outcome: object) -> None:
            if isinstance(outcome, PrivateHistory) and not self.user.is_closed:
                self._output.private_messages(other, outcome.new)

        core.propose(OpenConversation(account.id, other.id), show)

    # Who one is.

    def _nick(self, line: Line) -> None:
        if self.user.name is None:
            self._registration.nick(line)
        elif not line.parameters:
            self._output.answer("431")
        elif line.parameters[0] != self.user.name.shown:
            self._output.reply("447", line.parameters[0], replies.NO_OTHER_NICK)

    def _user(self, line: Line) -> None:
        if self.user.name:
            self._output.answer("462")
        else:
            self._registration.user(line)

    def _pass(self, line: Line) -> None:
        if self.user.name:
            self._output.answer("462")
        else:
            self._registration.password(line)

    def _cap(self, line: Line) -> None:
        self._registration.capability(line)
        if self.user.name:
            audience, member = self.core.pipeline.audience, self.user.member
            rooms = audience.rooms_of(member)
            audience.remove(member)
            audience.add(member, self._output.writer, self._output.encode, rooms)

    def _authenticate(self, line: Line) -> None:
        self.go(self._registration.authenticate(line))

    def _ping(self, line: Line) -> None:
        server = self._output.how.server
        if line.parameters:
            self._output.send(format_line(server, "PONG", server, line.parameters[0]))
        else:
            self._output.answer("409")

    def _pong(self, line: Line) -> None:
        """Nothing: the client lives."""

    def _quit(self, line: Line) -> None:
        self.core.disconnect(self.user, replies.CLOSING_LINK)

    # Rooms.

    def _join_rooms(self, line: Line) -> None:
        wanted = line.parameters[0] if line.parameters else ""
        if not wanted:
            self._output.answer("461", "JOIN")
        elif wanted == "0":
            self.go(self._part_from([self._shown(key) for key in self.core.rooms_of(self.user)]))
        else:
            self.go(self._enter(wanted.split(",")))

    async def _enter(self, wanted: Sequence[str]) -> None:
        for room in wanted:
            if not room.startswith("#"):
                self._output.answer("403", room or "*")
                continue
            try:
                await enter_too(self.core, self.user, room, None)
            except Refusal as refusal:
                self._output.reply(*(answers.numeric_of(refusal, ("403", room)) or ()), str(refusal))

    def _part(self, line: Line) -> None:
        if not line.parameters:
            self._output.answer("461", "PART")
        else:
            self.go(self._part_from(line.parameters[0].split(",")))

    async def _part_from(self, rooms: Sequence[str]) -> None:
        for room in rooms:
            key = self.core.find_room(room, self.user.account)
            if key is None or not room.startswith("#"):
                self._output.answer("403", room or "*")
            elif key not in self.core.rooms_of(self.user):
                self._output.answer("442", room)
            else:
                await part(self.core, self.user, room)

    def _shown(self, key: str) -> str:
        return self.core.state.rooms[key].shown

    def room_of(self, wanted: str) -> str | None:
        """Return the key of the room with this name that the user is in; answer if there is none."""
        key = self.core.find_room(wanted, self.user.account) if wanted.startswith("#") else None
        if key is None:
            self._output.answer("403", wanted or "*")
        elif key not in self.core.rooms_of(self.user):
            self._output.answer("442", wanted)
        else:
            return key
        return None

    # Messages.

    def _privmsg(self, line: Line) -> None:
        self._say(line, is_notice=False)

    def _notice(self, line: Line) -> None:
        self._say(line, is_notice=True)

    def _say(self, line: Line, *, is_notice: bool) -> None:
        """Take a message; a NOTICE is never answered (RFC 2812, 3.3.2)."""
        target, text = (*line.parameters, "", "")[:2]
        numeric = ""
        if not line.parameters:
            numeric = "411"
        elif not text:
            numeric = "412"
        if numeric and not is_notice:
            self._output.answer(numeric)
        said = "" if numeric else self._text(text)
        if not said or (is_notice and not target.startswith("#")):
            return
        if target.startswith("#"):
            self._say_in_room(target, said, is_notice=is_notice)
        elif (name := find_name(target)) and name.key == SERVER.key:
            self._run(said if said.startswith("/") else f"/{said}")
        else:
            user = self.user
            user.active = self._now
            self.go(send_to(self.core, user, target, said), "531", target)

    def _text(self, raw: str) -> str:
        """Return what is said; nothing if it can't be."""
        if raw.startswith(ACTION):
            raw = f"{command_line.ACTION}{raw.removeprefix(ACTION).removesuffix(chr(1))}"
        elif raw.startswith("\x01"):
            self._output.notice(replies.NO_CTCP)
            return ""
        text = sanitize(plain_text(raw))
        return "" if is_blank(text) else text

    def _say_in_room(self, target: str, text: str, *, is_notice: bool) -> None:
        user, core = self.user, self.core
        name = user.require_name()
        key = core.find_room(target, user.account)
        if key is None or key not in core.rooms_of(user):
            if not is_notice:
                self._output.answer("404" if key is not None else "403", target)
            return
        user.addressee, user.at, user.active = Place.ROOM, key, self._now
        user.target = user.resumable.target = Place.ROOM
        is_action = text.startswith(command_line.ACTION)
        self._numeric = () if is_notice else ("404", target)

        def post() -> None:
            hidden = find_hidden_command(text)
            if hidden or (text.startswith("/") and not is_action and Doubt.PASSWORD in doubt_of_refused(text)):
                raise Refusal("secret", replies.PASSWORD_HERE)
            self._send(text, lambda said: core.pipeline.say(name, said, self, room=key), is_addressed=True)

        self._proceed(post)

    # Commands of the chat.

    def _run(self, text: str, room: str = LOBBY, *numeric: str) -> None:
        """Run a command of the chat, about a room; its answers are notices."""
        self._numeric = numeric
        self._proceed(lambda: self._dispatch(text, Place.ROOM, room, lambda _said: None, is_addressed=True))

    def command(self, text: str, room: str = LOBBY, *numeric: str) -> None:
        """Run a command of the chat; if it is refused, send the numeric."""
        self._run(text, room, *numeric)

    def require(self, line: Line, count: int) -> bool:
        """Tell whether a line has so many parameters; answer if not."""
        if len(line.parameters) >= count and all(line.parameters[:count]):
            return True
        self._output.answer("461", line.command)
        return False

    @property
    def output(self) -> IrcOutput:
        """What the client is told."""
        return self._output

    @property
    def name(self) -> Name:
        """The user's name."""
        return self.user.require_name()


_HANDLERS: dict[str, Callable[[IrcSession, Line], object]] = {
    "NICK": IrcSession._nick,
    "USER": IrcSession._user,
    "PASS": IrcSession._pass,
    "CAP": IrcSession._cap,
    "AUTHENTICATE": IrcSession._authenticate,
    "PING": IrcSession._ping,
    "PONG": IrcSession._pong,
    "QUIT": IrcSession._quit,
    "JOIN": IrcSession._join_rooms,
    "PART": IrcSession._part,
    "PRIVMSG": IrcSession._privmsg,
    "NOTICE": IrcSession._notice,
    **answers.HANDLERS,
}
