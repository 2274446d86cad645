"""How IRC clients get in. The numbers are those of docs/irc.md."""

import pytest

from asyncchat.log.accounts import Role
from asyncchat.text import texts
from tests.chat import Room, a_room
from tests.chat.irc_people import Irc, S, command, irc, owner, payload, timeless
from tests.chat.stored_chat import SECRET, StoredChat, stored_chat

WELCOME = ["001", "002", "003", "004", "005", "422", "221"]
USER = "USER alice 0 * :Alice"
LOGIN = ["AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('alice')}", "NICK alice", USER]


@pytest.fixture
def room() -> Room:
    return a_room()


def test_check_1_nick_and_user_are_enough(chat: StoredChat) -> None:
    alice = Irc(chat)
    assert alice.say("NICK alice") == []
    said = alice.say(USER)
    assert [command(line) for line in said] == WELCOME
    assert said[0] == f":{S} 001 alice :Welcome to asyncchat, alice!u@alice"
    assert said[3] == f":{S} 004 alice {S} asyncchat-1.0 i :bnot"
    assert (
        "alice CASEMAPPING=ascii CHANTYPES=# CHANLIMIT=#:50 CHANMODES=b,,,nt PREFIX=(qo)~@ NICKLEN=32"
        " TOPICLEN=390 TARGMAX=PRIVMSG:1,NOTICE:1,NAMES:1,KICK:1 NETWORK=asyncchat UTF8ONLY CHATHISTORY=25"
        " MSGREFTYPES=msgid,timestamp CLIENTTAGDENY=* :are supported by this server"
    ) in said[4]
    assert Irc(chat).codes(USER, "NICK bob") == WELCOME


def test_check_2_capabilities_are_negotiated_before_the_welcome(chat: StoredChat) -> None:
    alice = Irc(chat)
    (listed,) = alice.say("CAP LS 302", "NICK alice", USER)
    assert listed == (
        f":{S} CAP * LS :account-notify account-tag away-notify batch cap-notify draft/chathistory echo-message"
        " extended-join labeled-response message-tags multi-prefix sasl=PLAIN server-time userhost-in-names"
    )
    assert alice.codes("CAP END") == WELCOME


def test_capabilities_have_values_for_those_who_know_them(chat: StoredChat) -> None:
    (listed,) = Irc(chat).say("CAP LS")
    assert " sasl " in listed
    (listed,) = Irc(chat).say("CAP LS x")
    assert " sasl " in listed


def test_without_a_store_there_is_no_password(room: Room) -> None:
    alice = Irc(room.host())
    assert "sasl" not in alice.say("CAP LS 302")[0]
    assert alice.say("CAP REQ sasl") == [f":{S} CAP * NAK :sasl"]
    assert alice.say("AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('alice')}")[1].startswith(f":{S} 904 * :")


def test_check_3_a_join_before_the_welcome_does_no_harm(chat: StoredChat) -> None:
    alice = Irc(chat)
    assert alice.say("CAP LS 302", "JOIN :")[1:] == [f":{S} 451 * :You have not registered"]
    assert alice.codes("WHO x", "CAP END", "NICK alice", USER) == ["451", *WELCOME]


def test_check_4_what_is_not_known_is_refused_as_a_whole(chat: StoredChat) -> None:
    alice = Irc(chat)
    assert alice.say("CAP REQ :foo multi-prefix") == [f":{S} CAP * NAK :foo multi-prefix"]
    assert alice.say("CAP LIST") == [f":{S} CAP * LIST :"]
    assert alice.say("CAP REQ :multi-prefix echo-message ") == [f":{S} CAP * ACK :multi-prefix echo-message "]
    assert alice.say("CAP REQ :-multi-prefix", "CAP LIST")[1] == f":{S} CAP * LIST :echo-message"
    assert alice.say("CAP FOO") == [f":{S} 410 * FOO :Invalid CAP command"]
    assert alice.codes("CAP") == ["461"]


def test_check_5_the_order_of_weechat(chat: StoredChat) -> None:
    chat.owner("alice").hang_up()
    alice = Irc(chat)
    said = alice.say("CAP LS 302", "NICK alice", "USER alice 0 * :alice", "CAP REQ :sasl server-time")
    said += alice.say("AUTHENTICATE PLAIN") + alice.say(f"AUTHENTICATE {payload('alice')}") + alice.say("CAP END")
    assert [command(line) for line in said] == ["CAP", "CAP", "AUTHENTICATE", "900", "903", *WELCOME]
    assert timeless(said[3]) == f":{S} 900 * alice!u@alice alice :You are now logged in as alice"
    assert alice.session.user.account


