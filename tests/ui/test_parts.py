"""The smaller parts of the client at a terminal: mentions, colours, status, completion, history, commands."""

import os
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.utils import get_cwidth

from asyncchat.commands import help_text
from asyncchat.commands.table import Command
from asyncchat.log.accounts import Role
from asyncchat.system.addresses import Address
from asyncchat.ui import commands, roster
from asyncchat.ui.completion import ChatCompleter
from asyncchat.ui.history import MOST_LINES, LineHistory, history_path
from asyncchat.ui.mentions import folded, mentions
from asyncchat.ui.roster import People
from asyncchat.ui.view.status_bar import Status, above_input, fit
from asyncchat.ui.view.style import PALETTE, colour_of, key_of
from asyncchat.ui.windows import Tab, Windows
from tests.programs import assert_within


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("alice", "Alice", ["alice"]),
        ("ALICE, alice. @alice alice's (alice)", "alice", ["ALICE", "alice", "alice", "alice", "alice"]),
        ("malice alice2 alice-bob al", "alice", []),
        ("hi bob.", "bob.", ["bob."]),
        ("wo ist Zoé?", "ZOÉ", ["Zoé"]),
        ("wo ist Zoe\u0301?", "zoé", ["Zoe\u0301"]),
        ("नमस्ते हिन्दी!", "हिन्दी", ["हिन्दी"]),
        ("\uff21lice here", "alice", ["\uff21lice"]),
        ("nobody", "", []),
        ("robさん、どう", "rob", ["rob"]),
        ("问一下rob吧", "rob", ["rob"]),
        ("rob님 rob은", "Rob", ["rob", "rob"]),
        ("คุณrobครับ", "rob", ["rob"]),
        ("ROBさんと问robby和probe吧", "rob", ["ROB"]),
        ("问一下李明吧,李明", "李明", ["李明", "李明"]),
        ("李小明", "李明", []),
        ("김철수님", "김철수", ["김철수"]),
        ("\u1100\u1175\u11b7님", "김", ["\u1100\u1175\u11b7"]),
        ("さくらちゃん", "さくら", ["さくら"]),
        ("น้ำครับ น้\u0e4dา", "น้ำ", ["น้ำ", "น้\u0e4dา"]),
        ("กี", "ก", []),
        ("x-李明_ ..rob.. rob-.李", "rob", ["rob", "rob"]),
        ("x-李明_", "李明", ["李明"]),
        ("x.rob rob-x", "rob", []),
        ("bob. bob.c", "bob.", ["bob."]),
        ("«علی\u200cرضا» علی", "علی\u200cرضا", ["علی\u200cرضا"]),
        ("علی\u200cرضا", "علی", []),
        ("״רון״ רון׳ס", "רון", ["רון"]),
        ("ΑΛΕΞΗΣ, Αλέξης", "ΑΛΕΞΗΣ", ["ΑΛΕΞΗΣ"]),
        ("ΣΑΣΑ ΣΑΣ", "σας", ["ΣΑΣ"]),
        ("\ufb01ona", "fiona", ["\ufb01ona"]),
        ("bob\u0301 bob", "bob", ["bob"]),
    ],
)
def test_mentions(text: str, name: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in mentions(text, key_of(name) if name else "")] == found


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", PALETTE)
def test_every_colour_can_be_read_on_black_and_on_white(colour: str) -> None:
    assert (luminance(colour) + 0.05) / 0.05 > 3
    assert 1.05 / (luminance(colour) + 0.05) > 3


def test_a_colour_is_the_same_in_every_run() -> None:
    assert colour_of("alice") == colour_of("ALICE") == "#008787 bold"
    assert colour_of("not a name").startswith("#")


