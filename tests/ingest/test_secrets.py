"""What is kept of a URL: never what lets somebody in."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import holdfast
from holdfast.front.store import Store
from holdfast.ingest.sources.secrets import has_login, shown

SECRETS = (
    *("sig", "signature", "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "token", "access_token"),
    *("key", "api_key", "apikey", "api-key", "code", "password", "auth", "private_token", "client_secret", "%73ig"),
    *("X-Goog-Signature", "AWSAccessKeyId", "Key-Pair-Id", "TOKEN", "jwt", "oauth_token", "refresh%5Ftoken"),
)
#: such as no URL has by itself
HIDDEN = "hunter2secret"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.org/x?id=7&lang=en", "https://a.org/x?id=7&lang=en"),
        ("https://a.org/x?page=2&token=1&id=7", "https://a.org/x?page=2&id=7"),
        ("https://a.org/x?token=1", "https://a.org/x"),
        ("https://a.org/x?token=1;id=7", "https://a.org/x?id=7"),
        ("https://me:pw@a.org/x", "https://a.org/x"),
        ("https://me@b@a.org/x", "https://a.org/x"),
        ("https://a.org/@me/x", "https://a.org/@me/x"),
        ("https://a.org/x#access_token=1", "https://a.org/x"),
        ("https://a.org/x;jsessionid=1/y", "https://a.org/x/y"),
        ("https://a.blob.org/c/f.pdf?sv=1&se=2&sr=b&sp=r&sig=3", "https://a.blob.org/c/f.pdf"),
        ("https://a.org/list?sp=2&st=open", "https://a.org/list?sp=2&st=open"),
        ("https://a.org/x?to=https%3A%2F%2Fb.org%2F%3Fsig%3D1&id=7", "https://a.org/x?id=7"),
        ("https://a.org/x?to=https://b.org/y", "https://a.org/x?to=https://b.org/y"),
        ("https://a.org/\x1b[31m", "https://a.org/%1B[31m"),
        ("https://a.org/Zürich", "https://a.org/Zürich"),
        ("http://[::1/?sig=1", "http://[::1/"),
        ("https://a.org/x?a=1?token=2", "https://a.org/x?a=1"),
        ("https://a.org/x?a=1&token=2?3;4&b=5", "https://a.org/x?a=1&b=5"),
        ("https://a.org/x?signature[0]=1&id[0]=7", "https://a.org/x?id[0]=7"),
        ("https://a.org/x?user[pass]=1&se=2", "https://a.org/x?se=2"),
        ("https://a.org/x?sig[]=1&se=2", "https://a.org/x"),
        ("https://a.org/x?%2574oken=1&q=a%26b", "https://a.org/x?q=a%26b"),
        ("https://a.org/x?q=a%26token%3D1&r=C%23key", "https://a.org/x?r=C%23key"),
        ("https://a.org/x&token=1/y%3Ftoken=2%26b=3", "https://a.org/x/y%26b=3"),
        ("https://me:p/w@host", "https://host"),
        ("https://me:p?w@host/x", "https://host/x"),
        ("https://me:p#w@host/x", "https://host/x"),
        ("https://me:p%2Fw%40host/x", "https://host/x"),
        ("https://me%3Apw@host/x", "https://host/x"),
        ("https://a.org/web/https://me:pw@b.org/x", "https://a.org/web/https://b.org/x"),
        ("https://a.org/web/https://me:p/w@b.org/x", "https://a.org/web/https://b.org/x"),
        ("https://a.org:8080/x@2/@me", "https://a.org:8080/x@2/@me"),
        ("http://[::1]:80/@me", "http://[::1]:80/@me"),
        ("http://[::1]/@me", "http://[::1]/@me"),
    ],
)
def test_only_what_lets_somebody_in_is_left_out(url: str, kept: str) -> None:
    assert shown(url) == kept


@given(
    st.sampled_from(SECRETS),
    st.sampled_from(("?", "?id=7&", "?x;", "?x=1?", "?a#", ";", "/y&", "%3F", "?q=1%26")),
    st.sampled_from(("", "&b=2", "#end", "?b=2", ";b")),
    st.sampled_from(("{}={}", "{}=a%20{}", "next=https%3A%2F%2Fb.org%2F%3F{}%3D{}", "{}[0]={}", "a%5B{}%5D={}")),
)
def test_no_known_secret_is_shown(name: str, before: str, after: str, form: str) -> None:
    assert HIDDEN not in shown(f"https://a.org/x{before}{form.format(name, HIDDEN)}{after}")


@given(st.text())
def test_anything_can_be_asked_about_and_asking_twice_says_the_same(text: str) -> None:
    once = shown(f"https://a.org/{text}")
    assert shown(once) == once
    assert once.isprintable()


@given(
    st.text("me:@/?#\\[]%;&=.1"),
    st.sampled_from(("/", "?", "#", "\\", "@", "", "%2F")),
    st.sampled_from(("@", "%40")),
)
def test_nothing_before_an_at_of_an_authority_is_shown(rest: str, inside: str, at: str) -> None:
    assert HIDDEN not in shown(f"https://me:{HIDDEN}{inside}{rest}{at}host/x")


@pytest.mark.parametrize(
    "url", ["https://me:p/w@host", "https://me:p?w@host", "https://me:p%40host", "http:/\t/me:p@h"]
)
def test_a_login_with_a_slash_in_it_is_one(url: str) -> None:
    assert has_login(url)
    assert not has_login(shown(url))


@pytest.mark.parametrize("text", [";sid", "//", "//x:y", "%3F", "?", "//@/", "%25"])
def test_what_would_take_long_to_match_does_not(text: str) -> None:
    assert "sid" in shown("https://a.org/sid/" + text * 50_000)


def test_no_secret_of_a_url_reaches_the_store(store: Store, server: str, caplog: pytest.LogCaptureFixture) -> None:
    (Path(store.address) / "holdfast.toml").write_text("[ingest]\nprivate_urls = true\n")
    caplog.set_level("DEBUG", logger="holdfast")
    seen: list[object] = []
    report = store.add(
        f"{server}/page?sig={HIDDEN}",
        f"{server}/to-secret?key={HIDDEN}",
        f"{server}/nowhere?token={HIDDEN}",
        server.replace("//", f"//me:{HIDDEN}@") + "/page",
        f"ftp://me:{HIDDEN}@example.org/x",
        f"https://me:{HIDDEN}/w@example.org/x",
        progress=seen.append,
    )
    assert (report.added, [failure.code for failure in report.failed]) == (
        2,
        ["not_found", "unsupported", "unsupported", "unsupported"],
    )
    assert store.stat("/resources/page.html").source == f"{server}/page"
    assert HIDDEN not in repr(report) + repr(seen) + caplog.text
    assert all(
        HIDDEN not in json.dumps(repr(each)) for each in [*store.log(), *store.tree("/"), *store.maintenance.intents()]
    )
    store.close()
    assert all(HIDDEN.encode() not in file.read_bytes() for file in Path(store.address).rglob("*") if file.is_file())
    with holdfast.open(Path(store.address)) as again:
        assert "password" in again.add(f"https://me:{HIDDEN}@example.org/").failed[0].reason
