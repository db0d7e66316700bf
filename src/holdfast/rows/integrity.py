"""What must be true of the rows together, whatever single rows say: endpoints, unique values, numbers of edges.

A transaction looks at what its changes stand on, so that the publish refuses it when somebody else has changed that.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from holdfast.catalog.graph.log import End
from holdfast.errors import Conflict, HoldfastError, InvalidRow
from holdfast.rows.overlay import RowEdit, RowOverlay
from holdfast.rows.schema import cardinalities
from holdfast.rows.schema.cardinalities import EdgeLimit
from holdfast.rows.schema.types import GraphSchema, TypeSchema
from holdfast.rows.stored import StoredRow

_ENDS: tuple[End, End] = ("src", "dst")


def complete(overlay: RowOverlay, schema: GraphSchema) -> None:
    """Remove the edges of removed nodes where the schema says so, and check what must be true of all rows together.

    Raises InvalidRow for an edge without its endpoints, for one too many or too few, and for a node that edges hold;
    Conflict for a unique value that another row has.
    """
    for node, edge, end, held in _edges_of_removed(overlay, schema):
        if edge.on_delete == "refuse":
            raise _held(node, edge, held, end)
        # Edges that are edited already are not asked for, so what was found is what the base has.
        overlay.has_read(edge.id, {row.key: row for row in held})
        for row in held:
            overlay.remove(row)
    for error in broken(overlay, schema):
        raise error


def broken(overlay: RowOverlay, schema: GraphSchema, also: Iterable[StoredRow] = ()) -> Iterator[HoldfastError]:
    """Yield what the changes of an overlay break, and what `also` does, as if these rows were new.

    What edges a removed node still has is not looked at: `left_behind` yields these.
    """
    edits = _by_type([*overlay.edits(), *(RowEdit(None, row) for row in also)])
    for type_id, changed in edits.items():
        kind = schema.type_of(type_id)
        if kind.kind == "edge":
            yield from _without_endpoints(overlay, schema, kind, changed)
        yield from _repeated(overlay, kind, changed)
    for edge in schema.live:
        if edge.kind == "edge":
            yield from _miscounted(overlay, schema, edge, edits)


def left_behind(overlay: RowOverlay, schema: GraphSchema) -> Iterator[HoldfastError]:
    """Yield what is wrong with nodes that an overlay removes, but not their edges."""
    for node, edge, end, held in _edges_of_removed(overlay, schema):
        yield _held(node, edge, held, end)


def _by_type(edits: Iterable[RowEdit]) -> dict[int, list[RowEdit]]:
    found: dict[int, list[RowEdit]] = defaultdict(list)
    for edit in edits:
        found[edit.row.type_id].append(edit)
    return found


def _ends_at(edge: TypeSchema, type_id: int) -> Iterator[End]:
    """Yield the ends of an edge type that are nodes of a type."""
    if edge.source == type_id:
        yield "src"
    if edge.target == type_id:
        yield "dst"


def _edges_of_removed(
    overlay: RowOverlay, schema: GraphSchema
) -> Iterator[tuple[TypeSchema, TypeSchema, End, list[StoredRow]]]:
    """Yield the edges that removed nodes still have: by type of node and of edge, and the end that the nodes are at."""
    for type_id, edits in _by_type(overlay.edits()).items():
        node = schema.type_of(type_id)
        removed = [edit.row.key for edit in edits if edit.after is None]
        for edge in schema.edges_of(node) if removed and node.kind == "node" else ():
            for end in _ends_at(edge, type_id):
                if held := overlay.touching(edge.id, end, removed):
                    yield node, edge, end, held


def _held(node: TypeSchema, edge: TypeSchema, held: list[StoredRow], end: End) -> InvalidRow:
    key = held[0].end(end)
    number = sum(1 for row in held if row.end(end) == key)
    return InvalidRow(
        f"{node.name} {key} cannot be deleted: it has {number} {edge.name} edges",
        path=f"{node.name} {key}",
        remedy=f"Delete these first, or declare {edge.name} with on_delete='cascade'",
    )


def _without_endpoints(
    overlay: RowOverlay, schema: GraphSchema, edge: TypeSchema, edits: list[RowEdit]
) -> Iterator[HoldfastError]:
    new = [edit.after for edit in edits if edit.after is not None and edit.before is None]
    for end, node in zip(_ENDS, schema.endpoints(edge), strict=True):
        keys = {row.end(end) for row in new}
        there = overlay.rows(node.id, [key for key in keys if key is not None])
        for row in new:
            if row.end(end) not in there:
                yield InvalidRow(
                    f"{edge.name} from {row.src} to {row.dst}: there is no {node.name} {row.end(end)}",
                    path=f"{edge.name} {row.key}",
                    remedy=f"Insert the {node.name} first, or in the same transaction",
                )


def _repeated(overlay: RowOverlay, kind: TypeSchema, edits: list[RowEdit]) -> Iterator[HoldfastError]:
    for each in kind.live:
        for edit in edits if each.unique else ():
            value = edit.after.data.get(str(each.id)) if edit.after else None
            before = edit.before.data.get(str(each.id)) if edit.before else None
            if value is None or value == before:
                continue
            for other in overlay.with_value(kind.id, each.id, value):
                if other.key != edit.row.key:
                    yield Conflict(
                        f"{kind.name} {edit.row.key}: {kind.name} {other.key} has the same {each.name}, {value!r:.80}",
                        path=f"{kind.name} {edit.row.key}",
                        remedy=f"{each.name} is unique: choose another value, or change the other one first",
                    )


def _miscounted(
    overlay: RowOverlay, schema: GraphSchema, edge: TypeSchema, edits: dict[int, list[RowEdit]]
) -> Iterator[HoldfastError]:
    for limit in cardinalities.limits(schema, edge):
        keys = {edit.row.end(limit.end) for edit in edits.get(edge.id, ())}
        if limit.least:
            keys |= {edit.row.key for edit in edits.get(limit.node.id, ()) if edit.before is None}
        yield from _outside(overlay, edge, limit, sorted(key for key in keys if key is not None))


def _outside(overlay: RowOverlay, edge: TypeSchema, limit: EdgeLimit, keys: list[str]) -> Iterator[HoldfastError]:
    there = overlay.rows(limit.node.id, keys)
    counted: dict[str, int] = dict.fromkeys(there, 0)
    for row in overlay.touching(edge.id, limit.end, list(there)):
        counted[row.end(limit.end) or ""] += 1
    for key, number in counted.items():
        if not limit.allows(number):
            wanted = f"at least {limit.least}" if number < limit.least else f"at most {limit.most}"
            way = "from" if limit.end == "src" else "to"
            yield InvalidRow(
                f"{limit.node.name} {key} would have {number} {edge.name} edges {way} it; the schema allows {wanted}",
                path=f"{limit.node.name} {key}",
            )
