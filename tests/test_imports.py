"""Heavy imports stay out of what does not need them: half a second of Lance is more than `holdfast ls` takes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.store import Store

HEAVY = (
    "alembic",
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


def heavy_after(code: str) -> set[str]:
    """Return which heavy modules a new interpreter has imported after running `code`."""
    asked = f"import sys\n{code}\nimport json\nprint()\nprint(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
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
