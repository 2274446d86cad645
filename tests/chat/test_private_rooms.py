"""Private rooms: who may enter one, and that nobody else learns of it; moderators and mutes of a room."""

from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from asyncchat.commands.room_privacy import MOST_ROLES
from asyncchat.commands.table import COMMANDS
from asyncchat.log.accounts import Role
from asyncchat.log.apply import apply
from asyncchat.log.audience import Audience
from asyncchat.log.entries import DeleteAccount, Enter, SetPrivate, SetRoomRole
from asyncchat.log.room_events import Sent
from asyncchat.log.state import LOBBY, RoomRole
from asyncchat.text import room_texts
from asyncchat.text.usernames import parse_name
from tests.chat import Bot, Peer
from tests.chat.stored_chat import SECRET, Json, Plain, StoredChat, stored_chat


def a_private_room(chat: StoredChat) -> Plain:
    """Return somebody with nc in a private room, #ops, where something was said."""
    alice = chat.owner("alice")
    alice.say("/join #ops", "/private on", "the plan")
    return alice


def codes(bot: Bot, kind: str = "refused") -> list[str]:
    return [one["code"] for one in bot.hear(kind)]


def server(*lines: str) -> list[str]:
    return [f"Server: {line}" for line in lines]


# Who may enter.


def test_only_invited_users_enter_a_private_room(chat: StoredChat) -> None:
    alice = a_private_room(chat)
    bob, eve = chat.owner("bob"), chat.owner("eve")
    assert alice.say("/invite bob") == server("bob can enter #ops now.")
    assert bob.hear() == server("alice has invited you: write /join #ops")
    assert bob.say("/join #ops") == ["Server: you are in #ops now, 2 online.", "alice: the plan"]
    assert eve.say("/join #ops") == server(room_texts.ANOTHER_ROOM_NAME)
    assert chat.guest("guest").say("/join #ops") == server(room_texts.ANOTHER_ROOM_NAME)


def test_who_is_in_a_room_that_becomes_private_stays_and_guests_leave(chat: StoredChat) -> None:
    alice, bob, guest, program = chat.owner("alice"), chat.owner("bob"), chat.guest("guest"), chat.program("bot")
    for one in (alice, bob, guest):
        one.say("/join #ops")
    program.say("/join #ops")
    alice.hear()
    assert alice.say("/private on") == server(room_texts.NOW_PRIVATE.format("#ops"))
    assert bob.hear() == server(room_texts.NOW_PRIVATE.format("#ops"))
    assert guest.hear() == server(room_texts.removed("#ops", "#lobby"))
    assert [(one["conversation"], one["code"]) for one in program.hear("parted")] == [("#ops", "not-invited")]
    alice.say("secret")
    assert (guest.hear(), program.hear("message")) == ([], [])
    assert bob.hear() == ["alice: secret"]


def test_what_is_typed_for_a_room_is_not_posted_elsewhere_after_one_was_removed_from_it(chat: StoredChat) -> None:
    alice, guest, program = chat.owner("alice"), chat.guest("guest"), chat.program("bot")
    for one in (alice, guest):
        one.say("/join #ops")
    program.say("/join #ops")
    alice.say("/private on")
    lobby = chat.guest("observer")
    lobby.hear()
    guest.hear()
    guest.send("for the room\n")
    assert guest.hear()[0].startswith("Server: your line was not sent: ")
    program.hear()
    assert [one["code"] for one in program.say("for the room")] == ["nowhere"]
    assert lobby.hear() == []
    assert guest.say("for all") == ["guest: for all"]


