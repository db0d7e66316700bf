"""Questions about files two levels below a directory of the root, as memories are, and when they went."""

from dataclasses import dataclass

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection
from holdfast.catalog.values import ROOT_NODE


@dataclass(frozen=True, slots=True)
class RemovedFile:
    """A file that stood at `/TOP/KIND/NAME` and does no longer, or not with that content."""

    kind: str
    name: str
    node_id: int
    content_id: str
    #: the commit that removed, moved or overwrote it, or a directory above it
    gone: int


def former(conn: Connection, branch: Branch, top: str, after: int, until: int) -> list[RemovedFile]:
    """Return every file below `/top/*` that went in (after, until], oldest first."""
    # A removed directory ends its own row alone, so a file went when the first of the three did.
    rows = conn.rows(
        """SELECT k.name, f.name, f.node_id, f.content_id, t.from_seq, k.from_seq, f.from_seq,
            t.to_seq, k.to_seq, f.to_seq
        FROM entries t
        JOIN entries k ON k.branch_id = t.branch_id AND k.parent_id = t.node_id AND k.to_seq > :after
        JOIN entries f ON f.branch_id = t.branch_id AND f.parent_id = k.node_id AND f.to_seq > :after
        WHERE t.branch_id = :branch AND t.parent_id = :root AND t.name = :top AND t.to_seq > :after
        AND f.content_id IS NOT NULL""",
        {"branch": branch.id, "root": ROOT_NODE, "top": top, "after": after},
    )
    found = [
        RemovedFile(row[0], row[1], row[2], row[3], min(row[7:]))
        for row in rows
        if max(row[4:7]) < min(row[7:]) <= until
    ]
    return sorted(found, key=lambda each: each.gone)
