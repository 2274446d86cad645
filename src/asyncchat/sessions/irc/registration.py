"""How an IRC client joins: NICK, USER, PASS, capabilities and SASL, in whatever order they come (RFC 2812, 3.1)."""

import base64
import binascii

from asyncchat.chat import login
from asyncchat.chat.core import ChatCore
from asyncchat.chat.requests.queries import UnreadCounts
from asyncchat.chat.user import User
from asyncchat.errors import Refusal
from asyncchat.formats.irc import replies
from asyncchat.formats.irc.lines import Line
from asyncchat.formats.irc.output import IrcOutput
from asyncchat.log.accounts import Account
from asyncchat.text.refusals import Banned, IncorrectLogin, NameTaken, NotKept, RateLimited, WrongPassword
from asyncchat.text.usernames import NameRefused, NameReserved, find_name, parse_name

LONGEST_SASL = 400
"""Characters of one AUTHENTICATE."""

CAPABILITIES = (
    *("server-time", "message-tags", "echo-message", "batch"),
    *("multi-prefix", "extended-join", "cap-notify", "userhost-in-names", "draft/chathistory"),
)

NICK_LENGTH = 32
MOST_ROOMS = 50


class Registration:
    """What a client has said of itself, until it is in."""

    def __init__(self, core: ChatCore, user: User, output: IrcOutput) -> None:
        self._core = core
        self._user = user
        self._output = output
        self._nick = self._password = ""
        self._has_user = self._is_negotiating = self._expects_sasl = False
        self._account: Account | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all is said that a client must say."""
        return bool(self._nick) and self._has_user and not self._is_negotiating

    def nick(self, line: Line) -> None:
        """NICK before the client is in."""
        if not line.parameters or not line.parameters[0]:
            self._output.answer("431")
            return
        try:
            self._nick = parse_name(line.parameters[0]).shown
        except NameRefused as refused:
            self._output.reply("432", line.parameters[0], str(refused))

    def user(self, line: Line) -> None:
        """USER."""
        if len(line.parameters) < 4 or not line.parameters[3]:
            self._output.answer("461", "USER")
            return
        self._has_user = True

    def password(self, line: Line) -> None:
        """PASS: the password of the nickname, which may be written before it as NAME:PASSWORD."""
        if not line.parameters:
            self._output.answer("461", "PASS")
            return
        self._password = line.parameters[0]

    # Capabilities (ircv3.net/specs/extensions/capability-negotiation).

    def capability(self, line: Line) -> None:
        """CAP."""
        what, *rest = (*line.parameters, "")
        match what.upper():
            case "LS":
                self._is_negotiating = self._user.name is None
                offered = [*CAPABILITIES, *(["sasl=PLAIN" if rest[0] == "302" else "sasl"] if self._has_sasl else [])]
                self._output.reply("CAP", "LS", " ".join(offered))
            case "LIST":
                self._output.reply("CAP", "LIST", " ".join(sorted(self._output.capabilities)))
            case "REQ":
                self._is_negotiating = self._user.name is None
                self._request(rest[0])
            case "END":
                self._is_negotiating = False
            case _:
                self._output.answer("410", what or "*")

    @property
    def _has_sasl(self) -> bool:
        return self._core.accounts is not None

    def _request(self, wanted: str) -> None:
        known = {*CAPABILITIES, *(["sasl"] if self._has_sasl else [])}
        names = wanted.split()
        if all(name.removeprefix("-") in known for name in names):
            capabilities = set(self._output.capabilities)
            for name in names:
                if name.startswith("-"):
                    capabilities.discard(name[1:])
                else:
                    capabilities.add(name)
            self._output.understand(capabilities)
            self._output.reply("CAP", "ACK", wanted)
        else:
            self._output.reply("CAP", "NAK", wanted)

    # SASL PLAIN (RFC 4616; ircv3.net/specs/extensions/sasl-3.1).

    async def authenticate(self, line: Line) -> None:
        """AUTHENTICATE."""
        said = line.parameters[0] if line.parameters else ""
        if self._account or self._user.account:
            self._output.answer("907")
        elif said == "*":
            self._expects_sasl = False
            self._output.answer("906")
        elif not self._expects_sasl:
            if said.upper() == "PLAIN" and self._has_sasl:
                self._expects_sasl = True
                self._output.send("AUTHENTICATE +\r\n")
            else:
                self._output.answer("908", "PLAIN")
                self._output.answer("904")
        elif len(said) > LONGEST_SASL:
            self._expects_sasl = False
            self._output.answer("905")
        else:
            self._expects_sasl = False
            await self._authenticate(said)

    async def _authenticate(self, said: str) -> None:
        try:
            authzid, authcid, password = base64.b64decode(said, validate=True).decode().split("\0")
        except (binascii.Error, ValueError):
            self._output.answer("904")
            return
        try:
            if authzid not in {"", authcid}:
                raise IncorrectLogin
            self._account = await self._authorize(authcid, password)
        except Refusal as refusal:
            self._core.counters.refused_lines[refusal.code] += 1
            self._output.answer("904")
            self._output.notice(str(refusal))
            return
        shown = self._account.name.shown
        self._output.answer("900", f"{shown}!u@{shown}", shown, shown=shown)
        self._output.answer("903")

    async def _authorize(self, name: str, password: str) -> Account:
        core, user = self._core, self._user
        login.refuse_plain_password(core, user)
        known = find_name(name)
        account = login.check_owner(core, user, core.find_account(known) if known else None)
        await login.authorize(core, user, account, password, b"")
        return account

    # The end of it.

    async def complete(self) -> bool:
        """Let the client in, if its name may be used; tell whether it is."""
        core, user = self._core, self._user
        name = parse_name(self._nick)
        try:
            account = self._account or core.find_account(name)
            if account and not self._account and self._password:
                account = await self._authorize(account.name.shown, self._password.removeprefix(f"{self._nick}:"))
                self._account = account
            if account and self._account is account:
                self._refuse_alive(account)
                core.refuse_banned(account.name)
                await login.join_as_owner(core, user, account, rooms=())
            else:
                await login.join_as_guest(core, user, name, rooms=())
        except NameTaken:
            self._refuse_nick("433")
        except NameReserved as refused:
            self._refuse_nick("433", str(refused))
        except NameRefused as refused:
            self._refuse_nick("432", str(refused))
        except Banned as banned:
            self._output.reply("465", str(banned))
            core.disconnect(user, str(banned), "out")
        except (WrongPassword, RateLimited, NotKept) as refusal:
            self._output.reply("464", str(refusal))
            self._password = ""
            self._refuse_nick("433", replies.REGISTERED)
        except Refusal as refusal:
            self._refuse_nick("433", replies.REGISTERED if refusal.code == "name-registered" else str(refusal))
        else:
            return True
        return False

    def _refuse_nick(self, numeric: str, why: str = "") -> None:
        if numeric == "433":
            self._output.answer(numeric, self._nick)
            if why:
                self._output.notice(why)
        else:
            self._output.reply(numeric, self._nick, why)
        self._nick = ""

    def _refuse_alive(self, account: Account) -> None:
        """Raise NameTaken if an IRC client that answers has the account: two would evict one another."""
        other = self._core.find_user(account)
        if other and isinstance(other.output, IrcOutput) and not other.output.is_silent:
            other.output.ask()
            raise NameTaken(account.name.shown)

    def welcome(self, created: str, most_topic: int) -> None:
        """Say what every client expects (RFC 2812, 5.1; modern.ircdocs.horse)."""
        output, server = self._output, self._output.how.server
        output.answer("001", nick=output.nick)
        output.answer("002", server=server)
        output.answer("003", created=created)
        output.reply("004", server, "asyncchat", "o", "bnot")
        output.answer(
            "005",
            *("CASEMAPPING=ascii", "CHANTYPES=#", f"CHANLIMIT=#:{MOST_ROOMS}", "CHANMODES=b,,,nt", "PREFIX=(qo)~@"),
            *(f"NICKLEN={NICK_LENGTH}", f"TOPICLEN={most_topic}", "TARGMAX=PRIVMSG:1,NOTICE:1,NAMES:1,KICK:1"),
            *(f"NETWORK={server}", "UTF8ONLY"),
        )
        output.answer("005", "CHATHISTORY=25", "MSGREFTYPES=msgid,timestamp")
        output.answer("422")
        output.reply("221", "+")

    async def tell_unread(self) -> None:
        """Show the private messages that came meanwhile."""
        if account := self._user.account:
            self._output.unread(await UnreadCounts(account))
