"""Reconnecting: nothing is lost, and nothing comes twice."""

import signal
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from tests.page import Page, PageProgram
from tests.postgres import Database
from tests.programs import ADMIN, SECRET


class Restarted:
    """A server that can be started again on the same ports."""

    def __init__(self, store: str) -> None:
        self._store = store
        self.server = PageProgram("--store", store)
        self.server.__enter__()

    def stop(self) -> None:
        self._ports = self.server.port, self.server.web_port
        self.server.signal(signal.SIGTERM)
        assert self.server.wait() == 0
        self.server.__exit__(None, None, None)

    def start(self) -> None:
        port, web_port = self._ports
        self.server = PageProgram("--store", self._store, "--port", f"{port}", "--web", f"{web_port}")
        self.server.__enter__()


@pytest.fixture
def restarted(with_people: str) -> Iterator[Restarted]:
    restarted = Restarted(with_people)
    yield restarted
    restarted.server.__exit__(None, None, None)


def test_a_restart_of_the_server_loses_and_repeats_nothing(
    opened: Callable[[PageProgram], Page], restarted: Restarted
) -> None:
    page = opened(restarted.server).enter("alice", SECRET)
    page.say("before")
    page.sees("before")
    restarted.stop()
    page.until(lambda: "Connection lost" in page["lost"].text)
    page.say("meanwhile 1")
    page.say("meanwhile 2")
    page.until(lambda: len(page.all(".pending")) == 2)
    restarted.start()
    bob = restarted.server.join("carol")
    bob.send("missed\n")
    bob.lines.until("missed")
    page.run("document.getElementById('lost').hidden || document.getElementById('now').click()")
    page.sees("meanwhile 2")
    page.until(lambda: not page["lost"].is_displayed() and not page.all(".pending"))
    assert page.messages == ["before", "missed", "meanwhile 1", "meanwhile 2"]
    assert page.texts(".new") == ["New"]


def test_a_page_that_is_loaded_again_continues(kept: Page, stored: PageProgram) -> None:
    bob = stored.join("carol")
    bob.send("history\n")
    kept.enter("dora")
    kept.say("mine")
    kept.sees("mine")
    kept.driver.refresh()
    bob.send("later\n")
    kept.sees("later")
    assert kept.messages == ["history", "mine", "later"]
    assert "dora" in kept["me"].text
    kept.say("again")
    kept.sees("again")
    assert [bob.lines.until(said)[-1] for said in ("mine", "again")] == ["dora: mine", "dora: again"]


def test_what_waits_when_the_page_is_loaded_again_is_sent_once(
    opened: Callable[[PageProgram], Page], restarted: Restarted
) -> None:
    page = opened(restarted.server).enter("alice", SECRET)
    restarted.stop()
    page.until(lambda: page["lost"].is_displayed())
    page.say("wait for me")
    page.one(".pending")
    kept = page.run("dispatchEvent(new Event('pagehide')); return sessionStorage.getItem('asyncchat')")
    restarted.start()
    page.run("sessionStorage.setItem('asyncchat', arguments[0])", kept)
    page.driver.refresh()
    page.sees("wait for me")
    assert page.messages == ["wait for me"]


def test_a_frozen_server_is_noticed_as_soon_as_the_page_is_seen_again(page: Page, server: PageProgram) -> None:
    page.enter("alice")
    server.signal(signal.SIGSTOP)
    page.run("document.dispatchEvent(new Event('visibilitychange'))")
    page.until(lambda: "does not answer" in page["lost"].text)
    page.say("hello")
    server.signal(signal.SIGCONT)
    page.until(lambda: page.messages == ["hello"] and not page.all(".pending"))
    assert not page["lost"].is_displayed()


def test_a_network_that_changes_is_a_new_connection(page: Page, server: PageProgram) -> None:
    page.enter("alice")
    page.run("dispatchEvent(new Event('offline'))")
    page.until(lambda: "offline" in page["lost"].text)
    page.say("hello")
    page.run("dispatchEvent(new Event('online'))")
    page.until(lambda: page.messages == ["hello"] and not page["lost"].is_displayed())


def test_a_second_tab_takes_the_name_and_the_first_does_not_fight_for_it(page: Page, server: PageProgram) -> None:
    page.enter("alice")
    page.say("first")
    page.sees("first")
    [tab] = page.driver.window_handles
    page.run("window.open(location.href)")  # which copies the session
    page.driver.switch_to.window(next(each for each in page.driver.window_handles if each != tab))
    page.sees("first")
    page.say("second")
    page.sees("second")
    page.driver.switch_to.window(tab)
    page.until(lambda: "another place" in page["end"].text)
    page["end-act"].click()
    page.sees("second")
    page.say("third")
    page.sees("third")
    assert page.messages == ["first", "second", "third"]


def test_a_token_is_in_the_session_only(page: Page) -> None:
    page.enter("alice")
    assert "token" in page.run("return sessionStorage.getItem('asyncchat')")
    assert page.run("return [localStorage.length, document.cookie]") == [0, ""]


def test_a_user_who_was_kicked_stays_out(opened: Callable[[PageProgram], Page], stored: PageProgram) -> None:
    admin = stored.connect()
    admin.send(f"/auth admin {ADMIN}\n")
    admin.lines.until("authorized")
    page = opened(stored).enter("eve")
    admin.send("/kick eve\n")
    page.until(lambda: "not in the chat any more" in page["end"].text)
    assert "kicked" in page["end"].text
    page["end-act"].click()
    assert page.one("#name").get_property("value") == "eve"
    admin.socket.close()


def test_leaving_frees_the_name(page: Page, server: PageProgram) -> None:
    page.enter("alice")
    page["open-more"].click()
    page.choose("Leave the chat")
    assert page.one("#name").get_property("value") == "alice"
    page.enter("alice")