def test_who_was_writing_to_one_user_goes_on_doing_so_when_removed(chat: StoredChat) -> None:
    a_private_room(chat)
    bob, program = chat.owner("bob"), chat.own_program("program")
    alice = chat.core.online["alice"]
    assert alice.account
    for name in ("bob", "program"):
        account = chat.core.require_accounts().of_key(name)
        chat.pipeline.propose(SetRoomRole(alice.account.name, "ops", account.id, account.name, RoomRole.INVITED, 0))
    program.tell("join", conversation="#ops")
    program.say("/join #ops")
    program.say("/chat bob")
    account = chat.core.require_accounts().of_key("program")
    chat.pipeline.propose(SetRoomRole(alice.account.name, "ops", account.id, account.name, None, 0))
    chat.pipeline.commit()
    assert program.hear("turned") == []
    assert bob.hear()


def test_a_program_in_two_rooms_goes_on_in_the_other_one(chat: StoredChat) -> None:
    alice = a_private_room(chat)
    program = chat.own_program("program")
    alice.say("/invite program")
    program.tell("join", conversation="#ops")
    alice.say("/uninvite program")
    assert codes(program, "parted") == ["not-invited"]
    assert [one["text"] for one in program.say("hello") if one["type"] == "message"] == ["hello"]


def test_a_private_room_can_be_made_public_again(chat: StoredChat) -> None:
    alice, eve = a_private_room(chat), chat.owner("eve")
    assert alice.say("/private off") == server(room_texts.NOW_PUBLIC.format("#ops"))
    assert eve.say("/join #ops")[1:] == ["alice: the plan"]


def test_private_needs_on_or_off_and_changes_something(chat: StoredChat) -> None:
    alice = a_private_room(chat)
    assert alice.say("/private", "/private on", "/private off", "/private off") == server(
        room_texts.WRITE_PRIVATE,
        room_texts.PRIVATE_ALREADY,
        room_texts.NOW_PUBLIC.format("#ops"),
        room_texts.PUBLIC_ALREADY,
    )


def test_the_default_room_is_never_private(chat: StoredChat) -> None:
    admin = chat.owner("admin", role=Role.ADMIN)
    assert admin.say("/private on", "/invite admin") == server(*[room_texts.NOT_THE_DEFAULT_ROOM] * 2)


def test_invitations_are_for_registered_users_and_given_once(chat: StoredChat) -> None:
    alice = a_private_room(chat)
    chat.guest("guest")
    chat.owner("bob")
    assert alice.say("/uninvite", "/invite guest", "/invite bob", "/invite bob", "/uninvite alice") == server(
        "the name is missing: write /uninvite NAME",
        "guest is not registered. /list shows who is online.",
        "bob can enter #ops now.",
        room_texts.INVITED_ALREADY,
        room_texts.REVOKE_FIRST,
    )
    assert alice.say("/uninvite bob", "/uninvite bob") == server(
        "bob can't enter #ops any more while it is private.", room_texts.NOT_INVITED_YET
    )


def test_there_is_a_limit_to_invitations(chat: StoredChat) -> None:
    alice = a_private_room(chat)
    chat.owner("bob")
    chat.pipeline.state.rooms["ops"].roles.update(dict.fromkeys(range(1000, 1000 + MOST_ROLES), RoomRole.INVITED))
    assert alice.say("/invite bob") == server(room_texts.too_many_roles(MOST_ROLES))


