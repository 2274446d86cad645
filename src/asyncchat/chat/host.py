"""What all sessions share: the room, who is there, whose names they are, and what order there is."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from asyncchat.chat.accounts import ADMIN, Account, Accounts
from asyncchat.chat.changes import (
    Appoint,
    Gone,
    MarkRead,
    NewAccount,
    NewPassword,
    Pardon,
    Seated,
    Seen,
    Send,
    Sentenced,
    SetTopic,
    Stored,
)
from asyncchat.chat.commands import Who
from asyncchat.chat.departed import Departed, Guest
from asyncchat.chat.lookalikes import Looks
from asyncchat.chat.messages import Sent
from asyncchat.chat.names import SERVER, Name, NameRefused, NameReserved, prepare
from asyncchat.chat.networks import network_of, network_written
from asyncchat.chat.order import Kind, Order, Sentence
from asyncchat.chat.refusal import Banned, Muted, NotKept, Refusal
from asyncchat.chat.requests import Change
from asyncchat.chat.room import Room
from asyncchat.chat.seats import Seats
from asyncchat.chat.tries import Logins

if TYPE_CHECKING:
    from asyncchat.chat.session import Session

_RESERVED = Looks(SERVER, prepare(ADMIN))


class Host:
    """What the sessions in `room` have in common.

    accounts: whose names are whose; None without a store
    clock: tells the time in milliseconds since 1970, by which bans end
    moment: the same, but never an earlier one than before
    keep: has something kept that nobody waits for
    max_line: bytes of text in a line
    max_backlog: bytes of missed messages that somebody gets who comes back
    needs_account: whether guests stay outside
    """

    def __init__(
        self,
        room: Room,
        seats: Seats,
        clock: Callable[[], int],
        *,
        accounts: Accounts | None = None,
        order: Order | None = None,
        topic: str = "",
        keep: Callable[[Change[Any]], object] = lambda _: None,
        max_line: int = 4096,
        max_backlog: int = 1 << 20,
        needs_account: bool = False,
        moment: Callable[[], int] | None = None,
    ) -> None:
        self.room = room
        self.seats = seats
        self.clock = clock
        self.moment = moment or clock
        self.accounts = accounts
        self.order = order or Order()
        self.topic = topic
        self.keep = keep
        self.max_line = max_line
        self.max_backlog = max_backlog
        self.needs_account = needs_account
        self.present: dict[str, Session] = {}
        self.logins = Logins()
        self.departed = Departed()
        self._looks = Looks()  # of those who are present

    def find_account(self, name: Name) -> Account | None:
        """Return the account that has this name."""
        return self.accounts.find(name.key) if self.accounts else None

    def session_of(self, account: Account) -> "Session | None":
        """Return the session of somebody who is there."""
        session = self.present.get(account.name.key)
        return session if session and session.account is account else None

    def come(self, name: Name, session: "Session") -> None:
        """Somebody is there with this name from now on, or goes on in another session."""
        self.present[name.key] = session
        self._looks.add(name)

    def go(self, name: Name, session: "Session") -> None:
        """Nobody is there with this name any more."""
        del self.present[name.key]
        self._looks.remove(name)
        if session.account:
            self.see(session.account)
        else:
            self.departed.add(Guest(name, session.address, self.clock()))

    def see(self, account: Account) -> None:
        """Know that whose this is was there just now."""
        account.seen = self.clock()
        self.keep(Seen(account, account.seen))

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
        """Tell whether somebody with this name may not come in."""
        return bool(self.order.find(Kind.BAN, name.key, self.clock()))

    def is_muted(self, name: Name) -> bool:
        """Tell whether somebody with this name may say nothing in the room."""
        # Asked for each message, and there is hardly ever anybody: so the time is looked up only if there is.
        return self.order.has_any(Kind.MUTE) and bool(self.order.find(Kind.MUTE, name.key, self.clock()))

    def check_not_banned(self, name: Name) -> None:
        """Raise Banned if somebody with this name may not come in."""
        if self.is_banned(name):
            raise Banned

    def check_not_muted(self, name: Name) -> None:
        """Raise Muted if somebody with this name may say nothing in the room."""
        if self.is_muted(name):
            raise Muted

    def shuts_out(self, address: str) -> bool:
        """Tell whether guests may not come in from there."""
        return self.order.shuts_out(address, self.clock())

    def settled(self, change: Change[Any], answer: object) -> None:
        """Let hold what was kept; called with every answer, in the order in which things are kept."""
        if isinstance(answer, Refusal):
            if isinstance(change, Send) and change.poster:
                change.poster.lose([change.ident], answer.why if isinstance(answer, NotKept) else str(answer))
            return
        assert self.accounts
        match change, answer:
            case Send(), Stored():
                self._deliver(change, answer)
            case NewAccount(), Account():
                self.accounts.add(answer)
                self.accounts.release(answer.name.key)
                session = self.present.get(answer.name.key)
                if session and change.seat and session.key_of_seat == change.seat:  # whoever asked may be back by now
                    session.own(answer)
            case Seated(account, _, _, password), _:
                account.password = password or account.password
            case NewPassword(account, password, seat), _:
                account.password = password
                self.seats.forget(account, but=seat)
            case Gone(account), _:
                self._forget(account)
            case _:
                self._change_order(change)

    def _change_order(self, change: object) -> None:
        match change:
            case Appoint(_, account, role):
                before, account.role = account.role, role
                if session := self.session_of(account):
                    session.promoted(before)
            case Sentenced(_, sentence, act, session):
                self.order.add(sentence)
                if sentence.kind == Kind.BAN:
                    said = "you have been kicked out of the server!" if act == "kick" else "you are banned!"
                    # Whoever it is about may have another name by now, or be on another connection.
                    for out in {session, self.present.get(sentence.name.key), *self._guests_from(sentence)}:
                        if out:
                            out.put_out(said, "out")
            case Pardon(_, kind, name):
                self.order.remove(kind, name.key)
            case SetTopic(_, text):
                self.topic = text
                for session in self.present.values():
                    session.tell_topic()

    def _guests_from(self, sentence: Sentence) -> "list[Session]":
        """Return the guests who are there from an address, if the sentence is about that."""
        if not sentence.is_for_address:
            return []
        there = self.present.values()
        return [one for one in there if not one.account and network_of(one.address) == sentence.address]

    def _deliver(self, send: Send, stored: Stored) -> None:
        message = Sent(stored.seq, send.sender.name, send.text, stored.time)
        if send.poster:
            send.poster.keep([(send.ident, stored.seq)])
        if (session := self.session_of(send.sender)) and session.turned is send.to:
            session.hear_private(send.to, [message])
        if session := self.session_of(send.to):
            if session.turned is send.sender:
                session.hear_private(send.sender, [message])
                session.unconfirmed[send.sender] = MarkRead(send.to, send.sender, stored.seq)
            else:
                session.tell_unread(send.sender, stored.unread)

    def _forget(self, account: Account) -> None:
        assert self.accounts
        if self.accounts.get(account.id) is not account:  # it was asked twice
            return
        if session := self.session_of(account):
            session.lose_account()
        self.accounts.remove(account, self.moment())
        self.seats.forget(account)
        for session in self.present.values():
            if session.turned is account:
                session.lose_sight()

    def role_of(self, name: Name) -> Who:
        """Return what somebody with this name may do."""
        account = self.find_account(name)
        return account.role if account else Who.GUEST
