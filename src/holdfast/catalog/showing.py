"""Which contents the head of some branch shows: the only ones whose rows a search at a head must find."""

from collections.abc import Iterable

from holdfast.catalog import commits, subtrees
from holdfast.catalog.branches import MAIN
from holdfast.catalog.engine import Connection, rows_among
from holdfast.catalog.values import FOREVER, ROOT_NODE


def _forked(also: str = "") -> str:
    """Return the condition that some branch forked while a row was true; `also` says more of that fork."""
    # However many branches were made, one look at the forks of a row's branch tells.
    return f"""EXISTS (SELECT 1 FROM branches f WHERE f.base_branch_id = e.branch_id AND f.forgotten IS NULL
        AND f.fork_seq >= e.from_seq AND f.fork_seq < e.to_seq{also})"""


#: a row of `main` that was true at a fork, all that stood above it then
AT_FORKS = f"""WITH RECURSIVE up(content_id, node_id, from_seq, to_seq) AS (
        SELECT e.content_id, e.parent_id, e.from_seq, e.to_seq FROM entries e
        WHERE e.content_id IN (:ids) AND +e.branch_id = :main AND {_forked()}
        UNION
        SELECT up.content_id, e.parent_id,
            CASE WHEN e.from_seq > up.from_seq THEN e.from_seq ELSE up.from_seq END,
            CASE WHEN e.to_seq < up.to_seq THEN e.to_seq ELSE up.to_seq END
        FROM up JOIN entries e ON e.node_id = up.node_id
        WHERE e.branch_id = :main AND e.to_seq > up.from_seq AND e.from_seq < up.to_seq
            AND {_forked(" AND f.fork_seq >= up.from_seq AND f.fork_seq < up.to_seq")})
    SELECT DISTINCT content_id FROM up WHERE node_id = {ROOT_NODE}"""
#: a row of another branch that stands there, or was true at a fork
ON_BRANCHES = f"""SELECT DISTINCT e.content_id FROM entries e JOIN branches b ON b.branch_id = e.branch_id
    WHERE e.content_id IN (:ids) AND +e.branch_id > :main
        AND ((e.to_seq = {FOREVER} AND b.deleted IS NULL) OR {_forked()})"""


def newest(conn: Connection) -> tuple[int, int]:
    """Return the newest commit and the newest branch of the store: while these stay, nothing more can be shown."""
    row = conn.row("SELECT max(branch_id) FROM branches")
    return commits.newest_seq(conn), int(row[0] or 0) if row else 0


def shown_among(conn: Connection, contents: Iterable[str]) -> set[str]:
    """Return which of `contents` the head of a branch shows.

    Of branches other than `main` it may name some that stand there no longer, below a directory that was removed, or
    that the branch removed of its base: to tell them apart would take a look at each branch.
    """
    asked = list(contents)
    shown = subtrees.visible_among(conn, MAIN, commits.head(conn, MAIN), asked)
    if newest(conn)[1] > MAIN.id:
        for sql in (AT_FORKS, ON_BRANCHES):
            rest = [content for content in asked if content not in shown]
            shown |= {row[0] for row in rows_among(conn, sql, rest, {"main": MAIN.id})}
    return shown
