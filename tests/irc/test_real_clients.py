"""WeeChat and irssi, as people use them: with nc, the page, a moderator, and a server that is started again."""

import re
import shutil
import signal
from pathlib import Path

import pytest

from tests.irc import IrcPeer, IrcProgram, peer
from tests.irc.clients import Irssi, WeeChat
from tests.programs import SECRET, Nc
from tests.web import WebPeer

weechat = pytest.mark.skipif(not shutil.which("weechat-headless"), reason="WeeChat is not there")
irssi = pytest.mark.skipif(not (shutil.which("irssi") and shutil.which("tmux")), reason="irssi and tmux are not there")


class PageProgram(IrcProgram):
    """The same, with the page."""

    def __init__(self, *arguments: str, **how: object) -> None:
        super().__init__("--web", "0", *arguments, **how)  # type: ignore[arg-type]

    @property
    def web_port(self) -> int:
        return self._web_port

    def __enter__(self) -> "PageProgram":
        assert self.port
        found = re.search(r"the page is at http://127\.0\.0\.1:(\d+)/", self.errors.line())
        assert found
        self._web_port = int(found[1])
        super().__enter__()
        return self


def logged_in(room: IrcProgram, name: str) -> Nc:
    """Return somebody with nc who has logged in."""
    person = room.connect()
    person.send(f"/auth {name} {SECRET}\n")
    person.lines.until("authorized")
    return person


@weechat
def test_weechat_talks_with_nc_and_the_page(tmp_path: Path) -> None:
    with PageProgram() as room, WeeChat(tmp_path / "weechat", room.irc_port, "wee") as wee, room.join("carol") as carol:
        wee.until("#lobby", "has joined #lobby")
        with WebPeer(room.web_port) as page:
            page.come_in("dora")
            wee.until("#lobby", "dora (dora) (u@dora) has joined #lobby")
            carol.send("hello \x1b[1mwee\n")
            assert carol.line() == "carol: hello ␛[1mwee"
            assert wee.until("#lobby", "hello").endswith("\tcarol\thello ␛[1mwee")
            wee.type("hello all, Zoé & 李雷")
            assert carol.line() == "wee: hello all, Zoé & 李雷"
            assert [page.until("message")[-1]["text"] for _ in range(2)][1] == "hello all, Zoé & 李雷"
            assert wee.until("#lobby", "\twee\t").endswith("hello all, Zoé & 李雷")
            wee.type("/me waves")
            assert carol.line() == "* wee waves"
            page.say("one\ntwo")
            wee.until("#lobby", "\tdora\tone")
            wee.until("#lobby", "\tdora\ttwo")
        wee.until("#lobby", "dora (u@dora) has quit")
        assert wee.log("#lobby").count("hello all") == 1


@weechat
def test_weechat_logs_in_and_writes_to_one_user(store: str, tmp_path: Path) -> None:
    with (
        IrcProgram("--store", store) as room,
        WeeChat(tmp_path / "weechat", room.irc_port, "alice", SECRET) as wee,
    ):
        wee.until("here", "You are now logged in as alice")
        wee.until("#lobby", "has joined #lobby")
        with logged_in(room, "bob") as bob:
            wee.type("/msg bob a secret")
            bob.send("/chat alice\n")
            bob.lines.until("alice: a secret")
            bob.send("another one\n")
            wee.until("bob", "\tbob\tanother one")
        wee.type("/msg bob for later", "here")
        wee.until("bob", "for later")
        with IrcPeer(room.irc_port) as later:
            later.register("bob", password=SECRET)
            assert later.line() == ":alice!u@alice PRIVMSG bob :for later"


@weechat
def test_weechat_with_a_wrong_password_is_not_let_in(store: str, tmp_path: Path) -> None:
    with (
        IrcProgram("--store", store) as room,
        WeeChat(tmp_path / "weechat", room.irc_port, "alice", "wrong-one") as wee,
    ):
        wee.until("here", "SASL authentication failed")
        wee.until("here", "reconnect")
        assert "Welcome to asyncchat" not in wee.log("here")


