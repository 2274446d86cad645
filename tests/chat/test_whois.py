"""Who somebody is, and those who are banned when they are not there any more, or by their address."""

import pytest
from hypothesis import given, strategies as st

from asyncchat.chat.recent_guests import REMEMBERED, Guest, RecentGuests
from asyncchat.log.accounts import Role
from asyncchat.text.networks import network_of, network_written
from asyncchat.text.usernames import Name
from tests.chat import Person, a_room
from tests.chat.stored_chat import SECRET, Plain, StoredChat

HERE, THERE, SIX, SIX_TOO = "192.0.2.1", "198.51.100.7", "2001:db8::1", "2001:db8::2:3"
BANNED = "Server: you are banned!"
TIME = "2025-11-22T21:40:00Z"
MINUTE = 60_000


def mo(chat: StoredChat) -> Plain:
    return chat.owner("mo", HERE, role=Role.MODERATOR)


def whois(person: Plain, name: str) -> str:
    (answer,) = person.say(f"/whois {name}")
    return answer.removeprefix("Server: ")


# Who somebody is.


def test_all_are_told_the_role_and_how_long_somebody_has_said_nothing(chat: StoredChat) -> None:
    alice, gus, admin = chat.owner("alice"), chat.guest("gus"), chat.owner("admin", role=Role.ADMIN)
    assert whois(alice, "GUS") == "gus: guest, online"
    assert whois(gus, "alice") == "alice: registered, online"
    chat.time += 5 * MINUTE
    assert whois(gus, "alice") == "alice: registered, online, idle for 5m"
    assert whois(gus, "gus") == "gus: guest, online"
    chat.time += 50 * 60 * MINUTE
    assert whois(alice, "admin") == "admin: registered, admin, online, idle for 2d"
    admin.say("hello")
    assert whois(alice, "admin") == "admin: registered, admin, online"


def test_a_program_that_is_only_asked_whether_it_lives_says_nothing(chat: StoredChat) -> None:
    bot, gus = chat.program("bot"), chat.guest("gus")
    chat.time += 5 * MINUTE
    bot.tell("pong")
    assert whois(gus, "bot") == "bot: guest, online, idle for 5m"
    bot.say("hello")
    assert whois(gus, "bot")[-6:] == "online"


def test_moderators_are_told_the_address_since_when_and_what_it_speaks_too(chat: StoredChat) -> None:
    moderator = mo(chat)
    chat.guest("gus", THERE)
    chat.program("bot")
    assert whois(moderator, "gus") == f"gus: guest, online, since {TIME}, from {THERE}, plain text"
    chat.time += 60 * MINUTE
    assert whois(moderator, "bot") == f"bot: guest, online, idle for 1h, since {TIME}, from {HERE}, JSON"


def test_a_program_gets_the_times_as_times(chat: StoredChat) -> None:
    chat.owner("alice").say("/exit")
    assert chat.program("bot").say("/whois alice")[0]["times"] == [TIME]


def test_who_is_not_there_was_seen_last_when_he_left_or_came(chat: StoredChat) -> None:
    alice, gus = chat.owner("alice"), chat.guest("gus")
    chat.time += MINUTE
    alice.say("/exit")
    chat.guest("eve", THERE).say("/exit")
    later = TIME.replace("40", "41")
    assert whois(gus, "alice") == f"alice: registered, not online, last seen {later}"
    assert whois(gus, "eve") == f"eve: guest, not online, last seen {later}"
    assert whois(mo(chat), "eve") == f"eve: guest, not online, last seen {later}, from {THERE}"
    again = chat.started_again()
    assert whois(again.guest("gus"), "alice") == f"alice: registered, not online, last seen {later}"
    assert again.guest("fay").say("/whois eve") == ["Server: eve is not online, and not registered."]


def test_who_was_never_seen_is_registered_all_the_same(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    assert alice.session.user.account
    account = alice.session.user.account
    alice.say("/exit")
    account.seen = None
    assert whois(chat.guest("gus"), "alice") == "alice: registered, not online"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/whois", "the name is missing: write /whois NAME"),
        ("/whois nobody", "nobody is not online, and not registered."),
        ("/whois no:body", "no:body is not online, and not registered."),
    ],
)
def test_who_is_not_known_is_said_to_be(chat: StoredChat, line: str, answer: str) -> None:
    assert chat.guest("gus").say(line) == [f"Server: {answer}"]


def test_without_a_store_it_is_known_who_is_and_was_there() -> None:
    room = a_room()
    one, two = Person(room), None
    one.send("one\n")
    two = Person(one.session.core)
    two.send("two\n/exit\n")
    one.hear()
    one.send("/whois one\n/whois two\n")
    assert one.hear() == [
        "Server: one: guest, online",
        "Server: two: guest, not online, last seen 1970-01-01T00:00:00Z",
    ]


def test_the_last_guests_are_remembered() -> None:
    departed = RecentGuests()
    names = [Name(f"guest{number}", f"guest{number}") for number in range(REMEMBERED + 1)]
    for time, name in enumerate([names[0], *names]):
        departed.add(Guest(name, HERE, time))
    assert departed.find(names[0]) is None
    assert departed.find(names[1]) == Guest(names[1], HERE, 2)


def test_many_guests_from_one_network_displace_no_guest_from_another() -> None:
    departed, names = RecentGuests(), [Name(f"guest{number}", f"guest{number}") for number in range(3 * REMEMBERED)]
    departed.add(Guest(names[0], THERE, 0))
    for number, name in enumerate(names[1:], 1):
        departed.add(Guest(name, f"2001:db8::{number:x}", number))
    assert departed.find(names[0])
    assert [departed.find(name) is not None for name in (names[-REMEMBERED], names[1 - REMEMBERED])] == [False, True]


