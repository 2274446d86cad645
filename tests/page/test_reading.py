"""What is unread, what is further up, and what is private."""

import json
from collections.abc import Callable, Iterator

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.page import Page, PageProgram
from tests.programs import SECRET, seconds


def lines(first: int, last: int) -> str:
    return "".join(f"line {number}\n" for number in range(first, last + 1))


@pytest.fixture
def long(opened: Callable[[PageProgram], Page], empty_store: str) -> Iterator[tuple[Page, PageProgram]]:
    """A page at a server that keeps a few hundred messages."""
    with PageProgram("--store", empty_store) as server:
        bob = server.join("bob")
        bob.send(lines(1, 300))
        bob.lines.until("line 300")
        yield opened(server), server


def top_of(page: Page, text: str) -> float:
    """Return where a message is on the screen."""
    found = "[...document.querySelectorAll('#list li')].find((e) => e.innerText.includes(arguments[0]))"
    return float(page.run(f"return {found}.getBoundingClientRect().top", text))


def scroll_to(page: Page, where: str) -> None:
    """Scroll to the `top`, or by so many pixels."""
    page.run(
        """
        const [where] = arguments;
        const scroll = document.getElementById("scroll");
        const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        return drawn().then(() => {
          scroll.scrollTop = where === "top" ? 0 : scroll.scrollTop + Number(where);
          return drawn();
        });
        """,
        where,
    )


def test_unread_messages_have_a_count_and_a_line_in_the_title_too(page: Page, server: PageProgram) -> None:
    bob = server.join("bob")
    page.enter("alice")
    bob.send("seen\n")
    page.sees("seen")
    page.look_away()
    bob.send("one\ntwo\n")
    page.until(lambda: page.driver.title.startswith("(2) "))
    page.sees("two")
    assert "New" in page.one(".new").text
    assert page.run("return document.querySelector('.new').parentElement.item.text") == "one"
    page.look_back()
    page.until(lambda: page.driver.title.startswith("#lobby"))
    assert page.all(".new")
    page.say("I have read it")
    page.until(lambda: not page.all(".new"))


def test_a_mention_is_in_colour_and_counted_as_one(page: Page, server: PageProgram) -> None:
    bob = server.join("bob")
    page.enter("alice")
    page.look_away()
    bob.send("malice is no mention\n")
    bob.send("Alice: this is one, ALICE!\n")
    page.until(lambda: page.driver.title.startswith("(2!) "))
    page.until(lambda: page.texts("mark") == ["Alice", "ALICE"])
    calls, other = page.all("#list .message")[1], page.all("#list .message")[0]
    assert "calls" in str(calls.get_attribute("class"))
    assert calls.value_of_css_property("background-color") != other.value_of_css_property("background-color")


def test_notifications_are_off_until_they_are_asked_for(page: Page, server: PageProgram) -> None:
    bob = server.join("bob")
    page.driver.execute_cdp_cmd("Browser.grantPermissions", {"origin": page.url, "permissions": ["notifications"]})
    page.run("""
      window.told = [];
      window.Notification = class extends Notification {
        constructor(...all) {
          super(...all);
          told.push(all);
        }
      };
    """)
    page.enter("alice")
    page.look_away()
    bob.send("alice: one\n")
    page.sees("alice: one")
    assert page.run("return told") == []
    page["open-more"].click()
    page.choose("Notify me about mentions")
    page.until(lambda: "You get a notification" in page.notes)
    bob.send("alice: two\nnobody: three\n")
    page.sees("nobody: three")
    [[title, shown]] = page.run("return told")
    assert title == "#lobby"
    assert shown["body"] == "bob: alice: two"


