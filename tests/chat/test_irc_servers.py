"""What IRC clients are told of users who are connected to another server of the same chat."""

from asyncchat.log.accounts import Account, Role
from asyncchat.log.entries import AnyEntry, CreateAccount, DeleteAccount, Join, Leave, Rename, SetRole, SetRoomRole
from asyncchat.log.entries.members import LIFE_BITS
from asyncchat.log.state import RoomRole
from asyncchat.text.usernames import parse_name
from tests.chat.irc_people import S, irc, owner
from tests.chat.stored_chat import StoredChat

_ELSEWHERE = 9 << LIFE_BITS


class There:
    """A user of another server."""

    def __init__(self, chat: StoredChat, number: int, name: str, account: Account | None, *rooms: str) -> None:
        self._chat = chat
        self.name, self.number = parse_name(name), _ELSEWHERE + number
        ident = account.id if account else None
        self.does(Join(self.name, self.number, chat.time, "192.0.2.7", ident, b"", ("", *rooms)))

    def does(self, entry: AnyEntry) -> None:
        """Do something, which comes in from the other server."""
        self._chat.pipeline.propose(entry)
        self._chat.pipeline.commit()


def test_they_are_found_by_every_question(chat: StoredChat) -> None:
    chat.owner("carol").hang_up()
    account = chat.core.require_accounts().find("carol")
    alice = owner(chat, "alice", "multi-prefix")
    alice.hear()
    carol, dora = There(chat, 1, "carol", account), There(chat, 2, "dora", None)
    assert alice.hear() == [":carol!u@carol JOIN #lobby", ":dora!u@dora JOIN #lobby"]
    assert alice.say("WHO #lobby")[1:3] == [
        f":{S} 352 alice #lobby u carol {S} carol H :0 carol",
        f":{S} 352 alice #lobby u dora {S} dora H :0 dora",
    ]
    assert alice.codes("WHO carol", "WHOIS carol", "WHOIS dora") == [
        *("352", "315", "311", "319", "312", "330", "318", "311", "319", "312", "318")
    ]
    assert alice.say("ISON carol dora nobody", "USERHOST carol") == [
        f":{S} 303 alice :carol dora",
        f":{S} 302 alice :carol=+u@carol",
    ]
    assert alice.say("LUSERS")[0].endswith(":There are 3 users and 0 invisible on 1 servers")
    assert alice.codes("PRIVMSG dora :hi", "PRIVMSG carol :hi") == ["531"]
    carol.does(Leave(carol.number))
    dora.does(Leave(dora.number))
    assert alice.hear() == [":carol!u@carol QUIT :", ":dora!u@dora QUIT :"]


def test_they_can_be_kicked(chat: StoredChat) -> None:
    admin = owner(chat, "boss", role=Role.ADMIN)
    dora = There(chat, 1, "dora", None)
    admin.hear()
    assert admin.say("KICK #lobby dora") == [":boss!u@boss KICK #lobby dora :kick"]
    dora.does(Leave(dora.number))
    assert admin.hear() == []


def test_their_accounts_and_roles_are_told(chat: StoredChat) -> None:
    owner(chat, "boss", role=Role.ADMIN, rooms="#ops")
    alice = irc(chat, "alice", "account-notify", "extended-join", rooms="#lobby,#ops")
    dora = There(chat, 1, "dora", None, "ops")
    alice.hear()
    dora.does(CreateAccount(dora.name, "x", b"", chat.time, ""))
    account = chat.core.require_accounts().find("dora")
    assert account
    told = ":dora!u@dora ACCOUNT"
    assert alice.hear() == [f"{told} dora"] * 2
    boss = parse_name("boss")
    dora.does(SetRole(boss, account.id, Role.MODERATOR, chat.time))
    assert alice.hear() == [":boss!u@boss MODE #lobby +o dora", ":boss!u@boss MODE #ops +o dora"]
    dora.does(SetRole(boss, account.id, Role.REGISTERED, chat.time))
    alice.hear()
    for role, mode in ((RoomRole.INVITED, ""), (RoomRole.MODERATOR, "+o"), (RoomRole.MODERATOR, ""), (None, "-o")):
        dora.does(SetRoomRole(boss, "ops", account.id, account.name, role, chat.time))
        assert alice.hear() == ([f":boss!u@boss MODE #ops {mode} dora"] if mode else [])
    dora.does(DeleteAccount(account.id, chat.time))
    assert alice.hear() == [f"{told} *"] * 2
    dora.does(Rename(dora.number, parse_name("emma"), None, chat.time))
    assert alice.hear() == [":dora!u@dora NICK emma", ":emma!u@emma ACCOUNT *"] * 2
