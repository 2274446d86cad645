"""Joining, and what is written."""

import signal
from collections.abc import Callable

from selenium.webdriver.common.keys import Keys

from asyncchat.ui.view.style import PALETTE, colour_of
from tests.page import SHIFT_ENTER, Page, PageProgram
from tests.programs import ADMIN, SECRET, seconds


def test_a_name_leads_to_rooms_messages_and_input(page: Page, server: PageProgram) -> None:
    bob = server.join("bob")
    bob.send("hello\n")
    page.enter("alice")
    page.sees("hello")
    assert "lobby" in page.room("lobby").text
    rooms, messages, typed = (page[each].rect for each in ("side", "scroll", "text"))
    assert rooms["x"] + rooms["width"] <= messages["x"]
    assert messages["y"] + messages["height"] <= typed["y"]
    page.say("hi bob")
    assert "alice: hi bob" in bob.lines.until("alice: hi bob")
    page.sees("hi bob")


def test_the_first_message_is_shown_within_half_a_second(page: Page, server: PageProgram) -> None:
    server.join("bob").send("hello\n")
    page.run("""
      document.getElementById("join").addEventListener("click", () => (window.begun = performance.now()));
      const look = () => {
        if (document.querySelector(".message")) window.took ??= performance.now() - window.begun;
      };
      new MutationObserver(look).observe(document.getElementById("list"), { childList: true });
    """)
    page.enter("alice")
    page.sees("hello")
    assert page.run("return window.took") < 1000 * seconds(0.5)
    loaded = page.run("const [load] = performance.getEntriesByType('navigation'); return load.domContentLoadedEventEnd")
    assert loaded < 1000 * seconds(0.5)


def test_a_name_that_is_refused_says_why(page: Page, server: PageProgram) -> None:
    server.join("bob")
    page.ask_to_enter("bob")
    page.until(lambda: "already taken" in page["refusal"].text)
    page.enter("alice")


def test_a_registered_name_asks_for_its_password(kept: Page) -> None:
    kept.ask_to_enter("alice")
    kept.until(lambda: "password" in kept["refusal"].text)
    assert kept.driver.switch_to.active_element == kept["password"]
    kept.ask_to_enter("alice", "not the password")
    kept.until(lambda: "ncorrect" in kept["refusal"].text)
    kept.enter("alice", SECRET)
    kept.until(lambda: "registered" in kept["me"].text)


def test_a_new_name_can_be_registered_with_a_password(kept: Page) -> None:
    kept.ask_to_enter("carol", "a long enough one")
    kept.until(lambda: "carol is not registered: register it" in kept["refusal"].text)
    kept.one("#registers").click()
    kept["name"].send_keys(Keys.ENTER)
    kept.until(lambda: "registered" in kept["me"].text)


def test_own_lines_are_dim_until_the_server_has_them(page: Page, server: PageProgram) -> None:
    page.enter("alice")
    server.signal(signal.SIGSTOP)
    page.say("hello")
    pending = page.one(".pending .text")
    dim = pending.value_of_css_property("color")
    server.signal(signal.SIGCONT)
    page.sees("hello")
    page.until(lambda: not page.all(".pending"))
    assert page.one(".message .text").value_of_css_property("color") != dim


def test_a_refused_line_is_back_in_the_input(page: Page) -> None:
    page.enter("alice")
    page.say("/lst")
    page.until(lambda: page.typed == "/lst")
    assert "unknown command" in page["why"].text


def test_a_line_that_is_too_long_stays_in_the_input(page: Page) -> None:
    page.enter("alice")
    page.run("document.getElementById('text').value = 'x'.repeat(5000)")
    page.say("")
    page.until(lambda: "5000 bytes" in page["why"].text)
    assert len(page.typed) == 5000
    assert page.messages == []


def test_several_lines_are_one_message(page: Page) -> None:
    page.enter("alice")
    page.say(f"one{SHIFT_ENTER}two")
    page.sees("one\ntwo")
    page.say(f"/usr/bin{SHIFT_ENTER}/usr/lib")
    page.sees("/usr/bin\n/usr/lib")


