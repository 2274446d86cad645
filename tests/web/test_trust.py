"""Who may open a WebSocket, and whose word is taken for where it comes from."""

from collections.abc import Iterator

import pytest

from tests.programs import ADMIN, Program
from tests.web import Web, WebProgram, peer

FORWARDED = "X_Forwarded_For"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with WebProgram("--web-origin", "https://chat.example.org", "--web-origin", "http://other.example:8080/") as room:
        yield room.web_port


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "10.1.2.3", "[::1]", "[::1]:8080", "Chat.Example.org:443"]
)
def test_addresses_localhost_and_named_hosts_are_served(port: int, host: str) -> None:
    with Web(port) as browser:
        assert browser.request("/", Host=host).status == 200


@pytest.mark.parametrize(
    "host", ["evil.org", "evil.org:8080", "localhost.evil.org", "127.0.0.1.evil.org", "", "[", "1"]
)
def test_a_foreign_name_that_leads_here_is_refused(port: int, host: str) -> None:
    with Web(port) as browser:
        assert browser.request("/", Host=host).status == 403
    with Web(port) as browser:
        assert browser.upgrade(Host=host, Origin=f"http://{host}").status == 403


def test_two_hosts_are_none(port: int) -> None:
    with Web(port) as browser:
        browser.send(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert browser.answer().status == 403


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:1", "http://127.0.0.1:1"),
        ("localhost", "HTTP://LOCALHOST"),
        ("127.0.0.1:1", "https://chat.example.org"),
        ("chat.example.org", "https://chat.example.org"),
        ("127.0.0.1:1", "http://other.example:8080"),
        ("127.0.0.1:1", ""),
    ],
)
def test_the_own_page_named_pages_and_programs_may_open_a_socket(port: int, host: str, origin: str) -> None:
    with Web(port) as browser:
        assert browser.upgrade(Host=host, Origin=origin).status == 101


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:1", "http://127.0.0.1:2"),
        ("127.0.0.1:1", "https://127.0.0.1:1"),
        ("127.0.0.1:1", "http://evil.org"),
        ("127.0.0.1:1", "null"),
        ("127.0.0.1:1", "http://127.0.0.1:1, http://127.0.0.1:1"),
        ("chat.example.org", "https://chat.example.org:444"),
        ("chat.example.org", "https://evil.chat.example.org"),
    ],
)
def test_a_page_of_another_origin_is_refused(port: int, host: str, origin: str) -> None:
    with Web(port) as browser:
        assert browser.upgrade(Host=host, Origin=origin).status == 403


def test_health_is_told_under_any_name(port: int) -> None:
    with Web(port) as probe:
        assert probe.request("/healthz", Host="balancer.internal").body == b"alive\n"
        assert probe.request("/readyz", Host="").body == b"ready\n"


def seen_from(server: WebProgram, name: str) -> str:
    """Return the address that a guest has, as the admin sees it."""
    with server.connect() as admin:
        admin.send(f"/auth admin {ADMIN}\n/whois {name}\n")
        said = admin.lines.until("from ")[-1]
        return said.partition("from ")[2].split(",")[0].rstrip(".")


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        ((), "192.0.2.1", "127.0.0.1"),
        (("10.0.0.0/8",), "192.0.2.1", "127.0.0.1"),
        (("127.0.0.1",), "192.0.2.1", "192.0.2.1"),
        (("127.0.0.0/8",), "192.0.2.9, 192.0.2.1", "192.0.2.1"),
        (("127.0.0.0/8", "10.0.0.1"), "192.0.2.9, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
        (("127.0.0.1",), "2001:db8::1", "2001:db8::1"),
        (("127.0.0.1",), "::ffff:192.0.2.1", "192.0.2.1"),
        (("127.0.0.1",), "", "127.0.0.1"),
        (("127.0.0.1",), "unknown", "127.0.0.1"),
        (("127.0.0.1",), "192.0.2.1, evil", "127.0.0.1"),
        (("127.0.0.1",), "127.0.0.1", "127.0.0.1"),
    ],
)
def test_only_a_trusted_proxy_is_believed(
    empty_store: str, trusted: tuple[str, ...], forwarded: str, address: str
) -> None:
    flags = [part for proxy in trusted for part in ("--trusted-proxy", proxy)]
    with WebProgram("--store", empty_store, *flags) as room, peer(room, "bob", **{FORWARDED: forwarded}):
        assert seen_from(room, "bob") == address


def test_an_address_behind_a_proxy_has_its_own_limit() -> None:
    with (
        WebProgram("--trusted-proxy", "127.0.0.1", "--max-per-address", "1") as room,
        peer(room, "alice", **{FORWARDED: "192.0.2.1"}),
        peer(room, "bob", **{FORWARDED: "192.0.2.2"}),
        Web(room.web_port) as third,
    ):
        assert third.upgrade(**{FORWARDED: "192.0.2.1"}).status == 503


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--web", "web"), "'web' is not a port; write PORT or HOST:PORT"),
        (("--web", "99999"), "'99999' is not a port; write a number from 0 to 65535"),
        (("--web", "0", "--web-origin", "chat.example.org"), "is not an origin; write https://HOST"),
        (("--web", "0", "--web-origin", "https://a/b"), "is not an origin"),
        (("--web", "0", "--trusted-proxy", "proxy"), "is not an address"),
        (("--web-origin", "https://a.org"), "--web-origin goes with --web only"),
        (("--trusted-proxy", "::1"), "--trusted-proxy goes with --web only"),
        (("--mode", "pair", "--web", "0"), "--web goes with --mode room only"),
    ],
)
def test_wrong_usage_is_said_in_one_line(arguments: tuple[str, ...], said: str) -> None:
    with Program("serve", *arguments) as serve:
        assert said in serve.errors.line()
        assert serve.wait() == 2


def test_a_web_port_that_is_taken_is_said() -> None:
    with WebProgram() as room, Program("serve", "--port", "0", "--web", str(room.web_port)) as second:
        assert "can't listen" in second.errors.line()
        assert second.wait() == 1
