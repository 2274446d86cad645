"""Order in the room."""

import pytest

from asyncchat.log.accounts import Role
from asyncchat.log.restrictions import Restriction, RestrictionKind, Restrictions, parse_duration
from asyncchat.text.usernames import parse_name
from tests.chat import record
from tests.chat.stored_chat import SECRET, StoredChat

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"
BANNED = "Server: you are banned!"
KICKED = "Server: you have been kicked out of the server!"
MINUTE = 60_000


# Who may.


@pytest.mark.parametrize("command", ["/kick", "/ban", "/unban", "/bans", "/mute", "/unmute", "/audit"])
@pytest.mark.parametrize("role", [Role.GUEST, Role.REGISTERED])
def test_only_moderators_and_the_admin_keep_order(chat: StoredChat, command: str, role: Role) -> None:
    person = chat.owner("alice") if role else chat.guest("alice")
    assert person.say(f"{command} bob") == ["Server: you are not a moderator or an admin!"]


@pytest.mark.parametrize("command", ["/grant", "/revoke"])
@pytest.mark.parametrize("role", [Role.GUEST, Role.REGISTERED, Role.MODERATOR])
def test_only_the_admin_makes_moderators(chat: StoredChat, command: str, role: Role) -> None:
    person = chat.owner("alice", role=role) if role else chat.guest("alice")
    assert person.say(f"{command} bob") == ["Server: you are not an admin!"]


@pytest.mark.parametrize("command", ["kick", "ban", "mute"])
def test_nobody_does_it_to_the_admin_and_only_the_admin_to_moderators(chat: StoredChat, command: str) -> None:
    admin = chat.owner("admin", role=Role.ADMIN)
    one, other = (chat.owner(name, role=Role.MODERATOR) for name in ("one", "other"))
    assert one.say(f"/{command} admin", f"/{command} other", f"/{command} ONE") == [
        f"Server: nobody can {command} the admin!",
        f"Server: only the admin can {command} a moderator!",
        f"Server: you can't {command} yourself!",
    ]
    assert admin.say(f"/{command} admin") == [f"Server: you can't {command} yourself!"]
    assert other.hear() == []
    assert admin.say(f"/{command} other")[0].startswith("Server: other was ")


# Moderators.


def test_the_admin_makes_and_unmakes_a_moderator(chat: StoredChat) -> None:
    admin, bob = chat.owner("admin", role=Role.ADMIN), chat.owner("bob")
    assert admin.say("/grant BOB", "/grant bob") == [
        "Server: bob is the new moderator!",
        "Server: this user is already a moderator!",
    ]
    assert bob.hear() == ["Server: you are the new moderator now!"]
    assert bob.session.user.role == Role.MODERATOR
    assert admin.say("/revoke bob", "/revoke bob") == [
        "Server: bob is no longer a moderator!",
        "Server: this user is not a moderator!",
    ]
    assert bob.hear() == ["Server: you are no longer a moderator!"]
    assert bob.say("/kick admin") == ["Server: you are not a moderator or an admin!"]


def test_somebody_who_is_away_can_be_made_a_moderator(chat: StoredChat) -> None:
    admin = chat.owner("admin", role=Role.ADMIN)
    chat.owner("bob").say("/exit")
    assert admin.say("/grant bob") == ["Server: bob is the new moderator!"]
    assert chat.core.role_of(admin.session.user.name) == Role.ADMIN  # type: ignore[arg-type]


