"""Questions of `verify` and `repair`: rows that contradict each other, at most `limit`; none is the good answer."""

from dataclasses import dataclass

from holdfast.catalog.branches import UNCOVERED, Branch
from holdfast.catalog.engine import Connection, rows_among
from holdfast.catalog.entries import history_of_node, of_node
from holdfast.catalog.search_rows import HISTORY
from holdfast.catalog.values import FOREVER, ROOT_NODE


@dataclass(frozen=True, slots=True)
class Place:
    """An entry that something is wrong with."""

    branch_id: int
    node_id: int
    name: str
    content_id: str | None
    from_seq: int
    to_seq: int


@dataclass(frozen=True, slots=True)
class RowCount:
    """A content with another number of search rows than it should have."""

    content_id: str
    expected: int
    found: int


#: columns of a Place
PLACE = "e.branch_id, e.node_id, e.name, e.content_id, e.from_seq, e.to_seq"


def heads_off(conn: Connection) -> list[tuple[str, int, int]]:
    """Return (branch, head, newest commit) of branches whose head is not their newest commit."""
    rows = conn.rows(
        """SELECT b.name, b.head_seq, coalesce(max(c.seq), b.fork_seq, 0) FROM branches b
        LEFT JOIN commits c ON c.branch_id = b.branch_id GROUP BY b.branch_id, b.name, b.head_seq, b.fork_seq
        HAVING b.head_seq <> coalesce(max(c.seq), b.fork_seq, 0)"""
    )
    return [(row[0], row[1], row[2]) for row in rows]


def commits_without_parent(conn: Connection, limit: int) -> list[int]:
    """Return commits whose parent is missing."""
    rows = conn.rows(
        """SELECT c.seq FROM commits c WHERE c.parent_seq > 0
        AND NOT EXISTS (SELECT 1 FROM commits p WHERE p.seq = c.parent_seq) LIMIT :limit""",
        {"limit": limit},
    )
    return [row[0] for row in rows]


def entries_beyond_head(conn: Connection, limit: int) -> list[Place]:
    """Return entries that begin or end at a commit which is not there yet, or end before they begin."""
    rows = conn.rows(
        f"""SELECT {PLACE} FROM entries e JOIN branches b ON b.branch_id = e.branch_id
        WHERE e.from_seq > b.head_seq OR e.to_seq <= e.from_seq OR (e.to_seq > b.head_seq AND e.to_seq < {FOREVER})
        LIMIT :limit""",
        {"limit": limit},
    )
    return [Place(*row) for row in rows]


def entries_without_content(conn: Connection, *, history: bool, limit: int) -> list[Place]:
    """Return entries whose content the catalog does not know."""
    rows = conn.rows(
        f"""SELECT {PLACE} FROM entries e WHERE e.content_id IS NOT NULL {_now(history)}
        AND NOT EXISTS (SELECT 1 FROM contents c WHERE c.content_id = e.content_id) LIMIT :limit""",
        {"limit": limit},
    )
    return [Place(*row) for row in rows]


def entries_without_parent(conn: Connection, branch: Branch, *, history: bool, limit: int) -> list[Place]:
    """Return entries of a branch that began under a node which was no directory then.

    Of a time that gc has taken commits of, it is enough that the node was a directory while the entry was true.
    """
    # A directory of its base is found along its lineage, and by no statement about the branch alone.
    rows = conn.rows(
        f"""SELECT {PLACE}, e.parent_id FROM entries e JOIN branches b ON b.branch_id = e.branch_id
        WHERE e.parent_id <> {ROOT_NODE} AND e.node_id <> {ROOT_NODE} AND +e.branch_id = :branch {_now(history)}
        AND NOT EXISTS (SELECT 1 FROM entries p WHERE p.branch_id = e.branch_id AND p.node_id = e.parent_id
            AND p.content_id IS NULL AND p.to_seq > e.from_seq
            AND (p.from_seq <= e.from_seq OR (e.from_seq < b.horizon AND p.from_seq < e.to_seq))) LIMIT :limit""",
        {"branch": branch.id, "limit": limit if not branch.forks else FOREVER},
    )
    found = [(Place(*row[:-1]), row[-1]) for row in rows]
    if branch.forks:
        found = [each for each in found if not _was_directory(conn, branch, each[0], each[1])]
    return [place for place, _ in found][:limit]


def _was_directory(conn: Connection, branch: Branch, place: Place, node: int) -> bool:
    entry = of_node(conn, branch, place.from_seq, node)
    if entry is not None or not _is_thinned(conn, branch, place.from_seq):
        return entry is not None and entry.is_dir
    later = history_of_node(conn, branch, place.to_seq - 1, node)
    return any(each.is_dir and each.to_seq > place.from_seq for each in later)


