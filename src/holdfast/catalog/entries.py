"""Questions about the versioned tree. All answer for one branch at one commit `seq`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, Row, in_list, rows_among
from holdfast.catalog.values import FOREVER, ROOT_NODE

_COLUMNS = "entry_id, node_id, parent_id, name, content_id, size, modified, source, source_stamp, from_seq, to_seq"


#: begins the stamp of a file that was added and then changed in the store; the content that was added and what its
#: source looked like then follow, so that an add can tell whether the source has changed too
_EDITED = "edited"


@dataclass(frozen=True, slots=True)
class Entry:
    """Node `node_id` is called `name` under `parent_id`, from commit `from_seq` until `to_seq`."""

    entry_id: int
    #: survives moves and rewrites
    node_id: int
    parent_id: int
    name: str
    #: BLAKE3 in hex; None for a directory
    content_id: str | None
    #: bytes; 0 for a directory
    size: int
    #: seconds since the epoch
    modified: float
    #: where an `add` took it from: an absolute path or a URL
    source: str | None
    #: what an `add` compares to see that the source is unchanged; `added` reads it
    source_stamp: str | None
    from_seq: int
    to_seq: int = FOREVER

    @property
    def is_dir(self) -> bool:
        return self.content_id is None

    @property
    def edited(self) -> bool:
        """Whether it holds something else than what an `add` took from its source."""
        return (self.source_stamp or "").startswith(f"{_EDITED} ")

    @property
    def added(self) -> tuple[str | None, str | None]:
        """The content that an `add` took from the source last, and the stamp that the source had then."""
        if not self.edited:
            return self.content_id, self.source_stamp
        _, content_id, stamp = (self.source_stamp or "").split(" ")
        return content_id, stamp or None

    def origin_of(self, content_id: str | None) -> tuple[str | None, str | None]:
        """Return the source and the stamp for another content that is put in this one's place in the store."""
        if self.source is None:
            return None, None
        added, stamp = self.added
        return self.source, stamp if content_id == added else f"{_EDITED} {added} {stamp or ''}"


def new_directory(node_id: int, parent_id: int, name: str, *, modified: float) -> Entry:
    """Return the entry of a directory that is not written yet."""
    return Entry(
        entry_id=0,
        node_id=node_id,
        parent_id=parent_id,
        name=name,
        content_id=None,
        size=0,
        modified=modified,
        source=None,
        source_stamp=None,
        from_seq=0,
    )


ROOT_ENTRY = new_directory(ROOT_NODE, ROOT_NODE, "", modified=0.0)

# `+branch_id` keeps SQLite, which has no statistics here, from preferring an index that begins with the branch, which
# nearly all rows share, to the one over the commits or contents asked about. To PostgreSQL it means nothing.

_CHILD = f"""SELECT {_COLUMNS} FROM entries
    WHERE branch_id = :branch AND parent_id = :parent AND name = :name AND to_seq > :seq
    ORDER BY to_seq LIMIT 1"""
_CHILDREN = f"""SELECT {_COLUMNS} FROM entries
    WHERE branch_id = :branch AND parent_id = :parent AND to_seq > :seq AND from_seq <= :seq"""
_NODE = f"""SELECT {_COLUMNS} FROM entries
    WHERE branch_id = :branch AND node_id = :node AND to_seq > :seq
    ORDER BY to_seq LIMIT 1"""


def child(conn: Connection, branch: Branch, seq: int, parent: int, name: str) -> Entry | None:
    """Return what is called `name` under the node `parent`."""
    row = conn.row(_CHILD, {"branch": branch.id, "seq": seq, "parent": parent, "name": name})
    return _if_begun(row, seq)


def children(conn: Connection, branch: Branch, seq: int, parent: int) -> list[Entry]:
    """Return all that is directly under the node `parent`, in no order."""
    return [Entry(*row) for row in conn.rows(_CHILDREN, {"branch": branch.id, "seq": seq, "parent": parent})]


def has_children(conn: Connection, branch: Branch, seq: int, parent: int) -> bool:
    """Return whether anything is directly under the node `parent`."""
    return conn.row(f"{_CHILDREN} LIMIT 1", {"branch": branch.id, "seq": seq, "parent": parent}) is not None


