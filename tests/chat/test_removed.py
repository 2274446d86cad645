"""Who is removed from a room, from the chat, or muted: what was on its way then reaches nobody."""

import pytest

from asyncchat.log.accounts import Role
from tests.chat.stored_chat import Json, StoredChat


def in_ops(chat: StoredChat) -> tuple[Json, Json]:
    """Return a moderator of the server, who has made #ops, and a member; both are programs, and have heard all."""
    alice, bob = chat.own_program("alice"), chat.own_program("bob")
    assert alice.session.user.account
    alice.session.user.account.role = Role.MODERATOR
    for one in (alice, bob):
        one.tell("join", conversation="#ops")
    alice.say("hello", conversation="#ops")
    bob.say("first", conversation="#ops")
    alice.say("/private on", conversation="#ops")
    alice.say("/invite bob", conversation="#ops")
    bob.hear()
    return alice, bob


REMOVING = ["/uninvite bob", "/kick bob", "/mute bob"]


@pytest.mark.parametrize("line", REMOVING)
def test_a_message_that_comes_after_its_sender_was_removed_is_refused(chat: StoredChat, line: str) -> None:
    alice, bob = in_ops(chat)
    alice.hear()
    chat.log.is_slow = True
    alice.say(line, conversation="#ops")
    bob.tell("say", id=50, text="too late", conversation="#ops")
    bob.tell("say", id=51, text="later", conversation="#ops")
    alice.tell("say", id=50, text="next", conversation="#ops")
    chat.log.keep()
    assert [(one["seq"], one["text"]) for one in alice.hear("message")] == [(3, "next")]
    assert [(one["id"], one["code"]) for one in bob.hear("refused")] == [(50, "not-kept"), (51, "not-kept")]
    alice.tell("say", id=51, text="once more", conversation="#ops")
    assert chat.pipeline.state.rooms["ops"].seq == 4


@pytest.mark.parametrize(
    ("kind", "fields"), [("edit", {"seq": 2, "text": "changed"}), ("delete", {"seq": 2}), ("say", {"text": "/edit x"})]
)
def test_a_change_that_comes_after_its_sender_was_removed_is_refused(
    chat: StoredChat, kind: str, fields: dict[str, object]
) -> None:
    alice, bob = in_ops(chat)
    chat.log.is_slow = True
    alice.say("/uninvite bob", conversation="#ops")
    bob.tell(kind, id=50, conversation="#ops", **fields)
    chat.log.keep()
    bob.hear()
    assert chat.pipeline.state.rooms["ops"].find(2).text == "first"  # type: ignore[union-attr]
    assert (alice.hear("edited"), alice.hear("deleted")) == ([], [])


def test_a_change_is_refused_when_its_sender_was_removed_while_it_was_looked_up(chat: StoredChat) -> None:
    alice, bob = in_ops(chat)
    chat.pipeline.state.rooms["ops"].last.clear()
    bob.session.receive([b'{"type":"delete","id":50,"seq":2,"conversation":"#ops"}'])
    chat.pipeline.commit()
    question = bob.session.pending_request
    assert question
    alice.say("/uninvite bob", conversation="#ops")
    chat.answer(bob.session, question)
    chat.pipeline.commit()
    assert [one["code"] for one in bob.hear("refused")] == ["no-room"]
    assert chat.look_up_message(2, "ops") == "first"


@pytest.mark.parametrize("line", ["/topic late", "/private off", "/invite eve", "/grant eve", "/mute eve"])
def test_a_command_of_a_moderator_of_a_room_that_comes_after_a_kick_is_refused(chat: StoredChat, line: str) -> None:
    alice, bob = in_ops(chat)
    eve = chat.own_program("eve")
    alice.say("/grant bob", conversation="#ops")
    room = chat.pipeline.state.rooms["ops"]
    roles = dict(room.roles)
    chat.log.is_slow = True
    alice.say("/kick bob", conversation="#ops")
    bob.tell("say", id=50, text=line, conversation="#ops")
    chat.log.keep()
    assert (room.topic, room.is_private, room.roles) == ("", True, roles)
    assert not chat.core.is_muted(eve.session.user.require_name(), "ops")


def test_a_moderator_of_the_server_changes_nothing_in_a_room_after_being_removed(chat: StoredChat) -> None:
    alice, bob = in_ops(chat)
    assert bob.session.user.account
    bob.session.user.account.role = Role.MODERATOR
    chat.log.is_slow = True
    alice.say("/uninvite bob", conversation="#ops")
    bob.tell("say", id=50, text="/topic late", conversation="#ops")
    chat.log.keep()
    assert [(one["id"], one["code"]) for one in bob.hear("refused")] == [(50, "no-room")]
    assert chat.pipeline.state.rooms["ops"].topic == ""


def test_what_was_read_after_the_removal_is_not_kept(chat: StoredChat) -> None:
    alice, bob = in_ops(chat)
    bob.tell("read", seq=1, conversation="#ops")
    chat.log.is_slow = True
    alice.say("/uninvite bob", conversation="#ops")
    bob.tell("read", seq=2, conversation="#ops")
    chat.log.keep()
    bob.tell("read", seq=2, conversation="#ops")
    bob.hear()
    assert chat.look_up_rooms("bob") == {"": 0, "ops": 1}


def test_no_link_to_a_room_is_made_that_has_become_private_meanwhile(chat: StoredChat) -> None:
    alice, moderator = chat.owner("alice"), chat.own_program("mod")
    assert moderator.session.user.account
    moderator.session.user.account.role = Role.MODERATOR
    alice.say("/join #Ops")
    moderator.tell("join", conversation="#ops")
    moderator.hear()
    chat.log.is_slow = True
    alice.send("/private on\n")
    moderator.tell("say", id=50, text="/invite", conversation="#ops")
    chat.log.keep()
    assert [one["code"] for one in moderator.hear("refused")] == ["private"]
    assert chat.pipeline.state.invites.all(chat.time) == []
