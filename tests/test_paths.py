"""Store paths: one canonical form, or a reason why not."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast import paths
from holdfast.errors import InvalidPath


@pytest.mark.parametrize(
    ("given_path", "canonical"),
    [
        ("/", "/"),
        ("//", "/"),
        ("/a", "/a"),
        ("/a/", "/a"),
        ("//a///b//", "/a/b"),
        ("/a b/ c ", "/a b/ c "),
        ("/cafe\u0301", "/caf\u00e9"),
        ("/...", "/..."),
        ("/.hidden/..x", "/.hidden/..x"),
        ("/back\\slash", "/back\\slash"),
        ("/C:/x", "/C:/x"),
        ("/-rf", "/-rf"),
        ("/%2e%2e", "/%2e%2e"),
        ("/*?[x]", "/*?[x]"),
    ],
)
def test_a_path_has_one_canonical_form(given_path: str, canonical: str) -> None:
    assert paths.parse(given_path) == canonical


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "a",
        "./a",
        "../a",
        "a/b",
        "~/a",
        "C:\\a",
        "/.",
        "/..",
        "/a/../b",
        "/a/./b",
        "/a\0b",
        "/a\nb",
        "/\x1b[31m",
        "/\x7f",
        "/\x85",
        "/\ud800",
        "/" + "x" * 256,
        "/" + "é" * 128,
        "/" + "x/" * 9000 + "..",
    ],
)
def test_what_cannot_name_anything_is_refused(hostile: str) -> None:
    with pytest.raises(InvalidPath) as refused:
        paths.parse(hostile)
    assert refused.value.remedy
    # The message is printed on terminals: what it quotes must not drive one.
    assert refused.value.message.isprintable()
    assert len(refused.value.message) < 500


def test_a_name_may_have_255_bytes_and_a_path_4096() -> None:
    assert paths.parse("/" + "x" * 255) == "/" + "x" * 255
    deep = "/x" * 2048
    assert len(deep) == paths.MAX_PATH_BYTES
    assert paths.parse_new(deep) == deep


def test_only_what_is_to_be_made_must_not_be_longer() -> None:
    longer = "/x" * 2049
    assert paths.parse(longer) == longer
    with pytest.raises(InvalidPath, match="4098 bytes; 4096 are allowed") as refused:
        paths.parse_new(longer)
    assert len(refused.value.message) < 200


def test_a_path_that_grows_past_the_limit_in_nfc_is_refused() -> None:
    # U+0958 is excluded from composition: three bytes become six.
    grows = "/" + "/".join(["\u0958" * 40] * 30)
    assert len(grows.encode()) < paths.MAX_PATH_BYTES
    with pytest.raises(InvalidPath):
        paths.parse_new(grows)


@given(st.text(max_size=40))
def test_parsing_twice_is_parsing_once(tail: str) -> None:
    try:
        parsed = paths.parse("/" + tail)
    except InvalidPath:
        return
    assert paths.parse(parsed) == parsed
    assert parsed == "/" + "/".join(paths.names(parsed))
    assert paths.join(*paths.split(parsed)) == parsed or parsed == "/"


@pytest.mark.parametrize(
    ("path", "ancestor", "within"),
    [("/a/b", "/a", True), ("/a", "/a", True), ("/ab", "/a", False), ("/a", "/a/b", False), ("/a", "/", True)],
)
def test_within_means_at_or_below(path: str, ancestor: str, within: bool) -> None:
    assert paths.is_within(path, ancestor) is within


@pytest.mark.parametrize("thing", [5, None, b"/a", Path("/a")])
def test_what_is_no_text_is_no_path(thing: Any) -> None:
    with pytest.raises(InvalidPath, match="is text"):
        paths.parse(thing)


@pytest.mark.parametrize(
    "path",
    ["", "a", "/a/", "//a", "/a//b", "/.", "/a/..", "/./a", "/.a", "/a.", "/a\n", "/a\x7f", "/é", "/" + "a" * 256],
)
def test_what_is_quickly_seen_to_be_a_path_is_what_looking_at_each_name_finds(path: str) -> None:
    class Slow(str):
        """A text that is looked at name by name."""

        __slots__ = ()

    def outcome(given: str) -> str:
        try:
            return paths.parse(given)
        except InvalidPath as refused:
            return refused.message

    assert outcome(path) == outcome(Slow(path))
