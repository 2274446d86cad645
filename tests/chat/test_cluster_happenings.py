"""Whatever happens at several servers, at whatever time each reads on: they have one state, and users see one order."""

import contextlib
import itertools
import os
import random
import subprocess
import sys

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from asyncchat.log.accounts import Role
from tests.chat.shared_chat import Cluster, SharedChat, cluster, digest
from tests.chat.stored_chat import SECRET, Json

NAMES = ("alice", "bob", "carol", "dave")
ROOMS = ("", "#ops", "#dev")
SILENT_ROOMS = ("#x", "#y")  # they vanish with their last members
REGISTERED = ("alice", "bob")
COMMANDS = (
    "/private on",
    "/private off",
    "/invite {}",
    "/uninvite {}",
    "/grant {}",
    "/revoke {}",
    "/kick {}",
    "/mute {} 1h",
    "/unmute {}",
    "/unban {}",
    "/topic of {}",
    "/topic -",
    "/delete {}",
    "/edit other",
    "/chat {}",
    "/unregister {} " + SECRET,
)
_SERVERS = st.integers(0, 2)


def listens(bot: Json) -> bool:
    """Tell whether the session of a program handles a line now."""
    return not bot.session.user.is_closed and bot.session.pending_request is None


class Happenings:
    """Programs at three servers, which read and append at any time, freeze, and are given up."""

    def __init__(self, shared: Cluster) -> None:
        self.shared = shared
        self.servers = [shared.serve() for _ in range(3)]
        self.bots: dict[str, Json] = {}
        self.ids = itertools.count(1)
        self.said = 0
        for number, name in enumerate(NAMES):
            server = self.servers[number % 3]
            self.bots[name] = server.own_program(name) if name in REGISTERED else server.program(name)
        self.servers[0].owner("mod", role=Role.ADMIN)
        self.moderator = self.servers[1].program("mod", password=SECRET)
        self.heard: dict[str, list[int]] = {name: [] for name in NAMES}

    def say(self, name: str, room: str) -> None:
        self.said += 1
        self.command(name, f"message {self.said}", room)

    def command(self, name: str, text: str, room: str) -> None:
        bot = self.moderator if name == "mod" else self.bots[name]
        if listens(bot):
            bot.tell("say", id=next(self.ids), text=text, conversation=room)

    def enter(self, name: str, room: str) -> None:
        if listens(self.bots[name]):
            self.bots[name].tell("join", conversation=room)

    def part(self, name: str, room: str) -> None:
        if listens(self.bots[name]):
            self.bots[name].tell("part", conversation=room)

    def hang_up(self, name: str) -> None:
        if not self.bots[name].session.user.is_closed:
            self.bots[name].hang_up()

    def move(self, name: str, server: int) -> None:
        """Let a program come back, at another server perhaps."""
        self.look()
        before, chat = self.bots[name], self.servers[server]
        again = chat.stranger()
        chat.time += 400_000
        last = max(self.heard[name], default=0)
        again.tell("hello", v=1, name=name, token=before.token, epoch=chat.core.epoch, after=last)
        again.token = before.token
        self.bots[name] = again

    def slow(self, server: int) -> None:
        self.servers[server].log.is_slow = True

    def keep(self, server: int) -> None:
        if not self.servers[server].log.is_frozen:
            self.servers[server].log.keep()

    def lose(self, finder: int, lost: int) -> None:
        """Let a server freeze, and another one find that out, if it can."""
        if finder != lost and not self.servers[finder].log.is_frozen:
            self.servers[lost].log.is_frozen = True
            self.servers[finder].lose(self.servers[lost])

    def wake(self, server: int) -> None:
        self.servers[server].log.keep()

    def disk(self, server: int, *, is_full: bool) -> None:
        self.servers[server].is_broken = is_full

    def look(self) -> None:
        """Read what the programs hear, and see that no message is missing, or comes twice."""
        for name, bot in self.bots.items():
            numbers = [int(str(event["seq"])) for event in bot.hear("message") if "conversation" not in event]
            for number in numbers:
                before = self.heard[name]
                assert not before or number > before[-1], (name, before, numbers)
                before.append(number)

    def settle(self) -> None:
        """Let all servers go on, until nothing is pending."""
        for chat in self.servers:
            chat.is_broken = False
        for _ in range(3):
            for chat in self.servers:
                chat.log.keep()
                chat.pipeline.commit()
        self.look()

    def check(self) -> None:
        """See that the servers agree, and that the numbers of messages have no gap."""
        first, *others = [digest(chat.core) for chat in self.servers]
        for other in others:
            assert other == first
        for room in self.servers[0].core.state.rooms.values():
            numbers = [sent.seq for sent in room.last]
            assert numbers == list(range(room.seq - len(numbers) + 1, room.seq + 1))


