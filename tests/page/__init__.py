"""The page, as a user sees it in a real browser."""

import shutil
from collections.abc import Callable
from typing import Any, TypeVar

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException, TimeoutException
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.programs import PATIENCE, Nc, seconds
from tests.web import WebProgram

_T = TypeVar("_T")

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

OPTIONS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1100,800",
    "--lang=en-GB",
]

SHIFT_ENTER = Keys.SHIFT + Keys.ENTER + Keys.NULL


class PageProgram(WebProgram):
    """A server whose other peers are disconnected at its end."""

    def __init__(self, *arguments: str) -> None:
        super().__init__("--rate", "0", *arguments)
        self._peers: list[Nc] = []

    def join(self, name: str) -> Nc:
        self._peers.append(peer := super().join(name))
        return peer

    def __exit__(self, *error: Any) -> None:
        for peer in self._peers:
            peer.socket.close()
        super().__exit__(*error)


class Page:
    """The page of a server in the browser."""

    def __init__(self, driver: Chrome, server: WebProgram, scheme: str = "http") -> None:
        self.driver = driver
        self.url = f"{scheme}://127.0.0.1:{server.web_port}/"
        driver.get(self.url)

    def enter(self, name: str, password: str = "") -> "Page":
        self.ask_to_enter(name, password)
        self.until(lambda: self["text"].is_displayed())
        return self

    def ask_to_enter(self, name: str, password: str = "") -> None:
        self["name"].clear()
        self["name"].send_keys(name)
        self["password"].send_keys(password)
        self["join"].click()

    def __getitem__(self, ident: str) -> WebElement:
        return self.driver.find_element(By.ID, ident)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        """Return the first element like this that is seen, as soon as there is one."""
        return self.until(lambda: next((each for each in self.all(selector) if each.is_displayed()), None))

    def texts(self, selector: str) -> list[str]:
        """Return the texts of all elements like this, at one moment."""
        texts: list[str] = self.run(
            "return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)", selector
        )
        return texts

    def until(self, condition: Callable[[], _T | None]) -> _T:
        """Ask again and again until the answer is yes, and return it."""
        ignored = [NoSuchElementException, StaleElementReferenceException]
        waiting = WebDriverWait(self.driver, seconds(PATIENCE), poll_frequency=0.02, ignored_exceptions=ignored)
        try:
            found = waiting.until(lambda _: condition())
        except TimeoutException:
            raise AssertionError(f"it did not happen; the page has: {self.one('body').text}") from None
        assert found is not None
        return found

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def say(self, text: str) -> None:
        """Type a line, and send it."""
        self["text"].send_keys(text + Keys.ENTER)

    def press(self, *keys: str) -> None:
        self.driver.switch_to.active_element.send_keys(*keys)

    @property
    def typed(self) -> str:
        """What the input has."""
        return str(self["text"].get_property("value"))

    @property
    def messages(self) -> list[str]:
        """The texts of the messages in the document."""
        texts: list[str] = self.run(
            "return [...document.querySelectorAll('#list .message:not(.pending) .text')].map((e) => "
            "[...e.childNodes].filter((n) => n.className !== 'unseen').map((n) => n.textContent).join(''))"
        )
        return texts

    def sees(self, text: str) -> None:
        """Wait until a message has this text."""
        self.until(lambda: text in self.messages)

    @property
    def notes(self) -> str:
        return "\n".join(self.texts("#list .note .text"))

    def options(self) -> WebElement:
        """Return the button for the options of the last message, which is seen when the mouse is there."""
        ActionChains(self.driver).move_to_element(self.all("#list .message")[-1]).perform()
        return self.until(lambda: self.all("#list .options")[-1])

    def choose(self, label: str) -> None:
        """Choose an item of the open menu."""
        item = self.until(lambda: next((each for each in self.all("#menu button") if each.text == label), None))
        item.click()

    def room(self, name: str) -> WebElement:
        """Return a conversation at the left."""
        rows = "#rooms li button[data-key^='to ']"
        return self.until(lambda: next((each for each in self.all(rows) if name in each.text.split("\n")), None))

    def go(self, name: str) -> None:
        """Click on a conversation at the left, which may be drawn anew meanwhile."""

        def clicked() -> bool:
            self.room(name).click()
            return True

        self.until(clicked)

    def look_away(self) -> None:
        """Leave the window for another one."""
        self.run("document.hasFocus = () => false; dispatchEvent(new Event('blur'))")

    def look_back(self) -> None:
        self.run("delete document.hasFocus; dispatchEvent(new Event('focus'))")

    def size(self, width: int, height: int = 800, *, mobile: bool = False) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile},
        )

    def media(self, **features: str) -> None:
        """Let the system prefer something, such as `prefers_color_scheme="dark"`."""
        listed = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": listed})
