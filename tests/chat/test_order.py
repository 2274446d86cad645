"""Bans and mutes that hold."""

from asyncchat.log.accounts import Role
from asyncchat.log.bans import Kind, Order, Sentence
from asyncchat.text.usernames import Name

GUEST, HERE = Name("guest", "guest"), "192.0.2.1"


def test_a_ban_and_a_mute_of_one_guest_are_lifted_each_for_itself() -> None:
    order = Order([Sentence(kind, GUEST, HERE, None, Role.MODERATOR) for kind in (Kind.BAN, Kind.MUTE)])
    order.remove(Kind.MUTE, "guest")
    assert order.shuts_out(HERE, 0)
    order.remove(Kind.BAN, "guest")
    assert not order.shuts_out(HERE, 0)
