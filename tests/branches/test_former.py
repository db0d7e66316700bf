"""What was removed of the memories on a branch is found along its lineage, as it is on main."""

from collections.abc import Callable

import pytest

from holdfast.catalog import branches, commits
from holdfast.catalog.branches import MAIN
from holdfast.catalog.work import memories
from holdfast.front.store import Store
from holdfast.testing.seams import rooms

CHANGES: dict[str, Callable[[Store], object]] = {
    "a memory is removed": lambda store: store.remove("/memories/facts/a.md"),
    "a kind is removed": lambda store: store.remove("/memories/facts", recursive=True),
    "all are removed": lambda store: store.remove("/memories", recursive=True),
    "a memory is written anew": lambda store: store.write("/memories/facts/a.md", "another"),
    "a memory is moved": lambda store: store.move("/memories/facts/a.md", "/memories/events/a.md"),
    "a kind is moved": lambda store: store.move("/memories/facts", "/memories/truths"),
    "something else is removed": lambda store: store.remove("/notes/a.md"),
    "a memory comes and goes": lambda store: (
        store.write("/memories/facts/new.md", "new"),
        store.remove("/memories/facts/new.md"),
    ),
}


def fill(store: Store) -> None:
    for path in ("/memories/facts/a.md", "/memories/facts/b.md", "/memories/events/c.md", "/notes/a.md"):
        store.write(path, path)


def former(store: Store, name: str, after: int) -> list[tuple[str, str]]:
    with rooms(store).engine.read() as conn:
        branch = branches.named(conn, name) or MAIN
        found = memories.former(conn, branch, "memories", after, commits.head(conn, branch))
    return sorted((each.kind, each.name) for each in found)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("when", ["before the fork", "after the fork"])
def test_what_went_on_a_branch_is_what_would_have_gone_on_main(store: Store, change: str, when: str) -> None:
    fill(store)
    before = store.commit_at().id
    if when == "before the fork":
        CHANGES[change](store)
    store.branches.create("draft")
    # Of no concern to the branch.
    store.write("/later.md", "later")
    store.remove("/memories/events/c.md") if store.exists("/memories/events/c.md") else None
    draft = store.branch("draft")
    if when == "after the fork":
        CHANGES[change](draft)
    draft.write("/memories/own/x.md", "own")
    found = former(store, "draft", before)
    other = on_main(store, change)
    assert found == other


def on_main(store: Store, change: str) -> list[tuple[str, str]]:
    """Return what main says of the same change, made in a part of its own history."""
    if store.exists("/memories"):
        store.remove("/memories", recursive=True)
    if store.exists("/notes"):
        store.remove("/notes", recursive=True)
    fill(store)
    before = store.commit_at().id
    CHANGES[change](store)
    return former(store, "main", before)
