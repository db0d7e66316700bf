"""Each question about entries is answered through its index: its cost must not depend on the store's size (G9)."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

import holdfast
from holdfast.catalog import audit, contents, entries, showing, subtrees
from holdfast.catalog.branches import MAIN, Branch, Fork
from holdfast.catalog.checking import checks
from holdfast.catalog.engine import Connection, Params, Row, rows_among
from holdfast.catalog.history import changes, departures
from holdfast.catalog.properties import matching, stored
from holdfast.catalog.properties.conditions import Between, OneOf
from holdfast.catalog.work import locks, memories
from holdfast.testing.seams import rooms

#: as many as a search asks about: with few, SQLite chooses the right index by itself
MANY = [f"{number:064}" for number in range(80)]
QUESTIONS: dict[str, tuple[Callable[[Connection], object], str]] = {
    "child": (lambda c: entries.child(c, MAIN, 5, 1, "a"), "branch_id=? AND parent_id=? AND name=? AND to_seq>?"),
    "children": (lambda c: entries.children(c, MAIN, 5, 1), "branch_id=? AND parent_id=? AND to_seq>?"),
    "of_node": (lambda c: entries.of_node(c, MAIN, 5, 7), "branch_id=? AND node_id=? AND to_seq>?"),
    "of_nodes": (lambda c: entries.of_nodes(c, MAIN, 5, range(80)), "branch_id=? AND node_id=? AND to_seq>?"),
    "history_of_node": (lambda c: entries.history_of_node(c, MAIN, 5, 7), "branch_id=? AND node_id=?"),
    "of_contents": (lambda c: entries.of_contents(c, MAIN, 5, MANY, 10), "content_id=? AND to_seq>?"),
    "visible_among": (lambda c: subtrees.visible_among(c, MAIN, 5, MANY), "content_id=? AND to_seq>?"),
    "subtree_contents": (
        lambda c: subtrees.subtree_contents(c, MAIN, 5, 1, 9),
        "branch_id=? AND parent_id=? AND to_seq>?",
    ),
    "directories_below": (
        lambda c: subtrees.directories_below(c, MAIN, 5, 1),
        "branch_id=? AND parent_id=? AND to_seq>?",
    ),
    "contents_below": (lambda c: subtrees.contents_below(c, MAIN, 5, 1), "branch_id=? AND parent_id=? AND to_seq>?"),
    "of_content": (lambda c: entries.of_content(c, MAIN, 5, "x", 0, 10), "content_id=? AND to_seq>?"),
    "named": (lambda c: entries.named(c, MAIN, 5, 1, MANY), "branch_id=? AND parent_id=? AND name=? AND to_seq>?"),
    "between": (lambda c: changes.between(c, MAIN, 4, 5, 9), "from_seq>? AND from_seq<?"),
    "of_slots": (lambda c: list(changes.of_slots(c, MAIN, 4, [(1, "a")])), "parent_id=? AND name=? AND to_seq>?"),
    "under": (lambda c: list(changes.under(c, MAIN, 4, range(80))), "parent_id=? AND to_seq=? AND from_seq>?"),
    "changes of_nodes": (lambda c: list(changes.of_nodes(c, MAIN, 4, range(80))), "node_id=? AND to_seq>?"),
    "changed_entries": (lambda c: entries.changed_entries(c, MAIN, 4, 5), "from_seq>? AND from_seq<?"),
    "some_changed_entries": (
        lambda c: entries.some_changed_entries(c, MAIN, 4, 5, 9),
        "from_seq>? AND from_seq<?",
    ),
    "departures": (lambda c: departures.after(c, None, (4, 0), 5, 9), "to_seq>? AND to_seq<?"),
    "children of the departed": (lambda c: departures.children(c, MAIN.id, 1, "", 9), "parent_id=? AND name>?"),
    "former": (lambda c: memories.former(c, MAIN, "memories", 4, 5), "branch_id=? AND parent_id=? AND to_seq>?"),
    "properties that stand": (lambda c: stored.note_standing(c, 5, ["x"], []), "properties_id=?"),
    "properties of the past": (lambda c: stored.note_standing(c, 5, [], ["x"]), "properties_id=? AND to_seq=?"),
    "entries_where": (lambda c: matching.entries_where(c, MAIN, 5, OneOf("k", ("v",))), "key=? AND value=?"),
    "entries_where of a range": (
        lambda c: matching.entries_where(c, MAIN, 5, Between("k", "n", True, "o", False)),
        "key=? AND value>? AND value<?",
    ),
    "entries of properties": (
        lambda c: matching.entries_where(c, MAIN, 5, OneOf("k", ("v",))),
        "properties_id=? AND to_seq>?",
    ),
    "properties among": (lambda c: matching.among(c, OneOf("k", ("v",)), MANY), "properties_id=?"),
    "end": (lambda c: entries.end(c, MAIN, 5, [entries.ROOT_ENTRY]), "rowid=?"),
}


class Planning:
    """A connection that explains each statement instead of running it."""

    def __init__(self, inner: Connection) -> None:
        self._inner = inner
        self.steps: list[str] = []

    def rows(self, sql: str, params: Params = {}) -> list[Row]:  # noqa: B006 - never changed
        self.steps += [str(row[3]) for row in self._inner.rows(f"EXPLAIN QUERY PLAN {sql}", params)]
        return []

    def row(self, sql: str, params: Params = {}) -> Row | None:  # noqa: B006
        self.rows(sql, params)
        return None

    def run(self, sql: str, params: Params = {}) -> int:  # noqa: B006
        self.rows(sql, params)
        return 0

    def run_many(self, sql: str, params: Iterable[Params]) -> None:
        for each in params:
            self.rows(sql, each)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_about_entries_is_answered_through_its_index(name: str, store: holdfast.Store) -> None:
    ask, constraint = QUESTIONS[name]
    with rooms(store).engine.read() as conn:
        planning: Any = Planning(conn)
        ask(planning)
    steps = planning.steps
    assert any(constraint in step for step in steps), steps
    assert not any(step.startswith(("SCAN e", "SCAN entries")) for step in steps), steps


LINES = {
    1: Branch(8, "draft", (Fork(1, 4),)),
    5: Branch(9, "deep", tuple(Fork(branch, seq) for branch, seq in ((8, 9), (7, 8), (6, 7), (5, 6), (1, 4)))),
}
#: what is asked of a branch, and one of the steps that answer it on each of its levels
ALONG: dict[str, tuple[Callable[[Connection, Branch], object], str]] = {
    "child": (lambda c, b: entries.child(c, b, 20, 1, "a"), "branch_id=? AND parent_id=? AND name=? AND to_seq>?"),
    "children": (lambda c, b: entries.children(c, b, 20, 1), "branch_id=? AND parent_id=? AND to_seq>?"),
    "named": (lambda c, b: entries.named(c, b, 20, 1, MANY), "branch_id=? AND parent_id=? AND name=? AND to_seq>?"),
    "of_node": (lambda c, b: entries.of_node(c, b, 20, 7), "branch_id=? AND node_id=? AND to_seq>?"),
    "of_nodes": (lambda c, b: entries.of_nodes(c, b, 20, range(80)), "branch_id=? AND node_id=? AND to_seq>?"),
    "history_of_node": (lambda c, b: entries.history_of_node(c, b, 20, 7), "branch_id=? AND node_id=?"),
    "of_contents": (lambda c, b: entries.of_contents(c, b, 20, MANY, 10), "content_id=? AND to_seq>?"),
    "of_content": (lambda c, b: entries.of_content(c, b, 20, "x", 0, 10), "content_id=? AND to_seq>?"),
    "visible_among": (lambda c, b: subtrees.visible_among(c, b, 20, MANY), "content_id=? AND to_seq>?"),
    "contents_below": (lambda c, b: subtrees.contents_below(c, b, 20, 1), "branch_id=? AND parent_id=? AND to_seq>?"),
    "directories_below": (
        lambda c, b: subtrees.directories_below(c, b, 20, 1),
        "branch_id=? AND parent_id=? AND to_seq>?",
    ),
    "between": (lambda c, b: changes.between(c, b, 2, 20, 9), "from_seq>? AND from_seq<?"),
    "of_slots": (lambda c, b: list(changes.of_slots(c, b, 2, [(1, "a")])), "parent_id=? AND name=? AND to_seq>?"),
    "under": (lambda c, b: list(changes.under(c, b, 2, range(80))), "parent_id=? AND to_seq=? AND from_seq>?"),
    "changed_entries": (lambda c, b: entries.changed_entries(c, b, 2, 20), "from_seq>? AND from_seq<?"),
    "former": (lambda c, b: memories.former(c, b, "memories", 2, 20), "from_seq>? AND from_seq<?"),
    "end": (lambda c, b: entries.end(c, b, 20, [entries.ROOT_ENTRY]), "branch_id=? AND node_id=? AND to_seq>?"),
}


@pytest.mark.parametrize("name", ALONG)
@pytest.mark.parametrize("depth", LINES)
def test_a_question_along_a_lineage_is_answered_through_its_index_on_each_level(
    name: str, depth: int, store: holdfast.Store
) -> None:
    ask, constraint = ALONG[name]
    with rooms(store).engine.read() as conn:
        planning: Any = Planning(conn)
        ask(planning, LINES[depth])
    steps = planning.steps
    assert any(constraint in step for step in steps), steps
    assert not any(step.startswith(("SCAN e", "SCAN n", "SCAN entries")) for step in steps), steps
    # What leaves out the nodes of nearer levels is one look-up for each of them.
    covering = [step for step in steps if step.startswith("SEARCH n ")]
    assert all("branch_id=? AND node_id=?" in step for step in covering), covering
    assert len(steps) < 60 * depth


def test_what_any_head_shows_is_asked_through_indexes_however_many_branches_there_are(store: holdfast.Store) -> None:
    with rooms(store).engine.read() as conn:
        planning: Any = Planning(conn)
        for sql in (showing.AT_FORKS, showing.ON_BRANCHES):
            list(rows_among(planning, sql, MANY, {"main": 1}))
    assert sum("ix_branches_base_branch_id_fork_seq" in step for step in planning.steps) == 3, planning.steps
    assert not any(step.startswith(("SCAN e", "SCAN f", "SCAN b")) for step in planning.steps), planning.steps


STORED_IN: dict[str, Callable[[Connection], object]] = {
    "rendered_from": lambda c: contents.rendered_from(c, MANY),
    "referenced_among": lambda c: contents.referenced_among(c, MANY),
    "unreferenced_among": lambda c: contents.unreferenced_among(c, MANY),
    "holders": lambda c: checks.holders(c, "x", 10),
}


@pytest.mark.parametrize("name", STORED_IN)
def test_what_is_stored_in_a_content_is_found_through_its_index(name: str, store: holdfast.Store) -> None:
    with rooms(store).engine.read() as conn:
        planning: Any = Planning(conn)
        STORED_IN[name](planning)
    assert any("ix_renditions_rendered_id (rendered_id=?)" in step for step in planning.steps), planning.steps


ROWS_OF_A_KIND: dict[str, tuple[Callable[[Connection], object], str]] = {
    "the newest record of a kind": (lambda c: audit.newest_of(c, audit.TROUBLE), "ix_audit_kind_audit_id (kind=?)"),
    "locks made out to a claim": (lambda c: locks.adopt(c, "x", "me", 5.0, 9.0), "ix_locks_claim (claim=?)"),
}


@pytest.mark.parametrize("name", ROWS_OF_A_KIND)
def test_rows_of_a_kind_are_found_through_its_index_and_not_sorted(name: str, store: holdfast.Store) -> None:
    ask, index = ROWS_OF_A_KIND[name]
    with rooms(store).engine.read() as conn:
        planning: Any = Planning(conn)
        ask(planning)
    assert any(index in step for step in planning.steps), planning.steps
    assert not any("TEMP B-TREE" in step for step in planning.steps), planning.steps
