"""Questions of `verify` about branches: where they begin, what they merged, and what they adopted of their bases."""

from holdfast.catalog.branches import UNCOVERED, Branch
from holdfast.catalog.checking.checks import PLACE, Place
from holdfast.catalog.engine import Connection


def without_base(conn: Connection, limit: int) -> list[str]:
    """Return the names of branches that were not made at a commit of an earlier one; the first is made of none."""
    rows = conn.rows(
        """SELECT b.name FROM branches b, (SELECT min(branch_id) AS id FROM branches) first
        WHERE (b.branch_id = first.id AND (b.base_branch_id IS NOT NULL OR b.fork_seq IS NOT NULL))
        OR (b.branch_id <> first.id AND NOT EXISTS (SELECT 1 FROM commits c JOIN branches base
            ON base.branch_id = c.branch_id WHERE c.seq = b.fork_seq AND c.branch_id = b.base_branch_id
            AND base.branch_id < b.branch_id))
        ORDER BY b.branch_id LIMIT :limit""",
        {"limit": limit},
    )
    return [row[0] for row in rows]


def not_kept(conn: Connection, limit: int) -> list[tuple[str, int]]:
    """Return (what, commit) of tags, and of forks of branches that are there, whose commit was taken."""
    taken = """JOIN branches b ON b.branch_id = c.branch_id WHERE b.horizon > c.seq
        AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.branch_id = c.branch_id AND k.seq = c.seq)"""
    rows = conn.rows(
        f"""SELECT 'tag ' || t.name, c.seq FROM tags t JOIN commits c ON c.seq = t.commit_seq {taken}
        UNION ALL SELECT 'branch ' || f.name, c.seq FROM branches f JOIN commits c ON c.seq = f.fork_seq {taken}
            AND f.deleted IS NULL
        UNION ALL SELECT 'head of ' || f.name, c.seq FROM branches f JOIN commits c ON c.seq = f.head_seq {taken}
            AND f.deleted IS NULL LIMIT :limit""",
        {"limit": limit},
    )
    return [(row[0], row[1]) for row in rows]


def merges_of_nothing(conn: Connection, limit: int) -> list[int]:
    """Return commits that merged a commit which is not there, is not older, or is of their own branch."""
    rows = conn.rows(
        """SELECT c.seq FROM commits c WHERE c.merged_seq IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM commits o WHERE o.seq = c.merged_seq AND o.seq < c.seq AND o.branch_id <> c.branch_id)
        ORDER BY c.seq LIMIT :limit""",
        {"limit": limit},
    )
    return [row[0] for row in rows]


def adopted_otherwise(conn: Connection, branch: Branch) -> list[Place]:
    """Return entries of a branch that are of the time before it was made, and not those that it saw there.

    And those that it saw of its base, of nodes that it has changed since without adopting them.
    """
    if not branch.forks:
        return []
    fork = branch.forks[0].seq
    told = f"{PLACE}, e.parent_id, e.size, e.modified, e.source, e.source_stamp, e.properties_id"
    own = conn.rows(f"SELECT {told} FROM entries e WHERE e.branch_id = :own", {"own": branch.id})
    seen = branch.rows_among(
        conn,
        fork,
        f"""SELECT {told} FROM entries e WHERE e.branch_id = :branch AND e.node_id IN (:ids)
        AND e.to_seq > :seq AND e.from_seq <= :seq{UNCOVERED}""",
        {row[1] for row in own},
    )
    # All but the branch and the end, which are its own.
    bases = {(*row[1:5], *row[6:]): row for row in seen}
    adopted = {(*row[1:5], *row[6:]): row for row in own if row[4] <= fork}
    return [Place(*(bases | adopted)[key][:6]) for key in sorted(bases.keys() ^ adopted.keys(), key=lambda key: key[3])]
