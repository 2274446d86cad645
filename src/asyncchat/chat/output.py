"""What one peer can be told, whatever format it speaks."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from asyncchat.log.accounts import Account
from asyncchat.log.room_events import Sent


class Output(ABC):
    """Tells a peer what becomes of what it has sent, and what happens; each format has its own."""

    client: str
    """What the peer speaks, in words."""

    @property
    @abstractmethod
    def key_of_seat(self) -> bytes:
        """The hash of the token with which the peer can come back, if it can."""

    @abstractmethod
    def notice(self, saying: str, times: Sequence[str] = ()) -> None:
        """Say something to this peer alone; `times`: those in it, in order, for who can show them in another zone."""

    @abstractmethod
    def say_last(self, saying: str, code: str) -> None:
        """Tell the peer why its connection ends."""

    @abstractmethod
    def tell(self, lines: Sequence[str]) -> None:
        """Say several lines that belong together to this peer alone."""

    @abstractmethod
    async def become(self, account: Account, saying: str) -> None:
        """Let the peer, whose password was right, have the name that is its own, say so, and let it in."""

    @abstractmethod
    def hear_private(self, other: Account, messages: Sequence[Sent], *, new: bool = False) -> None:
        """Show messages of the conversation with `other`; `new`: they have waited until now."""

    @abstractmethod
    def check_meant(self, other: Account) -> None:
        """See whether `other` is who the peer means by the name. Raises Refusal."""

    @abstractmethod
    async def send_private(self, to: Account, text: str) -> None:
        """Send something to one person alone."""

    @abstractmethod
    def tell_unread(self, sender: Account, number: int) -> None:
        """Somebody has written to this peer, who is not turned to them; so many of their messages wait."""

    @abstractmethod
    def tell_topic(self) -> None:
        """There is another topic."""

    @abstractmethod
    def tell_turned(self) -> None:
        """What is said goes elsewhere now."""

    @abstractmethod
    def tell_who(self) -> None:
        """The peer has another name, or may do something else than before."""
