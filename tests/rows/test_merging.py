"""Merging graphs: every pair of changes of a row, what both sides break together, and schemas."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest

from holdfast import Key, MergeConflicted, Node, Store
from tests.support.graphs import edge, paper, person

Change = Callable[[Store], object]

BEGIN = {"name": "Ada", "age": 27}


def nothing(store: Store) -> None:
    """Change nothing."""


def insert(store: Store) -> None:
    store.graph.insert(person("new", name="New"))


def insert_another(store: Store) -> None:
    store.graph.insert(person("new", name="Other"))


def rename(store: Store) -> None:
    store.graph.update("Person", "ada", {"name": "Augusta"})


def rename_otherwise(store: Store) -> None:
    store.graph.update("Person", "ada", {"name": "Byron"})


def grow(store: Store) -> None:
    store.graph.update("Person", "ada", {"age": 28})


def empty(store: Store) -> None:
    store.graph.update("Person", "ada", {"name": None})


def delete(store: Store) -> None:
    store.graph.delete("Person", "ada")


def rows(store: Store) -> dict[Any, Any]:
    found = {row.key: row.values for row in store.graph.find("Person") if row.key in ("ada", "new")}
    return {key: {name: values[name] for name in ("name", "age")} for key, values in found.items()}


#: (one side, the other): what Ada and the new one are afterwards, or the kind of conflict
TABLE: dict[tuple[Change, Change], dict[str, Any] | str] = {
    (nothing, rename): {"ada": {"name": "Augusta", "age": 27}},
    (nothing, delete): {},
    (nothing, insert): {"ada": BEGIN, "new": {"name": "New", "age": None}},
    (rename, rename): {"ada": {"name": "Augusta", "age": 27}},
    (rename, grow): {"ada": {"name": "Augusta", "age": 28}},
    (rename, rename_otherwise): "edited",
    (rename, empty): "edited",
    (empty, grow): {"ada": {"name": None, "age": 28}},
    (rename, delete): "removed",
    (delete, delete): {},
    (insert, insert): {"ada": BEGIN, "new": {"name": "New", "age": None}},
    (insert, insert_another): "edited",
    (insert, delete): {"new": {"name": "New", "age": None}},
}
PAIRS = [*TABLE, *((theirs, ours) for ours, theirs in TABLE if ours is not theirs)]


@pytest.fixture
def forked(graphed: Store) -> tuple[Store, Store]:
    """Return main and a branch of it, with a person and two papers."""
    graphed.graph.insert(person("ada", **BEGIN), paper("p1"), paper("p2"))
    graphed.branches.create("draft")
    return graphed, graphed.branch("draft")


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda each: each.__name__)
def test_every_pair_of_changes(forked: tuple[Store, Store], ours: Change, theirs: Change) -> None:
    main, draft = forked
    ours(main)
    theirs(draft)
    expected = TABLE.get((ours, theirs)) if (ours, theirs) in TABLE else TABLE[theirs, ours]
    if isinstance(expected, str):
        before, head = rows(main), main.commit_at().id
        with pytest.raises(MergeConflicted) as raised:
            main.branches.merge("draft")
        assert [conflict.kind for conflict in raised.value.rows] == [expected]
        assert (rows(main), main.commit_at().id) == (before, head)
        path = raised.value.rows[0].path
        assert [each.path for each in main.branches.merge("draft", dry_run=True).row_conflicts] == [path]
        main.branches.merge("draft", resolve={path: "theirs"})
        assert rows(main).get(path.split()[1]) == rows(draft).get(path.split()[1])
        return
    report = main.branches.merge("draft")
    assert rows(main) == expected
    if report.commit is not None:
        assert main.branches.merge("draft").commit is None


def test_prefer_settles_rows_as_it_does_files(forked: tuple[Store, Store]) -> None:
    main, draft = forked
    rename(main)
    rename_otherwise(draft)
    report = main.branches.merge("draft", prefer="ours")
    assert [each.path for each in report.rows_settled] == ["Person ada"]
    assert rows(main)["ada"]["name"] == "Augusta"


def test_rows_and_files_are_merged_in_one_commit(forked: tuple[Store, Store]) -> None:
    main, draft = forked
    with draft.transaction() as tx:
        tx.write("/new.md", "new")
        tx.graph.insert(person("new"))
    commit = main.branches.merge("draft").commit
    assert commit is not None
    assert main.graph.get("Person", "new").commit == commit.id
    assert main.read("/new.md") == b"new"
    assert commit.changes == 2


def test_what_only_both_together_break_is_a_conflict(forked: tuple[Store, Store]) -> None:
    main, draft = forked
    main.graph.insert(person("eva", mail="same@example.org"), edge("Leads", "ada", "p1"))
    draft.graph.insert(person("ida", mail="same@example.org"), edge("Leads", "ada", "p2"))
    draft.graph.delete("Paper", "p1")
    with pytest.raises(MergeConflicted, match="break a rule") as raised:
        main.branches.merge("draft", prefer="theirs")
    assert {conflict.kind for conflict in raised.value.rows} == {"rule"}
    said = " ".join(conflict.reason for conflict in raised.value.rows)
    assert "same mail" in said
    assert "at most 1" in said
    assert "Paper p1 cannot be deleted" in said
    draft.graph.update("Person", "ida", {"mail": None})
    draft.graph.delete("Leads", ["ada", "p2"])
    main.graph.delete("Leads", ["ada", "p1"])
    main.branches.merge("draft")
    assert [row.key for row in main.graph.find("Person")] == ["ada", "eva", "ida"]


def test_an_edge_to_a_node_that_the_other_side_removed_is_a_conflict(forked: tuple[Store, Store]) -> None:
    main, draft = forked
    main.graph.delete("Paper", "p1")
    draft.graph.insert(edge("Wrote", "ada", "p1"))
    with pytest.raises(MergeConflicted, match="no Paper p1"):
        main.branches.merge("draft")


def test_a_second_merge_takes_what_came_since_the_first(forked: tuple[Store, Store]) -> None:
    main, draft = forked
    rename(draft)
    main.branches.merge("draft")
    rename_otherwise(main)
    draft.graph.insert(person("new", name="New"))
    main.branches.merge("draft")
    assert rows(main) == {"ada": {"name": "Byron", "age": 27}, "new": {"name": "New", "age": None}}
    draft.branches.merge("main")
    assert rows(draft) == rows(main)


def test_rows_of_a_type_that_one_side_erased_are_read_by_nobody(forked: tuple[Store, Store], tmp_path: Path) -> None:
    main, draft = forked
    (tmp_path / "other.yaml").write_text("types: {Other: {properties: {id: {type: text, key: true}}}}", "utf-8")
    draft.graph.apply(tmp_path / "other.yaml", allow_data_loss=True)
    main.graph.insert(person("new"), edge("Knows", "new", "ada"))
    main.write("/notes.md", "notes")
    with pytest.raises(MergeConflicted, match="Knows, Person"):
        draft.branches.merge("main")
    assert draft.branches.merge("main", prefer="ours").commit is not None
    assert [each.name for each in draft.graph.schema().live] == ["Other"]
    assert draft.read("/notes.md") == b"notes"
    main.branches.merge("draft")
    assert [each.name for each in main.graph.schema().live] == ["Other"]
    assert main.maintenance.verify().ok


# --- merges that crossed each other


def again(store: Store) -> None:
    store.graph.update("Person", "ada", {"name": BEGIN["name"]})


def rename_once_more(store: Store) -> None:
    store.graph.update("Person", "ada", {"name": "Countess"})


def insert_back(store: Store) -> None:
    store.graph.insert(person("ada", **BEGIN))


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (rename, again),
        (rename, rename_once_more),
        (rename, delete),
        (empty, again),
        (delete, insert_back),
        (insert, delete),
    ],
    ids=lambda each: each.__name__,
)
@pytest.mark.parametrize("where", ["main", "draft"])
@pytest.mark.parametrize("after", ["main", "draft"])
def test_what_came_after_merges_that_crossed_is_not_lost(
    forked: tuple[Store, Store], first: Change, then: Change, where: str, after: str
) -> None:
    main, draft = forked
    first(main.branch(where))
    main.graph.insert(paper("of main"))
    draft.graph.insert(paper("of draft"))
    main.branches.create("main-then")
    draft.branches.create("draft-then")
    main.branches.merge("draft-then")
    draft.branches.merge("main-then")
    then(main.branch(after))
    expected = rows(main.branch(after))
    main.branches.merge("draft")
    draft.branches.merge("main")
    assert rows(main) == rows(draft) == expected
    assert main.graph.count("Paper") == draft.graph.count("Paper") == 4


@pytest.mark.parametrize("erase", [False, True])
def test_a_type_is_not_taken_out_under_rows_that_the_other_side_wrote(store: Store, erase: bool) -> None:
    class Person(Node):
        handle: Annotated[str, Key]

    class Paper(Node):
        id: Annotated[str, Key]

    store.graph.apply([Person, Paper])
    store.graph.insert(Paper(id="old"))
    store.branches.create("draft")
    draft = store.branch("draft")
    draft.graph.apply([Person], allow_data_loss=erase)
    store.graph.insert(Paper(id="new"))
    for into, other in ((store, "draft"), (draft, "main")):
        with pytest.raises(MergeConflicted) as raised:
            into.branches.merge(other)
        assert [(each.kind, each.path) for each in raised.value.rows] == [("schema", "Paper")]
    store.branches.merge("draft", resolve={"Paper": "ours"})
    assert store.graph.count("Paper") == 2
    assert [kind.name for kind in store.graph.schema().live] == ["Person", "Paper"]


def test_a_type_that_nobody_used_since_is_taken_out_by_a_merge(store: Store) -> None:
    class Person(Node):
        handle: Annotated[str, Key]

    class Paper(Node):
        id: Annotated[str, Key]

    store.graph.apply([Person, Paper])
    store.graph.insert(Paper(id="old"))
    store.branches.create("draft")
    store.branch("draft").graph.apply([Person])
    store.graph.insert(Person(handle="ada"))
    store.branches.merge("draft")
    assert [kind.name for kind in store.graph.schema().live] == ["Person"]
