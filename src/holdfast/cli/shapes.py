"""The JSON shapes of what a store answers (docs/cli-json.md)."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from holdfast import (
    BranchInfo,
    Change,
    ChangeEvent,
    Commit,
    Evaluation,
    FileInfo,
    GrepMatch,
    Hit,
    HitPassage,
    LockInfo,
    LockStats,
    TagInfo,
)
from holdfast.cli.output import iso

if TYPE_CHECKING:
    from holdfast import AuditRecord, IntentInfo, RowDifference, Status


def entry(info: FileInfo) -> dict[str, Any]:
    """Return the shape of a file or directory."""
    return {
        "path": info.path,
        "kind": info.kind,
        "size": info.size,
        "modified": iso(info.modified),
        "commit": info.commit,
        "content": info.content_id,
        "node": info.id,
        "source": info.source,
    }


def branch(info: BranchInfo) -> dict[str, Any]:
    """Return the shape of a branch."""
    return {
        "branch": info.name,
        "id": info.id,
        "head": info.head,
        "base": info.base,
        "base_deleted": info.base_deleted,
        "fork": info.fork,
        "actor": info.actor,
        "created": iso(info.created),
    }


def commit(commit: Commit, branch: str) -> dict[str, Any]:
    """Return the shape of a commit, of the branch with that name."""
    return {
        "commit": commit.id,
        "branch": branch,
        "parent": commit.parent,
        "merged": commit.merged,
        "time": iso(commit.at),
        "actor": commit.actor,
        "message": commit.message,
        "rows": commit.changes,
        "taken": commit.taken,
    }


def change(change: Change) -> dict[str, Any]:
    """Return the shape of what happened to one file or directory."""
    return {
        "change": change.kind,
        "path": change.path,
        "kind": "directory" if change.is_dir else "file",
        "old_path": change.old_path,
        "modified": change.kind == "modified" or change.modified,
        "properties": change.properties,
    }


def tag(info: TagInfo) -> dict[str, Any]:
    """Return the shape of a name for a commit."""
    return {"tag": info.name, "commit": info.commit, "actor": info.actor, "created": iso(info.created)}


def event(event: ChangeEvent) -> dict[str, Any]:
    """Return the shape of what one commit did to one path."""
    by = event.commit
    done = {"commit": by.id, "time": iso(by.at), "actor": by.actor, "message": by.message}
    found = event.change
    return {"cursor": event.cursor} | done | (change(found) if isinstance(found, Change) else row(found))


def row(change: "RowDifference") -> dict[str, Any]:
    """Return the shape of what happened to one row of the graph, which is that of a change."""
    return {
        "change": change.kind,
        "path": change.path,
        "kind": "edge" if change.is_edge else "node",
        "old_path": None,
        "modified": change.kind == "modified",
        "properties": False,
    }


def match(match: GrepMatch) -> dict[str, Any]:
    """Return the shape of a line that grep found."""
    return {"path": match.path, "line": match.line, "text": match.text}


def hit(hit: Hit, *, explain: bool) -> dict[str, Any]:
    """Return the shape of a hit of a search, with how it was found if that is asked for."""
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
        "passages": [passage(each) for each in hit.passages],
        "generated": hit.generated,
        "cursor": hit.cursor,
    }
    return shape | {"why": asdict(hit.why)} if explain else shape


def passage(found: HitPassage) -> dict[str, Any]:
    """Return the shape of one of the passages of a document that a search found."""
    return {
        "score": found.score,
        "heading": found.heading,
        "text": found.text,
        "marks": [list(span) for span in found.marks],
        "start": found.start,
        "end": found.end,
        "page": found.page,
    }


def evaluation(name: str, found: Evaluation) -> dict[str, Any]:
    """Return the shape of how well one way to search finds what is wanted."""
    return {
        "setting": name,
        "queries": len(found.results),
        "recall": round(found.recall, 4),
        "first": round(found.first, 4),
        "mrr": round(found.mrr, 4),
        "ndcg": round(found.ndcg, 4),
        "worst": [
            {"query": each.query, "wanted": list(each.wanted), "rank": each.rank, "first": each.first}
            for each in found.worst
        ],
    }


def intent(entry: "IntentInfo") -> dict[str, Any]:
    """Return the shape of something that is being staged, or was."""
    return {
        "intent": entry.id,
        "kind": entry.kind,
        "actor": entry.actor,
        "owner": entry.owner,
        "owner_alive": entry.owner_alive,
        "state": entry.state,
        "blobs": list(entry.blobs),
        "tables": list(entry.tables),
        "attempts": entry.attempts,
        "error": entry.error,
        "started": iso(entry.started),
        "ended": None if entry.ended is None else iso(entry.ended),
    }


def status(found: "Status") -> dict[str, Any]:
    """Return the shape of a store's figures."""
    return {
        "branch": found.branch,
        "branches": found.branches,
        "head": found.head,
        "commits": found.commits,
        "files": found.files,
        "directories": found.directories,
        "size": found.size,
        "contents": {place: {"contents": n, "size": size} for place, (n, size) in found.contents.items()},
        "searchable": {place: {"contents": n, "passages": m} for place, (n, m) in found.searchable.items()},
        "waiting": {"contents": found.waiting[0], "passages": found.waiting[1]},
        "embedder": found.embedder,
        "moving_to": found.moving_to,
        "active_intents": found.active_intents,
        "set_aside_intents": found.set_aside_intents,
        "last_sweep": _audited(found.last_sweep),
        "last_trouble": _audited(found.last_trouble),
    }


def _audited(row: "AuditRecord | None") -> dict[str, str] | None:
    return None if row is None else {"time": iso(row.at), "kind": row.kind, "detail": row.detail}


def lock(info: LockInfo) -> dict[str, Any]:
    """Return the shape of a path that is held, or waited for."""
    return asdict(info) | {"since": iso(info.since), "expires": iso(info.expires)}


def lock_stats(stats: LockStats) -> dict[str, Any]:
    """Return the shape of the locks in numbers."""
    return {"healthy": stats.healthy, **asdict(stats)}