STATUS = Status("127.0.0.1:2000", "alice", 3, (), None, "")
TABS = (Tab(1, "#lobby", 0, 0), Tab(2, "#ops", 2, 0), Tab(3, "zoe", 1, 1))


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (80, " 127.0.0.1:2000  alice  3 members  connected "),
        (40, " alice  3 members  connected "),
        (20, " alice  3 members "),
        (8, " alice "),
        (5, " ali…"),
        (0, ""),
    ],
)
def test_the_status_says_what_there_is_room_for(width: int, said: str) -> None:
    assert STATUS.fit(width) == said


def test_the_status_says_when_it_tries_again_and_why() -> None:
    lost = STATUS._replace(again_in=3.4, why="no answer in time", tabs=TABS)
    assert lost.fit(90) == " 127.0.0.1:2000  alice  2:#ops(2) 3:zoe(1!)  connecting again in 3 s: no answer in time "
    assert lost.fit(40) == " alice  unread: 3  lost, again in 3 s "
    assert lost._replace(tabs=()).fit(40) == " alice  connecting again in 3 s "
    assert lost.fit(20) == " lost, again in 3 s "
    assert lost.fit(10) == " lost, ag…"
    assert "again now" in lost._replace(again_in=0.0).fit(90)


@pytest.mark.parametrize("width", range(1, 12))
def test_what_is_too_wide_is_cut(width: int) -> None:
    for text in ("plain text", "漢字漢字漢字", "a\tb" * 9, "e\u0301" * 20):
        assert get_cwidth(fit(text, width)) <= width


def test_above_the_input_stands_who_came_and_what_is_not_sent_yet() -> None:
    assert above_input([], "", 80) == []
    assert above_input(["one", "two\x1b[2J"], "joined: bob", 80) == ["joined: bob", "one", "two␛[2J"]
    assert above_input([str(number) for number in range(9)], "", 80) == ["0", "1", "2", "3", "4", "and 4 more"]


def everything() -> list[Command]:
    return help_text.usable(Role.ADMIN, has_store=True, has_window=True)


def completions(before: str, *names: str) -> list[str]:
    known = People()
    known.replace(names)
    return [
        found.text
        for found in ChatCompleter(known, Windows(), everything).get_completions(Document(before), CompleteEvent())
    ]


def test_names_are_completed() -> None:
    assert completions("BO", "bob", "carol") == ["bob: "]
    assert completions("hi b", "bob") == ["bob "]
    assert completions("/ignore b", "bob") == ["bob "]
    assert completions("", "bob", "carol") == ["carol: ", "bob: "]


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("@ro", "rob "),
        ("(RO", "rob "),
        ('he said "ro', "rob "),
        ("hi,ro", "rob "),
        ("@", "rob "),
        ("问一下ro", "rob "),
        ("问一下ＲＯ", "rob "),
        ("问一下", "rob "),
        ("..ro", "rob "),
        ("x.ro", ""),
        ("maro", ""),
        ("hello", ""),
        ("x" * 200 + "ro", ""),
    ],
)
def test_a_name_is_completed_wherever_one_may_begin(before: str, found: str) -> None:
    assert completions(before, "rob") == [found] * bool(found)


def test_only_the_name_is_replaced_by_what_it_is_completed_to() -> None:
    known = People()
    known.replace(["rob", "李明", "一下"])
    for before, text, length in (
        ("问一下ro", "rob ", 2),
        ("问一下李", "李明 ", 1),
        ("问一", "一下 ", 1),
        ("李", "李明: ", 1),
    ):
        (found,) = ChatCompleter(known, Windows(), everything).get_completions(Document(before), CompleteEvent())
        assert (found.text, found.start_position) == (text, -length)


@given(
    st.text(st.sampled_from("ro李.-\u0301\u200c ,ß") | st.characters(), max_size=30),
    st.sampled_from(["rob", "李", "é"]),
)
def test_what_is_found_is_the_name_and_never_overlaps(text: str, name: str) -> None:
    end = 0
    for start, stop in mentions(f"{text}{name}", name):
        assert end <= start < stop
        assert folded(f"{text}{name}"[start:stop]) == name
        end = stop


