"""What rows rest on, on the command line."""

from pathlib import Path

from holdfast import Store
from tests.support.command_line import Run
from tests.support.graphs import person, with_graph


def test_what_is_exported_is_loaded_again_with_its_sources(store: Store, run: Run, tmp_path: Path) -> None:
    library = with_graph(store)
    library.write("/notes.md", "# Notes")
    library.graph.insert(person("ada"), sources=[("/notes.md", (1, 1)), "/notes.md"])
    library.write("/notes.md", "rewritten")
    told = [each.state for each in library.graph.why("Person", "ada")]
    exported = run("graph", "export").out
    (tmp_path / "rows.jsonl").write_text(exported)
    library.graph.delete("Person", "ada")
    library.graph.load(str(tmp_path / "rows.jsonl"))
    assert [each.state for each in library.graph.why("Person", "ada")] == told == ["changed", "changed"]
    assert run("graph", "export").out == exported
