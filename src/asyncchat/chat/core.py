"""What all sessions share: the state and the way to change it, who is there, and who is told what."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from asyncchat.chat.rate_limits import Logins
from asyncchat.chat.recent_guests import Departed, Guest
from asyncchat.chat.resumption import Seats
from asyncchat.errors import Banned, Muted, NotKept, Refusal
from asyncchat.log.accounts import ADMIN, Account, Accounts, Role
from asyncchat.log.bans import Kind, Order, Sentence
from asyncchat.log.entries import (
    AnyEntry,
    CreateAccount,
    DeleteAccount,
    Join,
    MarkRead,
    PrivateStored,
    Rename,
    Restrict,
    Seen,
    SendPrivate,
    SetRole,
    SetTopic,
    StorePassword,
)
from asyncchat.log.pipeline import Done, Pipeline
from asyncchat.log.room_events import Sent
from asyncchat.log.state import RoomState
from asyncchat.text.confusables import Looks
from asyncchat.text.networks import network_of, network_written
from asyncchat.text.usernames import SERVER, Name, NameRefused, NameReserved, prepare

if TYPE_CHECKING:
    from asyncchat.sessions.session import Session

_RESERVED = Looks(SERVER, prepare(ADMIN))


class Host:
    """What the sessions have in common.

    clock: tells the time in milliseconds since 1970, by which bans end
    moment: the same, but never an earlier one than before
    history: messages that a newcomer gets
    max_line: bytes of text in a line
    max_backlog: bytes of missed messages that a client gets when it reconnects
    needs_account: whether guests stay outside
    """

    def __init__(
        self,
        pipeline: Pipeline,
        seats: Seats,
        clock: Callable[[], int],
        *,
        history: int = 10,
        max_line: int = 4096,
        max_backlog: int = 1 << 20,
        needs_account: bool = False,
        moment: Callable[[], int] | None = None,
    ) -> None:
        self.pipeline = pipeline
        self.state = pipeline.state
        self.seats = seats
        self.clock = clock
        self.moment = moment or clock
        self.history = history
        self.max_line = max_line
        self.max_backlog = max_backlog
        self.needs_account = needs_account
        self.is_closing = False
        self.present: dict[str, Session] = {}
        self.logins = Logins()
        self.departed = Departed()
        self._looks = Looks()  # of those who are present
        self.logins = Logins()
        pipeline.outcome = self._tell

    @property
    def room(self) -> RoomState:
        """The room in which everybody is."""
        return self.state.room

    @property
    def accounts(self) -> Accounts | None:
        """The accounts; None without a store."""
        return self.state.accounts

    @property
    def order(self) -> Order:
        """Bans and mutes."""
        return self.state.order

    @property
    def epoch(self) -> str:
        """The name of this life of the conversation."""
        return self.pipeline.log.epoch

    @property
    def is_stored(self) -> bool:
        """Whether what is said is kept beyond the memory."""
        return self.pipeline.log.is_archive

    def propose(self, entry: AnyEntry, done: Done | None = None) -> None:
        """Have an entry kept and applied; `done` gets the result in that moment, or the Refusal."""
        if isinstance(entry, Join) and done:
            self.pipeline.join(entry, done)
            return
        self.pipeline.propose(entry, done)
        if isinstance(entry, Rename):
            self.pipeline.commit()  # a session waits for it, and it costs nothing

    def last(self, most: int | None = None) -> list[Sent]:
        """Return the last messages for a newcomer, at most `most`."""
        return self.room.newest(self.history if most is None else min(most, self.history))

    def find_account(self, name: Name) -> Account | None:
        """Return the account that has this name."""
        return self.accounts.find(name.key) if self.accounts else None

    def session_of(self, account: Account) -> "Session | None":
        """Return the session of an account that is online."""
        session = self.present.get(account.name.key)
        return session if session and session.account is account else None

    def come(self, name: Name, session: "Session") -> None:
        """A user with this name is online from now on, in `session`."""
        self.present[name.key] = session
        self._looks.add(name)

    def go(self, name: Name, session: "Session") -> None:
        """The user with this name is not online any more."""
        del self.present[name.key]
        self._looks.remove(name)
        if session.account:
            self.see(session.account)
        else:
            self.departed.add(Guest(name, session.address, self.clock()))

    def see(self, account: Account) -> None:
        """Note that the owner of the account is online now."""
        self.propose(Seen(account.id, self.clock()))

    def refuse_reserved(self, name: Name) -> None:
        """Raise NameReserved if `name` is the chat's own."""
        # Where there are accounts, admin is one of them.
        if name.key == SERVER.key or (name.key == ADMIN and not self.accounts):
            raise NameReserved

    def refuse_alike(self, name: Name, own: Name | None = None) -> None:
        """Raise NameRefused if `name` looks like another that is registered, the chat's own, or there and not `own`."""
        if network_written(name.shown):
            raise NameRefused("it looks like an address")
        for other, whose in (
            (self.accounts and self.accounts.find_alike(name), "is registered"),
            (_RESERVED.find(name), "is reserved"),
            (self._looks.find(name, own), "is there already"),
        ):
            if other:
                raise NameRefused(f"it looks like {other.shown}, which {whose}")

    def is_banned(self, name: Name) -> bool:
        """Tell whether this name is banned."""
        return bool(self.order.find(Kind.BAN, name.key, self.clock()))

    def is_muted(self, name: Name) -> bool:
        """Tell whether this name is muted."""
        # Asked for each message, and there is hardly ever anybody: so the time is looked up only if there is.
        return self.order.has_any(Kind.MUTE) and bool(self.order.find(Kind.MUTE, name.key, self.clock()))

    def check_not_banned(self, name: Name) -> None:
        """Raise Banned if this name is."""
        if self.is_banned(name):
            raise Banned

    def check_not_muted(self, name: Name) -> None:
        """Raise Muted if this name is."""
        if self.is_muted(name):
            raise Muted

    def shuts_out(self, address: str) -> bool:
        """Tell whether guests may not come in from there."""
        return self.order.shuts_out(address, self.clock())

    def _tell(self, entry: AnyEntry, outcome: object) -> None:
        """Tell the users that an entry is about that it is applied, or why not."""
        if isinstance(entry, SendPrivate):
            self._tell_private(entry, outcome)
        elif not isinstance(outcome, Refusal):
            self._tell_applied(entry)

    def _tell_private(self, entry: SendPrivate, outcome: object) -> None:
        seat = self.seats.of(entry.token_hash)
        if isinstance(outcome, PrivateStored):
            if seat:
                seat.keep([(entry.ident, outcome.seq)])
            self._deliver(entry, outcome)
        elif seat:
            seat.lose([entry.ident], outcome.why if isinstance(outcome, NotKept) else str(outcome))

    def _deliver(self, entry: SendPrivate, stored: PrivateStored) -> None:
        accounts = self.state.accounts
        assert accounts
        sender, to = accounts.of(entry.sender), accounts.of(entry.to)
        message = Sent(stored.seq, sender.name, entry.text, stored.time)
        if (session := self.session_of(sender)) and session.turned is to:
            session.hear_private(to, [message])
        if session := self.session_of(to):
            if session.turned is sender:
                session.hear_private(sender, [message])
                session.unconfirmed[sender] = MarkRead(to.id, sender.id, stored.seq)
            else:
                session.tell_unread(sender, stored.unread)

    def _tell_applied(self, entry: AnyEntry) -> None:
        match entry:
            case CreateAccount(name, _, token_hash):
                self._tell_created(name, token_hash)
            case StorePassword(ident, _, token_hash):
                self.seats.forget(ident, but=token_hash)
            case DeleteAccount(ident):
                self._tell_deleted(ident)
            case SetRole(_, ident, role):
                if (account := self.state.account(ident)) and (session := self.session_of(account)):
                    session.promoted(role)
            case Restrict(_, sentence) if sentence.kind == Kind.BAN:
                for session in {self.present.get(sentence.name.key), *self._guests_from(sentence)}:
                    if session:
                        session.put_out_by(entry.action)
            case SetTopic():
                for session in self.present.values():
                    session.tell_topic()
            case _:
                pass  # its proposer is told, or those in the room

    def _guests_from(self, sentence: Sentence) -> "list[Session]":
        """Return the guests who are there from an address, if the sentence is about that."""
        if not sentence.is_for_address:
            return []
        there = self.present.values()
        return [one for one in there if not one.account and network_of(one.address) == sentence.address]

    def _tell_created(self, name: Name, token_hash: bytes) -> None:
        assert self.accounts
        self.accounts.release(name.key)
        account, session = self.accounts.find(name.key), self.present.get(name.key)
        if account and session and token_hash and session.key_of_seat == token_hash:  # who asked may be back by now
            session.own(account)

    def _tell_deleted(self, ident: int) -> None:
        self.seats.forget(ident)
        for session in list(self.present.values()):
            if session.account and session.account.id == ident:
                session.lose_account()
            if session.turned and session.turned.id == ident:
                session.lose_sight()

    def role_of(self, name: Name) -> Role:
        """Return the role of the user with this name."""
        account = self.find_account(name)
        return account.role if account else Role.GUEST
