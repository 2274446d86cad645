"""What a peer is told in lines of IRC."""

from collections.abc import Iterable, Sequence
from itertools import islice

from asyncchat.chat.user import Acks, Target
from asyncchat.formats.irc.encoder import Format, place_of_pair, source
from asyncchat.formats.irc.lines import LONGEST, cut, pieces
from asyncchat.formats.irc.network import Network
from asyncchat.formats.irc.own_lines import OwnLines
from asyncchat.log.accounts import Account, Role
from asyncchat.log.audience import Peer
from asyncchat.log.room_events import ANNOUNCED, Sent, timestamp
from asyncchat.log.state import RoomState
from asyncchat.text.irc import answers
from asyncchat.text.usernames import Name, parse_name

_BATCH, _RESPONSE = "label", "labeled-response"


class IrcOutput:
    """Tells an IRC client at `peer`; see Output.

    capabilities: those that the client has asked for
    is_answering: a line of the client is carried out just now: what is sent belongs to it
    is_quiet: notices are not sent, since the client is told in another way
    """

    __slots__ = ("_name", "_network", "_peer", "capabilities", "is_answering", "is_quiet", "label", "peer")

    client = "IRC"
    counts_unread = False
    has_one_room = False
    shows_private = True

    def __init__(self, peer: Peer, network: Network) -> None:
        self._peer = peer
        self.peer = OwnLines(peer)
        self._network = network
        self._name: Name | None = None
        self.capabilities: set[str] = set()
        self.is_answering = self.is_quiet = False
        self.label = ""

    @property
    def encode(self) -> Format:
        """The format of a room's events."""
        return self._network.format(self.capabilities)

    @property
    def nick(self) -> str:
        """How the client is addressed."""
        return self._name.shown if self._name else "*"

    def send(self, *lines: str) -> None:
        """Send lines, in one write; one that is too long loses its end."""
        self.send_whole([f"{_cut(line)}\r\n" for line in lines])

    def send_whole(self, lines: Iterable[str], *, is_own: bool = False) -> None:
        """Send lines with their ends, and perhaps with tags, in one write; `is_own`: the user has caused them."""
        if self.peer.answer is not None and (is_own or self.is_answering):
            self.peer.answer += lines
        else:
            self._write(lines)

    def _write(self, lines: Iterable[str]) -> None:
        if "server-time" in self.capabilities:
            time = f"time={timestamp(self._network.core.clock())}"
            lines = [line if _has_time(line) else _tagged(time, line) for line in lines]
        if data := "".join(lines).encode():
            self._peer.write(data)

    def tell(self, *params: str) -> None:
        """Send a line from the server; the last of `params` may have blanks in it."""
        self.send(f":{self._network.name} {_joined(params)}")

    def numeric(self, code: int, *params: str) -> None:
        """Send a numeric answer."""
        self.tell(f"{code:03}", self.nick, *params)

    # Answers that belong to one line of the client (labeled-response).

    def begin(self, label: str) -> None:
        """Collect what answers a line with this label, until `finish`."""
        self.label = label
        if label:
            self.peer.answer = []

    def finish(self) -> None:
        """Send the response, if its line had a label."""
        lines, self.peer.answer, label, self.label = self.peer.answer, None, self.label, ""
        if lines is None:
            return
        server = self._network.name
        if not lines:
            self._write([f"@label={label} :{server} ACK\r\n"])
        elif len(lines) == 1 or lines[0].startswith(f":{server} BATCH +"):
            self._write([_tagged(f"label={label}", lines[0]), *lines[1:]])
        else:
            begin, end = f"@label={label} :{server} BATCH +{_BATCH} {_RESPONSE}\r\n", f":{server} BATCH -{_BATCH}\r\n"
            self._write([begin, *[_tagged(f"batch={_BATCH}", line) for line in lines], end])

    def label_echo(self, ident: int, sent: Sent, room: str) -> None:
        """Answer the line at hand by the message that it has sent to a room, which comes back as others get it."""
        self.peer.answer, label, self.label = None, self.label, ""
        self.peer.await_echo(ident, label, room, len(self.encode.message(sent, room)))

    def fail_echoes(self, idents: Sequence[int], text: str) -> None:
        """Tell that messages could not be kept: each that has a label by itself."""
        line = f":{self._network.name} NOTICE {self.nick} :{text}\r\n"
        labels = self.peer.forget_echoes(idents)
        self._write([_tagged(f"label={label}", line) for label in labels] or [line])

    # What Output is.

    def ask(self) -> bool:
        """Ask the client whether it is there."""
        self.send(f"PING :{self._network.name}")
        return True

    def notice(self, text: str, times: Sequence[str] = (), seq: int = 0) -> None:
        """Tell this user something."""
        if not self.is_quiet:
            self._notice(text)

    def notices(self, lines: Sequence[str]) -> None:
        """Tell this user several lines that belong together."""
        for line in lines:
            self._notice(line)

    def _notice(self, text: str) -> None:
        begin = f":{self._network.name} NOTICE {self.nick} :"
        self.send(*[f"{begin}{piece}" for piece in pieces(text, LONGEST - len(begin.encode()))])

    def goodbye(self, text: str, code: str) -> None:
        """Tell the peer why its connection ends."""
        if not self.is_answering:
            self.finish()
        self.send(f"ERROR :{text}")
        self.finish()

    def private_messages(self, other: Account, messages: Sequence[Sent], *, new: bool = False) -> None:
        """Show messages of a private conversation, one's own only with echo-message."""
        encode, own = self.encode, self._name
        account = self._network.core.find_account(own) if own else None
        place = place_of_pair(account, other) if account else ""
        for sent in messages:
            is_own = own is not None and sent.name.key == own.key
            if not is_own:
                self.send_whole(encode.message(sent, self.nick, place=place))
            elif "echo-message" in self.capabilities:
                self.send_whole(encode.message(sent, other.name.shown, place=place), is_own=True)

    def private_change(self, other: Account, author: Name, seq: int, text: str) -> None:
        """Tell that a private message was changed."""
        is_own = self._name is not None and author.key == self._name.key
        self.send_whole(self.encode.change(author, author, text, self.nick, "(private) "), is_own=is_own)

    def unread(self, counts: Sequence[tuple[str, int]]) -> None:
        """Nothing: private messages are shown at once."""

    def read(self, conversation: str, seq: int) -> None:
        """IRC has no form for it that clients use."""

    def entered(
        self,
        room: RoomState,
        own: Name,
        missed: Sequence[Sent],
        first: int,
        most: int,
        changed: Sequence[Sent] = (),
        read: int | None = None,
    ) -> None:
        """The user is in a room from now on."""
        encode = self.encode
        self.send_whole([encode.join(own, room.shown)])
        if room.topic:
            self.topic_is(room)
        self.names(room, own)
        if "server-time" in self.capabilities and "draft/chathistory" not in self.capabilities:
            self.send_whole([line for sent in missed for line in encode.message(sent, room.shown)])

    def rank(self, conversation: str, *, moderates: bool) -> None:
        """Nothing: all members are told of it."""

    def topic_is(self, room: RoomState) -> None:
        """Tell the topic of a room."""
        self.numeric(332, room.shown, room.topic)
        if room.topic_set:
            name, time = room.topic_set
            self.numeric(333, room.shown, source(name)[1:], str(time // 1000))

    def names(self, room: RoomState, own: Name | None) -> None:
        """Tell who is in a room: ANNOUNCED users at most, and the user itself."""
        self.name_list(room, self._members(room, own))
        if (count := len(room.members)) > ANNOUNCED:
            self.notice(answers.some_listed(room.shown, count))

    def name_list(self, room: RoomState, members: Sequence[Name]) -> None:
        """Send the answer to NAMES."""
        all_of_them = "multi-prefix" in self.capabilities
        has_hosts = "userhost-in-names" in self.capabilities
        kind = "@" if room.is_private else "="
        begin = f":{self._network.name} 353 {self.nick} {kind} {room.shown} :"
        lines, line, space = [], begin, LONGEST - len(begin.encode())
        left = space
        for name in members:
            shown = source(name)[1:] if has_hosts else name.shown
            word = f"{self._network.prefix(room.key, name, all_of_them=all_of_them)}{shown} "
            if (length := len(word.encode())) > left:
                lines.append(line)
                line, left = begin, space
            line += word
            left -= length
        self.send(*[line.rstrip() for line in (*lines, line) if line != begin])
        self.numeric(366, room.shown, answers.END_OF_NAMES)

    def _members(self, room: RoomState, own: Name | None) -> list[Name]:
        members = list(islice(room.members.values(), ANNOUNCED))
        if own is not None and own.key in room.members and own not in members:
            members.append(own)
        return members

    def parted(self, conversation: str, code: str = "", text: str = "") -> None:
        """The user is not in a room any more."""
        room = conversation or self._network.core.room.shown
        if code:
            self.tell("KICK", room, self.nick, text)
        else:
            assert self._name
            self.send(f"{self.encode.begin(self._name)} PART {room}")

    def invited(self, by: Name, room: RoomState) -> None:
        """Somebody has invited the user to a private room."""
        self.send(f"{self.encode.begin(by)} INVITE {self.nick} {room.shown}")

    def topic(self, conversation: str, text: str) -> None:
        """The room has another topic."""
        room = self._network.room(conversation)
        by = room.topic_set[0] if room.topic_set else None
        line = f"{self.encode.begin(by)} TOPIC {room.shown} :{text}"
        self.send_whole([f"{_cut(line)}\r\n"], is_own=by == self._name)

    def target(self, target: Target, conversation: str = "") -> None:
        """Nothing: each line says where it goes."""

    def identity(self, name: str, role: Role) -> None:
        """The user has another name or role."""
        old, self._name = self._name, parse_name(name)
        if old and old.shown != name:
            line = f"{source(old)} NICK {name}\r\n"
            self.peer.set_name(self._name, line)
            self.send_whole([line])
        else:
            self.peer.set_name(self._name)

    def acknowledge(self, acks: Acks) -> None:
        """Nothing: a client that wants to know asks for echo-message."""

    def fail(self, idents: Sequence[int], why: str) -> None:
        """Nothing: the session tells it."""


def _joined(params: Sequence[str]) -> str:
    *words, last = params
    return " ".join([*words, f":{last}"])


def _tagged(tag: str, line: str) -> str:
    return f"@{tag};{line[1:]}" if line.startswith("@") else f"@{tag} {line}"


def _has_time(line: str) -> bool:
    return line.startswith("@") and ";time=" in f";{line[1:].partition(' ')[0]}"


def _cut(line: str) -> str:
    """Return a line without its end if it is too long; tags do not count."""
    if not line.startswith("@"):
        return cut(line, LONGEST)
    tags, _, rest = line.partition(" ")
    return f"{tags} {cut(rest, LONGEST)}"