def test_a_server_that_is_gone_is_told_at_the_door(opened: Callable[[PageProgram], Page], restarted: Restarted) -> None:
    page = opened(restarted.server)
    restarted.stop()
    page.ask_to_enter("alice")
    page.until(lambda: "can't be reached" in page["refusal"].text)
    restarted.start()
    page.enter("carol")


def test_the_page_works_over_tls_and_comes_back_after_a_restart(browser: Chrome, empty_store: str) -> None:
    tls = "--store", empty_store, "--tls", "self"
    with PageProgram(*tls) as server:
        ports = "--port", str(server.port), "--web", str(server.web_port)
        page = Page(browser, server, "https").enter("alice")
        page.say("before")
        page.sees("before")
    page.until(lambda: "Connection lost" in page["lost"].text)
    page.say("meanwhile")
    with PageProgram(*tls, *ports):
        page.run("document.getElementById('lost').hidden || document.getElementById('now').click()")
        page.until(lambda: page.messages == ["before", "meanwhile"])
        page.driver.get("about:blank")
        page.driver.get_log("browser")  # type: ignore[no-untyped-call]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_it_goes_on_at_another_server_when_its_own_is_killed(
    opened: Callable[[PageProgram], Page], postgres: Database
) -> None:
    url = postgres.make()
    ports = free_port(), free_port()
    servers = ",".join(f"http://127.0.0.1:{port}" for port in ports)
    programs = [PageProgram("--store", url, "--servers", servers, "--web", str(port)) for port in ports]
    with programs[0] as one, programs[1] as other, other.join("bob") as bob:
        page = opened(one).enter("alice")
        page.say("before")
        assert bob.line() == "alice: before"
        page["text"].send_keys("half ")
        one.process.kill()
        bob.send("meanwhile\n")
        page.until(lambda: "meanwhile" in page.messages)
        page["text"].send_keys("a line" + Keys.ENTER)
        assert [bob.line() for _ in range(2)] == ["bob: meanwhile", "alice: half a line"]
        page.until(lambda: page.messages == ["before", "meanwhile", "half a line"])


def test_it_passes_over_a_frozen_server(opened: Callable[[PageProgram], Page], postgres: Database) -> None:
    url = postgres.make()
    ports = [free_port() for _ in range(3)]
    servers = ",".join(f"http://127.0.0.1:{port}" for port in ports)
    own, frozen, good = [PageProgram("--store", url, "--servers", servers, "--web", str(port)) for port in ports]
    with own, frozen, good, good.join("bob") as bob:
        page = opened(own).enter("alice")
        page.say("before")
        assert bob.line() == "alice: before"
        frozen.signal(signal.SIGSTOP)
        own.process.kill()
        begun = time.monotonic()
        page.say("after")
        assert bob.line() == "alice: after"
        assert time.monotonic() - begun < 9, "it has waited for a welcome"


def test_it_leaves_a_server_that_freezes(opened: Callable[[PageProgram], Page], postgres: Database) -> None:
    url = postgres.make()
    ports = [free_port() for _ in range(2)]
    servers = ",".join(f"http://127.0.0.1:{port}" for port in ports)
    own, good = [PageProgram("--store", url, "--servers", servers, "--web", str(port)) for port in ports]
    with own, good, good.join("bob") as bob:
        page = opened(own).enter("alice")
        page.say("before")
        assert bob.line() == "alice: before"
        own.signal(signal.SIGSTOP)
        begun = time.monotonic()
        page.say("hello")
        assert bob.line() == "alice: hello"
        assert time.monotonic() - begun < 25, "it has waited as long as for the only server"
        page.until(lambda: page.messages == ["before", "hello"] and not page.all(".pending"))


def test_what_was_seen_as_it_came_is_read_at_the_next_login(kept: Page, stored: PageProgram) -> None:
    bob = stored.join("robert")
    kept.enter("alice", SECRET)
    bob.send("one\n")
    kept.sees("one")
    for number in range(2):
        bob.send(f"seen {number}\n")
        kept.sees(f"seen {number}")
        kept["open-more"].click()
        kept.choose("Leave the chat")
        bob.send(f"missed {number}\n")
        bob.lines.until(f"missed {number}")
        kept.enter("alice", SECRET)
        kept.sees(f"missed {number}")
        assert kept.run("return document.querySelector('.new').parentElement.item.text") == f"missed {number}"


def test_what_could_not_be_sent_before_the_name_was_lost_comes_back_with_the_room_it_was_for(
    opened: Callable[[PageProgram], Page],
) -> None:
    with PageProgram() as server:
        ports = "--port", str(server.port), "--web", str(server.web_port)
        page = opened(server).enter("alice")
        page.say("/join #ops")
        page.until(lambda: page["title"].text == "#ops")
    page.until(lambda: page["lost"].is_displayed())
    page.say("meanwhile")
    page.one(".pending")
    with PageProgram(*ports) as server:
        server.join("alice")
        page.run("document.getElementById('lost').hidden || document.getElementById('now').click()")
        page.until(lambda: "already taken" in page["refusal"].text)
        page.enter("alison")
        page.until(lambda: page.typed == "meanwhile")
        assert page["why"].text == "Not sent to #ops: the connection was lost."


def test_a_browser_that_keeps_nothing_shows_the_page(opened: Callable[[PageProgram], Page]) -> None:
    with PageProgram() as server:
        page = opened(server)
        source = """
          for (const name of ["sessionStorage", "localStorage"]) {
            Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });
          }
        """
        command = page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})
        try:
            page.driver.refresh()
            page.enter("alice")
            page.say("hello")
            page.sees("hello")
        finally:
            page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", command)
