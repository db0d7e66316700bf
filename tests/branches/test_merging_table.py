"""The truth table of merge: every pair of changes of one path on two branches, in both orders."""

import itertools
import json
from collections.abc import Callable
from typing import Literal

import pytest

import holdfast
from holdfast.front.store import Store
from tests.support.looking import contents_of

Change = Callable[[holdfast.Transaction], object]


def replace(content: str | None) -> Change:
    """Return the change that makes something else of what stands at /x: a file, or a directory for None."""

    def change(tx: holdfast.Transaction) -> None:
        tx.remove("/x", recursive=True)
        if content is None:
            tx.mkdir("/x")
        else:
            tx.write("/x", content)

    return change


def given(**properties: int) -> Change:
    """Return the change that gives /x properties, a file being made for them where nothing is."""

    def change(tx: holdfast.Transaction) -> None:
        if not tx.exists("/x"):
            tx.write("/x", "one")
        tx.properties.update("/x", properties)

    return change


def moved_and_edited(tx: holdfast.Transaction) -> None:
    tx.move("/x", "/y")
    tx.write("/y", "one")


def made_anew(tx: holdfast.Transaction) -> None:
    # Another file: one that is removed and written in one transaction stays the same.
    tx.move("/x", "/away")
    tx.write("/x", "anew")
    tx.remove("/away")


CHANGES: dict[str, Change] = {
    "none": lambda tx: None,
    "edit": lambda tx: tx.write("/x", "one"),
    "edit else": lambda tx: tx.write("/x", "two"),
    "rename": lambda tx: tx.move("/x", "/y"),
    "rename else": lambda tx: tx.move("/x", "/z"),
    "move": lambda tx: tx.move("/x", "/d/x"),
    "rename, edit": moved_and_edited,
    "anew": made_anew,
    "remove": lambda tx: tx.remove("/x", recursive=True),
    "to directory": replace(None),
    "to file": replace("other"),
    "below": lambda tx: tx.write("/x/f", "one"),
    "below else": lambda tx: tx.write("/x/f", "two"),
    "beside": lambda tx: tx.write("/x/g", "one"),
    "remove below": lambda tx: tx.remove("/x/f"),
    "move out": lambda tx: tx.move("/x/f", "/f"),
    "properties": given(p=1),
    "properties else": given(p=2),
    "properties beside": given(q=1),
    "taken": lambda tx: tx.write("/y", "taken"),
    "add": lambda tx: tx.write("/x", "one"),
    "add else": lambda tx: tx.write("/x", "two"),
    "add directory": lambda tx: tx.mkdir("/x"),
    "add full": lambda tx: tx.write("/x/f", "one"),
    "add full else": lambda tx: tx.write("/x/g", "two"),
    "add full conflicting": lambda tx: tx.write("/x/f", "two"),
}

#: changes that differ from another one by a name or a text, and are in the table where that makes a difference
VARIANTS = {
    "edit else",
    "rename else",
    "below else",
    "beside",
    "properties else",
    "properties beside",
    "add else",
    "add full else",
    "add full conflicting",
}

#: what stands at /x before: its paths without the slash, with what they hold
BEFORE: dict[str, dict[str, str | None]] = {
    "file": {"x": "base"},
    "empty directory": {"x": None},
    "full directory": {"x/f": "base", "x/h": "here"},
    "nothing": {},
}

