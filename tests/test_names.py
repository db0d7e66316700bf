"""Names in the source: one thing has one name."""

import ast
from collections import Counter
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src"


def test_no_two_classes_have_one_name() -> None:
    trees = (ast.parse(file.read_text("utf-8")) for file in SOURCE.rglob("*.py"))
    names = Counter(node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert len(names) > 300
    assert not [name for name, times in names.items() if times > 1]
