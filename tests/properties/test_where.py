"""Filters by property: what each operator means, the same from the index, in a walk and by the plain rules."""

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast import GrepMatch, HoldfastError, NotFound, TooLarge, Unsupported
from holdfast.filters import MAX_PARTS
from holdfast.front.store import Store
from holdfast.tree.properties.encoding import encoded

FILES: dict[str, dict[str, Any]] = {
    "/a.md": {"rating": 4, "tags": ["diary", "work"], "draft": False, "author": {"name": "Ada", "born": 1815}},
    "/b.md": {"rating": 2.5, "tags": "diary", "draft": True, "due": "2026-01-02"},
    "/deep/c.md": {"rating": "4", "tags": [], "none": None, "authors": [{"name": "Ada"}, {"name": "Bo"}]},
    "/deep/d.md": {"rating": 2**53 + 1, "due": "2026-03-01", "none": {}, "long": "x" * 500},
    "/deep/e.md": {},
    "/deep": {"rating": 4},
}


@pytest.fixture
def filled(store: Store) -> Store:
    """Return a store with the properties of FILES."""
    with store.transaction() as tx:
        for path in FILES:
            if path.endswith(".md"):
                tx.write(path, f"a pelican, in {path}")
        for path, properties in FILES.items():
            tx.properties.set(path, properties)
    return store


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"rating": 4}, "/a.md /deep"),
        ({"rating": 4.0}, "/a.md /deep"),
        ({"rating": "4"}, "/deep/c.md"),
        ({"rating": {"$gte": 4}}, "/a.md /deep /deep/d.md"),
        ({"rating": {"$gt": 4}}, "/deep/d.md"),
        ({"rating": {"$gt": 2**53}}, "/deep/d.md"),
        ({"rating": {"$lt": 4}}, "/b.md"),
        ({"rating": {"$lte": 2.5}}, "/b.md"),
        ({"rating": {"$gt": 2, "$lt": 5}}, "/a.md /b.md /deep"),
        ({"rating": {"$gt": 4, "$lt": 3}}, ""),
        ({"rating": {"$gte": 4, "$gt": 4}}, "/deep/d.md"),
        ({"rating": {"$lt": 4, "$lte": 4}}, "/b.md"),
        ({"rating": {"$gte": 2, "$lt": "5"}}, ""),
        ({"rating": {"$in": [2.5, "4"]}}, "/b.md /deep/c.md"),
        ({"rating": {"$in": []}}, ""),
        ({"tags": "diary"}, "/a.md /b.md"),
        ({"tags": {"$eq": "work"}}, "/a.md"),
        ({"tags": ["diary", "work"]}, "/a.md"),
        ({"tags": []}, "/deep/c.md"),
        ({"tags": {"$exists": True}}, "/a.md /b.md /deep/c.md"),
        ({"draft": True}, "/b.md"),
        ({"draft": 1}, ""),
        ({"none": None}, "/deep/c.md"),
        ({"none": {}}, "/deep/d.md"),
        ({"author.name": "Ada"}, "/a.md"),
        ({"author": {"born": 1815, "name": "Ada"}}, "/a.md"),
        ({"author": {"name": "Ada"}}, ""),
        ({"authors.name": "Bo"}, "/deep/c.md"),
        ({"authors": {"name": "Bo"}}, "/deep/c.md"),
        ({"due": {"$gte": "2026-01-02", "$lt": "2026-02"}}, "/b.md"),
        ({"due": {"$gte": ""}}, "/b.md /deep/d.md"),
        ({"long": "x" * 500}, "/deep/d.md"),
        ({"long": "x" * 501}, ""),
        ({"rating": {"$ne": 4}}, "/b.md /deep/c.md /deep/d.md /deep/e.md"),
        ({"rating": {"$nin": [4, 2.5]}}, "/deep/c.md /deep/d.md /deep/e.md"),
        ({"rating": {"$exists": False}}, "/deep/e.md"),
        ({"rating": {"$not": {"$gte": 3}}}, "/b.md /deep/c.md /deep/e.md"),
        ({"tags": "diary", "rating": {"$gte": 3}}, "/a.md"),
        ({"tags": "diary", "draft": {"$ne": True}}, "/a.md"),
        ({"$or": [{"tags": "work"}, {"rating": {"$gt": 4}}]}, "/a.md /deep/d.md"),
        ({"$or": [{"tags": "work"}, {"rating": {"$ne": 4}}]}, "/a.md /b.md /deep/c.md /deep/d.md /deep/e.md"),
        ({"$and": [{"tags": "diary"}, {"tags": "work"}]}, "/a.md"),
        ({"$nor": [{"tags": "diary"}, {"rating": {"$exists": False}}]}, "/deep /deep/c.md /deep/d.md"),
        ({"$not": {"rating": {"$exists": True}}}, "/deep/e.md"),
        ({"rating": 4, "$not": {"tags": "diary"}}, "/deep"),
        ({}, "/a.md /b.md /deep /deep/c.md /deep/d.md /deep/e.md"),
    ],
)
def test_an_operator_means_what_it_means_elsewhere(filled: Store, where: dict[str, Any], found: str) -> None:
    standing = {f"/{name}" for name in ("memories", "resources", "sessions", "skills", "wiki")}
    assert [path for path in filled.glob("/**", where=where) if path not in standing] == found.split()
    assert [each.path for each in filled.tree("/", where=where) if each.path not in standing] == found.split()
    top = [path for path in found.split() if path.count("/") == 1]
    assert [each.path for each in filled.ls("/", where=where) if each.path not in standing] == top
    files = [path for path in found.split() if path.endswith(".md")]
    assert [match.path for match in filled.grep("pelican", where=where)] == files
    with filled.transaction() as tx:
        assert [path for path in tx.glob("/**", where=where) if path not in standing] == found.split()


