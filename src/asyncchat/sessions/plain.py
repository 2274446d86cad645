"""A session in plain text: for people with nc or telnet, and for pipes."""

import re
from collections.abc import Callable, Sequence

from asyncchat.chat.core import Host
from asyncchat.chat.doubts import Doubt, doubt_of_refused
from asyncchat.commands import messaging
from asyncchat.commands.table import find_command
from asyncchat.errors import NameTaken, Refusal
from asyncchat.formats import plain
from asyncchat.log.accounts import Account
from asyncchat.log.audience import Peer
from asyncchat.log.bans import Kind
from asyncchat.log.room_events import Sent
from asyncchat.sessions.session import Session
from asyncchat.text.sanitize import BadLine, text
from asyncchat.text.usernames import Name, NameRefused, prepare

_MESSAGES = re.compile(rb"[0-9A-Za-z][ -~]*+(?:\n[0-9A-Za-z][ -~]*+)*+")
"""Lines of printable ASCII that begin as no command can, whatever stands before it."""


class PlainSession(Session):
    """Asks for a name as soon as it is made."""

    client = "plain text"
    key = b""  # what comes from here can't be sent again

    def __init__(self, host: Host, peer: Peer, address: str) -> None:
        super().__init__(host, peer, address)
        peer.write(plain.ASK_NAME)

    @property
    def key_of_seat(self) -> bytes:
        """Nothing: the peer has to show its password again."""
        return b""

    def notice(self, saying: str, times: Sequence[str] = ()) -> None:
        """Say something to this peer alone."""
        self._peer.write(plain.notice(saying))

    def say_last(self, saying: str, code: str) -> None:
        """Tell the peer why its connection ends."""
        self.notice(saying)

    def tell(self, lines: Sequence[str]) -> None:
        """Say several lines that belong together to this peer alone."""
        self._peer.write(plain.notices(lines))

    async def become(self, account: Account, saying: str) -> None:
        """Let the peer, whose password was right, have the name that is its own, say so, and let it in."""
        if self.named:
            await self.rename(account)
            self.notice(saying)
            return
        await self.come_as_owner(account, self._peer, plain.encode)
        self.notice(saying)
        self._peer.write(plain.encode(self.host.last()))

    def check_meant(self, other: Account) -> None:
        """It is: what comes from here can't be sent again."""

    def hear_private(self, other: Account, messages: Sequence[Sent], *, new: bool = False) -> None:
        """Show messages of the conversation with `other`; `new`: they have waited until now."""
        self._peer.write(plain.private(messages, new=new))

    async def send_private(self, to: Account, text: str) -> None:
        """Send something to one person alone."""
        await messaging.send(self, to, text)
        messaging.say_sent(self, to)

    def tell_unread(self, sender: Account, number: int) -> None:
        """It asks for that itself."""

    def tell_topic(self) -> None:
        """It asks for that itself."""

    def tell_who(self) -> None:
        """It has been told in words."""

    def tell_turned(self) -> None:
        """Say to whom goes what is said from now on."""
        if self.turned:
            self.notice(f"you write to {self.turned.name.shown} alone now. /room turns back.")
        else:
            self.notice("you write to everybody now.")

    def keep(self, kept: Sequence[tuple[int, int]]) -> None:
        """The peer sees for itself what is kept."""

    def lose(self, idents: Sequence[int], why: str) -> None:
        """Tell the peer what could not be kept."""
        if not self._over:
            self._peer.write(plain.line_refused(why) * len(idents))

    def _proceed(self, step: Callable[[], None]) -> None:
        try:
            step()
        except NameTaken:
            self._peer.write(plain.NAME_TAKEN)
        except NameRefused as refused:
            self._peer.write(plain.name_refused(str(refused)))
        except Refusal as refusal:
            if refusal.code == "name-registered":
                self.doubts.add(Doubt.PASSWORD)
            self.notice(str(refusal))

    def _hear(self, line: bytes | None) -> None:
        if self.named is None:
            self._proceed(lambda: self.run(self._choose_name(line)))
        else:
            self._say(self.named, line)

    def say_together(self, lines: Sequence[bytes | None]) -> bool:
        """Say several lines that are messages for certain, at the cost of little more than one.

        Return False, with nothing said, if each has to be looked at: one may be a command, or need a stand-in, or what
        is said may not go to everybody.
        """
        if not (self.named and self._speaks_freely()):
            return False
        try:
            data = b"\n".join(lines)  # type: ignore[arg-type]
        except TypeError:  # one was too long
            return False
        if not _MESSAGES.fullmatch(data) or max(map(len, lines)) > self.host.max_line:  # type: ignore[arg-type]
            return False
        if not self.doubts.are_messages(lines):  # type: ignore[arg-type]
            return False
        self.active = self.host.clock()
        self.host.pipeline.say_all(self.named, data.decode("ascii").split("\n"), self)
        return True

    def _speaks_freely(self) -> bool:
        """Tell whether what is said goes to everybody, whatever it is."""
        return not (
            self._over
            or self._nowhere
            or self.turned
            or self.asked is not None
            or self.unconfirmed
            or self.host.order.has_any(Kind.MUTE)
        )

    def _refuse_unfinished(self) -> None:
        self._peer.write(plain.UNFINISHED)

    def _text(self, line: bytes | None) -> str:
        return text(line, self.host.max_line)

    async def _choose_name(self, line: bytes | None) -> None:
        try:
            wanted = self._text(line)
        except BadLine as bad:
            raise NameRefused(str(bad)) from None
        command = find_command(wanted)
        if command and command.before_naming:
            await self._do(command, wanted)
            return
        self.doubts.add(doubt_of_refused(wanted))
        name = prepare(wanted)
        self.doubts.check_name(name.shown)
        await self.come_as_guest(name, self._peer, plain.encode)
        self._peer.write(plain.encode(self.host.last()))

    def _say(self, name: Name, line: bytes | None) -> None:
        try:
            self._take(self._text(line), self.turned, lambda said: self.host.pipeline.say(name, said, self))
        except BadLine as bad:
            self._peer.write(plain.line_refused(str(bad)))
        except Refusal as refusal:
            self.notice(str(refusal))
