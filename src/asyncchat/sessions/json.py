"""A session in JSON events: for programs, and for clients that reconnect without losing or repeating a line."""

from collections.abc import Callable

from msgspec import UNSET

from asyncchat.chat.core import ChatCore
from asyncchat.chat.user import Place, Target
from asyncchat.commands.changes import delete, edit
from asyncchat.commands.messaging import find_recipient
from asyncchat.commands.rooms import enter_too, part
from asyncchat.commands.table import find_command
from asyncchat.errors import Refusal
from asyncchat.formats import codec, events
from asyncchat.formats.codec import InvalidEvent
from asyncchat.formats.events import Delete, Edit, Error, Hello, Join, Part, Ping, Pong, Read, Refused, Say
from asyncchat.formats.json_output import JsonOutput
from asyncchat.formats.websocket import WebSocketOutput
from asyncchat.log.audience import Peer
from asyncchat.log.requests import Running
from asyncchat.log.state import LOBBY
from asyncchat.sessions.json_login import handle_hello
from asyncchat.sessions.session import Session
from asyncchat.text import room_texts, texts
from asyncchat.text.command_line import argument_of, is_command
from asyncchat.text.refusals import NoRoom
from asyncchat.text.sanitize import MOST_LINES, is_blank, sanitize, sanitize_lines, too_long
from asyncchat.text.usernames import Name, NameRefused


def _checked(raw: str) -> str:
    """Return a text as it may be shown, of several lines perhaps. Raises Refusal."""
    text = sanitize_lines(raw.replace("\r\n", "\n")).strip("\n")
    if is_blank(text):
        raise Refusal("empty", texts.IS_EMPTY)
    if text.count("\n") >= MOST_LINES:
        raise Refusal("too-long", texts.line_refused(room_texts.too_many_lines(MOST_LINES)))
    return text


def _as_line(text: str) -> str:
    """Return a command as one line, unless its argument may have several."""
    has_lines = not is_command(text) or ((command := find_command(text)) and command.has_lines)
    return text if has_lines else sanitize(text)


