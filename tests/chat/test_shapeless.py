"""What is not seen: text of nothing else, and what stands before a command or at the start of a stream."""

import functools
import itertools
import sys
import unicodedata

import pytest
from hypothesis import given, strategies as st
from precis_i18n.unicode import UnicodeData

from asyncchat.commands.mistakes.redaction import find_hidden_command, may_contain_password, redact
from asyncchat.text.framing import LineDecoder, MarkDropper
from asyncchat.text.sanitize import is_blank
from tests.chat import Bot, Person, a_room, some_sessions
from tests.chat.stored_chat import StoredChat

MARK = "\ufeff".encode()
BLANK = [
    "\u200b",
    "\u3164",
    "\u2800",
    "\U000e0041",
    "\u115f\u1160",
    "\uffa0",
    "\ufe0f",
    "\ufeff",
    " \u200d\t\u3000",
    "\xad",
]
EMPTY_GLYPHS = [0x2800, 0xFFFC, 0x13441, 0x13442, 0x16FE4, 0x1D159]
"""What Unicode calls a letter, mark or symbol, and has no shape."""

SIGNS = [*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD]
"""What Unicode calls format characters, and has a shape: Prepended_Concatenation_Mark in its PropList.txt."""

SHOWN = ["\u06dd", "\u0600", "\u200d👩\u200d🔬", "\u200fعلی\u200cرضا", "❤\ufe0f", "\u200b.", "\u0301", "\u2422"]


@functools.cache
def ignorable() -> frozenset[int]:
    """Return what Unicode calls ignorable; to ask for each character takes a while."""
    is_ignorable = UnicodeData().default_ignorable
    return frozenset(code for code in range(sys.maxunicode + 1) if is_ignorable(code))


def test_all_that_unicode_calls_format_or_ignorable_is_not_seen() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if (unicodedata.category(character) in {"Cf", "Zs"} and code not in SIGNS) or code in ignorable():
            assert is_blank(character), f"U+{code:04X}"
    for code in EMPTY_GLYPHS:
        assert is_blank(chr(code)), f"U+{code:04X}"


def test_no_letter_digit_sign_or_private_character_is_taken_for_one_that_is_not_seen() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        category = unicodedata.category(character)
        is_seen = category[0] in "LNPSM" or category == "Co" or code in SIGNS
        if is_seen and code not in ignorable() and code not in EMPTY_GLYPHS:
            assert not is_blank(character), f"U+{code:04X}"


@pytest.mark.parametrize("text", ["", *BLANK])
def test_a_line_of_what_is_not_seen_is_ignored(text: str) -> None:
    room = a_room()
    alice, bob = Person(room), Person(room)
    alice.send("alice\n")
    bob.send("bob\n")
    alice.hear(), bob.hear()
    alice.send(f"{text}\nhello\n")
    assert alice.hear() == bob.hear() == ["alice: hello"]


@pytest.mark.parametrize("text", ["", *BLANK])
def test_a_program_is_told_that_it_has_said_nothing(text: str) -> None:
    bot = Bot(a_room(), some_sessions())
    bot.peer.take()
    bot.hello("bot")
    bot.hear()
    bot.tell("say", id=1, text=text)
    assert [(said["type"], said.get("code")) for said in bot.hear()] == [("refused", "empty")]


@pytest.mark.parametrize("text", SHOWN)
def test_what_is_not_seen_stays_where_it_belongs_to_something_seen(text: str) -> None:
    room = a_room()
    alice = Person(room)
    alice.send("alice\n")
    alice.hear()
    alice.send(f"{text}\n")
    assert alice.hear() == [f"alice: {text}"]


@pytest.mark.parametrize("text", BLANK)
def test_nothing_is_no_private_message(chat: StoredChat, text: str) -> None:
    chat.owner("bob")
    alice = chat.owner("alice")
    assert alice.say(f"/msg bob {text}") == ["Server: the name or the text is missing: write /msg NAME TEXT"]
    assert chat.said_between("alice", "bob") == []


# What stands before a command.

UNSEEN = ["\u3000", " \ufeff", "\u200b", "\u2800", "\u3164", "\U000e0041", "\u115f", "\xad\u200d", "\ufe0f"]


@pytest.mark.parametrize("unseen", UNSEEN)
@pytest.mark.parametrize(
    "command", ["/help", "/list", "/kick bob", "/topic new", "/clear", "/exit", "/who", "/EXIT now"]
)
def test_no_command_is_shown_to_others_because_of_what_is_not_seen_before_it(unseen: str, command: str) -> None:
    room = a_room()
    alice, bob = Person(room), Person(room)
    alice.send("alice\n")
    bob.send("bob\n")
    alice.hear(), bob.hear()
    alice.send(f"{unseen}{command}\n")
    (answer,) = alice.hear()
    assert answer.startswith("Server: your line was not sent: write /")
    assert bob.hear() == []


