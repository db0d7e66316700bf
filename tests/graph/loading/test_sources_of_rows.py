"""Rows that are loaded rest on what the source says of them, few or many."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from holdfast import HoldfastError, InvalidRow, Store
from holdfast.graph.loading.loading import FEW_ROWS
from tests.support.graphs import person, with_graph


@pytest.fixture
def library(store: Store) -> Store:
    """Return a store with the small graph's types and a file."""
    store.write("/notes.md", "# Notes")
    return with_graph(store)


def lines(folder: Path, *rows: object) -> str:
    file = folder / "rows.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(file)


def test_a_line_says_what_its_row_rests_on(library: Store, tmp_path: Path) -> None:
    given = [{"path": "/notes.md", "lines": [1, 1], "quote": "# Notes"}]
    library.graph.load(lines(tmp_path, {**person("ada"), "sources": given}, person("bob")))
    [each] = library.graph.why("Person", "ada")
    assert (each.state, each.source.lines, each.source.node) == ("current", (1, 1), library.stat("/notes.md").id)
    assert library.graph.why("Person", "bob") == []
    library.graph.load(lines(tmp_path, person("ada", name="Ada")), mode="merge")
    assert library.graph.why("Person", "ada") == []


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_line_whose_source_is_not_there_is_told_of_and_nothing_is_loaded(
    library: Store, tmp_path: Path, dry_run: bool
) -> None:
    file = lines(tmp_path, person("ada"), {**person("bob"), "sources": ["/none.md"]}, {**person("c"), "sources": 3})
    if dry_run:
        report = library.graph.load(file, dry_run=True)
        assert sorted((bad.line, bad.field) for bad in report.bad) == [(2, "sources"), (3, "sources")]
    else:
        with pytest.raises(InvalidRow):
            library.graph.load(file)
    assert library.graph.count("Person") == 0


def test_many_rows_are_found_by_what_they_rest_on(library: Store) -> None:
    names = [f"p{n}" for n in range(FEW_ROWS + 5)]
    resting = [["/notes.md"] if n % 100 == 0 else None for n in range(len(names))]
    library.graph.load({"Person": pa.table({"handle": names, "sources": resting})})
    assert [each.state for each in library.graph.why("Person", "p100")] == ["current"]
    assert library.graph.why("Person", "p101") == []
    assert len(library.graph.rests_on("/notes.md", limit=None)) == len(resting[::100])
    library.graph.load({"Person": pa.table({"handle": names})}, mode="overwrite")
    assert library.graph.rests_on("/notes.md") == []


def test_what_a_load_that_failed_noted_of_its_sources_is_seen_by_nobody(library: Store) -> None:
    names = [f"p{n}" for n in range(FEW_ROWS + 5)]
    table = pa.table({"handle": [*names, "p0"], "sources": [["/notes.md"]] * (len(names) + 1)})
    with pytest.raises(HoldfastError, match="twice"):
        library.graph.load({"Person": table})
    library.graph.insert(person("p1"))
    assert library.graph.rests_on("/notes.md") == library.graph.rests_on("/") == library.graph.why("Person", "p1") == []
    assert library.maintenance.verify().ok
    library.maintenance.gc()
    library.graph.load({"Person": table.slice(0, len(names))}, mode="overwrite")
    assert len(library.graph.rests_on("/notes.md", limit=None)) == len(names)
