"""Sessions that can be resumed: found by the hash of a token, while they are in use and for a while after."""

import contextlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

from asyncchat.chat.user import REMEMBERED, Acks, Place, ResumableSession, User
from asyncchat.log.accounts import Account
from asyncchat.text.usernames import Name

MAX_DETACHED = 10_000


class ResumableSessions:
    """The sessions of all users who are online, and the last `max_detached` sessions of users who have left.

    Each is found by a token that `new_token` makes, which must be impossible to guess; only its hash is stored.
    `revoked`: how often tokens have been revoked.
    """

    def __init__(self, new_token: Callable[[], str], max_detached: int = MAX_DETACHED) -> None:
        self._new_token = new_token
        self._max_detached = max_detached
        self.revoked = 0
        self._loading: dict[bytes, dict[int, list[tuple[int, int]]]] = {}
        self._attached: dict[bytes, ResumableSession] = {}
        self._detached: OrderedDict[bytes, ResumableSession] = OrderedDict()

    def new_key(self) -> str:
        """Return a key that is as hard to guess as a token."""
        return self._new_token()

    def find(self, token: str) -> ResumableSession | None:
        """Return the session that belongs to `token`."""
        return self.of(hash_token(token))

    def of(self, token_hash: bytes) -> ResumableSession | None:
        """Return the session whose token has this hash."""
        return self._attached.get(token_hash) or self._detached.get(token_hash)

    def create(self, time: int) -> tuple[str, ResumableSession]:
        """Return the token of a new session, and the session; it is found once it is attached."""
        token = self._new_token()
        return token, ResumableSession(hash_token(token), time)

    def restore(
        self,
        token: str,
        acks: Acks,
        account: Account | None,
        created: int,
        name: Name | None = None,
        first: int | None = None,
    ) -> ResumableSession:
        """Return the session that belongs to `token`, made from what the store knows unless it is there already.

        `first`: the number of the first message that is known to have been for its user.
        """
        if not (session := self.find(token)):
            session = ResumableSession(hash_token(token), created)
            session.account = account
            session.name = name
            session.is_restored = True
            recall(session, acks)
            if first is not None:
                session.first = first
        return session

    @contextlib.contextmanager
    def loading(self, token: str) -> Iterator[Sequence[tuple[int, int]]]:
        """Return what is stored in this context of the session that belongs to `token`: its ids and numbers.

        Until it is attached, it may be at another server, where messages are still on their way.
        """
        key, stored = hash_token(token), list[tuple[int, int]]()
        waiting = self._loading.setdefault(key, {})
        waiting[id(stored)] = stored
        try:
            yield stored
        finally:
            del waiting[id(stored)]
            if not waiting:
                self._loading.pop(key, None)

    def note(self, token_hash: bytes, ident: int, seq: int) -> None:
        """A message of a session, which may be on its way to this server, is stored."""
        for stored in self._loading.get(token_hash, {}).values():
            stored.append((ident, seq))
        if session := self.of(token_hash):
            session.last_id = max(session.last_id, ident)
            session.acknowledge([(ident, seq)])

    def attach(self, session: ResumableSession, user: User) -> None:
        """Let `user` have `session`."""
        session.user, user.resumable = user, session
        self._detached.pop(session.token_hash, None)
        self._attached[session.token_hash] = session

    def detach(self, user: User) -> None:
        """The user's session, if it is attached, waits to be resumed."""
        session = user.resumable
        if session.user is not user:
            return
        session.user = None
        self._detached[session.token_hash] = self._attached.pop(session.token_hash)
        if len(self._detached) > self._max_detached:
            self._detached.popitem(last=False)

    def revoke(self, account: int, except_: bytes = b"") -> None:
        """Log all sessions out of the account with this number, but the one whose token has the hash `except_`."""
        self.revoked += 1
        for session in (*self._attached.values(), *self._detached.values()):
            if session.account and session.account.id == account and session.token_hash != except_:
                session.account = None
                if session.target is not Place.NOWHERE:
                    session.target = Place.ROOM


def recall(session: ResumableSession, acks: Acks) -> None:
    """Let a session know of messages that are stored, by their ids and numbers."""
    session.acked = dict(sorted({**session.acked, **dict(acks)}.items())[-REMEMBERED:])
    session.last_id = max(session.last_id, max(session.acked, default=-1))


def hash_token(token: str) -> bytes:
    """Return the hash by which a token is stored and found."""
    return sha256(token.encode()).digest()
