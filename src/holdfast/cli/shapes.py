"""The JSON shapes of what a store answers (docs/cli-json.md)."""

import json
from dataclasses import asdict
from typing import Any

from holdfast.catalog.commits import Commit
from holdfast.catalog.intents import Intent
from holdfast.cli.output import iso
from holdfast.history import Change
from holdfast.reading import Info, Match
from holdfast.search.hits import Hit


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


def hit(hit: Hit, *, explain: bool) -> dict[str, Any]:
    """Return the shape of a passage that a search found, with how it was found if that is asked for."""
    shape = {
        "path": hit.path,
        "score": hit.score,
        "title": hit.title,
        "heading": hit.heading,
        "text": hit.text,
        "marks": [list(span) for span in hit.marks],
        "start": hit.start,
        "end": hit.end,
        "page": hit.page,
        "commit": hit.commit,
        "content": hit.content_id,
        "also": list(hit.also),
    }
    return shape | {"why": asdict(hit.why)} if explain else shape


def intent(intent: Intent) -> dict[str, Any]:
    """Return the shape of something that is being staged, or was."""
    return {
        "intent": intent.intent_id,
        "kind": intent.kind,
        "actor": intent.actor,
        "owner": _parsed(intent.owner),
        "staged": _parsed(intent.staged),
        "state": intent.state,
        "attempts": intent.attempts,
        "error": intent.error,
        "started": iso(intent.started),
        "lease_until": iso(intent.lease_until),
        "ended": None if intent.ended is None else iso(intent.ended),
    }


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
