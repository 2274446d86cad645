"""What counts as one address."""

import pytest

from asyncchat.log.accounts import Role
from asyncchat.text.networks import network_of
from tests.chat.stored_chat import SECRET, StoredChat


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff:ffff:ffff:ffff", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("2001:db8::/64", "2001:db8::/64"),
        ("::1", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("", ""),
    ],
)
def test_of_ipv6_a_network_counts_and_of_ipv4_an_address(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_guest_who_is_banned_does_not_come_back_from_elsewhere_in_the_network(chat: StoredChat) -> None:
    moderator = chat.owner("mia", role=Role.MODERATOR)
    chat.guest("gus", address="2001:db8::1")
    assert moderator.say("/ban gus 1h")[0].startswith("Server: gus was banned")
    for place in (chat, chat.started_again()):
        assert place.connect("2001:db8::2").say("gus2") == ["Server: you are banned!"]
        assert place.connect("2001:db8::2").say(f"/registration gus2 {SECRET}") == ["Server: you are banned!"]
        assert place.connect("2001:db8:0:1::2").say("gus2", "/list")[-1].startswith("Server: ")
    moderator.say("/unban gus")
    assert chat.connect("2001:db8::2").say("gus3", "here") == ["gus3: here"]
