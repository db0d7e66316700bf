"""Reading the graph: what a store, a snapshot and a transaction under way have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cmp_to_key
from itertools import islice
from typing import Any, TypeVar, overload

from holdfast.arguments import checks_arguments
from holdfast.catalog.graph.log import End
from holdfast.errors import NotFound, Unsupported
from holdfast.rows import walking
from holdfast.rows.graph_rows import Codecs, GraphRow, M, PathStep, Reached, RowModel, type_name
from holdfast.rows.schema import values as row_values
from holdfast.rows.schema.codec import held_value, key_part
from holdfast.rows.schema.types import GraphSchema, PropertySchema, TypeSchema
from holdfast.rows.stored import StoredRow
from holdfast.rows.walking import EdgeStep, NodeAt, RowView

T = TypeVar("T")

#: rows and hops that are asked for when nothing is said
LIMIT, MAX_HOPS = 100, 10


@checks_arguments
class GraphReads(ABC):
    """The reading half of `store.graph`, `snapshot.graph` and `tx.graph`.

    A type is named, or given as its Python class: then rows come as instances of that, else as `GraphRow`.
    """

    @abstractmethod
    def _seen(self) -> tuple[RowView, Codecs]:
        """Return the rows and their schema, as they are at this moment."""

    def schema(self) -> GraphSchema:
        """Return the types that there are."""
        return self._seen()[1].schema

    @overload
    def get(self, type: type[M], key: Any) -> M: ...
    @overload
    def get(self, type: str, key: Any) -> GraphRow: ...
    def get(self, type: type[M] | str, key: Any) -> M | GraphRow:
        """Return the row of a type that is known by `key`; raises NotFound.

        The key of an edge, and one of several properties, is a list of values, an edge's endpoints first, or a dict.
        """
        view, codecs = self._seen()
        kind = codecs.schema.type_named(type_name(type))
        text = codecs.of(kind).key_of(key)
        found = view.rows(kind.id, [text]).get(text)
        if found is None:
            raise missing(kind, text)
        return codecs.shown(found) if isinstance(type, str) else codecs.made(found, type)

    @overload
    def find(
        self,
        type: type[M],
        where: Mapping[str, Any] | None = None,
        *,
        order: str = "",
        limit: int | None = LIMIT,
        **equal: Any,
    ) -> list[M]: ...
    @overload
    def find(
        self,
        type: str,
        where: Mapping[str, Any] | None = None,
        *,
        order: str = "",
        limit: int | None = LIMIT,
        **equal: Any,
    ) -> list[GraphRow]: ...
    def find(
        self,
        type: type[M] | str,
        where: Mapping[str, Any] | None = None,
        *,
        order: str = "",
        limit: int | None = LIMIT,
        **equal: Any,
    ) -> list[M] | list[GraphRow]:
        """Return the rows of a type with these values of properties, at most `limit`: all of them for None.

        In order of key, or of the property `order`; `-name` begins with the greatest. What has no value comes last.
        """
        view, codecs = self._seen()
        kind = codecs.schema.type_named(type_name(type))
        wanted = _wanted(codecs, kind, {**(where or {}), **equal})
        rows = sorted(_matching(view, kind, wanted), key=lambda row: row.key)
        found = list(islice(_ordered(kind, rows, order), limit))
        if isinstance(type, str):
            return [codecs.shown(row) for row in found]
        return [codecs.made(row, type) for row in found]

    def count(self, type: type[RowModel] | str) -> int:
        """Return how many rows of a type there are."""
        view, codecs = self._seen()
        return view.count(codecs.schema.type_named(type_name(type)).id)

    def expand(
        self,
        type: type[RowModel] | str,
        key: Any,
        steps: str,
        *,
        hops: int = 1,
        exact: bool = False,
        where: Mapping[str, Any] | None = None,
        limit: int | None = LIMIT,
    ) -> list[Reached]:
        """Return the nodes within `hops` of a node along `steps`, nearest first; with `exact`, those at the last hop.

        `steps` names types of edges: `Wrote>` from source to target, `<Wrote` back, `<Knows>` either way; several, as
        `Wrote> Cites>`, are one hop together. `where` leaves out nodes with other values, and those of other types.
        Raises NotFound when there is no such node.
        """
        view, codecs = self._seen()
        start = self._node(view, codecs, type, key)
        _check_hops(hops)
        parsed = walking.parse_steps(codecs.schema, steps)
        _check_known(codecs.schema, where or {})
        every = None if where or exact else limit
        found = list(walking.reach(view, [start], parsed, hops=hops, limit=every))
        if exact:
            found = [(node, hop) for node, hop in found if hop == hops]
        return list(islice(_reached(view, codecs, found, where or {}), limit))

    def neighbours(self, type: type[RowModel] | str, key: Any, *, limit: int | None = LIMIT) -> list[PathStep]:
        """Return the nodes that one edge of any type joins to a node, each with that edge; by type and key of the edge.

        Raises NotFound when there is no such node.
        """
        view, codecs = self._seen()
        start = self._node(view, codecs, type, key)
        steps = _all_steps(codecs.schema, start.type_id)
        # An edge of a node to itself begins and ends here, and is one.
        joined = (
            (edge, node)
            for step in steps
            for _, edge, node in walking.along(view, [start], step)
            if step.begin == "src" or edge.src != edge.dst or step.leaves != step.reaches
        )
        return _joined(view, codecs, list(islice(joined, limit)))

    def path(
        self, start: tuple[Any, Any], goal: tuple[Any, Any], *, steps: str = "", hops: int = MAX_HOPS
    ) -> list[PathStep]:
        """Return a shortest way from one node to another, as nodes with the edges that lead to them.

        A node is its type and its key: `("Person", "ada")`. `steps` names the edges that may be gone along, in any
        order: all of them, either way, unless told. Raises NotFound when none is as short as `hops`.
        """
        view, codecs = self._seen()
        ends = [self._node(view, codecs, *end) for end in (start, goal)]
        _check_hops(hops)
        ways = [step for each in walking.parse_steps(codecs.schema, steps) for step in each] if steps else None
        way = walking.shortest(view, ends[0], ends[1], ways or _all_steps(codecs.schema), hops=hops)
        rows = _rows(view, [node for node, _ in way])
        return [
            PathStep(node=codecs.shown(rows[node]), edge=codecs.shown(edge) if edge else None) for node, edge in way
        ]

    def _node(self, view: RowView, codecs: Codecs, type: type[RowModel] | str, key: Any) -> NodeAt:
        kind = codecs.schema.type_named(type_name(type))
        if kind.kind != "node":
            raise Unsupported(f"{kind.name} is a type of edges", path=kind.name, remedy="Name a type of nodes")
        text = codecs.of(kind).key_of(key)
        if not view.rows(kind.id, [text]):
            raise missing(kind, text)
        return NodeAt(kind.id, text)


def _check_hops(hops: int) -> None:
    if hops < 1:
        raise Unsupported(f"hops cannot be {hops}", path="hops", remedy="Give 1 or more")


def _check_known(schema: GraphSchema, where: Mapping[str, Any]) -> None:
    """Raise NotFound for a name that no type of nodes has a property by."""
    known = {name for each in schema.live if each.kind == "node" for name in each.by_name}
    for name in where:
        if name not in known:
            there = ", ".join(sorted(known))
            raise NotFound(f"No node has a property {name!s:.80}", path=f"{name!s:.80}", remedy=f"There are {there}")


def missing(kind: TypeSchema, key: str) -> NotFound:
    """Return the error that says that a type has no row of a key."""
    return NotFound(
        f"There is no {kind.name} {key}",
        path=f"{kind.name} {key}",
        remedy=f"`holdfast graph find {kind.name}` lists them",
    )


def _wanted(codecs: Codecs, kind: TypeSchema, where: Mapping[str, Any]) -> dict[str, Any]:
    """Return what rows must have stored, by id of property, or at an end by `from` and `to`."""
    wanted: dict[str, Any] = {}
    for name, value in where.items():
        if kind.kind == "edge" and name in ("from", "to"):
            wanted[name] = codecs.of(codecs.schema.endpoints(kind)[name == "to"]).key_of(value)
            continue
        each = kind.property_named(name)
        wanted[str(each.id)] = None if value is None else codecs.stored_value(kind, each, value)
    return wanted


def _matching(view: RowView, kind: TypeSchema, wanted: dict[str, Any]) -> Iterator[StoredRow]:
    """Yield the rows of a type that have what is wanted, found by what is looked up if anything is."""
    return (row for row in _candidates(view, kind, wanted) if _has(kind, row, wanted))


def _candidates(view: RowView, kind: TypeSchema, wanted: dict[str, Any]) -> Iterable[StoredRow]:
    ends: tuple[tuple[str, End], ...] = (("from", "src"), ("to", "dst"))
    for name, end in ends:
        if name in wanted:
            return view.touching(kind.id, end, [wanted[name]])
    if kind.kind == "node" and len(kind.keys) == 1 and (key := wanted.get(str(kind.keys[0].id))) is not None:
        return view.rows(kind.id, [key_part(key)]).values()
    for each in kind.live:
        value = wanted.get(str(each.id))
        if (each.unique or each.index) and value is not None and value != each.initial:
            return view.with_value(kind.id, each.id, value)
    return view.every(kind.id)


def _has(kind: TypeSchema, row: StoredRow, wanted: dict[str, Any]) -> bool:
    for name, value in wanted.items():
        if name in ("from", "to"):
            if row.end("src" if name == "from" else "dst") != value:
                return False
        elif not _is_value(kind.by_id[name], held_value(kind.by_id[name], row.data), value):
            return False
    return True


def _is_value(each: PropertySchema, held: Any, wanted: Any) -> bool:
    if held is None or wanted is None:
        return held is wanted
    return bool(row_values.comparable(each.type, held) == row_values.comparable(each.type, wanted))


def _ordered(kind: TypeSchema, rows: list[StoredRow], order: str) -> Iterator[StoredRow]:
    if not order:
        return iter(rows)
    each = kind.property_named(order.removeprefix("-"))
    turn = -1 if order.startswith("-") else 1
    having = [row for row in rows if held_value(each, row.data) is not None]
    without = [row for row in rows if held_value(each, row.data) is None]
    having.sort(key=cmp_to_key(lambda a, b: turn * _compared(each, a, b)))
    return iter(having + without)


def _compared(each: PropertySchema, a: StoredRow, b: StoredRow) -> int:
    one, other = (row_values.comparable(each.type, held_value(each, row.data)) for row in (a, b))
    try:
        return int(one > other) - int(one < other)
    except TypeError:
        raise Unsupported(f"{each.name} has no order: it is {each.type}", path=each.name) from None


def _reached(
    view: RowView, codecs: Codecs, found: list[tuple[NodeAt, int]], where: Mapping[str, Any]
) -> Iterator[Reached]:
    rows = _rows(view, [node for node, _ in found])
    tests: dict[int, Callable[[StoredRow], bool]] = {}
    for node, hops in found:
        if node not in rows:
            continue
        if node.type_id not in tests:
            tests[node.type_id] = _test(codecs, codecs.schema.type_of(node.type_id), where)
        if tests[node.type_id](rows[node]):
            yield Reached(row=codecs.shown(rows[node]), hops=hops)


def _test(codecs: Codecs, kind: TypeSchema, where: Mapping[str, Any]) -> Callable[[StoredRow], bool]:
    if not where.keys() <= kind.by_name.keys():
        return lambda row: False
    wanted = _wanted(codecs, kind, where)
    return lambda row: _has(kind, row, wanted)


def _all_steps(schema: GraphSchema, node: int | None = None) -> list[EdgeStep]:
    """Return every way along every type of edges, or those that begin at nodes of a type."""
    ends: tuple[End, End] = ("src", "dst")
    steps = [EdgeStep(edge, end) for edge in schema.live if edge.kind == "edge" for end in ends]
    return [step for step in steps if node is None or step.leaves == node]


def _rows(view: RowView, nodes: Iterable[NodeAt]) -> dict[NodeAt, StoredRow]:
    by_type: dict[int, list[str]] = {}
    for node in nodes:
        by_type.setdefault(node.type_id, []).append(node.key)
    return {
        NodeAt(type_id, key): row for type_id, keys in by_type.items() for key, row in view.rows(type_id, keys).items()
    }


def _joined(view: RowView, codecs: Codecs, joined: list[tuple[StoredRow, NodeAt]]) -> list[PathStep]:
    rows = _rows(view, [node for _, node in joined])
    return [PathStep(node=codecs.shown(rows[node]), edge=codecs.shown(edge)) for edge, node in joined if node in rows]
