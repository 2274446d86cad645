"""Rooms as IRC clients see them. The numbers are those of docs/irc.md."""

import pytest

from asyncchat.log.accounts import Role
from asyncchat.log.room_events import ANNOUNCED
from asyncchat.sessions.irc.modes import name_of_mask
from asyncchat.text import texts
from tests.chat import Person, SlowLog, a_room
from tests.chat.irc_people import Irc, S, command, irc, owner
from tests.chat.stored_chat import SECRET, StoredChat


def test_check_10_a_join_is_answered_in_order(chat: StoredChat) -> None:
    alice = irc(chat, "alice", rooms="")
    assert alice.say("JOIN #lobby") == [
        ":alice!u@alice JOIN #lobby",
        f":{S} 353 alice = #lobby :alice",
        f":{S} 366 alice #lobby :End of /NAMES list",
    ]
    assert alice.say("JOIN #LOBBY") == []


def test_the_last_messages_are_shown_with_their_time(chat: StoredChat) -> None:
    bob = chat.guest("bob")
    bob.say(*[f"message {number}" for number in range(12)])
    said = irc(chat, "alice", "server-time", rooms="").say("JOIN #lobby")
    assert [command(line) for line in said] == ["JOIN", "353", "366", *["PRIVMSG"] * 10]
    assert said[3].startswith("@time=20")
    assert said[3].endswith(" :bob!u@bob PRIVMSG #lobby :message 2")
    asks = irc(chat, "carol", "server-time", "draft/chathistory", rooms="")
    assert asks.codes("JOIN #lobby") == ["JOIN", "353", "366"]
    assert irc(chat, "dora", rooms="").codes("JOIN #lobby") == ["JOIN", "353", "366"]  # which could not tell the time


def test_what_was_deleted_is_not_shown(chat: StoredChat) -> None:
    chat.guest("bob").say("one", "two", "/delete")
    said = irc(chat, "alice", "server-time", rooms="").say("JOIN #lobby")
    assert [line.rpartition(":")[2] for line in said[3:]] == ["one"]


def test_several_lines_from_the_server_are_notices(chat: StoredChat) -> None:
    assert irc(chat, "alice").say("PRIVMSG Server :/rooms") == [f":{S} NOTICE alice :#lobby 1"]


def test_check_14_joins_and_leaves_of_others_are_told(chat: StoredChat) -> None:
    alice = irc(chat, "alice", "extended-join")
    assert alice.hear() == []
    program = chat.program("bob")
    assert alice.hear() == [":bob!u@bob JOIN #lobby * :bob"]
    program.hang_up()
    assert alice.hear() == [":bob!u@bob QUIT :"]
    owner(chat, "carol").say("PART #lobby")
    assert alice.hear()[-2:] == [":carol!u@carol JOIN #lobby carol :carol", ":carol!u@carol PART #lobby"]


def test_parts_are_told_to_those_who_leave(chat: StoredChat) -> None:
    alice = irc(chat, "alice")
    assert alice.say("PART #lobby :bye") == [":alice!u@alice PART #lobby"]
    assert alice.say("PART #lobby", "PART #nowhere", "PART lobby") == [
        f":{S} 442 alice #lobby :You're not on that channel",
        f":{S} 403 alice #nowhere :No such channel",
        f":{S} 403 alice lobby :No such channel",
    ]
    assert alice.codes("JOIN #lobby,#ops", "JOIN 0") == [*["JOIN", "353", "366"] * 2, "PART", "PART"]


def test_rooms_that_can_not_be_joined(chat: StoredChat) -> None:
    alice = irc(chat, "alice", rooms="")
    assert alice.codes("JOIN lobby", "JOIN #", "JOIN #a!b", "JOIN :#a b", "JOIN #l0bby", "JOIN") == ["403"] * 5 + [
        "461"
    ]
    chat.core.may_make_rooms = Role.REGISTERED
    assert alice.say("JOIN #new")[0].startswith(f":{S} 403 alice #new :there is no room with this name.")
    chat.core.may_make_rooms = Role.GUEST
    chat.core.max_rooms = 1
    assert alice.codes("JOIN #new") == ["405"]


