"""Whatever breaks and whenever, nobody who comes back loses a message unsaid, gets one twice, or posts one twice."""

import json
from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from asyncchat.formats.events import MOST_UNANSWERED
from asyncchat.log.log import Log, MemoryLog
from asyncchat.log.room_events import Event, Sent
from tests.chat import Bot, Said, SlowLog, a_room, record, some_sessions


class Client:
    """A client as the protocol wants it: remembers what it has seen, and repeats what was not answered."""

    def __init__(self, name: str) -> None:
        self.name = self.owner = name
        self.bot: Bot | None = None
        self.left_behind: list[Bot] = []  # connections that are dead, which the server has not noticed yet
        self.resume: dict[str, Any] = {}
        self.is_in = False
        self.cut = False  # nothing goes through any more, in either direction
        self.newest = 0
        self.unanswered: dict[int, str] = {}
        self.sent = 0  # the last id that was sent on this connection
        self.acked: dict[str, int] = {}
        self.seen: list[tuple[int, str]] = []
        self.first = 0
        self.gaps: set[int] = set()

    def connect(self, bot: Bot) -> None:
        self.bot, self.cut, self.is_in = bot, False, False
        bot.tell("hello", v=1, name=self.name, history=0, **self.resume)
        self.sent = 0
        self.hear()

    def say(self) -> None:
        self.newest += 1
        self.unanswered[self.newest] = f"{self.owner}-{self.newest}"
        self.send()

    def send(self) -> None:
        """Send what may be sent: no more than the server has to remember may wait for an answer."""
        for ident, text in list(self.unanswered.items())[:MOST_UNANSWERED]:
            if ident > self.sent and self.bot and self.is_in and not self.cut:
                self.sent = ident
                self.bot.tell("say", id=ident, text=text)

    def hear(self, most: int = 1_000_000) -> None:
        """Take what has arrived, at most so many lines."""
        if not self.bot or self.cut:
            return
        lines = self.bot.peer.take().splitlines(keepends=True)
        self.bot.peer.written[:] = lines[most:]
        for line in lines[:most]:
            self._hear(json.loads(line))
        if self.bot.peer.closed and not self.bot.peer.written:
            self.bot, self.is_in = None, False
        self.send()

    def _hear(self, event: Said) -> None:
        match event["type"]:
            case "welcome":
                if not self.resume:
                    self.first = event["seq"] + 1
                    self.resume = {"token": event["token"], "epoch": event["epoch"], "after": event["seq"]}
                else:
                    assert event["resumed"]
                    assert event["epoch"] == self.resume["epoch"]
                self.is_in = True
            case "error":
                assert event["code"] == "name-taken"
            case "message":
                self.seen.append((event["seq"], event["text"]))
                self.resume["after"] = event["seq"]
            case "gap":
                assert event["from"] == self.resume["after"] + 1
                self.gaps.update(range(event["from"], event["to"] + 1))
                self.resume["after"] = event["to"]
            case "ack":
                # Also a second time, for what was repeated before the first answer came.
                self.acked[self.unanswered.pop(event["id"], f"{self.owner}-{event['id']}")] = event["seq"]
            case other:
                assert other in {"joined", "left", "bye"}


