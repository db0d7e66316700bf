"""What was forgotten since an archive was made: its job does not bring that back, however late it runs.

The tree's history tells. A memory that somebody removed, or that a later conversation made untrue, may be reported
again by a job that was waiting, was retried, or was asking its model at that moment. Only what is said after the
removal is news.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.history import retention
from holdfast.catalog.work import memories as rows
from holdfast.errors import CorruptStore
from holdfast.sessions.memory import ROOT, Memory, from_markdown
from holdfast.sessions.reading import read_content


@dataclass(frozen=True)
class ForgottenMemories:
    """Memories that are no longer where they were, by the paths they had."""

    #: what they said
    forgotten: Mapping[str, Memory] = field(default_factory=dict)
    #: where they were moved to
    moved: Mapping[str, str] = field(default_factory=dict)


def forgotten_since(
    backend: Backend, branch: Branch, after: int, until: int, standing: Mapping[int, str]
) -> ForgottenMemories:
    """Return what a branch lost in the commits (after, until]; `standing` has the paths of what is there, by node.

    Raises CommitTaken when that is not known any more.
    """
    with backend.engine.read() as conn:
        retention.check_after(conn, branch, after)
        found = rows.former(conn, branch, paths.names(ROOT)[0], after, until)
    forgotten, moved = dict[str, Memory](), dict[str, str]()
    there = set(standing.values())
    for each in found:
        path = paths.join(paths.join(ROOT, each.kind), each.name)
        if path in there:
            continue
        if each.node_id in standing:
            moved[path] = standing[each.node_id]
        else:
            forgotten[path] = from_markdown(_text(backend, each.content_id, path), each.kind)
    return ForgottenMemories(forgotten, moved)


def _text(backend: Backend, content_id: str, path: str) -> str:
    try:
        return read_content(backend, content_id, path).decode("utf-8", "replace")
    except CorruptStore:
        # Its path still tells that it is not wanted.
        return ""