def test_a_program_is_told_its_role(chat: StoredChat) -> None:
    admin, bob = chat.owner("admin", role=Role.ADMIN), chat.own_program("bob")
    admin.say("/grant bob")
    assert bob.hear() == [
        {"type": "notice", "text": "you are the new moderator now!"},
        {"type": "you", "name": "bob", "role": "moderator"},
    ]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/grant", "the name is missing: write /grant NAME"),
        ("/revoke", "the name is missing: write /revoke NAME"),
        ("/kick", "the name is missing: write /kick NAME"),
        ("/ban", "the name is missing: write /ban NAME, or /ban NAME 12h"),
        ("/mute", "the name is missing: write /mute NAME, or /mute NAME 12h"),
        ("/unban", "the name is missing: write /unban NAME"),
        ("/grant nobody", "the user is not online!"),
        ("/revoke no:body", "the user is not online!"),
        ("/grant gus", "gus is a guest, who has to write /register PASSWORD first!"),
        ("/kick nobody", "the user is not online!"),
        ("/kick no:body", "the user is not online!"),
        ("/kick away", "the user is not online!"),
        ("/ban nobody", "the user is not online!"),
        ("/ban gus soon", "soon is no duration: write something like 30m, 12h or 7d, or nothing."),
        ("/ban gus 0d", "0d is no duration: write something like 30m, 12h or 7d, or nothing."),
        ("/unban gus", "this user is not banned! Write /bans to see who is."),
        ("/unban g:us", "this user is not banned! Write /bans to see who is."),
        ("/unmute gus", "this user is not muted!"),
        ("/bans", "no one banned"),
        ("/audit", "nothing was done yet"),
    ],
)
def test_what_is_not_right_is_answered_with_what_to_write(chat: StoredChat, line: str, answer: str) -> None:
    admin = chat.owner("admin", role=Role.ADMIN)
    chat.owner("away").say("/exit")
    chat.guest("gus")
    assert admin.say(line) == [f"Server: {answer}"]


# Kicks.


def test_a_guest_who_is_kicked_stays_out_for_five_minutes_by_name_and_by_address(chat: StoredChat) -> None:
    admin, bob = chat.owner("admin", ELSEWHERE, role=Role.ADMIN), chat.guest("bob", HERE)
    assert admin.say("/kick bob") == ["Server: bob was kicked!"]
    assert bob.hear() == [KICKED]
    assert bob.peer.closed
    assert chat.connect(HERE).say("bob", "bob2", f"/register bob2 {SECRET}") == [BANNED] * 3
    assert chat.connect(ELSEWHERE).say("bob", "BOB", f"/register bob {SECRET}") == [BANNED] * 3
    assert chat.connect(ELSEWHERE).say("carol", "hello") == ["carol: hello"]
    chat.time += 5 * MINUTE - 1
    assert chat.connect(HERE).say("bob2") == [BANNED]
    chat.time += 1
    assert chat.connect(HERE).say("bob", "back") == ["carol: hello", "bob: back"]


def test_an_account_that_is_kicked_stays_out_wherever_it_comes_from_but_its_address_does_not(chat: StoredChat) -> None:
    admin = chat.owner("admin", ELSEWHERE, role=Role.ADMIN)
    bob = chat.owner("bob", HERE)
    admin.say("/kick bob")
    assert bob.hear() == [KICKED]
    assert chat.connect(ELSEWHERE).say(f"/auth bob {SECRET}") == [BANNED]
    assert chat.connect(HERE).say("carol", "hello") == ["carol: hello"]


def test_whoever_has_an_account_comes_in_from_an_address_from_which_guests_do_not(chat: StoredChat) -> None:
    admin = chat.owner("admin", ELSEWHERE, role=Role.ADMIN)
    chat.owner("alice").say("/exit")
    chat.guest("bob", HERE)
    admin.say("/kick bob")
    assert chat.connect(HERE).say(f"/auth alice {SECRET}") == ["Server: you are authorized successfully!"]


def test_others_see_only_that_somebody_has_left(chat: StoredChat) -> None:
    admin, carol = chat.owner("admin", role=Role.ADMIN), chat.own_program("carol")
    chat.guest("bob")
    carol.hear()
    events = record(chat.pipeline)
    admin.say("/kick bob")
    assert [event["type"] for event in carol.hear()] == ["left"]
    assert [type(event).__name__ for event in events] == ["Removed", "Left"]


def test_a_program_that_is_kicked_can_not_come_back_by_its_token(chat: StoredChat) -> None:
    admin, bob, gus = chat.owner("admin", role=Role.ADMIN), chat.own_program("bob"), chat.program("gus")
    gus.hear()
    admin.say("/kick bob", "/kick gus")
    assert (
        gus.hear("bye") == bob.hear("bye") == [{"type": "bye", "text": KICKED.removeprefix("Server: "), "code": "out"}]
    )
    for name, token in (("bob", bob.token), ("gus", gus.token), ("gus2", "")):
        assert chat.stranger().hello(name, token=token, epoch="chat")["code"] == "banned"
    assert chat.stranger().hello("bob", password=SECRET)["code"] == "banned"
    assert chat.stranger().hello("bob2", password=SECRET, register=True)["code"] == "banned"


