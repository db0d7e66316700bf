"""The JSON shapes of what a store answers (docs/cli-json.md)."""

from typing import Any

from holdfast.catalog.commits import Commit
from holdfast.cli.output import iso
from holdfast.history import Change
from holdfast.reading import Info, Match


def entry(info: Info) -> dict[str, Any]:
    """Return the shape of a file or directory."""
    return {
        "path": info.path,
        "kind": info.kind,
        "size": info.size,
        "modified": iso(info.modified),
        "commit": info.commit,
        "content": info.content_id,
        "node": info.node_id,
        "source": info.source,
    }


def commit(commit: Commit) -> dict[str, Any]:
    """Return the shape of a commit."""
    return {
        "commit": commit.seq,
        "parent": commit.parent_seq,
        "time": iso(commit.at),
        "actor": commit.actor,
        "message": commit.message,
        "rows": commit.changes,
    }


def change(change: Change) -> dict[str, Any]:
    """Return the shape of what happened to one file or directory."""
    return {
        "change": change.kind,
        "path": change.path,
        "kind": "dir" if change.is_dir else "file",
        "old_path": change.old_path,
        "modified": change.kind == "modified" or change.modified,
    }


def match(match: Match) -> dict[str, Any]:
    """Return the shape of a line that grep found."""
    return {"path": match.path, "line": match.line, "text": match.text}
