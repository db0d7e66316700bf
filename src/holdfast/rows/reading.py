"""Reading the graph: what a store, a snapshot and a transaction under way have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar, overload

from holdfast.arguments import checks_arguments
from holdfast.catalog.graph.log import End
from holdfast.errors import NotFound, Unsupported
from holdfast.filters import Where
from holdfast.rows import walking
from holdfast.rows.finding.asking import names_in, row_filter
from holdfast.rows.finding.pages import Question, RowList, found_page, matching
from holdfast.rows.graph_rows import Codecs, GraphRow, M, PathStep, Reached, RowModel, type_name
from holdfast.rows.schema.types import GraphSchema, TypeSchema
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

    def _seen_by(self, asked: Question, cursor: str | None) -> tuple[RowView, Codecs]:
        """Return the rows and their schema that a question is answered from: at the commit that a cursor names."""
        view, codecs = self._seen()
        if cursor is not None:
            commit, _ = asked.place(cursor, view.branch.id)
            if commit != view.seq:
                view, codecs = self._seen_at(commit)
        return view, codecs

    def _seen_at(self, commit: int) -> tuple[RowView, Codecs]:
        """Return the rows and their schema at an older commit; raises Unsupported where it cannot be another."""
        raise Unsupported(
            f"The cursor is of commit {commit}",
            path="cursor",
            remedy=f"Go on with it at that commit: store.snapshot(at={commit})",
        )

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
        where: Where | None = None,
        *,
        order: str = "",
        limit: int | None = LIMIT,
        cursor: str | None = None,
        **equal: Any,
    ) -> "RowList[M]": ...
    @overload
    def find(
        self,
        type: str,
        where: Where | None = None,
        *,
        order: str = "",
        limit: int | None = LIMIT,
        cursor: str | None = None,
        **equal: Any,
    ) -> "RowList[GraphRow]": ...
    def find(
        self,
        type: type[M] | str,
        where: Where | None = None,
        *,
        order: str = "",
        limit: int | None = LIMIT,
        cursor: str | None = None,
        **equal: Any,
    ) -> "RowList[M] | RowList[GraphRow]":
        """Return the rows of a type with these values of properties, at most `limit`: all of them for None.

        `where` is a filter as `store.glob` takes one: `{"age": {"$gte": 18}, "tags": "diary"}`, its values of the types
        that the schema says; the endpoints of edges are `from` and `to`. `equal` asks for values by name.

        In order of key, or of the property `order`; `-name` begins with the greatest. What has no value comes last.
        Where there are more, `cursor` of what is returned goes on behind it when it is given with the same question,
        at the same commit.
        """
        asked = Question(type_name(type), {**(where or {}), **equal}, order)
        view, codecs = self._seen_by(asked, cursor)
        page = found_page(view, codecs, asked, limit=limit, cursor=cursor)
        if isinstance(type, str):
            return RowList(map(codecs.shown, page.rows), page, codecs)
        return RowList((codecs.made(row, type) for row in page.rows), page, codecs)

    @overload
    def rows(self, type: type[M], where: Where | None = None) -> Iterator[M]: ...
    @overload
    def rows(self, type: str, where: Where | None = None) -> Iterator[GraphRow]: ...
    def rows(self, type: type[M] | str, where: Where | None = None) -> Iterator[M] | Iterator[GraphRow]:
        """Yield all rows of a type that meet a filter, in no order, as they are read: there may be any number."""
        view, codecs = self._seen()
        kind = codecs.schema.type_named(type_name(type))
        found = matching(view, row_filter(codecs, kind, where))
        return map(codecs.shown, found) if isinstance(type, str) else (codecs.made(row, type) for row in found)

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
        where: Where | None = None,
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
    for name in names_in(where):
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
    if not names_in(where) <= kind.by_name.keys():
        return lambda row: False
    return row_filter(codecs, kind, where).holds


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
