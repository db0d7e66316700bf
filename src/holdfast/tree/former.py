"""The version that a path had before the one it has, or before it was removed."""

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog import commits, entries
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, within
from holdfast.catalog.entries import ROOT_ENTRY
from holdfast.errors import NotFound
from holdfast.tree import history, walking
from holdfast.tree.committed import CommittedTree
from holdfast.tree.snapshot import CommitPlace, check_readable


def former(backend: Backend, branch: Branch, head: int, path: str) -> CommitPlace:
    """Return the last commit at which a parsed path had another version than at `head`; raises NotFound."""
    with backend.engine.read() as conn:
        stands = walking.standing(CommittedTree(within(conn), branch, head), path) is not None
        place = CommitPlace(branch, head if stands else _last_seen(conn, branch, head, path))
    if stands:
        changed = next(history.log(backend, *place, path), None)
        with backend.engine.read() as conn:
            place = CommitPlace(branch, changed.parent or 0 if changed else 0)
            if walking.standing(place.tree(conn), path) is None:
                raise NotFound(f"{path} has had one version only", path=path, remedy=f"See `holdfast log {path}`")
    with backend.engine.read() as conn:
        check_readable(conn, *place)
    return place


def _last_seen(conn: Connection, branch: Branch, seq: int, path: str) -> int:
    """Return the newest commit up to `seq` at which something stood at a path; raises NotFound."""
    while True:
        tree, entry = CommittedTree(within(conn), branch, seq), ROOT_ENTRY
        for name in paths.names(path):
            found = tree.child(entry.node_id, name) if entry.is_dir else None
            if found is None:
                seq = _before_removal(conn, branch, seq, (entry.node_id, name), path)
                break
            entry = found
        else:
            return seq


def _before_removal(conn: Connection, branch: Branch, seq: int, slot: tuple[int, str], path: str) -> int:
    """Return the commit before the one that last removed what had a name under a node."""
    ended = entries.last_ended(conn, branch, seq, *slot)
    removal = commits.by_seq(conn, ended) if ended is not None else None
    if removal is None or removal.parent is None:
        raise NotFound(f"{path} is not there, and nothing is known to have been", path=path)
    return removal.parent
