"""A question is asked of one branch: what stands on another is not in its answer."""

from collections.abc import Callable

import pytest

from holdfast.catalog import branches, commits, entries, subtrees
from holdfast.catalog.branches import MAIN, Branch, Fork
from holdfast.catalog.checking import statistics
from holdfast.catalog.engine import Connection, within
from holdfast.catalog.history import changes
from holdfast.catalog.values import FOREVER, ROOT_NODE
from holdfast.catalog.work import locks, memories
from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from holdfast.tree.committed import CommittedTree

#: a branch of nothing: it sees no other one
OTHER = Branch(7, "other")


def _node(conn: Connection, path: str) -> int:
    entry = entries.child(conn, MAIN, commits.head(conn, MAIN), ROOT_NODE, path)
    assert entry is not None
    return entry.node_id


QUESTIONS: dict[str, Callable[[Connection, Branch, int], object]] = {
    "head": lambda c, branch, seq: commits.head(c, branch),
    "latest_at": lambda c, branch, seq: commits.latest_at(c, branch, 2.0**40),
    "child": lambda c, branch, seq: entries.child(c, branch, seq, ROOT_NODE, "a.md"),
    "children": lambda c, branch, seq: entries.children(c, branch, seq, ROOT_NODE),
    "has_children": lambda c, branch, seq: entries.has_children(c, branch, seq, ROOT_NODE),
    "named": lambda c, branch, seq: entries.named(c, branch, seq, ROOT_NODE, ["a.md"]),
    "of_node": lambda c, branch, seq: entries.of_node(c, branch, seq, _node(c, "a.md")),
    "of_nodes": lambda c, branch, seq: entries.of_nodes(c, branch, seq, [_node(c, "a.md")]),
    "history_of_node": lambda c, branch, seq: entries.history_of_node(c, branch, FOREVER, _node(c, "a.md")),
    "changed_entries": lambda c, branch, seq: entries.changed_entries(c, branch, 0, seq),
    "contents_below": lambda c, branch, seq: subtrees.contents_below(c, branch, seq, ROOT_NODE),
    "between": lambda c, branch, seq: changes.between(c, branch, 0, seq, 9),
    "of_slots": lambda c, branch, seq: list(changes.of_slots(c, branch, 0, [(ROOT_NODE, "a.md")])),
    "under": lambda c, branch, seq: list(changes.under(c, branch, 0, [ROOT_NODE])),
    "former": lambda c, branch, seq: memories.former(c, branch, "memories", seq - 1, seq),
    "files": lambda c, branch, seq: statistics.tree_size(c, branch, seq).files,
    "locks": lambda c, branch, seq: locks.everything(c, locks.HELD, branch),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_of_one_branch_finds_nothing_of_another(store: Store, name: str) -> None:
    store.write("/a.md", "a pelican")
    store.write("/memories/facts/b.md", "b")
    store.remove("/memories/facts/b.md")
    with store.lock("/a.md"), rooms(store).engine.read() as conn:
        head = commits.head(conn, MAIN)
        found = {branch: QUESTIONS[name](conn, branch, head) for branch in (MAIN, OTHER)}
    assert found[MAIN]
    assert not found[OTHER]


def test_a_branch_is_read_as_it_was_written(store: Store) -> None:
    with rooms(store).engine.write() as conn:
        head = commits.head(conn, MAIN)
        draft = branches.create(conn, "draft", MAIN, head, "ann", 5.0)
        part = branches.create(conn, "part", draft, head, "bob", 6.0)
        assert draft.forks == part.forks == (Fork(MAIN.id, head),)
        assert (branches.get(conn, draft.id), branches.get(conn, 8)) == (draft, None)
        assert branches.every(conn) == [MAIN, draft, part]
        assert commits.head(conn, draft) == head


def test_a_committed_tree_answers_the_same_through_an_engine_and_inside_a_transaction(store: Store) -> None:
    store.write("/d/a.md", "a")
    engine = rooms(store).engine
    outside = CommittedTree.at_head(engine.read, MAIN)
    store.remove("/d", recursive=True)
    with engine.read() as conn, outside.in_one_read() as inside:
        for tree in (outside, inside, CommittedTree(within(conn), MAIN, outside.seq)):
            (directory,) = tree.named(ROOT_NODE, ["d"])
            assert tree.child(ROOT_NODE, "d") == tree.node(directory.node_id) == directory
            assert [entry.name for entry in tree.children(directory.node_id)] == ["a.md"]
            assert tree.has_children(directory.node_id)
            assert tree.nodes([directory.node_id]) == {directory.node_id: directory}
        assert CommittedTree.at_head(within(conn), MAIN).child(ROOT_NODE, "d") is None
