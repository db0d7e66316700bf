"""docs/cli-json.md says what `--json` prints: all of it, and nothing that is not so."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import holdfast
from tests.support.command_line import Run
from tests.support.json_samples import SAMPLES

DOCUMENT = Path(__file__).parents[2] / "docs" / "cli-json.md"

ROW = re.compile(r"^\| `([^`]+)` \| (\S+) \|(.*)\|")
TYPES = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    dict: "object",
    list: "array",
    type(None): "null",
}
LIKE = re.compile(r"The document is (?:an? |that of )\[(\w+)\]\(#\w+\)")


def sections() -> dict[str, str]:
    """Return the document's third-level sections by title."""
    parts = re.split(r"^### (.+)$", DOCUMENT.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.split("\n## ")[0] for part in parts[2::2]), strict=True))


def keys_of(title: str) -> dict[str, str]:
    """Return the keys that a section documents, shapes filled in, with their types."""
    keys: dict[str, str] = {}
    for like in LIKE.findall(sections()[title])[:1]:
        keys |= keys_of(like) if "--files" not in sections()[title] else {}
    for key, kind, _ in filter(None, map(_row, sections()[title].splitlines())):
        shape = re.fullmatch(r"\*(\w+)\*", kind)
        keys |= {f"{key}.{name}": of for name, of in keys_of(shape[1]).items()} if shape else {key: kind}
    return keys


def may_be_null(title: str) -> set[str]:
    """Return the last parts of the keys that a section, or a shape in it, says can be null."""
    text = sections()[title]
    shapes = [
        *LIKE.findall(text)[:1],
        *(row[1].strip("*") for row in map(_row, text.splitlines()) if row and "*" in row[1]),
    ]
    own = {_last(row[0]) for row in map(_row, text.splitlines()) if row and "null" in row[2]}
    return own.union(*(may_be_null(shape) for shape in shapes))


def found_in(value: Any, stop: dict[str, str], at: str = "") -> Iterator[tuple[str, str]]:
    """Yield the keys of a JSON value in the document's notation, down to what is documented as an object, and types."""
    if isinstance(value, dict) and stop.get(at) != "object":
        for key, inside in value.items():
            yield from found_in(inside, stop, f"{at}.{key}" if at else key)
    elif isinstance(value, list) and not at.endswith("[]"):
        yield from (
            [(f"{at}[]", "")] if not value else (pair for item in value for pair in found_in(item, stop, f"{at}[]"))
        )
    else:
        yield at, TYPES[type(value)]


def test_every_command_is_documented_and_has_a_sample() -> None:
    from holdfast.cli.registry import every_command

    shapes = {"entry", "commit", "change", "hit", "lock", "tag", "branch", "conflict", "row", "source"}
    shapes |= {"job", "queue", "session", "message", "archive", "memory", "digest"}
    assert sorted(sections().keys() - shapes - {"error"}) == sorted(every_command())
    assert sorted(SAMPLES.keys() - {"error"}) == sorted(every_command())


@pytest.mark.parametrize("title", SAMPLES)
def test_what_is_printed_is_what_is_documented(title: str, run: Run, store: holdfast.Store, tmp_path: Path) -> None:
    documents = SAMPLES[title](run, store, tmp_path)
    documented = keys_of(title)
    found = {pair for document in documents for pair in found_in(document, documented)}
    printed = {key for key, _ in found}
    assert sorted(documented.keys() - printed) == [], "documented, and not printed"
    empty = {key for key in printed if key.endswith("[]") and any(name.startswith(f"{key}.") for name in printed)}
    assert sorted(printed - documented.keys() - empty) == [], "printed, and not documented"
    nullable = may_be_null(title)
    allowed = {(key, kind) for key, of in documented.items() for kind in (of, "null" if _last(key) in nullable else of)}
    assert sorted(pair for pair in found - allowed if pair[1]) == [], "of another type than documented"


def _last(key: str) -> str:
    return key.removesuffix("[]").rpartition(".")[2].removesuffix("[]")


def _row(line: str) -> tuple[str, str, str] | None:
    row = ROW.match(line)
    return (row[1], row[2], row[3]) if row else None