class JsonSession(Session):
    """Answers each line that a program sends with its result."""

    __slots__ = ("_output",)

    pings = True
    output_type = JsonOutput

    def __init__(self, core: ChatCore, peer: Peer, address: str, *, is_private: bool = False) -> None:
        self._output = self.output_type(peer)
        super().__init__(core, self._output, address, is_private=is_private)

    def _handle_line(self, line: bytes | None) -> None:
        try:
            event = codec.from_client(line) if line is not None else None
        except InvalidEvent as malformed:
            self._refuse(malformed.code, str(malformed))
            return
        match event:
            case None:
                self._refuse("too-long", texts.json_refused(too_long(events.longest_line(self.core.max_line))))
            case Hello():
                self._try_to_join(lambda: self.run(handle_hello(self.core, self.user, self._output, event)))
            case Say():
                self._take(event, lambda name: self._accept(event, name))
            case Edit() | Delete():
                self._take(event, lambda _: self._change(event))
            case Read(seq, conversation):
                room = self.core.find_room(conversation, self.user.account)
                if self.user.name and room is not None and room in self.core.rooms_of(self.user):
                    self.core.read(self.user, room, seq)
            case Join(conversation, after):
                self._change_rooms(conversation, lambda: enter_too(self.core, self.user, conversation, after))
            case Part(conversation):
                self._change_rooms(conversation, lambda: part(self.core, self.user, conversation))
            case Ping():
                self._output.tell(Pong())
            case _:
                pass  # a pong

    def _refuse_unfinished(self) -> None:
        self._refuse("unfinished", texts.JSON_UNFINISHED)

    def _refuse(self, code: str, text: str) -> None:
        self.core.counters.refused_lines[code] += 1
        self._output.tell(Error(code, text))

    def _try_to_join(self, attempt: Callable[[], object]) -> None:
        try:
            attempt()
        except NameRefused as refused:
            self._refuse(refused.code, texts.name_refused(str(refused)))
        except Refusal as refusal:
            self._refuse(refusal.code, str(refusal))

    def _change_rooms(self, conversation: str, change: Callable[[], Running]) -> None:
        async def changed() -> None:
            try:
                self.user.require_name()
                await change()
            except Refusal as refusal:
                self.core.counters.refused_lines[refusal.code] += 1
                self._output.parted(conversation, refusal.code, str(refusal))

        self.user.message_id = None
        self._try_to_join(lambda: self.run(changed()))

    # Messages and commands.

    def _take(self, event: Say | Edit | Delete, accept: Callable[[Name], None]) -> None:
        name, session = self.user.name, self.user.resumable
        if name is None:
            self._refuse("no-name", texts.SAY_HELLO)
        elif event.id in session.acked:
            self._output.acknowledge([(event.id, session.acked[event.id])])
        elif event.id not in session.unacked:
            self.user.message_id = event.id
            self._answer(event.id, lambda: accept(name))

    def _check_id(self, event: Say | Edit | Delete, text: str) -> None:
        """Check that an event may be carried out. Raises Refusal."""
        session = self.user.resumable
        if event.id <= session.last_id:
            raise Refusal("old-id", texts.OLD_ID)
        if len(session.unacked) >= events.MOST_UNANSWERED:
            raise Refusal("too-many", texts.too_many_unacknowledged(events.MOST_UNANSWERED))
        if (length := len(text.encode())) > self.core.max_line:
            raise Refusal("too-long", texts.line_refused(too_long(self.core.max_line, length)))

    def _accept(self, say: Say, name: Name) -> None:
        session = self.user.resumable
        self._check_id(say, say.text)
        text = _as_line(_checked(say.text))
        is_addressed = say.conversation is not UNSET
        to: Target = self.user.target
        room = self.user.room
        if say.conversation is not UNSET:
            to, room = self._recipient(say.conversation, text)

        def post(said: str) -> None:
            if room not in self.core.rooms_of(self.user):
                raise NoRoom(texts.line_refused(room_texts.NOT_IN_ROOM))
            session.accept(say.id)
            self.core.pipeline.say(name, said, session, say.id, room)

        self._dispatch(text, to, room, post, is_addressed=is_addressed)

    def _place_of(self, conversation: str) -> tuple[Target, str]:
        """Return the conversation with this name, as the user's `addressee` and `at`. Raises Refusal."""
        if conversation and not conversation.startswith("#"):
            return find_recipient(self.core, self.user, conversation), self.user.room
        room = self.core.find_room(conversation, self.user.account)
        if room is None:
            raise NoRoom
        return Place.ROOM, room

    def _change(self, event: Edit | Delete) -> None:
        user, text = self.user, event.text if isinstance(event, Edit) else ""
        self._check_id(event, text)
        user.addressee, user.at = self._place_of(event.conversation)
        user.active = self._now
        self.run(
            edit(self.core, user, event.seq, _checked(text))
            if isinstance(event, Edit)
            else delete(self.core, user, event.seq)
        )

    def _recipient(self, conversation: str, text: str) -> tuple[Target, str]:
        """Return where a line goes that names its conversation, and the key of the room. Raises Refusal."""
        if not conversation:
            return Place.ROOM, LOBBY
        if conversation.startswith("#"):
            room = self.core.find_room(conversation, self.user.account)
            if room is not None and room in self.core.rooms_of(self.user):
                return Place.ROOM, room
            if (command := find_command(text)) and command.sets_target and argument_of(text):
                return Place.ROOM, self.user.room  # it leads elsewhere, and is not about that room
            self.user.resumable.doubts.check_place(self._place)
            raise NoRoom(texts.line_refused(room_texts.NOT_IN_ROOM))
        try:
            return find_recipient(self.core, self.user, conversation), self.user.room
        except Refusal:
            if is_command(text):
                return Place.ROOM, self.user.room  # a command may solve the problem, such as /auth
            self.user.resumable.doubts.check_place(self._place)
            raise

    def _answer(self, ident: int, step: Callable[[], None]) -> None:
        """Take a step, and send the result of the line with this id if the step has ended it."""
        try:
            step()
        except Refusal as refusal:
            self.user.message_id = None
            self.core.counters.refused_lines[refusal.code] += 1
            self._output.tell(Refused(ident, refusal.code, str(refusal)))
            return
        session = self.user.resumable
        if self.pending_request is None and self.user.message_id is not None:
            self.user.message_id = None
            if ident not in session.unacked and ident > session.last_id:  # a command is done
                session.accept(ident)
                session.acknowledge([(ident, None)])

    def _proceed(self, step: Callable[[], None]) -> None:
        if self.user.message_id is None:
            self._try_to_join(step)
        else:
            self._answer(self.user.message_id, step)


class WebSocketSession(JsonSession):
    """The same for a peer at a WebSocket."""

    __slots__ = ()

    output_type = WebSocketOutput
