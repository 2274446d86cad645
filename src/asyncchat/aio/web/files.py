"""The page's files, read once, and answers of HTTP."""

import gzip
from collections.abc import Iterable
from hashlib import sha256
from http import HTTPStatus
from importlib import resources
from typing import NamedTuple

_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src {}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_HEADERS = {
    "Content-Security-Policy": _POLICY.format("'self'"),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

_ALONE = {"Cross-Origin-Opener-Policy": "same-origin"}


def policy(pages: Iterable[str]) -> dict[str, str]:
    """Return the header that says what a page may do; `pages`: of other servers, to which it may connect."""
    others = [page.replace("http", "ws", 1) for page in pages]
    return {"Content-Security-Policy": _POLICY.format(" ".join(["'self'", *others]))}


class Answer(NamedTuple):
    """An answer to a request; `closes`: no further request is read."""

    status: HTTPStatus
    headers: dict[str, str]
    body: bytes
    closes: bool = False

    def encode(self, *, without_body: bool = False) -> bytes:
        """Return its bytes."""
        headers = _HEADERS | self.headers
        if self.status is not HTTPStatus.NOT_MODIFIED:
            headers["Content-Length"] = str(len(self.body))
        if self.closes:
            headers["Connection"] = "close"
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        start = f"HTTP/1.1 {self.status.value} {self.status.phrase}\r\n{head}\r\n".encode()
        return start if without_body else start + self.body


def text(status: HTTPStatus, said: str, **headers: str) -> Answer:
    """Return an answer of one line."""
    return Answer(status, {"Content-Type": "text/plain; charset=utf-8", **headers}, f"{said}\n".encode())


class File(NamedTuple):
    """A file in memory; `etag` identifies its content."""

    type: str
    etag: str
    content: bytes
    zipped: bytes

    def answer(self, encodings: str, known: str, pages: Iterable[str] = (), *, is_trustworthy: bool = True) -> Answer:
        """Return the answer; `encodings` is Accept-Encoding, and `known` If-None-Match; for `pages` see policy.

        is_trustworthy: browsers take the origin for such a one; else they complain of the header that needs it
        """
        alone = _ALONE if is_trustworthy else {}
        headers = {"ETag": self.etag, "Vary": "Accept-Encoding", **policy(pages), **alone}
        if self.etag in known:
            return Answer(HTTPStatus.NOT_MODIFIED, headers, b"")
        headers["Content-Type"] = self.type
        if _takes_gzip(encodings):
            return Answer(HTTPStatus.OK, {**headers, "Content-Encoding": "gzip"}, self.zipped)
        return Answer(HTTPStatus.OK, headers, self.content)


def _takes_gzip(encodings: str) -> bool:
    for each in encodings.lower().split(","):
        name, _, weight = each.replace(" ", "").partition(";q=")
        if name == "gzip":
            return not weight or weight.strip("0.") != ""
    return False


def read_page() -> dict[str, File]:
    """Return the files of the page by their paths; index.html is `/`."""
    page = {}
    for each in (resources.files("asyncchat") / "page").iterdir():
        kind = _TYPES.get(each.name.rpartition(".")[2])
        if kind and each.is_file():
            content = each.read_bytes()
            etag = f'W/"{sha256(content).hexdigest()[:16]}"'  # weak: it is that of both encodings
            page["/" if each.name == "index.html" else f"/{each.name}"] = File(
                kind, etag, content, gzip.compress(content, mtime=0)
            )
    return page
