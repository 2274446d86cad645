"""Several servers with one chat: who is connected to whichever sees the same, in one order."""

from collections.abc import Iterator

import pytest

from asyncchat.log.accounts import Role
from asyncchat.log.entries import Mark, StorePassword, life_of
from asyncchat.log.shared.encoding import decode
from tests.chat.shared_chat import Cluster, SharedChat, cluster, digest, said
from tests.chat.stored_chat import SECRET, Json


@pytest.fixture
def shared() -> Iterator[Cluster]:
    with cluster() as opened:
        yield opened


@pytest.fixture
def pair(shared: Cluster) -> tuple[SharedChat, SharedChat]:
    return shared.serve(), shared.serve()


def acks(events: list[dict[str, object]]) -> list[tuple[object, object]]:
    """Return the ids and numbers of what was stored."""
    return [(event["id"], event["seq"]) for event in events if event["type"] == "ack"]


def refused(events: list[dict[str, object]]) -> list[object]:
    """Return the ids of what was not stored."""
    return [event["id"] for event in events if event["type"] == "refused"]


def agree(*chats: SharedChat) -> bool:
    """Tell whether the servers have the same state."""
    first, *others = [digest(chat.core) for chat in chats]
    return all(other == first for other in others)


def test_a_message_reaches_the_users_of_all_servers_in_one_order(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    alice, bob = one.guest("alice"), other.guest("bob")
    assert alice.say("hello") == ["alice: hello"]
    assert bob.hear() == ["alice: hello"]
    assert bob.say("hi") == ["bob: hi"]
    assert alice.hear() == ["bob: hi"]
    assert one.core.room.seq == other.core.room.seq == 2
    assert agree(one, other)


def test_a_name_has_one_holder(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    one.guest("alice")
    stranger = other.connect()
    stranger.send("Alice\n")
    assert stranger.hear() == ["Server: this name is already taken! Choose another one."]


def test_of_two_who_choose_a_name_at_once_one_gets_it(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    first, second = one.connect(), other.connect()
    one.log.is_slow = other.log.is_slow = True
    first.send("alice\n")
    second.send("alice\n")
    one.pipeline.commit()
    other.pipeline.commit()
    other.log.keep()
    one.log.keep()
    assert first.hear() == ["Server: this name is already taken! Choose another one."]
    assert second.session.user.name
    assert agree(one, other)


def test_a_name_that_looks_like_one_on_another_server_is_refused(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    one.guest("paypal")
    stranger = other.connect()
    stranger.send("paypa1\n")
    assert "looks like" in stranger.hear()[0]
    one.guest("bob").send("/exit\n")
    stranger.send("bob\n")
    assert stranger.session.user.name


def test_numbers_follow_whoever_appends_first(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    alice, bob = one.program("alice"), other.program("bob")
    one.log.is_slow = True
    alice.tell("say", id=1, text="first proposed")
    alice.tell("say", id=2, text="second proposed")
    one.pipeline.commit()
    bob.say("first stored")
    one.log.keep()
    assert said(one) == said(other) == ["first stored", "first proposed", "second proposed"]
    assert acks(alice.hear()) == [(1, 2), (2, 3)]
    assert agree(one, other)


def test_times_do_not_go_back(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    alice, bob = one.guest("alice"), other.guest("bob")
    other.time += 10_000
    bob.say("later")
    alice.say("then")
    times = [sent.time for sent in one.core.room.last]
    assert times == sorted(times)
    assert agree(one, other)


def test_who_is_there_is_known_everywhere(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    alice, bob = one.guest("alice"), other.guest("bob")
    assert alice.say("/who") == ["Server: online: bob"]
    assert bob.say("/whois alice") == ["Server: alice: guest, online"]
    alice.send("/exit\n")
    assert not other.core.find_member(alice.session.user.require_name())
    assert agree(one, other)


def test_a_moderator_removes_a_guest_of_another_server_with_the_address(
    pair: tuple[SharedChat, SharedChat],
) -> None:
    one, other = pair
    moderator = one.owner("mod", role=Role.MODERATOR)
    guest = other.guest("troll", address="198.51.100.7")
    assert moderator.say("/kick troll") == ["Server: troll was kicked!"]
    assert guest.peer.closed
    again = other.connect("198.51.100.7")
    again.send("another\n")
    assert "banned" in again.hear()[0]
    assert agree(one, other)


def test_what_a_muted_user_has_sent_before_is_refused_if_it_comes_after(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    moderator = one.owner("mod", role=Role.MODERATOR)
    guest = other.program("troll")
    other.log.is_slow = True
    guest.tell("say", id=1, text="nonsense")
    other.pipeline.commit()
    moderator.say("/mute troll")
    guest.hear()
    other.log.keep()
    assert said(one) == said(other) == []
    assert refused(guest.hear()) == [1]
    guest.tell("say", id=2, text="more")
    assert guest.hear()[0]["code"] == "muted"


def test_a_topic_a_room_and_a_private_message_reach_other_servers(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    alice, bob, carol = one.owner("alice"), other.owner("bob"), other.own_program("carol")
    alice.say("/join #ops")
    assert bob.say("/join #ops") == ["Server: you are in #ops now, 2 online."]
    alice.say("/topic at night")
    assert other.core.state.rooms["ops"].topic == "at night"
    alice.say("/chat bob", "for bob")
    assert bob.say("/chat alice")[-1] == "(new) alice: for bob"
    carol.hear()
    alice.say("/chat carol", "for carol")
    assert "unread" in [event["type"] for event in carol.hear()]
    assert agree(one, other)


def test_a_room_that_both_make_at_once_is_one(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    alice, bob = one.owner("alice"), other.owner("bob")
    one.log.is_slow = other.log.is_slow = True
    alice.send("/join #ops\n")
    bob.send("/join #ops\n")
    one.pipeline.commit()
    other.pipeline.commit()
    one.log.keep()
    other.log.keep()
    assert list(one.core.state.rooms["ops"].members) == ["alice", "bob"]
    assert agree(one, other)


def test_the_account_that_logs_in_elsewhere_ends_the_old_connection(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    before = one.owner("alice")
    watcher = one.program("watcher")
    watcher.hear()
    after = other.connect()
    after.send(f"/auth alice {SECRET}\n")
    assert before.peer.closed
    assert "alice" not in one.core.online
    assert [event["type"] for event in watcher.hear()] == []  # she is here all the time
    assert after.say("here") == ["alice: here"]
    assert agree(one, other)


def test_a_session_goes_on_at_another_server(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    before = one.program("alice")
    bob = other.program("bob")
    before.say("one")
    bob.say("two")
    after = other.stranger()
    welcome = after.hello("alice", token=before.token, epoch=one.core.epoch, after=1)
    assert welcome["resumed"]
    assert [event["text"] for event in after.hear() if event["type"] == "message"] == ["two"]
    assert before.peer.closed
    after.tell("say", id=1, text="one")  # again, since the answer was lost
    assert acks(after.hear()) == [(1, 1)]
    assert said(one) == ["one", "two"]
    assert agree(one, other)


def test_a_session_without_a_message_goes_on_at_another_server(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    before, bob = one.program("alice"), other.program("bob")
    for number in range(20):
        bob.say(f"{number}")
    after = other.stranger()
    assert after.hello("alice", token=before.token, epoch=one.core.epoch, after=5)["resumed"]
    assert [event["seq"] for event in after.hear() if event["type"] == "message"] == list(range(6, 21))
    stranger = other.stranger()
    assert stranger.hello("alice", token="another", epoch=one.core.epoch, after=0)["code"] == "name-taken"


def test_what_was_sent_by_the_old_connection_and_comes_later_is_not_posted_twice(
    pair: tuple[SharedChat, SharedChat],
) -> None:
    one, other = pair
    before = one.program("alice")
    one.log.is_slow = True
    before.tell("say", id=1, text="once")
    one.pipeline.commit()
    after = other.stranger()
    after.hello("alice", token=before.token, epoch=one.core.epoch, after=0)
    after.tell("say", id=1, text="once")
    one.log.keep()
    assert said(one) == said(other) == ["once"]


def a_program_whose_line_is_on_its_way(one: SharedChat, other: SharedChat) -> Json:
    """Return a program at `one` that has sent a line, which is not stored yet."""
    program = one.program("alice")
    one.log.is_slow = other.log.is_slow = True
    program.tell("say", id=1, text="once")
    one.pipeline.commit()
    return program


def test_what_the_old_connection_has_sent_is_acknowledged_though_it_is_stored_while_the_session_moves(
    pair: tuple[SharedChat, SharedChat],
) -> None:
    one, other = pair
    before = a_program_whose_line_is_on_its_way(one, other)
    after = other.stranger()
    after.tell("hello", v=1, name="alice", token=before.token, epoch=one.core.epoch, after=0)
    other.pipeline.commit()
    one.log.keep()
    other.log.keep()
    after.hear()
    after.tell("say", id=1, text="once")
    after.tell("say", id=2, text="twice")
    heard = after.hear()
    assert acks(heard) == [(1, 1), (2, 2)]
    assert refused(heard) == []
    assert said(one) == said(other) == ["once", "twice"]


def test_of_two_connections_that_bring_one_session_at_once_the_later_has_it(
    pair: tuple[SharedChat, SharedChat],
) -> None:
    one, other = pair
    before = a_program_whose_line_is_on_its_way(one, other)
    first, second = other.stranger(), other.stranger()
    for each in (first, second):
        each.tell("hello", v=1, name="alice", token=before.token, epoch=one.core.epoch, after=0)
    other.pipeline.commit()
    one.log.keep()
    other.log.keep()
    other.pipeline.commit()
    assert first.peer.closed
    second.hear()
    second.tell("say", id=1, text="once")
    assert acks(second.hear()) == [(1, 1)]


def test_a_private_message_that_is_stored_while_the_session_moves_is_acknowledged(
    pair: tuple[SharedChat, SharedChat],
) -> None:
    one, other = pair
    before, bob = one.own_program("alice"), other.owner("bob")
    before.say("/chat bob")
    one.log.is_slow = other.log.is_slow = True
    before.tell("say", id=2, text="for bob")
    one.pipeline.commit()
    after = other.stranger()
    hello = {"token": before.token, "epoch": one.core.epoch, "after": 0, "conversation": "bob"}
    after.tell("hello", v=1, name="alice", **hello)
    other.pipeline.commit()
    one.log.keep()
    other.log.keep()
    after.hear()
    after.tell("say", id=2, text="for bob")
    assert [ident for ident, _ in acks(after.hear())] == [2]
    assert bob.say("/chat alice")[1:] == ["(new) alice: for bob"]


def test_a_session_is_in_its_rooms_at_another_server_with_all_that_it_has_missed(
    pair: tuple[SharedChat, SharedChat],
) -> None:
    one, other = pair
    bob = one.own_program("bob")
    bob.tell("join", conversation="#ops")
    before = one.program("alice")
    before.tell("join", conversation="#ops")
    before.tell("say", id=1, text="hello")
    for number in range(20):
        bob.tell("say", id=number, text=f"{number}", conversation="#ops")
    hello = {"token": before.token, "epoch": one.core.epoch}
    after = other.stranger()
    after.hello(
        "alice", after=1, rooms=[{"conversation": "", "after": 1}, {"conversation": "#ops", "after": 3}], **hello
    )
    missed = [event["seq"] for event in after.hear() if event["type"] == "message"]
    assert missed == list(range(4, 21))
    again = one.stranger()
    again.hello("alice", after=1, **hello)
    assert "#ops" in [event.get("conversation") for event in again.hear() if event["type"] == "room"]
    third = other.stranger()
    welcome = third.hello("alice", after=1, **hello)
    assert welcome["rooms"] == ["", "#ops"]
    assert agree(one, other)


def test_a_session_is_not_forgotten_because_it_can_not_be_looked_for_now(
    pair: tuple[SharedChat, SharedChat],
) -> None:
    one, other = pair
    before = one.program("alice")
    before.say("kept")
    after = other.stranger()
    other.is_broken = True
    assert after.hello("alice", token=before.token, epoch=one.core.epoch, after=0)["code"] == "not-kept"
    other.is_broken = False
    assert after.hello("alice", token=before.token, epoch=one.core.epoch, after=0)["resumed"]


def test_a_token_that_was_revoked_is_no_login_at_another_server(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    before = one.own_program("alice")
    account = before.session.user.account
    assert account
    other.pipeline.propose(StorePassword(account.id, account.password, b""))
    other.pipeline.commit()
    after = other.stranger()
    answer = after.hello("alice", token=before.token, epoch=one.core.epoch, after=0)
    assert answer["code"] == "name-registered"


def test_a_session_that_comes_back_is_told_what_it_has_sent_elsewhere(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    first = one.program("alice")
    second = other.stranger()
    second.hello("alice", token=first.token, epoch=one.core.epoch, after=0)
    second.say("elsewhere")
    third = one.stranger()
    third.hello("alice", token=first.token, epoch=one.core.epoch, after=1)
    third.tell("say", id=1, text="elsewhere")
    assert acks(third.hear()) == [(1, 1)]
    assert said(one) == ["elsewhere"]


def test_who_disconnects_before_the_join_is_stored_is_no_member(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    alice = one.connect()
    one.log.is_slow = True
    alice.send("alice\n")
    one.pipeline.commit()
    alice.session.end()
    one.log.keep()
    one.pipeline.commit()
    assert not one.core.state.members
    assert agree(one, other)


def test_the_members_of_a_lost_server_leave_in_the_order_of_their_connections(
    pair: tuple[SharedChat, SharedChat],
) -> None:
    one, other = pair
    bob = one.program("bob")
    for name in ("carol", "alice"):
        other.guest(name)
    other.log.is_frozen = True
    bob.hear()
    one.lose(other)
    assert [(event["type"], event["name"]) for event in bob.hear()] == [("left", "carol"), ("left", "alice")]
    one.lose(other)  # once more
    assert bob.hear() == []


def test_a_server_that_was_given_up_ends_all_connections_and_goes_on(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    bob, alice = one.program("bob"), other.program("alice")
    life = other.log.life
    other.log.is_frozen = True
    alice.tell("say", id=1, text="while it was frozen")
    other.pipeline.commit()
    one.lose(other)
    bob.say("meanwhile")
    other.log.keep()
    assert alice.peer.closed
    assert said(one) == said(other) == ["meanwhile"]
    again = other.stranger()
    assert again.hello("alice", token=alice.token, epoch=one.core.epoch, after=0)["resumed"]
    assert life_of(again.session.user.member) == other.log.life != life
    assert agree(one, other)


def test_who_was_connected_before_a_server_was_given_up_can_not_join(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    stranger = other.connect()
    other.log.is_frozen = True
    stranger.send("alice\n")
    other.pipeline.commit()
    one.lose(other)
    other.log.keep()
    stranger.send("alice\n")
    other.pipeline.commit()
    assert not other.core.state.members
    assert "not heard of this one" in " ".join(stranger.hear())


def test_while_the_database_is_away_lines_are_refused_and_leaves_come_later(
    pair: tuple[SharedChat, SharedChat],
) -> None:
    one, other = pair
    alice, bob, carol = one.program("alice"), other.program("bob"), one.guest("carol")
    one.log.is_slow = True
    alice.tell("say", id=1, text="on its way")
    one.pipeline.commit()
    one.log.listener.stall("the database can't be reached")
    alice.tell("say", id=2, text="too late")
    one.pipeline.commit()
    assert refused(alice.hear()) == [1, 2]
    carol.session.end()
    one.pipeline.commit()
    stranger = one.connect()
    stranger.send("dave\n")
    one.pipeline.commit()
    assert "can't be reached" in stranger.hear()[0]
    bob.hear()
    one.log.listener.stall("")
    one.log.keep()
    assert [(event["type"], event["name"]) for event in bob.hear()] == [("left", "carol")]
    assert alice.say("again")[-1]["type"] == "ack"
    assert agree(one, other)


def test_what_is_being_stored_when_the_database_is_lost_gets_its_answer_later(
    pair: tuple[SharedChat, SharedChat],
) -> None:
    one, other = pair
    alice = one.program("alice")
    one.log.is_held = one.log.is_slow = True
    alice.tell("say", id=1, text="on its way")
    one.pipeline.propose(Mark())
    alice.hear()
    one.log.keep()
    one.log.listener.stall("the database can't be reached")
    alice.tell("say", id=2, text="too late")
    one.pipeline.commit()
    assert [(event["type"], event["id"]) for event in alice.hear()] == [("refused", 2)]
    one.log.let_go()
    assert acks(alice.hear()) == [(1, 1)]
    one.log.listener.stall("")
    alice.tell("say", id=3, text="again")
    assert acks(alice.hear()) == [(3, 2)]
    assert said(one) == said(other) == ["on its way", "again"]


def test_a_log_that_fails_for_good_is_told_to_the_server(pair: tuple[SharedChat, SharedChat]) -> None:
    one, _ = pair
    alice = one.program("alice")
    one.log.listener.fail("entries are missing")
    assert one.failures == ["entries are missing"]
    alice.tell("say", id=1, text="lost")
    one.pipeline.commit()
    assert refused(alice.hear()) == [1]


def test_what_can_not_be_stored_leaves_its_number_to_the_next(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    alice, bob = one.program("alice"), other.guest("bob")
    one.is_broken = True
    alice.tell("say", id=1, text="lost")
    assert refused(alice.hear()) == [1]
    one.is_broken = False
    bob.say("kept")
    assert alice.say("kept, too")
    assert [sent.seq for sent in other.core.room.last] == [1, 2]
    assert agree(one, other)


def test_links_that_are_made_at_once_do_not_get_one_number(pair: tuple[SharedChat, SharedChat]) -> None:
    one, other = pair
    one.core.links = other.core.links = lambda _user, room, key: [f"{room} {key}"]
    alice, bob = (chat.owner(name, role=Role.ADMIN) for chat, name in ((one, "alice"), (other, "bob")))
    one.log.is_slow = other.log.is_slow = True
    alice.send("/invite\n")
    bob.send("/invite\n")
    one.pipeline.commit()
    other.pipeline.commit()
    one.log.keep()
    other.log.keep()
    assert "try it again" in " ".join(bob.hear())
    assert agree(one, other)


def logged(shared: Cluster) -> list[str]:
    """Return what is in the log, by the names of the entries."""
    return [type(entry).__name__ for _, data in shared.rows for entry, _ in decode(data)]


def test_nobody_enters_a_room_whose_last_member_has_left_in_the_same_batch(
    shared: Cluster, pair: tuple[SharedChat, SharedChat]
) -> None:
    one, other = pair
    alice, bob = one.own_program("alice"), one.own_program("bob")
    alice.tell("join", conversation="#ops")
    one.log.is_slow = True
    alice.tell("part", conversation="#ops")
    bob.tell("join", conversation="#ops")
    one.pipeline.commit()
    before = len(logged(shared))
    one.log.keep()
    one.pipeline.commit()
    assert "Enter" not in logged(shared)[before:]
    assert agree(one, other)


def test_a_room_that_is_made_twice_is_entered_the_second_time(
    shared: Cluster, pair: tuple[SharedChat, SharedChat]
) -> None:
    one, other = pair
    alice, bob = one.own_program("alice"), other.own_program("bob")
    one.log.is_slow = other.log.is_slow = True
    for chat, program in ((one, alice), (other, bob)):
        program.tell("join", conversation="#ops")
        chat.pipeline.commit()
    one.log.keep()
    other.log.keep()
    assert [name for name in logged(shared) if name in {"MakeRoom", "Enter"}] == ["MakeRoom", "Enter"]
    assert agree(one, other)