@pytest.mark.parametrize(
    ("where", "error", "named"),
    [
        ({"rating": {"$regex": "x"}}, Unsupported, "no operator '$regex'"),
        ({"rating": {"$gte": 1, "plain": 2}}, Unsupported, "no operator 'plain'"),
        ({"$xor": []}, Unsupported, "no operator '$xor'"),
        ({"$and": {"a": 1}}, Unsupported, "$and takes a list"),
        ({"$or": []}, Unsupported, "$or takes a list"),
        ({"$or": [1]}, Unsupported, "A filter is an object"),
        ({"rating": {"$in": "abc"}}, Unsupported, "$in of rating takes a list"),
        ({"rating": {"$exists": 1}}, Unsupported, "$exists of rating is true or false"),
        ({"rating": {"$gte": True}}, Unsupported, "$gte of rating compares numbers and texts"),
        ({"rating": {"$lt": None}}, Unsupported, "$lt of rating compares numbers and texts"),
        ({"rating": {"$lt": [1]}}, Unsupported, "$lt of rating compares numbers and texts"),
        ({"rating": float("nan")}, Unsupported, "rating is not a finite number"),
        ({"rating": "a\0b"}, Unsupported, "rating has a NUL"),
        ({"rating": 2**70}, Unsupported, "does not fit 64 bits"),
        ({"": 1}, Unsupported, "cannot be called ''"),
        ({1: 1}, Unsupported, "The key 1 is no text"),
        ({"a": {"$in": list(range(MAX_PARTS))}}, TooLarge, "500 conditions"),
    ],
)
def test_what_is_no_filter_is_refused_by_name(
    filled: Store, where: dict[str, Any], error: type[HoldfastError], named: str
) -> None:
    asked: list[Callable[[], Any]] = [
        lambda: filled.glob("/**", where=where),
        lambda: filled.ls("/", where=where),
        lambda: filled.tree("/", where=where),
        lambda: filled.grep("x", where=where),
    ]
    for ask in asked:
        with pytest.raises(error) as raised:
            ask()
        assert named in str(raised.value)
        assert raised.value.remedy


def test_a_filter_that_is_nested_without_end_is_refused(filled: Store) -> None:
    where: dict[str, Any] = {"a": 1}
    for _ in range(2_000):
        where = {"$not": where}
    with pytest.raises(TooLarge):
        filled.glob("/**", where=where)


def test_what_is_found_goes_on_behind_a_cursor(filled: Store) -> None:
    where = {"rating": {"$exists": True}}
    every = list(filled.glob("/**", where=where))
    for place, path in enumerate(every):
        assert list(filled.glob("/**", where=where, after=path)) == every[place + 1 :]
        assert list(filled.glob("/**", where=where, limit=place)) == every[:place]
        assert [each.path for each in filled.tree("/", where=where, after=path)] == every[place + 1 :]
    assert [each.path for each in filled.tree("/deep", where=where, after="/deep/c.md")] == ["/deep/d.md"]
    assert list(filled.glob("/deep/*", where=where, limit=1)) == ["/deep/c.md"]
    first = GrepMatch("/a.md", 1, "")
    assert [match.path for match in filled.grep("pelican", where=where, after=first)] == every[1:2] + every[3:]
    with pytest.raises(NotFound):
        filled.tree("/nowhere", where=where)


def test_a_filter_is_of_its_commit_and_its_branch(filled: Store) -> None:
    before, where = filled.commit_at(), {"rating": 4}
    filled.branches.create("draft")
    draft = filled.branch("draft")
    draft.properties.update("/b.md", {"rating": 4})
    draft.remove("/a.md")
    filled.properties.set("/a.md", {"rating": 5})
    filled.move("/deep", "/low")
    assert list(filled.glob("/**", where=where)) == ["/low"]
    assert list(draft.glob("/**", where=where)) == ["/b.md", "/deep"]
    assert list(filled.snapshot(before).glob("/**", where=where)) == ["/a.md", "/deep"]
    assert list(draft.snapshot(before).glob("/**", where=where)) == ["/a.md", "/deep"]
    draft.branches.create("deeper", at="HEAD")
    with_history = filled.branch("draft").snapshot("HEAD~1")
    assert list(with_history.glob("/**", where=where)) == ["/a.md", "/b.md", "/deep"]
    filled.remove("/low", recursive=True)
    assert list(filled.glob("/**", where={"rating": {"$exists": True}})) == ["/a.md", "/b.md"]


