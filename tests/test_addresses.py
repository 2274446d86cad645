"""HOST:PORT, and the sockets that listen there."""

import errno
import socket

import pytest

from asyncchat.errors import ChatError
from asyncchat.system.addresses import (
    Address,
    host_of_peer,
    listen,
    of_socket,
    parse_address,
    parse_port,
    reason,
    unreachable,
)


@pytest.mark.parametrize(("text", "port"), [("1", 1), ("23456", 23456), ("65535", 65535), ("00080", 80)])
def test_a_port_is_a_number(text: str, port: int) -> None:
    assert parse_port(text) == port


@pytest.mark.parametrize(
    "text", ["", "0", "65536", "-1", "+1", " 1", "1 ", "1_0", "1.0", "0x10", "http", "\u0661", "\u00b2"]
)
def test_anything_else_is_no_port(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a port; write a number from 1 to 65535$"):
        parse_port(text)


def test_port_0_is_taken_where_the_system_may_choose() -> None:
    assert parse_port("0", least=0) == 0


def test_the_least_port_is_named_to_whoever_missed_it() -> None:
    with pytest.raises(ValueError, match=r"^'x' is not a port; write a number from 0 to 65535$"):
        parse_port("x", least=0)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("chat.example", "chat.example", None),
        ("chat.example:7", "chat.example", 7),
        ("127.0.0.1", "127.0.0.1", None),
        ("127.0.0.1:65535", "127.0.0.1", 65535),
        ("::1", "::1", None),
        ("::", "::", None),
        ("fe80::1%eth0", "fe80::1%eth0", None),
        ("[::1]", "::1", None),
        ("[::1]:7", "::1", 7),
        ("[chat.example]:7", "chat.example", 7),
        (":7", "127.0.0.1", 7),
    ],
)
def test_an_address_is_a_host_and_maybe_a_port(text: str, host: str, port: int | None) -> None:
    assert parse_address(text) == (host, port)


@pytest.mark.parametrize("text", ["", "[]", "[]:7"])
def test_an_address_has_a_host(text: str) -> None:
    with pytest.raises(ValueError, match=r"has no host; write HOST:PORT$"):
        parse_address(text)


@pytest.mark.parametrize("text", ["[::1", "[::1]7", "[", "[::1]]:7"])
def test_a_bracket_is_closed_and_only_a_port_follows(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not an address; write \[HOST\]:PORT$"):
        parse_address(text)


@pytest.mark.parametrize("text", ["host:0", "host:x", "host:65536", ":x", "[::1]:x", "[::1]:7:7"])
def test_the_port_of_an_address_is_a_port(text: str) -> None:
    with pytest.raises(ValueError, match="is not a port"):
        parse_address(text)


@pytest.mark.parametrize(
    ("address", "written"),
    [
        (Address("127.0.0.1", 7), "127.0.0.1:7"),
        (Address("chat.example", 7), "chat.example:7"),
        (Address("::1", 7), "[::1]:7"),
    ],
)
def test_an_address_is_written_so_that_it_can_be_read_again(address: Address, written: str) -> None:
    assert str(address) == written
    assert parse_address(written) == address


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "[Errno 111] Connect call failed"), "connection refused"),
        (OSError(errno.ENETUNREACH, "whatever"), "network is unreachable"),
        (TimeoutError(), "no answer in time"),
        (TimeoutError(errno.ETIMEDOUT, "Connection timed out"), "no answer in time"),
        (OSError("Multiple exceptions"), "Multiple exceptions"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "no such host"),
        (
            socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
            "Temporary failure in name resolution",
        ),
        (UnicodeError("label empty or too long"), "no such host"),
    ],
)
def test_an_error_of_the_network_is_said_in_a_few_words(error: OSError | UnicodeError, said: str) -> None:
    assert reason(error) == said