def test_enter_that_ends_a_composition_sends_nothing(page: Page) -> None:
    page.enter("alice")
    page["text"].send_keys("にほん")
    page.run("""
      const press = (how) => document.getElementById("text").dispatchEvent(
        new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...how }));
      press({ isComposing: true });
      press({ keyCode: 229 });
    """)
    assert page.typed == "にほん"
    page.say("")
    page.sees("にほん")


def test_links_are_links_and_code_is_code_and_markup_is_text(page: Page, server: PageProgram) -> None:
    bob = server.join("bob")
    page.enter("alice")
    bob.send(
        "see https://example.org/a_(b)?c=1. Or (http://example.org/d), javascript:alert(1) and ftp://example.org\n"
    )
    bob.send("`a < b` and <img src=x onerror=alert(1)> <b>bold</b>\n")
    page.until(lambda: len(page.messages) == 2)
    links = page.all("#list a")
    assert [link.get_attribute("href") for link in links] == ["https://example.org/a_(b)?c=1", "http://example.org/d"]
    assert {link.get_attribute("rel") for link in links} == {"noopener noreferrer"}
    assert page.texts("#list code") == ["a < b"]
    assert page.all("#list img, #list b") == []
    assert page.messages[1].endswith("<img src=x onerror=alert(1)> <b>bold</b>")


def test_messages_of_one_author_are_grouped_under_name_and_time(page: Page, server: PageProgram) -> None:
    bob, carol = server.join("bob"), server.join("carol")
    page.enter("alice")
    bob.send("one\ntwo\n")
    page.sees("two")
    carol.send("three\n")
    page.sees("three")
    assert page.texts("#list .name") == ["bob", "carol"]
    assert len(page.all("#list .by time")) == 2
    assert page.texts("#list .day") == ["Today"]


def test_names_have_the_colours_of_the_terminal(page: Page) -> None:
    names = ["alice", "Bob", "Zoé", "Ωmega", "jörg", "علی"]
    wanted = [f"{PALETTE.index(colour_of(name).split()[0])}" for name in names]
    script = "const done = arguments[1]; import('./text.js').then(({ colourOf }) => done(arguments[0].map(colourOf)))"
    assert [str(each) for each in page.driver.execute_async_script(script, names)] == wanted


def test_tab_completes_names_and_commands(page: Page, server: PageProgram) -> None:
    server.join("barbara")
    page.enter("alice")
    page.until(lambda: "barbara" in page["rooms"].text)
    page["text"].send_keys("bar" + Keys.TAB)
    assert page.typed == "barbara: "
    page["text"].send_keys("ask Bar" + Keys.TAB)
    assert page.typed == "barbara: ask barbara "
    page["text"].clear()
    page["text"].send_keys("/who" + Keys.TAB)
    assert page.typed == "/whois "
    page["text"].clear()
    page["text"].send_keys("/h")
    assert "show the commands" in page.one("#offers").text


def test_arrow_keys_bring_back_earlier_lines(page: Page) -> None:
    page.enter("alice")
    page.say("one")
    page.say("two")
    page["text"].send_keys(Keys.ARROW_UP)
    assert page.typed == "two"
    page["text"].send_keys(Keys.ARROW_UP)
    assert page.typed == "one"
    page["text"].send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert page.typed == ""


def test_an_answer_to_a_command_is_shown(page: Page, server: PageProgram) -> None:
    server.join("bob")
    page.enter("alice")
    page.say("/list")
    page.until(lambda: "online: bob" in page.notes)


def test_a_password_is_asked_for_without_showing_it(kept: Page) -> None:
    kept.enter("carol")
    kept.say("/register")
    kept.one("#field0").send_keys("correct horse")
    assert kept["field0"].get_attribute("type") == "password"
    kept["field1"].send_keys("correct horse" + Keys.ENTER)
    kept.until(lambda: "registered" in kept["me"].text)
    kept["text"].send_keys(Keys.ARROW_UP)
    assert "horse" not in kept.typed


