"""Loading: rows of a source, checked and staged outside everybody's way, and published as one commit.

A few rows become rows of the log, as those of a transaction do. More are staged as new bases of their types, with what
the log says of these up to then; they are checked by hashes of what has to be known of them, and once more in the
publish against what others committed meanwhile.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from holdfast.backend import Backend
from holdfast.catalog import commits
from holdfast.catalog.commits import Commit
from holdfast.errors import Conflict, InvalidRow
from holdfast.faults import point
from holdfast.graph.loading.report import LoadMode, LoadProgress, LoadReport
from holdfast.graph.loading.resting import RestingRows
from holdfast.index.tables import GRAPH
from holdfast.publish import intention
from holdfast.publish.committing import CommitOptions, TreeChange
from holdfast.publish.graph_changes import put_loaded
from holdfast.publish.publication import ATTEMPTS
from holdfast.publish.scope import publish_retried
from holdfast.publish.transaction import Transaction, begin
from holdfast.rows.schema.tabular import BadRow
from holdfast.rows.schema.types import GraphSchema, TypeSchema
from holdfast.rows.standing import codecs_at, rows_at
from holdfast.rows.stored import StoredRow
from holdfast.tree.committed import CommittedTree
from holdfast.tree.overlay import Overlay
from holdfast.upkeep import allocator

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.graph.loading.rows import LoadedRows
    from holdfast.graph.loading.standing import StandingRows
    from holdfast.graph.sources.batches import SourceBatch
    from holdfast.rows.bases.staging import BaseStaging, StagedBase

#: rows up to which a load is a transaction like others, and goes to the log
FEW_ROWS = 5_000
#: bad rows that are told of
TOLD = 100

#: is told how far a load is
Tell = Callable[[LoadProgress], None]


@dataclass(kw_only=True)
class Load:
    """A load that is to be done."""

    backend: Backend
    terms: CommitOptions
    #: returns the rows of the source, from its beginning, as a schema has them
    read: "Callable[[GraphSchema], Iterator[SourceBatch]]"
    #: whether nothing is left of the source when it was read
    is_read_once: bool = False
    mode: LoadMode = "append"
    dry_run: bool = False
    tell: Tell | None = None
    #: whether rows may rest on contents that are in another store
    foreign: bool = False
    #: of a dry run: the types that there would be first; None for those that there are
    planned: GraphSchema | None = None
    _bad: list[BadRow] = field(default_factory=list)
    _refused: int = 0
    _rows: dict[str, int] = field(default_factory=dict)

    def run(self) -> LoadReport:
        """Load, in one commit. Raises InvalidRow, Conflict, or what reading the source raises; then nothing is written.

        The source is read again where others commit what the load has to be checked against anew.
        """
        from holdfast.graph.loading.change import LoadOutdated

        for _ in range(ATTEMPTS):
            try:
                return self._attempt()
            except LoadOutdated:
                if self.is_read_once:
                    break
        raise Conflict(
            "Others committed what the rows would have to be checked against anew; nothing was loaded",
            remedy="Repeat it, when the graph is less busy",
        )

    def _attempt(self) -> LoadReport:
        self._bad, self._refused, self._rows = [], 0, {}
        with self.backend.engine.read() as conn:
            head = commits.head(conn, self.terms.branch)
        schema = self.planned or codecs_at(self.backend, self.terms.branch, head).schema
        source = self._batches(schema, head)
        if self.planned is not None:
            return self._load_many(schema, head, source)
        first: list[tuple[TypeSchema, pa.RecordBatch]] = []
        for kind, batch in source:
            first.append((kind, batch))
            if sum(each.num_rows for _, each in first) > FEW_ROWS:
                return self._load_many(schema, head, chain(first, source))
        if self.mode == "overwrite" and self._has_bases(head, first):
            # Row by row as many would go as the bases have.
            return self._load_many(schema, head, iter(first))
        return self._load_few(first)

    def _has_bases(self, head: int, batches: "list[tuple[TypeSchema, pa.RecordBatch]]") -> bool:
        stored = rows_at(self.backend, self.terms.branch, head)
        return any(stored.base(kind.id) is not None for kind, _ in batches)

    def _batches(self, schema: GraphSchema, head: int) -> "Iterator[tuple[TypeSchema, pa.RecordBatch]]":
        """Yield the rows of the source that are right, and take note of the others."""
        from holdfast.graph.loading.rows import as_batch

        resting = RestingRows(self.backend, self.terms.branch, schema, head, foreign=self.foreign)
        for batch in self.read(schema):
            self._bad += batch.bad[: TOLD - len(self._bad)]
            self._refused += batch.refused
            if batch.kind is not None and batch.rows is not None and len(batch.rows):
                sources, bad = resting.of_table(batch.kind, batch.rows)
                self._bad += list(bad.values())[: TOLD - len(self._bad)]
                self._refused += len(bad)
                self._rows[batch.kind.name] = self._rows.get(batch.kind.name, 0) + len(batch.rows) - len(bad)
                yield batch.kind, as_batch(batch.kind, batch.rows, head, sources)
            self._told("reading")

    def _told(self, doing: Any) -> None:
        if self.tell is not None:
            self.tell(LoadProgress(doing=doing, rows=sum(self._rows.values())))

    def _is_refused(self) -> bool:
        """Return whether there is a bad row in a dry run; raises InvalidRow for one in a load."""
        if self._refused and not self.dry_run:
            raise refusal(self._refused, self._bad[0])
        return self._refused > 0

    def _report(self, commit: Commit | None) -> LoadReport:
        return LoadReport(rows=self._rows, bad=tuple(self._bad), refused=self._refused, commit=commit)

    # --- few

    def _load_few(self, batches: "list[tuple[TypeSchema, pa.RecordBatch]]") -> LoadReport:
        from holdfast.rows.bases.shape import decoded_rows

        if self._is_refused():
            return self._report(None)
        rows = [replace(row, seq=0) for kind, batch in batches for row in decoded_rows(kind.id, batch)]
        if self.dry_run:
            put_loaded(begin(self.backend, self.terms).graph, rows, mode=self.mode)
            return self._report(None)
        return self._report(publish_retried(self.backend, lambda tx: self._put(tx, rows), self.terms))

    def _put(self, tx: Transaction, rows: list[StoredRow]) -> None:
        put_loaded(tx.graph, rows, mode=self.mode)

    # --- many

    def _load_many(
        self, schema: GraphSchema, head: int, source: "Iterator[tuple[TypeSchema, pa.RecordBatch]]"
    ) -> LoadReport:
        from holdfast.graph.loading.checking import LoadChecks
        from holdfast.graph.loading.rows import LoadedRows

        seed = int.from_bytes(os.urandom(8), "little")
        backend, terms = self.backend, self.terms
        if self.dry_run:
            loaded = _taken(source, lambda kind: LoadedRows(None, kind, seed))
            if not self._is_refused():
                LoadChecks(schema, rows_at(backend, terms.branch, head), loaded, self.mode, seed).check()
            return self._report(None)
        with intention.intending(backend, "graph load", terms.actor, tables=(GRAPH,)) as intent_id:
            many = _Many(self, schema, head, seed)
            commit = many.published(source)
            intention.abandon(backend, intent_id)
        return self._report(commit)


class _Many:
    """A load of many rows, staged at one commit."""

    def __init__(self, load: Load, schema: GraphSchema, head: int, seed: int) -> None:
        self._load = load
        self._schema = schema
        self._head = head
        self._seed = seed
        self._stagings: dict[int, BaseStaging] = {}
        self._stored = rows_at(load.backend, load.terms.branch, head)
        # One for all that is staged, whatever the store turns to meanwhile.
        self._chosen = load.backend.chosen

    def published(self, source: "Iterator[tuple[TypeSchema, pa.RecordBatch]]") -> Commit:
        """Stage the rows, check them, and publish them."""
        from holdfast.graph.loading.change import LoadChange
        from holdfast.graph.loading.checking import LoadChecks

        load, terms = self._load, self._load.terms
        loaded = _taken(self._noted(source), self._begun)
        load._is_refused()
        load._told("checking")
        LoadChecks(self._schema, self._stored, loaded, load.mode, self._seed).check()
        # What reading took is the library's until it is asked for: indexing takes as much again.
        allocator.give_back()
        load._told("indexing")
        staged = {type_id: self._based(rows) for type_id, rows in loaded.items() if self._changes(rows)}
        terms.graph = LoadChange(
            branch=terms.branch,
            covers=self._head,
            schema=self._schema,
            loaded=loaded,
            staged=staged,
            mode=load.mode,
            seed=self._seed,
            embedder=self._chosen.name,
        )
        point("graph_load.before_publish")
        unchanged = Overlay(
            base=CommittedTree.at_head(load.backend.engine.read, terms.branch), now=load.backend.clock.now()
        )
        return TreeChange(load.backend, terms, lambda conn, head: unchanged, {}).commit()

    def _noted(
        self, source: "Iterator[tuple[TypeSchema, pa.RecordBatch]]"
    ) -> "Iterator[tuple[TypeSchema, pa.RecordBatch]]":
        resting = RestingRows(self._load.backend, self._load.terms.branch, self._schema, self._head)
        for kind, batch in source:
            resting.note(kind, batch)
            yield kind, batch

    def _begun(self, kind: TypeSchema) -> "LoadedRows":
        from holdfast.graph.loading.rows import LoadedRows
        from holdfast.rows.bases.staging import BaseStaging

        self._stagings[kind.id] = BaseStaging(self._load.backend.tables, kind, self._chosen)
        return LoadedRows(self._stagings[kind.id], kind, self._seed)

    def _standing(self, rows: "LoadedRows") -> "StandingRows":
        from holdfast.graph.loading.standing import StandingRows

        return StandingRows(self._stored, rows, self._stagings[rows.kind.id], self._seed)

    def _changes(self, rows: "LoadedRows") -> bool:
        """Return whether the rows of a type are not all there already as they are."""
        mode = self._load.mode
        return mode == "append" or not self._standing(rows).are_as_loaded(alone=mode == "overwrite")

    def _based(self, rows: "LoadedRows") -> "StagedBase":
        """Stage the rows of a type with those that stay beside them."""
        staging = self._stagings[rows.kind.id]
        if self._load.mode == "overwrite":
            return staging.indexed(rows.over(staging.rewritten(None, None, ())))
        return staging.indexed(rows.over(self._standing(rows).beside()))


def _taken(
    source: "Iterable[tuple[TypeSchema, pa.RecordBatch]]", begun: "Callable[[TypeSchema], LoadedRows]"
) -> "Mapping[int, LoadedRows]":
    loaded: dict[int, LoadedRows] = {}
    for kind, batch in source:
        if kind.id not in loaded:
            loaded[kind.id] = begun(kind)
        loaded[kind.id].add(batch)
    return loaded


def refusal(refused: int, first: BadRow) -> InvalidRow:
    """Return the error that says how many rows are wrong, and why the first is."""
    place = ".".join(each for each in (first.type, first.field) if each)
    shown = f"{place or 'it'} cannot be {first.value}: " if first.value else f"{place}: " if place else ""
    line = f"line {first.line} of {first.source}" if first.source else f"line {first.line}"
    rest = f"; {refused - 1} more rows are wrong" if refused > 1 else ""
    return InvalidRow(
        f"L{line[1:]}: {shown}{first.reason}{rest}",
        path=line,
        remedy="Correct them; a dry run tells of the first 100",
        field=first.field,
        value=first.value,
        reason=first.reason,
    )
