"""A client's side of the JSON events: what must outlive a connection, so that no line is lost or repeated."""

from collections.abc import Iterator, Sequence

from msgspec import UNSET, UnsetType, structs

from asyncchat.client.outbox import Outbox
from asyncchat.client.plain_client import MAX_HEARD
from asyncchat.client.positions import Positions, place_of
from asyncchat.commands.table import find_command
from asyncchat.formats import codec, events, plain
from asyncchat.formats.checked import from_server
from asyncchat.formats.events import (
    Ack,
    Deleted,
    Edited,
    Error,
    Gap,
    Hello,
    Message,
    Notice,
    Part,
    Parted,
    Ping,
    Pong,
    Read,
    Refused,
    Room,
    Say,
    Turned,
    Welcome,
    You,
)
from asyncchat.text.command_line import argument_of, is_command
from asyncchat.text.framing import LineDecoder
from asyncchat.text.sanitize import sanitize

LAST = 10
"""Messages that a newcomer gets, usually."""

LONGEST_PLACE = 200
"""Characters of a name that did not work, which are sent again with what may be for it."""

_MOST_HEARD_PLAIN = 1024
"""Characters of what a server says in plain text, why it has no room for example."""

_QUESTION = plain.ASK_NAME.strip()


class JsonClient:
    """Takes part as `name`: knows what was shown, what waits for its acknowledgement, and who it was on the server.

    `password`: of that name, if it is one's own, or shall be (`register`).
    `turned`: to whom alone goes what is said from now on, "" if to everybody, None if to nobody. Each line says that
    itself, since it must not go elsewhere when it is sent again. After /chat did not work, what is said goes nowhere
    until a line has come back.
    `history`: how many of the last messages a newcomer wants, if fewer than usual. `rooms`: those to be in, by their
    names with a leading #, "" for the default one; without it, those of the last time, or the default one.

    Call `connected` when there is a connection and `hear` with what arrives on it; after these and after `say` and
    `ping`, send what `to_send` returns, and then take the `news`.
    """

    def __init__(
        self,
        name: str,
        password: str = "",
        *,
        register: bool = False,
        history: int | None = None,
        rooms: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.turned: str | None = rooms[0] if rooms else ""
        self.invite = ""  # the key of an invitation
        self._password = password
        self._registers = register
        self._history = history
        self._turned: str | None = self.turned  # as the server has said last
        self._room = self.turned or ""  # where messages went last that were for a room
        self._positions = Positions(rooms, wants_old=history != 0)
        self._has_turned = False
        self._turning: dict[int, str] = {}  # ids of what was said to turn elsewhere, and where
        self._missed: str | None = None  # where that did not work
        self._seen_there = 0
        self.is_in = False
        self._token = ""
        self._epoch = ""
        self._seen = 0
        self._seen_any = False  # in this epoch
        self._before = 0  # the last message before the welcome
        self._newest = 0
        self.max_lines = self._max_line = 0
        self._default = ""  # the name of the default room
        self._news: list[events.FromServer] = []
        self._outbox = Outbox()
        self.connected()

    @property
    def pending(self) -> list[Say]:
        """What was said and neither acknowledged nor refused yet."""
        return self._outbox.lines

    @property
    def waiting(self) -> int:
        """How much that is."""
        return len(self._outbox)

    @property
    def is_turning(self) -> bool:
        """Whether something was said to go to another conversation, and is not answered."""
        return bool(self._turning)

    @property
    def is_full(self) -> bool:
        """Whether so much waits that nothing more is taken."""
        return self._outbox.is_full

    def connected(self) -> None:
        """There is a new connection: what was not answered on the one before is sent again, with the same ids."""
        self.is_in = False
        self._asked = False
        self._speaks_json = False
        self._is_pinged = False
        self._lines = LineDecoder(MAX_HEARD)
        self._outgoing: list[events.FromClient] = []
        self._outbox.connected()

    def say(self, text: str, to: str | None = None) -> int:
        """Send a message or a command, now or as soon as there is a connection; return its id.

        `to`: the user that a message is for, "" for the room; without it, the current conversation. It is refused if
        the client `is_full`.
        """
        self._newest += 1
        # Half of a surrogate pair can't be sent; file names, for example, may have one.
        sent = text.encode(errors="backslashreplace").decode()
        say = Say(self._newest, sent, self._where(text) if to is None else to)
        if self.is_full:
            why = "your line was not sent: too much waits for the server already."
            self._news.append(Refused(say.id, "too-many", why))
        else:
            self._outbox.add(say)
            if to is None:
                self._turn(text)
        return say.id

    def _where(self, text: str) -> str | UnsetType:
        # A command is not lost with a line that was for the place; another /join has to work.
        if self._missed is not None and not self._turning and not is_command(text):
            return f"{self._missed[:LONGEST_PLACE]} "  # which nobody can be called
        return UNSET if self.turned is None or not self._has_turned else self.turned

    def _turn(self, text: str) -> None:
        command = find_command(text)
        if not (command and command.sets_target):
            return
        rooms = [place for place in self._turning.values() if not place or place.startswith("#")]
        place = place_of(command, argument_of(text), rooms[-1] if rooms else self._room, self._default)
        if place is not None:
            self._has_turned = True
            self.turned = place
            self._turning[self._newest] = place

    def fits(self, text: str) -> bool:
        """Tell whether the server takes a text of several lines as one message."""
        return text.count("\n") < self.max_lines and len(text.encode(errors="replace")) < self._max_line

    def read(self, conversation: str, seq: int) -> None:
        """Tell the server that the messages of a room were read up to this number, if there is a connection."""
        if self.is_in:
            self._outgoing.append(Read(seq, conversation))

    def part(self, conversation: str) -> None:
        """Leave a room, if there is a connection."""
        if self.is_in:
            self._outgoing.append(Part(conversation))

    def ping(self) -> None:
        """Ask the server whether it is still there."""
        self._outgoing.append(Ping())

    def to_send(self, *, answers: bool = True) -> bytes:
        """Return what is to be sent now.

        `answers`: whether pings are answered. While something is still on its way they need not be: any line is a sign
        of life, and for a server that does not read the answers would pile up.
        """
        if self._is_pinged and answers:
            self._outgoing.append(Pong())
        self._is_pinged = False
        while self.is_in and (say := self._outbox.next()):
            if why := codec.too_long_to_say(say, self._max_line):
                self._outbox.answered(say.id)
                self._answered(say, is_refused=True)
                self._news.append(Refused(say.id, "too-long", f"your line was not sent: {why}."))
                continue
            self._outgoing.append(say)
        outgoing, self._outgoing = self._outgoing, []
        return codec.lines(outgoing)

    def hear(self, data: bytes) -> None:
        """Take what the server has sent."""
        for line in self._lines.feed(data):
            if line is not None:
                self._news.extend(self._understand(line))

    def news(self) -> list[events.FromServer]:
        """Return what has happened since the last call, in order."""
        news, self._news = self._news, []
        return news

    def _understand(self, line: bytes) -> Iterator[events.FromServer]:
        if not self._speaks_json and not line.startswith(b"{"):
            yield from self._hear_plain(line)
            return
        self._speaks_json = True
        match event := from_server(line):
            case Message():  # by far the most
                yield from self._hear_message(event)
            case Ping():
                self._is_pinged = True
            case Ack(ident) | Refused(ident):
                if say := self._outbox.answered(ident):
                    self._answered(say, is_refused=isinstance(event, Refused))
                    yield event
            case Turned(conversation):
                if conversation != self._turned or self._turning:
                    self._turned, self._seen_there = conversation, 0
                if conversation is not None and conversation in self._positions:
                    self._room = conversation
                if not self._turning:
                    self.turned = conversation
                yield event
            case You(name):
                self.name = name
                yield event
            case Gap(last=last, conversation=""):
                self._seen = max(self._seen, last)
                yield event
            case Gap(last=last, conversation=conversation):
                self._positions.skip(conversation, last)
                yield event
            case Room(conversation, seq):
                self._positions.enter(conversation, seq)
                yield event
            case Parted(conversation):
                self._positions.part(conversation)
                yield event
            case Welcome():
                if not self.is_in:
                    yield structs.replace(event, token="")  # with it, others could take part as this user
                    yield from self._come_in(event)
            case None | Pong():
                pass
            case Read() | Edited() | Deleted():  # of old messages, they come before the last ones
                yield event
            case _:
                if self.is_in:  # so all from before has come, right behind the welcome
                    self._seen = max(self._seen, self._before)
                    self._seen_any = True
                yield event

    def _answered(self, say: Say, *, is_refused: bool) -> None:
        place = self._turning.pop(say.id, None)
        if place is not None:
            self._missed = place if is_refused and place else None
        elif is_refused and not is_command(say.text):
            self._missed = None
        if not self._turning:
            self.turned = self._turned  # if it was refused to turn elsewhere, as before

    def _hear_plain(self, line: bytes) -> Iterator[events.FromServer]:
        """Before it has heard us, the server speaks plain text: it asks for a name, or has no room."""
        said = sanitize(line.decode(errors="backslashreplace"))
        if self._asked:
            yield Error("not-json", "the server understands plain text only. Use --plain.")
        elif line == _QUESTION:
            self._asked = True
            self._outgoing.append(self._hello())
        else:
            yield Notice(said.removeprefix("Server: ")[:_MOST_HEARD_PLAIN])

    def _hello(self) -> Hello:
        return Hello(
            events.VERSION,
            self.name,
            self._token,
            self._epoch,
            self._seen,
            None if self._token else self._history,
            password=self._password,
            register=self._registers and not self._token,
            conversation=self._turned if self._token or self._turned else UNSET,
            conversation_after=self._seen_there,
            rooms=self._positions.wanted() or UNSET,
            invite=self.invite,
        )

    def _come_in(self, welcome: Welcome) -> Iterator[events.FromServer]:
        self.is_in = True
        self.name = welcome.name
        self._token = welcome.token
        self._max_line, self.max_lines = welcome.max_line, welcome.lines
        self._default = welcome.room
        self._before = welcome.seq
        epoch, self._epoch = self._epoch, welcome.epoch
        self._positions.welcome(welcome.rooms or [""], anew=epoch not in {"", welcome.epoch})
        if not epoch:
            # The last messages are still to come; if they don't, they are asked for.
            self._seen = max(0, welcome.seq - (LAST if self._history is None else min(LAST, self._history)))
        elif welcome.epoch != epoch or welcome.seq < self._seen:
            # Another life, in which everything is new; or this one without its end, after a loss of power.
            self._seen = 0 if welcome.epoch != epoch else welcome.seq
            self._seen_any = True
        elif not welcome.resumed:
            # The server has forgotten what came of those that were sent already, but not the messages themselves.
            for doubtful in self._outbox.give_up_sent():
                self._answered(doubtful, is_refused=True)
                yield Refused(doubtful.id, "in-doubt", "it is not known whether this was posted.")

    def _hear_message(self, message: Message) -> Iterator[events.FromServer]:
        if message.conversation.startswith("#"):
            yield from self._positions.take(message)
            return
        if message.conversation:
            if message.conversation == self._turned:
                if message.seq <= self._seen_there:
                    return
                self._seen_there = message.seq
            yield message
            return
        if self._seen_any:
            if message.seq <= self._seen:
                return
            if message.seq > self._seen + 1:
                yield Gap(self._seen + 1, message.seq - 1)
        self._seen_any = True
        self._seen = message.seq
        yield message