def named(conn: Connection, branch: Branch, seq: int, parent: int, names: Iterable[str]) -> list[Entry]:
    """Return those of `names` that are directly under the node `parent`, in no order."""
    sql = f"""SELECT {_COLUMNS} FROM entries
        WHERE branch_id = :branch AND parent_id = :parent AND name IN (:ids) AND to_seq > :seq AND from_seq <= :seq"""
    return [Entry(*row) for row in rows_among(conn, sql, names, {"branch": branch.id, "parent": parent, "seq": seq})]


def of_node(conn: Connection, branch: Branch, seq: int, node: int) -> Entry | None:
    """Return the entry of one node, whether or not its ancestors still stand."""
    return _if_begun(conn.row(_NODE, {"branch": branch.id, "seq": seq, "node": node}), seq)


def of_nodes(conn: Connection, branch: Branch, seq: int, nodes: Iterable[int]) -> dict[int, Entry]:
    """Return the entries of many nodes by node id; a node without one is left out."""
    sql = f"""SELECT {_COLUMNS} FROM entries
        WHERE branch_id = :branch AND node_id IN (:ids) AND to_seq > :seq AND from_seq <= :seq"""
    return {row[1]: Entry(*row) for row in rows_among(conn, sql, nodes, {"branch": branch.id, "seq": seq})}


def history_of_node(conn: Connection, branch: Branch, seq: int, node: int) -> list[Entry]:
    """Return every entry the node has had up to `seq`, oldest first."""
    rows = conn.rows(
        f"SELECT {_COLUMNS} FROM entries WHERE branch_id = :branch AND node_id = :node AND from_seq <= :seq"
        " ORDER BY from_seq",
        {"branch": branch.id, "node": node, "seq": seq},
    )
    return [Entry(*row) for row in rows]


def of_contents(conn: Connection, branch: Branch, seq: int, contents: Sequence[str], limit: int) -> list[Entry]:
    """Return entries holding any of `contents`, at most `limit` of them, in no order."""
    marks, params = in_list(contents)
    rows = conn.rows(
        f"SELECT {_COLUMNS} FROM entries WHERE content_id IN ({marks}) AND to_seq > :seq AND from_seq <= :seq"
        " AND +branch_id = :branch LIMIT :limit",
        {**params, "branch": branch.id, "seq": seq, "limit": limit},
    )
    return [Entry(*row) for row in rows]


def of_content(conn: Connection, branch: Branch, seq: int, content: str, after: int, limit: int) -> list[Entry]:
    """Return entries holding one content, in order of entry id: at most `limit` of those with an id above `after`."""
    rows = conn.rows(
        f"SELECT {_COLUMNS} FROM entries WHERE content_id = :content AND to_seq > :seq AND from_seq <= :seq"
        " AND +branch_id = :branch AND entry_id > :after ORDER BY entry_id LIMIT :limit",
        {"content": content, "branch": branch.id, "seq": seq, "after": after, "limit": limit},
    )
    return [Entry(*row) for row in rows]


#: the directory node itself and the directories below it
_BELOW = """WITH RECURSIVE below(node_id) AS (
            SELECT CAST(:node AS BIGINT) UNION
            SELECT e.node_id FROM below JOIN entries e ON e.parent_id = below.node_id
            WHERE e.branch_id = :branch AND e.content_id IS NULL AND e.to_seq > :seq AND e.from_seq <= :seq)"""
_FILES_BELOW = """FROM below JOIN entries e ON e.parent_id = below.node_id
        WHERE e.branch_id = :branch AND e.content_id IS NOT NULL AND e.to_seq > :seq AND e.from_seq <= :seq"""


def subtree_contents(conn: Connection, branch: Branch, seq: int, node: int, limit: int) -> list[str]:
    """Return the distinct contents at or below a directory node, at most `limit` of them."""
    rows = conn.rows(
        f"{_BELOW} SELECT DISTINCT e.content_id {_FILES_BELOW} LIMIT :limit",
        {"branch": branch.id, "seq": seq, "node": node, "limit": limit},
    )
    return [row[0] for row in rows]


