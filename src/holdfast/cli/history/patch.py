"""The lines that differ between two versions of a file."""

import difflib
import json
from collections.abc import Iterator

from holdfast import Change, Snapshot
from holdfast.errors import Unsupported
from holdfast.lines import lines_of

#: bytes; a larger file's lines are not compared
LARGEST = 4 * 1024 * 1024


def patch_of(before: Snapshot, after: Snapshot, change: Change) -> list[str]:
    """Return a unified diff of a file's Markdown, a remark for a file without text, and one of its properties."""
    return [*_of_text(before, after, change), *_of_properties(before, after, change)]


def _of_properties(before: Snapshot, after: Snapshot, change: Change) -> list[str]:
    if not change.properties:
        return []
    sides = ((before, change.old_path or change.path), (after, change.path))
    old, new = (json.dumps(on.properties.get(path), ensure_ascii=False, indent=2) for on, path in sides)
    names = (f"{path} (properties)" for _, path in sides)
    return list(_unified(lines_of(old), lines_of(new), *names))


def _of_text(before: Snapshot, after: Snapshot, change: Change) -> list[str]:
    if change.is_dir or change.kind == "properties" or (change.kind == "moved" and not change.modified):
        return []
    old_path = None if change.kind == "added" else change.old_path or change.path
    new_path = None if change.kind == "removed" else change.path
    try:
        old, new = _lines(before, old_path), _lines(after, new_path)
    except Unsupported as error:
        return [f"({error.message})"]
    return list(_unified(old, new, old_path or "/dev/null", new_path or "/dev/null"))


def _lines(snapshot: Snapshot, path: str | None) -> list[str]:
    if path is None:
        return []
    if snapshot.stat(path).size > LARGEST:
        raise Unsupported(f"{path} is too large to compare line by line", path=path)
    return lines_of(snapshot.read_text(path))


def _unified(old: list[str], new: list[str], old_path: str, new_path: str) -> Iterator[str]:
    return difflib.unified_diff(old, new, old_path, new_path, lineterm="")
