"""IRC clients at two servers with one database."""

from tests.irc import IrcPeer, IrcProgram, peer
from tests.postgres import Database
from tests.programs import ADMIN, SECRET


def serve(url: str) -> IrcProgram:
    return IrcProgram("--store", url, "--rate", "0", environment={"ASYNCCHAT_ADMIN_PASSWORD": ADMIN})


def test_users_of_two_servers_see_each_other_as_those_of_one(postgres: Database) -> None:
    url = postgres.make()
    tagged = "account-notify", "account-tag", "message-tags"
    with (
        serve(url) as one,
        serve(url) as two,
        peer(one, "alice", *tagged) as alice,
        peer(two, "bob", *tagged) as bob,
        peer(two, "admin", password=ADMIN) as admin,
    ):
        alice.until(":bob!u@bob JOIN #lobby")
        alice.until(":admin!u@admin JOIN #lobby")
        bob.until(":admin!u@admin JOIN #lobby")
        alice.ask("PRIVMSG #lobby :hello")
        said = bob.line()
        assert said.endswith(" :alice!u@alice PRIVMSG #lobby :hello")
        bob.ask("PRIVMSG #lobby :hi")
        assert alice.line().endswith(" :bob!u@bob PRIVMSG #lobby :hi")
        alice.ask("WHO #lobby")
        assert [line.split(" ")[7] for line in alice.until(" 315 ")[:-1]] == ["alice", "bob", "admin"]
        bob.ask(f"PRIVMSG Server :/register bob {SECRET}")
        assert alice.line() == "@account=bob :bob!u@bob ACCOUNT bob"
        bob.until("you are registered successfully!")  # alice's server may have heard of it before
        admin.ask("MODE #lobby +o bob")
        assert alice.line() == "@account=admin :admin!u@admin MODE #lobby +o bob"
        bob.ask("NICK bobby", "PART #lobby", "JOIN #lobby")
        assert alice.line() == "@account=bob :bob!u@bob PART #lobby"
        assert alice.line() == "@account=bob :bob!u@bob JOIN #lobby"
        bob.until(" 366 ")
        admin.ask("KICK #lobby alice")
        assert alice.line() == "@account=admin :admin!u@admin KICK #lobby alice :kick"
        assert alice.lines.rest() == b"ERROR :you have been kicked out of the server!\r\n"
        assert bob.settle() == ["@account=admin :admin!u@admin KICK #lobby alice :kick"]


def test_an_account_that_logs_in_at_the_other_server_is_there_from_then_on(postgres: Database) -> None:
    url = postgres.make()
    with (
        serve(url) as one,
        serve(url) as two,
        peer(one, "admin", password=ADMIN) as first,
        IrcPeer(two.irc_port) as second,
    ):
        second.register("admin", password=ADMIN)
        assert first.until("ERROR")[-1] == "ERROR :you are here on another connection now"
        assert second.until(" 366 ")[0].endswith("JOIN #lobby")