def directories_below(conn: Connection, branch: Branch, seq: int, node: int) -> list[int]:
    """Return a directory node and the nodes of all directories below it."""
    rows = conn.rows(f"{_BELOW} SELECT node_id FROM below", {"branch": branch.id, "seq": seq, "node": node})
    return [row[0] for row in rows]


def contents_below(conn: Connection, branch: Branch, seq: int, node: int) -> list[str]:
    """Return the content of every file below a directory node, once for each file."""
    rows = conn.rows(f"{_BELOW} SELECT e.content_id {_FILES_BELOW}", {"branch": branch.id, "seq": seq, "node": node})
    return [row[0] for row in rows]


def visible_among(conn: Connection, branch: Branch, seq: int, contents: Iterable[str]) -> set[str]:
    """Return which of `contents` stand somewhere in the tree, all ancestors standing too."""
    sql = f"""WITH RECURSIVE up(content_id, node_id) AS (
            SELECT e.content_id, e.parent_id FROM entries e
            WHERE e.content_id IN (:ids) AND +e.branch_id = :branch AND e.to_seq > :seq AND e.from_seq <= :seq
            UNION
            SELECT up.content_id, e.parent_id FROM up JOIN entries e ON e.node_id = up.node_id
            WHERE e.branch_id = :branch AND e.to_seq > :seq AND e.from_seq <= :seq)
        SELECT DISTINCT content_id FROM up WHERE node_id = {ROOT_NODE}"""
    return {row[0] for row in rows_among(conn, sql, contents, {"branch": branch.id, "seq": seq})}


_CHANGED = f"""SELECT {_COLUMNS} FROM entries
        WHERE +branch_id = :branch AND from_seq > :after AND from_seq <= :until
        {{union}} SELECT {_COLUMNS} FROM entries
        WHERE +branch_id = :branch AND to_seq > :after AND to_seq <= :until AND to_seq < {FOREVER}"""


def changed_entries(conn: Connection, branch: Branch, after: int, until: int) -> list[Entry]:
    """Return every entry that began or ended in (after, until], each once."""
    window = {"branch": branch.id, "after": after, "until": until}
    return [Entry(*row) for row in conn.rows(_CHANGED.format(union="UNION"), window)]


def some_changed_entries(conn: Connection, branch: Branch, after: int, until: int, limit: int) -> list[Entry]:
    """Return at most `limit` entries that began or ended in (after, until], one that did both twice."""
    # UNION ALL, so that the rows are given as they are found and no more are read than that.
    rows = conn.rows(
        f"{_CHANGED.format(union='UNION ALL')} LIMIT :limit",
        {"branch": branch.id, "after": after, "until": until, "limit": limit},
    )
    return [Entry(*row) for row in rows]


def end(conn: Connection, seq: int, entry_ids: Iterable[int]) -> None:
    """End entries at commit `seq`."""
    conn.run_many(
        f"UPDATE entries SET to_seq = :seq WHERE entry_id = :entry AND to_seq = {FOREVER}",
        [{"seq": seq, "entry": entry} for entry in entry_ids],
    )


def begin(conn: Connection, branch: Branch, seq: int, new: Iterable[Entry]) -> None:
    """Begin entries at commit `seq`; their own entry_id, from_seq and to_seq are not looked at."""
    conn.run_many(
        """INSERT INTO entries (branch_id, node_id, parent_id, name, content_id, size, modified, source,
            source_stamp, from_seq)
        VALUES (:branch, :node, :parent, :name, :content, :size, :modified, :source, :stamp, :seq)""",
        [_values(branch, seq, entry) for entry in new],
    )


def _values(branch: Branch, seq: int, entry: Entry) -> dict[str, Any]:
    return {
        "branch": branch.id,
        "seq": seq,
        "node": entry.node_id,
        "parent": entry.parent_id,
        "name": entry.name,
        "content": entry.content_id,
        "size": entry.size,
        "modified": entry.modified,
        "source": entry.source,
        "stamp": entry.source_stamp,
    }


def _if_begun(row: Row | None, seq: int) -> Entry | None:
    # The row ends first after `seq`, so it is the only one of its slot that can be true at `seq`.
    if row is None or row[9] > seq:
        return None
    return Entry(*row)
