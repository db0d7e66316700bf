"""Questions about the versioned tree. All answer for one branch at one commit `seq`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from holdfast.catalog.branches import UNCOVERED, Branch
from holdfast.catalog.engine import Connection, Params, Row, batches, in_list, run_among
from holdfast.catalog.values import FOREVER, ROOT_NODE

_TOLD = "node_id, parent_id, name, content_id, size, modified, source, source_stamp"
_WRITTEN = f"{_TOLD}, properties_id"
#: of an `Entry`, in the order of its fields
COLUMNS = f"entry_id, {_TOLD}, from_seq, to_seq, properties_id"


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
    #: the hash of its properties; None when it has none
    properties_id: str | None = None

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


#: the slot of the root directory, whose parent is nowhere; it is empty until the root has properties
ROOT_SLOT = (0, "")
ROOT_ENTRY = new_directory(ROOT_NODE, *ROOT_SLOT, modified=0.0)

# `+branch_id` keeps SQLite, which has no statistics here, from preferring an index that begins with the branch, which
# nearly all rows share, to the one over the commits or contents asked about. To PostgreSQL it means nothing.

_CHILD = f"""SELECT {COLUMNS} FROM entries e
    WHERE branch_id = :branch AND parent_id = :parent AND name = :name AND to_seq > :seq{UNCOVERED}
    ORDER BY to_seq LIMIT 1"""
_CHILDREN = f"""SELECT {COLUMNS} FROM entries e
    WHERE branch_id = :branch AND parent_id = :parent AND to_seq > :seq AND from_seq <= :seq{UNCOVERED}"""
_NAMED = f"""SELECT {COLUMNS} FROM entries e WHERE branch_id = :branch AND parent_id = :parent AND name IN (:ids)
    AND to_seq > :seq AND from_seq <= :seq{UNCOVERED}"""
_NODE = f"""SELECT {COLUMNS} FROM entries e
    WHERE branch_id = :branch AND node_id = :node AND to_seq > :seq{UNCOVERED}
    ORDER BY to_seq LIMIT 1"""
_NODES = f"""SELECT {COLUMNS} FROM entries e
    WHERE branch_id = :branch AND node_id IN (:ids) AND to_seq > :seq AND from_seq <= :seq{UNCOVERED}"""
_LAST_ENDED = f"""SELECT {COLUMNS} FROM entries e
    WHERE branch_id = :branch AND parent_id = :parent AND name = :name AND to_seq <= :seq{UNCOVERED}
    ORDER BY to_seq DESC LIMIT 1"""
_HISTORY = f"SELECT {COLUMNS} FROM entries e WHERE branch_id = :branch AND node_id = :node AND from_seq <= :seq"


def child(conn: Connection, branch: Branch, seq: int, parent: int, name: str) -> Entry | None:
    """Return what is called `name` under the node `parent`."""
    row = branch.row(conn, seq, _CHILD, {"parent": parent, "name": name})
    return Entry(*row) if row else None


def last_ended(conn: Connection, branch: Branch, seq: int, parent: int, name: str) -> int | None:
    """Return the newest commit up to `seq` that ended what was called `name` under the node `parent`."""
    found = branch.rows(conn, seq, _LAST_ENDED, {"parent": parent, "name": name})
    return max((Entry(*row).to_seq for row in found), default=None)


def children(conn: Connection, branch: Branch, seq: int, parent: int) -> list[Entry]:
    """Return all that is directly under the node `parent`, in no order."""
    return [Entry(*row) for row in branch.rows(conn, seq, _CHILDREN, {"parent": parent})]


def has_children(conn: Connection, branch: Branch, seq: int, parent: int) -> bool:
    """Return whether anything is directly under the node `parent`."""
    return any(
        conn.row(level.sql(f"{_CHILDREN} LIMIT 1"), {"parent": parent, **level.params}) is not None
        for level in branch.levels(seq)
    )


def named(conn: Connection, branch: Branch, seq: int, parent: int, names: Iterable[str]) -> list[Entry]:
    """Return those of `names` that are directly under the node `parent`, in no order."""
    return [Entry(*row) for row in branch.rows_among(conn, seq, _NAMED, names, {"parent": parent})]


def of_node(conn: Connection, branch: Branch, seq: int, node: int) -> Entry | None:
    """Return the entry of one node, whether or not its ancestors still stand."""
    row = branch.row(conn, seq, _NODE, {"node": node})
    return Entry(*row) if row else None


def of_nodes(conn: Connection, branch: Branch, seq: int, nodes: Iterable[int]) -> dict[int, Entry]:
    """Return the entries of many nodes by node id; a node without one is left out."""
    return {row[1]: Entry(*row) for row in branch.rows_among(conn, seq, _NODES, nodes)}


def history_of_node(conn: Connection, branch: Branch, seq: int, node: int) -> list[Entry]:
    """Return every entry the node has had up to `seq`, oldest first."""
    found: dict[int, Entry] = {}
    for level in branch.levels(seq):
        for row in conn.rows(_HISTORY, {"node": node, **level.params}):
            # What a branch has adopted is its own row, and its base's of the same commit.
            found.setdefault(row[9], Entry(*row))
    return [found[from_seq] for from_seq in sorted(found)]


class ContentPlace(NamedTuple):
    """One place that a content stands in."""

    entry_id: int
    content_id: str
    parent_id: int
    name: str
    #: the hash of the properties there
    properties_id: str | None


_STANDING = """SELECT entry_id, content_id, parent_id, name, properties_id FROM entries e
    WHERE content_id IN (:ids) AND to_seq > :seq AND from_seq <= :seq AND +branch_id = :branch"""


def of_contents(conn: Connection, branch: Branch, seq: int, contents: Sequence[str], limit: int) -> list[ContentPlace]:
    """Return places of any of `contents`, at most `limit` of them, in no order."""
    marks, params = in_list(contents)
    sql = f"{_STANDING.replace(':ids', marks)}{UNCOVERED} LIMIT :limit"
    return list(map(ContentPlace._make, branch.rows(conn, seq, sql, {**params, "limit": limit})[:limit]))


#: stands in SOMEWHERE for what else must be true of the entry `e`
ALSO = "{also}"
SOMEWHERE = f"""WITH asked(content_id) AS (VALUES (:ids))
    SELECT asked.content_id, (SELECT e.parent_id || '/' || e.name FROM entries e
        WHERE e.content_id = asked.content_id AND e.to_seq > :seq AND e.from_seq <= :seq
            AND +e.branch_id = :branch{UNCOVERED}{ALSO} ORDER BY e.to_seq DESC LIMIT 1)
    FROM asked"""


class NamedPlace(NamedTuple):
    """A name below a directory."""

    parent_id: int
    name: str


def somewhere(conn: Connection, branch: Branch, seq: int, contents: Iterable[str]) -> dict[str, NamedPlace]:
    """Return the place of one entry that holds each of `contents`; a content that no entry holds is left out."""
    return of_each(conn.rows, branch, seq, contents, SOMEWHERE.replace(ALSO, ""))


def of_each(
    rows_of: Callable[[str, Params], list[Row]], branch: Branch, seq: int, contents: Iterable[str], sql: str
) -> dict[str, NamedPlace]:
    """Return the places that a statement such as SOMEWHERE finds, by content."""
    found: dict[str, NamedPlace] = {}
    asked = list(contents)
    # The oldest level first: it shows most of what there is, and what it has need not be asked about on the others.
    for level in reversed(branch.levels(seq)):
        for batch in batches(asked):
            marks, params = in_list(batch)
            asking = level.sql(sql).replace(":ids", marks.replace(", ", "), ("))
            rows = rows_of(asking, {**params, **level.params})
            found.update((content, _named(place)) for content, place in rows if place is not None)
        asked = [content for content in asked if content not in found]
    return found


def _named(place: str) -> NamedPlace:
    parent, _, name = place.partition("/")
    return NamedPlace(int(parent), name)


def of_content(conn: Connection, branch: Branch, seq: int, content: str, after: int, limit: int) -> list[ContentPlace]:
    """Return places of one content, in order of entry id: at most `limit` of those with an id above `after`."""
    sql = f"{_STANDING.replace(':ids', ':content')} AND entry_id > :after{UNCOVERED} ORDER BY entry_id LIMIT :limit"
    params = {"content": content, "after": after, "limit": limit}
    return sorted(map(ContentPlace._make, branch.rows(conn, seq, sql, params)))[:limit]


_CHANGED = f"""SELECT {COLUMNS} FROM entries
        WHERE +branch_id = :branch AND from_seq > :after AND from_seq <= :until
        {{union}} SELECT {COLUMNS} FROM entries
        WHERE +branch_id = :branch AND to_seq > :after AND to_seq <= :until AND to_seq < {FOREVER}"""


def changed_entries(conn: Connection, branch: Branch, after: int, until: int) -> list[Entry]:
    """Return every entry that began or ended in (after, until], each once."""
    sql = _CHANGED.format(union="UNION")
    return [Entry(*row) for window in branch.windows(after, until) for row in conn.rows(sql, window)]


def some_changed_entries(conn: Connection, branch: Branch, after: int, until: int, limit: int) -> list[Entry]:
    """Return at most `limit` entries that began or ended in (after, until], one that did both twice."""
    # UNION ALL, so that the rows are given as they are found and no more are read than that.
    sql = f"{_CHANGED.format(union='UNION ALL')} LIMIT :limit"
    windows = branch.windows(after, until)
    return [Entry(*row) for window in windows for row in conn.rows(sql, {"limit": limit, **window})][:limit]


def end(conn: Connection, branch: Branch, seq: int, ended: Iterable[Entry]) -> None:
    """End entries of a branch at commit `seq`; those of its base become its own, and end for it alone."""
    ending = list(ended)
    if branch.forks:
        adopt(conn, branch, [entry.node_id for entry in ending])
        conn.run_many(
            f"UPDATE entries SET to_seq = :seq WHERE branch_id = :branch AND node_id = :node AND to_seq = {FOREVER}",
            [{"seq": seq, "branch": branch.id, "node": entry.node_id} for entry in ending],
        )
        return
    conn.run_many(
        f"UPDATE entries SET to_seq = :seq WHERE entry_id = :entry AND to_seq = {FOREVER}",
        [{"seq": seq, "entry": entry.entry_id} for entry in ending],
    )


def adopt(conn: Connection, branch: Branch, nodes: Iterable[int]) -> None:
    """Make the rows that a branch sees of its base, of nodes that it changes for the first time, rows of its own.

    So it does of files below a directory that comes back: its base shows them no more, and they are looked for by row.
    """
    asked = list(nodes)
    sql = f"""INSERT INTO entries ({_WRITTEN}, from_seq, branch_id) SELECT {_WRITTEN}, from_seq, :own FROM entries e
        WHERE branch_id = :branch AND node_id IN (:ids) AND to_seq > :seq AND from_seq <= :seq{UNCOVERED}"""
    for level in branch.levels()[1:]:
        run_among(conn, level.sql(sql), asked, {"own": branch.id, **level.params})


def begin(conn: Connection, branch: Branch, seq: int, new: Iterable[Entry]) -> None:
    """Begin entries at commit `seq`; their own entry_id, from_seq and to_seq are not looked at."""
    conn.run_many(
        f"""INSERT INTO entries ({_WRITTEN}, from_seq, branch_id)
        VALUES (:node, :parent, :name, :content, :size, :modified, :source, :stamp, :properties, :seq, :branch)""",
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
        "properties": entry.properties_id,
    }
