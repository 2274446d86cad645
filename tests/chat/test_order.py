"""Bans and mutes that hold."""

from asyncchat.log.accounts import Role
from asyncchat.log.restrictions import Restriction, RestrictionKind, Restrictions
from asyncchat.text.usernames import Name

GUEST, HERE = Name("guest", "guest"), "192.0.2.1"


def test_a_ban_and_a_mute_of_one_guest_are_lifted_each_for_itself() -> None:
    order = Restrictions(
        [Restriction(kind, GUEST, HERE, None, Role.MODERATOR) for kind in (RestrictionKind.BAN, RestrictionKind.MUTE)]
    )
    order.remove(RestrictionKind.MUTE, "guest")
    assert order.is_address_banned(HERE, 0)
    order.remove(RestrictionKind.BAN, "guest")
    assert not order.is_address_banned(HERE, 0)
