"""Checks of the catalog's file and of the versioned tree in it."""

from collections.abc import Iterable

from holdfast.catalog import branches, commits
from holdfast.catalog.checking import checks, lines
from holdfast.catalog.checking.checks import Place
from holdfast.catalog.engine import Connection
from holdfast.catalog.history import tags
from holdfast.catalog.values import ROOT_NODE
from holdfast.recovery.checks.inspection import LISTED, RESTORE, Inspection, path_of


def check_file(inspection: Inspection) -> None:
    """Ask the database about its own file."""
    with inspection.backend.engine.read() as conn:
        for line in conn.integrity(deep=inspection.deep):
            inspection.problem("catalog", f"The catalog is damaged: {line}", RESTORE)
    inspection.checked["catalog"] += 1


def check_commits(inspection: Inspection) -> None:
    """Check heads, forks and merges of branches, that no commit lacks its parent, and what tags name."""
    with inspection.backend.engine.read() as conn:
        for branch, head, newest in checks.heads_off(conn):
            inspection.problem("catalog", f"The head of {branch} is {head}, its newest commit {newest}", RESTORE)
        for seq in checks.commits_without_parent(conn, LISTED + 1):
            inspection.problem("catalog", f"Commit {seq} lacks the commit before it", RESTORE)
        for tag in tags.without_commit(conn, LISTED + 1):
            inspection.problem("catalog", f"The tag {tag.name} names commit {tag.commit}, which is not there", RESTORE)
        for name in lines.without_base(conn, LISTED + 1):
            inspection.problem("catalog", f"The branch {name} was made at no commit of an earlier branch", RESTORE)
        for what, seq in lines.not_kept(conn, LISTED + 1):
            inspection.problem("catalog", f"The {what} stands on commit {seq}, which was taken", RESTORE)
        for seq in lines.merges_of_nothing(conn, LISTED + 1):
            inspection.problem("catalog", f"Commit {seq} merged no earlier commit of another branch", RESTORE)
        inspection.checked["commits"] += commits.count(conn)


def check_tree(inspection: Inspection) -> None:
    """Check that entries stand in directories, one in each slot, without a cycle."""
    limit, deep = LISTED + 1, inspection.deep
    with inspection.backend.engine.read() as conn:
        _report(inspection, conn, checks.entries_beyond_head(conn, limit), "holds for commits that cannot be")
        twice = checks.overlapping(conn, history=deep, limit=limit)
        _report(inspection, conn, twice, "shares its place with another entry")
        for branch in branches.every(conn):
            stray = checks.entries_without_parent(conn, branch, history=deep, limit=limit)
            _report(inspection, conn, stray, "stands in no directory")
            covered = checks.sharing_with_base(conn, branch, limit)
            _report(inspection, conn, covered, "shares its place with another entry")
            adopted = lines.adopted_otherwise(conn, branch)[:limit]
            _report(inspection, conn, adopted, f"is not on {branch.name} what it was where the branch was made")
            directories = checks.directories(conn, branch)
            for node in cycles(directories):
                inspection.problem("tree", f"The directory with node {node} is inside itself", RESTORE)
            inspection.checked["directories"] += len(directories)


def cycles(parents: dict[int, int]) -> list[int]:
    """Return one node of each cycle in a map from nodes to their parents."""
    done: set[int] = {ROOT_NODE}
    found = []
    for start in parents:
        walked: dict[int, None] = {}
        node: int | None = start
        while node is not None and node not in done and node not in walked:
            walked[node] = None
            node = parents.get(node)
        if node is not None and node in walked:
            found.append(node)
        done.update(walked)
    return found


def _report(inspection: Inspection, conn: Connection, places: Iterable[Place], wrong: str) -> None:
    for path in path_of(conn, places):
        inspection.problem("tree", f"{path} {wrong}", RESTORE)
