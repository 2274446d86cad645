"""A session in JSON events: for programs, and for clients that come back without losing or repeating a line."""

from collections.abc import Callable

from msgspec import UNSET

from asyncchat.chat.core import Host
from asyncchat.chat.resumption import Seat
from asyncchat.commands import messaging
from asyncchat.errors import NotKept, Refusal
from asyncchat.formats import codec, events
from asyncchat.formats.codec import Malformed
from asyncchat.formats.events import Ack, Error, Hello, Ping, Pong, Refused, Say
from asyncchat.log.accounts import Account
from asyncchat.log.audience import Peer
from asyncchat.sessions.json_login import SeatedSession
from asyncchat.text.invisible import is_blank
from asyncchat.text.sanitize import too_long, visible
from asyncchat.text.usernames import Name


class JsonSession(SeatedSession):
    """Answers each line that a program says with what became of it."""

    def __init__(self, host: Host, peer: Peer, address: str) -> None:
        super().__init__(host, peer, address)
        self._answering: Say | None = None

    async def send_private(self, to: Account, text: str) -> None:
        """Send something to one person alone."""
        say, seat = self._answering, self._seat
        assert say
        assert seat
        seat.begin(say.id)
        try:
            await messaging.send(self, to, text, seat.key, say.id)
        except NotKept:
            pass
        else:
            messaging.say_sent(self, to)
        self._answering = None  # the seat has told the peer whether it was kept

    def _hear(self, line: bytes | None) -> None:
        try:
            event = codec.from_client(line) if line is not None else None
        except Malformed as malformed:
            self._tell(Error(malformed.code, str(malformed)))
            return
        match event:
            case None:
                self._tell(Error("too-long", f"not taken: {too_long(self.host.max_line * events.JSON_LINE)}"))
            case Hello():
                self._try_to_enter(lambda: self.run(self._welcome(event)))
            case Say():
                self._say(event)
            case Ping():
                self._tell(Pong())
            case _:
                pass  # a pong

    def _refuse_unfinished(self) -> None:
        self._tell(Error("unfinished", "your last line was not taken: it does not end with a line feed"))

    # What is said.

    def _say(self, say: Say) -> None:
        seat, name = self._seat, self.named
        if seat is None or name is None:
            self._tell(Error("no-name", "say hello first"))
        elif say.id in seat.kept:
            self._tell(Ack(say.id, seat.kept[say.id]))
        elif say.id not in seat.pending:
            self._answering = say
            try:
                self._accept(say, seat, name)
            except Refusal as refusal:
                self._refuse(say, refusal)
            else:
                self._done(say, seat)

    def _accept(self, say: Say, seat: Seat, name: Name) -> None:
        if say.id <= seat.newest:
            raise Refusal("old-id", "ids must rise: what came of this one is not known any more")
        if len(seat.pending) >= events.MOST_UNANSWERED:
            raise Refusal("too-many", f"not sent: {events.MOST_UNANSWERED} messages wait for their ack already")
        if (length := len(say.text.encode())) > self.host.max_line:
            raise Refusal("too-long", f"your line was not sent: {too_long(self.host.max_line, length)}.")
        text = visible(say.text)
        if is_blank(text):
            raise Refusal("empty", "your line was not sent: it is empty.")

        def post(said: str) -> None:
            seat.begin(say.id)
            self.host.pipeline.say(name, said, seat, say.id)

        if say.conversation is UNSET:
            self._take(text, self.turned, post)
        else:
            self._take(text, messaging.addressed(self, say.conversation, text), post, is_addressed=True)

    def _refuse(self, say: Say, refusal: Refusal) -> None:
        self._answering = None
        self._tell(Refused(say.id, refusal.code, str(refusal)))

    def _done(self, say: Say, seat: Seat) -> None:
        """Acknowledge what was said if it was a command, and is not to be answered later."""
        if self.asked is not None:
            return
        self._answering = None
        if say.id not in seat.pending and say.id > seat.newest:
            seat.begin(say.id)
            seat.keep([(say.id, None)])

    def _proceed(self, step: Callable[[], None]) -> None:
        say = self._answering
        if not say:
            self._try_to_enter(step)
            return
        try:
            step()
        except Refusal as refusal:
            self._refuse(say, refusal)
        else:
            if self._answering:
                assert self._seat  # who has lost it is not answered
                self._done(say, self._seat)
