"""What must be true of the rows together, whatever single rows say: endpoints, unique values, numbers of edges.

A transaction looks at what its changes stand on, so that the publish refuses it when somebody else has changed that.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from holdfast.catalog.graph.log import End
from holdfast.errors import Conflict, InvalidRow
from holdfast.rows.overlay import RowEdit, RowOverlay
from holdfast.rows.schema.types import GraphSchema, TypeSchema
from holdfast.rows.stored import StoredRow

_ENDS: tuple[End, End] = ("src", "dst")


def complete(overlay: RowOverlay, schema: GraphSchema) -> None:
    """Remove the edges of removed nodes where the schema says so, and check what must be true of all rows together.

    Raises InvalidRow for an edge without its endpoints, for one too many or too few, and for a node that edges hold;
    Conflict for a unique value that another row has.
    """
    _remove_edges(overlay, schema)
    edits = _by_type(overlay.edits())
    for type_id, changed in edits.items():
        kind = schema.type_of(type_id)
        if kind.kind == "edge":
            _check_endpoints(overlay, schema, kind, changed)
        _check_unique(overlay, kind, changed)
    for edge in schema.live:
        if edge.kind == "edge":
            _check_numbers(overlay, schema, edge, edits)


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


def _remove_edges(overlay: RowOverlay, schema: GraphSchema) -> None:
    for type_id, edits in _by_type(overlay.edits()).items():
        node = schema.type_of(type_id)
        removed = [edit.row.key for edit in edits if edit.after is None]
        for edge in schema.edges_of(node) if removed and node.kind == "node" else ():
            for end in _ends_at(edge, type_id):
                held = overlay.touching(edge.id, end, removed)
                if held and edge.on_delete == "refuse":
                    raise _held(node, edge, held, end)
                for row in held:
                    overlay.remove(row)


def _held(node: TypeSchema, edge: TypeSchema, held: list[StoredRow], end: End) -> InvalidRow:
    key = held[0].end(end)
    number = sum(1 for row in held if row.end(end) == key)
    return InvalidRow(
        f"{node.name} {key} cannot be deleted: it has {number} {edge.name} edges",
        path=f"{node.name} {key}",
        remedy=f"Delete these first, or declare {edge.name} with on_delete='cascade'",
    )


def _check_endpoints(overlay: RowOverlay, schema: GraphSchema, edge: TypeSchema, edits: list[RowEdit]) -> None:
    new = [edit.after for edit in edits if edit.after is not None and edit.before is None]
    for end, node in zip(_ENDS, schema.endpoints(edge), strict=True):
        keys = {row.end(end) for row in new}
        there = overlay.rows(node.id, [key for key in keys if key is not None])
        for row in new:
            if row.end(end) not in there:
                raise InvalidRow(
                    f"{edge.name} from {row.src} to {row.dst}: there is no {node.name} {row.end(end)}",
                    path=f"{edge.name} {row.key}",
                    remedy=f"Insert the {node.name} first, or in the same transaction",
                )


def _check_unique(overlay: RowOverlay, kind: TypeSchema, edits: list[RowEdit]) -> None:
    for each in kind.live:
        for edit in edits if each.unique else ():
            value = edit.after.data.get(str(each.id)) if edit.after else None
            before = edit.before.data.get(str(each.id)) if edit.before else None
            if value is None or value == before:
                continue
            for other in overlay.with_value(kind.id, each.id, value):
                if other.key != edit.row.key:
                    raise Conflict(
                        f"{kind.name} {edit.row.key}: {kind.name} {other.key} has the same {each.name}, {value!r:.80}",
                        path=f"{kind.name} {edit.row.key}",
                        remedy=f"{each.name} is unique: choose another value, or change the other one first",
                    )


def _check_numbers(overlay: RowOverlay, schema: GraphSchema, edge: TypeSchema, edits: dict[int, list[RowEdit]]) -> None:
    limits, nodes = edge.cardinality, schema.endpoints(edge)
    asked: tuple[tuple[End, TypeSchema, int, int | None], ...] = (
        ("src", nodes[0], limits.least_per_source, limits.most_per_source),
        ("dst", nodes[1], limits.least_per_target, limits.most_per_target),
    )
    for end, node, least, most in asked:
        if not least and most is None:
            continue
        keys = {edit.row.end(end) for edit in edits.get(edge.id, ())}
        if least:
            keys |= {edit.row.key for edit in edits.get(node.id, ()) if edit.before is None}
        _check_number(overlay, edge, end, sorted(key for key in keys if key is not None), (node, least, most))


def _check_number(
    overlay: RowOverlay, edge: TypeSchema, end: End, keys: list[str], limits: tuple[TypeSchema, int, int | None]
) -> None:
    node, least, most = limits
    there = overlay.rows(node.id, keys)
    counted: dict[str, int] = dict.fromkeys(there, 0)
    for row in overlay.touching(edge.id, end, list(there)):
        counted[row.end(end) or ""] += 1
    for key, number in counted.items():
        if number < least or (most is not None and number > most):
            wanted = f"at least {least}" if number < least else f"at most {most}"
            way = "from" if end == "src" else "to"
            raise InvalidRow(
                f"{node.name} {key} would have {number} {edge.name} edges {way} it; the schema allows {wanted}",
                path=f"{node.name} {key}",
            )