def test_whoever_comes_back_while_the_kick_is_kept_is_put_out_too(chat: StoredChat) -> None:
    admin, bob, gus = chat.owner("admin", role=Role.ADMIN), chat.own_program("bob"), chat.program("gus")
    for name, before in (("bob", bob), ("gus", gus)):
        chat.log.is_slow = True
        admin.say(f"/kick {name}")
        again = chat.program(name, token=before.token, epoch="chat")
        again.hear()
        chat.log.keep()
        assert [event["code"] for event in again.hear("bye")] == ["out"]
        assert name not in chat.core.online


def test_a_guest_who_is_banned_does_not_come_back_by_a_connection_that_is_still_there(chat: StoredChat) -> None:
    gus = chat.program("gus")
    chat.core.restrictions.add(Restriction(RestrictionKind.BAN, parse_name("gus"), "", None, Role.ADMIN))
    assert chat.stranger().hello("gus", token=gus.token, epoch="chat")["code"] == "banned"


def test_a_guest_who_is_in_stays_though_another_from_there_was_kicked(chat: StoredChat) -> None:
    admin, gus = chat.owner("admin", role=Role.ADMIN), chat.program("gus")
    chat.guest("bob")
    admin.say("/kick bob")
    assert gus.say("hello")[-1]["type"] == "ack"
    assert chat.program("gus", token=gus.token, epoch="chat")  # in the place of a connection that may be dead


@pytest.mark.parametrize("token", ["", "made up", "its own"])
def test_no_token_opens_an_address_from_which_nobody_may_come_in(chat: StoredChat, token: str) -> None:
    admin, gus = chat.owner("admin", role=Role.ADMIN), chat.program("gus")
    admin.say("/kick gus")
    chat.attend(gus.session)
    shown = gus.token if token == "its own" else token
    back = chat.stranger()
    assert back.hello("gus2", token=shown, epoch="chat")["code"] == "banned"


def test_whoever_is_kicked_while_the_password_is_hashed_stays_out(chat: StoredChat) -> None:
    admin = chat.owner("admin", role=Role.ADMIN)
    chat.owner("bob").say("/exit")
    late = chat.connect()
    late.session.receive([f"/auth bob {SECRET}".encode()])
    admin.say("/ban bob")
    chat.attend(late.session)
    assert late.hear() == [BANNED]


def test_whoever_gives_up_the_name_while_somebody_shows_the_password_takes_it_along(chat: StoredChat) -> None:
    bob, late = chat.owner("bob"), chat.connect()
    late.session.receive([f"/auth bob {SECRET}".encode()])
    bob.say(f"/unregister {SECRET}")
    assert late.session.pending_request is not None
    late.session.resume(None)
    assert late.hear() == ["Server: incorrect login!"]


# Bans.


def test_a_ban_lasts_until_it_is_lifted(chat: StoredChat) -> None:
    admin, bob = chat.owner("admin", ELSEWHERE, role=Role.ADMIN), chat.owner("bob")
    assert admin.say("/ban BOB", "/bans") == ["Server: bob was banned!", "Server: banned: bob"]
    assert bob.hear() == [BANNED]
    chat.time += 1000 * 24 * 60 * MINUTE
    assert chat.connect().say(f"/auth bob {SECRET}") == [BANNED]
    assert admin.say("/unban bob", "/bans") == ["Server: bob is no longer banned!", "Server: no one banned"]
    assert chat.connect().say(f"/auth bob {SECRET}") == ["Server: you are authorized successfully!"]