def test_the_topic(chat: StoredChat) -> None:
    admin, alice = owner(chat, "boss", role=Role.ADMIN), irc(chat, "alice")
    assert alice.codes("TOPIC #lobby", "TOPIC #nowhere") == ["331", "403"]
    assert admin.say("TOPIC #lobby :\x02all are welcome\x02") == [":boss!u@boss TOPIC #lobby :all are welcome"]
    assert alice.hear() == [":boss!u@boss TOPIC #lobby :all are welcome"]
    assert alice.say("TOPIC #lobby") == [
        f":{S} 332 alice #lobby :all are welcome",
        f":{S} 333 alice #lobby boss!u@boss :{chat.time // 1000}",
    ]
    assert irc(chat, "bob", rooms="").codes("JOIN #lobby") == ["JOIN", "332", "333", "353", "366"]
    program = chat.program("carol")
    program.hear()
    admin.say("TOPIC #lobby :else")
    assert program.hear("topic")[0]["text"] == "else"
    again = chat.started_again()  # which does not know by whom it was set
    assert irc(again, "alice", rooms="").codes("JOIN #lobby") == ["JOIN", "332", "353", "366"]


def test_check_24_moderation_is_for_moderators(chat: StoredChat) -> None:
    admin, guest, plain = owner(chat, "boss", role=Role.ADMIN), irc(chat, "guest"), chat.guest("plain")
    assert guest.say("TOPIC #lobby :x") == [f":{S} 482 guest #lobby :{texts.NEEDS_MODERATOR}"]
    assert guest.codes("KICK #lobby plain", "MODE #lobby +o guest", "MODE #lobby +b plain") == ["482"] * 3
    guest.hear()
    assert admin.say("KICK #lobby plain :enough") == [":boss!u@boss KICK #lobby plain :kick"]
    assert guest.hear() == [":boss!u@boss KICK #lobby plain :kick"]  # and no QUIT
    assert plain.peer.closed
    assert plain.hear()[-1] == f"Server: {texts.KICKED}"
    assert admin.codes("KICK #lobby nobody", "KICK #nowhere guest", "KICK #lobby", "KICK #lobby boss") == [
        *("401", "403", "461", "NOTICE")
    ]
    guest.say("PART #lobby")
    assert admin.codes("KICK #lobby guest", "KICK #lobby !") == ["441", "401"]
    guest.say("JOIN #lobby")
    admin.say("KICK #lobby guest")
    assert guest.hear() == [":boss!u@boss KICK #lobby guest :kick", f"ERROR :{texts.KICKED}"]
    assert guest.peer.closed


@pytest.mark.parametrize(
    ("mask", "name"),
    [
        ("bob", "bob"),
        ("*!*@bob", "bob"),
        ("*!*u@bob", "bob"),
        ("*!bob@Zoé", "Zoé"),
        ("bob!*@*", "bob"),
        ("*!*@*", ""),
        ("b?b!*@*", ""),
        ("*!*@192.0.2.1", ""),
        ("192.0.2.1", ""),
        ("*!*@2001:db8::1", ""),
        ("*!*@*.example.org", ""),
        ("*!bob@*", ""),
        ("", ""),
    ],
)
def test_a_mask_is_a_name_or_nothing(mask: str, name: str) -> None:
    assert name_of_mask(mask) == name


def test_check_25_a_ban_never_bans_a_host(chat: StoredChat) -> None:
    admin, other = owner(chat, "boss", role=Role.ADMIN), irc(chat, "other")
    chat.owner("bob").hang_up()
    assert admin.say("MODE #lobby +b *!*u@bob") == [":boss!u@boss MODE #lobby +b *!*u@bob"]
    assert [str(ban) for ban in chat.core.restrictions.all("ban", 0)] == ["bob"]  # type: ignore[arg-type]
    assert admin.codes("MODE #lobby +b *!*@*", "MODE #lobby +b *!*@192.0.2.1", "MODE #lobby +b nobody") == [
        *("696", "696", "401")
    ]
    assert not other.peer.closed
    assert admin.say("MODE #lobby b") == [
        f":{S} 367 boss #lobby :bob!*@*",
        f":{S} 368 boss #lobby :End of channel ban list",
    ]
    assert other.codes("MODE #lobby +b") == ["368"]
    assert admin.codes("MODE #lobby -b bob!*@*", "MODE #lobby +b", "MODE #lobby -b bob") == ["MODE", "368", "NOTICE"]


def test_operators_are_moderators(chat: StoredChat) -> None:
    admin, bob, guest = owner(chat, "boss", role=Role.ADMIN), owner(chat, "bob"), irc(chat, "guest", "multi-prefix")
    assert ":boss!u@boss MODE #lobby +o bob" in admin.say("MODE #lobby +o bob")
    assert bob.hear()[-2:] == [":boss!u@boss MODE #lobby +o bob", f":{S} NOTICE bob :{texts.NOW_MODERATOR}"]
    assert guest.hear() == [":boss!u@boss MODE #lobby +o bob"]
    assert guest.say("NAMES #lobby")[0] == f":{S} 353 guest = #lobby :~@boss @bob guest"
    assert bob.say("NAMES #lobby")[0] == f":{S} 353 bob = #lobby :~boss @bob guest"
    assert admin.codes("MODE #lobby +o guest", "MODE #lobby +o nobody", "MODE #lobby +o", "MODE #lobby -o bob") == [
        *("NOTICE", "401", "696", "MODE", "NOTICE")
    ]
    assert guest.hear()[-1] == ":boss!u@boss MODE #lobby -o bob"
    assert guest.codes("MODE #lobby", "MODE #lobby +nt", "MODE #lobby -i+x", "MODE #nowhere") == [
        *("324", "472", "472", "403")
    ]
    assert guest.codes("MODE guest", "MODE guest +i", "MODE bob") == ["221", "221", "502"]
    guest.say("PART #lobby")
    assert guest.codes("MODE #lobby +o bob", "MODE #lobby") == ["442", "324"]


