"""`--where` of search, ls, tree, glob and grep."""

import pytest

from holdfast.front.store import Store
from tests.support.command_line import Run


@pytest.fixture
def notes(store: Store) -> None:
    given = {"a": {"rating": 3, "tags": ["x y"]}, "b": {"rating": 5, "due": "2026-01-01"}, "c": {}}
    for name, properties in given.items():
        store.write(f"/d/{name}.md", "a pelican")
        store.properties.set(f"/d/{name}.md", properties)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (["rating=3"], "a"),
        (["rating!=3"], "b c"),
        (["rating>=3"], "a b"),
        (["rating>3"], "b"),
        (["rating<5"], "a"),
        (["rating<=5", "due"], "b"),
        (["!due"], "a c"),
        (["tags=x y"], "a"),
        (['tags=["x y"]'], "a"),
        (["due>=2026-01", "due<2026-02"], "b"),
        (['{"$or": [{"rating": 3}, {"due": "2026-01-01"}]}'], "a b"),
    ],
)
def test_each_command_filters(run: Run, notes: None, filters: list[str], found: str) -> None:
    given = [part for each in filters for part in ("--where", each)]
    paths = [f"/d/{name}.md" for name in found.split()]
    assert run("glob", "/d/*", *given).lines == paths
    assert run("ls", "/d", *given).lines == [path.removeprefix("/d/") for path in paths]
    assert [each["path"] for each in run("tree", "/d", "--json", *given).json["entries"]] == paths
    assert run("grep", "-l", "pelican", *given).lines == paths
    (hit,) = run("search", "pelican", "--json", *given).json["hits"]
    assert [hit["path"], *hit["also"]] == paths
    assert run("ls", "/d/a.md", *given).lines == [path.removeprefix("/d/") for path in paths if path == "/d/a.md"]


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ("=3", 2, "is no filter"),
        ("!", 2, "is no filter"),
        ("{rating: 3}", 2, "is not JSON"),
        ('{"rating": {"$like": 3}}', 1, "no operator '$like'"),
        ('{"a": 1, "a": 2}', 2, "a key comes twice"),
        ("rating>=true", 1, "compares numbers and texts"),
    ],
)
def test_what_is_no_filter_is_said(run: Run, notes: None, typed: str, status: int, said: str) -> None:
    for command in (("glob", "/**"), ("ls",), ("tree",), ("grep", "x"), ("search", "x")):
        answer = run(*command, "--where", typed)
        assert answer.status == status
        assert said in " ".join(answer.err.split())
