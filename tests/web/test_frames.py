"""WebSocket framing (RFC 6455) against a raw socket: fragments, UTF-8, limits, control frames, closing."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

from tests.web import BINARY, CLOSE, CONTINUED, PING, PONG, TEXT, Frame, WebPeer, WebProgram, close, event, frame, peer

LIMIT = 4 * 4096
"""Bytes in a message."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with WebProgram("--rate", "0", "--quiet") as room:
        yield room.web_port


def says(text: str, ident: int) -> bytes:
    return json.dumps({"type": "say", "id": ident, "text": text}, ensure_ascii=False).encode()


def closed_with(port: int, *sent: bytes) -> Frame:
    """Return the close frame that answers what is `sent`."""
    with WebPeer(port) as web:
        web.send(b"".join(sent))
        return web.closing()


_TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"]), min_size=1, max_size=300).filter(str.strip)


@given(data=st.data(), text=_TEXTS)
def test_a_message_arrives_however_it_is_cut_into_fragments_and_pieces(
    port: int, data: st.DataObject, text: str
) -> None:
    wanted = says(f"say {text}", 1)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wanted)), max_size=6)))
    parts = [wanted[start:end] for start, end in zip([0, *cuts], [*cuts, len(wanted)], strict=True)]
    sent = b""
    pings = 0
    for at, part in enumerate(parts):
        if data.draw(st.booleans()):
            sent += frame(PING, b"%d" % pings)
            pings += 1
        sent += frame(TEXT if at == 0 else CONTINUED, part, fin=at == len(parts) - 1)
    with WebPeer(port) as web:
        web.tell("hello", v=1, name="alice", history=0)
        welcome = web.event()
        assert welcome["type"] == "welcome", welcome
        pieces = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=4)))
        for start, end in zip([0, *pieces], [*pieces, len(sent)], strict=True):
            web.send(sent[start:end])
        got: list[bytes] = []
        pongs: list[bytes] = []
        while not any(b'"ack"' in line or b'"refused"' in line for line in got):
            answer = web.frame()
            if answer.opcode == PONG:
                pongs.append(answer.data)
            else:
                got += answer.data.splitlines()
        assert pongs == [b"%d" % number for number in range(pings)]
        assert [json.loads(line)["text"] for line in got if b'"message"' in line] == [f"say {text}"]
        web.send(close(1000))
        assert web.closing().code == 1000


@given(st.lists(st.sampled_from([b"\n", b"\r\n"]), min_size=1, max_size=5))
def test_a_frame_may_have_several_lines_with_or_without_an_end(port: int, ends: list[bytes]) -> None:
    with WebPeer(port) as web:
        lines = [event("ping") + end for end in ends] + [event("ping")]
        web.send(frame(TEXT, b"".join(lines)))
        assert [web.event() for _ in lines] == [{"type": "pong"}] * len(lines)


@pytest.mark.parametrize("size", [0, 1, 125])
def test_a_ping_is_answered_with_its_own_data(port: int, size: int) -> None:
    with WebPeer(port) as web:
        web.send(frame(PING, b"x" * size))
        assert web.frame() == Frame(PONG, b"x" * size)


def test_a_pong_that_nobody_asked_for_is_ignored(port: int) -> None:
    with WebPeer(port) as web:
        web.send(frame(PONG, b"x") + frame(TEXT, event("ping")))
        assert web.event() == {"type": "pong"}