def test_of_networks_with_as_many_guests_the_oldest_is_forgotten_first() -> None:
    departed, names = RecentGuests(), [Name(f"guest{number}", f"guest{number}") for number in range(REMEMBERED + 1)]
    for number, name in enumerate(names):
        departed.add(Guest(name, f"10.0.{number // 256}.{number % 256}", number))
    assert [departed.find(name) is not None for name in names[:2]] == [False, True]


# Banned when they have left, or by their address.


def test_a_guest_who_has_just_left_is_banned_with_the_address(chat: StoredChat) -> None:
    moderator = mo(chat)
    chat.guest("troll", THERE).say("/exit")
    assert moderator.say("/ban Troll 1h")[0].startswith("Server: troll was banned until ")
    assert chat.connect(THERE).say("other") == [BANNED]
    assert chat.connect(HERE).say("troll") == [BANNED]
    assert moderator.say("/unban troll") == ["Server: troll is no longer banned!"]
    assert chat.guest("other", THERE).name == "other"


def test_a_guest_who_has_another_name_now_has_left_with_the_one_before(chat: StoredChat) -> None:
    moderator, troll = mo(chat), chat.guest("troll", THERE)
    troll.say("/register second longenough", "/name second")
    moderator.say("/ban troll")
    assert troll.say("hello") == ["second: hello"]
    assert chat.connect(THERE).say("third") == [BANNED]


def test_an_account_that_has_the_name_by_now_is_banned_without_the_address_of_the_guest_before(
    chat: StoredChat,
) -> None:
    moderator = mo(chat)
    chat.guest("bob", THERE).say("/exit")
    chat.owner("bob", SIX).say("/exit")
    moderator.say("/ban bob")
    assert chat.guest("other", THERE).name == "other"


@pytest.mark.parametrize(
    ("written", "network", "banned", "free"),
    [
        (THERE, THERE, THERE, HERE),
        (f"{THERE}/32", THERE, THERE, HERE),
        (f"::ffff:{THERE}", THERE, THERE, HERE),
        (SIX, "2001:db8::/64", SIX_TOO, HERE),
        ("2001:DB8::/64", "2001:db8::/64", SIX_TOO, "2001:db8:0:1::1"),
    ],
)
def test_an_address_is_banned_for_guests(chat: StoredChat, written: str, network: str, banned: str, free: str) -> None:
    moderator = mo(chat)
    guest, other = chat.guest("guest", banned), chat.guest("other", free)
    alice = chat.owner("alice", banned)
    assert moderator.say(f"/ban {written}") == [f"Server: {network} was banned!"]
    assert guest.hear()[-1] == BANNED
    assert chat.connect(banned).say("another", f"/register another {SECRET}") == [BANNED] * 2
    assert other.say("hello")[-1] == "other: hello"
    assert alice.say("hello")[-1] == "alice: hello"  # who has an account stays, and comes in
    alice.say("/exit")
    assert chat.owner("alice", banned).session.user.account
    again = chat.started_again()
    moderator = again.owner("mo", HERE, role=Role.MODERATOR)
    assert moderator.say("/bans") == [f"Server: banned: {network}"]
    assert again.connect(banned).say("another") == [BANNED]
    assert moderator.say(f"/unban {written}", "/bans") == [
        f"Server: {network} is no longer banned!",
        "Server: no one banned",
    ]
    assert again.guest("another", banned).name == "another"


def test_addresses_and_names_are_banned_side_by_side_and_for_a_time(chat: StoredChat) -> None:
    moderator = mo(chat)
    chat.guest("troll", THERE)
    moderator.say("/ban troll", f"/ban {SIX} 1h", "/ban 203.0.113.9")
    assert moderator.say("/bans") == ["Server: banned: 2001:db8::/64 (until 2025-11-22T22:40:00Z), 203.0.113.9, troll"]
    chat.time += 61 * MINUTE
    assert chat.guest("guest", SIX).name == "guest"


def test_no_lower_role_lifts_what_the_admin_has_banned(chat: StoredChat) -> None:
    moderator, admin = mo(chat), chat.owner("admin", role=Role.ADMIN)
    admin.say(f"/ban {THERE}")
    assert moderator.say(f"/unban {THERE}") == ["Server: only the admin can change this ban!"]


def test_an_address_is_not_muted_and_nobody_is_called_like_one(chat: StoredChat) -> None:
    moderator = mo(chat)
    assert moderator.say(f"/mute {THERE}", f"/kick {THERE}") == ["Server: the user is not online!"] * 2
    said = "Server: this name can't be used: it looks like an address. Choose another one."
    assert chat.connect().say(THERE, f"/register {THERE} {SECRET}") == [said] * 2


@pytest.mark.parametrize("text", ["", "bob", "1.2.3", "1.2.3.4/24", "1.2.3.4/", "::1/128", "fe80::/10", "1" * 1000])
def test_what_is_no_address_is_none(text: str) -> None:
    assert network_written(text) is None


@given(st.ip_addresses())
def test_an_address_is_written_as_the_server_sees_it(address: object) -> None:
    network = network_written(str(address))
    assert network
    if not network.count("."):  # an IPv4 address may be written as one of IPv6
        assert network == network_of(str(address))
    assert network_written(network) == network