def test_scrolling_up_shows_earlier_messages_until_the_first(long: tuple[Page, PageProgram]) -> None:
    page, _ = long
    page.enter("alice")
    page.sees("line 300")
    while "line 1" not in page.messages:
        scroll_to(page, "top")
    page.until(lambda: "beginning of #lobby" in page["start"].text)
    page["scroll"].send_keys(Keys.END)
    page.sees("line 300")
    page.run("window.all = []")
    seen: list[str] = []
    scroll_to(page, "top")
    while "line 300" not in seen:
        seen += [each for each in page.messages if each not in seen]
        scroll_to(page, "700")
    assert seen == [f"line {number}" for number in range(1, 301)]


def posted(server: PageProgram, texts: list[str], deleted: range = range(0)) -> None:
    """Let a program post these, and then delete some of them."""
    bot = server.connect()
    bot.send('{"type":"hello","v":1,"name":"bot"}\n')
    says: list[dict[str, object]] = [{"type": "say", "text": text} for text in texts]
    for ident, event in enumerate([*says, *[{"type": "delete", "seq": seq} for seq in deleted]], 1):
        bot.send(json.dumps({**event, "id": ident}) + "\n")
        bot.lines.until(f'{{"type":"ack","id":{ident}')
    bot.socket.close()


def test_earlier_messages_of_several_lines_are_whole_and_found_once(kept: Page, stored: PageProgram) -> None:
    code = "def hello():\n    return 1\n\nhello()"
    posted(stored, [code, "hello again", *[f"line {number}" for number in range(1, 51)]])
    kept.enter("carol")
    kept.sees("line 50")
    while "line 1" not in kept.messages or code not in kept.messages:
        scroll_to(kept, "top")
    kept.until(lambda: "beginning of #lobby" in kept["start"].text)
    assert kept.messages[:3] == [code, "hello again", "line 1"]
    kept["open-search"].click()
    kept["words"].send_keys("hello" + Keys.ENTER)
    kept.until(lambda: kept["found"].text.startswith("2 messages"))
    assert kept.texts("#results .text") == ["hello again", code]


def test_earlier_messages_are_loaded_from_before_many_that_were_deleted(kept: Page, stored: PageProgram) -> None:
    posted(stored, [f"line {number}" for number in range(1, 101)], deleted=range(11, 81))
    kept.enter("carol")
    kept.sees("line 100")
    while "line 1" not in kept.messages:
        scroll_to(kept, "top")
    assert kept.messages[:11] == [*[f"line {number}" for number in range(1, 11)], "line 81"]


def test_scrolled_up_nothing_moves_and_a_button_counts_what_is_new(long: tuple[Page, PageProgram]) -> None:
    page, server = long
    bob = server.join("robert")
    page.enter("alice")
    page.sees("line 300")
    scroll_to(page, "-300")
    text = page.run("""
      const { top } = document.getElementById("scroll").getBoundingClientRect();
      const all = [...document.querySelectorAll("#list li")];
      return all.find((each) => each.getBoundingClientRect().top > top).item.text;
    """)
    before = top_of(page, text)
    bob.send("new one\nnew two\n")
    page.until(lambda: page["down"].text == "↓ 2 new messages")
    assert top_of(page, text) == before
    page["down"].click()
    page.sees("new two")
    page.until(lambda: not page["down"].is_displayed())


def test_ten_thousand_messages_scroll_and_few_are_in_the_document(page: Page, server: PageProgram) -> None:
    bob = server.join("bob")
    page.enter("alice")
    page.size(1100, 800)
    bob.send(lines(1, 10_000))
    page.until(lambda: "line 10000" in page.messages)
    assert len(page.all("#list li")) < 300
    page.run("""
      window.longest = 0;
      const scroll = document.getElementById("scroll");
      const up = (last) => requestAnimationFrame((now) => {
        if (last) longest = Math.max(longest, now - last);
        if (scroll.scrollTop > 0 && (window.steps = (window.steps ?? 0) + 1) < 150) {
          scroll.scrollTop -= 400;
          up(now);
        } else window.isDone = true;
      });
      up();
    """)
    page.until(lambda: page.run("return window.isDone"))
    assert page.run("return window.longest") < 1000 * seconds(0.25)  # it is 20 ms, if nothing else runs
    assert len(page.all("#list li")) < 300
    scroll_to(page, "top")
    page.sees("line 1")
    assert len(page.all("#list li")) < 300
    page.press(Keys.ESCAPE)
    page.sees("line 10000")


