"""Who may come in."""

import pytest

from asyncchat.aio.server.connection_limits import FULL, TOO_MANY, ConnectionLimiter


def test_one_address_may_have_only_so_many_connections_and_others_come_in() -> None:
    door = ConnectionLimiter(max_connections=100, max_per_address=2)
    for _ in range(2):
        assert door.refusal("192.0.2.1") is None
        door.enter("192.0.2.1")
    assert door.refusal("192.0.2.1") == TOO_MANY
    assert door.refusal("192.0.2.2") is None


def test_a_place_is_free_again_when_somebody_leaves() -> None:
    door = ConnectionLimiter(max_connections=1, max_per_address=1)
    door.enter("192.0.2.1")
    assert door.refusal("192.0.2.2") == FULL
    door.leave("192.0.2.1")
    assert door.refusal("192.0.2.1") is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1"])
def test_loopback_has_no_limit_of_its_own(host: str) -> None:
    door = ConnectionLimiter(max_connections=100, max_per_address=1)
    door.enter(host)
    assert door.refusal(host) is None


def test_zero_is_no_limit_for_an_address() -> None:
    door = ConnectionLimiter(max_connections=100, max_per_address=0)
    for _ in range(50):
        door.enter("192.0.2.1")
    assert door.refusal("192.0.2.1") is None


def test_a_network_of_ipv6_is_one_address() -> None:
    door = ConnectionLimiter(max_connections=100, max_per_address=2)
    for host in ("2001:db8::1", "2001:db8::ffff:1"):
        door.enter(host)
    assert door.refusal("2001:db8:0:0:abcd::2") == TOO_MANY
    assert door.refusal("2001:db8:0:1::2") is None
    door.leave("2001:db8::1")
    assert door.refusal("2001:db8:0:0:abcd::2") is None
