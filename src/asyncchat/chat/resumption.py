"""Seats: what the server remembers of somebody who may come back on another connection."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Protocol

from asyncchat.chat.doubts import Doubts
from asyncchat.log.accounts import Account
from asyncchat.text.usernames import Name

KEPT_EMPTY = 10_000
REMEMBERED = 32
"""As many as may wait for their acknowledgement: nobody repeats what is older."""

_NONE = 1 << 63
"""A larger number than any message has."""

Kept = Sequence[tuple[int, int | None]]
"""What is kept: for each id that was sent the number of the message, if it became one."""


class Holder(Protocol):
    """Whoever holds a seat."""

    def acknowledge(self, kept: Kept) -> None:
        """Tell the peer what is kept."""
        ...

    def refuse(self, idents: Sequence[int], why: str) -> None:
        """Tell the peer what could not be kept."""
        ...


class Seat:
    """Somebody's place: who holds it now, if anybody does, and what became of what was sent from it last.

    name: the one under which it was held last
    account: whose it is, if a password was shown
    turned: to whom alone goes what is said
    since: when it was made, in milliseconds since 1970
    first: the number of the first message that was for its owner, if it is no account's
    partners: who was meant by the names that it wrote to: a name may be another's since
    is_nowhere: what is said goes to nobody, since it was to go to somebody who was not found
    doubts: what the next line may be instead of a message
    is_recalled: it was made anew from what the store knows

    The ids of what is sent rise, so that a repetition is known: it must not be posted again.
    """

    def __init__(self, key: bytes, since: int) -> None:
        self.key = key
        self.since = since
        self.first = _NONE
        self.holder: Holder | None = None
        self.name: Name | None = None
        self.newest = -1
        self.pending: set[int] = set()
        self.kept: dict[int, int | None] = {}
        self.account: Account | None = None
        self.turned: Account | None = None
        self.partners: dict[str, Account] = {}
        self.is_nowhere = False
        self.doubts = Doubts()
        self.is_recalled = False

    def begin(self, ident: int) -> None:
        """What is sent as `ident` is accepted."""
        self.newest = ident
        self.pending.add(ident)

    def keep(self, kept: Kept) -> None:
        """What was sent with these ids is done."""
        for ident, seq in kept:
            self.pending.discard(ident)
            self.kept[ident] = seq
            if len(self.kept) > REMEMBERED:
                del self.kept[next(iter(self.kept))]
        if self.holder:
            self.holder.acknowledge(kept)

    def lose(self, idents: Sequence[int], why: str) -> None:
        """What was sent with these ids could not be kept, and may be sent again."""
        self.pending.difference_update(idents)
        self.newest = max(self.kept, default=-1)
        if self.holder:
            self.holder.refuse(idents, why)


class Seats:
    """The seats of everybody who is there, and of the last `kept_empty` who are gone.

    Each is found by a token that `new_token` makes, which must be impossible to guess; only its hash is kept.
    `revoked`: how often tokens have been revoked.
    """

    def __init__(self, new_token: Callable[[], str], kept_empty: int = KEPT_EMPTY) -> None:
        self._new_token = new_token
        self._kept_empty = kept_empty
        self.revoked = 0
        self._taken: dict[bytes, Seat] = {}
        self._empty: OrderedDict[bytes, Seat] = OrderedDict()

    def find(self, token: str) -> Seat | None:
        """Return the seat that belongs to `token`."""
        return self.of(hash_of(token))

    def of(self, key: bytes) -> Seat | None:
        """Return the seat whose token has this hash."""
        return self._taken.get(key) or self._empty.get(key)

    def new(self, since: int) -> tuple[str, Seat]:
        """Return the token of a new seat, and the seat."""
        token = self._new_token()
        return token, Seat(hash_of(token), since)

    def restore(
        self,
        token: str,
        kept: Kept,
        account: Account | None,
        since: int,
        name: Name | None = None,
        first: int | None = None,
    ) -> Seat:
        """Return the seat that belongs to `token`, made anew with what was kept from it unless it is there already.

        `first`: the number of the first message that is known to have been for its owner.
        """
        if not (seat := self.find(token)):
            seat = Seat(hash_of(token), since)
            seat.account = account
            seat.name = name
            seat.is_recalled = True
            seat.kept = dict(sorted(kept))
            seat.newest = max(seat.kept, default=-1)
            if first is not None:
                seat.first = first
        return seat

    def take(self, seat: Seat, holder: Holder) -> None:
        """Let `holder` have `seat`."""
        seat.holder = holder
        self._empty.pop(seat.key, None)
        self._taken[seat.key] = seat

    def vacate(self, seat: Seat) -> None:
        """Nobody holds `seat` any more."""
        seat.holder = None
        self._empty[seat.key] = self._taken.pop(seat.key)
        if len(self._empty) > self._kept_empty:
            self._empty.popitem(last=False)

    def forget(self, account: int, but: bytes = b"") -> None:
        """Let no seat be the account's with this number any more, but the one with the key `but`."""
        self.revoked += 1
        for seat in (*self._taken.values(), *self._empty.values()):
            if seat.account and seat.account.id == account and seat.key != but:
                seat.account = seat.turned = None


def hash_of(token: str) -> bytes:
    """Return what is kept of a token."""
    return sha256(token.encode()).digest()
