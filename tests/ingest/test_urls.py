"""URLs as sources: a real server on loopback, well-behaved and not."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from holdfast.errors import HoldfastError, NotFound, TooLarge, Unsupported
from holdfast.ingest.urls import FetchLimits, fetch, name_of
from holdfast.store import Store

LIMITS = FetchLimits(size=100_000, seconds=30.0, private=True)


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = {
            "/page": self._page, "/loop": self._loop, "/moved": self._moved, "/big": self._big,
            "/endless": self._endless, "/broken": self._broken, "/inward": self._inward,
        }.get(self.path)  # fmt: skip
        if page is None:
            self.send_error(404)
        else:
            page()

    def _head(self, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _page(self) -> None:
        self._head(Content_Type="text/html; charset=utf-8", Content_Length="42")
        self.wfile.write(b"<h1>Tokens</h1><p>A token only grows.</p>\n")

    def _moved(self) -> None:
        self._head(302, Location="/page", Content_Length="0")

    def _loop(self) -> None:
        self._head(302, Location="/loop", Content_Length="0")

    def _inward(self) -> None:
        self._head(302, Location="http://169.254.169.254/latest/meta-data", Content_Length="0")

    def _big(self) -> None:
        self._head(Content_Length="200000")

    def _endless(self) -> None:
        self._head()
        for _ in range(10):
            self.wfile.write(b"x" * 20_000)

    def _broken(self) -> None:
        self._head(Content_Length="500")
        self.wfile.write(b"only this")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    """Return the address of a running server."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


def allow_private(store: Store) -> None:
    (store.folder / "holdfast.toml").write_text("[ingest]\nprivate_urls = true\n")


def test_a_page_is_added_under_a_name_that_fits_its_content_type(store: Store, server: str) -> None:
    allow_private(store)
    report = store.add(f"{server}/page")
    assert (report.added, report.failed) == (1, ())
    assert "A token only grows." in store.read_text("/resources/page.html")
    assert store.stat("/resources/page.html").source == f"{server}/page"
    again = store.add(f"{server}/page")
    assert (again.added, again.updated, again.skipped) == (0, 0, 1)


def test_a_redirect_is_followed_and_the_name_is_that_of_the_target(server: str, tmp_path: Path) -> None:
    assert fetch(f"{server}/moved", tmp_path / "f", LIMITS).name == "page.html"


def test_a_private_address_is_refused_unless_allowed(store: Store, server: str) -> None:
    report = store.add(f"{server}/page")
    (failure,) = report.failed
    assert (failure.source, failure.stage, failure.code) == (f"{server}/page", "fetch", "unsupported")
    assert "private" in failure.reason


def test_a_redirect_into_a_private_network_is_refused(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def address(host: str, port: int, private: bool) -> str:
        asked.append(host)
        return original(host, port, private or host == "127.0.0.1")

    from holdfast.ingest import urls

    original = urls._address
    monkeypatch.setattr(urls, "_address", address)
    with pytest.raises(Unsupported, match="private"):
        fetch(f"{server}/inward", tmp_path / "f", FetchLimits(1000, 30.0))
    assert asked == ["127.0.0.1", "169.254.169.254"]


@pytest.mark.parametrize(
    ("page", "error"),
    [
        ("/nowhere", NotFound),
        ("/loop", Unsupported),
        ("/big", TooLarge),
        ("/endless", TooLarge),
        ("/broken", HoldfastError),
    ],
)
def test_a_page_that_cannot_be_had_says_why(server: str, tmp_path: Path, page: str, error: type[HoldfastError]) -> None:
    with pytest.raises(error) as raised:
        fetch(f"{server}{page}", tmp_path / "f", LIMITS)
    assert raised.value.path == f"{server}{page}"


@pytest.mark.parametrize("url", ["ftp://example.org/x", "http:///x", "http://[::1", "http://example.org:99999/"])
def test_what_is_no_web_address_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(HoldfastError):
        fetch(url, tmp_path / "f", LIMITS)


@pytest.mark.parametrize(
    ("url", "content_type", "name"),
    [
        ("https://example.org/", "text/html", "example.org.html"),
        ("https://example.org/a/report.pdf?x=1", "application/pdf", "report.pdf"),
        ("https://example.org/report", "application/pdf", "report.pdf"),
        ("https://example.org/page.php", "text/html; charset=utf-8", "page.php.html"),
        ("https://example.org/README.md", "text/plain", "README.md"),
        ("https://example.org/a%2F..%2Fb%00c", "text/plain", "a-..-b-c.txt"),
        ("https://example.org/..", "text/html", "document.html"),
        ("https://example.org/thing", "", "thing"),
    ],
)
def test_the_content_type_decides_over_the_name(url: str, content_type: str, name: str) -> None:
    assert name_of(urlsplit(url), content_type) == name