class Machine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.opened = contextlib.ExitStack()
        self.now = Happenings(self.opened.enter_context(cluster()))

    @rule(name=st.sampled_from(NAMES), room=st.sampled_from(ROOMS))
    def say(self, name: str, room: str) -> None:
        self.now.say(name, room)

    @rule(name=st.sampled_from(NAMES), room=st.sampled_from(ROOMS[1:]))
    def enter(self, name: str, room: str) -> None:
        self.now.enter(name, room)

    @rule(name=st.sampled_from(NAMES), room=st.sampled_from(ROOMS[1:]))
    def part(self, name: str, room: str) -> None:
        self.now.part(name, room)

    @rule(
        name=st.sampled_from((*REGISTERED, "mod", "mod")),
        text=st.sampled_from(COMMANDS),
        whom=st.sampled_from(NAMES),
        room=st.sampled_from(ROOMS),
    )
    def command(self, name: str, text: str, whom: str, room: str) -> None:
        self.now.command(name, text.format(whom), room)

    @rule(name=st.sampled_from(NAMES), room=st.sampled_from(SILENT_ROOMS), enters=st.booleans())
    def visit(self, name: str, room: str, *, enters: bool) -> None:
        (self.now.enter if enters else self.now.part)(name, room)

    @rule(name=st.sampled_from(NAMES))
    def hang_up(self, name: str) -> None:
        self.now.hang_up(name)

    @rule(name=st.sampled_from(NAMES), server=_SERVERS)
    def move(self, name: str, server: int) -> None:
        self.now.move(name, server)

    @rule(server=_SERVERS)
    def slow(self, server: int) -> None:
        self.now.slow(server)

    @rule(server=_SERVERS)
    def keep(self, server: int) -> None:
        self.now.keep(server)

    @rule(finder=_SERVERS, lost=_SERVERS)
    def lose(self, finder: int, lost: int) -> None:
        self.now.lose(finder, lost)

    @rule(server=_SERVERS)
    def wake(self, server: int) -> None:
        self.now.wake(server)

    @rule(server=_SERVERS, is_full=st.booleans())
    def disk(self, server: int, *, is_full: bool) -> None:
        self.now.disk(server, is_full=is_full)

    @rule()
    def settle(self) -> None:
        self.now.settle()
        self.now.check()

    @invariant()
    def no_message_is_missing_or_comes_twice(self) -> None:
        if hasattr(self, "now"):
            self.now.look()

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            with self.opened:
                self.now.settle()
                self.now.check()


TestHappenings = Machine.TestCase
TestHappenings.settings = settings(stateful_step_count=40, deadline=None)


def random_state(seed: int) -> dict[str, object]:
    """Return what random happenings lead to."""
    with cluster() as shared:
        return digest(happen(shared, seed, 400).servers[0].core)


def happen(shared: Cluster, seed: int, steps: int) -> Happenings:
    """Let something happen, and end when all servers agree."""
    chance = random.Random(seed)
    now = Happenings(shared)
    for _ in range(steps):
        name, room = chance.choice(NAMES), chance.choice(ROOMS)
        server, other = chance.randrange(3), chance.randrange(3)
        match chance.randrange(12):
            case 0 | 1:
                now.say(name, room)
            case 2 if room:
                now.enter(name, room)
            case 3:
                now.command("mod", chance.choice(COMMANDS).format(name), room)
            case 4:
                now.move(name, server)
            case 5:
                now.slow(server)
            case 6:
                now.lose(server, other)
            case 7:
                now.enter(name, chance.choice(SILENT_ROOMS))
            case 8:
                now.part(name, chance.choice(SILENT_ROOMS))
            case 9:
                now.hang_up(name)
            case 10:
                now.move(name, server)
            case _:
                now.wake(server)
    now.settle()
    now.check()
    return now


def test_two_processes_have_one_state_whatever_the_order_of_their_sets() -> None:
    source = "from tests.chat.test_cluster_happenings import random_state; print(random_state(1))"
    states = {
        subprocess.run(
            [sys.executable, "-c", source],
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    (state,) = states
    assert "message" in state


def test_random_happenings_leave_one_state() -> None:
    for seed in range(5):
        assert random_state(seed)


__all__ = ["SharedChat", "TestHappenings"]
