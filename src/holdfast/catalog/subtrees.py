"""Questions about all that is below a directory, and about the way up from a content to the root.

Along a lineage of one level they are one recursive statement each. Along a longer one they go down or up a level of the
tree at a time: what covers a node may stand in another branch's rows.
"""

from collections.abc import Iterable, Iterator

from holdfast.catalog.branches import UNCOVERED, Branch
from holdfast.catalog.engine import Connection, Row, batches, rows_among
from holdfast.catalog.entries import of_contents, of_nodes
from holdfast.catalog.values import ROOT_NODE

#: the directory node itself and the directories below it
_BELOW = """WITH RECURSIVE below(node_id) AS (
            SELECT CAST(:node AS BIGINT) UNION
            SELECT e.node_id FROM below JOIN entries e ON e.parent_id = below.node_id
            WHERE e.branch_id = :branch AND e.content_id IS NULL AND e.to_seq > :seq AND e.from_seq <= :seq)"""
_FILES_BELOW = """FROM below JOIN entries e ON e.parent_id = below.node_id
        WHERE e.branch_id = :branch AND e.content_id IS NOT NULL AND e.to_seq > :seq AND e.from_seq <= :seq"""
_UNDER = f"""FROM entries e WHERE branch_id = :branch AND parent_id IN (:ids)
        AND to_seq > :seq AND from_seq <= :seq{UNCOVERED}"""


def subtree_contents(conn: Connection, branch: Branch, seq: int, node: int, limit: int) -> list[str]:
    """Return the distinct contents at or below a directory node, at most `limit` of them."""
    if branch.forks:
        return list(dict.fromkeys(row[0] for row in _files(conn, branch, seq, node)))[:limit]
    rows = conn.rows(
        f"{_BELOW} SELECT DISTINCT e.content_id {_FILES_BELOW} LIMIT :limit",
        {"branch": branch.id, "seq": seq, "node": node, "limit": limit},
    )
    return [row[0] for row in rows]


def directories_below(conn: Connection, branch: Branch, seq: int, node: int) -> list[int]:
    """Return a directory node and the nodes of all directories below it."""
    if branch.forks:
        return [each for level in _directories(conn, branch, seq, node) for each in level]
    rows = conn.rows(f"{_BELOW} SELECT node_id FROM below", {"branch": branch.id, "seq": seq, "node": node})
    return [row[0] for row in rows]


def contents_below(conn: Connection, branch: Branch, seq: int, node: int) -> list[str]:
    """Return the content of every file below a directory node, once for each file."""
    if branch.forks:
        return [row[0] for row in _files(conn, branch, seq, node)]
    rows = conn.rows(f"{_BELOW} SELECT e.content_id {_FILES_BELOW}", {"branch": branch.id, "seq": seq, "node": node})
    return [row[0] for row in rows]


def size_below(conn: Connection, branch: Branch, seq: int, node: int) -> tuple[int, int, int]:
    """Return how many files and how many directories are below a directory node, and the files' bytes."""
    if branch.forks:
        sizes = [row[1] for row in _files(conn, branch, seq, node)]
        return len(sizes), len(directories_below(conn, branch, seq, node)) - 1, sum(sizes)
    row = conn.row(
        f"""{_BELOW} SELECT count(e.content_id), count(*) - count(e.content_id), coalesce(sum(e.size), 0)
        FROM below JOIN entries e ON e.parent_id = below.node_id
        WHERE e.branch_id = :branch AND e.to_seq > :seq AND e.from_seq <= :seq""",
        {"branch": branch.id, "seq": seq, "node": node},
    )
    assert row is not None
    return row[0], row[1], int(row[2])


def visible_among(conn: Connection, branch: Branch, seq: int, contents: Iterable[str]) -> set[str]:
    """Return which of `contents` stand somewhere in the tree, all ancestors standing too."""
    if branch.forks:
        return {content for batch in batches(contents) for content in _visible(conn, branch, seq, batch)}
    sql = f"""WITH RECURSIVE up(content_id, node_id) AS (
            SELECT e.content_id, e.parent_id FROM entries e
            WHERE e.content_id IN (:ids) AND +e.branch_id = :branch AND e.to_seq > :seq AND e.from_seq <= :seq
            UNION
            SELECT up.content_id, e.parent_id FROM up JOIN entries e ON e.node_id = up.node_id
            WHERE e.branch_id = :branch AND e.to_seq > :seq AND e.from_seq <= :seq)
        SELECT DISTINCT content_id FROM up WHERE node_id = {ROOT_NODE}"""
    return {row[0] for row in rows_among(conn, sql, contents, {"branch": branch.id, "seq": seq})}


def _directories(conn: Connection, branch: Branch, seq: int, node: int) -> Iterator[list[int]]:
    """Yield the nodes of a directory and of those below it, one level of the tree after the other."""
    sql = f"SELECT node_id {_UNDER} AND content_id IS NULL"
    level, seen = [node], {node}
    while level:
        yield level
        # In a damaged tree the way down may lead back here.
        level = [row[0] for row in branch.rows_among(conn, seq, sql, level) if row[0] not in seen]
        seen.update(level)


def _files(conn: Connection, branch: Branch, seq: int, node: int) -> Iterator[Row]:
    """Yield (content, size) of every file below a directory."""
    sql = f"SELECT content_id, size {_UNDER} AND content_id IS NOT NULL"
    for level in _directories(conn, branch, seq, node):
        yield from branch.rows_among(conn, seq, sql, level)


def _visible(conn: Connection, branch: Branch, seq: int, contents: list[str]) -> set[str]:
    found = of_contents(conn, branch, seq, contents, limit=2**62)
    parents: dict[int, int] = {}
    asked = {entry.parent_id for entry in found} - {ROOT_NODE}
    while asked:
        above = of_nodes(conn, branch, seq, asked)
        parents.update((node, entry.parent_id) for node, entry in above.items())
        asked = {entry.parent_id for entry in above.values()} - parents.keys() - {ROOT_NODE}
    standing = _reaching_root(parents)
    return {entry.content_id for entry in found if entry.content_id and entry.parent_id in standing}


def _reaching_root(parents: dict[int, int]) -> set[int]:
    """Return the nodes from which `parents` leads to the root, and the root."""
    children: dict[int, list[int]] = {}
    for node, parent in parents.items():
        children.setdefault(parent, []).append(node)
    standing, level = {ROOT_NODE}, [ROOT_NODE]
    while level:
        level = [node for parent in level for node in children.get(parent, ())]
        standing.update(level)
    return standing
