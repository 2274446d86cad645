"""Lines of IRC, by themselves."""

from hypothesis import given, strategies as st
from irctokens.line import tokenise

from asyncchat.formats.irc.lines import LONGEST, Line, cut, escape, is_too_long, middle, parse, pieces
from tests.chat.irc_people import Irc, irc
from tests.chat.stored_chat import stored_chat

WORDS = st.text(st.sampled_from("abAB#:@!;=\\ \t\x01\x02é李"), max_size=12)
LINES = st.lists(WORDS, max_size=6).map(" ".join)


def test_a_line_has_tags_a_source_a_command_and_parameters() -> None:
    assert parse("@a=1;b;c=x\\sy :bob!b@c privmsg  #lobby :hello  world") == Line(
        "PRIVMSG", ("#lobby", "hello  world"), {"a": "1", "b": "", "c": "x y"}
    )
    assert parse("PING") == Line("PING", (), {})
    assert parse("USER a 0 * :") == Line("USER", ("a", "0", "*", ""), {})
    assert parse("@a=1") is None
    assert parse(":bob") is None
    assert parse("") is None
    assert parse("@a=\\ PING") == Line("PING", (), {"a": ""})


@given(LINES)
def test_lines_are_read_as_others_read_them(raw: str) -> None:
    if not raw.partition(" ")[2 if raw.startswith("@") else 0].strip(" ") and not raw.strip(" "):
        assert parse(raw) is None
        return
    try:
        other = tokenise(raw)
    except (ValueError, IndexError):  # which it raises for lines without a command, too
        assert parse(raw) is None
        return
    mine = parse(raw)
    assert mine
    assert (mine.command, list(mine.params), mine.tags) == (other.command, other.params, other.tags or {})


@given(st.text(st.sampled_from("ab;\\ \r\n:s")))
def test_values_of_tags_come_back(value: str) -> None:
    found = parse(f"@a={escape(value)} PING")
    assert found
    assert found.tags["a"] == value


@given(st.text(), st.integers(4, 40))
def test_pieces_are_the_text(text: str, most: int) -> None:
    found = pieces(text, most)
    assert "".join(found) == text
    assert all(len(piece.encode()) <= most for piece in found)
    assert cut(text, most) == text or len(cut(text, most).encode()) <= most


@given(st.text(max_size=200))
def test_what_is_repeated_is_one_word(text: str) -> None:
    shown = middle(text)
    assert shown
    assert not shown.startswith(":")
    assert not set(shown) & set(" \r\n\0")


def test_how_long_a_line_may_be() -> None:
    assert not is_too_long(b"x" * LONGEST)
    assert is_too_long(b"x" * (LONGEST + 1))
    assert is_too_long(b"@a " + b"x" * (LONGEST + 1))


COMMANDS = """
    CAP NICK USER PASS AUTHENTICATE JOIN PART PRIVMSG NOTICE TOPIC KICK MODE NAMES WHO WHOIS WHOWAS LIST INVITE
    CHATHISTORY AWAY LUSERS MOTD VERSION USERHOST ISON PING PONG OPER KILL
"""
PARAMS = """
    #lobby #ops alice bob * +o +b -b b LS REQ END LATEST AFTER BETWEEN TARGETS msgid=chat-1 timestamp=2026-01-01
    5 PLAIN + :hello Server :/list #
"""
SENT = st.tuples(
    st.sampled_from(COMMANDS.split()),
    st.lists(st.one_of(st.sampled_from(PARAMS.split()), WORDS), max_size=5).map(" ".join),
)


@given(st.lists(SENT, max_size=12), st.booleans())
def test_whatever_is_sent_is_answered_in_whole_lines(lines: list[tuple[str, str]], is_in: bool) -> None:
    with stored_chat() as chat:
        alice = irc(chat, "alice", "labeled-response", "batch", "draft/chathistory") if is_in else Irc(chat)
        bob = irc(chat, "bob")
        for command, params in lines:
            alice.send(f"{command} {params}\r\n")
        for person in (alice, bob):
            data = person.peer.take()
            assert data == b"" or data.endswith(b"\r\n")
            for line in data.decode().split("\r\n")[:-1]:
                bare = line.partition(" ")[2] if line.startswith("@") else line
                assert len(bare.encode()) <= LONGEST
                assert not set(line) & {"\n", "\r", "\0"}
                assert tokenise(line).command


@given(st.lists(st.binary(max_size=60)))
def test_bytes_of_all_kinds_do_no_harm(lines: list[bytes]) -> None:
    with stored_chat() as chat:
        alice = irc(chat, "alice")
        alice.send(b"\n".join([*lines, b"PING end\n"]))
        assert alice.peer.closed or alice.hear()[-1].endswith(":end")