#: what a pair of changes comes to: the tree without its directories that are not empty, or `!` and a kind of conflict
EXPECTED: dict[str, dict[tuple[str, str], str]] = {
    "file": {
        ("none", "none"): "x:base",
        ("none", "edit"): "x:one",
        ("none", "rename"): "y:base",
        ("none", "move"): "d/x:base",
        ("none", "rename, edit"): "y:one",
        ("none", "remove"): "",
        ("none", "to directory"): "x/",
        ("none", "properties"): 'x:base{"p":1}',
        ("edit", "properties"): 'x:one{"p":1}',
        ("rename", "properties"): 'y:base{"p":1}',
        ("move", "properties"): 'd/x:base{"p":1}',
        ("rename, edit", "properties"): 'y:one{"p":1}',
        ("remove", "properties"): "!removed",
        ("to directory", "properties"): "!removed",
        ("properties", "properties"): 'x:base{"p":1}',
        ("properties", "properties else"): "!properties",
        ("properties", "properties beside"): 'x:base{"p":1,"q":1}',
        ("properties", "taken"): 'x:base{"p":1} y:taken',
        ("none", "anew"): "x:anew",
        ("edit", "edit"): "x:one",
        ("edit", "edit else"): "!edited",
        ("edit", "rename"): "y:one",
        ("edit", "move"): "d/x:one",
        ("edit", "rename, edit"): "y:one",
        ("edit else", "rename, edit"): "!edited",
        ("edit", "remove"): "!removed",
        ("edit", "to directory"): "!removed",
        ("edit", "taken"): "x:one y:taken",
        ("rename", "rename"): "y:base",
        ("rename", "rename else"): "!moved",
        ("rename", "move"): "!moved",
        ("rename", "rename, edit"): "y:one",
        ("rename else", "rename, edit"): "!moved",
        ("rename", "remove"): "!removed",
        ("rename", "to directory"): "!removed",
        ("rename", "taken"): "!place",
        ("move", "move"): "d/x:base",
        ("move", "remove"): "!removed",
        ("rename, edit", "rename, edit"): "y:one",
        ("rename, edit", "remove"): "!removed",
        ("rename, edit", "to directory"): "!removed",
        ("rename, edit", "taken"): "!place",
        ("remove", "remove"): "",
        ("remove", "to directory"): "x/",
        ("remove", "taken"): "y:taken",
        ("to directory", "to directory"): "x/",
        ("to directory", "taken"): "x/ y:taken",
        ("none", "taken"): "x:base y:taken",
        ("edit", "anew"): "!edited",
        ("rename", "anew"): "y:anew",
        ("move", "rename, edit"): "!moved",
        ("move", "to directory"): "!removed",
        ("move", "anew"): "d/x:anew",
        ("move", "taken"): "d/x:base y:taken",
        ("rename, edit", "anew"): "!edited",
        ("remove", "anew"): "!removed",
        ("to directory", "anew"): "!removed",
        ("anew", "anew"): "x:anew",
        ("anew", "taken"): "x:anew y:taken",
        ("taken", "taken"): "x:base y:taken",
        ("properties", "anew"): 'x:anew{"p":1}',
    },
    "empty directory": {
        ("none", "none"): "x/",
        ("none", "rename"): "y/",
        ("none", "remove"): "",
        ("none", "to file"): "x:other",
        ("none", "below"): "x/f:one",
        ("none", "properties"): 'x/{"p":1}',
        ("rename", "properties"): 'y/{"p":1}',
        ("remove", "properties"): "!removed",
        ("to file", "properties"): "!removed",
        ("below", "properties"): 'x/f:one x/{"p":1}',
        ("properties", "properties else"): "!properties",
        ("properties", "properties beside"): 'x/{"p":1,"q":1}',
        ("rename", "rename"): "y/",
        ("rename", "rename else"): "!moved",
        ("rename", "remove"): "!removed",
        ("rename", "to file"): "!removed",
        ("rename", "below"): "y/f:one",
        ("rename", "taken"): "!place",
        ("remove", "remove"): "",
        ("remove", "to file"): "x:other",
        ("remove", "below"): "!removed",
        ("to file", "to file"): "x:other",
        ("to file", "below"): "!removed",
        ("below", "below"): "x/f:one",
        ("below", "below else"): "!place",
        ("below", "beside"): "x/f:one x/g:one",
        ("none", "taken"): "x/ y:taken",
        ("remove", "taken"): "y:taken",
        ("to file", "taken"): "x:other y:taken",
        ("below", "taken"): "x/f:one y:taken",
        ("taken", "taken"): "x/ y:taken",
        ("properties", "properties"): 'x/{"p":1}',
        ("properties", "taken"): 'x/{"p":1} y:taken',
    },
    "full directory": {
        ("none", "none"): "x/f:base x/h:here",
        ("none", "rename"): "y/f:base y/h:here",
        ("none", "move"): "d/x/f:base d/x/h:here",
        ("none", "remove"): "",
        ("none", "to file"): "x:other",
        ("none", "to directory"): "x/",
        ("none", "below"): "x/f:one x/h:here",
        ("none", "remove below"): "x/h:here",
        ("none", "move out"): "f:base x/h:here",
        ("none", "properties"): 'x/f:base x/h:here x/{"p":1}',
        ("rename", "properties"): 'y/f:base y/h:here y/{"p":1}',
        ("remove", "properties"): "!removed",
        ("to file", "properties"): "!removed",
        ("to directory", "properties"): "!removed",
        ("below", "properties"): 'x/f:one x/h:here x/{"p":1}',
        ("remove below", "properties"): 'x/h:here x/{"p":1}',
        ("move out", "properties"): 'f:base x/h:here x/{"p":1}',
        ("properties", "properties else"): "!properties",
        ("properties", "properties beside"): 'x/f:base x/h:here x/{"p":1,"q":1}',
        ("rename", "rename"): "y/f:base y/h:here",
        ("rename", "rename else"): "!moved",
        ("rename", "remove"): "!removed",
        ("rename", "to file"): "!removed",
        ("rename", "to directory"): "!removed",
        ("rename", "below"): "y/f:one y/h:here",
        ("rename", "beside"): "y/f:base y/g:one y/h:here",
        ("rename", "remove below"): "y/h:here",
        ("rename", "move out"): "f:base y/h:here",
        ("rename", "taken"): "!place",
        ("remove", "remove"): "",
        ("remove", "to file"): "x:other",
        ("remove", "to directory"): "x/",
        ("remove", "below"): "!removed",
        ("remove", "beside"): "!removed",
        ("remove", "remove below"): "",
        ("remove", "move out"): "!removed",
        ("to file", "to file"): "x:other",
        ("to file", "below"): "!removed",
        ("to file", "beside"): "!removed",
        ("to file", "move out"): "!removed",
        ("to directory", "to directory"): "x/",
        ("to directory", "below"): "!removed",
        ("to directory", "remove below"): "x/",
        ("below", "below"): "x/f:one x/h:here",
        ("below", "below else"): "!edited",
        ("below", "beside"): "x/f:one x/g:one x/h:here",
        ("below", "remove below"): "!removed",
        ("below", "move out"): "f:one x/h:here",
        ("beside", "beside"): "x/f:base x/g:one x/h:here",
        ("beside", "remove below"): "x/g:one x/h:here",
        ("remove below", "remove below"): "x/h:here",
        ("remove below", "move out"): "!removed",
        ("move out", "move out"): "f:base x/h:here",
        ("none", "taken"): "x/f:base x/h:here y:taken",
        ("rename", "move"): "!moved",
        ("move", "move"): "d/x/f:base d/x/h:here",
        ("move", "remove"): "!removed",
        ("move", "to file"): "!removed",
        ("move", "to directory"): "!removed",
        ("move", "below"): "d/x/f:one d/x/h:here",
        ("move", "remove below"): "d/x/h:here",
        ("move", "move out"): "d/x/h:here f:base",
        ("move", "taken"): "d/x/f:base d/x/h:here y:taken",
        ("remove", "taken"): "y:taken",
        ("to file", "to directory"): "!place",
        ("to file", "remove below"): "x:other",
        ("to file", "taken"): "x:other y:taken",
        ("to directory", "move out"): "!removed",
        ("to directory", "taken"): "x/ y:taken",
        ("below", "taken"): "x/f:one x/h:here y:taken",
        ("remove below", "taken"): "x/h:here y:taken",
        ("move out", "taken"): "f:base x/h:here y:taken",
        ("taken", "taken"): "x/f:base x/h:here y:taken",
        ("move", "properties"): 'd/x/f:base d/x/h:here d/x/{"p":1}',
        ("properties", "properties"): 'x/f:base x/h:here x/{"p":1}',
        ("properties", "taken"): 'x/f:base x/h:here x/{"p":1} y:taken',
    },
    "nothing": {
        ("none", "add"): "x:one",
        ("none", "add directory"): "x/",
        ("none", "add full"): "x/f:one",
        ("add", "add"): "x:one",
        ("add", "properties"): 'x:one{"p":1}',
        ("properties", "properties"): 'x:one{"p":1}',
        ("properties", "properties else"): "!properties",
        ("properties", "properties beside"): 'x:one{"p":1,"q":1}',
        ("add", "add else"): "!place",
        ("add", "add directory"): "!place",
        ("add", "add full"): "!place",
        ("add directory", "add directory"): "x/",
        ("add directory", "add full"): "x/f:one",
        ("add full", "add full"): "x/f:one",
        ("add full", "add full else"): "x/f:one x/g:two",
        ("add full", "add full conflicting"): "!place",
        ("none", "none"): "",
        ("none", "properties"): 'x:one{"p":1}',
        ("add directory", "properties"): "!place",
        ("add full", "properties"): "!place",
    },
}
ROWS = [(kind, *pair, told) for kind, rows in EXPECTED.items() for pair, told in rows.items()]


