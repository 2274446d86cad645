"""What IRC clients and others say to each other. The numbers are those of docs/irc.md."""

import pytest

from asyncchat.formats.irc.lines import LONGEST
from asyncchat.log.accounts import Role
from asyncchat.log.room_events import timestamp
from asyncchat.text import texts
from tests.chat import SlowLog, a_room
from tests.chat.irc_people import Irc, S, command, irc, owner, payload
from tests.chat.stored_chat import SECRET, StoredChat

TAGGED = ("server-time", "message-tags")


def login(chat: StoredChat, name: str) -> list[str]:
    """Log in as somebody, and return the commands of what is heard."""
    return Irc(chat).codes("AUTHENTICATE PLAIN", f"AUTHENTICATE {payload(name)}", f"NICK {name}", "USER x 0 * :x")


def test_check_11_what_irc_says_comes_in_each_form(chat: StoredChat) -> None:
    alice, bob, program = irc(chat, "alice"), chat.guest("bob"), chat.program("carol")
    bob.hear()
    program.hear()
    assert alice.say("PRIVMSG #lobby :hello") == []
    assert bob.hear() == ["alice: hello"]
    (event,) = program.hear()
    assert (event["type"], event["from"], event["text"]) == ("message", "alice", "hello")


def test_check_12_ones_own_lines_come_back_only_if_they_are_wanted(chat: StoredChat) -> None:
    alice, bob, carol = irc(chat, "alice"), irc(chat, "bob", "echo-message"), irc(chat, "carol")
    text = "hello, :alice!u@alice PRIVMSG"  # which is not hers
    assert alice.say("PRIVMSG #lobby :hello") == []
    assert bob.say(f"PRIVMSG #lobby :{text}") == [f":bob!u@bob PRIVMSG #lobby :{text}"]
    assert alice.hear() == [f":bob!u@bob PRIVMSG #lobby :{text}"]
    assert carol.hear() == [":alice!u@alice PRIVMSG #lobby :hello", f":bob!u@bob PRIVMSG #lobby :{text}"]


