"""Take the pictures of the page, from a real server in a real browser: `python docs/make_page_pictures.py [FOLDER]`.

With FOLDER, in both schemes and three widths, to look at. This needs Chromium, and the extra `test` of the package.
"""

import sys
import tempfile
import time
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.keys import Keys

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.page import CHROMIUM, DRIVER, OPTIONS, Page, PageProgram  # noqa: E402

_SAID = (
    ("Maria", "good morning! the nightly build is green again"),
    ("Maria", "all 1,412 tests, 2 m 51 s"),
    ("jonas", "nice. what was it in the end?"),
    ("Maria", "the clock of the test runner: `time.time()` went back by an hour, see https://bugs.example.org/4711"),
    ("jonas", "of course it did"),
    ("ci", "build 412 done: main 17c2e16, all checks passed"),
    ("Amélie", "alice, can you look at the release notes before lunch?"),
)


def main() -> None:
    """Take all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    with tempfile.TemporaryDirectory() as place, PageProgram("--store", f"{place}/chat.db") as server:
        driver = _browser(place)
        try:
            page = Page(driver, server)
            page.size(1000, 640)
            people = {name: server.join(name) for name in ("Maria", "jonas", "ci", "Amélie")}
            for name, text in _SAID:
                people[name].send(f"{text}\n")
                people["ci"].lines.until(text)
            page.enter("alice")
            page.until(lambda: len(page.messages) == len(_SAID))
            page.say(f"sure, at eleven{Keys.SHIFT}{Keys.ENTER}{Keys.NULL}and thanks for the fix!")
            page.until(lambda: len(page.messages) == len(_SAID) + 1)
            page["text"].send_keys("jon" + Keys.TAB + "coffee?")
            for scheme, width, height in _WANTED if len(sys.argv) > 1 else _PICTURES:
                page.media(prefers_color_scheme=scheme)
                page.size(width, height, mobile=width < 700)
                time.sleep(0.3)  # until all is drawn
                name = f"page-{scheme}" if len(sys.argv) < 2 else f"{scheme}-{width}"
                driver.save_screenshot(str(folder / f"{name}.png"))
        finally:
            driver.quit()


_PICTURES = (("light", 800, 500), ("dark", 360, 560))
_SIZES = ((360, 640), (768, 900), (1440, 900))
_WANTED = [(scheme, *size) for scheme in ("light", "dark") for size in _SIZES]


def _browser(place: str) -> Chrome:
    options = ChromeOptions()
    options.binary_location = CHROMIUM or "chromium"
    for option in (*OPTIONS, f"--user-data-dir={place}/profile"):
        options.add_argument(option)
    return Chrome(options, ChromeService(DRIVER))


if __name__ == "__main__":
    main()