def test_moderation_is_a_menu_on_a_name(kept: Page, stored: PageProgram) -> None:
    eve = stored.join("eve")
    kept.enter("admin", ADMIN)
    eve.send("spam\n")
    kept.sees("spam")
    kept.one("#list .name").click()
    kept.choose("Kick")
    assert "five minutes" in kept.one("dialog").text
    kept.one("dialog .danger").click()
    assert "kicked" in "".join(eve.lines.until("kicked"))
    kept.until(lambda: "eve" not in kept.texts("#rooms .label"))


def test_a_room_is_made_private_and_users_are_invited_by_a_menu(kept: Page, stored: PageProgram) -> None:
    bob = stored.connect()
    bob.send(f"/auth bob {SECRET}\n")
    bob.lines.until("Server: you are authorized")
    kept.enter("alice", SECRET)
    kept.say("/join #ops")
    kept.until(lambda: "#ops" in kept["title"].text)
    kept["open-more"].click()
    kept.choose("Only invited users may enter")
    kept.until(lambda: "private" in kept.notes)
    kept["open-more"].click()
    kept.choose("Invite a user to this room…")
    kept.one("dialog input").send_keys("bob")
    kept.one("dialog .primary").click()
    bob.lines.until("Server: alice has invited you: write /join #ops")
    bob.send("/join #ops\nhere\n")
    kept.sees("here")
    kept.one("#list .name").click()
    labels = kept.texts("#menu button")
    assert "Mute for 30 minutes" in labels
    assert "Kick" not in labels  # which is for moderators of the server
    bob.socket.close()


def test_a_guest_has_no_moderation_in_the_menu(page: Page, server: PageProgram) -> None:
    server.join("bob").send("hi\n")
    page.enter("alice")
    page.one("#list .name").click()
    labels = page.texts("#menu button")
    assert "Mention" in labels
    assert not {"Kick", "Ban for good", "Mute for 30 minutes"} & set(labels)
    page.press(Keys.ESCAPE)
    page.one("#list .name").click()
    page.choose("Hide the messages")
    page.until(lambda: page.messages == [])
    page.say("/unignore bob")
    page.sees("hi")


def test_own_messages_are_changed_by_a_menu_and_others_see_that(page: Page, server: PageProgram) -> None:
    bob = server.join("bob")
    page.enter("alice")
    page.say("helo")
    page.sees("helo")
    page.options().click()
    page.choose("Edit")
    field = page.one("dialog textarea")
    field.clear()
    field.send_keys("hello")
    page.one("dialog .primary").click()
    page.until(lambda: any(said.startswith("hello") for said in page.messages))
    bob.lines.until("(edited) alice: hello")
    page.options().click()
    page.choose("Delete")
    page.one("dialog .danger").click()
    page.sees("This message was deleted.")
    bob.lines.until("Server: alice has deleted a message")


def test_what_others_change_is_seen(page: Page, server: PageProgram) -> None:
    bob = server.join("bob")
    page.enter("alice")
    bob.send("helo\n/me waves\n")
    page.sees("helo")
    page.until(lambda: any("bob waves" in said for said in page.messages))
    bob.send("/edit /me sleeps\n")
    page.until(lambda: any("sleeps" in said for said in page.messages))
    bob.send("/delete\n")
    page.sees("This message was deleted.")


def test_a_link_lets_a_guest_in_where_accounts_are_required(
    opened: Callable[[PageProgram], Page], with_people: str
) -> None:
    with PageProgram("--store", with_people, "--require-account") as server:
        admin = server.connect()
        admin.send(f"/auth admin {ADMIN}\n/join #ops\nhello ops\n/invite 1h 1\n")
        admin.lines.until(" 1 more use, until ")
        admin.line()
        link = admin.line().removeprefix("Server: ")
        page = opened(server)
        page.driver.get(link)
        page.enter("gus")
        page.until(lambda: page["title"].text == "#ops")
        page.sees("hello ops")
        page["open-more"].click()
        page.choose("Leave the chat")
        page.ask_to_enter("eve")
        page.until(lambda: "can't be used any more" in page["refusal"].text)
        admin.socket.close()