class ComingBack(RuleBasedStateMachine):
    """People who talk, are cut off without anybody's noticing, and come back."""

    journal: Log

    @initialize(replay=st.sampled_from([0, 1, 5, 1000]))
    def open(self, replay: int) -> None:
        self.room = a_room(self.journal, history=0, replay=replay)
        self.replay = replay
        self.sessions = some_sessions(kept_empty=3)
        self.kept: list[Event] = record(self.room)
        self.clients = [Client(name) for name in ("alice", "bob", "carol")]
        for client in self.clients:
            client.connect(self.connection())

    def connection(self) -> Bot:
        bot = Bot(self.room, self.sessions)
        bot.at_once = False
        return bot

    @rule()
    def commits(self) -> None:
        self.room.commit()

    @rule(which=st.integers(0, 2), times=st.sampled_from([1, 2, 3, 2 * MOST_UNANSWERED]))
    def says(self, which: int, times: int) -> None:
        for _ in range(times):
            self.clients[which].say()

    @rule(which=st.integers(0, 2), most=st.sampled_from([1, 2, 5, 1000]))
    def hears(self, which: int, most: int) -> None:
        self.clients[which].hear(most)

    @rule(which=st.integers(0, 2))
    def is_cut_off(self, which: int) -> None:
        self.clients[which].cut = True

    @rule(which=st.integers(0, 2), noticed=st.booleans(), renamed=st.sampled_from([False, False, True]))
    def comes_back(self, which: int, noticed: bool, renamed: bool) -> None:
        client = self.clients[which]
        if client.bot:
            client.left_behind.append(client.bot)
        if noticed:
            self.notice_the_dead(which)
        if renamed:
            client.name = client.owner if client.name != client.owner else f"{client.owner}2"
        client.connect(self.connection())

    @rule(which=st.integers(0, 2))
    def notice_the_dead(self, which: int) -> None:
        client = self.clients[which]
        for bot in client.left_behind:
            bot.hang_up()
        client.left_behind.clear()

    @rule(which=st.integers(0, 2))
    def ends_its_input(self, which: int) -> None:
        client = self.clients[which]
        if client.bot and not client.cut:
            client.bot.hang_up()

    # What always holds.

    def messages(self) -> list[Sent]:
        return [event for event in self.kept if isinstance(event, Sent)]

    @invariant()
    def nobody_sees_anything_but_what_is_kept(self) -> None:
        kept = {message.seq: message.text for message in self.messages()}
        for client in self.clients:
            for seq, text in client.seen:
                assert kept[seq] == text

    @invariant()
    def everybody_sees_each_message_once_and_in_order_or_a_gap(self) -> None:
        for client in self.clients:
            seen = [seq for seq, _ in client.seen]
            assert seen == sorted(set(seen) - client.gaps)
            if client.resume:
                assert {*seen, *client.gaps} == set(range(client.first, client.resume["after"] + 1))

    @invariant()
    def no_gap_is_stated_where_messages_are_kept(self) -> None:
        for client in self.clients:
            assert max(client.gaps, default=0) <= max(0, self.room.seq - self.replay)

    @invariant()
    def what_is_acknowledged_is_kept_with_that_number(self) -> None:
        kept = {message.text: message.seq for message in self.messages()}
        for client in self.clients:
            for text, seq in client.acked.items():
                assert kept[text] == seq

    @invariant()
    def nothing_is_posted_twice(self) -> None:
        texts = [message.text for message in self.messages()]
        assert len(texts) == len(set(texts))

    def keep_everything(self) -> None:
        self.room.commit()

    def teardown(self) -> None:
        if not hasattr(self, "clients"):
            return
        for which in range(3):
            self.notice_the_dead(which)
        self.keep_everything()  # the name of whoever leaves is free only then
        for which in range(3):
            self.comes_back(which, noticed=False, renamed=False)
        for client in self.clients:
            for _ in range(client.newest + 2):
                self.keep_everything()
                client.hear()
        for client in self.clients:
            client.hear()
        everything = [(message.seq, message.text) for message in self.messages()]
        for client in self.clients:
            assert client.is_in
            assert not client.unanswered
            assert client.seen == [
                (seq, text) for seq, text in everything if seq >= client.first and seq not in client.gaps
            ]
            said = {f"{client.owner}-{ident}" for ident in range(1, client.newest + 1)}
            assert said == set(client.acked)


class ComingBackInMemory(ComingBack):
    """With the journal that keeps everything at once."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = MemoryLog("memory")


class ComingBackWithSlowLog(ComingBack):
    """With a journal that takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = self.slow = SlowLog()

    @precondition(lambda self: self.slow.waiting)
    @rule(batches=st.integers(1, 5))
    def the_journal_keeps_some(self, batches: int) -> None:
        for _ in range(min(batches, len(self.slow.waiting))):
            self.slow.keep_one()

    def keep_everything(self) -> None:
        super().keep_everything()
        self.slow.keep_all()


TestInMemory = ComingBackInMemory.TestCase
TestWithSlowLog = ComingBackWithSlowLog.TestCase
TestInMemory.settings = TestWithSlowLog.settings = settings(stateful_step_count=30)