@pytest.fixture(params=["as written", "the other way round"])
def swapped(request: pytest.FixtureRequest) -> bool:
    """Return whether the branch makes the first change of a row, and main the second."""
    return bool(request.param != "as written")


def told(store: Store) -> str:
    """Return the tree as the table tells it, without /d where that is empty."""
    found = contents_of(store)
    full = {path.rpartition("/")[0] for path in found}
    has = {path: given for path in found if (given := store.properties.get(path))}
    shown = [
        path[1:]
        + ("/" if data is None else f":{data.decode()}")
        + (json.dumps(has[path], separators=(",", ":")) if path in has else "")
        for path, data in found.items()
        if (data is not None or path not in full or path in has) and path != "/d"
    ]
    return " ".join(sorted(shown))


def prepare(store: Store, kind: str) -> Store:
    with store.transaction() as tx:
        tx.mkdir("/d")
        for path, data in BEFORE[kind].items():
            if data is None:
                tx.mkdir(f"/{path}")
            else:
                tx.write(f"/{path}", data)
    store.branches.create("draft")
    return store.branch("draft")


def change(store: Store, name: str) -> None:
    with store.transaction() as tx:
        CHANGES[name](tx)


@pytest.mark.parametrize("kind", BEFORE)
def test_every_pair_of_changes_is_in_the_table(kind: str) -> None:
    names = {name for pair in EXPECTED[kind] for name in pair} - VARIANTS
    pairs = {frozenset(pair) for pair in EXPECTED[kind] if not VARIANTS.intersection(pair)}
    assert pairs == {frozenset(pair) for pair in itertools.combinations_with_replacement(names, 2)}
    assert {name for each in EXPECTED.values() for pair in each for name in pair} == CHANGES.keys()


