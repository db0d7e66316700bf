"""Jobs that a commit enqueues because it changes or removes files that rows of the graph rest on."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection, batches, within
from holdfast.catalog.entries import Entry
from holdfast.catalog.graph import log, schemas
from holdfast.catalog.graph.log import LogSpan
from holdfast.catalog.work import jobs
from holdfast.catalog.work.enqueueing import NewJob
from holdfast.rows.schema.types import GraphSchema
from holdfast.rows.sources import node_anchor, path_anchor
from holdfast.tree.committed import CommittedTree
from holdfast.tree.places import Places

#: files below a removed directory that are asked about; with more there is a job for the directory itself
MOST_BELOW = 1000
#: nodes that are asked about at once
NODES_AT_ONCE = 500


class TreeRows(Protocol):
    """What a commit does to the tree."""

    @property
    def begun(self) -> list[Entry]:
        """The entries that begin."""
        ...

    @property
    def ended(self) -> list[Entry]:
        """The entries that end."""
        ...


def enqueue(conn: Connection, branch: Branch, commit: Commit, kind: str, rows: TreeRows) -> None:
    """Enqueue a job of a kind for each file that a commit changes or removes and that rows of the graph rest on."""
    now = {entry.node_id: entry for entry in rows.begun}
    before = CommittedTree(within(conn), branch, commit.parent or 0)
    changed: dict[int, str] = {}
    large: list[Entry] = []
    for entry in rows.ended:
        after = now.get(entry.node_id)
        if after is not None:
            changed |= {entry.node_id: "changed"} if after.content_id != entry.content_id else {}
        elif (files := _files(before, entry)) is not None:
            changed |= dict.fromkeys(files, "gone")
        else:
            large.append(entry)
    asking = _Asking(conn, branch, commit.id)
    places = Places(before)
    said = [(node, places.path(node), changed[node]) for node in asking.relied_on(changed)]
    said += [(each.node_id, path, "gone") for each in large if asking.is_relied_below(path := places.path_of(each))]
    for node, path, state in said:
        payload = {"path": path, "node": node, "state": state, "commit": commit.id}
        new = NewJob(kind=kind, payload=payload, key=f"{kind}:{node}", supersede=True)
        jobs.enqueue(conn, branch, new, commit.at.timestamp())


def _files(tree: CommittedTree, top: Entry) -> list[int] | None:
    """Return the files at and below an entry; None where there are more than are looked through one by one."""
    if not top.is_dir:
        return [top.node_id]
    found: list[int] = []
    level = [top.node_id]
    while level:
        children = [child for node in level for child in tree.children(node)]
        found += [child.node_id for child in children if not child.is_dir]
        level = [child.node_id for child in children if child.is_dir]
        if len(found) + len(level) > MOST_BELOW:
            return None
    return found


class _Asking:
    """Asks what rows of a branch rest on, or did."""

    def __init__(self, conn: Connection, branch: Branch, seq: int) -> None:
        found = schemas.at(conn, branch, seq)
        schema = GraphSchema.from_json(found.document) if found else GraphSchema()
        self._conn = conn
        self._span = LogSpan(branch, 0, seq)
        self._types = [-kind.id for kind in schema.live]

    def relied_on(self, nodes: Iterable[int]) -> Iterator[int]:
        """Yield those of some nodes that rows rest on."""
        for some in batches(nodes, NODES_AT_ONCE):
            anchors = {node_anchor(node): node for node in some}
            said = log.values_among(self._conn, self._span, self._types, list(anchors))
            yield from (node for anchor, node in anchors.items() if anchor in said)

    def is_relied_below(self, path: str | None) -> bool:
        """Return whether rows rest on what stood below a directory when they were said to."""
        first, end = path_anchor(f"{path}/"), path_anchor(f"{path}0")
        return bool(log.values_from(self._conn, self._span, self._types, (first, end), 1))