def test_who_makes_a_room_is_its_operator(chat: StoredChat) -> None:
    alice, bob = owner(chat, "alice", rooms="#ops"), owner(chat, "bob", rooms="")
    assert alice.say("NAMES #ops")[0] == f":{S} 353 alice = #ops :@alice"
    alice.say("PRIVMSG #ops :x", "PRIVMSG Server :/private on")
    assert alice.say("NAMES #ops")[0] == f":{S} 353 alice @ #ops :@alice"
    assert bob.codes("JOIN #ops") == ["403"]
    assert alice.codes("INVITE bob #ops", "INVITE nobody #ops", "INVITE bob #nowhere") == ["341", "401", "403"]
    assert alice.codes("INVITE 7d #ops", "INVITE alice #ops") == ["401", "443"]
    assert not chat.core.state.invites.all(chat.time)
    assert bob.hear() == [":alice!u@alice INVITE bob #ops"]
    bob.say("JOIN #ops")
    assert bob.codes("INVITE carol #ops") == ["482"]
    alice.say("MODE #ops +o bob")
    assert bob.hear()[0] == ":alice!u@alice MODE #ops +o bob"
    alice.say("MODE #ops -o bob")
    chat.owner("offline").hang_up()
    assert alice.codes("MODE #ops +o offline") == ["NOTICE"]
    bob.hear()
    alice.say("PRIVMSG Server :/uninvite bob")
    assert bob.hear() == [f":{S} KICK #ops bob :you are not invited to this room any more"]


def test_names_of_rooms_that_one_is_not_in(chat: StoredChat) -> None:
    irc(chat, "alice", rooms="#ops")
    bob = irc(chat, "bob", "userhost-in-names")
    assert bob.codes("NAMES #ops", "NAMES", "NAMES #nowhere", "NAMES :a b") == ["366"] * 4
    assert bob.say("NAMES #lobby,#ops")[0] == f":{S} 353 bob = #lobby :bob!u@bob"


def test_rooms_are_listed(chat: StoredChat) -> None:
    admin = owner(chat, "boss", role=Role.ADMIN)
    admin.say("TOPIC #lobby :welcome")
    assert admin.say("LIST") == [
        f":{S} 321 boss Channel :Users  Name",
        f":{S} 322 boss #lobby 1 :welcome",
        f":{S} 323 boss :End of /LIST",
    ]
    alice = irc(chat, "alice", rooms="#ops")
    assert alice.codes("LIST #ops,x", "LIST #nowhere") == ["321", "322", "323", "321", "323"]
    for number in range(100):
        chat.core.credential_limiter = type(chat.core.credential_limiter)(lambda: 0.0)
        irc(chat, f"guest{number}xyz", rooms=f"#room{number}xyz")
    said = alice.say("LIST")
    assert len(said) == 103
    assert said[-1] == f":{S} NOTICE alice :and 2 more"


