"""Processes that write the graph at once, beside folds: all disjoint rows land, and of one unique value one."""

from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast import Components
from holdfast.recovery.verify import verify
from holdfast.testing.seams import rooms
from holdfast.upkeep import graph_copies
from holdfast.upkeep.graph_fold import fold_graph
from tests.support.graphs import person, with_graph
from tests.support.processes import Child

WRITERS, ROWS = 8, 2
WRITE = """
with holdfast.open(sys.argv[1], components=holdfast.Components(upkeep=False)) as store:
    me = sys.argv[2]
    say("ready")
    hear()
    for number in range(int(sys.argv[3])):
        store.graph.insert({"type": "Person", "handle": f"{me}-{number}", "mail": f"{me}-{number}@example.org"})
        store.graph.insert({"type": "Knows", "from": f"{me}-{number}", "to": "first"})
    try:
        store.graph.insert({"type": "Person", "handle": f"unique {me}", "mail": "one@example.org"})
        say("won")
    except holdfast.Conflict:
        say("lost")
"""


def test_disjoint_rows_of_eight_processes_all_land_and_one_has_the_unique_value(
    tmp_path: Path, child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_copies, "LEAST_ROWS", 1)
    holdfast.create(tmp_path / "kb").close()
    with holdfast.open(tmp_path / "kb", components=Components(upkeep=False)) as store:
        with_graph(store).graph.insert(person("first"))
        writers = [child(WRITE, tmp_path / "kb", f"w{number}", ROWS) for number in range(WRITERS)]
        assert [each.hear() for each in writers] == ["ready"] * WRITERS
        for each in writers:
            each.say()
        while any(each.process.poll() is None for each in writers):
            fold_graph(rooms(store), thorough=True, least=1)
            graph_copies.tend(rooms(store))
        assert sorted(each.finish() for each in writers) == ["lost"] * (WRITERS - 1) + ["won"]
        written = [f"w{writer}-{number}" for writer in range(WRITERS) for number in range(ROWS)]
        for _ in range(2):
            there = {row.key for row in store.graph.find("Person", limit=None)}
            assert {key for key in there if not key.startswith("unique")} == {"first", *written}
            assert len(store.graph.find("Person", mail="one@example.org")) == 1
            assert [row.key for row in store.graph.find("Knows", to="first", limit=None)] == [
                [key, "first"] for key in sorted(written)
            ]
            fold_graph(rooms(store), thorough=True, least=1)
        assert not verify(rooms(store), deep=True).problems
