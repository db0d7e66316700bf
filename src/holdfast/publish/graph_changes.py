"""The graph of a transaction: what it reads and changes of typed rows, to be committed with its files."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.errors import Conflict, HoldfastError, Unsupported
from holdfast.publish.sourcing import SourceResolver
from holdfast.rows import integrity
from holdfast.rows.graph_rows import TYPE, Codecs, RowModel, type_name
from holdfast.rows.overlay import RowOverlay
from holdfast.rows.publishing import NewSchema, RowChange
from holdfast.rows.reading import GraphReads, missing
from holdfast.rows.schema.types import TypeSchema
from holdfast.rows.schema.values import Refused
from holdfast.rows.sources import SOURCES, Source, SourceInput, all_parsed, held, joined, with_sources
from holdfast.rows.standing import codecs_at, rows_at
from holdfast.rows.stored import StoredRow, alike
from holdfast.tree.overlay import Overlay

#: a row as it is given: an instance of its Python class, or its values by name, with its type as `type`
RowInput = RowModel | Mapping[str, Any]


@checks_arguments
class TransactionGraph(GraphReads):
    """The rows that a transaction sees and changes, as `tx.graph`: they are committed with it, and not otherwise."""

    def __init__(
        self, backend: Backend, branch: Branch, seq: int, check_open: Callable[[], None], files: Overlay
    ) -> None:
        self._check_open = check_open
        self._backend = backend
        self._files = files
        self._branch = branch
        self._codecs = codecs_at(backend, branch, seq)
        self._overlay = RowOverlay(rows_at(backend, branch, seq), self._looked_up)
        self._new_schema: NewSchema | None = None
        self._is_complete = False

    def insert(self, *rows: RowInput, type: str = "", sources: Iterable[SourceInput] | None = None) -> None:
        """Add rows that are not there yet: instances of their classes, or dicts with the name of the type as `type`.

        With `type`, dicts hold values only. `sources` are what all of them rest on: paths, `content:` and an id, or
        `holdfast.Source`; a dict may have its own as `sources`. Raises Conflict when a row of the same key is there,
        and InvalidRow.
        """
        given = self._stored(rows, type, sources)
        _look_up(self._overlay, (row for _, row in given))
        for kind, row in given:
            if self._overlay.row(kind.id, row.key) is not None:
                raise Conflict(
                    f"There is a {kind.name} {row.key} already",
                    path=f"{kind.name} {row.key}",
                    remedy="Update it, or use upsert",
                )
            self._put(row)

    def upsert(self, *rows: RowInput, type: str = "", sources: Iterable[SourceInput] | None = None) -> None:
        """Add rows, or put them in the place of those with their keys; given as to `insert`.

        Where no sources are given, a row that is there keeps its own.
        """
        given = self._stored(rows, type, sources)
        _look_up(self._overlay, (row for _, row in given))
        for kind, row in given:
            self._put_over(kind, row)

    def update(
        self,
        type: type[RowModel] | str,
        key: Any,
        changes: Mapping[str, Any],
        *,
        sources: Iterable[SourceInput] | None = None,
    ) -> None:
        """Give some properties of a row other values; None takes a value away. Raises NotFound or InvalidRow.

        `sources` come in the place of those that it had.
        """
        kind, found = self._found(type, key)
        row = self._codecs.stored(kind, {**self._codecs.values(found), **changes})
        if sources is not None:
            row = self._resting_on(kind, row, sources)
        if row.key != found.key:
            raise Unsupported(
                f"The key of {kind.name} {found.key} cannot be changed",
                path=f"{kind.name} {found.key}",
                remedy="Insert a new row, and delete this one",
            )
        self._put_over(kind, row)

    def cite(self, type: type[RowModel] | str, key: Any, *sources: SourceInput) -> None:
        """Have a row rest on more sources than before. Raises NotFound or InvalidRow."""
        kind, found = self._found(type, key)
        data = self._codecs.of(kind).settled(found.data)
        self._put_over(kind, replace(found, data=with_sources(data, [*held(found.data), *self._meant(kind, sources)])))

    def delete(self, type: type[RowModel] | str, *keys: Any) -> None:
        """Remove rows by their keys. Raises NotFound.

        What becomes of the edges of a node is said by their type: they go with it, or it cannot be deleted.
        """
        self._check_open()
        kind = self._codecs.schema.type_named(type_name(type))
        self._overlay.rows(kind.id, map(self._codecs.of(kind).key_of, keys))
        for key in keys:
            self._overlay.remove(self._found(type, key)[1])
            self._is_complete = False

    def _seen(self) -> tuple[RowOverlay, Codecs]:
        self._check_open()
        return self._overlay, self._codecs

    def _stored(
        self, rows: tuple[RowInput, ...], named: str, sources: Iterable[SourceInput] | None
    ) -> list[tuple[TypeSchema, StoredRow]]:
        self._check_open()
        of_all = None
        found = []
        for row in rows:
            name, given = _given(row, named)
            kind = self._codecs.schema.type_named(name)
            stored = self._codecs.stored(kind, {name: value for name, value in given.items() if name != SOURCES})
            own = given.get(SOURCES)
            if own is None and sources is not None:
                own = of_all = self._meant(kind, sources) if of_all is None else of_all
            found.append((kind, stored if own is None else self._resting_on(kind, stored, own)))
        keys: dict[int, list[str]] = {}
        for kind, stored in found:
            keys.setdefault(kind.id, []).append(stored.key)
        for type_id, wanted in keys.items():
            # All in one question: each is then known when its turn comes.
            self._overlay.rows(type_id, wanted)
        return found

    def _found(self, type: type[RowModel] | str, key: Any) -> tuple[TypeSchema, StoredRow]:
        self._check_open()
        kind = self._codecs.schema.type_named(type_name(type))
        text = self._codecs.of(kind).key_of(key)
        found = self._overlay.row(kind.id, text)
        if found is None:
            raise missing(kind, text)
        return kind, found

    def _put_over(self, kind: TypeSchema, row: StoredRow) -> None:
        there = self._overlay.row(kind.id, row.key)
        if there is None:
            self._put(row)
            return
        known = held(there.data)
        # Sources that are there already stay as they are, with the commit that they are from.
        given = joined(known, held(row.data)) if SOURCES in row.data else known
        row = replace(row, data=with_sources(row.data, given))
        # What was written before a property was declared reads as if it had its default.
        if not alike(with_sources(self._codecs.of(kind).settled(there.data), known), row.data):
            self._put(row)

    def _resting_on(self, kind: TypeSchema, row: StoredRow, given: Iterable[SourceInput]) -> StoredRow:
        """Return a row with some sources, also where these are none; raises InvalidRow."""
        data = with_sources({}, self._meant(kind, given))
        return replace(row, data={**row.data, SOURCES: [], **data})

    def _meant(self, kind: TypeSchema, given: Iterable[SourceInput]) -> list[Source]:
        try:
            return SourceResolver(self._backend, self._files, self._files.base).resolved(all_parsed(given))
        except Refused as refused:
            raise self._codecs.of(kind).invalid(SOURCES, given, str(refused)) from None

    def _put(self, row: StoredRow) -> None:
        self._overlay.put(replace(row, data=with_sources(row.data, held(row.data))))
        self._is_complete = False

    def _looked_up(self, type_id: int) -> list[int]:
        return self._codecs.looked_up(type_id)


def _look_up(overlay: RowOverlay, rows: Iterable[StoredRow]) -> None:
    """Read what stands of the keys of some rows together: one after another each waits for the base."""
    keys: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        keys[row.type_id].append(row.key)
    for type_id, some in keys.items():
        overlay.rows(type_id, some)


def complete(graph: TransactionGraph) -> None:
    """Check what a transaction changes as a whole, and make what follows from it. Raises InvalidRow or Conflict."""
    if not graph._is_complete:
        integrity.complete(graph._overlay, graph._codecs.schema)
        graph._is_complete = True


def change_of(graph: TransactionGraph) -> RowChange:
    """Return what a transaction changes, to be committed; raises as `complete`."""
    complete(graph)
    return RowChange(graph._overlay, graph._branch, graph._looked_up, graph._new_schema)


def apply_schema(graph: TransactionGraph, schema: NewSchema, asked: Iterable[int]) -> None:
    """Have a transaction apply a schema, which holds if no row of the types that were `asked` has changed since."""
    graph._overlay.looked.types.update(asked)
    graph._new_schema = schema


def _given(row: RowInput, named: str) -> tuple[str, Mapping[str, Any]]:
    """Return the name of a row's type, and its values."""
    if not isinstance(row, Mapping):
        return row.graph_type(), row.graph_values()
    if named:
        return named, row
    name = row.get(TYPE)
    if not isinstance(name, str):
        raise Unsupported(
            "A row does not say its type", path=TYPE, remedy='Give {"type": "Person", ...}, or type="Person"'
        )
    return name, {each: value for each, value in row.items() if each != TYPE}