@pytest.mark.parametrize(("kind", "one", "other", "expected"), ROWS)
def test_two_changes_of_one_path(
    store: Store, kind: str, one: str, other: str, expected: str, *, swapped: bool
) -> None:
    draft = prepare(store, kind)
    change(store, other if swapped else one)
    change(draft, one if swapped else other)
    before = told(store)
    report = store.branches.merge("draft", dry_run=True)
    if expected.startswith("!"):
        assert expected[1:] in {conflict.kind for conflict in report.conflicts}
        with pytest.raises(holdfast.MergeConflicted) as refused:
            store.branches.merge("draft")
        assert refused.value.conflicts == report.conflicts
        assert told(store) == before
        return
    assert not report.conflicts
    merged = store.branches.merge("draft")
    assert told(store) == expected
    done = store.diff(merged.commit.parent, merged.commit) if merged.commit is not None else []
    assert list(merged.changes) == list(report.changes) == done
    assert store.branches.merge("draft").commit is None
    assert store.maintenance.verify(deep=True).ok


@pytest.mark.parametrize("prefer", ["ours", "theirs"])
@pytest.mark.parametrize(("kind", "one", "other", "expected"), [row for row in ROWS if row[3].startswith("!")])
def test_the_side_that_is_preferred_holds(
    store: Store, kind: str, one: str, other: str, expected: str, prefer: Literal["ours", "theirs"], *, swapped: bool
) -> None:
    draft = prepare(store, kind)
    change(store, other if swapped else one)
    change(draft, one if swapped else other)
    report = store.branches.merge("draft", prefer=prefer)
    assert report.settled
    assert not report.conflicts
    assert report.commit is not None
    assert list(report.changes) == store.diff(report.commit.parent, report.commit)
    shown = contents_of(store)
    for conflict in report.settled:
        wins, loses = (conflict.ours, conflict.theirs)[:: 1 if prefer == "ours" else -1]
        if wins is not None:
            held = {store.stat(path).content_id for path in shown}
            assert wins.path in shown if conflict.kind == "moved" else wins.is_dir or wins.content_id in held
        elif loses is not None and not loses.is_dir:
            assert loses.path not in shown or store.stat(loses.path).content_id != loses.content_id
    assert store.branches.merge("draft").commit is None
    assert store.maintenance.verify(deep=True).ok
