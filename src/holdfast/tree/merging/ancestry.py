"""What two lines of commits have in common: by their forks, and by the merges that are recorded.

All that a commit has seen of each branch is a prefix of that branch. So its history is a number for each branch, and
what two commits have in common is the smaller number for each.
"""

from collections.abc import Sequence
from dataclasses import replace

from holdfast.catalog import branches
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection
from holdfast.catalog.history import merges
from holdfast.tree.committed import CommittedTree

#: the newest commit that was seen of each branch, by its id
Seen = dict[int, int]


def seen_by(conn: Connection, branch: Branch, seq: int, after: int = 0) -> Seen:
    """Return what the commit `seq` of a branch has seen; merges up to the commit `after` are not followed."""
    seen: Seen = {}
    coming = [(branch, seq)]
    while coming:
        line, until = coming.pop()
        for level in line.levels(until):
            since = max(after, seen.get(level.branch_id, 0))
            if level.seq <= seen.get(level.branch_id, 0):
                continue
            seen[level.branch_id] = level.seq
            for source, taken in merges.taken_over(conn, level.branch_id, since, level.seq).items():
                if taken > seen.get(source, 0) and (other := branches.get(conn, source)) is not None:
                    coming.append((other, taken))
    return seen


def ancestors(conn: Connection, trees: Sequence[CommittedTree]) -> list[CommittedTree]:
    """Return the last states that all have seen, the newest first: one, unless merges have crossed each other."""
    first = trees[0]
    fork = min(first.branch.common(first.seq, other.branch, other.seq) for other in trees[1:])
    mine, *others = (seen_by(conn, tree.branch, tree.seq, fork) for tree in trees)
    both = {
        branch: min(seq, *(seen[branch] for seen in others))
        for branch, seq in mine.items()
        if all(branch in seen for seen in others)
    }
    found: list[tuple[CommittedTree, Seen]] = []
    for branch_id, seq in sorted(both.items(), key=lambda item: (-item[1], -item[0])):
        branch = branches.get(conn, branch_id)
        if branch is None or any(seen.get(branch_id, 0) >= seq for _, seen in found):
            continue
        found.append((replace(first, branch=branch, seq=seq), seen_by(conn, branch, seq, fork)))
    return [tree for tree, _ in found]
