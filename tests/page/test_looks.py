"""How it looks on each device, and that it needs neither a mouse nor eyes."""

import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

import asyncchat
from asyncchat.ui.view.style import PALETTE
from tests.page import Page, PageProgram
from tests.programs import ADMIN

GROUNDS = ("side", "hover", "raised", "call", "mark", "code", "warn")
NAMES = [f"n{number}" for number in range(len(PALETTE))]
AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
FOLDER = Path(asyncchat.__file__).parent / "page"


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_scheme_is_that_of_the_system_with_enough_contrast(page: Page, scheme: str) -> None:
    page.media(prefers_color_scheme=scheme)
    colours = page.run(
        """
        const probe = document.body.appendChild(document.createElement("i"));
        const all = {};
        for (const name of arguments[0]) {
          probe.style.color = `var(--${name})`;
          all[name] = getComputedStyle(probe).color;
        }
        return all;
        """,
        [*GROUNDS, *NAMES, "text", "bg", "dim", "accent", "on-accent", "link", "danger"],
    )
    assert (luminance(colours["bg"]) > 0.5) == (scheme == "light")
    on = {ground: ["text"] for ground in GROUNDS}
    on["bg"] = ["text", "dim", "link", "danger", *NAMES]
    on["side"] += ["dim"]
    on["hover"] += ["dim"]
    on["raised"] += ["dim", "danger", "link"]
    on["call"] += ["dim", "link", *NAMES]
    on["accent"] = ["on-accent"]
    weak = {
        (name, ground): round(ratio, 2)
        for ground, names in on.items()
        for name in names
        if (ratio := contrast(colours[ground], colours[name])) < 4.5
    }
    assert weak == {}


def complaints(page: Page) -> list[str]:
    """Return what axe-core complains about, if it is serious."""
    if not AXE.exists():
        pytest.skip("needs axe-core: npm ci --prefix tests/page")
    page.run(AXE.read_text())
    found = page.driver.execute_async_script("axe.run().then(({ violations }) => arguments[0](violations))")
    return [
        f"{fault['id']}: {node['html']}"
        for fault in found
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"]
    ]


def test_axe_finds_no_serious_fault(kept: Page, stored: PageProgram) -> None:
    kept.media(prefers_reduced_motion="reduce")
    assert complaints(kept) == []
    bob = stored.join("robert")
    kept.enter("admin", ADMIN)
    bob.send("alice and admin: see https://example.org/ and `code`\n")
    kept.one("mark")
    kept.say("/whois robert")
    kept.until(lambda: "robert: guest" in kept.notes)
    kept.say("/lst")
    kept.until(lambda: kept["why"].is_displayed())
    kept.media(prefers_reduced_motion="reduce", prefers_color_scheme="dark")
    assert complaints(kept) == []
    kept.media(prefers_reduced_motion="reduce", prefers_color_scheme="light")
    kept["text"].clear()
    kept["text"].send_keys("/m")
    kept["open-search"].click()
    kept["words"].send_keys("code" + Keys.ENTER)
    kept.one("#results button")
    kept.one("#list .name").click()
    assert complaints(kept) == []
    kept.choose("Kick")
    assert complaints(kept) == []


def test_on_a_phone_everything_fits_and_the_rooms_open_at_the_left(page: Page, server: PageProgram) -> None:
    bob = server.join("bob")
    page.size(360, 640, mobile=True)
    page.enter("alice")
    bob.send("https://example.org/" + "a" * 200 + "\n")
    page.one("#list a")
    assert page.run("return document.documentElement.scrollWidth") == 360
    assert not page["side"].is_displayed()
    page["open-side"].click()
    page.until(lambda: page["side"].rect["x"] == 0 and "bob" in page["side"].text)
    page.go("lobby")
    page.until(lambda: not page["side"].is_displayed())


def test_an_on_screen_keyboard_leaves_the_last_message_above_the_input(page: Page, server: PageProgram) -> None:
    bob = server.join("bob")
    page.size(360, 640, mobile=True)
    page.enter("alice")
    bob.send("".join(f"line {number}\n" for number in range(50)))
    page.sees("line 49")
    page.size(360, 340, mobile=True)
    last = "const b = [...document.querySelectorAll('#list li')].at(-1).getBoundingClientRect(); return b.bottom"
    page.until(lambda: page.run(last) <= page["text"].rect["y"] and page["text"].rect["y"] + 30 < 340)


def test_the_keyboard_alone_does_everything(page: Page, server: PageProgram) -> None:
    bob = server.join("bob")
    page["name"].send_keys("alice" + Keys.ENTER)
    page.until(lambda: page.driver.switch_to.active_element == page["text"])
    page.press("hello" + Keys.ENTER)
    page.sees("hello")
    bob.send("hi\n")
    page.sees("hi")
    reached = []
    for _ in range(15):
        page.press(Keys.SHIFT + Keys.TAB + Keys.NULL)
        reached.append(page.run("const e = document.activeElement; return e.id || e.className || e.textContent"))
    assert {"scroll", "open-more", "open-search"} <= set(reached)
    assert any("name" in each for each in reached)
    page.press(Keys.ESCAPE)
    assert page.driver.switch_to.active_element == page["text"]
    page.press(Keys.TAB)  # no trap: there is nothing to complete
    assert page.driver.switch_to.active_element == page["send"]


def test_menus_are_used_with_arrow_keys(page: Page, server: PageProgram) -> None:
    server.join("bob").send("hi\n")
    page.enter("alice")
    page.one("#list .name").send_keys(Keys.ENTER)
    assert page.driver.switch_to.active_element.text == "Mention"
    page.press(Keys.ARROW_DOWN)
    assert page.driver.switch_to.active_element.text == "Who is this?"
    page.press(Keys.ENTER)
    page.until(lambda: "bob: guest" in page.notes)


def test_motion_ends_where_it_is_not_wanted(page: Page) -> None:
    page.size(360, 640, mobile=True)
    side = "return getComputedStyle(document.getElementById('side')).transitionDuration"
    assert page.run(side) != "0s"
    page.media(prefers_reduced_motion="reduce")
    assert page.run(side) == "0s"


def test_nothing_comes_from_elsewhere(page: Page) -> None:
    page.enter("alice")
    loaded = page.run("return performance.getEntriesByType('resource').map((e) => e.name)")
    assert loaded
    assert [address for address in loaded if not address.startswith(page.url)] == []
    assert "system-ui" in page.one("body").value_of_css_property("font-family")


def test_no_text_becomes_markup() -> None:
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|srcdoc|DOMParser")
    assert [path.name for path in FOLDER.glob("*.js") if forbidden.search(path.read_text())] == []


def test_the_page_is_light() -> None:
    assert sum(len(gzip.compress(path.read_bytes())) for path in FOLDER.iterdir() if path.is_file()) < 40_000


def test_a_module_of_the_page_has_350_lines_at_most() -> None:
    lines = {path.name: len(path.read_text().splitlines()) for path in FOLDER.iterdir() if path.is_file()}
    assert {name: number for name, number in lines.items() if number > 350} == {}


def test_the_commands_are_those_of_the_table() -> None:
    root = Path(__file__).parents[2]
    made = subprocess.check_output([sys.executable, root / "docs/make_page_commands.py"], text=True)
    assert made == (FOLDER / "commands.js").read_text()
