"""One or more documents of every command, that together have every key the command can print."""

import contextlib
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import holdfast
from holdfast import Source
from holdfast.errors import LockLost
from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from tests.support.claims import with_claims
from tests.support.command_line import Run
from tests.support.graphs import edge, paper, person, with_graph
from tests.support.json_work_samples import WORK_SAMPLES
from tests.support.modelserver import configure, serving

Sample = Callable[[Run, Store, Path], list[Any]]

#: more than is kept in the catalog
BLOB = b"line of a large file\n" * 5_000


def _lines(*commands: str) -> Sample:
    """Return a sample that runs command lines in a store with a few files and prints the last one's document."""

    def documents(run: Run, store: Store, scratch: Path) -> list[Any]:
        store.write("/a.md", "# A\n\nA token.")
        store.write("/d/b.md", "# B\n\nAnother token.")
        store.write("/d/b.md", "# B\n\nAnother token, changed.")
        return [run("--json", *command.split()).json for command in commands]

    return documents


def _changes(run: Run, store: Store, scratch: Path) -> list[Any]:
    store.write("/a.md", "# A")
    store.move("/a.md", "/b.md")
    return [json.loads(line) for line in run("changes", "--json").lines]


def _with_properties(run: Run, store: Store, scratch: Path) -> list[Any]:
    store.properties.set("/", {"rating": 4})
    return [run("--json", "props", "get", "/").json]


def _graph(*commands: str) -> Sample:
    """Return a sample of commands in a store with a small graph; each prints a document."""

    def documents(run: Run, store: Store, scratch: Path) -> list[Any]:
        with_graph(store)
        store.write("/notes.md", "# Notes")
        given = person("ada", name="Ada"), paper("notes"), edge("Wrote", "ada", "notes")
        store.graph.insert(*given, sources=[Source("/notes.md", lines=(1, 1), characters=(0, 7), quote="# Notes")])
        (scratch / "schema.yaml").write_text(
            "types: {Note: {properties: {id: {type: text, key: true}, n: optional int}}}"
        )
        return [
            run("--json", *shlex.split(line.replace("FILE", str(scratch / "schema.yaml")))).json for line in commands
        ]

    return documents


def _extract(run: Run, store: Store, scratch: Path) -> list[Any]:
    with_graph(store)
    store.write("/resources/notes.md", "Ada wrote notes.")
    answer = json.dumps({"rows": [{"type": "Person", "handle": "ada"}]})
    with serving(lambda asked, call: answer) as server:
        configure(Path(store.address), server)
        return [run("--json", "graph", "extract", "--wait").json]


def _load(run: Run, store: Store, scratch: Path) -> list[Any]:
    with_graph(store)
    file = scratch / "rows.jsonl"
    file.write_text('{"type": "Person", "handle": "ada"}\n{"type": "Person", "handle": "bob", "age": "old"}\n')
    return [run("--json", "graph", "load", str(file), "--dry-run").json, _loaded(run, file)]


def _loaded(run: Run, file: Path) -> Any:
    file.write_text('{"type": "Person", "handle": "ada"}\n')
    return run("--json", "graph", "load", str(file)).json


def _evaluated(run: Run, store: Store, scratch: Path) -> list[Any]:
    queries = scratch / "queries.jsonl"
    queries.write_text('{"query": "token", "wanted": ["/nowhere.md"]}\n', "utf-8")
    return [run("eval", queries, "--against", "mode=text", "--json").json]


def _row_search(run: Run, store: Store, scratch: Path) -> list[Any]:
    with_claims(store)
    store.write("/notes.md", "# Notes")
    whole = Source("/notes.md", lines=(1, 1), characters=(0, 7), quote="# Notes")
    for kind in store.graph.schema().live:
        for row in store.graph.find(kind.name):
            store.graph.cite(kind.name, row.key, whole)
    asked = "--json graph search lease lock --type Claim --explain --along SupportedBy>"
    return [run(*shlex.split(asked)).json]


def _export(run: Run, store: Store, scratch: Path) -> list[Any]:
    with_graph(store)
    store.graph.insert(person("ada"), paper("notes"))
    return [{"type": json.loads(line)["type"]} for line in run("graph", "export", "--json").lines]


def _import(run: Run, store: Store, scratch: Path) -> list[Any]:
    file, wrong = scratch / "graph.jsonl", scratch / "wrong.jsonl"
    with holdfast.create(scratch / "other") as other:
        with_graph(other).graph.insert(person("ada", age=36))
        other.graph.export_to(file)
    wrong.write_text(file.read_text().replace("36", '"old"'))
    return [run("--json", "graph", "import", str(wrong), "--dry-run").json, run("--json", "graph", "import", file).json]


def _tagged(command: str) -> Sample:
    """Return a sample of a command in a store that has a tag `v1`."""

    def documents(run: Run, store: Store, scratch: Path) -> list[Any]:
        store.tags.create("v1")
        return [run("--json", *command.split()).json]

    return documents


def _init(run: Run, store: Store, scratch: Path) -> list[Any]:
    return [run("init", scratch / "new", "--json").json]