def test_who_and_whois(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice"), owner(chat, "bob")
    bob.say("AWAY :at lunch", "JOIN #ops")
    alice.hear()
    assert alice.say("WHO #lobby") == [
        f":{S} 352 alice #lobby u alice {S} alice H :0 alice",
        f":{S} 352 alice #lobby u bob {S} bob G :0 bob",
        f":{S} 315 alice #lobby :End of WHO list",
    ]
    assert alice.codes("WHO bob", "WHO nobody", "WHO #nowhere", "WHO #ops", "WHO") == ["352", "315", *["315"] * 4]
    chat.time += 90_000
    assert alice.say("WHOIS bob") == [
        f":{S} 311 alice bob u bob * :bob",
        f":{S} 319 alice bob :#lobby",
        f":{S} 312 alice bob {S} :asyncchat",
        f":{S} 330 alice bob bob :is logged in as",
        f":{S} 301 alice bob :at lunch",
        f":{S} 317 alice bob 90 1763847600 :seconds idle, signon time",
        f":{S} 318 alice bob :End of /WHOIS list",
    ]
    assert alice.codes("WHOIS nobody", "WHOIS", "WHOIS :a b", "WHOWAS bob") == [
        "401",
        "318",
        "431",
        "401",
        "318",
        "406",
        "369",
    ]
    bob.say("PART #lobby")
    alice.hear()
    assert alice.codes("WHOIS bob bob") == ["311", "312", "330", "301", "317", "318"]
    assert alice.codes("WHOIS alice") == ["311", "319", "312", "317", "318"]


def test_away_and_accounts_are_told_to_those_who_ask(chat: StoredChat) -> None:
    alice = irc(chat, "alice", "away-notify", "account-notify")
    bob, plain = irc(chat, "bob"), irc(chat, "carol")
    alice.hear()
    bob.hear()
    bob.say("AWAY :\x02at\x0f lunch", "AWAY", f"PRIVMSG Server :/register bob {SECRET}")
    bob.say(f"PRIVMSG Server :/unregister {SECRET}")
    assert alice.hear() == [
        ":bob!u@bob AWAY :at lunch",
        ":bob!u@bob AWAY",
        ":bob!u@bob ACCOUNT bob",
        ":bob!u@bob ACCOUNT *",
    ]
    assert plain.hear() == []
    bob.say("AWAY :again", "PART #lobby", "JOIN #lobby")
    assert alice.hear()[-2:] == [":bob!u@bob JOIN #lobby", ":bob!u@bob AWAY :again"]
    chat.owner("dora").hang_up()
    alice.hear()
    bob.say(f"PRIVMSG Server :/auth dora {SECRET}")
    assert alice.hear() == [":bob!u@bob NICK dora", ":dora!u@dora ACCOUNT dora"]


def test_small_questions(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice"), irc(chat, "bob")
    bob.say("AWAY :x")
    assert alice.say("ISON bob nobody !") == [f":{S} 303 alice :bob"]
    assert alice.say("USERHOST bob alice") == [f":{S} 302 alice :bob=-u@bob alice=+u@alice"]
    questions = "LUSERS", "MOTD", "VERSION", "TIME", "INFO", "OPER a b", "KILL bob", "NONSENSE", "TAGMSG bob", ":x", ""
    assert alice.codes(*questions) == [
        *("251", "254", "255", "422", "351", "005", "391", "371", "374", "491", "481", "421")
    ]


def test_check_26_pings_are_answered(chat: StoredChat) -> None:
    alice = Irc(chat)
    assert alice.say("PING abc") == [f":{S} PONG {S} :abc"]
    assert alice.say("PING") == [f":{S} 409 * :No origin specified"]
    alice.session.ping()
    assert alice.hear() == [f"PING :{S}"]
    assert alice.say("PONG") == []


def test_the_answer_to_a_ping_shows_that_what_was_sent_is_delivered() -> None:
    log = SlowLog()
    core = a_room(log).host()
    alice, bob = irc(core, "alice"), irc(core, "bob")
    bob.hear()
    assert alice.say("PRIVMSG #lobby :hello", "PING x") == []
    assert bob.hear() == []
    log.keep_all()
    assert bob.hear() == [":alice!u@alice PRIVMSG #lobby :hello"]
    log.keep_all()
    assert alice.hear() == [f":{S} PONG {S} :x"]
    assert alice.say("PING y") == [f":{S} PONG {S} :y"]


def test_above_a_number_of_members_nobody_is_announced() -> None:
    """Check 29, without sockets: see also tests/irc."""
    room = a_room()
    core = room.host()
    alice = irc(core, "alice")
    for number in range(ANNOUNCED + 5):
        Person(core).send(f"guest{number}xyz\n")
    assert len([line for line in alice.hear() if command(line) == "JOIN"]) == ANNOUNCED - 1
    bob = irc(core, "bob", rooms="")
    said = bob.say("JOIN #lobby")
    assert [command(line) for line in said if command(line) != "353"] == ["JOIN", "366", "NOTICE"]
    names = " ".join([line.rpartition(":")[2] for line in said if command(line) == "353"]).split()
    assert len(names) == ANNOUNCED + 1
    assert {"alice", "bob"} <= set(names)
    assert said[-1] == f":{S} NOTICE bob :#lobby has {ANNOUNCED + 7} members; only some of them are listed."
    assert bob.codes("WHO #lobby") == ["315"]
    bob.say("NICK robert", "AWAY :x")
    assert bob.name == "robert"
    assert alice.hear() == []
    assert bob.say("PART #lobby") == [":robert!u@robert PART #lobby"]


def test_new_names_are_told_where_joins_are(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice"), irc(chat, "bob", rooms="")
    assert bob.say("NICK carol") == [":bob!u@bob NICK carol"]
    assert alice.hear() == []
