"""Finding, walking and matching in a tree."""

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast import paths
from holdfast.catalog.entries import ROOT_ENTRY, Entry
from holdfast.errors import InvalidPath, IsADirectory, NotADirectory, NotFound
from holdfast.tree import walking


@dataclass
class DictView:
    """A tree in memory; a path that ends in a slash is an empty directory."""

    below: dict[int, dict[str, Entry]] = field(default_factory=dict)
    #: directories whose whole listing was asked for
    listed: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, *made: str) -> "DictView":
        view, count = cls(), 1
        for path in made:
            parent = ROOT_ENTRY
            names = paths.names(path)
            for depth, name in enumerate(names, start=1):
                is_file = depth == len(names) and not path.endswith("/")
                held = view.below.setdefault(parent.node_id, {})
                if name not in held:
                    count += 1
                    content = "x" if is_file else None
                    held[name] = Entry(
                        entry_id=count,
                        node_id=count,
                        parent_id=parent.node_id,
                        name=name,
                        content_id=content,
                        size=0,
                        modified=0.0,
                        source=None,
                        source_stamp=None,
                        from_seq=1,
                    )
                parent = held[name]
        return view

    def property_texts(self, ids: Iterable[str]) -> dict[str, str]:
        return {}

    def child(self, parent: int, name: str) -> Entry | None:
        return self.below.get(parent, {}).get(name)

    def children(self, parent: int) -> list[Entry]:
        self.listed.append(parent)
        return list(self.below.get(parent, {}).values())[::-1]


LIBRARY = DictView.of(
    "/a/b/c.md",
    "/a/b/d.txt",
    "/a/e.md",
    "/A/e.md",
    "/f.md",
    "/g/",
    "/h/b/i/j/k.md",
    "/h/[x].md",
    "/h/*.md",
    "/.dot/l.md",
)


def found(pattern: str, view: DictView = LIBRARY) -> list[str]:
    return [path for path, _ in walking.glob(view, walking.GlobPattern(pattern))]


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("/f.md", ["/f.md"]),
        ("f.md", ["/f.md"]),
        ("/F.md", []),
        ("/*.md", ["/f.md"]),
        ("/*", ["/.dot", "/A", "/a", "/f.md", "/g", "/h"]),
        ("/a/*", ["/a/b", "/a/e.md"]),
        ("/?/e.md", ["/A/e.md", "/a/e.md"]),
        ("/[a-b]/e.md", ["/a/e.md"]),
        ("/[!a]/e.md", ["/A/e.md"]),
        ("/a/**", ["/a/b", "/a/b/c.md", "/a/b/d.txt", "/a/e.md"]),
        ("/a/**/*.md", ["/a/b/c.md", "/a/e.md"]),
        ("/**/b", ["/a/b", "/h/b"]),
        ("**/b/**/*.md", ["/a/b/c.md", "/h/b/i/j/k.md"]),
        ("/**/**/c.md", ["/a/b/c.md"]),
        ("/f.md/**", []),
        ("/g/**", []),
        ("/h/[[]x].md", ["/h/[x].md"]),
        ("/h/[*].md", ["/h/*.md"]),
        ("/a/b/", ["/a/b"]),
        ("/none/**/x", []),
    ],
)
def test_glob(pattern: str, matches: list[str]) -> None:
    assert found(pattern) == matches


def test_two_stars_alone_match_everything_below_the_root() -> None:
    assert found("/**") == [path for path, _ in walking.walk(LIBRARY, ROOT_ENTRY, "/")]


def test_each_match_is_given_once_however_many_ways_lead_to_it() -> None:
    assert found("/**/**/*.md") == sorted(set(found("/**/*.md")), key=lambda path: path.split("/"))


@pytest.mark.parametrize("pattern", ["", "/", "/a/../b", "/./a", "/a\0"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidPath):
        found(pattern)


def test_a_pattern_is_brought_to_nfc() -> None:
    assert found("/cafe\u0301*", DictView.of("/café.md")) == ["/café.md"]


def test_a_plain_name_is_looked_up_and_not_searched_for() -> None:
    view = DictView.of("/a/b/c.md", "/x/y")
    assert found("/a/*/c.md", view) == ["/a/b/c.md"]
    assert view.listed == [view.below[1]["a"].node_id]


def test_a_pattern_of_many_stars_does_not_explode() -> None:
    assert found("/" + "*a" * 40 + "b", DictView.of("/" + "a" * 200)) == []
    assert found("/" + "**/" * 40 + "z", DictView.of("/" + "/".join("abcdefgh" * 5))) == []


@given(st.text(alphabet="ab*?[]!-.", min_size=1, max_size=8).filter(lambda p: p not in (".", "..", "**")))
def test_a_name_pattern_means_what_fnmatch_says(pattern: str) -> None:
    names = ["a", "b", "ab", "a.b", "abab", "[a]", "*", "!-"]
    expected = sorted(f"/{name}" for name in names if fnmatch.fnmatchcase(name, pattern))
    assert found(pattern, DictView.of(*(f"/{name}" for name in names))) == expected


def test_finding_says_what_is_in_the_way() -> None:
    assert walking.find(LIBRARY, "/") is ROOT_ENTRY
    assert walking.find(LIBRARY, "/a/zzz") is None
    with pytest.raises(NotADirectory, match=r"/f\.md is a file"):
        walking.find(LIBRARY, "/f.md/x")
    with pytest.raises(NotFound, match="/a/zzz does not exist"):
        walking.need(LIBRARY, "/a/zzz")
    with pytest.raises(IsADirectory):
        walking.need_file(LIBRARY, "/a")
    with pytest.raises(NotADirectory):
        walking.need_dir(LIBRARY, "/f.md")


def test_a_tree_deeper_than_the_recursion_limit_is_walked_and_matched() -> None:
    deepest = "/x" * 2048
    view = DictView.of(deepest)
    assert [path for path, _ in walking.walk(view, ROOT_ENTRY, "/")][-1] == deepest
    assert found("/**", view)[-1] == deepest


def test_a_walk_goes_depth_first_in_order_of_name() -> None:
    view = DictView.of("/b/y", "/b/x/z", "/a", "/c")
    assert [path for path, _ in walking.walk(view, ROOT_ENTRY, "/")] == ["/a", "/b", "/b/x", "/b/x/z", "/b/y", "/c"]
