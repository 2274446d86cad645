"""How a peer that speaks JSON joins: by a token, a password or as a guest; and what it is told of what it missed."""

from msgspec import UNSET

from asyncchat.chat import login
from asyncchat.chat.core import ChatCore, lose_partner
from asyncchat.chat.queries import LoadResumption
from asyncchat.chat.resumption import hash_token
from asyncchat.chat.user import Place, ResumableSession, User
from asyncchat.commands.messaging import find_recipient, open_conversation
from asyncchat.errors import Refusal
from asyncchat.formats import codec, events
from asyncchat.formats.events import Gap, Hello, Welcome
from asyncchat.formats.json_output import JsonOutput
from asyncchat.log.accounts import Account
from asyncchat.log.room_events import ANNOUNCED
from asyncchat.text import texts
from asyncchat.text.refusals import IncorrectLogin, NotKept
from asyncchat.text.usernames import Name, find_name, parse_name


async def handle_hello(core: ChatCore, user: User, output: JsonOutput, hello: Hello) -> None:
    """Let the user join. Raises NameRefused, NameTaken and Refusal."""
    if user.name:
        raise Refusal("in-already", texts.already_in(user.name.shown))
    if hello.v != events.VERSION:
        raise Refusal("version", texts.speaks_version(events.VERSION))
    if hello.password:
        login.refuse_plain_password(core, user)
    known = core.resumable.find(hello.token) if hello.token else None
    if hello.token and not known and core.is_stored and hello.epoch == core.epoch:
        known = await _restore(core, hello)
    await _Login(core, user, output, hello).join(known)


async def _restore(core: ChatCore, hello: Hello) -> ResumableSession | None:
    """Return the session as the store knows it; None if the store does not know it or can't be read."""
    accounts = core.require_accounts()
    revoked = -1
    while revoked != core.resumable.revoked:  # else what was read may be outdated
        revoked = core.resumable.revoked
        try:
            saved = await LoadResumption(hash_token(hello.token))
        except NotKept:
            return None
    if not saved.acks and saved.account is None:
        return None
    account = accounts.get(saved.account)
    name = account.name if account else find_name(saved.name)
    # Its user has seen the history before its first message; whether it may see more is not known.
    first = None if saved.first is None else max(1, saved.first - core.history)
    session = core.resumable.restore(hello.token, saved.acks, account, saved.since, name, first)
    for partner in filter(None, map(accounts.get, saved.partners)):
        session.partners.setdefault(partner.name.key, partner)
    return session


class _Login:
    """Answers one `hello`."""

    def __init__(self, core: ChatCore, user: User, output: JsonOutput, hello: Hello) -> None:
        self._core = core
        self._user = user
        self._output = output
        self._hello = hello

    async def join(self, known: ResumableSession | None) -> None:
        """Join with the session that is `known` by the token, with a password, or as a guest."""
        core, user, hello = self._core, self._user, self._hello
        name = parse_name(hello.name)
        owner = core.find_account(name)
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

    async def _join_as_guest(self, token: str, session: ResumableSession, name: Name) -> None:
        core, before = self._core, session.user
        if before and not before.is_closed and before.name and before.name.key == name.key and not before.account:
            core.refuse_banned(name)
            await login.join(core, self._user, before.name, None, session.token_hash)
        else:
            # A user with a name that looks alike may have joined meanwhile.
            await login.join_as_guest(core, self._user, name, session.token_hash, is_back=session.name == name)
        self._attach(session)
        session.account = None
        if session.target is not Place.NOWHERE:
            session.target = Place.ROOM
        self._welcome(token)
        if self._hello.conversation:
            self._user.set_target(Place.NOWHERE)
            self._user.notice(texts.NOT_AUTHORIZED_ANY_MORE)
        elif session.target is Place.NOWHERE or self._hello.conversation is None:
            self._user.set_target(Place.NOWHERE)

    async def _join_as_owner(self, token: str, session: ResumableSession, owner: Account, *, shown: str = "") -> None:
        """Join as the owner of the name; `shown`: the password, if it was compared.

        With a token alone `hello.password` may be an old one: a client sends the same again when it reconnects.
        """
        core, user = self._core, self._user
        session = core.resumable.find(token) or session  # another connection may have restored it meanwhile
        await login.join_as_owner(core, user, owner, session.token_hash)
        self._attach(session)
        session.account = owner
        if shown:
            session.doubts.learn_password(shown)
        self._welcome(token)
        await login.tell_unread(user, owner)
        await self._restore_target(session)

    def _attach(self, session: ResumableSession) -> None:
        """Attach the session to the user, and end the connection that has it."""
        name = self._user.require_name()
        if session.user:
            self._core.replace(session.user, name)
        self._core.resumable.attach(session, self._user)
        session.name = name
        session.doubts.reconnected()

    async def _restore_target(self, session: ResumableSession) -> None:
        """Restore where messages go: they must not go to the room because a connection broke."""
        user, said = self._user, self._hello.conversation
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
            user.set_target(Place.ROOM)  # which the client does not know yet

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
            )
        ]
        last = core.last(hello.history)
        session.first = min(session.first, room.seq + 1 - len(last))
        if hello.epoch:
            # In another epoch all messages are new.
            seen = hello.after if hello.epoch == core.epoch else 0
            first = 1 if user.account and not hello.register else session.first
            missed = codec.last_lines(room.since(max(seen, first - 1)), core.max_backlog)
            first = room.seq + 1 - len(missed)
            if first > seen + 1:
                told.append(Gap(seen + 1, first - 1))
        else:
            missed = [codec.conversation([message]) for message in last]
        # In one write, so that a client that has read the welcome knows the role, too.
        identity = [events.You(name.shown, user.role.name.lower())] if user.account else []
        self._output.peer.write(b"".join([codec.lines(told), *missed, codec.lines(identity)]))
