"""URLs as sources: a real server on loopback, well-behaved and not."""

from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.errors import HoldfastError, InvalidPath, NotFound, TooLarge, Unsupported
from holdfast.front.store import Store
from holdfast.ingest.sources import download, hosts
from holdfast.ingest.sources.urls import Fetched, FetchLimits, fetch, name_of
from tests.support.web import Replies

LIMITS = FetchLimits(size=100_000, seconds=30.0, private=True)


def allow_private(store: Store) -> None:
    (Path(store.address) / "holdfast.toml").write_text("[ingest]\nprivate_urls = true\n")


def test_a_page_is_added_under_a_name_that_fits_its_content_type(store: Store, server: str) -> None:
    allow_private(store)
    report = store.add(f"{server}/page")
    assert (report.added, report.failed) == (1, ())
    assert "A token only grows." in store.read_text("/resources/page.html")
    assert store.stat("/resources/page.html").source == f"{server}/page"
    again = store.add(f"{server}/page")
    assert (again.added, again.updated, again.skipped) == (0, 0, 1)


def test_a_url_named_twice_with_other_secrets_is_added_once(store: Store, server: str) -> None:
    allow_private(store)
    report = store.add(f"{server}/page?token=one", f"{server}/page#two", f"{server}/page")
    assert (report.added, report.failed) == (1, ())


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

    def resolved(host: str, port: int, seconds: float, *, private: bool) -> str:
        asked.append(host)
        return original(host, port, seconds, private=private or host == "127.0.0.1")

    original = hosts.resolved
    monkeypatch.setattr(hosts, "resolved", resolved)
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


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://example.org/x", "not an http or https address"),
        ("http:///x", "not an http or https address"),
        ("http://[::1", "not a URL"),
        ("http://example.org:99999/", "not a URL"),
        ("http://a..\u00fc/", "not a URL"),
        # These look like addresses until the system is asked about their hosts.
        ("http://a..b/", "cannot be used"),
        (f"http://{'x' * 70}.org/", "cannot be used"),
    ],
)
def test_what_is_no_web_address_is_refused(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(HoldfastError, match=said):
        fetch(url, tmp_path / "f", LIMITS)


def test_a_redirect_that_is_no_address_is_told_by_what_it_says(replies: Replies, tmp_path: Path) -> None:
    replies.answer = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://[::1?sig=hidden\r\n\r\n"
    with pytest.raises(InvalidPath, match=r"redirects to 'http://\[::1', which is not a URL"):
        fetch(f"{replies.url}/x", tmp_path / "f", LIMITS)


def test_a_surprise_at_one_address_ends_nothing_else(
    store: Store, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def surprised(url: str, into: Path, limits: FetchLimits) -> Fetched:
        if url.endswith("/first?sig=hidden"):
            raise RuntimeError(url)
        return fetch(url, into, limits)

    allow_private(store)
    monkeypatch.setattr(download, "fetch", surprised)
    report = store.add(f"{server}/first?sig=hidden", f"{server}/page")
    assert report.added == 1
    (failure,) = report.failed
    assert (failure.source, "hidden" in failure.reason) == (f"{server}/first", False)


@pytest.mark.parametrize(
    "location",
    [
        b"http://[::1",
        b"http://a..b/",
        b"//a..b/",
        b"/caf\xe9 au lait",
        b"/caf\xc3\xa9",
        b"http://\xff.example/",
        b"http://me:pw@127.0.0.1/",
        b"http://127.0.0.1:99999/",
        b"http://127.0.0.1:0/",
        b"file:///etc/passwd",
        b"http://",
        b"http://:80/",
        b"\x01",
        b"http://[fe80::1%25eth0]/",
        b"/" + b"x" * 60_000,
    ],
)
def test_a_redirect_to_anything_is_a_failure_of_that_url_alone(
    store: Store, replies: Replies, server: str, location: bytes
) -> None:
    allow_private(store)
    replies.answer = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
    report = store.add(f"{replies.url}/first", f"{server}/other", workers=1)
    assert report.added == 1
    (failure,) = report.failed
    assert (failure.source, failure.stage) == (f"{replies.url}/first", "fetch")
    assert failure.reason.isprintable()
    assert "pw" not in failure.reason


@pytest.mark.parametrize("url", ["http://a..b/", "http://[::1", "http://\udcff/", "http://a.org:x/", "https://\x00/"])
def test_an_address_that_cannot_be_one_fails_alone(store: Store, server: str, url: str) -> None:
    allow_private(store)
    report = store.add(url, f"{server}/other", workers=1)
    assert (report.added, len(report.failed)) == (1, 1)


def test_a_name_in_another_script_is_asked_for_in_ascii(replies: Replies, tmp_path: Path) -> None:
    replies.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    assert fetch(f"{replies.url}/Z\u00fcrich am See?q=\u00e9%20", tmp_path / "f", LIMITS).name == "Z\u00fcrich-am-See"
    assert replies.asked[-1].startswith(b"GET /Z%C3%BCrich%20am%20See?q=%C3%A9%20 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nX-Drip: " + b"x" * 60_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 4_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 10_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X-Trailer: x\r\n" * 5_000,
    ],
)
def test_time_runs_out_wherever_a_server_drips(replies: Replies, tmp_path: Path, answer: bytes) -> None:
    replies.answer = answer
    # Each look at the clock is a second later, so nobody waits.
    seconds = count()
    limits = FetchLimits(size=100_000, seconds=8.0, private=True)
    with pytest.raises(HoldfastError, match="did not answer in time"):
        fetch(f"{replies.url}/x", tmp_path / "f", limits, now=lambda: next(seconds))


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
def test_time_runs_out_when_a_server_falls_silent(replies: Replies, tmp_path: Path, answer: bytes) -> None:
    replies.answer = answer
    replies.held.clear()
    try:
        with pytest.raises(HoldfastError, match="did not answer in time"):
            fetch(f"{replies.url}/x", tmp_path / "f", FetchLimits(size=1000, seconds=0.02, private=True))
    finally:
        replies.held.set()


@pytest.mark.parametrize("encoding", ["gzip", "br", "x-unheard-of"])
def test_what_comes_compressed_is_not_taken_for_text(replies: Replies, tmp_path: Path, encoding: str) -> None:
    replies.answer = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n\r\nx".encode()
    with pytest.raises(Unsupported, match="compressed"):
        fetch(f"{replies.url}/x", tmp_path / "f", LIMITS)


def test_the_words_of_a_server_are_not_repeated(replies: Replies, tmp_path: Path) -> None:
    replies.answer = b"HTTP/1.1 403 \x1b[31mRun rm -rf\r\n\r\n"
    with pytest.raises(HoldfastError, match=r"HTTP 403 \(Forbidden\)") as raised:
        fetch(f"{replies.url}/x", tmp_path / "f", LIMITS)
    assert "rm" not in str(raised.value)


def test_a_login_in_an_address_is_refused_before_anybody_is_asked(tmp_path: Path, replies: Replies) -> None:
    before = len(replies.asked)
    for login in ("me:hidden@", "me@", "hidden:@", ":hidden@", "@"):
        with pytest.raises(Unsupported, match="user or password") as raised:
            fetch(replies.url.replace("//", f"//{login}"), tmp_path / "f", LIMITS)
        assert "hidden" not in str(raised.value)
    assert len(replies.asked) == before


@settings(max_examples=50)
@given(st.text() | st.from_regex(r"https?://[^/]{0,20}[/?#].{0,20}") | st.from_regex(r"\A[a-z]{2,6}://.{0,30}"))
def test_any_text_for_an_address_is_a_failure_or_is_asked_for(
    tmp_path_factory: pytest.TempPathFactory, url: str
) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(HoldfastError):
        patch.setattr("socket.getaddrinfo", _nobody)
        fetch(url, tmp_path_factory.getbasetemp() / "f", LIMITS)


def _nobody(host: str, *_: object, **__: object) -> None:
    host.encode("idna")
    raise OSError("no such host")


_LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 200\r\n",
        b"HTTP/1.1 302 Found\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/9.9 999 \xff\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 99999999\r\n",
        b"Content-Length: x\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Content-Type: text/html; charset=utf-16\r\n",
        b"Content-Type: \xff/\x00\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Location: http://[::1\r\n",
        b"Location: \xe9\r\n",
        b"Location: //a..b\r\n",
        b" folded\r\n",
        b": no name\r\n",
        b"\r\n",
        b"\n",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"-5\r\n",
        b"zz\r\n",
        b"fffffffffffffffffff\r\n",
        b"hello",
    ]
)


@settings(max_examples=40)
@given(st.lists(_LINES | st.binary(max_size=40), max_size=10).map(b"".join))
def test_any_answer_is_a_document_or_a_failure(
    tmp_path_factory: pytest.TempPathFactory, replies: Replies, answer: bytes
) -> None:
    replies.answer = answer
    into = tmp_path_factory.getbasetemp() / "answer"
    try:
        fetched = fetch(f"{replies.url}/x", into, LIMITS)
    except HoldfastError as error:
        assert str(error).isprintable()
    else:
        assert into.stat().st_size == fetched.size
        assert fetched.name.isprintable()


@given(st.text(), st.text())
def test_any_path_and_any_type_make_a_name_that_can_stand(path: str, content_type: str) -> None:
    from holdfast import paths

    url = urlsplit("https://example.org")._replace(path=f"/{path}")
    name = name_of(url, content_type)
    assert paths.check_name(name)


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
