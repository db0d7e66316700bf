"""How often tests reach behind what a store or a room offers: each such place breaks when its inside is changed."""

import ast
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
#: places that reach for a private name, at most: what is left has no seam that would be worth its name
MOST = 19
#: Python's own names with an underscore, documented as public
OF_PYTHON = {"_exit", "_getframe", "_replace"}
#: calls that take the name of an attribute as text
BY_NAME = {"setattr", "delattr", "getattr"}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in OF_PYTHON


def reached(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each private name that is not the file's own object's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                yield node.lineno, node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, alias.name) for alias in node.names if is_private(alias.name))
        elif isinstance(node, ast.Call) and called(node) in BY_NAME:
            texts = (each.value for each in node.args if isinstance(each, ast.Constant))
            names = (text.rpartition(".")[2] for text in texts if isinstance(text, str))
            yield from ((node.lineno, name) for name in names if is_private(name))


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_tests_reach_for_few_private_names() -> None:
    found = [
        f"{file.relative_to(HERE)}:{line} {name}"
        for file in sorted(HERE.rglob("*.py"))
        for line, name in sorted(reached(ast.parse(file.read_text("utf-8"))))
    ]
    remedy = "use `components=`, `holdfast.testing.rooms`, or what the room offers by a public name"
    assert len(found) <= MOST, "\n".join([remedy, *found])


def test_every_way_to_reach_is_counted() -> None:
    code = """
from holdfast.room import _inside
store._backend.engine
monkeypatch.setattr("holdfast.room._LIMIT", 1)
patch.setattr(room, "_publish", slow)
self._mine
os._exit(1)
"""
    assert len([*reached(ast.parse(code))]) == 4


def test_conftest_files_hold_fixtures_only() -> None:
    """Helpers are imported by name from tests/support."""
    for file in HERE.rglob("conftest.py"):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                decorators = " ".join(map(ast.unparse, node.decorator_list))
                assert "fixture" in decorators, f"{file.relative_to(HERE)}: {node.name} is no fixture"
