"""How a peer that speaks JSON joins: by a token, a password or as a guest; and what it is told of what it missed."""

from collections.abc import Sequence
from itertools import islice

from msgspec import UNSET, UnsetType

from asyncchat.chat import login
from asyncchat.chat.core import ChatCore, lose_partner
from asyncchat.chat.requests.queries import LoadResumption
from asyncchat.chat.resumption import hash_token, recall
from asyncchat.chat.user import Place, ResumableSession, User
from asyncchat.commands.messaging import find_recipient, open_conversation
from asyncchat.commands.rooms import enter, enter_too, part, show
from asyncchat.errors import Refusal
from asyncchat.formats import codec, events
from asyncchat.formats.events import Gap, Hello, InRoom, Welcome
from asyncchat.formats.json_output import JsonOutput
from asyncchat.log.accounts import Account
from asyncchat.log.entries import UseInvite
from asyncchat.log.room_events import ANNOUNCED, MOST_ROOMS
from asyncchat.log.state import LOBBY
from asyncchat.text import room_texts, texts
from asyncchat.text.refusals import IncorrectLogin, NameTaken, NoInvite, NotKept
from asyncchat.text.sanitize import MOST_LINES
from asyncchat.text.usernames import Name, find_name, parse_name


async def handle_hello(core: ChatCore, user: User, output: JsonOutput, hello: Hello) -> None:
    """Let the user join. Raises NameRefused, NameTaken and Refusal."""
    if user.name:
        raise Refusal("in-already", texts.already_in(user.name.shown))
    if hello.v != events.VERSION:
        raise Refusal("version", texts.speaks_version(events.VERSION))
    if hello.password:
        login.refuse_plain_password(core, user)
    with core.resumable.loading(hello.token) as meanwhile:
        known = core.resumable.find(hello.token) if hello.token else None
        if hello.token and not known and core.is_stored and hello.epoch == core.epoch:
            known = await _restore(core, hello)
        joining = _Login(core, user, output, hello, meanwhile)
        await joining.join(known)
    await joining.make_missing()


async def _restore(core: ChatCore, hello: Hello) -> ResumableSession | None:
    """Return the session as the store knows it; None if the store does not know it or can't be read.

    Raises NotKept if a store that servers share can't be read.
    """
    accounts = core.require_accounts()
    revoked = -1
    while revoked != core.resumable.revoked:  # else what was read may be outdated
        revoked = core.resumable.revoked
        try:
            saved = await LoadResumption(hash_token(hello.token))
        except NotKept:
            if core.pipeline.life:  # it may be of another server: the client tries it again
                raise
            return None
    account = accounts.get(saved.account)
    name = account.name if account else find_name(saved.name or hello.name)
    member = core.find_member(name) if name else None
    if not member or member.token_hash != hash_token(hello.token):
        if not saved.acks and saved.account is None:
            return None
        # Its user has seen the history before its first message; whether it may see more is not known.
        first = None if saved.first is None else max(1, saved.first - core.history)
        rooms: Sequence[str] = ()
    else:  # it comes from another server
        first, rooms = 1, member.rooms
    session = core.resumable.restore(hello.token, saved.acks, account, saved.since, name, first)
    for room in rooms:
        session.rooms.setdefault(room, 1)
    for partner in filter(None, map(accounts.get, saved.partners)):
        session.partners.setdefault(partner.name.key, partner)
    return session


