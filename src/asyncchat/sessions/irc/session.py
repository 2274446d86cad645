"""A session of an IRC client: each line is a command of IRC, which is carried out by the commands of the chat."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from asyncchat.chat.core import ChatCore
from asyncchat.chat.user import Place, Target
from asyncchat.commands.table import find_command
from asyncchat.errors import Refusal
from asyncchat.formats.irc.lines import LONGEST_TAGS, Line, escape, is_too_long, middle, parse
from asyncchat.formats.irc.network import Network
from asyncchat.formats.irc.output import IrcOutput
from asyncchat.log.accounts import Account
from asyncchat.log.audience import Peer
from asyncchat.log.requests import Running
from asyncchat.log.room_events import Sent
from asyncchat.log.state import RoomState
from asyncchat.sessions.session import Session
from asyncchat.text import texts
from asyncchat.text.irc import answers
from asyncchat.text.usernames import NameRefused

_LONGEST_LABEL = 64


class Handler(NamedTuple):
    """What carries out a command of IRC.

    least: parameters that it needs
    is_early: it works before the client is registered
    """

    run: "Callable[[IrcSession, Line], Running | None]"
    least: int
    is_early: bool


_HANDLERS: dict[str, Handler] = {}


def handles(
    *names: str, least: int = 0, is_early: bool = False
) -> "Callable[[Callable[[IrcSession, Line], Running | None]], Callable[[IrcSession, Line], Running | None]]":
    """Make a function the handler of a command; see Handler."""

    def decorate(
        run: "Callable[[IrcSession, Line], Running | None]",
    ) -> "Callable[[IrcSession, Line], Running | None]":
        _HANDLERS.update(dict.fromkeys(names, Handler(run, least, is_early)))
        return run

    return decorate


def _tags_of(line: bytes | None) -> dict[str, str]:
    """Return the tags of a line that is too long; none if they are."""
    tags = line.partition(b" ")[0].decode(errors="replace") if line and line.startswith(b"@") else ""
    found = parse(f"{tags} *") if len(tags) <= LONGEST_TAGS else None
    return found.tags if found else {}


class IrcSession(Session):
    """Handles the lines of an IRC client.

    line: the one at hand
    wanted: the nick that the client wants to have, until it is registered
    has_user: it has sent USER
    is_negotiating: it negotiates capabilities
    sasl: what it has sent of its password so far; None if it is not logging in
    login: the account to which it has logged in, until it is registered
    is_elsewhere: it was told that the account is here on another connection
    password: what it has sent with PASS
    unkept: how many of its messages are on their way to the log
    """

    __slots__ = (
        "_said",
        "has_user",
        "is_elsewhere",
        "is_negotiating",
        "line",
        "login",
        "network",
        "output",
        "password",
        "sasl",
        "unkept",
        "wanted",
    )

    pings = True
    token_hash = b""  # an IRC client sends no line again

    def __init__(self, core: ChatCore, peer: Peer, address: str, network: Network, *, is_private: bool = False) -> None:
        self.output = IrcOutput(peer, network)
        super().__init__(core, self.output, address, is_private=is_private)
        self.network = network
        self.line = Line("", (), {})
        self.wanted = self.password = ""
        self.has_user = self.is_negotiating = self.is_elsewhere = False
        self.sasl: str | None = None
        self.login: Account | None = None
        self.unkept = self._said = 0

    def acknowledge(self, kept: Sequence[tuple[int, int]]) -> None:
        """Only count: a client that wants to see its messages gets them as others do."""
        self.unkept -= len(kept)

    def fail(self, idents: Sequence[int], why: str) -> None:
        """Tell that messages could not be stored."""
        self.unkept -= len(idents)
        if not self.user.is_closed:
            self.output.fail_echoes(idents, texts.line_refused(why))

    def _handle_line(self, line: bytes | None) -> None:
        if line is None or is_too_long(line):
            self.core.counters.refused_lines["too-long"] += 1
            self._answer(_tags_of(line), lambda: self.output.numeric(417, answers.TOO_LONG))
            return
        try:
            parsed = parse(line.decode())
        except UnicodeDecodeError:
            self.core.counters.refused_lines["invalid"] += 1
            found = parse(line.decode(errors="replace"))
            command, tags = (middle(found.command), found.tags) if found else ("*", {})
            self._answer(tags, lambda: self.output.tell("FAIL", command, "INVALID_UTF8", answers.NOT_UTF_8))
            return
        if parsed:
            self.line = parsed
            self._answer(parsed.tags, lambda: self._start(parsed))

    def _answer(self, tags: Mapping[str, str], step: Callable[[], None]) -> None:
        """Take the first step of what a line with these tags asks for."""
        label = tags.get("label", "") if "labeled-response" in self.output.capabilities else ""
        self.output.begin(escape(label[:_LONGEST_LABEL]))
        self._proceed(step)

    def _start(self, line: Line) -> None:
        handler = _HANDLERS.get(line.command)
        if not self.user.name and not (handler and handler.is_early):
            self.output.numeric(451, answers.NOT_REGISTERED)
        elif not handler:
            self.output.numeric(421, middle(line.command), answers.UNKNOWN_COMMAND)
        elif len(line.params) < handler.least:
            self.output.numeric(461, line.command, answers.TOO_FEW)
        elif running := handler.run(self, line):
            self.run(running)

    def _proceed(self, step: Callable[[], None]) -> None:
        before, self.output.is_answering = self.output.is_answering, True
        try:
            step()
        except (Refusal, NameRefused) as refused:
            self.refused(refused)
        self.output.is_answering = before
        if self.pending_request is None:
            self.output.finish()

    def refused(self, refused: Refusal | NameRefused) -> None:
        """Tell the client of a refusal, in the form that fits its command."""
        self.core.counters.refused_lines[refused.code] += 1
        line, text = self.line, str(refused)
        target = middle(line.param(0))
        if line.command == "NOTICE":
            return  # it is never answered
        if line.command == "PRIVMSG" and target.startswith("#"):
            self.output.numeric(404, target, text)
        elif line.command in {"TOPIC", "KICK", "MODE", "INVITE"} and refused.code == "not-allowed":
            self.output.numeric(482, middle(line.param(1)) if line.command == "INVITE" else target, text)
        else:
            self.output.notice(text)

    def _refuse_unfinished(self) -> None:
        self.core.counters.refused_lines["unfinished"] += 1
        self.output.notice(texts.LINE_UNFINISHED)

    # What handlers use.

    def post(self, said: str, room: str) -> None:
        """Send a message to the room with this key."""
        name, output = self.user.require_name(), self.output
        self.unkept += 1
        self._said += 1
        if output.peer.echoes and "labeled-response" in output.capabilities:
            output.label_echo(self._said, Sent(0, name, said, 0), self.core.state.rooms[room].shown)
        self.core.pipeline.say(name, said, self, self._said, room)

    def say(self, line: str, to: Target, room: str, post: Callable[[str], None], *, is_addressed: bool = True) -> None:
        """Run a command of the chat, or send a message; see Session. Raises Refusal."""
        self._dispatch(line, to, room, post, is_addressed=is_addressed)

    async def command(self, name: str, argument: str, room: str, *, is_quiet: bool = True) -> None:
        """Run a command of the chat in a room; if `is_quiet`, notices are not sent. Raises Refusal."""
        user = self.user
        user.addressee, user.at, user.active = Place.ROOM, room, self._now
        found = find_command(name)
        assert found
        self.output.is_quiet = is_quiet
        try:
            await self._run_command(found, f"{name} {argument}")
        finally:
            self.output.is_quiet = False

    def find_room(self, wanted: str, *, must_be_in: bool = True) -> RoomState | None:
        """Return a room; if the user may not know of it, or is not in it, tell that and return None."""
        key = self.core.find_room(wanted, self.user.account) if wanted.startswith("#") else None
        if key is None:
            self.output.numeric(403, middle(wanted), answers.NO_CHANNEL)
        elif must_be_in and key not in self.core.rooms_of(self.user):
            self.output.numeric(442, middle(wanted), answers.NOT_ON_CHANNEL)
        else:
            return self.core.state.rooms[key]
        return None

    def set_capabilities(self, capabilities: set[str]) -> None:
        """Send from now on what these capabilities have the client understand."""
        self.output.capabilities = capabilities
        self.output.peer.echoes = "echo-message" in capabilities
        self.output.peer.forget_all_echoes()
        audience, user = self.core.pipeline.audience, self.user
        if user.name:
            rooms = audience.rooms_of(user.member)
            audience.remove(user.member)
            audience.add(user.member, self.output.peer, self.output.encode, rooms)
