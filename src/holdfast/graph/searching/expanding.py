"""From the nodes that a search found along edges to others."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from holdfast.errors import Unsupported
from holdfast.graph.searching.filtering import check_known, has_all
from holdfast.rows import walking
from holdfast.rows.committed import CommittedRows
from holdfast.rows.finding.asking import row_filter
from holdfast.rows.graph_rows import Codecs, GraphRow, Reached
from holdfast.rows.schema.types import TypeSchema
from holdfast.rows.stored import StoredRow
from holdfast.rows.walking import NodeAt


def expanded(
    rows: CommittedRows,
    codecs: Codecs,
    start: Sequence[GraphRow],
    steps: str,
    hops: int,
    where: Mapping[str, Any] | None,
) -> Iterator[Reached]:
    """Yield the nodes within `hops` of some rows that are nodes, along `steps`, nearest first."""
    if hops < 1:
        raise Unsupported(f"hops cannot be {hops}", path="hops", remedy="Give 1 or more")
    parsed, asked = walking.parse_steps(codecs.schema, steps), where or {}
    check_known([each for each in codecs.schema.live if each.kind == "node"], asked)
    found = walking.reach(rows, list(_nodes(codecs, start)), parsed, hops=hops)
    for node, hop, row in _standing(rows, found):
        kind = codecs.schema.type_of(node.type_id)
        if has_all(kind, asked) and row_filter(codecs, kind, asked).holds(row):
            yield Reached(row=codecs.shown(row), hops=hop)


def _nodes(codecs: Codecs, start: Sequence[GraphRow]) -> Iterator[NodeAt]:
    for row in start:
        kind: TypeSchema = codecs.schema.type_named(row.type)
        if kind.kind == "node":
            yield NodeAt(kind.id, codecs.of(kind).key_of(row.key))


#: nodes whose rows are read at once
_AT_ONCE = 1000


def _standing(rows: CommittedRows, found: Iterable[tuple[NodeAt, int]]) -> Iterator[tuple[NodeAt, int, StoredRow]]:
    waiting = iter(found)
    while some := list(islice(waiting, _AT_ONCE)):
        for type_id in dict.fromkeys(node.type_id for node, _ in some):
            here = [(node, hop) for node, hop in some if node.type_id == type_id]
            there = rows.rows(type_id, (node.key for node, _ in here))
            yield from ((node, hop, there[node.key]) for node, hop in here if node.key in there)