def test_a_password_is_not_shown_because_of_anything_without_a_shape_of_its_own_before_it() -> None:
    characters = [chr(code) for code in range(sys.maxunicode + 1)]
    # What is private or not assigned, too: a box before a command is no reason to show it. As there are nearly a
    # million of them, many stand before one command.
    boxes = "".join(character for character in characters if unicodedata.category(character) in {"Co", "Cn"})
    before = [boxes[begin : begin + 500] for begin in range(0, len(boxes), 500)]
    for character in sorted(set(characters).difference(boxes)):
        code = ord(character)
        if unicodedata.category(character)[0] in "CMZ" or code in ignorable() or code in EMPTY_GLYPHS:
            before.append(character)
    for text in before:
        line = f"{text}/auth admin secretword"
        assert (find_hidden_command(line), may_contain_password(line)) == ("/auth", True), ascii(text)


@pytest.mark.parametrize("slash", "／⁄∕⧸╱\\|＼∖｜∣ノ丿")
@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("auth admin secretword", "/auth"),
        ("LOGIN admin secretword", "/auth"),
        ("password secretword", "/password"),
        ("msg bob secretword", "/msg"),
        ("auht admin secretword", "/auht"),
        ("pasword secretword", "/pasword"),
        ("logon admin secretword", "/logon"),
        ("unregisterr secretword", "/unregisterr"),
    ],
)
def test_what_looks_like_a_slash_is_meant_for_one_before_what_is_not_for_all(
    slash: str, line: str, command: str
) -> None:
    assert find_hidden_command(slash + line) == find_hidden_command(f" {slash}{line}") == command
    assert may_contain_password(slash + line) is (command != "/msg")
    assert "secretword" not in redact(slash + line) or command == "/msg"


def test_a_line_with_another_slash_is_not_said_in_either_format(chat: StoredChat) -> None:
    plain, program, bob = chat.guest("alice"), chat.program("bot"), chat.guest("bob")
    assert plain.say("\\auth admin secretword") == [
        "Server: your line was not sent: write /auth with a plain / and nothing before it."
    ]
    (refused,) = program.say("⁄auth admin secretword")
    assert refused["code"] == "secret"
    assert bob.hear() == []


@pytest.mark.parametrize(
    "text",
    [
        "\\o/",
        "\\o/ yes",
        "\\\\server\\share is full",
        "\\list of items",
        "\\LaTeX is fine",
        "\\auth",
        "\\",
        "|x| is small",
        "| auth | yes |",
        "ノート を 買う",
        "丿",
        "1⁄2 of it",
        "⁄",
        "auth admin is a command",
        "\\authority is a word",
        "<b> /auth",
    ],
)
def test_what_only_looks_like_it_is_text(text: str) -> None:
    assert find_hidden_command(text) == ""
    assert not may_contain_password(text)
    assert redact(text) == text


# At the start of a stream.


@given(st.binary(max_size=8), st.lists(st.integers(0, 12), max_size=4), st.booleans())
def test_one_mark_is_dropped_at_the_start_in_whatever_pieces_it_arrives(
    data: bytes, cuts: list[int], is_marked: bool
) -> None:
    whole = MARK * is_marked + data
    expected = whole.removeprefix(MARK)
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    dropper = MarkDropper()
    dropped = b"".join(dropper.drop(whole[start:end]) for start, end in itertools.pairwise(places))
    assert dropped + dropper.held == expected


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (MARK + b"ci\n", [b"ci"]),
        (MARK + b"/auth\r\n" + MARK + b"x\n", [b"/auth", MARK + b"x"]),
        (MARK + MARK + b"x\n", [MARK + b"x"]),
        (MARK + b"12345678\n", [b"12345678"]),
        (MARK + b"\n", [b""]),
        (MARK[:2] + b"\n", [MARK[:2]]),
        (MARK[:1] + b"\xc3\n", [MARK[:1] + b"\xc3"]),
    ],
)
def test_a_mark_belongs_to_no_line(data: bytes, lines: list[bytes]) -> None:
    decoder, slow = LineDecoder(8), LineDecoder(8)
    assert decoder.feed(data) == [line for byte in data for line in slow.feed(bytes([byte]))] == lines


def test_what_may_be_a_mark_is_unfinished() -> None:
    decoder = LineDecoder(8)
    decoder.feed(MARK[:2])
    assert decoder.unfinished
    assert decoder.feed(MARK[2:]) == []
    assert not decoder.unfinished
