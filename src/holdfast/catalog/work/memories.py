"""Questions about files two levels below a directory of the root, as memories are, and when they went."""

from collections.abc import Iterator
from dataclasses import dataclass

from holdfast.catalog import entries
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection
from holdfast.catalog.entries import Entry
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
    found = _along(conn, branch, top, after, until) if branch.forks else _of_one(conn, branch, top, after, until)
    return sorted(found, key=lambda each: each.gone)


def _of_one(conn: Connection, branch: Branch, top: str, after: int, until: int) -> list[RemovedFile]:
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
    return [
        RemovedFile(row[0], row[1], row[2], row[3], min(row[7:]))
        for row in rows
        if max(row[4:7]) < min(row[7:]) <= until
    ]


def _along(conn: Connection, branch: Branch, top: str, after: int, until: int) -> Iterator[RemovedFile]:
    """Yield the same along a lineage: what stood before each commit that ended an entry, and not as it was after it."""
    for seq, node in sorted(_ended(conn, branch, after, until)):
        before, now = entries.of_node(conn, branch, seq - 1, node), entries.of_node(conn, branch, seq, node)
        # What its base ended after the fork may stand here; what was adopted began when its base's did.
        if before is None or (now is not None and now.from_seq == before.from_seq):
            continue
        for kind, file in _files(conn, branch, seq - 1, top, before):
            yield RemovedFile(kind, file.name, file.node_id, file.content_id or "", seq)


def _ended(conn: Connection, branch: Branch, after: int, until: int) -> set[tuple[int, int]]:
    changed = entries.changed_entries(conn, branch, after, until)
    return {(entry.to_seq, entry.node_id) for entry in changed if after < entry.to_seq <= until}


def _files(conn: Connection, branch: Branch, seq: int, top: str, entry: Entry) -> Iterator[tuple[str, Entry]]:
    """Yield (kind, file) of the files that stood below `/top/*` by means of an entry, a file's or a directory's."""
    if entry.parent_id == ROOT_NODE:
        below = entries.children(conn, branch, seq, entry.node_id) if entry.is_dir and entry.name == top else []
        for kind in below:
            yield from _files(conn, branch, seq, top, kind)
        return
    above = entries.of_node(conn, branch, seq, entry.parent_id)
    if above is None or above.parent_id == above.node_id:
        return
    if entry.is_dir and (above.parent_id, above.name) == (ROOT_NODE, top):
        yield from (
            (entry.name, each) for each in entries.children(conn, branch, seq, entry.node_id) if not each.is_dir
        )
    elif not entry.is_dir and above.parent_id != ROOT_NODE:
        place = entries.of_node(conn, branch, seq, above.parent_id)
        if place is not None and (place.parent_id, place.name) == (ROOT_NODE, top):
            yield above.name, entry