def test_who_is_not_in_a_room_invites_nobody_there(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    chat.owner("bob")
    alice.tell("join", conversation="#ops")
    alice.tell("join", conversation="#dev")
    alice.say("hello", conversation="#ops")
    alice.say("/join #ops")
    alice.tell("part", conversation="#ops")
    alice.hear()
    assert [one["code"] for one in alice.say("/invite bob", conversation="#ops")] == ["no-room"]


def test_members_who_are_no_moderators_change_nothing(chat: StoredChat) -> None:
    alice, bob = a_private_room(chat), chat.owner("bob")
    alice.say("/invite bob")
    bob.say("/join #ops")
    for line in ("/private off", "/invite alice", "/uninvite alice", "/mute alice", "/grant bob", "/topic x"):
        assert bob.say(line)[0] in server("you are not a moderator or an admin!", "you are not an admin!"), line


def test_an_invitation_is_known_after_a_restart_and_so_is_who_is_moderator(chat: StoredChat) -> None:
    alice = a_private_room(chat)
    chat.owner("bob")
    chat.owner("eve")
    alice.say("/invite bob")
    again = chat.started_again()
    bob, eve, alice = (_owner_again(again, name) for name in ("bob", "eve", "alice"))
    assert bob.say("/join #ops")[1:] == ["alice: the plan"]
    assert eve.say("/join #ops") == server(room_texts.ANOTHER_ROOM_NAME)
    alice.say("/join #ops")
    assert alice.say("/invite eve") == server("eve can enter #ops now.")


def _owner_again(chat: StoredChat, name: str) -> Plain:
    person = chat.connect()
    person.send(f"/auth {name} {SECRET}\n")
    person.hear()
    return person


def test_who_deletes_the_account_leaves_private_rooms(chat: StoredChat) -> None:
    alice = a_private_room(chat)
    program = chat.own_program("program")
    alice.say("/invite program")
    program.tell("join", conversation="#ops")
    program.hear()
    program.say(f"/unregister {SECRET}")
    alice.say("after that")
    assert program.hear("message") == []
    again = chat.own_program("program2")
    again.tell("join", conversation="#ops")
    assert codes(again, "parted") == ["name-refused"]


def test_a_token_of_a_guest_enters_no_private_room(chat: StoredChat) -> None:
    alice, program = chat.owner("alice"), chat.program("program")
    alice.say("/join #ops")
    alice.say("hello")
    program.tell("join", conversation="#ops")
    program.hang_up()
    alice.say("/private on")
    again = chat.stranger()
    again.hello("program", token=program.token, rooms=[{"conversation": ""}, {"conversation": "#ops", "after": 0}])
    heard = again.hear()
    assert [one["conversation"] for one in heard if one["type"] == "parted"] == ["#ops"]
    assert not [one for one in heard if one["type"] in {"room", "message"}]
    chat.stranger().hello("other", token=program.token)


def test_a_private_room_is_resumed_by_its_members(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    alice.say("/join #ops")
    alice.say("/private on")
    alice.say("the plan")
    alice.hang_up()
    again = chat.stranger()
    welcome = again.hello("alice", token=alice.token)
    assert welcome["rooms"] == ["", "#ops"]
    (told,) = again.hear("room")
    assert told["private"]


def test_a_private_room_is_kept_for_the_invited_though_nothing_was_said_there(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    alice.say("/join #ops", "/private on", "/invite bob", "/leave")
    assert bob.say("/join #ops") == server("you are in #ops now, 1 online.")
    bob.say("/leave")
    again = chat.started_again()
    eve = again.owner("eve")
    assert eve.say("/join #ops") == server(room_texts.ANOTHER_ROOM_NAME)
    assert (
        _owner_again(again, "alice").say("/join #ops", "/uninvite bob")[0] == "Server: you are in #ops now, 1 online."
    )


def test_a_private_room_vanishes_when_nobody_is_left_who_may_enter_it(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    alice.say("/join #ops", "/private on", "/leave", f"/unregister {SECRET}")
    assert list(chat.pipeline.state.rooms) == [LOBBY]
    assert list(chat.started_again().pipeline.state.rooms) == [LOBBY]


def test_a_room_that_vanishes_is_forgotten_with_all_that_it_had(chat: StoredChat) -> None:
    alice, eve = chat.owner("alice"), chat.owner("eve")
    alice.say("/join #ops", "/private on", "/invite eve", "/mute eve", "/private off", "/leave")
    eve.hear()
    assert eve.say("/join #ops", "hello") == ["Server: you are in #ops now, 1 online.", "eve: hello"]
    again = _owner_again(chat.started_again(), "alice")
    assert again.say("/join #ops")[1:] == ["eve: hello"]
    assert again.say("/invite eve") == server("you are not a moderator or an admin!")


# That nobody else learns of it.


def test_a_private_room_is_in_no_list_and_in_no_transcript(chat: StoredChat) -> None:
    seen: list[bytes] = []

    def encode(events: object, conversation: str = "") -> bytes:
        seen.append(f"{conversation} {events}".encode())
        return b""

    chat.pipeline.audience.observe(Peer(), encode)
    alice, eve = chat.owner("alice"), chat.owner("eve")
    alice.say("/join #ops")
    alice.say("/private on")
    seen.clear()
    alice.say("the plan")
    assert seen == []
    assert eve.say("/rooms") == ["Server:", "#lobby 1"]
    assert alice.say("/rooms") == ["Server:", "#lobby 1", "#ops 1"]


def test_moderators_of_the_server_see_nothing_of_it_in_the_audit_log(chat: StoredChat) -> None:
    alice, moderator = a_private_room(chat), chat.owner("mod", role=Role.MODERATOR)
    chat.owner("bob")
    alice.say("/invite bob", "/topic secret", "/grant bob", "/revoke bob", "/uninvite bob")
    assert moderator.say("/audit") == server("nothing was done yet")
    alice.session.user.account.role = Role.MODERATOR  # type: ignore[union-attr]
    acts = [line.split(" ", 2)[2] for line in alice.say("/audit")]
    assert acts == [
        "alice: private #ops",
        "alice: invite #ops bob",
        "alice: topic #ops secret",
        "alice: grant #ops bob",
        "alice: revoke #ops bob",
        "alice: uninvite #ops bob",
    ]


def test_what_was_done_before_a_room_became_private_is_not_in_the_audit_log_of_others(chat: StoredChat) -> None:
    alice, moderator = chat.owner("alice", role=Role.MODERATOR), chat.owner("mod", role=Role.MODERATOR)
    chat.owner("bob")
    alice.say("/topic for all", "/join #Ops", "/topic secret", "/mute bob", "/invite", "/join #other", "/topic other")
    assert len(moderator.say("/audit")) == 5
    alice.say("/join #ops", "/private on")
    acts = [line.split(" ", 2)[2] for line in moderator.say("/audit")]
    assert acts == ["alice: topic for all", "alice: topic #other other"]
    assert len(alice.say("/audit")) == 6


def test_links_to_a_room_end_when_it_becomes_private(chat: StoredChat) -> None:
    alice, moderator = chat.owner("alice", role=Role.MODERATOR), chat.owner("mod", role=Role.MODERATOR)
    alice.say("/invite", "/join #Ops", "/invite", "/invite 1h")
    assert [line.split(" ")[4] for line in moderator.say("/invites")] == ["#lobby", "#Ops", "#Ops"]
    alice.say("/private on")
    for chat_now in (chat, chat.started_again()):
        assert [invite.room for invite in chat_now.pipeline.state.invites.all(chat.time)] == ["#lobby"]
    assert moderator.say("/uninvite 2") == server(room_texts.NO_INVITE)


def test_an_answer_that_comes_after_one_was_removed_is_not_shown(chat: StoredChat) -> None:
    alice, eve = a_private_room(chat), chat.own_program("eve")
    alice.say("/invite eve")
    eve.tell("join", conversation="#ops")
    eve.hear()
    for ident, line in ((100, "/history"), (101, "/search plan")):
        eve.session.receive([f'{{"type":"say","id":{ident},"text":"{line}","conversation":"#ops"}}'.encode()])
        question = eve.session.pending_request
        assert question
        chat.pipeline.state.rooms["ops"].roles.pop(eve.session.user.account.id)  # type: ignore[union-attr]
        chat.answer(eve.session, question)
        assert codes(eve) == ["no-room"]
        alice.say("/invite eve")


WORDS = ["", "#ops", "ops", "#0ps", "alice", "bob", "1", "the plan", "on", "nobody"]
USED = [command.names[0] for command in COMMANDS if not command.has_password and command.names[0] != "/exit"]
LINES = [f"{name} {word}".strip() for name in USED for word in WORDS]
lines = st.sampled_from(["hello", *LINES])
kinds = st.sampled_from(["join", "part", "read", "edit", "delete"])


@settings(deadline=None, max_examples=60)
@example(["/topic #ops", "/audit"], [], [], Role.MODERATOR)
@given(
    typed=st.lists(lines, max_size=8),
    said=st.lists(st.tuples(lines, st.sampled_from([None, "", "#ops"])), max_size=8),
    told=st.lists(kinds, max_size=6),
    role=st.sampled_from([Role.REGISTERED, Role.MODERATOR]),
)
def test_nothing_that_others_send_tells_that_there_is_a_private_room(
    typed: list[str], said: list[tuple[str, str | None]], told: list[str], role: Role
) -> None:
    heard = []
    for is_there in (True, False):
        with stored_chat() as chat:
            chat.core.may_make_rooms = Role.ADMIN  # else a name that is free can be told from one that is not
            heard.append(_heard(chat, typed, said, told, role, is_there=is_there))
    assert heard[0] == heard[1]


def _heard(
    chat: StoredChat,
    typed: list[str],
    said: list[tuple[str, str | None]],
    told: list[str],
    role: Role,
    *,
    is_there: bool,
) -> list[Any]:
    """Return what three others hear; `is_there`: meanwhile two users are in a private room, #ops."""
    alice, bob = chat.own_program("alice"), chat.own_program("bob")
    if is_there:
        least, chat.core.may_make_rooms = chat.core.may_make_rooms, Role.GUEST
        alice.tell("join", conversation="#ops")
        chat.core.may_make_rooms = least
        for text in ("/private on", "/topic the plan", "/invite bob", "the plan"):
            alice.say(text, conversation="#ops")
        bob.tell("join", conversation="#ops")
    eve, mallory, guest = chat.owner("eve", role=role), chat.own_program("mallory"), chat.guest("guest")
    heard: list[Any] = [eve.hear(), mallory.hear(), guest.hear()]
    for line in typed:
        heard += [eve.say(line), guest.say(line)]
        if is_there:
            bob.say("the plan", conversation="#ops")
    for text, conversation in said:
        heard.append(mallory.say(text, **({} if conversation is None else {"conversation": conversation})))
    for number, kind in enumerate(told):
        mallory.tell(kind, conversation="#ops", id=1000 + number, seq=1, text="x")
        heard.append(mallory.hear())
    mallory.hang_up()
    again: Json = chat.stranger()
    rooms = [{"conversation": ""}, {"conversation": "#ops", "after": 0}]
    heard += [again.hello("mallory", token=mallory.token, rooms=rooms, conversation="#ops"), again.hear()]
    return heard


# Moderators and mutes of a room.


def test_who_makes_a_room_is_its_moderator(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    alice.say("/join #ops")
    bob.say("/join #ops")
    assert alice.say("/topic calls") == server("the topic is: calls")
    assert alice.say("/mute bob") == server("bob was muted!")
    bob.hear()
    assert bob.say("hello") == server("your line was not sent: you are muted!")
    bob.say("/leave")
    assert bob.say("hello") == ["bob: hello"]
    assert alice.say("/unmute bob") == server("bob is no longer muted!")
    bob.say("/join #ops")
    assert bob.say("hello again") == ["bob: hello again"]
    alice.hear()
    assert alice.say("/delete bob") == server("alice has deleted a message of bob")
    alice.say("/leave")
    assert alice.say("/mute bob") == server("you are not a moderator or an admin!")


def test_a_moderator_of_a_room_makes_others(chat: StoredChat) -> None:
    alice, bob, carol = chat.owner("alice"), chat.owner("bob"), chat.own_program("carol")
    alice.say("/join #ops")
    bob.say("/join #ops")
    carol.tell("join", conversation="#ops")
    carol.hear()
    assert alice.say("/grant bob") == server("bob is the new moderator!")
    assert bob.hear() == server("you are a moderator of #ops now.")
    assert alice.say("/grant bob") == server("this user is already a moderator!")
    assert alice.say("/mute bob") == server("only the admin can mute a moderator!")
    assert bob.say("/mute carol") == server("carol was muted!")
    assert [one["code"] for one in carol.say("hello", conversation="#ops")] == ["muted"]
    assert alice.say("/revoke bob") == server("bob is no longer a moderator!")
    assert bob.hear() == server("you are no longer a moderator of #ops.")
    assert alice.say("/revoke bob") == server("this user is not a moderator!")
    assert bob.say("/unmute carol") == server("you are not a moderator or an admin!")


def test_a_program_is_told_whether_it_moderates_a_room(chat: StoredChat) -> None:
    alice, bob = chat.own_program("alice"), chat.own_program("bob")
    for one in (alice, bob):
        one.tell("join", conversation="#ops")
    moderator = {"type": "rank", "conversation": "#ops", "role": "moderator"}
    assert [alice.hear("rank"), bob.hear("rank")] == [[moderator], []]
    alice.say("/grant bob", conversation="#ops")
    alice.say("/revoke bob", conversation="#ops")
    assert bob.hear("rank") == [moderator, {"type": "rank", "conversation": "#ops"}]


def test_help_names_what_may_be_done_in_the_room_at_hand(chat: StoredChat) -> None:
    alice, moderator = chat.owner("alice"), chat.owner("mod", role=Role.MODERATOR)
    assert "/private" not in "".join(moderator.say("/help"))
    assert "/mute" not in "".join(alice.say("/help"))
    said = "".join(alice.say("/join #ops", "/help"))
    assert "/private" in said
    assert "/kick" not in said
    assert moderator.say("/help grant")[-2:] == server(
        "For the admin.", "Moderators of another room than the default one can use it there."
    )


def test_who_is_no_moderator_any_more_is_told_so_in_any_room(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    alice.say("/join #ops", "/grant bob")
    bob.hear()
    alice.say("/revoke bob")
    assert bob.hear() == server("you are no longer a moderator of #ops.")


def test_who_is_invited_into_a_room_that_they_are_in_is_told_nothing(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    alice.say("/join #ops")
    bob.say("/join #ops")
    assert alice.say("/invite bob") == server("bob can enter #ops now.")
    assert bob.hear() == []
    alice.say("/private on")
    assert bob.hear() == server(room_texts.NOW_PRIVATE.format("#ops"))


def test_a_moderator_of_a_room_is_none_of_the_server(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    alice.say("/join #ops")
    for line in ("/kick bob", "/ban bob", "/bans", "/audit"):
        assert alice.say(line) == server("you are not a moderator or an admin!"), line
    assert "/mute" in "".join(alice.say("/help"))
    assert "/mute" not in "".join(bob.say("/help"))
    assert not chat.core.moderates(chat.guest("guest").session.user, LOBBY)


def test_who_is_muted_in_one_room_does_not_escape_under_another_name(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.guest("bob")
    for one in (alice, bob):
        one.say("/join #ops")
    alice.say("/mute bob 1h")
    assert bob.say(f"/register bobby {SECRET}") == server("you are muted!")
    assert bob.say("/join #another") == server("you are muted!")
    chat.time += 3_600_000
    assert bob.say("/join #another") == server("you are in #another now, 1 online.")


@pytest.mark.parametrize("name", ["#0ps", "#ops-", "#оps"])
def test_no_room_has_a_name_that_looks_like_that_of_another(chat: StoredChat, name: str) -> None:
    alice = chat.owner("alice")
    alice.say("/join #ops")
    assert chat.owner("bob").say(f"/join {name}") == server(room_texts.ANOTHER_ROOM_NAME)


def test_names_of_rooms_that_have_vanished_are_free_again(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    for number in range(5):
        alice.say(f"/join #r{'abcde'[number]}x")
    assert alice.say("/join #raxy", "/join #rax-") == server(
        "you are in #raxy now, 1 online.", "you are in #rax- now, 1 online."
    )


# The entries by themselves.


def test_an_entry_about_a_room_that_has_vanished_is_refused(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    account = alice.session.user.account
    assert account
    outcomes: list[object] = []
    for entry in (
        SetPrivate(account.name, "nowhere", True, (), 0),
        SetRoomRole(account.name, "nowhere", account.id, account.name, None, 0),
    ):
        chat.pipeline.propose(entry, outcomes.append)
    chat.pipeline.commit()
    assert [getattr(outcome, "code", "") for outcome in outcomes] == ["no-room", "no-room"]


def test_a_room_that_nobody_may_stay_in_vanishes(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    alice.say("/join #ops", "/revoke alice")
    account = alice.session.user.account
    assert account
    chat.pipeline.state.rooms["ops"].roles.clear()
    chat.pipeline.propose(SetPrivate(account.name, "ops", True, (), 0))
    chat.pipeline.commit()
    assert list(chat.pipeline.state.rooms) == [LOBBY]
    assert alice.hear()[-1:] == server(room_texts.removed("#ops", "#lobby"))


def test_the_state_lets_nobody_into_a_private_room(chat: StoredChat) -> None:
    a_private_room(chat)
    eve = chat.program("eve")
    outcomes: list[object] = []
    chat.pipeline.propose(Enter(eve.session.user.member, "ops"), outcomes.append)
    chat.pipeline.commit()
    assert [getattr(outcome, "code", "") for outcome in outcomes] == ["no-room"]
    assert eve.hear("room") == []


def test_an_account_that_is_deleted_empties_a_room_that_it_had_alone(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    alice.say("/join #ops")
    alice.say("/private on")
    account = alice.session.user.account
    assert account
    apply(chat.pipeline.state, DeleteAccount(account.id, 0))
    assert list(chat.pipeline.state.rooms) == [LOBBY]


def test_observers_get_no_events_of_a_private_room() -> None:
    audience, peer = Audience(), Peer()
    audience.observe(peer, lambda events, room="": b"seen")
    said = [Sent(1, parse_name("alice"), "hello", 0)]
    audience.write(said, "ops", "#ops", is_private=True)
    audience.write(said, "ops", "#ops")
    assert peer.take() == b"seen"


# Searches in all rooms.


def test_a_search_in_all_rooms_finds_what_one_may_read(chat: StoredChat) -> None:
    alice, eve, guest = a_private_room(chat), chat.owner("eve"), chat.guest("guest")
    eve.say("/join #dev", "a plan for dev", "/leave", "no plan at all")
    stamp = "2025-11-22T21:40:00Z"
    everybodys = [f"{stamp} #dev eve: a plan for dev", f"{stamp} #lobby eve: no plan at all"]
    assert sorted(eve.say("/search -a plan")) == server(*everybodys)
    assert sorted(guest.say("/search -a plan")) == server(*everybodys)
    assert sorted(alice.say("/search -a plan")) == server(*everybodys, f"{stamp} #ops alice: the plan")
    assert eve.say("/search -a nothing") == server("nothing found: nothing")
    assert eve.say("/search -a") == server("nothing found: -a")


def test_what_was_found_in_a_room_that_is_private_now_is_not_shown(chat: StoredChat) -> None:
    alice, eve = a_private_room(chat), chat.own_program("eve")
    alice.say("/private off")
    eve.session.receive([b'{"type":"say","id":100,"text":"/search -a plan"}'])
    question = eve.session.pending_request
    assert question
    found = chat.look_up(question)
    chat.pipeline.state.rooms["ops"].is_private = True
    eve.hear()
    eve.session.resume(found)
    assert [one["text"] for one in eve.hear("notice")] == ["nothing found: plan"]