def test_check_6_the_order_of_irssi(chat: StoredChat) -> None:
    chat.owner("alice").hang_up()
    alice = Irc(chat)
    said = alice.say("CAP LS 302", "JOIN :", "CAP REQ :sasl away-notify")
    said += alice.say("AUTHENTICATE PLAIN") + alice.say(f"AUTHENTICATE {payload('alice')}") + alice.say("CAP END")
    said += alice.say("NICK alice", "USER alice alice 127.0.0.1 :Alice")
    assert [command(line) for line in said] == ["CAP", "451", "CAP", "AUTHENTICATE", "900", "903", *WELCOME]
    assert alice.codes("MODE alice +i", "JOIN #lobby", "MODE #lobby", "WHO #lobby", "MODE #lobby b") == [
        *("221", "JOIN", "353", "366", "324", "352", "315", "368")
    ]


def test_check_7_a_wrong_password_is_refused_and_counted(chat: StoredChat) -> None:
    chat.owner("alice").hang_up()
    alice = Irc(chat)
    wrong = ["AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('alice', 'wrong password')}"]
    for _ in range(2):
        assert alice.codes(*wrong) == ["AUTHENTICATE", "904"]
    assert alice.codes("AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('alice')}") == ["AUTHENTICATE", "900", "903"]
    other = Irc(chat, "192.0.2.9")
    for _ in range(3):
        assert other.codes(*wrong) == ["AUTHENTICATE", "904"]
    right = other.say("AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('alice')}")
    assert right[1] == f":{S} 904 * :SASL authentication failed: {texts.TOO_MANY_TRIES}"
    chat.seconds += 61
    assert other.codes("AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('alice')}") == ["AUTHENTICATE", "900", "903"]


def test_check_8_a_registered_nick_needs_its_password(chat: StoredChat) -> None:
    chat.owner("alice").hang_up()
    alice = Irc(chat)
    said = alice.say("NICK alice", USER)
    assert said[0] == f":{S} 433 * alice :Nickname is already in use"
    assert said[1] == f":{S} NOTICE * :alice is registered: log in with SASL (PLAIN) to use it, or choose another nick."
    assert alice.codes("NICK carol") == WELCOME


def test_check_9_a_nick_that_can_not_be(chat: StoredChat) -> None:
    alice = Irc(chat)
    assert alice.codes("NICK *", "NICK", "NICK :", "NICK :a b") == ["432", "431", "431", "432"]
    assert alice.codes("NICK ok", USER) == WELCOME
    other = Irc(chat)
    assert other.codes(USER, "NICK Server") == ["432"]
    assert other.codes(f"NICK {S}", "NICK NickServ", "NICK chanserv") == ["432"] * 3
    assert other.codes("NICK oκ") == ["432"]  # it looks like ok
    assert other.codes("NICK ok") == ["433"]
    assert other.codes("NICK fine") == WELCOME


def test_nicks_of_every_script_are_welcome(chat: StoredChat) -> None:
    for nick in ("Zoé", "李雷", "007", "a.b-c_1"):
        assert f":{nick}!u@{nick} JOIN #lobby" in irc(chat, nick, rooms="").say("JOIN #lobby")


def test_user_is_sent_once_and_whole(chat: StoredChat) -> None:
    alice = Irc(chat)
    assert alice.codes("USER", "USER alice 0 *", "USER alice 0 * :") == ["461", "461", "461"]
    assert alice.codes(USER, USER) == ["462"]
    assert alice.codes("NICK alice", USER, "PASS x") == [*WELCOME, "462", "462"]


def test_what_a_password_must_look_like(chat: StoredChat) -> None:
    chat.owner("alice").hang_up()
    alice = Irc(chat)
    assert alice.codes("AUTHENTICATE EXTERNAL") == ["908", "904"]
    for wrong in ("!", "YWxpY2U=", payload("alice", authzid="bob"), payload("nobody"), payload("a b")):
        assert alice.codes("AUTHENTICATE PLAIN", f"AUTHENTICATE {wrong}") == ["AUTHENTICATE", "904"], wrong
    assert alice.codes("AUTHENTICATE PLAIN", "AUTHENTICATE *") == ["AUTHENTICATE", "906"]
    assert alice.codes("AUTHENTICATE PLAIN", f"AUTHENTICATE {'a' * 401}") == ["AUTHENTICATE", "905"]
    long = [f"AUTHENTICATE {'a' * 400}"] * 5
    assert alice.codes("AUTHENTICATE PLAIN", *long) == ["AUTHENTICATE", "905"]
    assert alice.codes("AUTHENTICATE PLAIN", f"AUTHENTICATE {'a' * 400}", "AUTHENTICATE +") == ["AUTHENTICATE", "904"]
    assert alice.codes("AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('alice', authzid='alice')}")[1:] == ["900", "903"]
    assert alice.codes("AUTHENTICATE PLAIN") == ["907"]
    assert alice.codes("NICK carol", USER, "AUTHENTICATE PLAIN") == [*WELCOME, "907"]
    assert alice.name == "alice"  # which is the account's


