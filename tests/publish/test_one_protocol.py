"""The protocol is written once: only the publish room begins and ends intents, moves pins, and tries again."""

import ast
from collections.abc import Iterator
from pathlib import Path

import holdfast
from holdfast.catalog import intents, pins

SOURCE = Path(holdfast.__file__).parent
#: who writes the statements, and who alone may run them
CATALOG, PUBLISH = "catalog", "publish"
#: functions that begin or end an intent, or say at which version a table is read
KEPT_TO_ONE_ROOM = {
    "intents": {"begin", "finish", "end_swept", "set_aside"},
    "pins": {"move", "forget_former"},
}


def nodes() -> Iterator[tuple[str, ast.AST]]:
    """Yield the room and the node of everything that is said in the source, but for the catalog's."""
    for file in SOURCE.rglob("*.py"):
        room = file.relative_to(SOURCE).parts[0].removesuffix(".py")
        if room != CATALOG:
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                yield room, node


def uses() -> Iterator[tuple[str, str]]:
    """Yield the room and the name of every use of such a function, however it was imported."""
    for room, node in nodes():
        for name in named(node):
            yield room, name


def named(node: ast.AST) -> Iterator[str]:
    """Yield `module.function` where a node mentions one of the functions."""
    for module, functions in KEPT_TO_ONE_ROOM.items():
        if isinstance(node, ast.Attribute) and node.attr in functions and ast.unparse(node.value).endswith(module):
            yield f"{module}.{node.attr}"
        if isinstance(node, ast.ImportFrom) and node.module == f"holdfast.catalog.{module}":
            yield from (f"{module}.{alias.name}" for alias in node.names if alias.name in functions)


def test_intents_begin_and_end_and_pins_move_in_one_room() -> None:
    assert {room for room, _ in uses()} == {PUBLISH}


def test_what_no_longer_fits_is_tried_again_by_one_rule() -> None:
    caught = [
        room
        for room, node in nodes()
        if isinstance(node, ast.ExceptHandler) and node.type is not None and "StagingOutdated" in ast.unparse(node.type)
    ]
    assert set(caught) == {PUBLISH}


def test_each_of_them_is_called_in_one_room_at_least() -> None:
    assert {name for _, name in uses()} == {
        f"{module}.{name}" for module, names in KEPT_TO_ONE_ROOM.items() for name in names
    }


def test_the_functions_are_those_of_the_catalog() -> None:
    for module, functions in ((intents, KEPT_TO_ONE_ROOM["intents"]), (pins, KEPT_TO_ONE_ROOM["pins"])):
        assert all(callable(getattr(module, name)) for name in functions)
