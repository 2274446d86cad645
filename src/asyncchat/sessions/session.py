"""One peer's conversation with the server: what every wire format has in common, and the commands."""

from abc import abstractmethod
from collections.abc import Callable, Iterable

from asyncchat.chat.core import Host
from asyncchat.chat.doubts import Doubts, doubt_of_refused
from asyncchat.chat.output import Output
from asyncchat.commands import accounts, messaging, moderation, whois
from asyncchat.commands.redaction import hidden_command, known_of
from asyncchat.commands.table import Command, argument_of, find_command
from asyncchat.errors import Muted, NameTaken, Refusal
from asyncchat.log.accounts import Account, Role
from asyncchat.log.audience import Encode, Peer, Writer
from asyncchat.log.bans import Action
from asyncchat.log.entries import AnyEntry, Join, Leave, MarkRead, Rename
from asyncchat.sessions.command_runner import Runner, Running
from asyncchat.text.invisible import is_blank
from asyncchat.text.networks import network_of
from asyncchat.text.usernames import Name

_RUN: dict[str, Callable[["Session", str], Running]] = messaging.RUN | accounts.RUN | moderation.RUN | whois.RUN
"""What each command does, by its first name."""

_MAY_NOT = {
    Role.REGISTERED: "this is for registered people. Write /register PASSWORD to make your name yours.",
    Role.MODERATOR: "you are not a moderator or an admin!",
    Role.ADMIN: "you are not an admin!",
}


