"""Questions about the bases of the graph: the version of a Lance table that holds the rows of a type up to a commit."""

from dataclasses import dataclass
from typing import Any

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection

_COLUMNS = "type_id, seq, covers, loaded, table_name, version, row_count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The rows of a type as they were at the commit `covers`, read from the commit `seq` on."""

    type_id: int
    seq: int
    #: newer rows of the log come before its own
    covers: int
    #: whether it holds rows that no log has
    loaded: bool
    table: str
    version: int
    rows: int


def at(conn: Connection, branch: Branch, type_id: int, seq: int, table: str = "") -> Base | None:
    """Return the base that a type is read from on a branch at the commit `seq`; None when it has none yet.

    Of bases of one commit, which hold the same rows, that in `table` if there is one.
    """
    for window in branch.windows(0, seq):
        row = conn.row(
            f"""SELECT {_COLUMNS} FROM graph_bases WHERE branch_id = :branch AND type_id = :type
            AND seq > :after AND seq <= :until ORDER BY seq DESC, table_name DESC LIMIT 1""",
            {**window, "type": type_id},
        )
        if row is not None:
            found = _base(row)
            return _in_table(conn, window["branch"], found, table) if table not in ("", found.table) else found
    return None


def _in_table(conn: Connection, branch_id: int, base: Base, table: str) -> Base:
    """Return the base of the same commit that is in another table; the one there is when there is none."""
    row = conn.row(
        f"""SELECT {_COLUMNS} FROM graph_bases
        WHERE branch_id = :branch AND type_id = :type AND seq = :seq AND table_name = :table""",
        {"branch": branch_id, "type": base.type_id, "seq": base.seq, "table": table},
    )
    return base if row is None else _base(row)


def loaded(conn: Connection, branch: Branch, after: int, until: int) -> list[Base]:
    """Return the bases that commits in (after, until] brought with rows that no log has."""
    sql = f"""SELECT {_COLUMNS} FROM graph_bases
        WHERE branch_id = :branch AND seq > :after AND seq <= :until AND loaded = :loaded ORDER BY seq"""
    return [_base(row) for window in branch.windows(after, until) for row in conn.rows(sql, {**window, "loaded": True})]


def load_of(conn: Connection, branch: Branch, base: Base, covers: int) -> int | None:
    """Return the commit of the load, seen up to a base of its type, that was staged at the commit `covers`."""
    sql = """SELECT seq FROM graph_bases WHERE branch_id = :branch AND type_id = :type
        AND seq > :after AND seq <= :until AND covers = :covers AND loaded = :loaded ORDER BY seq LIMIT 1"""
    for window in branch.windows(0, base.seq):
        row = conn.row(sql, {**window, "type": base.type_id, "covers": covers, "loaded": True})
        if row is not None:
            return int(row[0])
    return None


def versions(conn: Connection, table: str) -> list[int]:
    """Return the versions of a table that bases need."""
    rows = conn.rows("SELECT DISTINCT version FROM graph_bases WHERE table_name = :table", {"table": table})
    return sorted(int(row[0]) for row in rows)


def every(conn: Connection) -> list[Base]:
    """Return the bases of all branches and commits, oldest first."""
    return [_base(row) for row in conn.rows(f"SELECT {_COLUMNS} FROM graph_bases ORDER BY base_id")]


def at_heads(conn: Connection) -> list[Base]:
    """Return the newest base of each type that each branch has of its own."""
    return [
        _base(row)
        for row in conn.rows(
            f"""SELECT {_COLUMNS} FROM graph_bases b
            WHERE EXISTS (SELECT 1 FROM branches WHERE branch_id = b.branch_id AND deleted IS NULL) AND NOT EXISTS (
                SELECT 1 FROM graph_bases n WHERE n.branch_id = b.branch_id AND n.type_id = b.type_id
                AND (n.seq > b.seq OR (n.seq = b.seq AND n.table_name > b.table_name)))
            ORDER BY base_id"""
        )
    ]


def newest_id(conn: Connection) -> int:
    """Return the number of the base that was published last; 0 when there is none."""
    row = conn.row("SELECT max(base_id) FROM graph_bases")
    return int(row[0] or 0) if row else 0


def add(conn: Connection, branch: Branch, base: Base) -> None:
    """Have a type read from a base on a branch, from its commit on."""
    conn.run(
        """INSERT INTO graph_bases (branch_id, type_id, seq, covers, loaded, table_name, version, row_count)
        VALUES (:branch, :type, :seq, :covers, :loaded, :table, :version, :rows)""",
        {
            "branch": branch.id,
            "type": base.type_id,
            "seq": base.seq,
            "covers": base.covers,
            "loaded": base.loaded,
            "table": base.table,
            "version": str(base.version),
            "rows": base.rows,
        },
    )


def add_beside(conn: Connection, base: Base, table: str, version: int) -> bool:
    """Have the rows of a base be read from another table too, from the same commit on; returns whether it does now.

    It does not where the base is gone, or is in that table already. What it holds came with the other one.
    """
    added = conn.run(
        """INSERT INTO graph_bases (branch_id, type_id, seq, covers, loaded, table_name, version, row_count)
        SELECT branch_id, type_id, seq, covers, CAST(:loaded AS BOOLEAN), :table, :version, row_count FROM graph_bases
        WHERE type_id = :type AND seq = :seq AND table_name = :beside AND version = :of ON CONFLICT DO NOTHING""",
        {
            "loaded": False,
            "table": table,
            "version": str(version),
            "type": base.type_id,
            "seq": base.seq,
            "beside": base.table,
            "of": str(base.version),
        },
    )
    return added > 0


def _base(row: tuple[Any, ...]) -> Base:
    type_id, seq, covers, brought, table, version, rows = row
    # Versions are 64-bit unsigned, more than an SQL integer holds.
    return Base(
        type_id=type_id,
        seq=seq,
        covers=covers,
        loaded=bool(brought),
        table=table,
        version=int(version),
        rows=rows,
    )
