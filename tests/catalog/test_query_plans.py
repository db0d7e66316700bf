"""Each question about entries is answered through its index: its cost must not depend on the store's size (G9)."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

import holdfast
from holdfast.catalog import contents, entries, subtrees
from holdfast.catalog.branches import MAIN
from holdfast.catalog.checking import checks
from holdfast.catalog.engine import Connection, Params, Row
from holdfast.catalog.history import changes, departures
from holdfast.catalog.work import memories
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
