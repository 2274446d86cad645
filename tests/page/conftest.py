"""One browser for all tests of a process: starting it takes longer than most of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from tests.page import CHROMIUM, DRIVER, OPTIONS, Page, PageProgram

_OF_LOST_CONNECTIONS = ("WebSocket connection to", "net::ERR_CONNECTION_REFUSED")
"""What the browser itself writes when there is no server."""


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    if not (CHROMIUM and DRIVER):
        pytest.skip("needs the Debian packages chromium and chromium-driver")
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for option in OPTIONS:
        options.add_argument(option)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.accept_insecure_certs = True  # that of `--tls self` is known to nobody
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options, ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def opened(browser: Chrome) -> Iterator[Callable[[PageProgram], Page]]:
    """Open the page of a server; at the end the console must be empty."""
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    yield lambda server: Page(browser, server)
    first, *others = browser.window_handles
    for handle in others:
        browser.switch_to.window(handle)
        browser.close()
    browser.switch_to.window(first)
    complaints = [entry["message"] for entry in browser.get_log("browser")]  # type: ignore[no-untyped-call]
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    browser.get("about:blank")
    assert [said for said in complaints if not any(lost in said for lost in _OF_LOST_CONNECTIONS)] == []


@pytest.fixture
def server() -> Iterator[PageProgram]:
    """A server without a store."""
    with PageProgram() as server:
        yield server


@pytest.fixture
def stored(with_people: str) -> Iterator[PageProgram]:
    """A server with a store, in which alice and bob are registered."""
    with PageProgram("--store", with_people) as server:
        yield server


@pytest.fixture
def page(opened: Callable[[PageProgram], Page], server: PageProgram) -> Page:
    return opened(server)


@pytest.fixture
def kept(opened: Callable[[PageProgram], Page], stored: PageProgram) -> Page:
    """The page of the server with a store."""
    return opened(stored)


@pytest.fixture
def store_path(with_people: str) -> Path:
    return Path(with_people)
