"""Questions about the schemas of the graph: the newest along a branch's lineage holds."""

from dataclasses import dataclass

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection


@dataclass(frozen=True, slots=True)
class StoredSchema:
    """A schema as it was applied by a commit."""

    seq: int
    #: canonical JSON
    document: str


def at(conn: Connection, branch: Branch, seq: int, after: int = 0) -> StoredSchema | None:
    """Return the schema that holds on a branch at the commit `seq`, if it was applied after the commit `after`."""
    for window in branch.windows(after, seq):
        row = conn.row(
            """SELECT seq, document FROM graph_schemas
            WHERE branch_id = :branch AND seq > :after AND seq <= :until ORDER BY seq DESC LIMIT 1""",
            window,
        )
        if row is not None:
            return StoredSchema(*row)
    return None


def apply(conn: Connection, branch: Branch, seq: int, document: str) -> None:
    """Have a schema hold on a branch from the commit `seq` on."""
    conn.run(
        "INSERT INTO graph_schemas (branch_id, seq, document) VALUES (:branch, :seq, :document)",
        {"branch": branch.id, "seq": seq, "document": document},
    )