def _is_thinned(conn: Connection, branch: Branch, seq: int) -> bool:
    """Return whether gc has taken commits of a branch, or of one below it, that come after `seq`."""
    levels = [level.branch_id for level in branch.levels()]
    sql = "SELECT 1 FROM branches WHERE branch_id IN (:ids) AND horizon > :seq"
    return next(iter(rows_among(conn, sql, levels, {"seq": seq})), None) is not None


def sharing_with_base(conn: Connection, branch: Branch, limit: int) -> list[Place]:
    """Return entries that a branch sees of its base in a slot where it has put something itself."""
    sql = f"""SELECT {PLACE} FROM entries o JOIN entries e ON e.branch_id = :branch AND e.parent_id = o.parent_id
        AND e.name = o.name AND e.to_seq > :seq AND e.from_seq <= :seq
        WHERE +o.branch_id = :own AND o.to_seq = {FOREVER}{UNCOVERED} LIMIT :limit"""
    found: list[Place] = []
    for level in branch.levels()[1:]:
        rows = conn.rows(level.sql(sql), {"own": branch.id, "limit": limit, **level.params})
        found.extend(Place(*row) for row in rows)
    return found


def overlapping(conn: Connection, *, history: bool, limit: int) -> list[Place]:
    """Return entries that share a slot, or a node, with another one of the same time."""
    found: list[Place] = []
    for key in ("branch_id, parent_id, name", "branch_id, node_id"):
        rows = conn.rows(
            f"""SELECT {PLACE} FROM (SELECT branch_id, node_id, name, content_id, from_seq, to_seq,
                lag(to_seq) OVER (PARTITION BY {key} ORDER BY from_seq, to_seq) AS before FROM entries e
                WHERE 1 = 1 {_now(history)}) e
            WHERE e.before > e.from_seq LIMIT :limit""",
            {"limit": limit},
        )
        found.extend(Place(*row) for row in rows)
    return found


def directories(conn: Connection, branch: Branch) -> dict[int, int]:
    """Return the parent of every directory that stands at the head, or stood in one that was removed with it."""
    sql = f"""SELECT e.node_id, e.parent_id FROM entries e WHERE e.branch_id = :branch AND e.content_id IS NULL
        AND e.to_seq > :seq AND e.from_seq <= :seq{UNCOVERED}"""
    return {row[0]: row[1] for row in branch.rows(conn, FOREVER - 1, sql, {})}


