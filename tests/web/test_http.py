"""Files and refusals over HTTP."""

import gzip
import signal
import socket
import time
from collections.abc import Iterator

import pytest

from tests.programs import ServeProgram
from tests.web import Web, WebPeer, WebProgram, peer

SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with WebProgram() as room:
        yield room.web_port


def test_the_page_and_its_files_are_served_on_one_connection(port: int) -> None:
    with Web(port) as browser:
        page = browser.request("/")
        assert page.status == 200
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert b"app.js" in page.body
        script = browser.request("/app.js")
        assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert browser.request("/favicon.svg").headers["Content-Type"] == "image/svg+xml"


@pytest.mark.parametrize("path", ["/", "/app.js", "/nothing", "/ws", "/healthz"])
def test_every_answer_has_the_headers_that_keep_the_page_safe(port: int, path: str) -> None:
    with Web(port) as browser:
        assert browser.request(path).headers.items() >= SAFE.items()


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("localhost:8080", True), ("[::1]:8080", True), ("192.0.2.1:8080", False)],
)
def test_a_page_stands_alone_where_browsers_do_not_complain_of_that(port: int, host: str, *, alone: bool) -> None:
    with Web(port) as browser:
        headers = browser.request("/", Host=host).headers
        assert headers.get("Cross-Origin-Opener-Policy") == ("same-origin" if alone else None)


def test_a_file_is_compressed_for_browsers_that_take_it(port: int) -> None:
    with Web(port) as browser:
        plain = browser.request("/app.js")
        small = browser.request("/app.js", Accept_Encoding="br, gzip")
        assert small.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(small.body) == plain.body
        assert "Content-Encoding" not in browser.request("/app.js", Accept_Encoding="gzip;q=0, br").headers


def test_a_file_that_a_browser_has_is_not_sent_again(port: int) -> None:
    with Web(port) as browser:
        tag = browser.request("/app.js").headers["ETag"]
        again = browser.request("/app.js", If_None_Match=tag)
        assert (again.status, again.body) == (304, b"")
        assert browser.request("/app.js", If_None_Match='W/"other"').status == 200


def test_head_gets_the_headers_alone(port: int) -> None:
    with Web(port) as browser:
        head = browser.request("/app.js", "HEAD")
        assert head.status == 200
        assert head.headers == browser.request("/app.js").headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "nonsense"])
def test_other_methods_are_refused_whatever_comes_with_them(port: int, method: str) -> None:
    with Web(port) as browser:
        browser.send(f"{method} / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nhello".encode())
        answer = browser.answer()
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
        assert answer.headers["Connection"] == "close"
        assert browser.bytes.rest() == b""


@pytest.mark.parametrize("path", ["/nothing", "/../pyproject.toml", "/%2e%2e/x", "//", "/index.html/x", "/__init__.py"])
def test_what_is_no_file_of_the_page_is_not_found(port: int, path: str) -> None:
    with Web(port) as browser:
        assert browser.request(path).status == 404


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nhello",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /ä HTTP/1.1\r\n\r\n".encode(),
    ],
)
def test_what_is_no_request_is_refused(port: int, request_: bytes) -> None:
    with Web(port) as browser:
        browser.send(request_)
        assert browser.answer().status == 400
        assert browser.bytes.rest() == b""


@pytest.mark.parametrize("size", [20_000, 2_000_000])
def test_a_request_that_is_too_long_is_refused(port: int, size: int) -> None:
    with Web(port) as browser:
        browser.send(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
        try:
            browser.send(b"x" * size)
        except ConnectionResetError:
            return  # it went on for longer than anybody listens
        assert browser.answer().status == 431


def test_an_old_client_gets_its_answer_and_the_end(port: int) -> None:
    with Web(port) as browser:
        browser.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert browser.answer().body == b"alive\n"
        assert browser.bytes.rest() == b""


def test_requests_that_come_together_are_answered_in_order(port: int) -> None:
    with Web(port) as browser:
        browser.send(b"GET /healthz HTTP/1.1\r\n\r\nGET /readyz HTTP/1.1\r\n\r\n")
        assert [browser.answer().body for _ in range(2)] == [b"alive\n", b"ready\n"]


def test_a_request_that_never_ends_does_not_keep_its_connection() -> None:
    with WebProgram("--name-timeout", "0.3") as room, Web(room.web_port) as browser:
        browser.send(b"GET / HTTP/1.1\r\n")
        assert browser.bytes.rest() == b""


def test_requests_come_no_faster_than_messages() -> None:
    with WebProgram("--rate", "50", "--burst", "2") as room, Web(room.web_port) as browser:
        begun = time.monotonic()
        browser.send(b"GET /healthz HTTP/1.1\r\n\r\n" * 22)
        for _ in range(22):
            assert browser.answer().status == 200
        assert time.monotonic() - begun >= 0.35


def test_the_web_port_is_said_and_works_for_ipv6() -> None:
    with ServeProgram("--web", "[::1]:0") as room:
        said = room.errors.line()
        assert "the page is at http://[::1]:" in said
        with socket.create_connection(("::1", int(said.rstrip("/").rpartition(":")[2]))) as browser:
            browser.sendall(b"GET / HTTP/1.1\r\nHost: [::1]:1\r\n\r\n")
            assert browser.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_a_server_that_is_full_says_so_over_http() -> None:
    with WebProgram("--max-connections", "1") as room, peer(room, "alice"), Web(room.web_port) as browser:
        answer = browser.request("/")
        assert (answer.status, answer.body) == (503, b"the chat is full, try again later.\n")


def test_a_connection_that_was_only_a_request_is_not_counted_any_more() -> None:
    with WebProgram("--max-connections", "2") as room:
        for _ in range(5):
            with Web(room.web_port) as browser:
                assert browser.request("/", Connection="close").status == 200
                assert browser.bytes.rest() == b""
        with peer(room, "alice"), WebPeer(room.web_port) as bob:
            bob.come_in("bob")


def test_idle_browsers_do_not_delay_the_end() -> None:
    with WebProgram("--drain-timeout", "600") as room, Web(room.web_port) as idle:
        assert idle.request("/").status == 200
        room.signal(signal.SIGTERM)
        assert room.wait() == 0
