"""A session in JSON events: for programs, and for clients that come back without losing or repeating a line."""

from collections.abc import Sequence

from msgspec import UNSET

from asyncchat.chat import events
from asyncchat.chat.archive import Answer, Question, Recall, Unanswered
from asyncchat.chat.events import Ack, Bye, Error, Gap, Hello, Malformed, Notice, Ping, Pong, Refused, Say, Welcome
from asyncchat.chat.lines import visible
from asyncchat.chat.messages import ANNOUNCED, Sent
from asyncchat.chat.names import Name, NameRefused, prepare
from asyncchat.chat.room import NameTaken, Peer, Room
from asyncchat.chat.seats import Kept, Seat, Seats, hash_of
from asyncchat.chat.session import Refusal, Session


class JsonSession(Session):
    """Gives each peer one of the `seats`, to which its token lets it come back.

    `max_backlog`: bytes of missed messages that it may get then.
    """

    def __init__(self, room: Room, peer: Peer, max_line: int, seats: Seats, max_backlog: int) -> None:
        super().__init__(room, peer, max_line)
        self._max_backlog = max_backlog
        self._seats = seats
        self._seat: Seat | None = None
        self._answering: Hello | Say | None = None

    def notice(self, saying: str) -> None:
        """Say something to this peer alone."""
        self._tell(Notice(saying))

    def say_goodbye(self, saying: str) -> None:
        """Tell the peer why it is let go, and take it out of the room."""
        if not self._over:
            self._tell(Bye(saying))
        self.leave()

    def ping(self) -> None:
        """Ask the peer whether it is still there."""
        self._tell(Ping())

    def acknowledge(self, kept: Kept) -> None:
        """Tell the peer what is kept."""
        self._tell(*[Ack(ident, seq) for ident, seq in kept])

    def refuse(self, idents: Sequence[int], why: str) -> None:
        """Tell the peer what could not be kept."""
        self._tell(*[Refused(ident, "not-kept", f"your line was not sent: {why}.") for ident in idents])

    # In the room it is the session that is the peer: it holds its seat, and gets acknowledgements, up to the end.

    def write(self, data: bytes) -> None:
        """Take `data` for sending."""
        self._peer.write(data)

    def close(self) -> None:
        """Leave the seat, send what was written so far, then end the connection."""
        if self._seat:
            self._seats.vacate(self._seat)
            self._seat = None
        self._peer.close()

    def _tell(self, *told: events.FromServer) -> None:
        self._peer.write(events.lines(told))

    def _hear(self, line: bytes | None) -> None:
        try:
            event = events.from_client(line) if line is not None else None
        except Malformed as malformed:
            self._tell(Error(malformed.code, str(malformed)))
            return
        match event:
            case None:
                self._tell(Error("too-long", "the line is too long"))
            case Hello():
                self._welcome(event)
            case Say():
                self._say(event)
            case Ping():
                self._tell(Pong())
            case _:
                pass  # a pong

    def _refuse_unfinished(self) -> None:
        self._tell(Error("unfinished", "your last line was not taken: it does not end with a line feed"))

    def _welcome(self, hello: Hello) -> None:
        if self._seat:
            self._tell(Error("in-already", f"you are in the room as {self.name}"))
            return
        if hello.v != events.VERSION:
            self._tell(Error("version", f"this server speaks version {events.VERSION}, not {hello.v}"))
            return
        known = self._seats.find(hello.token) if hello.token else None
        if hello.token and not known and self._room.is_stored and hello.epoch == self._room.epoch:
            self.asked, self._answering = Recall(hash_of(hello.token)), hello
        else:
            self._enter(hello, known)

    def _enter(self, hello: Hello, known: Seat | None) -> None:
        try:
            self._sit_down(hello.name, known)
        except NameRefused as refused:
            self._tell(Error("name-refused", f"this name can't be used: {refused}."))
        except NameTaken:
            self._tell(Error("name-taken", "this name is already taken!"))
        else:
            token, seat = (hello.token, known) if known else self._seats.new()
            self._seats.take(seat, self)
            self._seat = seat
            self._catch_up(hello, token, resumed=bool(known))

    def _sit_down(self, wanted: str, known: Seat | None) -> None:
        """Take the name `wanted`, also from the connection that has it if it holds the seat that is `known` to be ours.

        Raises NameRefused and NameTaken.
        """
        name = prepare(wanted)
        before = known.holder if known else None
        if isinstance(before, JsonSession) and before._name and before._name.key == name.key and not before._over:
            self._room.reconnect(before._name, self)
            self._name = before._name
        else:
            self._room.join(name, self, events.conversation)
            self._name = name
        if isinstance(before, JsonSession) and before._seat:  # it may have left just now
            before._make_way(for_name=name)

    def _make_way(self, for_name: Name) -> None:
        """End this session, whose seat another one has now; the room hears of it only if that one has another name."""
        self._seat = None
        self._tell(Bye("you are here on another connection now"))
        if self._name and self._name.key == for_name.key:
            self._over = True
            self._peer.close()
        else:
            self.leave()

    def _catch_up(self, hello: Hello, token: str, *, resumed: bool) -> None:
        assert self._name is not None
        room = self._room
        few = room.members <= ANNOUNCED  # of ten thousand nobody wants the names, and to sort them would cost everybody
        told: list[events.FromServer] = [
            Welcome(
                name=self._name.shown,
                token=token,
                epoch=room.epoch,
                seq=room.seq,
                members=room.members,
                max_line=self._max_line,
                resumed=resumed,
                names=[self._name.shown, *room.names(self._name, ANNOUNCED)[0]] if few else UNSET,
            )
        ]
        if hello.epoch:
            # In another life of the conversation everything is new.
            seen = hello.after if hello.epoch == room.epoch else 0
            missed = self._as_much_as_fits(room.since(seen))
            first = room.seq + 1 - len(missed)
            if first > seen + 1:
                told.append(Gap(seen + 1, first - 1))
        else:
            missed = [events.conversation([message]) for message in room.last(hello.history)]
        self._peer.write(b"".join([events.lines(told), *missed]))

    def _as_much_as_fits(self, messages: Sequence[Sent]) -> list[bytes]:
        """Return the last of `messages` that are not more than may wait for a peer, as lines."""
        lines: list[bytes] = []
        size = 0
        for message in reversed(messages):
            line = events.conversation([message])
            size += len(line)
            if size > self._max_backlog:
                break
            lines.append(line)
        return lines[::-1]

    def _say(self, say: Say) -> None:
        seat, name = self._seat, self._name
        if seat is None or name is None:
            self._tell(Error("no-name", "say hello first"))
        elif say.id in seat.kept:
            self._tell(Ack(say.id, seat.kept[say.id]))
        elif say.id not in seat.pending:
            try:
                self._accept(say, seat, name)
            except Refusal as refusal:
                self._tell(Refused(say.id, refusal.code, str(refusal)))

    def _accept(self, say: Say, seat: Seat, name: Name) -> None:
        if say.id <= seat.newest:
            raise Refusal("old-id", "ids must rise: what came of this one is not known any more")
        if len(seat.pending) >= events.MOST_UNANSWERED:
            raise Refusal("too-many", f"not sent: {events.MOST_UNANSWERED} messages wait for their ack already")
        if len(say.text.encode()) > self._max_line:
            raise Refusal("too-long", "your line was not sent: it is too long.")
        text = visible(say.text)
        if not text or text.isspace():
            raise Refusal("empty", "your line was not sent: it is empty.")

        def post(said: str) -> None:
            seat.begin(say.id)
            self._room.post(name, said, seat, say.id)

        self._take(text, post)
        if self.asked:
            self._answering = say
        elif say.id not in seat.pending:  # so it was a command
            self._done(say, seat)

    def _done(self, say: Say, seat: Seat) -> None:
        seat.begin(say.id)
        seat.keep([(say.id, None)])

    def _go_on(self, asked: Question, answer: Answer) -> None:
        if isinstance(self._answering, Hello):
            self._recalled(self._answering, answer)
            return
        super()._go_on(asked, answer)
        assert self._answering is not None
        assert self._seat is not None  # who has lost it is not answered
        self._done(self._answering, self._seat)

    def _recalled(self, hello: Hello, answer: Answer) -> None:
        if isinstance(answer, Unanswered):
            self._enter(hello, None)
        else:
            self._enter(
                hello, self._seats.restore(hello.token, [kept for kept in answer if not isinstance(kept, Sent)])
            )
