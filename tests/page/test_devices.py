"""Windows of all sizes, scripts of all directions, and browsers that lack something."""

from collections.abc import Callable

from selenium.webdriver.common.keys import Keys

from tests.page import Page, PageProgram
from tests.programs import SECRET

TO_END = "const s = document.getElementById('scroll'); return s.scrollHeight - s.clientHeight - s.scrollTop"


def resize(page: Page, width: int, height: int) -> None:
    page.size(width, height, mobile=width < 700)
    page.until(lambda: page.run("return innerWidth") == width)


def test_the_newest_message_stays_in_view_when_the_window_gets_another_size(page: Page, server: PageProgram) -> None:
    bob = server.join("bob")
    page.size(360, 640, mobile=True)
    page.enter("alice")
    bob.send("".join(f"line {number} {'and many words ' * (number % 20)}\n" for number in range(100)))
    page.until(lambda: any(said.startswith("line 99") for said in page.messages))
    for width, height in ((640, 360), (360, 640), (1440, 900), (768, 500), (360, 640)):
        resize(page, width, height)
        page.until(lambda: page.run(TO_END) < 2)
        assert not page["down"].is_displayed()


def test_a_text_has_the_direction_of_its_own_script_not_of_its_author_s(page: Page, server: PageProgram) -> None:
    maria, omar = server.join("Maria"), server.join("عمر")
    page.enter("alice")
    maria.send("hello\nשלום לכולם\n/me עונה\n")
    page.until(lambda: len(page.messages) == 3)
    omar.send("مرحبا\nhello\n/me answers\n")
    page.until(lambda: len(page.messages) == 6)
    directions = page.run(
        "return [...document.querySelectorAll('#list .text')].map((each) => getComputedStyle(each).direction)"
    )
    assert directions == ["ltr", "rtl", "rtl", "rtl", "ltr", "ltr"]


def test_search_leaves_the_messages_their_width_or_stands_over_them(kept: Page) -> None:
    kept.enter("alice", SECRET)
    kept.say("a word")
    kept.sees("a word")
    kept["open-search"].click()
    kept["words"].send_keys("word" + Keys.ENTER)
    for width in (701, 768, 1000, 1001, 1440):
        resize(kept, width, 800)
        assert kept["main"].rect["width"] >= 400
        assert kept["search"].rect["width"] >= 320
        assert kept["search"].rect["x"] + kept["search"].rect["width"] == width
    kept.size(768, 800)
    kept.one("#results button").click()
    kept.until(lambda: kept.one(".found") and not kept["search"].is_displayed())


def test_a_menu_is_in_the_window_after_that_has_become_smaller(page: Page, server: PageProgram) -> None:
    page.size(1440, 900)
    page.enter("alice")
    page["open-more"].click()
    page.size(360, 500)
    page.until(lambda: 0 <= page["menu"].rect["x"] <= 360 - page["menu"].rect["width"])
    assert page["menu"].rect["y"] + page["menu"].rect["height"] <= 500


def test_a_browser_that_has_no_notifications_for_pages_loses_no_message(page: Page, server: PageProgram) -> None:
    bob = server.join("bob")
    page.driver.execute_cdp_cmd("Browser.grantPermissions", {"origin": page.url, "permissions": ["notifications"]})
    page.run("""
      window.Notification = class extends Notification {
        constructor() {
          super();
          throw new TypeError("Illegal constructor");  // as on Android
        }
      };
    """)
    page.enter("alice")
    page["open-more"].click()
    page.choose("Notify me about mentions")
    page.until(lambda: "You get a notification" in page.notes)
    page.look_away()
    bob.send("alice: one\ntwo\n")
    page.sees("two")
    assert page.messages == ["alice: one", "two"]
    assert "no notifications of pages" in page.notes


def test_a_link_that_was_cut_off_leads_to_the_default_room(opened: Callable[[PageProgram], Page]) -> None:
    with PageProgram() as server:
        page = opened(server)
        page.driver.get(f"{page.url}#%E0%A4%A")
        page.enter("alice")
        page.until(lambda: page["title"].text == "#lobby")


def test_a_room_whose_name_is_longer_than_the_input_is_named_in_one_line(page: Page) -> None:
    page.size(360, 640, mobile=True)
    page.enter("alice")
    height = page["text"].rect["height"]
    page.say("/join #" + "w" * 32)
    page.until(lambda: "wwww" in page["title"].text)
    page.until(lambda: "wwww" in str(page["text"].get_attribute("placeholder")))
    assert page["text"].rect["height"] == height
    assert page.run("const t = document.getElementById('text'); return t.scrollHeight <= t.clientHeight")


def test_nobody_is_listed_who_has_left_while_there_were_too_many_to_tell_of_each(
    page: Page, server: PageProgram
) -> None:
    page.enter("alice")
    peers = [server.join(f"user{number:03}") for number in range(230)]
    for peer in peers:
        peer.send("hello\n")
    page.until(lambda: len(page.texts("#rooms li")) == 2 + 230)
    for peer in peers[:220]:
        peer.socket.close()
    here = [*(f"user{number}" for number in range(220, 230))]
    page.until(lambda: page.texts("#rooms li")[1:] == ["alice you", *here])


def test_a_page_that_is_open_for_long_keeps_no_elements_of_what_is_far_away(page: Page, server: PageProgram) -> None:
    bob = server.join("bob")
    page.enter("alice")
    for number in range(20):
        bob.send("".join(f"line {each}: `code` and https://example.org/\n" for each in range(99)) + f"end {number}\n")
        page.sees(f"end {number}")
    page.driver.execute_cdp_cmd("Performance.enable", {})
    page.driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    metrics = page.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    [nodes] = [each["value"] for each in metrics if each["name"] == "Nodes"]
    assert nodes < 5000


def test_a_link_to_a_room_leads_there(opened: Callable[[PageProgram], Page]) -> None:
    with PageProgram() as server:
        bob = server.join("bob")
        bob.send("/join #ops\nhello ops\n")
        bob.lines.until("bob: hello ops")
        page = opened(server)
        page.driver.get(f"{page.url}#ops")
        page.enter("alice")
        page.until(lambda: page["title"].text == "#ops")
        page.sees("hello ops")
        assert page.texts("#rooms .label")[:2] == ["lobby", "ops"]
