"""The rows of several branches against dictionaries: whatever is done, each shows its own graph and its own history."""

import shutil
import tempfile
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import holdfast
from holdfast import GraphRow, HoldfastError, MergeConflicted, Store
from holdfast.testing.seams import rooms
from holdfast.upkeep.graph_fold import fold_graph
from tests.support.graphs import edge, paper, person, with_graph

#: a row by its type and key
Place = tuple[str, str | tuple[str, str]]
Row = dict[str, Any]
Rows = dict[Place, Row]

PEOPLE, PAPERS = ("ada", "bob eve"), ("p", "q")
ENDS = {"Wrote": ("Person", "Paper"), "Knows": ("Person", "Person"), "Leads": ("Person", "Paper")}
ON_DELETE = {"Wrote": "cascade", "Knows": "refuse", "Leads": "cascade"}
PROPERTIES = {"Person": ("name", "mail", "age"), "Paper": (), "Wrote": ("year",), "Knows": (), "Leads": ()}
VALUES = {
    "name": st.sampled_from([None, "Ada", "Bob"]),
    "mail": st.sampled_from([None, "m", "n"]),
    "age": st.sampled_from([None, 1, 2]),
    "year": st.sampled_from([None, 1843]),
}
NUMBERS = count()


def places() -> st.SearchStrategy[Place]:
    person, paper = st.sampled_from(PEOPLE), st.sampled_from(PAPERS)
    return st.one_of(
        st.tuples(st.just("Person"), person),
        st.tuples(st.just("Paper"), paper),
        st.tuples(st.sampled_from(["Wrote", "Leads"]), st.tuples(person, paper)),
        st.tuples(st.just("Knows"), st.tuples(person, person)),
    )


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, Place, dict[str, Any]]:
    """Draw a change of one row."""
    place = draw(places())
    kind = draw(st.sampled_from(["insert", "insert", "upsert", "update", "delete"]))
    names = draw(st.sets(st.sampled_from(PROPERTIES[place[0]]))) if PROPERTIES[place[0]] else set()
    return kind, place, {name: draw(VALUES[name]) for name in sorted(names)}


#: which branch of those that there are, and what is done on it
STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.one_of(
            st.lists(changes(), min_size=1, max_size=4),
            st.sampled_from(["fork", "fold", "reopen"]),
            st.tuples(st.just("merge"), st.integers(0, 2), st.sampled_from(["ours", "theirs"])),
        ),
    ),
    max_size=12,
)


class Refused(Exception):
    """Says that rows cannot be changed so."""


@dataclass
class Model:
    """What one branch shows, and has shown."""

    name: str
    rows: Rows
    head: int
    #: by commit, those of its base before the fork too
    past: dict[int, Rows] = field(default_factory=dict)


@dataclass
class World:
    """A store, and what its branches should show."""

    folder: Path
    store: Store
    models: list[Model]
    #: what each commit of any branch showed, and the commits that it was made of
    shown: dict[int, Rows] = field(default_factory=dict)
    parents: dict[int, list[int]] = field(default_factory=dict)

    def on(self, model: Model) -> Store:
        return self.store.branch(model.name)

    def committed(self, model: Model, seq: int, rows: Rows, *merged: int) -> None:
        if seq != model.head:
            self.parents[seq] = [model.head, *merged]
        model.rows, model.head = rows, seq
        model.past[seq] = self.shown[seq] = rows

    def history(self, seq: int) -> set[int]:
        """Return a commit and all that it has seen."""
        found, coming = set(), [seq]
        while coming:
            if (each := coming.pop()) not in found:
                found.add(each)
                coming += self.parents.get(each, [])
        return found

    def bases(self, one: int, other: int) -> list[int]:
        """Return the last commits that two have seen."""
        both = self.history(one) & self.history(other)
        return [each for each in both if not any(each in self.history(more) for more in both - {each})]


def changed(rows: Rows, kind: str, place: Place, values: dict[str, Any]) -> Rows:
    """Return rows with one of them changed; raises Refused."""
    there = rows.get(place)
    empty = dict.fromkeys(PROPERTIES[place[0]])
    if (there is None) is not (kind == "insert") and kind != "upsert":
        raise Refused
    if kind == "delete":
        return {each: row for each, row in rows.items() if each != place}
    return {**rows, place: {**(there if kind == "update" and there else empty), **values}}


def completed(rows: Rows, before: Rows) -> Rows:
    """Return rows without the edges that go with their nodes; raises Refused for what they break."""
    found = dict(rows)
    for (kind, key), _ in rows.items():
        missing = [end for end in zip(ENDS.get(kind, ()), key, strict=False) if kind in ENDS and end not in rows]
        if not missing:
            continue
        if ON_DELETE[kind] == "refuse" or not any(end in before for end in missing) or (kind, key) not in before:
            raise Refused
        del found[kind, key]
    check(found)
    return found


def check(rows: Rows) -> None:
    """Raise Refused for what rows break together."""
    mails = [row["mail"] for (kind, _), row in rows.items() if kind == "Person" and row["mail"] is not None]
    leaders = [key[0] for kind, key in rows if kind == "Leads"]
    ends = [end for kind, key in rows if kind in ENDS for end in zip(ENDS[kind], key, strict=True)]
    if len(set(mails)) < len(mails) or len(set(leaders)) < len(leaders) or any(end not in rows for end in ends):
        raise Refused