def test_check_13_plain_lines_are_messages(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice"), chat.guest("bob")
    alice.hear()
    bob.say("hello", "/me waves", "//slash")
    assert alice.hear() == [
        ":bob!u@bob PRIVMSG #lobby :hello",
        ":bob!u@bob PRIVMSG #lobby :\x01ACTION waves\x01",
        ":bob!u@bob PRIVMSG #lobby :/slash",
    ]


def test_check_15_colours_and_typefaces_are_taken_out(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice"), chat.guest("bob")
    bob.hear()
    alice.say(
        "PRIVMSG #lobby :\x02\x0304red\x0f \x0304,12x\x04ff0000y\x11\x16\x1d\x1e\x1fz", "PRIVMSG #lobby :\x02\x0f"
    )
    assert bob.hear() == ["alice: red xyz"]


def test_check_16_actions_go_both_ways(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice"), chat.guest("bob")
    bob.hear()
    assert alice.say("PRIVMSG #lobby :\x01ACTION waves\x01") == []
    assert bob.hear() == ["* alice waves"]
    assert alice.codes("PRIVMSG #lobby :\x01ACTION\x01") == ["412"]
    assert alice.codes("PRIVMSG #lobby :\x01VERSION\x01", "NOTICE #lobby :\x01VERSION x\x01") == ["NOTICE"]
    assert bob.hear() == []


def test_check_17_control_characters_are_seen(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice"), chat.guest("bob")
    bob.hear()
    alice.say("PRIVMSG #lobby :a\x1b[31mb")
    assert bob.hear() == ["alice: a␛[31mb"]


@pytest.mark.parametrize("piece", ["word ", "ä", "x", "李雷 "])
def test_check_18_long_lines_are_split_and_lose_nothing(chat: StoredChat, piece: str) -> None:
    alice, bob = irc(chat, "alice", *TAGGED), chat.guest("bob")
    alice.hear()
    text = (piece * (4096 // len(piece.encode()))).strip()
    bob.say(text)
    data = alice.peer.take()
    lines = data.decode().split("\r\n")[:-1]
    assert len(lines) > 8
    begin = ":bob!u@bob PRIVMSG #lobby :"
    bare = [line.partition(" ")[2] for line in lines]
    assert all(len(line.encode()) <= LONGEST and line.startswith(begin) for line in bare)
    assert "".join(line.removeprefix(begin) for line in bare) == text
    assert ["msgid=" in line for line in lines] == [True, *[False] * (len(lines) - 1)]
    assert len({line.partition(";")[0].partition(" ")[0] for line in lines}) == 1
    if " " in piece:
        assert all(line.endswith(" ") for line in bare[:-1])


def test_long_actions_are_split_too(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice"), chat.guest("bob")
    alice.hear()
    bob.say(f"/me {'x' * 1000}")
    lines = alice.hear()
    assert len(lines) == 3
    assert all(line.endswith("\x01") and len(line) <= LONGEST for line in lines)


def test_check_19_lines_that_are_too_long_are_not_posted(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice"), chat.guest("bob")
    bob.hear()
    assert alice.say(f"PRIVMSG #lobby :{'x' * 600}") == [f":{S} 417 alice :Input line was too long"]
    assert alice.codes(f"PRIVMSG #lobby :{'x' * 100_000}", f"@{'t' * 4095} PING x") == ["417", "417"]
    assert alice.codes(f"@{'t' * 4094} PING x") == ["PONG"]
    assert bob.hear() == []


def test_check_20_what_is_not_utf_8_is_refused(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice"), chat.guest("bob")
    bob.hear()
    alice.hear()
    alice.send(b"PRIVMSG #lobby :hi\xaa\r\n")
    assert alice.hear() == [f":{S} FAIL PRIVMSG INVALID_UTF8 :Your line was not taken: it is not UTF-8"]
    alice.send(b":\xaa\r\n")
    assert alice.hear() == [f":{S} FAIL * INVALID_UTF8 :Your line was not taken: it is not UTF-8"]
    alice.say("PRIVMSG #lobby :hi")
    assert bob.hear() == ["alice: hi"]


@pytest.mark.parametrize(
    "line", ["/auth bob pw123456", " /auth bob pw123456", "/auht bob pw123456", "⁄auth bob pw1", "/msg bob secret"]
)
def test_check_21_commands_with_passwords_are_shown_to_nobody(chat: StoredChat, line: str) -> None:
    alice, bob, program = owner(chat, "alice"), chat.guest("bob"), chat.program("carol")
    bob.hear()
    program.hear()
    (answer,) = alice.say(f"PRIVMSG #lobby :{line}")
    assert answer.startswith(f":{S} 404 alice #lobby :your line was not sent")
    alice.say(f"NOTICE #lobby :{line}", f"PRIVMSG bob :{line}", f"PRIVMSG nickserv :{line}")
    assert bob.hear() == []
    assert program.hear() == []


def test_the_line_after_it_and_the_password_itself_are_not_shown_either(chat: StoredChat) -> None:
    alice, bob = owner(chat, "alice"), chat.guest("bob")
    bob.hear()
    assert alice.codes("PRIVMSG #lobby :/auth bob", "PRIVMSG #lobby :pw123456") == ["404", "404"]
    assert alice.codes(f"PRIVMSG #lobby :{SECRET}") == ["404"]
    assert bob.hear() == []


def test_other_lines_with_a_slash_are_text(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice"), chat.guest("bob")
    bob.hear()
    assert alice.say("PRIVMSG #lobby :/usr/bin/env python", "PRIVMSG #lobby ://x", "PRIVMSG #lobby :/list") == []
    assert bob.hear() == ["alice: /usr/bin/env python", "alice: //x", "alice: /list"]


def test_check_22_private_messages_wait(chat: StoredChat) -> None:
    alice = owner(chat, "alice", rooms="")
    bob = owner(chat, "bob", *TAGGED, rooms="")
    assert alice.say("PRIVMSG bob :here") == []
    (said,) = bob.hear()
    assert said.endswith(":alice!u@alice PRIVMSG bob :here")
    bob.say("QUIT")
    alice.say("PRIVMSG Bob :one", "PRIVMSG bob :/me two", "PRIVMSG bob :\x01ACTION waves\x01")
    sent_at = timestamp(chat.time)
    chat.time += 60_000
    again = Irc(chat)
    again.say("CAP REQ :sasl server-time message-tags", "AUTHENTICATE PLAIN")
    said_after = again.say(f"AUTHENTICATE {payload('bob')}", "CAP END", "NICK bob", "USER bob 0 * :b")
    assert [command(line) for line in said_after[-4:]] == ["221", "PRIVMSG", "PRIVMSG", "PRIVMSG"]
    assert said_after[-3:] == [
        f"@time={sent_at};msgid=chat-2-@1-2 :alice!u@alice PRIVMSG bob :one",
        f"@time={sent_at};msgid=chat-3-@1-2 :alice!u@alice PRIVMSG bob :\x01ACTION two\x01",
        f"@time={sent_at};msgid=chat-4-@1-2 :alice!u@alice PRIVMSG bob :\x01ACTION waves\x01",
    ]
    again.session.core.leave(again.session.user)  # the connection ends before they are there
    third = Irc(chat)
    third.say("AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('bob')}", "NICK bob")
    assert third.codes("USER x 0 * :x")[-3:] == ["PRIVMSG"] * 3
    third.say("QUIT")
    assert "PRIVMSG" not in login(chat, "bob")


def test_many_private_messages_that_waited_are_counted(chat: StoredChat) -> None:
    alice = owner(chat, "alice", rooms="")
    owner(chat, "bob", rooms="").say("QUIT")
    alice.say(*[f"PRIVMSG bob :{number}" for number in range(40)])
    bob = Irc(chat)
    said = bob.say(*("AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('bob')}", "NICK bob", "USER bob 0 * :b"))
    assert len([line for line in said if command(line) == "PRIVMSG"]) == 25
    assert said[-1] == f":{S} NOTICE bob :alice: 15 more unread messages are further back: /history 40"


def test_private_messages_come_from_every_kind_of_client(chat: StoredChat) -> None:
    alice, bob, program = owner(chat, "alice"), chat.owner("bob"), chat.own_program("carol")
    bob.say("/msg alice hello")
    program.say("hello", conversation="alice")
    program.hear()
    assert [line for line in alice.hear() if command(line) == "PRIVMSG"] == [
        ":bob!u@bob PRIVMSG alice :hello",
        ":carol!u@carol PRIVMSG alice :hello",
    ]
    alice.say("PRIVMSG carol :hi")
    assert [event["type"] for event in program.hear()] == ["unread"]
    bob.say("/msg alice helo", "/chat alice", "/edit hello", "/delete")
    assert alice.hear() == [
        ":bob!u@bob PRIVMSG alice :helo",
        f":{S} NOTICE alice :(private) (edited) bob: hello",
        f":{S} NOTICE alice :(private) bob has deleted a message",
    ]


def test_private_messages_are_echoed_to_those_who_want_it(chat: StoredChat) -> None:
    alice = owner(chat, "alice", "echo-message", "batch", "labeled-response", "message-tags")
    owner(chat, "bob")
    assert alice.say("PRIVMSG bob :hi") == ["@msgid=chat-1-@1-2 :alice!u@alice PRIVMSG bob :hi"]
    (said,) = alice.say("@label=7 PRIVMSG bob :hi")
    assert said == "@label=7;msgid=chat-2-@1-2 :alice!u@alice PRIVMSG bob :hi"


def test_check_23_guests_have_no_private_messages(chat: StoredChat) -> None:
    guest, alice, other = irc(chat, "guest"), owner(chat, "alice"), irc(chat, "other")
    alice.hear()
    assert guest.codes("PRIVMSG alice :hi", "PRIVMSG other :hi", "PRIVMSG nobody :hi") == ["531", "531", "401"]
    assert alice.say("PRIVMSG guest :hi")[0].startswith(f":{S} 531 alice guest :guest is not registered")
    assert alice.codes("PRIVMSG alice :hi", "PRIVMSG :", "PRIVMSG !x :hi") == ["531", "411", "401"]
    assert guest.say("NOTICE alice :hi", "NOTICE nobody :x", "NOTICE :", "NOTICE alice", "NOTICE #nowhere :x") == []
    assert alice.hear() == other.hear() == []


def test_notices_are_messages_that_are_never_answered(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice"), chat.guest("bob")
    bob.hear()
    assert alice.say("NOTICE #lobby :hello", "NOTICE Server :/help", "PART #lobby", "NOTICE #lobby :hello")[1:] == []
    assert bob.hear() == ["alice: hello"]


def test_what_can_not_be_sent_is_told(chat: StoredChat) -> None:
    alice = irc(chat, "alice", rooms="")
    assert alice.codes("PRIVMSG #lobby :hi", "PRIVMSG #nowhere :hi", "PRIVMSG #lobby", "PRIVMSG #lobby :  ") == [
        *("404", "403", "412", "412")
    ]


def test_the_muted_are_told_so(chat: StoredChat) -> None:
    admin, bob = owner(chat, "boss", role=Role.ADMIN), irc(chat, "bob")
    assert admin.say("PRIVMSG Server :/mute bob") == [f":{S} NOTICE boss :bob was muted!"]
    assert bob.say("PRIVMSG #lobby :hi") == [f":{S} 404 bob #lobby :{texts.SENDING_MUTED}"]


def test_who_is_away_is_told(chat: StoredChat) -> None:
    alice, bob = owner(chat, "alice"), owner(chat, "bob")
    assert bob.codes("AWAY :at lunch") == ["306"]
    assert alice.say("PRIVMSG bob :hi") == [f":{S} 301 alice bob :at lunch"]
    assert bob.codes("AWAY") == ["305"]


def test_the_server_takes_commands(chat: StoredChat) -> None:
    alice = irc(chat, "alice")
    assert f":{S} NOTICE alice :" in alice.say("PRIVMSG Server :/help")[0]
    assert alice.say("PRIVMSG server :list") == [f":{S} NOTICE alice :no one online"]
    assert alice.say(f"PRIVMSG {S} :/nonsense")[0].startswith(f":{S} NOTICE alice :unknown command /nonsense")
    bob = chat.guest("bob")
    bob.hear()
    assert alice.say("PRIVMSG Server :/me waves") == []
    assert bob.hear() == ["* alice waves"]
    alice.say("PART #lobby")
    assert alice.codes("PRIVMSG Server :/me waves") == ["NOTICE"]
    assert alice.codes("PRIVMSG Server :/join #ops") == ["JOIN", "353", "366"]
    assert alice.codes("PRIVMSG Server :/exit") == []
    assert alice.peer.closed


def test_commands_for_a_room_that_is_gone_are_for_another(chat: StoredChat) -> None:
    alice = irc(chat, "alice")
    alice.say("JOIN #ops")
    alice.session.user.room = "gone"
    assert alice.codes("PRIVMSG Server :/list") == ["NOTICE"]


def test_edits_and_deletions_are_notes(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice"), chat.program("bob")
    alice.hear()
    bob.say("helo")
    bob.say("/edit hello")
    bob.say("/me wavs")
    bob.say("/edit /me waves\nand smiles")
    bob.say("/delete")
    assert alice.hear() == [
        ":bob!u@bob PRIVMSG #lobby :helo",
        f":{S} NOTICE #lobby :(edited) bob: hello",
        ":bob!u@bob PRIVMSG #lobby :\x01ACTION wavs\x01",
        f":{S} NOTICE #lobby :(edited) * bob waves",
        f":{S} NOTICE #lobby :(edited) * bob and smiles",
        f":{S} NOTICE #lobby :bob has deleted a message",
    ]


def test_several_lines_come_one_by_one(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice", *TAGGED), chat.program("bob")
    alice.hear()
    bob.say("one\n\ntwo")
    one, two = alice.hear()
    assert one.endswith(";msgid=chat-1 :bob!u@bob PRIVMSG #lobby :one")
    assert two == f"{one.split(';')[0]} :bob!u@bob PRIVMSG #lobby :two"


def test_labels_come_back(chat: StoredChat) -> None:
    alice = irc(chat, "alice", "labeled-response", "batch", "echo-message", "message-tags")
    bob = irc(chat, "bob", "labeled-response", "batch", "echo-message")
    assert alice.say("@label=a;x=1 PING x") == [f"@label=a :{S} PONG {S} :x"]
    assert alice.say("@label=b PONG x") == [f"@label=b :{S} ACK"]
    first, *lines, last = alice.say("@label=c WHO #lobby")
    assert first == f"@label=c :{S} BATCH +label labeled-response"
    assert [line.startswith(f"@batch=label :{S} 3") for line in lines] == [True] * 3
    assert last == f":{S} BATCH -label"
    assert alice.say(r"@label=d\s1\:\\ PING x")[0].startswith(rf"@label=d\s1\:\\ :{S} PONG")
    assert alice.say("@label=e PRIVMSG #lobby :one", "PRIVMSG #lobby :two") == [
        "@label=e;msgid=chat-1 :alice!u@alice PRIVMSG #lobby :one",
        "@msgid=chat-2 :alice!u@alice PRIVMSG #lobby :two",
    ]
    assert bob.say("@label=f PRIVMSG #lobby :three") == ["@label=f :bob!u@bob PRIVMSG #lobby :three"]
    long = bob.say(f"@label=h PRIVMSG #lobby :{'x' * 490}", "PRIVMSG Server :/me waves", "@label=i PRIVMSG #lobby :x")
    assert [line.partition(" ")[0] for line in long] == ["@label=h", ":bob!u@bob", ":bob!u@bob", "@label=i"]
    assert alice.say("CAP REQ :-echo-message", "@label=j PRIVMSG #lobby :x")[-1] == f"@label=j :{S} ACK"
    assert alice.say("@label=g QUIT") == ["@label=g ERROR :Closing link"]


def test_what_could_not_be_kept_is_told() -> None:
    log = SlowLog()
    room = a_room(log)
    alice = Irc(room.host())
    alice.say("CAP REQ :echo-message message-tags labeled-response", "CAP END", "NICK alice", "USER a 0 * :a")
    alice.say("JOIN #lobby")
    assert alice.say("@label=a PRIVMSG #lobby :hi", "PRIVMSG #lobby :ho", "@label=b PRIVMSG #lobby :hu") == []
    assert alice.say("@label=c PRIVMSG #lobby :later") == []
    log.fail("the disk is full")
    assert alice.hear() == [
        f"@label={label} :{S} NOTICE alice :your line was not sent: the disk is full." for label in "ab"
    ]
    log.keep_all()
    assert alice.hear() == ["@label=c;msgid=slow-1 :alice!u@alice PRIVMSG #lobby :later"]
    assert alice.say("@label=d PRIVMSG #lobby :lost", "@label=e PING x") == []
    log.fail("the disk is full")
    log.keep_all()
    assert [line.partition(" :")[0] for line in alice.hear()] == ["@label=d", "@label=e"]
    assert alice.say("PRIVMSG #lobby :unlabelled") == []
    log.fail("the disk is full")
    assert alice.hear() == [f":{S} NOTICE alice :your line was not sent: the disk is full."]
    assert alice.say("PRIVMSG #lobby :hi") == []
    log.keep_all()
    assert alice.hear() == ["@msgid=slow-2 :alice!u@alice PRIVMSG #lobby :hi"]
    alice.say("PRIVMSG #lobby :hi", "QUIT")
    log.fail("the disk is full")


def test_a_private_message_that_could_not_be_kept_is_told(chat: StoredChat) -> None:
    alice = owner(chat, "alice")
    owner(chat, "bob")
    chat.is_broken = True
    assert alice.codes("PRIVMSG bob :hi") == ["NOTICE"]
    alice.say("QUIT")
    again = Irc(chat)
    chat.is_broken = False
    again.say("AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('alice')}")
    chat.is_broken = True
    assert again.codes("NICK alice", "USER a 0 * :a")[-1] == "221"  # what waited can't be read


def test_accounts_are_tagged(chat: StoredChat) -> None:
    alice, bob, guest = irc(chat, "alice", "account-tag"), owner(chat, "bob"), irc(chat, "guest")
    alice.hear()
    bob.say("PRIVMSG #lobby :hi")
    guest.say("PRIVMSG #lobby :hi")
    assert alice.hear() == ["@account=bob :bob!u@bob PRIVMSG #lobby :hi", ":guest!u@guest PRIVMSG #lobby :hi"]


LABELS = ("labeled-response", "batch", "echo-message", "message-tags")


def test_a_topic_that_is_too_long_loses_its_end_and_not_its_tags(chat: StoredChat) -> None:
    admin, alice = chat.owner("boss", role=Role.ADMIN), irc(chat, "alice", "server-time")
    alice.hear()
    admin.say(f"/topic {'x' * 1000}")
    (line,) = alice.hear()
    assert line.startswith("@time=")
    assert len(line.partition(" ")[2]) == LONGEST


def test_each_label_is_that_of_its_own_message_also_in_several_rooms(chat: StoredChat) -> None:
    alice = irc(chat, "alice", *LABELS, rooms="#lobby,#ops")
    assert sorted(
        alice.say(
            "@label=a PRIVMSG #lobby :one",
            "@label=b PRIVMSG #ops :two",
            "PRIVMSG #ops :three",
            "@label=c PRIVMSG #lobby :x",
        )
    ) == sorted(
        [
            "@label=a;msgid=chat-1 :alice!u@alice PRIVMSG #lobby :one",
            "@label=c;msgid=chat-2 :alice!u@alice PRIVMSG #lobby :x",
            "@label=b;msgid=chat-1-#ops :alice!u@alice PRIVMSG #ops :two",
            "@msgid=chat-2-#ops :alice!u@alice PRIVMSG #ops :three",
        ]
    )


def test_lines_that_are_refused_are_answered_with_their_labels(chat: StoredChat) -> None:
    alice = irc(chat, "alice", *LABELS)
    for line, answer in {
        f"@label=a PRIVMSG #lobby :{'x' * 600}": f"@label=a :{S} 417 alice :Input line was too long",
        "@label=b NONSENSE": f"@label=b :{S} 421 alice NONSENSE :Unknown command",
        "@label=c PRIVMSG #lobby :/auth bob pw": f"@label=c :{S} 404 alice #lobby :your line was not sent",
        "@label=d NOTICE #lobby :/auth bob pw": f"@label=d :{S} ACK",
        "@label=e JOIN": f"@label=e :{S} 461 alice JOIN :Not enough parameters",
        "@label=f PRIVMSG nobody :x": f"@label=f :{S} 401 alice nobody :No such nick",
    }.items():
        (said,) = alice.say(line)
        assert said.startswith(answer), said
    alice.hear()
    alice.send(b"@label=g PRIVMSG #lobby :\xaa\r\n")
    assert alice.hear()[0].startswith(f"@label=g :{S} FAIL PRIVMSG INVALID_UTF8 ")
    alice.send(b"@" + b"x" * 4095 + b";label=h PING x\r\n")
    assert alice.hear() == [f":{S} 417 alice :Input line was too long"]


def test_what_others_do_meanwhile_is_no_answer() -> None:
    log = SlowLog()
    core = a_room(log).host()
    alice, bob = irc(core, "alice", *LABELS), irc(core, "bob")
    alice.hear()
    alice.send("@label=a PRIVMSG #lobby :x\r\n@label=b PING x\r\n")
    alice.session.user.notice("from somebody else")
    assert alice.hear() == [f":{S} NOTICE alice :from somebody else"]
    log.keep_all()
    log.keep_all()
    assert alice.hear() == ["@label=a;msgid=slow-1 :alice!u@alice PRIVMSG #lobby :x", f"@label=b :{S} PONG {S} :x"]
    assert bob.hear() == [":alice!u@alice PRIVMSG #lobby :x"]


def test_what_members_see_of_a_command_is_its_answer(chat: StoredChat) -> None:
    admin, bob = owner(chat, "boss", *LABELS, role=Role.ADMIN), owner(chat, "bob", *LABELS)
    first, *lines, _ = admin.say("@label=a MODE #lobby +o bob")
    assert first == f"@label=a :{S} BATCH +label labeled-response"
    assert "@batch=label :boss!u@boss MODE #lobby +o bob" in lines
    assert admin.say("@label=b TOPIC #lobby :x") == ["@label=b :boss!u@boss TOPIC #lobby :x"]
    assert bob.hear()[-1] == ":boss!u@boss TOPIC #lobby :x"
    assert admin.say("@label=c MODE #lobby +b nobody") == [f"@label=c :{S} 401 boss nobody :No such nick"]
    guest = irc(chat, "guest")
    assert admin.say("@label=d KICK #lobby guest") == ["@label=d :boss!u@boss KICK #lobby guest :kick"]
    assert guest.peer.closed


def test_everything_is_dated_and_tagged_for_those_who_ask(chat: StoredChat) -> None:
    alice = irc(chat, "alice", "server-time", "account-tag")
    time = timestamp(chat.time)
    owner(chat, "bob").say("AWAY :x", "PART #lobby", "JOIN #lobby", "QUIT")
    for line in alice.hear():
        account = ";account=bob" if line.count(":bob!u@bob ") and "QUIT" not in line else ""
        assert line.startswith((f"@time={time}{account} ", f"@time={time};account=bob "))
    assert alice.say("PING x", "WHO #lobby", "TOPIC #lobby", "AWAY :y")
    assert all(line.startswith(f"@time={time} :") for line in alice.say("PING x", "WHO #lobby", "AWAY :y"))
    labelled = irc(chat, "carol", "server-time", "labeled-response", "batch")
    assert all(f"time={time}" in line.partition(" ")[0] for line in labelled.say("@label=time=x WHO #lobby"))


def test_what_was_deleted_before_it_was_read_does_not_come(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    bob.hang_up()
    alice.say("/msg bob too early", "/chat bob", "/delete")
    assert login(chat, "bob")[-1] == "221"


@pytest.mark.parametrize(
    "line",
    [
        "PRIVMSG NickServ :IDENTIFY pw123456",
        "PRIVMSG nickserv :register pw123456 me@example.org",
        "NOTICE NickServ :IDENTIFY pw123456",
        "PRIVMSG NickServ@services.here :IDENTIFY pw123456",
        "NS IDENTIFY pw123456",
        "NICKSERV IDENTIFY alice pw123456",
        "IDENTIFY pw123456",
        "PASS pw123456",
        "OPER alice pw123456",
        "JOIN #lobby pw123456",
        "PRIVMSG #lobby :/ns identify pw123456",
        "PRIVMSG #lobby :/nickserv identify pw123456",
        "PRIVMSG #lobby :/msg nickserv identify pw123456",
        "PRIVMSG #lobby : /msg nickserv identify pw123456",
        "PRIVMSG #lobby :msg NickServ identify alice pw123456",
        "PRIVMSG #lobby :NickServ identify pw123456",
        "PRIVMSG #lobby :ns identify pw123456",
        "PRIVMSG #lobby :/quote ns identify pw123456",
        "PRIVMSG #lobby :/quote PASS pw123456",
        "PRIVMSG #lobby :/raw PASS pw123456",
        "PRIVMSG #lobby :/pass pw123456",
        "PRIVMSG #lobby :/oper alice pw123456",
        "PRIVMSG #lobby :/identify pw123456",
        "PRIVMSG #lobby :\x02/ns\x02 identify pw123456",
        "PRIVMSG #lobby :\x01ACTION /ns identify pw123456\x01",
        "NOTICE #lobby :/ns identify pw123456",
        "PRIVMSG bob :/ns identify pw123456",
        "PRIVMSG bob :NickServ identify pw123456",
        "PRIVMSG Server :NickServ identify pw123456",
        "PRIVMSG Server :/ns identify pw123456",
        "PRIVMSG Server ://ns identify pw123456",
        "PRIVMSG Server :/me ns identify pw123456",
        "PRIVMSG pw123456 :x",
    ],
)
def test_passwords_for_services_are_shown_to_nobody(chat: StoredChat, line: str) -> None:
    alice, bob, plain = owner(chat, "alice"), owner(chat, "bob", "away-notify"), chat.guest("carol")
    bob.hear()
    plain.hear()
    alice.say(line)
    assert "pw123456" not in "".join([*bob.hear(), *plain.hear()])
    assert "pw123456" not in str([*chat.core.room.last, *chat.said_between("alice", "bob")])


def test_services_say_where_passwords_go(chat: StoredChat) -> None:
    alice = irc(chat, "alice")
    for line in (
        "PRIVMSG NickServ :IDENTIFY pw123456",
        "NS IDENTIFY pw123456",
        "PRIVMSG #lobby :/ns identify pw123456",
    ):
        assert "Server" in alice.say(line)[-1], line
    assert alice.say("PRIVMSG #lobby :ns identify is a command of NickServ") == []
    assert alice.say("PRIVMSG #lobby :Oper identify yourself!", "PRIVMSG #lobby :/passengers only") == []


def test_what_came_with_pass_is_shown_to_nobody_whoever_it_was_for(chat: StoredChat) -> None:
    guest, bob = Irc(chat), chat.guest("bob")
    guest.say("PASS pw123456", "NICK guest", "USER x 0 * :x", "JOIN #lobby")
    bob.hear()
    assert guest.codes("PRIVMSG #lobby :pw123456", "PRIVMSG #lobby :\x01ACTION pw123456\x01") == ["404", "404"]
    bob.say(f"/register bob {SECRET}")
    assert bob.say(f"/me {SECRET}") == [f"Server: {texts.IS_PASSWORD}"]
    again = Irc(chat)
    again.say("PASS guest:pw123456", "NICK third", "USER x 0 * :x", "JOIN #lobby")
    assert again.codes("PRIVMSG #lobby :pw123456") == ["404"]
    assert bob.hear() == []