def test_a_transaction_filters_by_what_it_has_changed(filled: Store) -> None:
    with filled.transaction() as tx:
        tx.properties.set("/b.md", {"rating": 4})
        tx.write("/new.md", "new")
        tx.properties.set("/new.md", {"rating": 4})
        tx.remove("/a.md")
        assert list(tx.glob("/**", where={"rating": 4})) == ["/b.md", "/deep", "/new.md"]


NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(NUMBERS | st.text(max_size=5), min_size=2, max_size=8))
def test_values_are_found_in_their_order(values: list[Any]) -> None:
    usable = [value for value in values if not isinstance(value, str) or _is_text(value)]
    for one in usable:
        for other in usable:
            if isinstance(one, str) == isinstance(other, str):
                assert (encoded(one) < encoded(other)) == (one < other)
                assert (encoded(one) == encoded(other)) == (one == other)


def _is_text(value: str) -> bool:
    return "\0" not in value and value.isprintable()


COMPARE: dict[str, Callable[[Any, Any], bool]] = {"$gt": gt, "$gte": ge, "$lt": lt, "$lte": le}
KEYS = st.sampled_from(["a", "b", "c"])
SCALARS = st.sampled_from([0, 1, 1.5, -2, True, False, None, "x", "y", ""])
PROPERTIES = st.dictionaries(KEYS, SCALARS | st.lists(SCALARS, max_size=2), max_size=3)
COMPARED = st.sampled_from([0, 1, 1.5, "x", ""])
TESTS = st.one_of(
    SCALARS,
    st.builds(lambda v: {"$ne": v}, SCALARS),
    st.builds(lambda op, v: {op: v}, st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), COMPARED),
    st.builds(lambda low, high: {"$gte": low, "$lt": high}, COMPARED, COMPARED),
    st.builds(lambda low, high: {"$lte": high, "$gt": low}, COMPARED, COMPARED),
    st.builds(lambda op, v: {op: v}, st.sampled_from(["$in", "$nin"]), st.lists(SCALARS, max_size=3)),
    st.builds(lambda v: {"$exists": v}, st.booleans()),
)
WHERES: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.dictionaries(KEYS, TESTS, min_size=1, max_size=2),
    lambda inner: st.one_of(
        st.builds(
            lambda op, parts: {op: parts},
            st.sampled_from(["$and", "$or", "$nor"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(lambda part: {"$not": part}, inner),
    ),
    max_leaves=5,
)


def meets(properties: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    """Return whether a filter holds, by the rules written down as simply as they can be."""
    return all(_member(properties, key, value) for key, value in where.items())


def _member(properties: Mapping[str, Any], key: str, value: Any) -> bool:
    match key:
        case "$and":
            return all(meets(properties, each) for each in value)
        case "$or":
            return any(meets(properties, each) for each in value)
        case "$nor":
            return not any(meets(properties, each) for each in value)
        case "$not":
            return not meets(properties, value)
    given = properties.get(key, [])
    some = given if isinstance(given, list) else [given]
    tests = value if isinstance(value, dict) else {"$eq": value}
    compared = {operator: operand for operator, operand in tests.items() if operator in COMPARE}
    if len({type(operand) is str for operand in compared.values()}) == 1:
        # One value lies between both.
        return any(all(_test(True, [each], *test) for test in compared.items()) for each in some)
    return all(_test(key in properties, some, operator, operand) for operator, operand in tests.items())


def _test(there: bool, some: list[Any], operator: str, operand: Any) -> bool:
    match operator:
        case "$eq":
            return any(_same(each, operand) for each in some)
        case "$ne":
            return not any(_same(each, operand) for each in some)
        case "$in":
            return any(_same(each, one) for each in some for one in operand)
        case "$nin":
            return not any(_same(each, one) for each in some for one in operand)
        case "$exists":
            return there is operand
    alike = [each for each in some if isinstance(each, str) == isinstance(operand, str) and _is_ordered(each)]
    return any(COMPARE[operator](each, operand) for each in alike)


def _is_ordered(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


@settings(max_examples=60)
@given(
    files=st.lists(PROPERTIES, min_size=1, max_size=6),
    changed=PROPERTIES,
    wheres=st.lists(WHERES, min_size=1, max_size=6),
)
def test_all_ways_to_filter_agree(
    store: Store, files: list[dict[str, Any]], changed: dict[str, Any], wheres: list[dict[str, Any]]
) -> None:
    if store.exists("/f"):
        store.remove("/f", recursive=True)
    with store.transaction() as tx:
        for number, properties in enumerate(files):
            tx.write(f"/f/{number}", "text")
            tx.properties.set(f"/f/{number}", properties)
    past = store.commit_at()
    store.properties.set("/f/0", changed)
    for at, first in ((None, changed), (past, files[0])):
        expected = {f"/f/{number}": properties for number, properties in enumerate([first, *files[1:]])}
        for where in wheres:
            found = [path for path, properties in expected.items() if meets(properties, where)]
            assert list(store.snapshot(at).glob("/f/*", where=where)) == found
            assert [each.path for each in store.snapshot(at).ls("/f", where=where)] == found
