"""What all connections share: the state and the way to change it, the users who are online, and what they are told."""

from collections.abc import Callable

from asyncchat.chat.counters import Counters
from asyncchat.chat.membership import Membership
from asyncchat.chat.rate_limits import CredentialLimiter
from asyncchat.chat.recent_guests import Guest, RecentGuests
from asyncchat.chat.resumption import ResumableSessions
from asyncchat.chat.user import Place, User
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Account, Role
from asyncchat.log.entries import (
    AnyEntry,
    ChangeMessage,
    ChangePrivate,
    CreateAccount,
    DeleteAccount,
    Depart,
    Enter,
    Join,
    Leave,
    MakeRoom,
    MarkRead,
    PrivateStored,
    Restrict,
    Seen,
    SendPrivate,
    ServerLost,
    SetPrivate,
    SetRole,
    SetRoomRole,
    SetTopic,
    StorePassword,
    life_of,
)
from asyncchat.log.pipeline import Pipeline
from asyncchat.log.restrictions import Action, Restriction, RestrictionKind
from asyncchat.log.room_events import Sent
from asyncchat.text import room_texts, texts
from asyncchat.text.refusals import NotKept
from asyncchat.text.usernames import Name


class ChatCore(Membership):
    """What all connections share.

    clock: tells the time in milliseconds since 1970, by which bans end
    moment: the same, but never an earlier one than before
    monotonic: tells seconds by a clock that is never set, for rate limits
    history: messages that a newcomer gets
    max_line: bytes of text in a line
    max_backlog: bytes of missed messages that a client gets when it reconnects
    needs_account, plain_passwords: only registered users may join; they may log in without TLS from other machines
    may_make_rooms: the lowest role that may
    max_rooms: rooms that there may be
    servers, pages: where else this chat is, see Welcome
    links: returns the links of an invitation by a user, for a room and a key
    """

    def __init__(
        self,
        pipeline: Pipeline,
        resumable: ResumableSessions,
        clock: Callable[[], int],
        *,
        monotonic: Callable[[], float],
        history: int = 10,
        max_line: int = 4096,
        max_backlog: int = 1 << 20,
        needs_account: bool = False,
        may_make_rooms: Role = Role.GUEST,
        max_rooms: int = 1000,
        plain_passwords: bool = True,
        moment: Callable[[], int] | None = None,
    ) -> None:
        super().__init__(pipeline, clock, history)
        self.resumable = resumable
        self.moment = moment or clock
        self.max_line = max_line
        self.max_backlog = max_backlog
        self.needs_account = needs_account
        self.may_make_rooms = may_make_rooms
        self.max_rooms = max_rooms
        self.plain_passwords = plain_passwords
        self.is_closing = False
        self.servers: list[str] = []
        self.pages: list[str] = []
        self.links: Callable[[User, str, str], list[str]] = lambda _user, _room, _key: []
        self.counters = Counters()
        self.recent_guests = RecentGuests()
        self.credential_limiter = CredentialLimiter(monotonic)
        pipeline.outcome = self._tell
        pipeline.received = self._note_received

    # Who is online.

    def add_user(self, user: User, name: Name) -> None:
        """The user is online under this name from now on."""
        user.name = user.resumable.name = name
        self.online[name.key] = user

    def remove_user(self, user: User) -> None:
        """The user is not online under this name any more."""
        name = user.require_name()
        del self.online[name.key]
        if user.account:
            self.note_seen(user.account)
        else:
            self.recent_guests.add(Guest(name, user.address, self.clock()))

    def note_seen(self, account: Account) -> None:
        """The owner of the account is online now."""
        self.propose(Seen(account.id, self.clock()))

    # The end of a connection.

    def leave(self, user: User) -> None:
        """Let the user leave; the connection ends when all that the log has delivered until then is sent."""
        if user.is_closed:
            return
        self._stop(user)
        if user.name is None:
            user.output.peer.close()
        else:
            self.remove_user(user)
            is_news = not self.is_closing or bool(self.pipeline.life)  # others are told that go on
            self.propose(Leave(user.member, is_news), lambda _: self._end(user))

    def disconnect(self, user: User, text: str, code: str = "") -> None:
        """Tell the user why the connection ends, and end it; with a `code` a program should not come back."""
        if not user.is_closed:
            user.output.goodbye(text, code)
        self.leave(user)

    def remove(self, user: User, action: Action) -> None:
        """Disconnect a user who is kicked or banned."""
        self.disconnect(user, texts.KICKED if action == Action.KICK else texts.BANNED, "out")

    def replace(self, user: User, name: Name) -> None:
        """End the connection of a user who has another one, under `name`; with the same name, the user has not left."""
        self.resumable.detach(user)
        user.output.goodbye(texts.REPLACED, "elsewhere")
        if user.name and user.name.key == name.key:
            self._stop(user)
            self.pipeline.audience.remove(user.member)
            self._end(user)
        else:
            self.leave(user)

    def _stop(self, user: User) -> None:
        user.is_closed = True
        user.stop()

    def _end(self, user: User) -> None:
        if not user.has_left:
            user.has_left = True
            self.resumable.detach(user)
            user.output.peer.close()

    # What follows when an entry is applied.

    def set_account(self, user: User, account: Account) -> None:
        """The user is the owner of `account` from now on."""
        if user.account is not account:
            user.account = user.resumable.account = account
            self.credential_limiter.was_right(account, user.network)
            user.tell_identity()

    def _tell(self, entry: AnyEntry, outcome: object) -> None:
        """Tell the users whom an entry is about that it is applied, or why not."""
        if isinstance(entry, SendPrivate):
            self._tell_private(entry, outcome)
        elif isinstance(entry, ChangeMessage | ChangePrivate):
            self._tell_changed(entry, outcome)
        elif not isinstance(outcome, Refusal):
            self._tell_applied(entry)

    def _tell_private(self, entry: SendPrivate, outcome: object) -> None:
        session = self.resumable.of(entry.token_hash)
        if isinstance(outcome, PrivateStored):
            self.counters.private_messages += 1
            if session:
                session.acknowledge([(entry.ident, outcome.seq)])
            self._deliver(entry, outcome)
        elif session:
            session.fail([entry.ident], outcome.why if isinstance(outcome, NotKept) else str(outcome))

    def _tell_changed(self, entry: ChangeMessage | ChangePrivate, outcome: object) -> None:
        if isinstance(entry, ChangePrivate) and not isinstance(outcome, Refusal):
            accounts = self.require_accounts()
            pair = accounts.of(entry.sender), accounts.of(entry.to)
            for one, other in (pair, pair[::-1]):
                if (user := self.find_user(one)) and user.hears(other):
                    user.output.private_change(other, pair[0].name, entry.seq, entry.text)
        if session := self.resumable.of(entry.token_hash):
            if isinstance(outcome, Refusal):
                session.forget(entry.ident)  # the command tells its user
            else:
                session.acknowledge([(entry.ident, None)])

    def _deliver(self, entry: SendPrivate, stored: PrivateStored) -> None:
        accounts = self.state.accounts
        assert accounts
        sender, to = accounts.of(entry.sender), accounts.of(entry.to)
        message = Sent(stored.seq, sender.name, entry.text, stored.time)
        if (user := self.find_user(sender)) and user.hears(to):
            user.output.private_messages(to, [message])
        if user := self.find_user(to):
            if user.hears(sender):
                user.output.private_messages(sender, [message])
                user.unread_marks[sender] = MarkRead(to.id, sender.id, stored.seq)
            else:
                user.output.unread([(sender.name.shown, stored.unread)])

    def _tell_applied(self, entry: AnyEntry) -> None:
        match entry:
            case Join(name, number):
                if life_of(number) != self.pipeline.life and (user := self.online.get(name.key)):
                    del self.online[name.key]
                    self.replace(user, name)  # by a connection to another server
            case ServerLost(life):
                if life == self.pipeline.life:
                    for user in list(self.online.values()):
                        self.disconnect(user, room_texts.SERVER_LOST)
            case CreateAccount(name, _, token_hash):
                self._tell_created(name, token_hash)
            case StorePassword(ident, _, token_hash):
                self.resumable.revoke(ident, except_=token_hash)
            case DeleteAccount(ident):
                self._tell_deleted(ident)
            case SetPrivate(_, key, is_private):
                self.part_uninvited(list(self.online.values()), [key])
                self.tell_privacy(key, is_private=is_private)
            case SetRoomRole():
                self.part_uninvited(list(self.online.values()), [entry.room])
                self.tell_room_role(entry)
            case SetRole(_, ident, role):
                if (account := self.state.account(ident)) and (user := self.find_user(account)):
                    user.notice(texts.NOW_MODERATOR if role >= Role.MODERATOR else texts.NO_MODERATOR_ANY_MORE)
                    user.tell_identity()
            case Restrict(_, restriction) if restriction.kind == RestrictionKind.BAN:
                for user in {self.online.get(restriction.name.key), *self._guests_from(restriction)}:
                    if user:
                        self.remove(user, entry.action)
            case SetTopic(room=key):
                room = self.state.rooms[key]
                for user in self.users_in(key):
                    user.output.topic(room.conversation, room.topic)
            case Enter(number, key, leaving):
                self.tell_entered(number, key, leaving)
            case MakeRoom(number, name, leaving=leaving):
                self.tell_entered(number, name.key, leaving)
            case Depart(number, key):
                if user := self.user_of(number):
                    self.tell_departed(user, key)
            case _:
                pass  # the command tells its user, or `apply` the room

    def _note_received(self, message: Sent) -> None:
        """A message from a session was stored by another server; that session may have been here before."""
        self.resumable.note(message.token_hash, message.ident, message.seq)

    def _guests_from(self, restriction: Restriction) -> list[User]:
        """Return the guests who are online from the restricted address; none if the restriction is for a name."""
        if not restriction.is_for_address:
            return []
        return [user for user in self.online.values() if not user.account and user.network == restriction.address]

    def _tell_created(self, name: Name, token_hash: bytes) -> None:
        assert self.accounts
        self.accounts.release(name.key)
        account, user = self.accounts.find(name.key), self.online.get(name.key)
        if account and user and token_hash and user.resumable.token_hash == token_hash:
            self.set_account(user, account)  # the user may be on another connection by now

    def _tell_deleted(self, ident: int) -> None:
        self.resumable.revoke(ident)  # first, while it is known which sessions are the account's
        for user in list(self.online.values()):
            if user.account and user.account.id == ident:
                self._clear_account(user)
                self.part_uninvited([user], self.pipeline.audience.rooms_of(user.member))
            if user.partner and user.partner.id == ident:
                lose_partner(user)

    def _clear_account(self, user: User) -> None:
        """The account is deleted: the user goes on as a guest, if guests are allowed."""
        user.account = user.resumable.account = None
        if self.needs_account:
            self.disconnect(user, texts.ACCOUNTS_ONLY_GOODBYE)
            return
        user.tell_identity()
        if user.partner:
            user.set_target(Place.NOWHERE)
            user.notice(texts.TO_NOBODY)


def lose_partner(user: User) -> None:
    """Stop sending the user's messages, since the partner of the private conversation has deleted the account."""
    user.set_target(Place.NOWHERE)
    user.notice(texts.PARTNER_GONE)