def inline_off(conn: Connection, limit: int) -> list[tuple[str, int, int | None]]:
    """Return (content, size, bytes there) of inline contents whose bytes are missing or of another size."""
    rows = conn.rows(
        """SELECT c.content_id, c.size, length(i.data) FROM contents c
        LEFT JOIN inline_bytes i ON i.content_id = c.content_id
        WHERE c.inline AND (i.content_id IS NULL OR length(i.data) <> c.size) LIMIT :limit""",
        {"limit": limit},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def renditions_off(conn: Connection, limit: int) -> list[tuple[str, str, str]]:
    """Return (content, kind, rendered content) of renditions that the catalog lacks one side of."""
    rows = conn.rows(
        """SELECT r.content_id, r.kind, r.rendered_id FROM renditions r
        WHERE NOT EXISTS (SELECT 1 FROM contents c WHERE c.content_id = r.rendered_id)
            OR NOT EXISTS (SELECT 1 FROM contents c WHERE c.content_id = r.content_id) LIMIT :limit""",
        {"limit": limit},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def forget_renditions_of_nothing(conn: Connection) -> int:
    """Drop the renditions of contents that the catalog does not have and no entry holds; returns how many."""
    return conn.run(
        """DELETE FROM renditions
        WHERE NOT EXISTS (SELECT 1 FROM contents c WHERE c.content_id = renditions.content_id)
        AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.content_id = renditions.content_id)"""
    )


def unsearchable(conn: Connection, embedder: str, branch: Branch, after: str, limit: int) -> list[str]:
    """Return contents of entries at the head, by id after `after`, whose rows are not where a search looks.

    Some of them may be in a directory that was removed with all it holds.
    """
    sql = f"""SELECT DISTINCT e.content_id FROM entries e
        WHERE e.content_id > :after AND e.to_seq > :seq AND e.from_seq <= :seq AND e.branch_id = :branch{UNCOVERED}
        AND NOT EXISTS (
            SELECT 1 FROM searchable s WHERE s.embedder = :embedder AND s.content_id = e.content_id
            AND s.place IN ('tail', 'table', :past))
        ORDER BY e.content_id LIMIT :limit"""
    past = HISTORY if branch.of_past else ""
    params = {"embedder": embedder, "after": after, "limit": limit, "past": past}
    return sorted({row[0] for row in branch.rows(conn, FOREVER - 1, sql, params)})[:limit]


def never_searchable(conn: Connection, embedder: str, limit: int) -> list[str]:
    """Return contents of any commit that have no search rows anywhere, not even none."""
    rows = conn.rows(
        """SELECT DISTINCT e.content_id FROM entries e WHERE e.content_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM searchable s WHERE s.embedder = :embedder AND s.content_id = e.content_id) LIMIT :limit""",
        {"embedder": embedder, "limit": limit},
    )
    return [row[0] for row in rows]


def searchable_unknown(conn: Connection, embedder: str, limit: int) -> list[str]:
    """Return contents that are said to be searchable and that the catalog does not know."""
    rows = conn.rows(
        """SELECT s.content_id FROM searchable s WHERE s.embedder = :embedder
        AND NOT EXISTS (SELECT 1 FROM contents c WHERE c.content_id = s.content_id) LIMIT :limit""",
        {"embedder": embedder, "limit": limit},
    )
    return [row[0] for row in rows]


def tail_off(conn: Connection, embedder: str, limit: int) -> list[RowCount]:
    """Return contents with another number of rows in the tail than they should have there."""
    too_few = conn.rows(
        """SELECT s.content_id, s.chunks, count(t.row_id) FROM searchable s
        LEFT JOIN tail t ON t.embedder = s.embedder AND t.content_id = s.content_id
        WHERE s.embedder = :embedder AND s.place = 'tail' GROUP BY s.content_id, s.chunks
        HAVING count(t.row_id) <> s.chunks LIMIT :limit""",
        {"embedder": embedder, "limit": limit},
    )
    strange = conn.rows(
        """SELECT t.content_id, 0, count(*) FROM tail t
        LEFT JOIN searchable s ON s.embedder = t.embedder AND s.content_id = t.content_id AND s.place = 'tail'
        WHERE t.embedder = :embedder AND s.content_id IS NULL GROUP BY t.content_id LIMIT :limit""",
        {"embedder": embedder, "limit": limit},
    )
    return [RowCount(*row) for row in (*too_few, *strange)]


def chunks_between(conn: Connection, embedder: str, place: str, low: str, high: str) -> dict[str, int]:
    """Return how many rows each content at `place` should have, for content ids from `low` up to, not with, `high`."""
    rows = conn.rows(
        """SELECT content_id, chunks FROM searchable WHERE embedder = :embedder AND place = :place AND chunks > 0
        AND content_id >= :low AND content_id < :high""",
        {"embedder": embedder, "place": place, "low": low, "high": high},
    )
    return {row[0]: row[1] for row in rows}


def holders(conn: Connection, content_id: str, limit: int) -> list[Place]:
    """Return the entries that hold a content, or whose rendition it is, newest first."""
    rows = conn.rows(
        f"""SELECT {PLACE} FROM entries e
        WHERE e.content_id = :id OR e.content_id IN
            (SELECT r.content_id FROM renditions r WHERE r.rendered_id = :id AND r.rendered_id <> r.content_id)
        ORDER BY e.to_seq DESC, e.from_seq DESC LIMIT :limit""",
        {"id": content_id, "limit": limit},
    )
    return [Place(*row) for row in rows]


def sources(conn: Connection, content_id: str) -> list[str]:
    """Return where an `add` took a content from: absolute paths and URLs."""
    rows = conn.rows(
        "SELECT DISTINCT source FROM entries WHERE content_id = :id AND source IS NOT NULL", {"id": content_id}
    )
    return [row[0] for row in rows]


def name_of(conn: Connection, content_id: str) -> str | None:
    """Return a name that a content has, or had."""
    row = conn.row(
        "SELECT name FROM entries WHERE content_id = :id ORDER BY to_seq DESC, entry_id DESC LIMIT 1",
        {"id": content_id},
    )
    return str(row[0]) if row else None


def stored(conn: Connection) -> dict[str, tuple[int, int]]:
    """Return what `figures.stored` has to say, counted anew."""
    rows = conn.rows(
        "SELECT CASE WHEN inline THEN 'inline' ELSE 'blobs' END, count(*), sum(size) FROM contents GROUP BY 1"
    )
    return {row[0]: (row[1], int(row[2])) for row in rows}


def count_stored_anew(conn: Connection) -> None:
    """Have `figures.stored` say what there is."""
    conn.run("DELETE FROM content_counts")
    conn.run_many(
        "INSERT INTO content_counts (place, n, size) VALUES (:place, :n, :size)",
        [{"place": place, "n": n, "size": size} for place, (n, size) in stored(conn).items()],
    )


def _now(history: bool) -> str:
    return "" if history else f"AND e.to_seq = {FOREVER}"