def test_a_ban_may_have_an_end(chat: StoredChat) -> None:
    admin = chat.owner("admin", ELSEWHERE, role=Role.ADMIN)
    chat.guest("bob")
    chat.owner("away").say("/exit")
    assert admin.say("/ban bob 30m", "/ban away 2h", "/bans") == [
        "Server: bob was banned until 2025-11-22T22:10:00Z!",
        "Server: away was banned until 2025-11-22T23:40:00Z!",
        "Server: banned: away (until 2025-11-22T23:40:00Z), bob (until 2025-11-22T22:10:00Z)",
    ]
    chat.time += 30 * MINUTE
    assert admin.say("/bans") == ["Server: banned: away (until 2025-11-22T23:40:00Z)"]
    assert chat.connect().say("bob", "hello") == ["bob: hello"]


def test_whoever_was_kicked_can_be_banned_and_the_address_with_the_name(chat: StoredChat) -> None:
    admin = chat.owner("admin", ELSEWHERE, role=Role.ADMIN)
    chat.guest("bob", HERE)
    assert admin.say("/kick bob", "/ban bob 2h")[-1] == "Server: bob was banned until 2025-11-22T23:40:00Z!"
    chat.time += 60 * MINUTE
    assert chat.connect(HERE).say("carol") == [BANNED]
    assert chat.connect(ELSEWHERE).say("bob") == [BANNED]


def test_two_bans_from_one_address_are_lifted_one_by_one(chat: StoredChat) -> None:
    admin = chat.owner("admin", ELSEWHERE, role=Role.ADMIN)
    one, two = chat.guest("one"), chat.guest("two")
    admin.say("/ban one", "/ban two", "/unban one")
    assert one.peer.closed
    assert two.peer.closed
    assert chat.connect().say("three") == [BANNED]
    admin.say("/unban two")
    assert chat.connect().say("three", "hello") == ["three: hello"]


def test_what_could_not_be_kept_is_not_done(chat: StoredChat) -> None:
    admin, bob = chat.owner("admin", role=Role.ADMIN), chat.guest("bob")
    chat.is_broken = True
    full = "Server: this can't be done: the disk is full."
    assert admin.say("/kick bob", "/mute bob", "/topic hello", "/grant admin") == [
        full,
        full,
        full,
        "Server: this user is already a moderator!",
    ]
    assert admin.say("/audit") == ["Server: this can't be done: the disk has an error."]
    chat.is_broken = False
    assert bob.say("hello") == ["bob: hello"]


# Mutes, the topic, and what was done.


def test_whoever_is_muted_says_nothing_in_the_room_and_may_write_to_one_alone(chat: StoredChat) -> None:
    admin, bob = chat.owner("admin", role=Role.ADMIN), chat.owner("bob")
    assert admin.say("/mute bob 1h", "/mute bob") == [
        "Server: bob was muted until 2025-11-22T22:40:00Z!",
        "Server: bob was muted!",
    ]
    assert bob.say("hello", "//hello", "/list", "/msg admin please") == [
        "Server: your line was not sent: you are muted!",
        "Server: your line was not sent: you are muted!",
        "Server: online: admin",
        "Server: sent to admin",
    ]
    assert admin.say("/unmute bob") == ["Server: bob is no longer muted!"]
    assert bob.say("hello") == ["bob: hello"]


def test_a_program_that_is_muted_is_refused(chat: StoredChat) -> None:
    admin, bob = chat.owner("admin", role=Role.ADMIN), chat.program("bob")
    admin.say("/mute bob")
    assert bob.say("hello")[0]["code"] == "muted"


def test_a_moderator_sets_the_topic_and_everybody_can_see_it(chat: StoredChat) -> None:
    moderator, bob, bot = chat.owner("mo", role=Role.MODERATOR), chat.guest("bob"), chat.program("bot")
    bot.hear()
    assert bob.say("/topic", "/topic mine") == [
        "Server: there is no topic",
        "Server: you are not a moderator or an admin!",
    ]
    assert moderator.say("/topic the build") == ["Server: the topic is: the build"]
    assert bob.say("/topic") == ["Server: the topic is: the build"]
    assert bot.hear() == [{"type": "topic", "text": "the build"}]
    assert chat.stranger().hello("new")["topic"] == "the build"