class _Login:
    """Answers one `hello`."""

    def __init__(
        self, core: ChatCore, user: User, output: JsonOutput, hello: Hello, meanwhile: Sequence[tuple[int, int]]
    ) -> None:
        self._core = core
        self._user = user
        self._output = output
        self._hello = hello
        self._meanwhile = meanwhile  # what was stored of the session since it was looked for
        self._after: dict[str, int | None] = {}  # of the rooms to be in, by their keys
        self._missing: list[str] = []  # rooms that the client wants to be in, and that do not exist
        self._said: str | UnsetType | None = hello.conversation
        self._known: ResumableSession | None = None  # the session that the client's token belongs to
        self._places: dict[str, int] | None = None  # the rooms of last time, and what was read there
        self._wanted = ""  # which of those is to be the current conversation

    async def join(self, known: ResumableSession | None) -> None:
        """Join with the session that is `known` by the token, with a password, or as a guest."""
        core, user, hello = self._core, self._user, self._hello
        name = parse_name(hello.name)
        if owner := core.find_account(name):
            self._places = await login.load_places(owner)
        owner = core.find_account(name)
        self._known = known
        if known:
            token, session = hello.token, known
        else:  # if the token is not known any more, nor is when its session began
            token, session = core.resumable.create(0 if hello.token else core.moment())
        if session.name and session.name.key != name.key:  # a ban or a mute holds for the other name, too
            core.refuse_banned(session.name)
            core.refuse_muted(session.name)
        if hello.register or (hello.password and not owner):
            core.require_accounts()
            if not hello.register:
                raise IncorrectLogin
            self._places = {}
            account = await login.register(core, user, name, hello.password, session.token_hash)
            await self._join_as_owner(token, session, account, shown=hello.password)
        elif owner and session.account is owner:
            core.refuse_banned(name)
            await self._join_as_owner(token, session, owner)
        elif owner and hello.password:
            login.check_owner(core, user, owner)
            await login.authorize(core, user, owner, hello.password, session.token_hash)
            await self._join_as_owner(token, session, owner, shown=hello.password)
        else:
            await self._join_as_guest(token, session, name)

    def _choose_rooms(self, account: Account | None) -> None:
        """Choose the rooms to be in, and the current one; `account`: that of the user."""
        core, hello, known = self._core, self._hello, self._known
        ident = account.id if account else None
        wanted = [InRoom("")] if hello.rooms is UNSET else hello.rooms
        for place in wanted:
            if (key := core.find_room(place.conversation, account)) is None:
                self._missing.append(place.conversation)
            else:
                # In another epoch all messages are new.
                after = place.after if hello.epoch == core.epoch or place.after is None else 0
                self._after.setdefault(key, after)
        if hello.rooms is UNSET and known:
            self._after.update(dict.fromkeys(core.state.enterable(known.rooms, ident)))
        elif hello.rooms is UNSET and self._places:
            self._after = dict.fromkeys(core.state.enterable(self._places, ident))
        self._after = dict(islice(self._after.items(), MOST_ROOMS))
        self._is_substitute = not self._after
        self._after = self._after or {LOBBY: None}
        self._user.room = LOBBY if LOBBY in self._after else next(iter(self._after))
        if self._said and self._said.startswith("#"):
            key = core.find_room(self._said, account)
            if self._said in self._missing:
                self._wanted, self._said = self._said, None
            elif key is None or key not in self._after:
                self._said = None
            else:
                self._said, self._user.room = "", key

    async def make_missing(self) -> None:
        """Make the rooms that the client wants to be in, and that do not exist, if it may."""
        core, user = self._core, self._user
        if self._is_substitute and self._hello.conversation is UNSET:
            self._wanted = next(iter(self._missing), "")
        for conversation in self._missing:
            try:
                if conversation == self._wanted:
                    await enter(core, user, conversation)
                else:
                    await enter_too(core, user, conversation, None)
                if self._is_substitute:
                    self._is_substitute = False
                    await part(core, user, "")
            except Refusal as refusal:
                self._output.parted(conversation, refusal.code, str(refusal))

    @property
    def _rooms(self) -> tuple[str, ...]:
        return tuple(self._after)

    async def _join_as_guest(self, token: str, session: ResumableSession, name: Name) -> None:
        core, before = self._core, session.user
        self._choose_rooms(None)
        if before and not before.is_closed and before.name and before.name.key == name.key and not before.account:
            core.refuse_banned(name)
            await login.join(core, self._user, before.name, None, session.token_hash, self._rooms)
        else:
            # A user with a name that looks alike may have joined meanwhile.
            is_back = session.name == name
            await self._use_invite(session, name, is_back=is_back)
            await login.join_as_guest(
                *(core, self._user, name, session.token_hash, self._rooms),
                is_back=is_back,
                is_invited=session.is_invited,
            )
        self._attach(session)
        session.account = None
        if session.target is not Place.NOWHERE:
            session.target = Place.ROOM
        self._welcome(token)
        if self._said:
            self._user.set_target(Place.NOWHERE)
            self._user.notice(texts.NOT_AUTHORIZED_ANY_MORE)
        elif session.target is Place.NOWHERE or self._said is None:
            self._user.set_target(Place.NOWHERE)

    async def _join_as_owner(self, token: str, session: ResumableSession, owner: Account, *, shown: str = "") -> None:
        """Join as the owner of the name; `shown`: the password, if it was compared.

        With a token alone `hello.password` may be an old one: a client sends the same again when it reconnects.
        """
        core, user = self._core, self._user
        self._choose_rooms(owner)
        user.positions = self._places
        session = core.resumable.find(token) or session  # another connection may have restored it meanwhile
        await login.join_as_owner(core, user, owner, session.token_hash, self._rooms)
        self._attach(session)
        session.account = owner
        for room in self._rooms:
            if user.positions is not None and room not in user.positions:
                core.follow(user, room, self._seen(room))
        if shown:
            session.doubts.learn_password(shown)
        self._welcome(token)
        await login.tell_unread(user, owner)
        await self._restore_target(session)

    def _seen(self, room: str) -> int | None:
        """Return the number of the last message of a room that the client has shown; None for a newcomer."""
        if room != LOBBY or not self._hello.epoch:
            return self._after[room]
        return self._hello.after if self._hello.epoch == self._core.epoch else 0  # in another one all are new

    async def _use_invite(self, session: ResumableSession, name: Name, *, is_back: bool) -> None:
        """Use the invitation that the client has, once for each session, if the user may join then."""
        core, now = self._core, self._core.clock()
        key_hash = hash_token(self._hello.invite)
        if not self._hello.invite or session.is_invited:
            return
        if not core.state.invites.find(key_hash, now):
            if core.needs_account:
                raise NoInvite(room_texts.INVITE_ENDED)
            return
        login.check_guest(core, self._user, name, is_back=is_back, is_invited=True)
        if core.find_member(name):
            raise NameTaken(name.shown)
        await UseInvite(key_hash, now)
        session.is_invited = True

    def _attach(self, session: ResumableSession) -> None:
        """Attach the session to the user, and end the connection that has it."""
        name = self._user.require_name()
        if session.user:
            self._core.replace(session.user, name)
        recall(session, self._meanwhile)
        self._core.resumable.attach(session, self._user)
        session.name = name
        session.history = self._hello.history
        session.doubts.reconnected()

    async def _restore_target(self, session: ResumableSession) -> None:
        """Restore where messages go: they must not go to the room because a connection broke."""
        user, said = self._user, self._said
        target = session.target
        if session.is_restored or not self._hello.token:
            # Only the client knows where messages went.
            is_said = said is not UNSET or not session.is_restored
            session.is_restored = False
            if not is_said or said is None:
                user.set_target(Place.NOWHERE)
            elif said:
                await self._open(said)
        elif isinstance(target, Account) and self._core.find_account(target.name) is not target:
            lose_partner(user)
        elif isinstance(target, Account):
            await self._open(target.name.shown)
        elif target is Place.NOWHERE:
            user.set_target(Place.NOWHERE)
        elif said or said is None:
            user.set_target(Place.ROOM, self._core.conversation_of(user))  # which the client does not know yet

    async def _open(self, name: str) -> None:
        core, user, hello = self._core, self._user, self._hello
        try:
            to = find_recipient(core, user, name)
            after = hello.conversation_after if hello.conversation == to.name.shown else None
            await open_conversation(core, user, to, after)
        except Refusal as refusal:
            user.set_target(Place.NOWHERE)
            user.notice(str(refusal))

    def _welcome(self, token: str) -> None:
        """Send the welcome, and the messages that the client has missed."""
        core, user, hello = self._core, self._user, self._hello
        present = core.rooms_of(user)
        self._after = {key: after for key, after in self._after.items() if key in present}
        room, session, name = core.room, user.resumable, user.require_name()
        few = len(room.members) <= ANNOUNCED  # a list of ten thousand names is of no use, and sorting it costs
        told: list[events.FromServer] = [
            Welcome(
                name=name.shown,
                token=token,
                epoch=core.epoch,
                seq=room.seq,
                members=len(room.members),
                max_line=core.max_line,
                resumed=token == hello.token,
                topic=room.topic,
                names=[name.shown, *room.names(name, ANNOUNCED)[0]] if few else UNSET,
                store=core.accounts is not None,
                rooms=UNSET if self._rooms == (LOBBY,) else [core.state.rooms[key].conversation for key in self._rooms],
                lines=MOST_LINES,
                room=room.shown,
                servers=core.servers,
                pages=core.pages,
            )
        ]
        if user.positions is not None and LOBBY in self._after:
            told.append(events.Read(user.positions.get(LOBBY, 0)))
        # In one write, so that a client that has read the welcome knows the role, too.
        identity = [events.You(name.shown, user.role.name.lower())] if user.account else []
        session.rooms = {key: first for key, first in session.rooms.items() if key in self._after}
        missed = self._missed(told) if LOBBY in self._after else []
        self._output.send(b"".join([codec.lines(told), *missed, codec.lines(identity)]))
        for key, after in self._after.items():
            if key != LOBBY:
                session.rooms.setdefault(key, max(1, core.state.rooms[key].seq + 1 - core.history))
                show(core, user, key, after, core.max_backlog // 2 // len(self._after))
        if user.room != LOBBY and self._said is not None:
            self._output.target(Place.ROOM, core.conversation_of(user))

    def _missed(self, told: list[events.FromServer]) -> list[bytes]:
        """Return the messages of the default room that the client has missed; tell if some are missing."""
        core, user, hello = self._core, self._user, self._hello
        room, session = core.room, user.resumable
        last = core.last(hello.history)
        session.first = min(session.first, room.seq + 1 - len(last))
        if hello.epoch:
            seen = self._seen(LOBBY) or 0
            first = 1 if user.account and not hello.register else session.first
            missed = codec.last_lines(room.since(max(seen, first - 1)), core.max_backlog)
            changed = codec.changes(room.changed(first, seen))
            first = room.seq + 1 - len(missed)
            if first > seen + 1:
                told.append(Gap(seen + 1, first - 1))
            missed = [changed, *missed]
        else:
            missed = [codec.conversation([message]) for message in last]
        return missed
