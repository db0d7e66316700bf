"""What the rows of a load rest on: found in the tree that it is staged at, and noted so that they are found by it."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import batches, within
from holdfast.catalog.graph import log
from holdfast.errors import InvalidRow
from holdfast.publish.sourcing import SourceResolver
from holdfast.rows.schema.codec import RowCodec
from holdfast.rows.schema.tabular import BadRow
from holdfast.rows.schema.types import GraphSchema, TypeSchema
from holdfast.rows.schema.values import Refused
from holdfast.rows.sources import SOURCES, all_parsed, index_values, with_sources
from holdfast.tree.committed import CommittedTree

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.rows.arrow.tables import EncodedTable

#: what rows are found by that is written in one turn
NOTED_AT_ONCE = 20_000

#: what a row rests on as it is stored, or why it cannot; None for nothing
_Found = list[dict[str, Any]] | InvalidRow | None


class RestingRows:
    """Finds what rows of one load are said to rest on."""

    def __init__(
        self, backend: Backend, branch: Branch, schema: GraphSchema, head: int, *, foreign: bool = False
    ) -> None:
        self._backend = backend
        self._branch = branch
        self._schema = schema
        self._head = head
        self._foreign = foreign
        self._known: dict[str, _Found] = {}

    def of_table(
        self, kind: TypeSchema, rows: "EncodedTable"
    ) -> tuple[list[list[dict[str, Any]] | None] | None, dict[int, BadRow]]:
        """Return what each row rests on as it is stored, None where none does, and which rest on what is not there."""
        if rows.sources is None:
            return None, {}
        found: list[list[dict[str, Any]] | None] = []
        bad: dict[int, BadRow] = {}
        for row, noted in enumerate(rows.sources.to_pylist()):
            line, given = json.loads(noted) if noted is not None else (0, [])
            meant = self._meant(kind, given)
            if isinstance(meant, InvalidRow):
                bad[row] = BadRow(line=line, type=kind.name, field=SOURCES, value=meant.value, reason=meant.reason)
            found.append(None if isinstance(meant, InvalidRow) else meant)
        return found, bad

    def note(self, kind: TypeSchema, batch: "pa.RecordBatch") -> None:
        """Have rows of a load be found by what they rest on, from the first commit on that can have them.

        Before the load is published: what no row rests on in the end is no more than a place that is looked at.
        """
        if batch.column("extra").null_count == batch.num_rows:
            return
        keys = batch.column("key").to_pylist()
        extra = batch.column("extra").to_pylist()
        said = (
            each
            for key, text in zip(keys, extra, strict=True)
            if text is not None and f'"{SOURCES}"' in text
            for each in index_values(kind.id, key, json.loads(text))
        )
        for some in batches(said, NOTED_AT_ONCE):
            with self._backend.engine.write(durable=False) as conn:
                log.write_values(conn, self._branch, self._head + 1, some)

    def _meant(self, kind: TypeSchema, given: Sequence[Any]) -> _Found:
        asked = json.dumps(given)
        if asked not in self._known:
            self._known[asked] = self._resolved(kind, given)
        return self._known[asked]

    def _resolved(self, kind: TypeSchema, given: Sequence[Any]) -> _Found:
        if not given:
            return None
        with self._backend.engine.read() as conn:
            tree = CommittedTree(within(conn), self._branch, self._head)
            try:
                resolver = SourceResolver(self._backend, tree, tree, self._head, foreign=self._foreign)
                found = resolver.resolved(all_parsed(given))
            except Refused as refused:
                return RowCodec(self._schema, kind).invalid(SOURCES, given, str(refused))
        held: list[dict[str, Any]] = with_sources({}, found)[SOURCES]
        return held