def together(base: Row | None, ours: Row | None, theirs: Row | None) -> Row | None:
    """Return what becomes of a row that both sides changed; None when they are in conflict."""
    if base is None or ours is None or theirs is None:
        return None
    if any(ours[name] not in (base[name], theirs[name]) and theirs[name] != base[name] for name in base):
        return None
    return {name: ours[name] if theirs[name] == base[name] else theirs[name] for name in base}


def merged(base: Rows, ours: Rows, theirs: Rows, prefer: str) -> tuple[Rows, bool]:
    """Return what two sides come to, and whether a conflict was settled on the way."""
    found: Rows = {}
    settled = False
    for place in {*base, *ours, *theirs}:
        b, o, t = (side.get(place) for side in (base, ours, theirs))
        row = o if t in (b, o) else t
        if t not in (b, o) and o != b:
            row = together(b, o, t)
            if row is None:
                row, settled = (o if prefer == "ours" else t), True
        if row is not None:
            found[place] = row
    return found, settled


def run(world: World, model: Model, step: Any) -> None:
    """Do one step on a branch and on its model, and compare what both say of it."""
    if isinstance(step, list):
        change(world, model, step)
    elif step == "fork":
        if len(world.models) < 3:
            name = f"b{next(NUMBERS)}"
            world.on(model).branches.create(name)
            world.models.append(Model(name, model.rows, model.head, dict(model.past)))
    elif step == "fold":
        fold_graph(rooms(world.store), thorough=True, least=1)
    elif step == "reopen":
        world.store.close()
        world.store = holdfast.open(world.folder)
    else:
        merge(world, model, world.models[step[1] % len(world.models)], step[2])


def change(world: World, model: Model, steps: list[tuple[str, Place, dict[str, Any]]]) -> None:
    """Make some changes in one transaction."""
    rows = model.rows
    try:
        for kind, place, values in steps:
            rows = changed(rows, kind, place, values)
        rows = completed(rows, model.rows)
    except Refused:
        with pytest.raises(HoldfastError), world.on(model).transaction() as tx:
            for each in steps:
                put(tx.graph, *each)
        return
    with world.on(model).transaction() as tx:
        for each in steps:
            put(tx.graph, *each)
    world.committed(model, world.on(model).commit_at().id, rows)


def put(graph: Any, kind: str, place: Place, values: dict[str, Any]) -> None:
    name, key = place
    if kind in ("update", "delete"):
        known = list(key) if isinstance(key, tuple) else key
        graph.delete(name, known) if kind == "delete" else graph.update(name, known, values)
        return
    made = edge(name, *key, **values) if isinstance(key, tuple) else paper(key) if name == "Paper" else person(key)
    getattr(graph, kind)({**made, **values})


def merge(world: World, model: Model, source: Model, prefer: Any) -> None:
    """Merge one branch into another; where both cannot be, nothing is changed."""
    bases = world.bases(model.head, source.head)
    if model is source or len(bases) > 1:
        return
    rows, settled = merged(world.shown[bases[0]], model.rows, source.rows, prefer)
    store = world.on(model)
    try:
        check(rows)
    except Refused:
        with pytest.raises(MergeConflicted):
            store.branches.merge(source.name, prefer=prefer)
        return
    if settled:
        with pytest.raises(MergeConflicted):
            store.branches.merge(source.name)
    report = store.branches.merge(source.name, prefer=prefer)
    assert bool(report.rows_settled) is settled
    world.committed(model, store.commit_at().id, rows, source.head)


def shown(found: list[GraphRow]) -> Rows:
    return {
        (row.type, tuple(row.key) if isinstance(row.key, list) else row.key): {
            name: row.values[name] for name in PROPERTIES[row.type]
        }
        for row in found
    }


def everything(graph: Any) -> list[GraphRow]:
    return [row for kind in PROPERTIES for row in graph.find(kind, limit=None)]


def compare(world: World) -> None:
    """Ask each branch in each way for what its model has."""
    for model in world.models:
        graph = world.on(model).graph
        assert shown(everything(graph)) == model.rows
        for kind in PROPERTIES:
            assert graph.count(kind) == sum(1 for each in model.rows if each[0] == kind)
        for name, wanted in (("name", "Ada"), ("mail", "m"), ("age", 1)):
            having = {key for (kind, key), row in model.rows.items() if kind == "Person" and row[name] == wanted}
            assert {row.key for row in graph.find("Person", {name: wanted})} == having
        for who in (each for each in PEOPLE if ("Person", each) in model.rows):
            wrote = {key[1] for kind, key in model.rows if kind == "Wrote" and key[0] == who}
            assert {each.row.key for each in graph.expand("Person", who, "Wrote>")} == wrote
    for model in world.models:
        for seq, rows in list(model.past.items())[-4:]:
            assert shown(everything(world.on(model).snapshot(seq).graph)) == rows


@settings(max_examples=15, deadline=None)
@given(steps=STEPS)
def test_branches_show_what_dictionaries_do(pristine: Path, steps: list[tuple[int, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(pristine, place := Path(folder, "kb"))
        world = World(place, with_graph(holdfast.open(place)), [Model("main", {}, 1, {1: {}})], {1: {}})
        try:
            for number, step in steps:
                run(world, world.models[number % len(world.models)], step)
            compare(world)
            assert world.store.maintenance.verify().ok
        finally:
            world.store.close()
