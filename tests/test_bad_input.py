"""Whatever a peer sends, it alone is told what was wrong, and nobody else is harmed."""

import pytest

from asyncchat.text import room_texts
from tests.programs import ASK_NAME, ServeProgram

REFUSED = "Server: this name can't be used: "


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"\xff\xfe\n", "it is not UTF-8"),
        (b"x" * 5000 + b"\n", "it is too long: it has 5000 bytes, and 4096 are the most"),
        (b"x" * 33 + b"\n", "it is longer than 32 characters"),
        (b"\n", "it is empty"),
        (b" \n", "it has a blank in it"),
        (b"two words\n", "it has a blank in it"),
        (b"tab\tbed\n", "it has a blank in it"),
        ("zero\u200bwidth\n".encode(), "U+200B (ZERO WIDTH SPACE) is not a letter, digit, underscore, dash or dot"),
        (b"_under\n", "it does not start with a letter or a digit"),
        (b"/list\n", "/ is not a letter, digit, underscore, dash or dot"),
        (b"\x1b[2J\n", "␛ (U+241B, SYMBOL FOR ESCAPE) is not a letter, digit, underscore, dash or dot"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_with_the_reason(room: ServeProgram, line: bytes, reason: str) -> None:
    with room.connect() as peer:
        assert peer.line() == ASK_NAME
        peer.send(line)
        assert peer.line() == f"{REFUSED}{reason}. Choose another one."
        peer.send("good\nhello\n")
        assert peer.line() == "good: hello"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"caf\xe9\n", "it is not UTF-8"),
        (b"x" * 4097 + b"\n", "it is too long: it has 4097 bytes, and 4096 are the most"),
    ],
)
def test_a_line_that_cannot_be_taken_is_refused_to_its_sender_alone(
    room: ServeProgram, line: bytes, reason: str
) -> None:
    with room.join("alice") as alice, room.join("bob") as bob:
        alice.send(line + b"next\n")
        assert alice.line() == f"Server: your line was not sent: {reason}."
        assert (alice.line(), bob.line()) == ("alice: next", "alice: next")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_of_exactly_the_limit_is_taken(room: ServeProgram, end: str) -> None:
    with room.join("alice") as alice:
        alice.send("x" * 4096 + end)
        assert alice.line() == "alice: " + "x" * 4096


def test_max_line_sets_the_limit() -> None:
    with ServeProgram("--max-line", "10") as room, room.join("alice") as alice:
        alice.send("0123456789\n01234567890\n")
        assert {alice.line(), alice.line()} == {
            "alice: 0123456789",
            "Server: your line was not sent: it is too long: it has 11 bytes, and 10 are the most.",
        }


def test_the_end_of_a_flood_is_not_read_as_a_line(room: ServeProgram) -> None:
    with room.join("alice") as alice, room.join("bob") as bob:
        for _ in range(50):
            alice.send(b"x" * 100_000)
        alice.send("/exit\nreal\n")
        assert alice.line() == "Server: your line was not sent: it is too long: 4096 bytes are the most."
        assert (alice.line(), bob.line()) == ("alice: real", "alice: real")


def test_nothing_that_is_sent_can_forge_a_line_or_move_a_cursor(room: ServeProgram) -> None:
    with room.join("mallory") as mallory, room.join("bob") as bob:
        mallory.send("a\rServer: b\x1b[2Jc\x85d\u2028e\u202ef\x00g\x7fh\ti\n")
        assert bob.line() == "mallory: a␍Server: b␛[2Jc<U+0085>d<U+2028>e<U+202E>f␀g␡h\ti"


@pytest.mark.parametrize("command", ["/nonsense", "/mgs bob my secret", "/", "/ hello"])
def test_an_unknown_command_is_answered_to_its_sender_and_shown_to_nobody(room: ServeProgram, command: str) -> None:
    with room.join("alice") as alice, room.join("bob") as bob:
        alice.send(f"{command}\n")
        answer = alice.line()
        assert answer.startswith("Server: unknown command /")
        assert "/help" in answer
        assert "secret" not in answer
        alice.send("after\n")
        assert bob.line() == "alice: after"


def test_two_slashes_say_one(room: ServeProgram) -> None:
    with room.join("alice") as alice:
        alice.send("//etc/hosts\n")
        assert alice.line() == "alice: /etc/hosts"