def _add(run: Run, store: Store, scratch: Path) -> list[Any]:
    (scratch / "good.md").write_text("# Good")
    (scratch / "folder").mkdir()
    (scratch / "folder" / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    added = run("add", scratch / "good.md", scratch / "missing.md", scratch / "folder", "--json").json
    (scratch / "emptied").mkdir()
    (scratch / "emptied" / "only.md").write_text("# Only")
    run("add", scratch / "emptied")
    (scratch / "emptied" / "only.md").unlink()
    return [added, run("add", scratch / "emptied", "--prune", "--json").json]


def _journal(run: Run, store: Store, scratch: Path) -> list[Any]:
    store.write("/big.txt", BLOB)
    return [run("journal", "--all", "--json").json]


def _damaged(command: str) -> Sample:
    """Return a sample of a command on a store that has lost a blob."""

    def documents(run: Run, store: Store, scratch: Path) -> list[Any]:
        store.write("/big.bin", bytes(range(256)) * 1_000)
        for blob in (Path(store.address) / "blobs").rglob("*"):
            if blob.is_file():
                blob.unlink()
        return [run(command, "--json").json]

    return documents


def _locks(run: Run, store: Store, scratch: Path) -> list[Any]:
    with store.lock("/resources"):
        return [run("locks", "list", "--json").json]


def _break(run: Run, store: Store, scratch: Path) -> list[Any]:
    with contextlib.suppress(LockLost), store.lock("/resources"):
        return [run("locks", "break", "/resources", "--force", "--json").json]
    raise AssertionError("unreachable")


def _reindex(run: Run, store: Store, scratch: Path) -> list[Any]:
    page = store.write("/page.html", "<h1>A page</h1>") and store.stat("/page.html").content_id
    with rooms(store).engine.write() as conn:
        # As if an older version had been able to read what is no text to this one.
        conn.run("UPDATE contents SET media_type = 'application/pdf' WHERE content_id = :id", {"id": page})
    return [run("reindex", "--json").json]


def _on_draft(command: str) -> Sample:
    """Return a sample of a command in a store that has a branch `draft`."""

    def documents(run: Run, store: Store, scratch: Path) -> list[Any]:
        store.branches.create("draft")
        return [run("--json", *command.split()).json]

    return documents


def _branch_diff(run: Run, store: Store, scratch: Path) -> list[Any]:
    store.write("/a.md", "# A")
    run("branch", "create", "draft")
    run("--branch", "draft", "write", "/a.md", "--text", "# B")
    return [run("branch", "diff", "main", "draft", "--patch", "--json").json]


def _merged(line: str) -> Sample:
    def sample(run: Run, store: Store, scratch: Path) -> list[Any]:
        run("branch", "create", "draft")
        run("--branch", "draft", "write", "/a.md", "--text", "# B")
        store.write("/a.md", "# C")
        ways: tuple[list[str], ...] = ([], ["--prefer", "theirs"])
        return [run(*line.split(), "draft", *way, "--json").json for way in ways]

    return sample


SAMPLES: dict[str, Sample] = {
    "error": _lines("cat /nix"),
    "init": _init,
    "config": _lines("config"),
    "add": _add,
    "search": _lines("search token --explain"),
    "eval": _evaluated,
    "ls": _lines("ls /"),
    "tree": _lines("tree"),
    "stat": _lines("stat /a.md"),
    "glob": _lines("glob **"),
    "cat": _lines("cat /a.md", "cat --raw /a.md"),
    "grep": _lines("grep token"),
    "write": _lines("write /c --text x"),
    "edit": _lines("edit /a.md token coin"),
    "mkdir": _lines("mkdir /e"),
    "cp": _lines("cp /a.md /c.md"),
    "mv": _lines("mv /a.md /c.md"),
    "rm": _lines("rm /a.md"),
    "log": _lines("log"),
    "show": _lines("show"),
    "diff": _lines("diff 1 --patch"),
    "merge": _merged("merge"),
    "changes": _changes,
    "restore": _lines("restore /d/b.md --at 3"),
    "undo": _lines("undo", "undo 2", "undo 5"),
    "verify": _damaged("verify"),
    "doctor": _damaged("doctor"),
    "repair": _damaged("repair"),
    "gc": _lines("gc"),
    "optimize": _lines("optimize"),
    "reindex": _reindex,
    "journal": _journal,
    "props get": _with_properties,
    "props set": _lines("props set /a.md rating=4"),
    "graph get": _graph("graph get Person ada"),
    "graph find": _graph("graph find Person"),
    "graph expand": _graph("graph expand Person ada --along 'Wrote>'"),
    "graph search": _row_search,
    "graph why": _graph("graph why Person ada"),
    "graph rests-on": _graph("graph rests-on /notes.md"),
    "graph cite": _graph("graph cite Paper notes --source notes.md"),
    "graph extract": _extract,
    "graph sql": _graph("graph sql 'SELECT handle, name FROM Person'"),
    "graph cypher": _graph("graph cypher 'MATCH (p:Person) RETURN p.handle'"),
    "graph insert": _graph("graph insert Person handle=bob"),
    "graph update": _graph("graph update Person ada --set age=27"),
    "graph delete": _graph("graph delete Wrote ada notes"),
    "graph load": _load,
    "graph import": _import,
    "graph export": _export,
    "graph schema": _graph("graph schema", "graph schema plan FILE", "graph schema apply FILE"),
    "tag list": _tagged("tag list"),
    "tag create": _lines("tag create v1 --at 2"),
    "tag delete": _tagged("tag delete v1"),
    "branch list": _lines("branch list"),
    "branch create": _lines("branch create draft"),
    "branch rename": _on_draft("branch rename draft final"),
    "branch delete": _on_draft("branch delete draft"),
    "branch diff": _branch_diff,
    "branch merge": _merged("branch merge"),
    "locks list": _locks,
    "locks break": _break,
} | WORK_SAMPLES