@weechat
def test_weechat_moderates(store: str, tmp_path: Path) -> None:
    with (
        IrcProgram("--store", store) as room,
        WeeChat(tmp_path / "weechat", room.irc_port, "mod", SECRET) as wee,
        room.join("carol") as carol,
        peer(room, "dora") as dora,
    ):
        wee.until("#lobby", "has joined #lobby")
        wee.type("/topic all are welcome")
        assert dora.until(" TOPIC ")[-1] == ":mod!u@mod TOPIC #lobby :all are welcome"
        wee.until("#lobby", 'mod has changed topic for #lobby to "all are welcome"')
        wee.type("/kick carol enough")
        assert carol.lines.rest().decode().splitlines()[-1] == "Server: you have been kicked out of the server!"
        wee.until("#lobby", "mod has kicked carol")
        wee.type("/ban dora")
        assert dora.until("ERROR")[-1] == "ERROR :you are banned!"
        wee.type("/quote MODE #lobby b")
        wee.until("#lobby", "dora!*@* banned")


@weechat
def test_weechat_comes_back_after_a_restart_and_sees_what_it_missed_once(store: str, tmp_path: Path) -> None:
    room = IrcProgram("--store", store)
    with room:
        port = str(room.irc_port)
        wee = WeeChat(tmp_path / "weechat", room.irc_port, "alice", SECRET)
        wee.until("#lobby", "has joined #lobby")
        wee.type("before")
        wee.until("#lobby", "before")
        room.signal(signal.SIGTERM)
        wee.until("here", "disconnected from server")
        room.wait()
    with wee:
        with IrcProgram("--store", store, irc=port) as again, again.join("carol") as carol:
            carol.send("while you were away\n")
            wee.until("#lobby", "has joined #lobby")
            wee.until("#lobby", "\tcarol\twhile you were away")
            carol.send("after\n")
            wee.until("#lobby", "\tcarol\tafter")
            wee.type("I am back")
            carol.lines.until("alice: I am back")
        assert wee.log("#lobby").count("while you were away") == 1


@irssi
def test_irssi_talks_with_nc_and_irc(tmp_path: Path) -> None:
    with (
        IrcProgram() as room,
        Irssi(tmp_path / "irssi", room.irc_port, "iris", pace="2500msec") as iris,
        room.join("carol") as carol,
        peer(room, "dora") as dora,
    ):
        iris.until("#lobby", "Join to #lobby was synced")
        carol.send("hello iris\n")
        carol.line()
        iris.until("#lobby", "< carol> hello iris")
        iris.type("/window goto #lobby")
        iris.type("hello all, Zoé")
        assert carol.line() == "iris: hello all, Zoé"
        assert dora.until("Zoé")[-1] == ":iris!u@iris PRIVMSG #lobby :hello all, Zoé"
        iris.type("/me waves")
        assert carol.line() == "* iris waves"
        dora.ask("QUIT")
        iris.until("#lobby", "dora [u@dora] has quit")


@irssi
def test_irssi_logs_in_moderates_and_comes_back(store: str, tmp_path: Path) -> None:
    room = IrcProgram("--store", store)
    with room:
        port = str(room.irc_port)
        iris = Irssi(tmp_path / "irssi", room.irc_port, "mod", SECRET)
        iris.until("#lobby", "Join to #lobby was synced")
        iris.type("/window goto #lobby")
        iris.type("/topic all are welcome")
        iris.until("#lobby", "mod changed the topic of #lobby to: all are welcome")
        with logged_in(room, "bob") as bob:
            iris.type("/msg bob a secret")
            bob.send("/chat mod\n")
            bob.lines.until("mod: a secret")
            bob.send("another one\n")
            iris.until("bob", "<bob> another one")
            iris.type("/window goto #lobby")
            iris.type("/kick bob enough")
            iris.until("#lobby", "bob was kicked from #lobby by mod")
            assert bob.lines.rest().decode().splitlines()[-1] == "Server: you have been kicked out of the server!"
        room.signal(signal.SIGTERM)
        room.wait()
    with iris:
        with IrcProgram("--store", store, irc=port) as again, again.join("dora") as dora:
            dora.send("while you were away\n")
            iris.until("#lobby", "< dora> while you were away")
            dora.send("after\n")
            iris.until("#lobby", "< dora> after")
        assert iris.log("#lobby").count("while you were away") == 1


@irssi
def test_irssi_with_a_wrong_password_is_told_so(store: str, tmp_path: Path) -> None:
    with IrcProgram("--store", store) as room, Irssi(tmp_path / "irssi", room.irc_port, "alice", "wrong-one") as iris:
        iris.until_seen("SASL authentication failed: incorrect password!")
        assert "Welcome to asyncchat" not in iris.trouble()
