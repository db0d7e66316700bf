"""What any branch shows stays where searches at its head look; what none shows any more is retired."""

from collections.abc import Callable

import pytest

from holdfast.catalog import search_rows, settings, showing
from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from holdfast.upkeep import retire
from tests.support.branching import Line
from tests.support.effort import Effort

UPKEEP: dict[str, Callable[[Store], object]] = {
    "nothing": lambda store: None,
    "retire": lambda store: retire.retire(rooms(store)),
    "optimize": lambda store: store.maintenance.optimize(),
    "gc": lambda store: (store.maintenance.optimize(), store.maintenance.gc()),
    "optimize twice": lambda store: (store.maintenance.optimize(), store.maintenance.optimize()),
}


def live(store: Store) -> int:
    """Return how many contents have rows where every search looks."""
    with rooms(store).engine.read() as conn:
        found = search_rows.totals(conn, rooms(store).embedder)
    return sum(found.get(place, (0, 0))[0] for place in search_rows.LIVE)


def verified(store: Store) -> bool:
    report = store.maintenance.verify(deep=True)
    assert report.ok, report.problems
    return report.ok


def filled(store: Store) -> Line:
    main = Line(store)
    for name in ("removed", "edited", "moved", "kept", "d/below"):
        main.write(f"/{name}.md", f"The pelican of {name}")
    return main


def changed(main: Line) -> None:
    """Change on main what a branch was made of."""
    main.remove("/removed.md")
    main.remove("/d")
    main.write("/edited.md", "A heron now")
    tx = main.change()
    tx.move("/moved.md", "/elsewhere.md")
    tx.commit()


BEFORE = {"/removed.md", "/edited.md", "/moved.md", "/kept.md", "/d/below.md"}
AFTER = {"/elsewhere.md", "/kept.md"}


@pytest.mark.parametrize("upkeep", UPKEEP)
@pytest.mark.parametrize("depth", [1, 3])
def test_a_search_on_a_branch_finds_its_own_tree_and_main_its_own(store: Store, upkeep: str, depth: int) -> None:
    main = filled(store)
    draft = main
    for number in range(depth):
        draft = draft.fork(f"draft-{number}")
    changed(main)
    UPKEEP[upkeep](store)
    draft.write("/own.md", "A pelican of its own")
    UPKEEP[upkeep](store)
    assert main.found("pelican") == AFTER
    assert draft.found("pelican") == BEFORE | {"/own.md"}
    assert draft.found("pelican", under="/d") == {"/d/below.md"}
    assert (main.found("heron"), draft.found("heron")) == ({"/edited.md"}, set())
    draft.remove("/own.md")
    draft.remove("/d")
    UPKEEP[upkeep](store)
    assert draft.found("pelican") == BEFORE - {"/d/below.md"}
    assert verified(store)


@pytest.mark.parametrize("upkeep", UPKEEP)
def test_a_branch_made_at_an_older_commit_finds_what_was_retired_before(store: Store, upkeep: str) -> None:
    main = filled(store)
    old = main.head
    changed(main)
    UPKEEP[upkeep](store)
    draft = main.fork("draft", old)
    part = draft.fork("part")
    UPKEEP[upkeep](store)
    assert draft.found("pelican") == part.found("pelican") == BEFORE
    assert main.found("pelican") == AFTER
    part.write("/removed.md", "The pelican of removed, and more")
    tx = part.change()
    tx.move("/edited.md", "/d/edited.md")
    tx.commit()
    UPKEEP[upkeep](store)
    assert part.found("pelican") == (BEFORE - {"/edited.md"}) | {"/d/edited.md"}
    assert part.found("pelican", under="/d") == {"/d/below.md", "/d/edited.md"}
    assert verified(store)


def test_a_branch_made_at_a_head_reads_no_past(store: Store) -> None:
    main = filled(store)
    changed(main)
    store.maintenance.optimize()
    draft = main.fork("draft")
    draft.write("/x.md", "x")
    assert not draft.branch.of_past
    assert not draft.fork("part").branch.of_past
    assert not main.fork("older", draft.branch.forks[0].seq).branch.of_past
    assert main.fork("oldest", 2).branch.of_past


def test_what_only_a_deleted_branch_showed_is_retired(store: Store) -> None:
    main = filled(store)
    draft = main.fork("draft")
    changed(main)
    draft.write("/own.md", "A pelican of its own")
    part = draft.fork("part")
    draft.remove("/own.md")
    assert retire.retire(rooms(store)) == 0
    draft.delete()
    # What was made of it shows what it showed.
    assert retire.retire(rooms(store)) == 0
    assert part.found("pelican") == BEFORE | {"/own.md"}
    part.delete()
    assert retire.retire(rooms(store)) == 4
    assert live(store) == 3
    assert retire.retire(rooms(store)) == 0
    assert verified(store)


def test_a_deleted_branch_makes_retiring_due(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retire, "CONTENTS_WORTH_IT", 5)
    draft = Line(store).fork("draft")
    for number in range(6):
        draft.write(f"/{number}.md", f"pelican {number}")
    retire.retire(rooms(store))
    with rooms(store).engine.read() as conn:
        assert not retire.is_due(conn, rooms(store))
    draft.delete()
    with rooms(store).engine.read() as conn:
        assert retire.is_due(conn, rooms(store))
    assert retire.retire(rooms(store)) == 6
    with rooms(store).engine.read() as conn:
        assert not retire.is_due(conn, rooms(store))


def test_a_note_rewritten_on_a_branch_leaves_the_past_behind(store: Store) -> None:
    draft = Line(store).fork("draft")
    for number in range(6):
        draft.write("/note.md", f"pelican {number}")
    assert retire.retire(rooms(store)) == 5
    assert [hit.text for hit in draft.search("pelican")] == ["pelican 5"]
    assert draft.found("pelican", at=draft.head - 2) == {"/note.md"}


def test_what_lay_below_a_directory_that_was_gone_at_every_fork_is_retired(store: Store) -> None:
    main = filled(store)
    main.remove("/d")
    for number in range(3):
        main.fork(f"draft-{number}")
    assert retire.retire(rooms(store)) == 1


def test_a_branch_made_while_rows_are_put_away_keeps_them(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The branch is made between the look at what is hidden and the publish."""
    main = filled(store)
    old = main.head
    changed(main)
    made: list[Line] = []

    def once(*names: object) -> None:
        if not made:
            made.append(main.fork("draft", old))

    monkeypatch.setattr(retire, "point", once)
    retire.retire(rooms(store))
    assert made[0].found("pelican") == BEFORE
    with rooms(store).engine.read() as conn:
        assert settings.get(conn, settings.RETIRED_AT) is None
    assert verified(store)


def test_what_is_shown_is_found_out_as_quickly_with_many_branches(store: Store) -> None:
    main = filled(store)
    changed(main)

    with rooms(store).engine.read() as conn:
        ids = [each.content_id for each in search_rows.at_place(conn, rooms(store).embedder, search_rows.TAIL)]

    def effort() -> int:
        with Effort(store) as spent, rooms(store).engine.read() as conn:
            assert len(showing.shown_among(conn, ids)) == 3
            return spent.total

    main.fork("draft-0")
    few = effort()
    for number in range(1, 100):
        main.fork(f"draft-{number}")
    assert effort() <= 1.2 * few
