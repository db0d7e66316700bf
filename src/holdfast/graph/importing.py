"""A file that an export wrote, taken into a store: its types where there are none yet, and its rows in one commit."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from holdfast.backend import Backend
from holdfast.errors import Unsupported
from holdfast.graph import applying
from holdfast.graph.exporting import FORMAT, MARK, ROWS, SCHEMA
from holdfast.graph.loading.loading import Load, Tell, refusal
from holdfast.graph.loading.report import LoadReport
from holdfast.host.importing import importing
from holdfast.publish.committing import CommitOptions
from holdfast.rows.schema.declared import DeclaredSchema
from holdfast.rows.schema.documents import declared_schema
from holdfast.rows.schema.steps import SchemaPlan
from holdfast.rows.schema.types import GraphSchema

if TYPE_CHECKING:
    from holdfast.graph.sources.batches import SourceBatch

#: bytes that the first line of a file may have
MAX_FIRST = 4 * 1024 * 1024
#: steps of a plan that a message tells of
MAX_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did, or would do."""

    #: what became of the types
    plan: SchemaPlan
    #: what became of the rows
    load: LoadReport


@dataclass(frozen=True, slots=True)
class _First:
    """What the first line of a file says."""

    declared: DeclaredSchema
    rows: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Import:
    """An import that is to be done."""

    backend: Backend
    #: makes what each commit carries, of its message
    terms: Callable[[str], CommitOptions]
    path: Path
    dry_run: bool = False
    tell: Tell | None = None

    def run(self) -> ImportReport:
        """Import the file; raises Unsupported for one that is no export, is cut off, or has other types."""
        first = self._first()
        terms = self.terms("Import rows")
        plan = applying.planned(self.backend, terms.branch, first.declared)
        if plan.steps and not _is_new(plan):
            raise _others(self.path, plan)
        planned = plan.result(count(1).__next__) if plan.steps else None
        if planned is not None:
            # Of a file that is wrong not even the types are taken.
            checked = self._loaded(first, terms, planned)
            if self.dry_run:
                return ImportReport(plan=plan, load=checked)
            if checked.refused:
                raise refusal(checked.refused, checked.bad[0])
            applying.apply(self.backend, self.terms("Apply the schema of an import"), first.declared)
        return ImportReport(plan=plan, load=self._loaded(first, terms))

    def _loaded(self, first: _First, terms: CommitOptions, planned: GraphSchema | None = None) -> LoadReport:
        load = Load(
            backend=self.backend,
            terms=terms,
            read=lambda schema: self._read(schema, first.rows),
            dry_run=self.dry_run or planned is not None,
            tell=self.tell,
            foreign=True,
            planned=planned,
        )
        return load.run()

    def _first(self) -> _First:
        with self._opened() as stream:
            return _parsed(self.path, stream.readline(MAX_FIRST))

    def _read(self, schema: GraphSchema, wanted: Mapping[str, int]) -> "Iterator[SourceBatch]":
        with importing():
            from holdfast.graph.sources.lines import LineReader

        found = dict.fromkeys(wanted, 0)
        with self._opened() as stream:
            stream.readline(MAX_FIRST)
            for batch in LineReader(str(self.path), _as_written(schema), None).read(stream, 2):
                if batch.kind is not None:
                    rows = 0 if batch.rows is None else len(batch.rows)
                    found[batch.kind.name] = found.get(batch.kind.name, 0) + rows + batch.refused
                yield batch
        if found != dict(wanted):
            raise _cut_off(self.path, found, wanted)

    def _opened(self) -> io.BufferedReader:
        with importing():
            from holdfast.graph.sources.reading import opened

        return io.BufferedReader(cast(io.RawIOBase, opened(self.path)))


def _as_written(schema: GraphSchema) -> GraphSchema:
    """Return a schema by which what a line does not say is no value: an export says all that there are."""
    return GraphSchema(
        tuple(
            replace(kind, properties=tuple(replace(each, default=None) for each in kind.properties))
            for kind in schema.types
        )
    )


def _is_new(plan: SchemaPlan) -> bool:
    """Return whether there are no types yet."""
    return all(step.kind == "add_type" for step in plan.steps) and all(each.id < 0 for each in plan.schema.live)


def _parsed(path: Path, line: bytes) -> _First:
    try:
        said: Any = json.loads(line)
        form = said[MARK]
        rows = {str(name): int(number) for name, number in said[ROWS].items()}
        schema = said[SCHEMA]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unsupported(
            f"{path} is no file that an export wrote: its first line does not say which types there are",
            path=str(path),
            remedy="`holdfast graph load` takes files of rows alone",
        ) from error
    if form != FORMAT:
        raise Unsupported(
            f"{path} is of format {form}; this version reads format {FORMAT}",
            path=str(path),
            remedy="Import it with the version of Holdfast that wrote it, or a newer one",
        )
    return _First(declared_schema(schema), rows)


def _others(path: Path, plan: SchemaPlan) -> Unsupported:
    said = [f"{step.said} ({step.type})" for step in plan.steps]
    more = f"; and {len(said) - MAX_NAMED} more" if len(said) > MAX_NAMED else ""
    return Unsupported(
        f"{path} has other types than there are here, and would change: {'; '.join(said[:MAX_NAMED])}{more}",
        path=str(path),
        remedy="Import it into a store, or onto a branch, without types, or apply a schema with these types first",
    )


def _cut_off(path: Path, found: Mapping[str, int], wanted: Mapping[str, int]) -> Unsupported:
    said = [f"{found.get(name, 0)} of {wanted.get(name, 0)} rows of {name}" for name in {**wanted, **found}]
    return Unsupported(
        f"{path} is not whole: it has {', '.join(said)}",
        path=str(path),
        remedy="Export it again, or copy the whole file; nothing was loaded",
    )
