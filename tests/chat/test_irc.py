"""IRC clients: what they send, what they are told, and that they are users like all others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncchat.formats.irc import lines
from asyncchat.formats.irc.encoder import Format, Lines, encoder
from asyncchat.log.accounts import Role
from asyncchat.log.room_events import Changed, Joined, Left, Renamed, Sent
from asyncchat.text.usernames import Name, parse_name
from tests.chat.irc import SERVER, Irc, command_of, guest, owner, plain
from tests.chat.stored_chat import SECRET, StoredChat

# Registration.


def test_a_client_is_welcomed_with_what_every_client_expects(chat: StoredChat) -> None:
    heard = Irc(chat).numerics("NICK alice", "USER u 0 * :real")
    assert heard == ["001", "002", "003", "004", "005", "005", "422", "221"]


def test_capabilities_hold_the_welcome_until_they_are_settled(chat: StoredChat) -> None:
    client = Irc(chat)
    assert client.numerics("CAP LS 302", "NICK alice", "USER u 0 * :real") == ["CAP"]
    assert client.numerics("CAP END")[0] == "001"


def test_a_join_before_the_registration_is_harmless(chat: StoredChat) -> None:
    client = Irc(chat)
    assert client.numerics("JOIN :", "PRIVMSG #lobby :hi") == ["451", "451"]
    assert client.numerics("NICK alice", "USER u 0 * :real")[0] == "001"


def test_a_request_for_unknown_capabilities_is_refused_as_a_whole(chat: StoredChat) -> None:
    client = Irc(chat)
    assert client.say("CAP REQ :foo multi-prefix") == [f":{SERVER} CAP * NAK :foo multi-prefix"]
    assert client.say("CAP LIST") == [f":{SERVER} CAP * LIST :"]
    assert client.say("CAP REQ :echo-message", "CAP REQ :-echo-message batch") == [
        f":{SERVER} CAP * ACK :echo-message",
        f":{SERVER} CAP * ACK :-echo-message batch",
    ]
    assert client.say("CAP LIST") == [f":{SERVER} CAP * LIST :batch"]
    assert client.numerics("CAP FOO", "CAP") == ["410", "410"]


def test_sasl_in_the_order_of_weechat(chat: StoredChat) -> None:
    chat.owner("alice").send("/exit\n")
    client = Irc(chat)
    assert client.numerics("CAP LS 302", "NICK alice", "USER u 0 * :real") == ["CAP"]
    assert client.numerics("CAP REQ :sasl server-time") == ["CAP"]
    assert client.say("AUTHENTICATE PLAIN") == ["AUTHENTICATE +"]
    assert client.numerics(f"AUTHENTICATE {plain('alice')}") == ["900", "903"]
    assert client.numerics("CAP END")[0] == "001"
    assert client.session.user.account


def test_sasl_in_the_order_of_irssi(chat: StoredChat) -> None:
    chat.owner("alice").send("/exit\n")
    client = Irc(chat)
    heard = client.numerics("CAP LS 302", "JOIN :", "CAP REQ :sasl", "AUTHENTICATE PLAIN")
    assert heard == ["CAP", "451", "CAP", "AUTHENTICATE"]
    assert client.numerics(f"AUTHENTICATE {plain('alice')}", "CAP END") == ["900", "903"]
    assert client.numerics("NICK alice", "USER u 0 * :real")[0] == "001"


def test_a_wrong_password_may_be_followed_by_the_right_one_but_not_by_many(chat: StoredChat) -> None:
    chat.owner("alice").send("/exit\n")
    client = Irc(chat)
    client.say("CAP LS 302", "NICK alice", "USER u 0 * :real")
    heard = [client.numerics("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain('alice', 'wrong horse')}") for _ in range(3)]
    assert heard == [["AUTHENTICATE", "904", "NOTICE"]] * 3
    assert client.numerics("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain('alice')}") == [
        *("AUTHENTICATE", "904", "NOTICE")
    ]
    chat.seconds += 3600
    assert client.numerics("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain('alice')}") == ["AUTHENTICATE", "900", "903"]
    assert client.numerics("AUTHENTICATE PLAIN") == ["907"]


@pytest.mark.parametrize(
    ("said", "numerics"),
    [
        (["AUTHENTICATE FOO"], ["908", "904"]),
        (["AUTHENTICATE PLAIN", "AUTHENTICATE *"], ["AUTHENTICATE", "906"]),
        (["AUTHENTICATE PLAIN", "AUTHENTICATE ====="], ["AUTHENTICATE", "904"]),
        (["AUTHENTICATE PLAIN", f"AUTHENTICATE {'a' * 401}"], ["AUTHENTICATE", "905"]),
        (["AUTHENTICATE PLAIN", f"AUTHENTICATE {plain('alice', SECRET, 'bob')}"], ["AUTHENTICATE", "904", "NOTICE"]),
        (["AUTHENTICATE PLAIN", f"AUTHENTICATE {plain('nobody')}"], ["AUTHENTICATE", "904", "NOTICE"]),
        (["AUTHENTICATE"], ["908", "904"]),
    ],
)
def test_what_is_wrong_with_sasl_is_answered(chat: StoredChat, said: list[str], numerics: list[str]) -> None:
    chat.owner("alice").send("/exit\n")
    assert Irc(chat).numerics("CAP LS 302", *said) == ["CAP", *numerics]


def test_who_logs_in_under_another_nick_has_the_name_of_the_account(chat: StoredChat) -> None:
    chat.owner("alice").send("/exit\n")
    client = Irc(chat)
    client.say("CAP LS 302", "NICK somebody", "USER u 0 * :real", "CAP REQ :sasl", "AUTHENTICATE PLAIN")
    assert client.say(f"AUTHENTICATE {plain('alice')}", "CAP END")[2].startswith(f":{SERVER} 001 alice ")


def test_a_registered_nick_needs_its_password(chat: StoredChat) -> None:
    chat.owner("alice").send("/exit\n")
    client = Irc(chat)
    assert client.numerics("NICK alice", "USER u 0 * :real") == ["433", "NOTICE"]
    assert client.name is None
    assert client.numerics("PASS wrong-horse", "NICK alice") == ["464", "433", "NOTICE"]
    assert client.numerics(f"PASS :alice:{SECRET}", "NICK alice")[0] == "001"


def test_bad_and_taken_nicks_are_refused_and_another_may_follow(chat: StoredChat) -> None:
    chat.guest("bob")
    client = Irc(chat)
    assert client.numerics("NICK *", "NICK", "USER u 0 * :real") == ["432", "431"]
    assert client.numerics("NICK bob") == ["433"]
    assert client.numerics("NICK b0b") == ["432", "NOTICE"] or client.name is None
    assert client.numerics("NICK Server") == ["433", "NOTICE"] or client.name is None
    assert client.numerics("NICK ok")[0] == "001"
    assert client.numerics("NICK other", "NICK ok", "NICK", "USER u 0 * :x", "PASS x") == ["447", "431", "462", "462"]


def test_what_is_missing_is_said(chat: StoredChat) -> None:
    client = Irc(chat)
    assert client.numerics("USER u 0 *", "USER u 0 * :", "PASS") == ["461", "461", "461"]
    client = guest(chat)
    missing = client.numerics(
        "JOIN", "PART", "TOPIC", "KICK #lobby", "MODE", "WHOIS", "CHATHISTORY", "INVITE x", "PING"
    )
    assert missing == ["461"] * 8 + ["409"]
    assert client.numerics("PRIVMSG", "PRIVMSG #lobby", "NOTICE #lobby", "NOTICE", "FOO") == ["411", "412", "421"]


def test_banned_guests_are_told_and_disconnected(chat: StoredChat) -> None:
    moderator = chat.owner("mod", role=Role.MODERATOR)
    moderator.say("/ban 192.0.2.1")
    client = Irc(chat)
    assert client.numerics("NICK alice", "USER u 0 * :real") == ["465", "ERROR"]
    assert client.peer.closed


def test_two_clients_of_an_account_do_not_evict_one_another_but_a_dead_one_is_replaced(chat: StoredChat) -> None:
    first = owner(chat, "alice")
    second = Irc(chat)
    second.say("CAP LS 302", "NICK alice", "USER u 0 * :real", "CAP REQ :sasl", "AUTHENTICATE PLAIN")
    assert second.numerics(f"AUTHENTICATE {plain('alice')}", "CAP END") == ["900", "903", "433"]
    assert first.hear() == [f"PING :{SERVER}"]
    assert first.say("PONG :x") == []
    assert second.numerics("NICK alice") == ["433"]
    second.say("NICK alice")
    assert second.name == "alice"  # since the first has not answered
    assert first.peer.closed


def test_a_client_takes_over_the_rooms_of_the_same_user_at_another_kind_of_client(chat: StoredChat) -> None:
    program = chat.own_program("alice")
    program.tell("join", conversation="#ops")
    client = Irc(chat)
    client.say("CAP LS 302", "NICK alice", "USER u 0 * :real", "CAP REQ :sasl", "AUTHENTICATE PLAIN")
    heard = client.say(f"AUTHENTICATE {plain('alice')}", "CAP END")
    assert [line for line in heard if " JOIN " in line] == [":alice!u@alice JOIN :#lobby", ":alice!u@alice JOIN :#ops"]
    assert program.peer.closed


# Rooms.


def test_who_joins_gets_join_topic_names_and_the_last_messages(chat: StoredChat) -> None:
    bob = chat.owner("bob", role=Role.MODERATOR)
    bob.say("hello", "/topic the topic")
    client = guest(chat, "alice")
    client.say("PART #lobby")
    heard = client.say("JOIN #lobby")
    assert heard == [
        ":alice!u@alice JOIN :#lobby",
        f":{SERVER} 332 alice #lobby :the topic",
        f":{SERVER} 353 alice = #lobby :@bob alice",
        f":{SERVER} 366 alice #lobby :End of /NAMES list",
        ":bob!u@bob PRIVMSG #lobby :hello",
    ]
    assert client.say("JOIN #lobby") == []


def test_rooms_that_can_not_be_entered_or_left_are_answered(chat: StoredChat) -> None:
    chat.core.may_make_rooms = Role.REGISTERED
    client = guest(chat)
    assert client.numerics("JOIN #nowhere", "JOIN lobby", "PART #nowhere", "PART lobby") == ["403"] * 4
    chat.owner("bob").say("/join #ops")
    assert client.numerics("PART #ops", "TOPIC #ops", "TOPIC #nowhere") == ["442", "442", "403"]
    assert client.numerics("PRIVMSG #ops :hi", "PRIVMSG #nowhere :hi", "NOTICE #ops :hi") == ["404", "403"]
    assert [command_of(line) for line in client.say("JOIN #ops,#lobby")] == ["JOIN", "353", "366"]
    assert client.numerics("JOIN 0") == ["PART", "PART"]


def test_others_see_who_comes_and_goes(chat: StoredChat) -> None:
    watcher = guest(chat, "watcher")
    program = chat.program("bob")
    assert watcher.hear() == [":bob!u@bob JOIN :#lobby"]
    program.tell("part", conversation="")
    assert watcher.hear() == [":bob!u@bob PART :#lobby"]
    program.tell("join", conversation="")
    watcher.hear()
    program.hang_up()
    assert watcher.hear() == [":bob!u@bob QUIT :"]


def test_a_guest_that_registers_another_name_is_seen_to_change_it(chat: StoredChat) -> None:
    watcher, bob = guest(chat, "watcher"), guest(chat, "bob")
    watcher.hear()
    bob.say(f"PRIVMSG Server :/registration robert {SECRET}", "PRIVMSG Server :/name robert")
    assert watcher.hear() == [":bob!u@bob NICK :robert"]
    assert bob.session.user.account
    assert bob.session.output.nick == "robert"


def test_names_who_whois_and_list(chat: StoredChat) -> None:
    bob = chat.owner("bob", role=Role.ADMIN)
    bob.say("/away at lunch")
    client = guest(chat)
    assert client.say("NAMES #lobby")[0] == f":{SERVER} 353 alice = #lobby :~bob alice"
    assert client.numerics("NAMES", "NAMES #nowhere") == ["366", "366"]
    assert client.say("WHO #lobby")[0] == f":{SERVER} 352 alice #lobby u bob {SERVER} bob H~ :0 bob"
    assert client.numerics("WHO bob", "WHO nobody", "WHO") == ["352", "315", "315", "315"]
    assert client.numerics("WHOIS bob") == ["311", "319", "312", "330", "317", "301", "318"]
    assert client.numerics("WHOIS nobody", "WHOIS **") == ["401", "318", "401", "318"]
    bob.say("/join #ops")
    assert client.numerics("WHOIS bob") == ["311", "312", "330", "317", "301", "318"]
    assert client.numerics("WHOIS alice") == ["311", "319", "312", "317", "318"]
    assert client.say("USERHOST bob") == [f":{SERVER} 302 alice :bob=-u@bob"]
    del chat.core.online["bob"]  # as if at another server
    assert client.numerics("WHOIS bob") == ["311", "312", "330", "318"]
    assert client.say("LIST")[1:3] == [f":{SERVER} 322 alice #lobby 1 :", f":{SERVER} 322 alice #ops 1 :"]
    assert client.say("ISON bob nobody", "USERHOST bob x")[:2] == [
        f":{SERVER} 303 alice :bob",
        f":{SERVER} 302 alice :bob=+u@bob",
    ]


def test_minimal_answers(chat: StoredChat) -> None:
    client = guest(chat)
    assert client.numerics("LUSERS") == ["251", "252", "254", "255"]
    assert client.numerics("MOTD", "VERSION", "OPER a b", "KILL a b") == ["422", "351", "491", "481"]
    assert client.numerics("AWAY :gone", "AWAY") == ["306", "305"]
    assert client.say("PING abc") == [f":{SERVER} PONG {SERVER} :abc"]
    assert client.say("PRIVMSG Server :rooms") == [f":{SERVER} NOTICE alice :#lobby 1"]
    client.say("PART #lobby")
    assert client.numerics("NAMES #lobby") == ["366"]
    assert client.numerics("QUIT :bye") == ["ERROR"]
    assert client.peer.closed


def test_of_very_many_members_the_first_are_listed_and_oneself(chat: StoredChat) -> None:
    crowd = [chat.guest(f"guest{number}") for number in range(205)]
    assert crowd
    client = guest(chat, "zoe")
    heard = client.say("NAMES #lobby")
    listed = [name for line in heard if " 353 " in line for name in line.rpartition(":")[2].split()]
    assert len(listed) == 201
    assert listed[-1] == "zoe"
    assert command_of(heard[-1]) == "NOTICE"
    assert client.numerics("WHO #lobby") == ["315"]
    chat.guest("late")
    assert client.hear() == []
    crowd[0].send("/exit\n")
    assert client.hear() == []


# Messages.


def test_a_line_reaches_all_kinds_of_users_in_their_own_form(chat: StoredChat) -> None:
    bob, carol = chat.guest("bob"), chat.program("carol")
    carol.hear()
    alice = guest(chat)
    bob.hear()
    assert alice.say("PRIVMSG #lobby :hello") == []
    assert bob.hear() == ["alice: hello"]
    assert [event["text"] for event in carol.hear("message")] == ["hello"]
    bob.say("hi")
    assert alice.hear() == [":bob!u@bob PRIVMSG #lobby :hi"]
    carol.say("one\ntwo")
    assert alice.hear() == [":carol!u@carol PRIVMSG #lobby :one", ":carol!u@carol PRIVMSG #lobby :two"]


def test_own_lines_come_back_only_if_that_is_wanted(chat: StoredChat) -> None:
    alice = guest(chat)
    alice.say("CAP REQ :echo-message")
    assert alice.say("PRIVMSG #lobby :hello") == [":alice!u@alice PRIVMSG #lobby :hello"]


def test_formatting_is_dropped_and_what_could_do_harm_has_a_stand_in(chat: StoredChat) -> None:
    bob, alice = chat.guest("bob"), guest(chat)
    alice.say("PRIVMSG #lobby :\x02\x0304red\x0f", "PRIVMSG #lobby :\x1b[31m", "PRIVMSG #lobby :\x02\x02")
    assert bob.hear() == ["alice: red", "alice: ␛[31m"]


def test_actions_go_both_ways_and_other_ctcp_is_refused(chat: StoredChat) -> None:
    bob, alice = chat.guest("bob"), guest(chat)
    assert alice.say("PRIVMSG #lobby :\x01ACTION waves\x01") == []
    assert bob.hear() == ["* alice waves"]
    bob.say("/me smiles")
    assert alice.hear() == [":bob!u@bob PRIVMSG #lobby :\x01ACTION smiles\x01"]
    assert alice.numerics("PRIVMSG #lobby :\x01VERSION\x01") == ["NOTICE"]


def test_long_lines_are_split_at_characters_and_are_the_text_again_when_joined(chat: StoredChat) -> None:
    bob, alice = chat.program("bob"), guest(chat)
    text = "wörter " * 300
    alice.hear()
    bob.say(text.strip())
    begin = ":bob!u@bob PRIVMSG #lobby :"
    heard = alice.hear()
    assert all(len(line.encode()) <= 510 and line.startswith(begin) for line in heard)
    assert "".join(line.removeprefix(begin) for line in heard) == text.strip()


def test_lines_that_are_too_long_or_not_utf8_are_not_posted(chat: StoredChat) -> None:
    bob, alice = chat.guest("bob"), guest(chat)
    assert alice.numerics(f"PRIVMSG #lobby :{'x' * 600}", f"PRIVMSG #lobby :{'x' * 30000}") == ["417", "417"]
    assert alice.numerics(f"@{'x' * 5000} PRIVMSG #lobby :x") == ["417"]
    alice.send(b"PRIVMSG #lobby :hi\xaa\r\n")
    assert alice.hear() == [f":{SERVER} FAIL PRIVMSG INVALID_UTF8 :Message rejected: it is not UTF-8"]
    assert bob.hear() == []
    assert alice.say("@tag=x;y :ignored PRIVMSG #lobby :with tags", "", "   ") == []
    assert bob.hear() == ["alice: with tags"]


def test_a_password_at_the_wrong_place_is_shown_to_nobody_and_other_commands_are_text(chat: StoredChat) -> None:
    bob, alice = chat.guest("bob"), guest(chat)
    assert (
        alice.numerics("PRIVMSG #lobby :/auth bob pw12345678", "PRIVMSG #lobby :  /auth bob pw12345678") == ["404"] * 2
    )
    assert not any("pw12345678" in line for line in bob.hear())
    alice.say("PRIVMSG #lobby :/usr/bin is a folder")
    assert bob.hear() == ["alice: /usr/bin is a folder"]


def test_muted_users_are_refused(chat: StoredChat) -> None:
    moderator = chat.owner("mod", role=Role.MODERATOR)
    alice = guest(chat)
    moderator.say("/mute alice")
    assert alice.numerics("PRIVMSG #lobby :hi", "NOTICE #lobby :hi") == ["404", "NOTICE"]


def test_what_can_not_be_stored_is_said(chat: StoredChat) -> None:
    alice = guest(chat)
    chat.log.is_forgetful = False
    chat.is_broken = True
    assert alice.numerics("PRIVMSG #lobby :lost") == ["NOTICE"]


def test_changes_of_messages_are_notes(chat: StoredChat) -> None:
    bob, alice = chat.owner("bob"), guest(chat)
    bob.say("helo")
    alice.hear()
    bob.say("/edit hello")
    assert alice.hear() == [f":{SERVER} NOTICE #lobby :(edited) bob: hello"]
    bob.say("/delete")
    assert command_of(alice.hear()[0]) == "NOTICE"


def test_tags_say_when_and_which(chat: StoredChat) -> None:
    bob, alice = chat.guest("bob"), guest(chat)
    alice.say("CAP REQ :server-time message-tags extended-join")
    bob.say("hello")
    assert alice.hear() == [
        "@time=2025-11-22T21:40:00.000Z;msgid=chat-1 :bob!u@bob PRIVMSG #lobby :hello",
    ]
    chat.guest("carol")
    assert alice.hear() == [":carol!u@carol JOIN #lobby * :carol"]


# Private messages.


def test_private_messages_go_both_ways_between_registered_users(chat: StoredChat) -> None:
    alice, bob = owner(chat, "alice"), owner(chat, "bob")
    alice.hear()
    assert alice.say("PRIVMSG bob :for you") == []
    assert bob.hear() == [":alice!u@alice PRIVMSG bob :for you"]
    assert bob.say("PRIVMSG alice :thanks") == []
    assert alice.hear() == [":bob!u@bob PRIVMSG alice :thanks"]
    carol = chat.owner("carol")
    alice.say("PRIVMSG carol :hi")
    assert carol.say("/chat alice")[-1] == "(new) alice: hi"
    carol.say("back")
    assert alice.hear() == [":carol!u@carol PRIVMSG alice :back"]


def test_a_private_message_to_somebody_offline_comes_at_the_next_login_with_its_time(chat: StoredChat) -> None:
    chat.owner("bob").send("/exit\n")
    alice = owner(chat, "alice")
    alice.say("PRIVMSG bob :for later")
    chat.time += 3_600_000
    bob = Irc(chat)
    bob.say("CAP LS 302", "NICK bob", "USER u 0 * :real", "CAP REQ :sasl server-time", "AUTHENTICATE PLAIN")
    heard = bob.say(f"AUTHENTICATE {plain('bob')}", "CAP END")
    assert "@time=2025-11-22T21:40:00.000Z :alice!u@alice PRIVMSG bob :for later" in heard


def test_own_private_messages_come_back_only_if_that_is_wanted(chat: StoredChat) -> None:
    alice, bob = owner(chat, "alice", "echo-message"), owner(chat, "bob")
    alice.hear()
    assert alice.say("PRIVMSG bob :hello") == [":alice!u@alice PRIVMSG bob :hello"]
    assert bob.hear() == [":alice!u@alice PRIVMSG bob :hello"]


def test_a_private_message_that_was_changed_is_a_note(chat: StoredChat) -> None:
    alice, carol = owner(chat, "alice"), chat.own_program("carol")
    alice.say("PRIVMSG carol :hi")
    carol.say("helo", conversation="alice")
    alice.hear()
    carol.say("/edit hello", conversation="alice")
    assert alice.hear() == [f":{SERVER} NOTICE alice :(edited) carol: hello"]


def test_a_private_message_after_a_password_that_was_wrong_is_not_sent(chat: StoredChat) -> None:
    alice, bob = guest(chat), owner(chat, "bob")
    chat.owner("carol").send("/exit\n")
    assert alice.numerics("PRIVMSG Server :/auth carol wrong-horse") == ["NOTICE"]
    bob.hear()
    dave = owner(chat, "dave")
    dave.session.user.resumable.doubts.learn_password("secret horse")
    assert dave.numerics("PRIVMSG bob :secret horse") == ["531"]
    assert [line for line in bob.hear() if "horse" in line] == []


def test_guests_and_unknown_nicks_get_no_private_messages(chat: StoredChat) -> None:
    bob, alice = chat.guest("bob"), guest(chat)
    assert alice.numerics("PRIVMSG bob :hi", "PRIVMSG nobody :hi", "NOTICE bob :hi") == ["531", "401"]
    registered = owner(chat, "carol")
    assert registered.numerics("PRIVMSG bob :hi") == ["531"]
    assert bob.hear() == []


def test_a_private_message_that_can_not_be_stored_is_said(chat: StoredChat) -> None:
    alice, bob = owner(chat, "alice"), owner(chat, "bob")
    alice.hear()
    chat.is_broken = True
    assert alice.numerics("PRIVMSG bob :lost") == ["NOTICE"]
    assert bob.hear() == []
    alice.session._fetch("nobody")
    chat.is_broken = False
    guest(chat, "dave").session._fetch("alice")
    assert alice.hear() == [":dave!u@dave JOIN :#lobby"]


def test_a_client_is_asked_whether_it_lives_and_an_unfinished_line_is_not_taken(chat: StoredChat) -> None:
    bob, alice = chat.guest("bob"), guest(chat)
    alice.session.ping()
    assert alice.hear() == [f"PING :{SERVER}"]
    alice.send("PRIVMSG #lobby :unfinished")
    alice.hang_up()
    assert bob.hear() == []


def test_what_can_not_be_stored_is_not_said_to_who_has_gone(chat: StoredChat) -> None:
    alice = guest(chat)
    chat.log.is_slow = True
    alice.say("PRIVMSG #lobby :lost", "QUIT")
    chat.is_broken = True
    chat.log.keep()
    assert alice.peer.closed


def test_what_is_unread_and_can_not_be_read_is_not_shown(chat: StoredChat) -> None:
    alice, bob = owner(chat, "alice"), owner(chat, "bob")
    bob.hear()
    alice.say("PRIVMSG bob :hello")
    bob.hear()
    chat.is_broken = True
    bob.session._fetch("alice")
    bob._commit()
    assert bob.hear() == []


# Moderation.


def test_guests_may_not_moderate(chat: StoredChat) -> None:
    chat.guest("bob")
    alice = guest(chat)
    assert (
        alice.numerics("TOPIC #lobby :x", "KICK #lobby bob :out", "MODE #lobby +b bob", "MODE #lobby +o bob")
        == ["482"] * 4
    )
    assert alice.numerics("KICK #lobby nobody") == ["441"]
    assert alice.numerics("TOPIC #lobby") == ["331"]


def test_moderators_use_the_words_of_irc(chat: StoredChat) -> None:
    moderator = owner(chat, "mod")
    account = moderator.session.user.account
    assert account
    account.role = Role.ADMIN
    bob, carol = chat.guest("bob", "192.0.2.7"), chat.owner("carol")
    moderator.hear()
    assert moderator.say("TOPIC #lobby :the topic")[0] == f":{SERVER} TOPIC #lobby :the topic"
    assert moderator.say("TOPIC #lobby") == [f":{SERVER} 332 mod #lobby :the topic"]
    moderator.say("MODE #lobby +o carol")
    assert carol.session.user.role.value == Role.MODERATOR
    other = owner(chat, "dave")
    moderator.say("MODE #lobby +o dave")
    assert "NICK" not in [command_of(line) for line in other.hear()]
    moderator.say("MODE #lobby -o carol")
    assert carol.session.user.role.value == Role.REGISTERED
    moderator.say("KICK #lobby bob :out")
    assert bob.peer.closed
    assert moderator.say("MODE #lobby b")[0].endswith("367 mod #lobby :bob!*@*")
    moderator.say("MODE #lobby -b bob!*@*")
    assert moderator.numerics("MODE #lobby +b") == ["368"]
    assert moderator.numerics("MODE #lobby +b *!*@*", "MODE #lobby +b *!*@192.*") == ["NOTICE", "NOTICE"]
    moderator.say("MODE #lobby +b *!*u@carol")
    assert carol.peer.closed


def test_modes_that_there_are_not(chat: StoredChat) -> None:
    chat.guest("bob")
    alice = guest(chat)
    assert alice.say("MODE #lobby") == [f":{SERVER} 324 alice #lobby :+nt"]
    assert alice.numerics("MODE #lobby +nt", "MODE #lobby +k x", "MODE #lobby +", "MODE #lobby b") == [
        *("324", "472", "472", "368")
    ]
    assert alice.numerics("MODE alice +i", "MODE bob +i", "MODE **", "MODE #nowhere") == ["221", "502", "502", "403"]


def test_invitations_and_removals_from_private_rooms(chat: StoredChat) -> None:
    alice, bob = owner(chat, "alice"), owner(chat, "bob")
    alice.say("JOIN #ops", "PRIVMSG Server :/help")
    room = chat.core.state.rooms["ops"]
    alice.say("JOIN #ops")
    bob.say("JOIN #ops")
    alice.session.command("/private on", "ops")
    alice._commit()
    assert room.is_private
    chat.owner("carol")
    assert alice.numerics("INVITE carol #ops")[-1] == "NOTICE"
    bob.hear()
    alice.session.command("/uninvite bob", "ops")
    alice._commit()
    assert "KICK" in [command_of(line) for line in bob.hear()]


# History.


def test_earlier_messages_come_in_a_batch_on_request(chat: StoredChat) -> None:
    bob = chat.guest("bob")
    bob.say(*[f"{number}" for number in range(1, 9)])
    alice = guest(chat)
    alice.say("CAP REQ :batch message-tags draft/chathistory")
    heard = alice.say("CHATHISTORY LATEST #lobby * 3")
    assert heard[0] == f":{SERVER} BATCH +h1 chathistory :#lobby"
    assert heard[-1] == f":{SERVER} BATCH :-h1"
    assert [line.rpartition(":")[2] for line in heard[1:-1]] == ["6", "7", "8"]
    assert heard[1] == "@batch=h1;msgid=chat-6 :bob!u@bob PRIVMSG #lobby :6"
    alice.say("PART #lobby")
    assert [command_of(line) for line in alice.say("JOIN #lobby")] == ["JOIN", "353", "366"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("AFTER #lobby msgid=chat-5 2", ["6", "7"]),
        ("BEFORE #lobby msgid=chat-5 2", ["3", "4"]),
        ("AROUND #lobby msgid=chat-5 2", ["4", "5"]),
        ("LATEST #lobby msgid=chat-5 2", ["7", "8"]),
        ("BETWEEN #lobby msgid=chat-2 msgid=chat-5 10", ["3", "4"]),
        ("BETWEEN #lobby msgid=chat-5 msgid=chat-2 1", ["4"]),
        ("AFTER #lobby timestamp=2025-11-22T21:39:00.000Z 2", ["1", "2"]),
        ("AFTER #lobby timestamp=2025-11-22T21:41:00.000Z 2", []),
    ],
)
def test_history_by_its_place(chat: StoredChat, asked: str, found: list[str]) -> None:
    chat.guest("bob").say(*[f"{number}" for number in range(1, 9)])
    alice = guest(chat)
    assert [line.rpartition(":")[2] for line in alice.say(f"CHATHISTORY {asked}")] == found


@pytest.mark.parametrize(
    "asked",
    [
        "LATEST #nowhere * 5",
        "LATEST bob * 5",
        "LATEST #lobby * x",
        "AFTER #lobby msgid=other-5 2",
        "AFTER #lobby timestamp=never 2",
        "AFTER #lobby 5 2",
        "FOO #lobby msgid=chat-1 2",
        "LATEST #lobby 5",
    ],
)
def test_history_that_can_not_be_had(chat: StoredChat, asked: str) -> None:
    assert guest(chat).numerics(f"CHATHISTORY {asked}") == ["FAIL"]


# The parser and the encoder.


@given(st.text())
def test_any_line_is_taken_apart(raw: str) -> None:
    line = lines.parse(raw)
    assert line is None or (line.command == line.command.upper() and len(line.parameters) <= 16)


@given(
    st.dictionaries(st.from_regex("[a-z]{1,5}", fullmatch=True), st.text(), max_size=3),
    st.from_regex("[A-Z]{1,5}", fullmatch=True),
    st.lists(st.from_regex("[a-z#][a-z:]{0,4}", fullmatch=True), max_size=5),
    st.from_regex("[ -~]{0,20}", fullmatch=True),
)
def test_a_line_that_was_put_together_is_taken_apart_again(
    tags: dict[str, str], command: str, middle: list[str], last: str
) -> None:
    said = ";".join(f"{key}={lines.escape(value)}" for key, value in tags.items())
    raw = lines.line("server", command, *middle, last, tags=f"@{said} " if tags else "").removesuffix("\r\n")
    assert lines.parse(raw) == (tags, command, (*middle, last))


@given(st.text(), st.integers(4, 50))
def test_pieces_are_short_enough_and_the_text_again(text: str, most: int) -> None:
    pieces = lines.split(text.encode(errors="replace").decode(), most)
    assert "".join(pieces) == text.encode(errors="replace").decode()
    assert all(len(piece.encode()) <= most for piece in pieces)


def test_a_line_without_parameters_and_an_event_without_a_form() -> None:
    alice, bob = parse_name("alice"), parse_name("bob")
    assert lines.line("server", "FOO") == ":server FOO\r\n"
    encode = encoder(Format(SERVER, "#lobby", "e", has_time=True, has_ids=True))
    assert encode is encoder(Format(SERVER, "#lobby", "e", has_time=True, has_ids=True))
    made = encode([Sent(1, alice, "", 0), Joined(alice, 1), Left(alice, 0), Renamed(alice, bob, 1)])
    assert made.count(b"\r\n") == 3
    assert encode([Changed(1, alice, bob, "x")], "#ops") == b":irc.example NOTICE #ops :(edited) alice: x\r\n"
    several = encode([Sent(1, alice, "a\nb", 0)])
    assert several.splitlines()[0].startswith(b"@time=1970-01-01T00:00:00.000Z;msgid=e-1 ")
    assert several.splitlines()[1].startswith(b"@time=1970-01-01T00:00:00.000Z :")
    assert isinstance(several, Lines)
    assert several.without("carol") == several
    assert several.authors == {"alice"}
    assert isinstance(alice, Name)