def test_search_shows_results_and_jumps_to_one(long: tuple[Page, PageProgram]) -> None:
    page, _ = long
    page.enter("alice")
    page["open-search"].click()
    page["words"].send_keys("42" + Keys.ENTER)
    page.until(lambda: page["found"].text.startswith("1 message"))
    page.one("#results button").click()
    found = page.one(".found")
    assert "line 42" in found.text
    box, scroll = found.rect, page["scroll"].rect
    assert scroll["y"] <= box["y"] <= scroll["y"] + scroll["height"]
    page["words"].send_keys("0" + Keys.ENTER)
    page.until(lambda: "Nothing" in page["found"].text or "nothing" in page["found"].text)


def test_private_conversations_are_at_the_left_and_go_to_one_user(kept: Page, stored: PageProgram) -> None:
    carol = stored.join("carol")
    bob = stored.connect()
    bob.send(f"/auth bob {SECRET}\n/chat alice\n")
    bob.lines.until("you write to alice alone")
    kept.enter("alice", SECRET)
    bob.send("psst\n")
    kept.until(lambda: "1" in kept.room("bob").text)
    kept.until(lambda: kept.driver.title.startswith("(1!) "))
    kept.go("bob")
    kept.sees("psst")
    kept.say("what is it?")
    kept.sees("what is it?")
    assert "(private) alice: what is it?" in bob.lines.until("what is it?")[-1]
    kept.go("lobby")
    kept.say("hello everybody")
    assert carol.lines.until("hello everybody")[-1] == "alice: hello everybody"
    bob.send("are you there?\n")
    kept.until(lambda: "1" in kept.room("bob").text.replace("unread", ""))
    kept.go("bob")
    kept.sees("are you there?")
    assert kept.messages == ["psst", "what is it?", "are you there?"]
    bob.socket.close()


def test_a_private_conversation_begins_with_the_menu_of_a_name(kept: Page, stored: PageProgram) -> None:
    bob = stored.connect()
    bob.send(f"/auth bob {SECRET}\nhi\n")
    bob.lines.until("bob: hi")
    kept.enter("alice", SECRET)
    kept.one("#list .name").click()
    kept.choose("Write privately")
    kept.until(lambda: kept["title"].text == "bob")
    kept.say("hello")
    kept.sees("hello")
    bob.send("/chat alice\n")
    assert bob.lines.until("hello")[-1].endswith("alice: hello")
    bob.socket.close()


def test_a_private_conversation_with_nobody_says_so_and_shows_nothing_of_a_room(kept: Page) -> None:
    kept.enter("alice", SECRET)
    kept.say("said in the room")
    kept.sees("said in the room")
    kept.say("/chat nobody")
    kept.until(lambda: "nobody" in kept.notes)
    kept["open-search"].click()
    kept["words"].send_keys("room" + Keys.ENTER)
    kept.until(lambda: "no conversation with nobody" in kept["found"].text)
    assert kept.messages == kept.all("#results button") == []
    kept.say("hello")
    kept.until(lambda: kept.typed == "hello")


def test_a_screen_reader_hears_each_new_message_once_and_no_history(long: tuple[Page, PageProgram]) -> None:
    page, server = long
    bob = server.join("robert")
    page.run("""
      window.heard = [];
      const log = document.getElementById("heard");
      const listen = (changes) => {
        for (const { addedNodes } of changes) addedNodes.forEach((node) => heard.push(node.textContent));
      };
      new MutationObserver(listen).observe(log, { childList: true, subtree: true });
    """)
    log = page["heard"]
    wanted = {"role": "log", "aria-live": "polite", "aria-relevant": "additions"}
    assert {name: log.get_attribute(name) for name in wanted} == wanted
    page.enter("alice")
    page.sees("line 300")
    bob.send("one\ntwo\n")
    page.sees("two")
    scroll_to(page, "top")
    page.until(lambda: "line 250" in page.messages)
    page.press(Keys.ESCAPE)
    page.sees("two")
    assert page.run("return heard") == ["robert: one", "robert: two"]