def test_a_password_on_a_network_that_others_read_is_refused(chat: StoredChat) -> None:
    chat.owner("alice").hang_up()
    chat.core.plain_passwords = False
    alice = Irc(chat, is_private=False)
    said = alice.say("AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('alice')}")
    assert "904" in said[1]
    assert "without TLS" in said[1]


def test_pass_is_a_password_too(chat: StoredChat) -> None:
    chat.owner("alice").hang_up()
    assert Irc(chat).codes(f"PASS :{SECRET}", "NICK alice", USER) == WELCOME


def test_pass_may_name_the_account(chat: StoredChat) -> None:
    chat.owner("alice").hang_up()
    assert Irc(chat).codes(f"PASS :alice:{SECRET}", "NICK alice", USER) == WELCOME


def test_a_wrong_pass_is_told(chat: StoredChat) -> None:
    chat.owner("alice").hang_up()
    alice = Irc(chat)
    assert alice.codes("PASS :alice:wrong password", "NICK alice", USER) == ["464"]
    for _ in range(2):
        assert alice.codes("PASS :wrong password", "NICK alice") == ["464"]
    assert alice.codes(f"PASS :{SECRET}", "NICK alice") == ["437"]  # too many tries
    assert alice.codes("PASS x", "NICK guest") == WELCOME


def test_the_banned_are_told_so(chat: StoredChat) -> None:
    admin = owner(chat, "boss", role=Role.ADMIN)
    chat.owner("alice").hang_up()
    assert admin.codes("MODE #lobby +b alice") == ["MODE"]
    alice = Irc(chat)
    assert alice.codes("AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('alice')}")[1:] == ["904"]
    irc(chat, "guest", rooms="")
    admin.say("MODE #lobby +b guest")
    again = Irc(chat)
    assert again.codes("NICK guest2", USER) == ["465", "ERROR"]  # the address is banned with the name
    assert again.peer.closed


def test_a_ban_between_the_password_and_the_welcome_counts(chat: StoredChat) -> None:
    admin = owner(chat, "boss", role=Role.ADMIN)
    chat.owner("alice").hang_up()
    alice = Irc(chat)
    alice.say("AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('alice')}")
    admin.say("MODE #lobby +b alice")
    assert alice.codes("NICK alice", USER) == ["465", "ERROR"]


def test_an_account_that_is_deleted_meanwhile_lets_nobody_in(chat: StoredChat) -> None:
    maker = chat.owner("alice")
    alice = Irc(chat)
    alice.say("AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('alice')}")
    maker.say(f"/unregister {SECRET}")
    maker.hang_up()
    assert alice.codes("NICK alice", USER) == ["437"]
    assert alice.codes("NICK alice") == WELCOME  # as a guest


def test_where_accounts_are_needed_guests_are_told_how_to_log_in() -> None:
    with stored_chat(needs_account=True) as chat:
        alice = Irc(chat)
        assert alice.say("NICK alice", USER) == ["ERROR :this chat is for registered people: log in with SASL"]


def test_a_connection_that_answers_is_not_replaced(chat: StoredChat) -> None:
    first = owner(chat, "alice")
    second = Irc(chat)
    chat.while_paused = lambda: first.send("PONG x\r\n")
    assert second.codes(*LOGIN) == ["AUTHENTICATE", "900", "903", "433", "NOTICE"]
    assert first.hear()[-1] == f"PING :{S}"
    first.session.ping()
    assert second.codes("NICK alice") == ["433", "NOTICE"]
    said = second.say("NICK alice_")  # as clients do by themselves, up to alice__99
    assert said[1] == "ERROR :alice is here on another connection: end that, or wait until it has timed out."
    assert second.peer.closed


def test_a_connection_that_does_not_answer_is_replaced_at_once(chat: StoredChat) -> None:
    first, second = owner(chat, "alice"), Irc(chat)
    said = second.say(*LOGIN)
    assert [command(line) for line in said[3:]] == [*WELCOME, "JOIN", "353", "366"]  # where the first one was
    assert first.hear()[-2:] == [f"PING :{S}", f"ERROR :{texts.REPLACED}"]
    assert first.peer.closed
    assert second.say("JOIN #lobby") == []