def test_long_texts_of_what_is_nearly_a_name_take_no_long() -> None:
    key = "一" * 32
    for text in ("一" * 31 + "二") * 40, "一" + "." * 4000, "." * 4000 + "一", "一." * 2000, "一" * 1300:
        assert_within(0.2, lambda text=text: _seconds(text + "二" + key, key))  # type: ignore[misc]


def _seconds(text: str, key: str) -> float:
    begun = time.process_time()
    assert mentions(text, key)
    return time.process_time() - begun


def test_commands_are_completed_and_explained() -> None:
    found = list(ChatCompleter(People(), Windows(), everything).get_completions(Document("/"), CompleteEvent()))
    assert {completion.text for completion in found} == {f"{command.names[0]} " for command in everything()}
    assert all(completion.display_meta_text for completion in found)
    assert completions("/IG") == ["/ignore "]
    assert completions("/qu") == ["/quit "]  # another name, where nothing else fits
    assert completions("/nothing") == []
    assert completions("hi /i") == []


def test_the_words_that_may_follow_a_command_are_completed() -> None:
    assert completions("/bell ", "bob") == ["off", "mentions", "all"]
    assert completions("/BELL  M", "mia") == ["mentions"]
    assert completions("/bell nothing", "bob") == completions("/bell off b", "bob") == []


def test_no_more_names_are_kept_than_anybody_looks_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster, "MOST_NAMES", 3)
    assert completions("", *"abcde") == ["e: ", "d: ", "c: "]


def test_the_client_does_what_the_server_can_not_and_knows_the_rest() -> None:
    assert commands.find("/BELL off") == (commands.RUN["/bell"], "off")
    assert commands.find("/bellow") is None
    assert commands.find("/who") is None


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (80, " 127.0.0.1:2000  alice  3 members  1:#lobby 2:#ops(2) 3:zoe(1!)  connected "),
        (60, " alice  3 members  1:#lobby 2:#ops(2) 3:zoe(1!)  connected "),
        (45, " alice  3 members  2:#ops(2) 3:zoe(1!) "),
        (36, " alice  3 members  unread: 3 "),
        (20, " alice  unread: 3 "),
        (9, " alice "),
    ],
)
def test_how_much_waits_stands_in_the_status_line_as_long_as_there_is_room(width: int, said: str) -> None:
    assert STATUS._replace(tabs=TABS).fit(width) == said


def test_in_a_private_conversation_nobody_is_counted() -> None:
    assert STATUS._replace(members=None).fit(60) == " 127.0.0.1:2000  alice  connected "


def test_history_is_kept_and_bounded(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "history"
    assert list(LineHistory(path).load_history_strings()) == []
    for line in ("one", "/login x y", " /login x y", "//two", "/list", "thrée"):
        LineHistory(path).append_string(line)
    assert list(LineHistory(path).load_history_strings()) == ["thrée", "/list", "//two", "one"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.write_text("".join(f"{number}\n" for number in range(3 * MOST_LINES)))
    path.chmod(0o644)
    kept = list(LineHistory(path).load_history_strings())
    assert kept[0] == str(3 * MOST_LINES - 1)
    assert len(kept) == MOST_LINES == len(path.read_text().splitlines())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_history_that_can_not_be_kept_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    history = LineHistory(tmp_path / "file" / "history")
    history.append_string("one")
    assert history.get_strings() == ["one"]
    assert list(history.load_history_strings()) == []


def test_each_server_has_a_history_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = history_path(Address("::1", 2000))
    assert path.parent == tmp_path / "asyncchat"
    assert os.sep not in path.name
    assert path != history_path(Address("::1", 2001)) != history_path(Address("../x", 2001))
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert history_path(Address("a", 1)) == tmp_path / ".local" / "state" / "asyncchat" / "history-a_1"