def test_what_a_page_says_when_there_is_nothing(page: Page) -> None:
    page.enter("alice")
    page.until(lambda: "Write the first message" in page["start"].text)
    page["open-search"].click()
    assert "keeps no messages" in page["found"].text


def test_rooms_are_at_the_left_with_what_is_unread_in_them(page: Page, server: PageProgram) -> None:
    bob = server.join("bob")
    bob.send("/join #ops\nwelcome to ops\n")
    bob.lines.until("welcome to ops")
    page.enter("alice")
    page.one("[data-key=join]").click()
    page.until(lambda: next((each for each in page.all(".choices button") if "#ops" in each.text), None)).click()
    page.until(lambda: page["title"].text == "#ops")
    page.sees("welcome to ops")
    page.say("hello ops")
    assert bob.lines.until("hello ops")[-1] == "alice: hello ops"
    page.go("lobby")
    assert page.messages == []
    bob.send("one\ntwo, alice\n")
    page.until(lambda: "2" in page.room("ops").text.replace(" unread", "").split("\n"))
    page.until(lambda: page.driver.title.startswith("(2!) #lobby"))
    page.driver.refresh()
    page.until(lambda: "2" in page.room("ops").text.replace(" unread", "").split("\n"))
    page.go("ops")
    page.sees("two, alice")
    assert page.messages == ["welcome to ops", "hello ops", "one", "two, alice"]
    page.driver.refresh()
    page.until(lambda: page["title"].text == "#ops")
    page.say("still here")
    page.sees("still here")
    assert page["title"].text == "#ops"
    assert bob.lines.until("still here")[-1] == "alice: still here"
    page["open-more"].click()
    page.choose("Close this conversation")
    page.until(lambda: page["title"].text == "#lobby" and "ops" not in page.texts("#rooms .label"))


def test_a_press_on_a_room_counts_though_the_list_changes_meanwhile(page: Page, server: PageProgram) -> None:
    bob = server.join("bob")
    page.enter("alice")
    page.say("/join #ops")
    page.until(lambda: page["title"].text == "#ops")
    ActionChains(page.driver).click_and_hold(page.room("lobby")).perform()
    bob.send("news\n")
    page.until(lambda: "1" in page.room("lobby").text.replace(" unread", "").split("\n"))
    server.join("carol")
    ActionChains(page.driver).release().perform()
    page.until(lambda: page["title"].text == "#lobby")


def test_of_many_users_some_are_listed_and_the_others_counted(page: Page, server: PageProgram) -> None:
    for number in range(221):
        server.join(f"user{number}")
    page.enter("alice")
    page.until(lambda: page.texts("#rooms li")[-2:] == ["alice you", "and 221 more"])


def test_the_default_room_has_the_name_that_the_server_gives_it(opened: Callable[[PageProgram], Page]) -> None:
    with PageProgram("--room", "office") as server:
        page = opened(server).enter("alice")
        page.until(lambda: page["title"].text == "#office" and page.room("office"))
        assert page["text"].get_attribute("placeholder") == "Write to #office"


def test_a_room_that_does_not_exist_is_made_and_a_wrong_name_is_refused(page: Page) -> None:
    page.enter("alice")
    page.say("/join #new")
    page.until(lambda: page["title"].text == "#new")
    page.say("first")
    page.sees("first")
    page.say("/join #:")
    page.until(lambda: "#:" in page.notes)
    page.say("/leave")
    page.until(lambda: page["title"].text == "#lobby")
