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


def test_a_file_whose_name_says_nothing_is_loaded_when_its_format_is_said(
    store: Store, run: Run, tmp_path: Path
) -> None:
    library = with_graph(store)
    (tmp_path / "rows").write_text("handle\nada\n5,5\n")
    (tmp_path / "more").write_text("handle\nbea\n")
    said = ["--type", "Person", "--dry-run", str(tmp_path / "more"), str(tmp_path / "rows")]
    assert "--format" in run("graph", "load", *said).err
    told = run("graph", "load", "--format", "csv", *said).out
    assert f"{tmp_path / 'rows'}, line 3: it has 2 fields" in told
    (tmp_path / "rows").write_text("handle\nada\n")
    run("graph", "load", "--format", "csv", "--type", "Person", str(tmp_path / "rows"))
    assert library.graph.count("Person") == 1
