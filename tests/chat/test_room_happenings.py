"""Whatever happens in rooms, each user sees an unbroken piece of each: what was said there while it was in it."""

import contextlib
from collections import defaultdict
from collections.abc import Sequence

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from asyncchat.log.accounts import Role
from asyncchat.log.restrictions import RestrictionKind
from asyncchat.log.room_events import Event, Joined, Left, Renamed, Sent
from asyncchat.log.state import ChatState
from tests.chat.stored_chat import SECRET, Json, StoredChat, stored_chat

_ROOMS = st.sampled_from(["", "#ops", "#dev"])
_WHO = st.sampled_from(["alice", "bob", "carol", "dave"])
_REGISTERED = ("alice", "bob")
_MAKERS = st.sampled_from(_REGISTERED)  # who make a room moderate it


class Happenings(RuleBasedStateMachine):
    """Programs enter and leave rooms, make them private, invite, are kicked, take other names, come back, and write.

    What each hears is compared with the events of each room, in the order in which the members got them.
    """

    @initialize()
    def begin(self) -> None:
        self.opened = contextlib.ExitStack()
        self.chat: StoredChat = self.opened.enter_context(stored_chat())
        self.chat.core.history = 0
        self.moderator = self.chat.owner("mod", role=Role.MODERATOR)
        self.members: dict[str, set[str]] = defaultdict(set)
        self.due: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self.names: dict[str, str] = {}
        self.bots: dict[str, Json] = {}
        self.said = 0
        write = self.chat.pipeline.audience.write

        def recording(
            events: Sequence[Event], room: str = "", conversation: str = "", *, is_private: bool = False
        ) -> None:
            for event in events:
                self.note(event, conversation)
            write(events, room, conversation, is_private=is_private)

        self.chat.pipeline.audience.write = recording  # type: ignore[method-assign]
        for who in ("alice", "bob", "carol", "dave"):
            self.names[who] = who
            self.bots[who] = self.chat.own_program(who) if who in _REGISTERED else self.chat.program(who)
        for who in ("alice", "bob", "carol"):
            self.enter(who, "#ops")
        self.say("alice", "#ops")

    def note(self, event: Event, room: str) -> None:
        """Note what the members of a room get."""
        match event:
            case Joined(name, members):
                if members == 1:  # who was the last one left when the room vanished, with nobody to tell
                    self.members[room].clear()
                self.members[room].add(name.key)
            case Left(name):
                self.members[room].discard(name.key)
            case Renamed(name, new):
                self.members[room].discard(name.key)
                self.members[room].add(new.key)
            case Sent(name=name, text=text):
                assert name.key in self.members[room], "who has been removed has said something"
                for key in self.members[room]:
                    self.due[key].append((room, text))
            case _:
                pass

    @rule(who=_WHO, room=_ROOMS)
    def enter(self, who: str, room: str) -> None:
        self.tell(who, "join", conversation=room)

    @rule(who=_WHO, room=_ROOMS)
    def part(self, who: str, room: str) -> None:
        self.tell(who, "part", conversation=room)

    @rule(who=_WHO, room=_ROOMS)
    def say(self, who: str, room: str) -> None:
        self.said += 1
        self.command(who, f"message {self.said}", room)

    @rule()
    def store_slowly(self) -> None:
        self.chat.log.is_slow = True

    @rule()
    def store_at_last(self) -> None:
        self.chat.log.keep()

    @rule(who=_MAKERS, room=_ROOMS, is_private=st.booleans())
    def make_private(self, who: str, room: str, *, is_private: bool) -> None:
        self.command(who, f"/private {'on' if is_private else 'off'}", room)

    @rule(who=_MAKERS, room=_ROOMS, whom=_WHO, act=st.sampled_from(["/invite", "/uninvite", "/grant", "/revoke"]))
    def change_role(self, who: str, room: str, whom: str, act: str) -> None:
        self.command(who, f"{act} {self.names[whom]}", room)

    @rule(who=st.sampled_from(["carol", "dave"]))
    def take_another_name(self, who: str) -> None:
        self.store_at_last()
        new = f"{who}y"
        if self.names[who] == who:
            self.command(who, f"/registration {new} {SECRET}", "")
            self.command(who, f"/name {new}", "")
            if self.chat.core.online.get(new):
                self.due[new] += self.due.pop(who, [])
                self.names[who] = new

    @rule(
        room=_ROOMS,
        whom=_WHO,
        act=st.sampled_from(
            ["/kick {}", "/mute {} 1h", "/unmute {}", "/unban {}", "/topic {}", "/topic -", "/delete {}"]
        ),
    )
    def moderate(self, room: str, whom: str, act: str) -> None:
        self.store_at_last()
        if room == "" or room in self.chat.core.state.rooms:
            self.moderator.send(f"/join {room or '#lobby'}\n{act.format(self.names[whom])}\n")

    @rule(who=_WHO, room=_ROOMS, text=st.sampled_from(["/edit other", "/delete"]))
    def change(self, who: str, room: str, text: str) -> None:
        self.command(who, text, room)

    @rule(who=_WHO, rooms=st.sets(_ROOMS, min_size=1))
    def come_back(self, who: str, rooms: set[str]) -> None:
        self.store_at_last()
        self.check(who)
        self.chat.time += 600_000
        before = self.bots[who]
        if not before.session.user.is_closed:
            before.hang_up()
            self.due[self.names[who]].clear()
        again = self.chat.stranger()
        places = [{"conversation": room} for room in sorted(rooms)]
        again.hello(self.names[who], token=before.token, rooms=places, history=0)
        again.token = before.token
        again._idents = before._idents
        self.bots[who] = again
        again.hear()
        self.due[self.names[who]].clear()

    def command(self, who: str, text: str, room: str) -> None:
        self.tell(who, "say", id=next(self.bots[who]._idents), text=text, conversation=room)

    def tell(self, who: str, kind: str, **fields: object) -> None:
        session = self.bots[who].session
        if not session.user.is_closed and session.pending_request is None:  # else no line is read
            self.bots[who].tell(kind, **fields)

    @invariant()
    def each_has_seen_what_was_said_where_it_was(self) -> None:
        for who in self.bots if hasattr(self, "bots") else ():
            self.check(who)

    def check(self, who: str) -> None:
        heard = [(one.get("conversation", ""), one["text"]) for one in self.bots[who].hear("message")]
        due = self.due[self.names[who]]
        assert [one for one in heard if one[1].startswith("message")] == due
        due.clear()

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            with self.opened:
                self.store_at_last()
                assert kept(self.chat.core.state) == kept(self.chat.started_again().core.state)


def kept(state: ChatState) -> object:
    """Return what of a state must be there again after the server was started again."""
    rooms = {
        key: (room.shown, room.seq, room.topic, room.is_private, room.roles, [tuple(said)[:4] for said in room.last])
        for key, room in state.rooms.items()
        if key and (room.seq or room.topic or (room.is_private and room.roles))
    }
    kinds = {kind: state.restrictions.all(kind, 0) for kind in RestrictionKind}
    holding = {kind: [each for each in some if each.room in {"", *rooms}] for kind, some in kinds.items()}
    assert state.accounts
    accounts = [(each.id, each.name, each.made) for each in map(state.account, range(1, 10)) if each]
    return state.room.topic, rooms, holding, accounts


TestHappenings = Happenings.TestCase
TestHappenings.settings = settings(stateful_step_count=40, deadline=None)