def put_loaded(
    graph: TransactionGraph, rows: Sequence[StoredRow], *, mode: Literal["append", "merge", "overwrite"]
) -> None:
    """Put the rows of a load into a transaction. Raises Conflict for a key that is there, or is there twice."""
    seen: set[tuple[int, str]] = set()
    _look_up(graph._overlay, rows)
    for row in rows:
        kind = graph._codecs.schema.type_of(row.type_id)
        if (row.type_id, row.key) in seen:
            raise Conflict(
                f"{kind.name} {row.key} is in the source twice", path=kind.name, remedy="Leave one of them out"
            )
        seen.add((row.type_id, row.key))
        if mode != "append":
            # A row that is loaded over another one has its own sources, or none.
            graph._put_over(kind, replace(row, data={SOURCES: [], **row.data}))
        elif graph._overlay.row(row.type_id, row.key) is not None:
            raise Conflict(
                f"There is a {kind.name} {row.key} already",
                path=f"{kind.name} {row.key}",
                remedy='Load with mode="merge" to replace rows by their keys',
            )
        else:
            graph._put(row)
    if mode == "overwrite":
        for type_id in {row.type_id for row in rows}:
            gone = {old.key: old for old in graph._overlay.every(type_id) if (type_id, old.key) not in seen}
            graph._overlay.has_read(type_id, gone)
            for old in gone.values():
                graph._overlay.remove(old)
    graph._is_complete = False
    complete(graph)


def parts_of(graph: TransactionGraph) -> tuple[RowOverlay, Codecs]:
    """Return the rows that a transaction changes, and what encodes them."""
    return graph._overlay, graph._codecs


def put_row(graph: TransactionGraph, row: StoredRow) -> None:
    """Have a row stand with these values and sources, if it does not."""
    graph._put_over(graph._codecs.schema.type_of(row.type_id), row)


def problems_of(graph: TransactionGraph) -> list[HoldfastError]:
    """Return what the changes of a transaction break."""
    return list(integrity.broken(graph._overlay, graph._codecs.schema))
