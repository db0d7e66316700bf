"""Log, folds and loads together, on two branches, against dictionaries: every commit shows what it showed."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import holdfast
from holdfast import Conflict, Store
from holdfast.graph.loading import loading
from holdfast.recovery.gc import gc
from holdfast.recovery.verify import verify
from holdfast.testing.seams import rooms
from holdfast.upkeep.graph_fold import fold_graph
from tests.support.graphs import person, with_graph

KEYS = ("a", "it's", 'q"', "é")
ROWS = st.dictionaries(st.sampled_from(KEYS), st.one_of(st.none(), st.integers(0, 2)), min_size=1)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("put", "delete", "append", "merge", "overwrite", "fold", "gc")), st.sampled_from((0, 1)), ROWS
    ),
    max_size=8,
)
#: what a branch shows: ages by key
Model = dict[str, int | None]


def table(rows: Model) -> pa.Table:
    return pa.table({"handle": [*rows], "age": pa.array(rows.values(), pa.int64())})


def step(store: Store, model: Model, name: str, rows: Model) -> Model:
    """Do one thing to a branch, and return what it shows afterwards."""
    if name == "put":
        store.graph.upsert(*(person(key, age=age) for key, age in rows.items()))
        return model | rows
    if name == "delete":
        gone = rows.keys() & model.keys()
        store.graph.delete("Person", *sorted(gone))
        return {key: age for key, age in model.items() if key not in gone}
    if name == "append" and rows.keys() & model.keys():
        with pytest.raises(Conflict):
            store.graph.load(table(rows), type="Person")
        return model
    store.graph.load(table(rows), type="Person", mode=name)  # type: ignore[arg-type]
    return rows if name == "overwrite" else model | rows


def shown(graph: Any) -> tuple[Any, ...]:
    rows = graph.find("Person", limit=None)
    return (
        {row.key: row["age"] for row in rows},
        {row.key: row.commit for row in rows},
        {key: graph.get("Person", key)["age"] for key in sorted(row.key for row in rows)},
        graph.count("Person"),
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_what_is_read_is_what_was_written_however_it_is_stored(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, int, Model]]
) -> None:
    monkeypatch.setattr(loading, "FEW_ROWS", 0)
    components = holdfast.Components(upkeep=False)
    folder = tmp_path_factory.mktemp("model") / "kb"
    holdfast.create(folder).close()
    with holdfast.open(folder, components=components) as store:
        with_graph(store).graph.insert(person("a", age=1))
        store.branches.create("try")
        views, models = [store, store.branch("try")], [Model(a=1), Model(a=1)]
        known: dict[tuple[int, int], tuple[Any, ...]] = {}
        for name, side, rows in steps:
            if name == "fold":
                fold_graph(rooms(store), thorough=True, least=1)
            elif name == "gc":
                gc(rooms(store))
            else:
                models[side] = step(views[side], models[side], name, rows)
            for number, view in enumerate(views):
                found = shown(view.graph)
                assert (found[0], found[3]) == (models[number], len(models[number]))
                known[number, next(view.log()).id] = found
        for (number, seq), found in known.items():
            assert shown(views[number].snapshot(seq).graph) == found
        assert verify(rooms(store), deep=True).problems == ()
