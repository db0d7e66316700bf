"""The house rules that the source can be asked about."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
#: more than anybody keeps apart without names
MAX_ARGUMENTS = 6
MAX_SKIPPED = 10
MAX_LINES = 399
#: one class with a method for each thing that a user does to the tree; and three lists of all that users can name
LONGER = {"store.py": 450}
MAX_FILES = 16
#: columns, one after another
SCHEMA = ("catalog/schema/", "catalog/migrations/")
#: called with more than six all the same: one passes on what `add` was given, two are other people's
MANY = {"notices", "datetime"}

#: who may say which branch is meant; everybody else is told
CHOOSES_MAIN = {
    "catalog/branches.py": "says what it is",
    "opening.py": "the first commit of a store is on it",
    "front/store.py": "what is on it need not say so",
    "front/opening.py": "a store is opened on it unless told",
    "front/async_store.py": "so it is for asyncio",
    "front/branches.py": "it can neither be renamed nor deleted",
    "ingest/plan.py": "a plan that only prepares adds to none",
    "testing/seams.py": "what a test publishes is on it",
    "catalog/showing.py": "what its head shows is asked exactly, of the others at once and on the safe side",
}


def nodes() -> Iterator[tuple[str, ast.AST]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.expr | ast.stmt):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def calls() -> Iterator[tuple[str, ast.Call]]:
    return ((at, node) for at, node in nodes() if isinstance(node, ast.Call) and not any(each in at for each in SCHEMA))


def makes_a_record(call: ast.Call) -> bool:
    """Whether a class is called: its fields have names, and a record may have many."""
    return ast.unparse(call.func).rpartition(".")[2].lstrip("_")[:1].isupper()


def fields_of(record: ast.ClassDef) -> int:
    return sum(
        isinstance(each, ast.AnnAssign) and "init=False" not in ast.unparse(each.value or each.target)
        for each in record.body
    )


def test_no_call_has_more_arguments_than_can_be_told_apart() -> None:
    assert not [at for at, call in calls() if len(call.args) > MAX_ARGUMENTS]


def test_what_takes_more_takes_a_record() -> None:
    many = [(at, call) for at, call in calls() if len(call.args) + len(call.keywords) > MAX_ARGUMENTS]
    assert not [at for at, call in many if not makes_a_record(call) and ast.unparse(call.func) not in MANY]


def test_few_layouts_are_made_by_hand() -> None:
    mark = "# fmt: " + "skip"
    files = [path for folder in ("src", "tests", "bench") for path in (ROOT / folder).rglob("*.py")]
    assert sum(path.read_text("utf-8").count(mark) for path in files) <= MAX_SKIPPED
    assert not [path for path in files if "# fmt: " + "off" in path.read_text("utf-8")]


def test_a_class_has_a_name_of_its_own() -> None:
    found = defaultdict(list)
    for at, node in nodes():
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            found[node.name].append(at)
    assert not {name: places for name, places in found.items() if len(places) > 1}


def test_a_file_fits_in_the_head() -> None:
    # A migration is never changed and never split.
    kept = [path for path in SOURCES if path.parent.name != "migrations"]
    assert not [
        str(path) for path in kept if len(path.read_text("utf-8").splitlines()) > LONGER.get(path.name, MAX_LINES)
    ]


def test_a_folder_fits_on_a_screen() -> None:
    folders = Counter(path.parent for path in SOURCES)
    assert not [str(folder) for folder, files in folders.items() if files > MAX_FILES]


def test_a_branch_is_passed_in_and_not_assumed() -> None:
    naming = [at for at, node in nodes() if isinstance(node, ast.Name) and node.id == "MAIN"]
    assert {at.removeprefix("src/holdfast/").partition(":")[0] for at in naming} <= CHOOSES_MAIN.keys()
