"""What a transaction changed of the graph, as a part of its commit: checked against what others committed, and written.

As `publish/conflicts.py` does for files.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from holdfast.catalog import commits, settings
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection
from holdfast.catalog.graph import bases, log, schemas
from holdfast.catalog.graph.log import LogRow, LogSpan
from holdfast.catalog.history.ground import Ground
from holdfast.errors import Conflict
from holdfast.rows.overlay import RowEdit, RowOverlay
from holdfast.rows.sources import index_values, numbered
from holdfast.rows.stored import lookup_text

#: rows of other commits that are read one by one; of more, what was looked at is asked for
MAX_READ = 1000


@dataclass(frozen=True, slots=True)
class NewSchema:
    """A schema that a commit applies."""

    #: returns what is stored, told the number of the commit
    document: Callable[[int], str]
    #: what rows of the log hold of properties that are looked up by value from now on: (property, value, key)
    values: tuple[tuple[int, str, str], ...] = ()


class RowChange:
    """The changes of an overlay, and maybe of the schema, made on the commit that its base shows."""

    def __init__(
        self,
        overlay: RowOverlay,
        branch: Branch,
        looked_up: Callable[[int], Iterable[int]],
        schema: NewSchema | None = None,
    ) -> None:
        self._schema = schema
        self._overlay = overlay
        self._branch = branch
        self._looked_up = looked_up
        self.ground = Ground(branch, overlay.base.seq, self._check)
        self._edits: list[RowEdit] = overlay.edits()

    def __len__(self) -> int:
        """Return how many rows it changes; a schema counts for one."""
        return len(self._edits) + (self._schema is not None)

    def write(self, conn: Connection, commit: Commit, nodes: Mapping[int, int]) -> None:
        """Write what the commit says of the rows, told the numbers of the nodes that it makes."""
        edits = [_numbered(edit, commit.id, nodes) for edit in self._edits]
        rows = [edit.after.in_log() if edit.after else edit.row.removed() for edit in edits]
        log.write(conn, self._branch, commit.id, rows)
        values = {each for edit in edits for each in self._values(edit)}
        if self._schema is not None:
            schemas.apply(conn, self._branch, commit.id, self._schema.document(commit.id))
            # What is searched from now on may have to be written into bases: upkeep looks.
            settings.put(conn, settings.GRAPH_LOOKED, settings.SCHEMA_APPLIED)
            # A merge may bring a row and have its property looked up from now on.
            values.update(self._schema.values)
        log.write_values(conn, self._branch, commit.id, values)

    def _values(self, edit: RowEdit) -> Iterator[tuple[int, str, str]]:
        """Yield what the row is found by from now on: (property, value, key), and what it rests on."""
        row = edit.after
        if row is None:
            return
        for property_id in self._looked_up(row.type_id):
            value = row.data.get(str(property_id))
            if value is not None:
                yield property_id, lookup_text(value), row.key
        known = set(index_values(row.type_id, row.key, edit.before.data)) if edit.before else set()
        yield from (each for each in index_values(row.type_id, row.key, row.data) if each not in known)

    def _check(self, conn: Connection, after: int, head: int) -> None:
        if head > after:
            self._check_schema(conn, after, head)
            self._check_loads(conn, after, head)
            if (found := next(self._changed(conn, after, head), None)) is not None:
                raise self._conflict(conn, f"The row {found.key} of the graph", found.seq, found.key)

    def _check_schema(self, conn: Connection, after: int, head: int) -> None:
        applied = schemas.at(conn, self._branch, head, after)
        if applied is not None:
            raise self._conflict(conn, "The schema of the graph", applied.seq, "schema")

    def _check_loads(self, conn: Connection, after: int, head: int) -> None:
        types = self._overlay.looked.among_types()
        for base in bases.loaded(conn, self._branch, after, head):
            if base.type_id in types:
                raise self._conflict(conn, "A type of the graph", base.seq, "graph")

    def _changed(self, conn: Connection, after: int, head: int) -> Iterator[LogRow]:
        """Yield what was changed in (after, head] of what was looked at."""
        span = LogSpan(self._branch, after, head)
        found = log.said(conn, span, limit=MAX_READ + 1)
        if len(found) <= MAX_READ:
            values = self._given(conn, span)
            yield from (row for row in found if self._was_looked_at(row) or row.key in values)
            return
        yield from self._asked(conn, span)

    def _was_looked_at(self, row: LogRow) -> bool:
        looked = self._overlay.looked
        return (
            row.type_id in looked.types
            or row.key in looked.keys.get(row.type_id, ())
            or row.src in looked.ends.get((row.type_id, "src"), ())
            or row.dst in looked.ends.get((row.type_id, "dst"), ())
        )

    def _given(self, conn: Connection, span: LogSpan) -> set[str]:
        """Return the keys of rows that were given a value that was looked for."""
        return {
            key
            for property_id, values in self._overlay.looked.values.items()
            for key in log.with_value(conn, span, property_id, sorted(values))
        }

    def _asked(self, conn: Connection, span: LogSpan) -> Iterator[LogRow]:
        looked = self._overlay.looked
        for type_id in looked.types:
            yield from log.of_type(conn, span, type_id)
        for type_id, keys in looked.keys.items():
            yield from log.newest(conn, span, type_id, keys)
        for (type_id, end), nodes in looked.ends.items():
            yield from log.touching(conn, span, type_id, end, nodes)
        yield from (LogRow(0, key, None, None, None, span.until) for key in self._given(conn, span))

    def _conflict(self, conn: Connection, what: str, seq: int, path: str) -> Conflict:
        return commits.overtaken(conn, what, path, seq, self._overlay.base.seq)


def _numbered(edit: RowEdit, commit: int, nodes: Mapping[int, int]) -> RowEdit:
    """Return an edit whose row names the commit and its new nodes by their numbers."""
    if edit.after is None:
        return edit
    return RowEdit(edit.before, replace(edit.after, data=numbered(edit.after.data, commit, nodes)))
