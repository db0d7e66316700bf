"""Branches: lines of commits, each with a head of its own.

Every question about the tree takes the `Branch` it is asked of. What a branch sees of others is answered from that
value, inside the catalog: whoever asks does not know of it.
"""

from dataclasses import dataclass

from holdfast.catalog.engine import Connection


@dataclass(frozen=True, slots=True)
class Branch:
    """A line of commits with a head of its own."""

    id: int
    name: str


#: the branch every store begins with
MAIN = Branch(1, "main")


def create(conn: Connection, branch: Branch, head: int) -> None:
    """Write a branch whose newest commit is `head`; 0 when it has none yet."""
    conn.run(
        "INSERT INTO branches (branch_id, name, head_seq) VALUES (:id, :name, :head)",
        {"id": branch.id, "name": branch.name, "head": head},
    )


def get(conn: Connection, branch_id: int) -> Branch | None:
    """Return the branch with an id."""
    row = conn.row("SELECT branch_id, name FROM branches WHERE branch_id = :id", {"id": branch_id})
    return Branch(*row) if row else None


def every(conn: Connection) -> list[Branch]:
    """Return all branches, the oldest first."""
    return [Branch(*row) for row in conn.rows("SELECT branch_id, name FROM branches ORDER BY branch_id")]