def test_somebody_who_cant_connect_is_told_where_and_why_and_what_to_do() -> None:
    error = unreachable(Address("::1", 7), ConnectionRefusedError(errno.ECONNREFUSED, "refused"))
    assert str(error) == (
        "can't reach [::1]:7: connection refused. Is a server running there? `asyncchat serve` starts one."
    )


def close(listeners: list[socket.socket]) -> None:
    for listener in listeners:
        listener.close()


def connects(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port)).close()
    except OSError:
        return False
    return True


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


def test_listens_where_it_is_told() -> None:
    listeners = listen(["127.0.0.1"], 0)
    try:
        [address] = [of_socket(listener) for listener in listeners]
        assert address.host == "127.0.0.1"
        assert connects(*address)
    finally:
        close(listeners)


def test_the_port_that_the_system_chooses_is_the_same_at_each_address() -> None:
    listeners = listen(["127.0.0.1", "127.0.0.2"], 0)
    try:
        first, second = (of_socket(listener) for listener in listeners)
        assert first.port == second.port != 0
    finally:
        close(listeners)


@needs_ipv6
def test_the_ipv6_address_of_everything_takes_ipv4_too() -> None:
    listeners = listen(["::"], 0)
    try:
        port = of_socket(listeners[0]).port
        assert connects("127.0.0.1", port)
        assert connects("::1", port)
    finally:
        close(listeners)


@needs_ipv6
def test_another_ipv6_address_takes_ipv6_only() -> None:
    listeners = listen(["::1"], 0)
    try:
        address = of_socket(listeners[0])
        assert connects(*address)
        assert not connects("127.0.0.1", address.port)
    finally:
        close(listeners)


@needs_ipv6
def test_both_addresses_of_everything_can_be_listened_at_together() -> None:
    listeners = listen(["0.0.0.0", "::"], 0)
    try:
        port = of_socket(listeners[0]).port
        assert connects("127.0.0.1", port)
        assert connects("::1", port)
    finally:
        close(listeners)


def test_an_address_that_is_in_use_is_said_with_what_to_do() -> None:
    [listener] = listen(["127.0.0.1"], 0)
    try:
        port = of_socket(listener).port
        with pytest.raises(ChatError) as failed:
            listen(["127.0.0.1"], port)
        assert str(failed.value) == (
            f"can't listen at 127.0.0.1, port {port}: address already in use. Choose another --host or --port."
        )
    finally:
        listener.close()


def test_the_option_that_has_the_port_is_named() -> None:
    [listener] = listen(["127.0.0.1"], 0)
    with listener, pytest.raises(ChatError, match=r"in use\. Choose another --web\.$"):
        listen(["127.0.0.1"], of_socket(listener).port, "--web")


def test_a_name_that_no_host_can_have_is_said() -> None:
    with pytest.raises(ChatError, match=r"^can't listen at x{64}, port 0: no such host\. "):
        listen(["x" * 64], 0)


def test_listens_nowhere_if_it_cant_listen_everywhere() -> None:
    [probe] = listen(["127.0.0.1"], 0)
    port = of_socket(probe).port
    probe.close()
    with pytest.raises(ChatError):
        listen(["127.0.0.1", "x" * 64], port)
    assert not connects("127.0.0.1", port)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system has no such option")
def test_what_is_accepted_notices_peers_that_are_gone_without_a_word() -> None:
    (listener,) = listen(["127.0.0.1"], 0)
    with listener, socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        options = [socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT]
        assert [accepted.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [60, 10, 3, 30_000]


@pytest.mark.parametrize(
    ("place", "host"),
    [
        (("192.0.2.1", 4000), "192.0.2.1"),
        (("::ffff:192.0.2.1", 4000, 0, 0), "192.0.2.1"),
        (("2001:db8::1", 4000, 0, 0), "2001:db8::1"),
        (("fe80::1%eth0", 4000, 0, 2), "fe80::1%eth0"),
        (None, ""),
    ],
)
def test_a_peer_is_in_one_place_whatever_socket_it_came_by(place: tuple[object, ...] | None, host: str) -> None:
    assert host_of_peer(place) == host