class Session(Output, Runner):
    """What the server makes of the lines that one peer at `address` sends.

    While a command waits for what it has `asked`, no line is taken.

    account: of the peer, if it is logged in
    turned: the account that private messages go to, None if messages go to the room
    unconfirmed: what the peer has read of each sender, if it is still connected
    confirmed: what it has read last
    since, active: when it came in, and when it said something last, in milliseconds since 1970
    """

    def __init__(self, host: Host, peer: Peer, address: str) -> None:
        super().__init__()
        self.host = host
        self.address = address
        self.network = network_of(address)
        self.account: Account | None = None
        self.turned: Account | None = None
        self.unconfirmed: dict[Account, MarkRead] = {}
        self.confirmed: MarkRead | None = None
        self.addressed: Account | None = None  # that the line at hand is for, or about
        self._nowhere = False  # the partner is gone: messages for it must not go to the room
        self.doubts = Doubts()
        self.offered: tuple[Name, str] | None = None  # another name, and its password, that /name would take
        self._peer = peer
        self.named: Name | None = None
        self.since = self.active = self._now = 0
        self.member = host.pipeline.new_member()
        self._over = self._has_parted = False

    @property
    def name(self) -> str | None:
        """The name that the peer has in the room."""
        return self.named.shown if self.named else None

    @property
    def role(self) -> Role:
        """What the peer may do."""
        return self.account.role if self.account else Role.GUEST

    @property
    def place(self) -> str:
        """Where messages go, in words."""
        return self.turned.name.shown if self.turned else "everybody"

    def receive(self, lines: Iterable[bytes | None]) -> None:
        """Handle the lines that the peer has sent, up to one that asks for something; None is one that was too long."""
        self._now = self.host.clock()
        for line in lines:
            if self.unconfirmed:  # as hardly ever
                self._confirm()
            if self._over:
                return
            self._hear(line)
            if self.asked is not None:
                return

    def _propose(self, entry: AnyEntry, done: Callable[[object], object]) -> None:
        self.host.propose(entry, done)

    def end(self, *, unfinished: bool = False) -> None:
        """The peer sends no more; `unfinished`: its last line has no end, and so may be half of what was meant."""
        self._confirm()
        if unfinished and not self._over:
            self._refuse_unfinished()
        self.leave()

    def _confirm(self) -> None:
        """It is heard of the peer: so it has got what was written to it, while a dead connection takes anything."""
        for read in self.unconfirmed.values():
            self.host.propose(read)
            self.confirmed = read
        self.unconfirmed.clear()

    def leave(self) -> None:
        """Take the peer out of the room; its connection ends when it has got what it is owed."""
        if self._over:
            return
        self._over = True
        self.stop()
        if self.named is None:
            self._peer.close()
        else:
            self._vanish()
            self.host.propose(Leave(self.member, not self.host.is_closing), lambda _: self._part())

    def make_way(self, for_name: Name) -> None:
        """End this session, since its peer is here on another connection now.

        The room hears of it only if that one has another name.
        """
        self.say_last("you are here on another connection now", "elsewhere")
        if self.named and self.named.key == for_name.key:
            self._over = True
            self.stop()
            self.host.pipeline.audience.remove(self.member)
            self._part()
        else:
            self.leave()

    def _part(self) -> None:
        """End the connection, once, when all is sent that was written."""
        if not self._has_parted:
            self._has_parted = True
            self._peer.close()

    def put_out_by(self, action: Action) -> None:
        """Let the peer go, who is kicked or banned."""
        kicked = action == Action.KICK
        self.put_out("you have been kicked out of the server!" if kicked else "you are banned!", "out")

    def put_out(self, saying: str, code: str = "") -> None:
        """Tell the peer why it is let go, and take it out of the room; `code`: so that programs do not come back."""
        if not self._over:
            self.say_last(saying, code)
        self.leave()

    def promoted(self, role: Role) -> None:
        """The peer has another role."""
        if role >= Role.MODERATOR:
            self.notice("you are the new moderator now!")
        else:
            self.notice("you are no longer a moderator!")
        self.tell_who()

    def own(self, account: Account) -> None:
        """The name that the peer has is its own now."""
        if self.account is not account:
            self.account = account
            self.host.logins.was_right(str(account.id), self.network)
            self.tell_who()

    def lose_account(self) -> None:
        """The account is deleted: the peer goes on as a guest, if guests are allowed."""
        self.account = None
        if self.host.needs_account:
            self.put_out("this chat is for registered people. Goodbye!")
            return
        self.tell_who()
        if self.turned:
            self.turn_nowhere()
            self.notice("what you write goes to nobody now. Write /room to write to everybody.")

    def lose_sight(self) -> None:
        """The partner of this conversation has deleted the account."""
        self.turn_nowhere()
        self.notice("the one you write to has given up the name. Write /room to write to everybody.")

    def turn(self, to: Account | None) -> None:
        """Let what is said go to one person from now on, or to everybody."""
        self.turned, self._nowhere = to, False
        self.tell_turned()

    def turn_nowhere(self) -> None:
        """Let messages go nowhere."""
        self.turned, self._nowhere = None, True

    # The beginning.

    async def come_as_guest(
        self, name: Name, peer: Writer, encode: Encode, token_hash: bytes = b"", *, is_back: bool = False
    ) -> None:
        """Let the peer in under an unregistered name; `is_back`: it has proved that it had this name before.

        Raises Refusal, NameRefused and NameTaken.
        """
        accounts.check_guest(self, name, is_back=is_back)
        await self.take_name(name, peer, encode, token_hash=token_hash)

    async def come_as_owner(self, account: Account, peer: Writer, encode: Encode, token_hash: bytes = b"") -> None:
        """Let the owner of `account` in; this replaces a connection that has the name already."""
        await self.take_name(account.name, peer, encode, account.id, token_hash)
        self.account = account
        self.host.see(account)
        self.host.logins.was_right(str(account.id), self.network)

    async def take_name(
        self, name: Name, peer: Writer, encode: Encode, account: int | None = None, token_hash: bytes = b""
    ) -> None:
        """Become a member, or take the place of the peer's other connection; see Join. Raises NameTaken."""
        await Join(name, self.member, self.host.clock(), self.network, account, token_hash)
        before = self.host.present.get(name.key)
        self._came_in(name)
        if before:
            before.make_way(name)
        self.host.pipeline.audience.add(self.member, peer, encode)

    def _came_in(self, name: Name) -> None:
        if not self.named:
            self.since = self.active = self.host.clock()
        self.named = name
        self.host.come(name, self)

    def _vanish(self) -> None:
        assert self.named
        self.host.go(self.named, self)

    async def rename(self, account: Account) -> None:
        """Go on under the name that is one's own. Raises Refusal."""
        assert self.named
        if self.named.key != account.name.key:
            try:
                await Rename(self.member, account.name, account.id, self.host.clock())
            except NameTaken:
                raise Refusal(
                    "name-taken",
                    f"{account.name.shown} is here on another connection."
                    " Leave with /exit, and write /auth when you are asked for a name: that takes its place.",
                ) from None
            self._vanish()
            self._came_in(account.name)
        self.own(account)

    # What is said.

    @abstractmethod
    def _hear(self, line: bytes | None) -> None: ...

    @abstractmethod
    def _refuse_unfinished(self) -> None: ...

    def _take(self, said: str, to: Account | None, post: Callable[[str], None], *, is_addressed: bool = False) -> None:
        """Do what a command says, or send a message `to` one alone, or `post` it to everybody. Raises Refusal.

        `is_addressed`: it says so itself, and does not go there because of what was said before.
        """
        self.addressed = to
        self.active = self._now
        if said.startswith("//"):
            self._say_to(said[1:], post, is_addressed=is_addressed)
        elif said.startswith("/"):
            if not (command := find_command(said)) or command.of_client:
                self.doubts.add(doubt_of_refused(said))
                raise Refusal(
                    "unknown-command",
                    f"unknown command {known_of(said)}. Write /help to see the commands, // to say a line with /.",
                )
            self.run(self._do(command, said))
        elif not is_blank(said):
            if hidden := hidden_command(said):
                self.doubts.add(doubt_of_refused(said))
                raise Refusal("secret", f"your line was not sent: write {hidden} with a plain / and nothing before it.")
            self._say_to(said, post, is_addressed=is_addressed)

    def _say_to(self, text: str, post: Callable[[str], None], *, is_addressed: bool) -> None:
        assert self.named
        if self._nowhere and not is_addressed:
            raise Refusal("nowhere", "your line was not sent: write /chat NAME again, or /room to write to everybody.")
        if not self.doubts.is_message(text):
            self.doubts.check_message(text, self.place, is_private=is_addressed and self.addressed is not None)
        if self.addressed:
            self.run(self.send_private(self.addressed, text))
        elif self.host.is_muted(self.named):
            raise Muted("your line was not sent: you are muted!")
        else:
            post(text)

    async def _do(self, command: Command, said: str) -> None:
        self.doubts.end(command)
        try:
            self._check(command)
            await _RUN[command.names[0]](self, argument_of(said))
        except Refusal as refusal:
            self.doubts.begin(command, refusal)
            raise

    def _check(self, command: Command) -> None:
        if command.of_store and not self.host.accounts:
            raise Refusal("no-store", "nothing is kept here: this chat is served without --store")
        if self.role < command.who:
            raise Refusal("not-allowed", _MAY_NOT[command.who])