def test_blank_lines_are_ignored_and_text_is_kept_as_it_was_typed(room: ServeProgram) -> None:
    with room.join("alice") as alice:
        alice.send("\n   \n\r\n  two  blanks  \n")
        assert alice.line() == "alice:   two  blanks  "


def test_a_peer_that_sends_one_byte_at_a_time_is_understood(room: ServeProgram) -> None:
    with room.connect() as peer:
        peer.line()
        for byte in "zoé\nhellö\n".encode():
            peer.send(bytes([byte]))
        assert peer.line() == "zoé: hellö"


def test_a_peer_that_ends_its_input_gets_what_it_is_owed(room: ServeProgram) -> None:
    with room.connect() as peer:
        peer.send("bot\nhi\n")
        peer.end_input()
        assert peer.lines.rest() == b"Server: write your name\nbot: hi\n"
    assert room.out.until("left") == ["bot joined", "bot sent hi", "bot left"]


def test_a_last_line_without_its_end_is_refused_and_not_sent_in_half(room: ServeProgram) -> None:
    with room.join("bob") as bob, room.connect() as peer:
        peer.send("bot\nrm -rf /tmp/x")
        peer.end_input()
        assert peer.lines.rest().decode().splitlines()[1:] == [
            "Server: your last line was not sent: it does not end with a line feed."
        ]
        bob.send("hello\n")
        assert bob.line() == "bob: hello"


def test_a_peer_that_resets_frees_its_name_and_its_half_line_is_forgotten(room: ServeProgram) -> None:
    with room.join("bob") as bob:
        alice = room.join("alice")
        alice.send("half a li")
        alice.reset()
        room.out.until("alice left")
        with room.join("alice") as again:
            again.send("whole\n")
            assert bob.line() == "alice: whole"


def test_a_peer_that_says_nothing_is_told_and_closed_while_others_chat() -> None:
    # As long as that, so that bob is not too slow for it, however busy the machine is.
    with ServeProgram("--name-timeout", "3") as room, room.join("bob") as bob, room.connect() as silent:
        assert silent.line() == ASK_NAME
        assert silent.line() == "Server: it took you too long to choose a name. Connect again to try once more."
        assert silent.lines.rest() == b""
        bob.send("hello\n")
        assert bob.line() == "bob: hello"


def test_nothing_behind_exit_is_handled(room: ServeProgram) -> None:
    with room.join("bob") as bob, room.connect() as alice:
        alice.send("alice\nbefore\n/exit\nafter\n")
        assert alice.lines.rest().endswith(b"alice: before\n")
        bob.send("end\n")
        assert [bob.line(), bob.line()] == ["alice: before", "bob: end"]


def test_a_peer_that_does_not_read_is_cut_off_and_the_others_go_on() -> None:
    with (
        ServeProgram("--rate", "0", "--stall-timeout", "600") as room,
        room.connect(receive_buffer=4096) as stuck,
        room.join("alice") as alice,
    ):
        stuck.send("stuck\n")
        alice.send("hello\n")
        assert alice.line() == "alice: hello"
        assert stuck.lines.until("alice: hello")
        for _ in range(2000):  # more than the kernel takes for somebody who does not read, and a megabyte beyond
            alice.send("y" * 4000 + "\n")
            assert alice.line().startswith("alice: y")
        assert "(stuck) is cut off: it does not read what it is sent" in room.errors.line()
        room.out.until("stuck left")


HTTP = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n\r\n"


@pytest.mark.parametrize(
    "body", ["evil\nI am here\n", '{"type":"hello","v":1,"name":"evil"}\n{"type":"say","id":1,"text":"I am here"}\n']
)
@pytest.mark.parametrize("path", ["/", "/" + "x" * 40_000])
def test_a_request_that_a_web_page_sends_is_refused_as_a_whole(room: ServeProgram, path: str, body: str) -> None:
    with room.join("alice") as alice, room.connect() as browser:
        browser.send(HTTP.replace("/", path, 1) + body)
        assert browser.lines.rest().decode().splitlines()[1:] == [f"Server: {room_texts.NO_HTTP}"]
        alice.send("/list\nnext\n")
        assert alice.line() == "Server: no one online"
        assert alice.line() == "alice: next"
