"""A session in JSON that has a seat: how a peer comes in, comes back, and gets what it is told as events."""

import contextlib
from collections.abc import Callable, Sequence

from msgspec import UNSET

from asyncchat.chat.core import Host
from asyncchat.chat.queries import Recall, Unread
from asyncchat.chat.resumption import Kept, Seat, hash_of
from asyncchat.commands import accounts, messaging
from asyncchat.errors import NotKept, Refusal
from asyncchat.formats import codec, events
from asyncchat.formats.events import Ack, Bye, Error, Gap, Hello, Notice, Ping, Refused, Welcome
from asyncchat.log.accounts import Account
from asyncchat.log.audience import Peer
from asyncchat.log.room_events import ANNOUNCED, Sent
from asyncchat.sessions.session import Session
from asyncchat.text.usernames import Name, NameRefused, prepare


class SeatedSession(Session):
    """Gives each peer one of the host's seats, to which its token lets it come back."""

    client = "JSON"

    def __init__(self, host: Host, peer: Peer, address: str) -> None:
        super().__init__(host, peer, address)
        self._seat: Seat | None = None

    @property
    def key_of_seat(self) -> bytes:
        """The hash of the token with which the peer can come back."""
        return self._seat.key if self._seat else b""

    def notice(self, saying: str, times: Sequence[str] = ()) -> None:
        """Say something to this peer alone; `times`: those in it, in order, for who can show them in another zone."""
        self._tell(Notice(saying, tuple(times)))

    def say_last(self, saying: str, code: str) -> None:
        """Tell the peer why its connection ends."""
        self._tell(Bye(saying, code))

    def turn_nowhere(self) -> None:
        """Let messages go nowhere."""
        super().turn_nowhere()
        assert self._seat
        self._seat.turned, self._seat.is_nowhere = None, True
        self._tell(events.Turned(None))

    def own(self, account: Account) -> None:
        """The name that the peer has is its own now."""
        super().own(account)
        assert self._seat
        self._seat.account = account

    def tell(self, lines: Sequence[str]) -> None:
        """Say several lines that belong together to this peer alone."""
        self._tell(*map(Notice, lines))

    def make_way(self, for_name: Name) -> None:
        """End this session: another one has its seat now."""
        self._leave_seat()
        super().make_way(for_name)

    async def become(self, account: Account, saying: str) -> None:
        """Give the peer the name of its account, after the right password, and say so."""
        await self.rename(account)
        self.notice(saying)
        await self._show_unread()

    def lose_account(self) -> None:
        """The account is deleted: the peer goes on as a guest, if guests are allowed."""
        super().lose_account()
        assert self._seat
        self._seat.account = None

    def turn(self, to: Account | None) -> None:
        """Let what is said go to one person from now on, or to everybody."""
        super().turn(to)
        assert self._seat
        self._seat.turned, self._seat.is_nowhere = to, False
        if to:
            self._seat.partners[to.name.key] = to

    def check_meant(self, other: Account) -> None:
        """Raise Refusal if the peer may mean an earlier owner of the name."""
        assert self._seat
        assert self.host.accounts
        key, partners = other.name.key, self._seat.partners
        if self.host.accounts.when_given_up(key) < self._seat.since:
            partners.setdefault(key, other)
        if partners.get(key) is not other:
            name = other.name.shown
            raise Refusal("incorrect-name", f"{name} is somebody else now. Write /chat {name} to write to them.")

    def hear_private(self, other: Account, messages: Sequence[Sent], *, new: bool = False) -> None:
        """Show messages of the conversation with `other`; `new`: they have waited until now."""
        self._peer.write(codec.private(other.name.shown, messages, new=new))

    def tell_unread(self, sender: Account, number: int) -> None:
        """`number` messages from `sender` are unread; the peer is not in that conversation."""
        self._tell(events.Unread(sender.name.shown, number))

    def tell_topic(self) -> None:
        """There is another topic."""
        self._tell(events.Topic(self.host.room.topic))

    def tell_turned(self) -> None:
        """What is said goes elsewhere now."""
        self._tell(events.Turned(self.turned.name.shown if self.turned else ""))

    def tell_who(self) -> None:
        """The peer has another name, or may do something else than before."""
        self._tell(self._who())

    def _who(self) -> events.You:
        assert self.named
        return events.You(self.named.shown, self.role.name.lower())

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

    def _part(self) -> None:
        """Leave the seat, and end the connection."""
        self._leave_seat()
        super()._part()

    def _leave_seat(self) -> None:
        if self._seat:
            self.host.seats.vacate(self._seat)
            self._seat = None

    def _tell(self, *told: events.FromServer) -> None:
        self._peer.write(codec.lines(told))

    # Coming in.

    async def _welcome(self, hello: Hello) -> None:
        seats = self.host.seats
        if self._seat:
            raise Refusal("in-already", f"you are in the room as {self.name}")
        if hello.v != events.VERSION:
            raise Refusal("version", f"this server speaks version {events.VERSION}")
        known = seats.find(hello.token) if hello.token else None
        if hello.token and not known and self.host.is_stored and hello.epoch == self.host.epoch:
            known = await self._recall(hello)
        await self._come_in(hello, known)

    async def _recall(self, hello: Hello) -> Seat | None:
        """Return the seat of which the store knows, if it can be asked, and knows of one."""
        accounts, seats = self.host.accounts, self.host.seats
        assert accounts
        revoked = -1
        while revoked != seats.revoked:  # else what was read may hold no more
            revoked = seats.revoked
            try:
                recalled = await Recall(hash_of(hello.token))
            except NotKept:
                return None
        if not recalled.kept and recalled.account is None:
            return None
        account = accounts.get(recalled.account)
        name = account.name if account else _known_name(recalled.name)
        # What a newcomer got just before its first message was for it; of more only its owner knows.
        first = None if recalled.first is None else max(1, recalled.first - self.host.history)
        seat = seats.restore(hello.token, recalled.kept, account, recalled.since, name, first)
        for partner in filter(None, map(accounts.get, recalled.partners)):
            seat.partners.setdefault(partner.name.key, partner)
        return seat

    def _try_to_enter(self, attempt: Callable[[], object]) -> None:
        try:
            attempt()
        except NameRefused as refused:
            self._tell(Error(refused.code, f"this name can't be used: {refused}."))
        except Refusal as refusal:
            self._tell(Error(refusal.code, str(refusal)))

    async def _come_in(self, hello: Hello, known: Seat | None) -> None:
        """Let the peer in, by the seat that is `known` to be its own, with its password, or as a guest.

        Raises NameRefused, NameTaken and Refusal.
        """
        name = prepare(hello.name)
        owner = self.host.find_account(name)
        # If the token is not known any more, nor is when it was made.
        token, seat = (hello.token, known) if known else self.host.seats.new(0 if hello.token else self.host.moment())
        self._check_name_before(seat, name)
        if hello.register or (hello.password and not owner):
            if not self.host.accounts:
                raise Refusal("no-store", "nothing is kept here: this chat is served without --store")
            if not hello.register:
                raise Refusal("incorrect-login", "incorrect login!")
            account = await accounts.register(self, name, hello.password, seat.key)
            await self._own(hello, token, seat, account, shown=hello.password)
        elif owner and seat.account is owner:
            self.host.check_not_banned(name)
            await self._own(hello, token, seat, owner)
        elif owner and hello.password:
            accounts.check_owner(self, owner)
            await accounts.authorize(self, owner, hello.password, seat.key)
            await self._own(hello, token, seat, owner, shown=hello.password)
        else:
            await self._be_guest(hello, token, seat, name)

    def _check_name_before(self, seat: Seat, name: Name) -> None:
        """Raise Refusal if a user would escape a ban or a mute by the other name."""
        if seat.name and seat.name.key != name.key:
            self.host.check_not_banned(seat.name)
            self.host.check_not_muted(seat.name)

    async def _be_guest(self, hello: Hello, token: str, seat: Seat, name: Name) -> None:
        before = seat.holder if isinstance(seat.holder, SeatedSession) and not seat.holder._over else None
        if before and before.named and before.named.key == name.key and not before.account:
            self.host.check_not_banned(name)
            await self.take_name(before.named, self, codec.conversation, token_hash=seat.key)
        else:
            # Who looks alike may have come meanwhile.
            await self.come_as_guest(name, self, codec.conversation, seat.key, is_back=seat.name == name)
        seat.account = seat.turned = None
        await self._sit_down(hello, token, seat)

    async def _own(self, hello: Hello, token: str, seat: Seat, owner: Account, *, shown: str = "") -> None:
        """Let the owner of the name in; `shown`: the password, if it was compared.

        With a token alone `hello.password` may be an old one: a client sends the same again when it reconnects.
        """
        seat = self.host.seats.find(token) or seat  # another connection may have restored it meanwhile
        await self.come_as_owner(owner, self, codec.conversation, seat.key)
        seat.account = owner
        if shown:
            seat.doubts.learn_password(shown)
        await self._sit_down(hello, token, seat)

    async def _sit_down(self, hello: Hello, token: str, seat: Seat) -> None:
        assert self.named
        before = seat.holder
        if isinstance(before, SeatedSession):
            before.make_way(self.named)
        self.host.seats.take(seat, self)
        self._seat = seat
        seat.name = self.named
        self.doubts = seat.doubts
        self.doubts.reconnected()
        self._catch_up(hello, token, resumed=token == hello.token)
        if self.account:
            await self._show_unread()
            await self._turn_again(hello, seat)
        elif hello.conversation:
            self.turn_nowhere()
            self.notice("you are not authorized any more, so your lines go to nobody. Write /auth LOGIN PASSWORD.")
        elif seat.is_nowhere or hello.conversation is None:
            self.turn_nowhere()

    def _came_in(self, name: Name) -> None:
        super()._came_in(name)
        if self._seat:
            self._seat.name = name

    async def _show_unread(self) -> None:
        """Tell the peer how many messages of each sender are unread."""
        assert self.account
        with contextlib.suppress(NotKept):
            self._tell(*[events.Unread(name, number) for name, number in await Unread(self.account)])

    async def _turn_again(self, hello: Hello, seat: Seat) -> None:
        """Let what is said go where it went before: it must not be shown to all because a connection broke."""
        before = hello.conversation or ""
        if seat.is_recalled or not hello.token:
            # Only the peer can say where that was.
            is_said = hello.conversation is not UNSET or not seat.is_recalled
            seat.is_recalled = False
            if not is_said or hello.conversation is None:
                self.turn_nowhere()
            elif before:
                await self._turn_to(before, hello)
        elif seat.turned and self.host.find_account(seat.turned.name) is not seat.turned:
            self.lose_sight()
        elif seat.turned:
            await self._turn_to(seat.turned.name.shown, hello)
        elif seat.is_nowhere:
            self.turn_nowhere()
        elif before or hello.conversation is None:
            self.tell_turned()  # back to everybody, which it has not heard

    async def _turn_to(self, name: str, hello: Hello) -> None:
        try:
            to = messaging.find_meant(self, name)
            seen = hello.conversation_after if hello.conversation == to.name.shown else None
            await messaging.turn_to(self, to, seen)
        except Refusal as refusal:
            self.turn_nowhere()
            self.notice(str(refusal))

    def _catch_up(self, hello: Hello, token: str, *, resumed: bool) -> None:
        assert self.named
        assert self._seat
        host, room = self.host, self.host.room
        few = len(room.members) <= ANNOUNCED  # a list of ten thousand names is of no use, and sorting it costs
        told: list[events.FromServer] = [
            Welcome(
                name=self.named.shown,
                token=token,
                epoch=host.epoch,
                seq=room.seq,
                members=len(room.members),
                max_line=self.host.max_line,
                resumed=resumed,
                topic=room.topic,
                names=[self.named.shown, *room.names(self.named, ANNOUNCED)[0]] if few else UNSET,
                store=self.host.accounts is not None,
            )
        ]
        last = host.last(hello.history)
        self._seat.first = min(self._seat.first, room.seq + 1 - len(last))
        if hello.epoch:
            # In another life of the conversation everything is new.
            seen = hello.after if hello.epoch == host.epoch else 0
            first = 1 if self.account and not hello.register else self._seat.first
            missed = codec.last_lines(room.since(max(seen, first - 1)), self.host.max_backlog)
            first = room.seq + 1 - len(missed)
            if first > seen + 1:
                told.append(Gap(seen + 1, first - 1))
        else:
            missed = [codec.conversation([message]) for message in last]
        # In one write: a client that has read the welcome knows the role, too.
        who = codec.lines([self._who()] if self.account else [])
        self._peer.write(b"".join([codec.lines(told), *missed, who]))


def _known_name(shown: str) -> Name | None:
    try:
        return prepare(shown)
    except NameRefused:  # by the rules of today, or there is none
        return None
