"""Heavy imports stay out of what does not need them: half a second of Lance is more than `holdfast ls` takes."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import holdfast
from holdfast.front.store import Store
from holdfast.host.importing import LIBRARIES

HEAVY = (
    "alembic",
    "joblib",
    "lance",
    "model2vec",
    "numpy",
    "openai",
    "pyarrow",
    "pydantic",
    "pypdfium2",
    "rich",
    "sqlalchemy",
    "xberg",
)
READING = (
    ["ls", "-l", "/"], ["tree", "/"], ["stat", "/notes/a.md"], ["glob", "/**/*.md"], ["cat", "/notes/a.md"],
    ["grep", "lease", "/"], ["log"], ["show"], ["diff", "1"], ["ls", "--json", "/notes"],
)  # fmt: skip


#: what a search needs nothing of; all of it came with something else that it needs
NEVER_FOR_A_SEARCH = (
    "alembic", "asyncio", "concurrent.futures.process", "huggingface_hub", "joblib", "model2vec", "multiprocessing",
    "numpy.ma", "numpy.random", "openai", "pandas", "pyarrow.parquet", "pydantic", "rich", "sklearn", "sqlalchemy",
    "torch", "tqdm", "xberg",
)  # fmt: skip
SOURCE = Path(holdfast.__file__).parent
#: modules with heavy imports at their top, and their names; they are imported behind the gate themselves
BEHIND_THE_GATE = (
    "graph/querying/columns.py",
    "graph/sources/batches.py",
    "graph/sources/files.py",
    "graph/sources/lines.py",
    "graph/sources/reading.py",
    "graph/sources/several.py",
    "index/embedding/sentence_encoder.py",
    "index/embedding/static_model.py",
    "index/embedding/wordpieces.py",
    "rows/arrow/columns.py",
    "rows/arrow/resting.py",
    "rows/arrow/single.py",
    "rows/arrow/stored.py",
    "rows/arrow/tables.py",
    "rows/arrow/written.py",
)
MODULES_BEHIND = tuple(f"holdfast.{each.removesuffix('.py').replace('/', '.')}" for each in BEHIND_THE_GATE)


def heavy_after(code: str, heavy: tuple[str, ...] = HEAVY) -> set[str]:
    """Return which heavy modules a new interpreter has imported after running `code`."""
    asked = f"import sys\n{code}\nimport json\nprint()\nprint(json.dumps([m for m in {heavy!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert heavy_after("import holdfast") == set()


@pytest.mark.parametrize("command", READING, ids=lambda command: command[0])
def test_a_reading_command_imports_nothing_heavy(command: list[str], store: Store, folder: Path) -> None:
    store.write("/notes/a.md", "a lease")
    store.close()
    run = f"from holdfast.cli import main\nassert main({[*command, '--store', str(folder)]!r}) == 0"
    assert heavy_after(run) == set()


@pytest.mark.parametrize("tail", [True, False])
def test_a_search_imports_only_what_it_asks(tail: bool, store: Store, folder: Path) -> None:
    store.write("/notes/a.md", "a lease of a token")
    if not tail:
        store.maintenance.optimize()
    store.close()
    asked = ["search", "-n", "3", "--mode", "hybrid", "token", "--store", str(folder)]
    run = f"from holdfast.cli import main\nassert main({asked!r}) == 0"
    # Lance brings pyarrow.dataset, and that pandas where it is installed; NumPy before 2 brings more of itself.
    assert heavy_after(run, NEVER_FOR_A_SEARCH) - heavy_after("import lance", NEVER_FOR_A_SEARCH) == set()


def test_a_search_imports_nothing_of_what_jobs_are_done_with(store: Store, folder: Path) -> None:
    run = f"from holdfast.cli import main\nassert main(['search', 'token', '--store', {str(folder)!r}]) == 0"
    assert (
        heavy_after(run, ("holdfast.front.builtin_jobs", "holdfast.digest.extractive", "holdfast.sessions.merging"))
        == set()
    )


#: rooms for what few processes do; a record of each costs every process the time of making its class
ROOMS_FOR_FEW = (
    "holdfast.jobs.worker",
    "holdfast.publish.merging",
    "holdfast.recovery.litter",
    "holdfast.rows",
    "holdfast.sessions.session",
    "holdfast.tree.merging.planning",
    "holdfast.upkeep.indexes",
)


def test_a_store_that_is_opened_to_read_imports_nothing_of_what_merges_works_or_tends(
    store: Store, folder: Path
) -> None:
    store.write("/notes/a.md", "a lease")
    store.close()
    read = f"import holdfast\nwith holdfast.open({str(folder)!r}) as store: store.read('/notes/a.md')"
    assert heavy_after(read, ROOMS_FOR_FEW) == set()


def test_heavy_libraries_are_imported_through_the_gate() -> None:
    """Anywhere else, a second thread could meet a module that a first one has half imported."""
    loose = [
        f"{file.relative_to(SOURCE)}:{node.lineno}"
        for file in sorted(SOURCE.rglob("*.py"))
        if file.relative_to(SOURCE).as_posix() not in BEHIND_THE_GATE and "testing" not in file.parts
        for node in _ungated(ast.parse(file.read_text()))
    ]
    assert loose == []


def _ungated(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            if any(name.partition(".")[0] in LIBRARIES or name in MODULES_BEHIND for name in names):
                yield node
        elif not _is_gate(node):
            yield from _ungated(node)


def _is_gate(node: ast.AST) -> bool:
    if isinstance(node, ast.With):
        return any(ast.unparse(item.context_expr) == "importing()" for item in node.items)
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


OPERATIONS = {
    "search": "store.search('lease', mode='text')",
    "by meaning": "store.search('lease', mode='vector')",
    "write": "store.write('/new/%d.md' % number, 'lease %d' % number)",
    "add": "store.add(source, to='/added/%d' % number, workers=1)",
    "verify": "store.maintenance.verify(deep=True)",
    "gc": "store.maintenance.gc()",
    "optimize": "store.maintenance.optimize()",
    "embed": "store._shared.reader.embedder.encode(['lease'])",
}
#: ways into Lance, each by another of its modules
DOORS = {
    "open": "table.open(1)",
    "stage": "table.stage(table.shape.schema.empty_table())",
    "attach": "table.attach(1, StagedRows(('{}',), (), 0))",
    "delete": "table.delete_ids(1, ['none'])",
    "query": "Lookup(table).text_candidates(1, ['lease'], 5)",
}
TOGETHER = """
import sys, threading, holdfast
from holdfast.testing.seams import rooms
from holdfast.index.lance.lookup import Lookup
from holdfast.index.lance.table import StagedRows
# Threads take turns more often than they would: what can go wrong between two of them goes wrong.
sys.setswitchinterval(1e-5)
folder, source, operations, first = sys.argv[1], sys.argv[2], sys.argv[4:], int(sys.argv[3])
operations = operations[first:] + operations[:first]
store, failed = holdfast.open(folder), []
table = rooms(store).tables.live.table
table.shape.schema
start = threading.Barrier(len(operations))
def run(number, code):
    start.wait()
    try:
        exec(code, {**globals(), "number": number})
    except (ImportError, RuntimeError) as error:
        failed.append((code, repr(error)))
    except Exception:
        if "table." not in code: raise
threads = [threading.Thread(target=run, args=each) for each in enumerate(operations)]
for thread in threads: thread.start()
for thread in threads: thread.join()
store.close()
assert not failed, failed
"""


@pytest.mark.parametrize("first", range(3))
@pytest.mark.parametrize("operations", [OPERATIONS, DOORS], ids=["operations", "doors"])
def test_many_threads_may_do_their_first_thing_at_once(
    operations: dict[str, str], first: int, store: Store, folder: Path, tmp_path: Path
) -> None:
    store.write("/notes/a.md", "a lease of a token")
    store.maintenance.optimize()
    store.close()
    source = tmp_path / "source.md"
    source.write_text("a lease to add")
    asked = [sys.executable, "-c", TOGETHER, str(folder), str(source), str(first), *operations.values()]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_opening_and_reading_a_store_imports_nothing_heavy(store: Store, folder: Path) -> None:
    store.write("/notes/a.md", "a lease")
    store.close()
    assert (
        heavy_after(
            f"import holdfast\n"
            f"with holdfast.open({str(folder)!r}) as store:\n"
            f"    assert store.read('/notes/a.md') == b'a lease' and store.ls('/')\n"
        )
        == set()
    )
