"""Blocks whose end no interrupt can skip: what takes something is one, and `contextlib.contextmanager` makes none."""

import ast
from pathlib import Path

import pytest

import holdfast
from holdfast.host.held import held
from tests.support.interrupts import interrupted

#: what `contextmanager` may make: blocks that only say an error in other words, measure, or show; nothing is given back
HOLDING_NOTHING = {
    "_as_catalog_errors", "_file", "_opened", "_timed", "at_the_commit", "bar", "internal_transaction", "observing",
    "reading", "reading_source", "stage", "translated", "writing",
}  # fmt: skip


def test_what_takes_something_and_gives_it_back_is_a_held_block() -> None:
    made: set[str] = set()
    for file in Path(holdfast.__file__).parent.rglob("*.py"):
        if "/models/" in str(file) and file.stat().st_size > 100_000:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                names = {ast.unparse(decorator) for decorator in node.decorator_list}
                made.update({node.name} if names & {"contextmanager", "contextlib.contextmanager"} else ())
    assert made == HOLDING_NOTHING, "what is not in the list takes something: make it with holdfast.host.held"


def test_an_interrupt_at_any_instant_of_a_held_block_gives_back_what_was_taken() -> None:
    taken: list[int] = []

    @held
    def block():  # type: ignore[no-untyped-def]
        try:
            taken.append(1)
            yield
        finally:
            taken.clear()

    def use() -> None:
        with block():
            pass

    at = 0
    while interrupted(use, at := at + 1, within=("/holdfast/host/held",)):
        assert taken == []


def test_an_error_goes_through_a_held_block_as_it_is() -> None:
    @held
    def block():  # type: ignore[no-untyped-def]
        yield 5

    error = ValueError("as it is")
    with pytest.raises(ValueError, match="as it is") as raised, block() as given:
        assert given == 5
        raise error
    assert raised.value is error