def test_each_act_is_written_down(chat: StoredChat) -> None:
    admin = chat.owner("admin", ELSEWHERE, role=Role.ADMIN)
    chat.owner("mo")
    chat.guest("bob")
    acts = ["/grant mo", "/kick bob", "/mute mo 1d", "/unmute mo", "/ban mo", "/unban mo", "/topic x y", "/revoke mo"]
    admin.say(*acts)
    at = "Server: 2025-11-22T21:40:00Z admin:"
    assert admin.say("/audit") == [
        f"{at} grant mo",
        f"{at} kick bob (until 2025-11-22T21:45:00Z)",
        f"{at} mute mo (until 2025-11-23T21:40:00Z)",
        f"{at} unmute mo",
        f"{at} ban mo",
        f"{at} unban mo",
        f"{at} topic x y",
        f"{at} revoke mo",
    ]


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("90s", 90_000), ("30m", 1_800_000), ("12h", 43_200_000), ("7d", 604_800_000)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize("text", ["", "1", "h", "0m", "-1h", "1w", "1 h", "1.5h", "١h", "9999999d", "1h "])
def test_anything_else_is_none(text: str) -> None:
    assert parse_duration(text) is None


def test_sentences_are_known_from_the_start() -> None:
    order = Restrictions(
        [
            Restriction(RestrictionKind.BAN, parse_name("bob"), HERE, None, Role.ADMIN),
            Restriction(RestrictionKind.MUTE, parse_name("carol"), "", 5, Role.ADMIN),
        ]
    )
    assert order.is_address_banned(HERE, 0)
    assert order.find(RestrictionKind.MUTE, "carol", 4)
    assert not order.find(RestrictionKind.MUTE, "carol", 5)


def test_a_moderator_does_not_undo_what_the_admin_has_done(chat: StoredChat) -> None:
    admin, mo = chat.owner("admin", role=Role.ADMIN), chat.owner("mo", role=Role.MODERATOR)
    chat.owner("zed").say("/exit")
    admin.say("/ban zed", "/mute zed")
    assert mo.say("/unban zed", "/ban zed 1s", "/unmute zed") == [
        "Server: only the admin can change this ban!",
        "Server: only the admin can change this ban!",
        "Server: only the admin can change this mute!",
    ]
    assert admin.say("/unban zed") == ["Server: zed is no longer banned!"]


def test_the_admin_undoes_what_a_moderator_has_done(chat: StoredChat) -> None:
    admin, mo = chat.owner("admin", role=Role.ADMIN), chat.owner("mo", role=Role.MODERATOR)
    chat.owner("zed").say("/exit")
    mo.say("/ban zed")
    assert admin.say("/ban zed 1h", "/unban zed")[-1] == "Server: zed is no longer banned!"


def test_whoever_takes_another_name_while_it_is_kept_is_put_out_all_the_same(chat: StoredChat) -> None:
    chat.owner("second").say("/exit")
    admin, eve = chat.owner("admin", role=Role.ADMIN), chat.guest("eve")
    chat.log.is_slow = True
    admin.say("hello")
    eve.say(f"/auth second {SECRET}")
    admin.say("/kick eve")
    chat.log.keep()
    assert eve.hear()[-2:] == ["Server: you are authorized successfully!", KICKED]


def test_whoever_is_banned_while_the_name_becomes_theirs_stays_out(chat: StoredChat) -> None:
    admin, eve, late = chat.owner("admin", ELSEWHERE, role=Role.ADMIN), chat.guest("eve"), chat.connect()
    late.session.receive([f"/register second {SECRET}".encode()])
    admin.say("/ban eve")
    chat.attend(late.session)
    assert eve.hear() == late.hear() == [BANNED]


def test_a_mute_is_not_left_behind_with_the_name(chat: StoredChat) -> None:
    admin, eve = chat.owner("admin", role=Role.ADMIN), chat.guest("eve")
    chat.owner("alice").say("/exit")
    admin.say("/mute eve")
    muted = "Server: you are muted!"
    assert eve.say(f"/register second {SECRET}", f"/auth alice {SECRET}") == [muted, muted]
    assert eve.say("/register longenough", "hello") == [
        "Server: you are registered successfully!",
        "Server: your line was not sent: you are muted!",
    ]