def test_programs_are_asked_too_and_people_with_nc_are_replaced(chat: StoredChat) -> None:
    program = chat.own_program("alice")
    chat.while_paused = lambda: program.tell("pong")
    assert Irc(chat).codes(*LOGIN)[3:] == ["433", "NOTICE"]
    chat.while_paused = lambda: None
    assert Irc(chat).codes(*LOGIN)[3:] == [*WELCOME, "JOIN", "353", "366"]
    plain = chat.owner("bob")
    bob = Irc(chat)
    assert bob.codes("AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('bob')}", "NICK bob", USER)[3:10] == WELCOME
    assert plain.peer.closed


def test_a_connection_that_ends_meanwhile_or_is_replaced_by_another_one(chat: StoredChat) -> None:
    first = owner(chat, "alice")
    chat.while_paused = first.hang_up
    assert Irc(chat).codes(*LOGIN)[3:] == WELCOME
    second, others = Irc(chat), []

    def log_in_too() -> None:
        chat.while_paused = lambda: None
        others.append(owner(chat, "alice"))
        chat.while_paused = lambda: others[0].send("PONG x\r\n")

    chat.while_paused = log_in_too
    assert second.codes(*LOGIN)[3:] == ["433", "NOTICE"]
    assert others[0].name == "alice"


def test_a_guest_may_take_another_nick(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice"), irc(chat, "bob")
    program = chat.program("carol")
    alice.hear()
    assert alice.say("NICK dora") == [":alice!u@alice NICK dora"]
    assert bob.hear()[-1] == ":alice!u@alice NICK dora"
    assert [event["type"] for event in program.hear()][-2:] == ["left", "joined"]
    assert alice.codes("NICK bob", "NICK dora", "NICK *", "NICK bοb") == ["433", "432", "432"]
    assert alice.say("PRIVMSG #lobby :hi") == []
    assert bob.hear() == [":dora!u@dora PRIVMSG #lobby :hi"]
    assert alice.name == "dora"


def test_the_same_nick_may_be_written_in_another_way(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice"), irc(chat, "bob")
    bob.hear()
    assert alice.say("NICK alice", "NICK Alice") == [":alice!u@alice NICK Alice"]
    assert bob.hear() == [":alice!u@alice NICK Alice"]
    assert sorted(name.shown for name in chat.core.room.members.values()) == ["Alice", "bob"]


def test_the_nick_of_an_account_stays(chat: StoredChat) -> None:
    assert owner(chat, "alice").codes("NICK bob", "NICK Alice") == ["447"]


def test_a_mute_is_not_escaped_by_another_nick(chat: StoredChat) -> None:
    admin, bob = owner(chat, "boss", role=Role.ADMIN), irc(chat, "bob")
    admin.say("PRIVMSG Server :/mute bob")
    assert bob.codes("NICK carol") == ["437"]
    assert bob.codes("PRIVMSG #lobby :hi") == ["404"]


def test_a_guest_may_log_in_later(chat: StoredChat) -> None:
    chat.owner("alice").hang_up()
    guest, other = irc(chat, "guest"), irc(chat, "other")
    said = guest.say("AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('alice')}")
    assert [command(line) for line in said] == ["AUTHENTICATE", "NICK", "900", "903"]
    assert other.hear() == [":guest!u@guest NICK alice"]
    assert guest.name == "alice"


def test_commands_register_and_log_in_too(chat: StoredChat) -> None:
    guest = irc(chat, "guest")
    assert guest.say(f"PRIVMSG Server :/register guest {SECRET}") == [f":{S} NOTICE guest :{texts.REGISTERED}"]
    assert guest.session.user.account


def test_late_logins_fail_as_others_do(chat: StoredChat) -> None:
    owner(chat, "alice")
    guest = irc(chat, "guest")
    assert guest.codes("AUTHENTICATE PLAIN", f"AUTHENTICATE {payload('alice')}") == ["AUTHENTICATE", "904"]
    assert guest.name == "guest"


def test_whoever_ends_before_the_welcome_just_goes(chat: StoredChat) -> None:
    alice = Irc(chat)
    assert alice.say("QUIT") == ["ERROR :Closing link"]
    assert alice.peer.closed
    bob = Irc(chat)
    bob.send("NICK al")
    bob.hang_up()
    assert bob.hear() == [f":{S} NOTICE * :{texts.LINE_UNFINISHED}"]


def test_capabilities_can_change_later(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice"), irc(chat, "bob")
    alice.say("CAP REQ :server-time message-tags echo-message")
    bob.send("PRIVMSG #lobby :hi\r\n")
    (said,) = alice.hear()
    assert said.startswith("@time=")
    assert "msgid=chat-1 :bob!u@bob PRIVMSG #lobby :hi" in said
    alice.say("CAP REQ :-server-time -message-tags -echo-message")
    assert alice.say("PRIVMSG #lobby :hi") == []