@pytest.mark.parametrize("size", [125, 126, 65535 // 4])
def test_a_message_may_have_any_length_up_to_the_limit(port: int, size: int) -> None:
    with WebPeer(port) as web:
        web.send(frame(TEXT, event("ping").ljust(size)))
        assert web.event() == {"type": "pong"}


def test_the_limit_is_for_whole_messages(port: int) -> None:
    with WebPeer(port) as web:
        web.send(frame(TEXT, event("ping").ljust(LIMIT)))
        assert web.event() == {"type": "pong"}
    assert closed_with(port, frame(TEXT, event("ping").ljust(LIMIT + 1))).code == 1009
    half = event("ping").ljust(LIMIT // 2)
    assert closed_with(port, frame(TEXT, half, fin=False), frame(CONTINUED, half + b" ")).code == 1009


def test_what_would_be_too_long_is_refused_before_it_is_sent(port: int) -> None:
    assert closed_with(port, frame(TEXT, b"x" * 70_000)[:14]).code == 1009
    assert closed_with(port, b"\x81\xff" + b"\x7f" * 8).code == 1009


def test_why_a_connection_was_closed_is_told_even_if_much_more_comes(port: int) -> None:
    assert closed_with(port, frame(TEXT, b"x" * 1_000_000)).code == 1009


@pytest.mark.parametrize(
    "sent",
    [
        frame(TEXT, event("ping"), masked=False),
        frame(CONTINUED, b"x"),
        frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"),
        frame(TEXT, b"{", fin=False) + frame(BINARY, b"}"),
        frame(PING, b"x" * 126),
        frame(PING, b"x", fin=False),
        frame(CLOSE, b"x" * 126),
        frame(CLOSE, b"x"),
        *[frame(opcode, b"") for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)],
        *[frame(TEXT, b"{}", reserved=bit) for bit in range(1, 8)],
        *[close(code) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000)],
    ],
)
def test_what_breaks_the_protocol_closes_the_connection(port: int, sent: bytes) -> None:
    assert closed_with(port, sent).code == 1002


def test_only_text_is_understood(port: int) -> None:
    assert closed_with(port, frame(BINARY, event("ping"))).code == 1003


@given(st.binary(min_size=1, max_size=20), st.binary(max_size=20), st.integers(0, 20))
def test_text_is_utf_8_and_anything_else_closes_the_connection(port: int, bad: bytes, before: bytes, cut: int) -> None:
    text = before + bad
    try:
        text.decode()
    except UnicodeDecodeError:
        parts = [frame(TEXT, text[:cut], fin=False), frame(CONTINUED, text[cut:])]
        assert closed_with(port, *parts).code == 1007
        assert closed_with(port, frame(TEXT, text)).code == 1007


def test_a_reason_that_is_not_utf_8_closes_the_connection_too(port: int) -> None:
    assert closed_with(port, close(1000, b"\xff")).code == 1007


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1011, 3000, 3999, 4000, 4999])
def test_a_close_is_answered_with_its_code(port: int, code: int) -> None:
    with WebPeer(port) as web:
        web.send(close(code, "goodbye, ü".encode()))
        assert web.frame() == Frame(CLOSE, code.to_bytes(2) + "goodbye, ü".encode())
        assert web.bytes.rest() == b""


def test_a_close_without_a_code_is_answered_without_one(port: int) -> None:
    with WebPeer(port) as web:
        web.send(close(None))
        assert web.frame() == Frame(CLOSE, b"")
        assert web.bytes.rest() == b""


def test_what_comes_after_a_close_is_ignored(port: int) -> None:
    with WebPeer(port) as web:
        web.send(frame(TEXT, event("ping")) + close(1000) + frame(TEXT, event("ping")) + frame(PING, b""))
        assert web.event() == {"type": "pong"}
        assert web.frame().opcode == CLOSE
        assert web.bytes.rest() == b""


def test_messages_before_a_close_are_kept_and_acknowledged_before_it_is_answered(port: int) -> None:
    with peer_at(port, "ann") as web:
        sent = [frame(TEXT, says(f"last word {number}", number)) for number in range(1, 11)]
        web.send(b"".join(sent) + close(1000))
        acks = 0
        while (got := web.frame()).opcode != CLOSE:
            acks += got.data.count(b'"type":"ack"')
        assert acks == 10


def test_messages_before_a_break_of_the_protocol_count(port: int) -> None:
    with peer_at(port, "ben") as web:
        web.send(frame(TEXT, says("before", 1)) + frame(BINARY, b"x"))
        assert web.until("ack")[-1]["id"] == 1
        assert web.closing().code == 1003


def peer_at(port: int, name: str) -> WebPeer:
    web = WebPeer(port)
    web.come_in(name)
    return web


@given(st.lists(st.binary(max_size=40) | st.builds(frame, st.integers(0, 15), st.binary(max_size=200)), max_size=10))
def test_whatever_comes_the_server_closes_properly_or_goes_on(port: int, sent: list[bytes]) -> None:
    with WebPeer(port) as web:
        web.send(b"".join(sent))
        web.socket.shutdown(1)
        while web_has_more(web):
            pass
    with WebPeer(port) as web:
        web.tell("ping")
        assert web.event() == {"type": "pong"}


def web_has_more(web: WebPeer) -> bool:
    got = web.frame()
    if got.opcode == CLOSE:
        assert web.bytes.rest() == b""
        return False
    assert got.opcode in {TEXT, PONG}
    return True


def test_the_same_bytes_go_to_browsers_and_programs() -> None:
    with WebProgram() as room, peer(room, "alice") as alice, room.connect() as program:
        program.send(event("hello", v=1, name="bob") + b"\n")
        assert program.lines.until('"joined"')
        assert alice.until("joined")
        alice.say("hi")
        assert alice.frame().data == program.lines.raw_line() + b"\n"
