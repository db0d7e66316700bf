"""What a source gives: batches of rows of one type each, as they are stored, with what is wrong in them."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.errors import Unsupported
from holdfast.rows.arrow import columns
from holdfast.rows.arrow.columns import plain
from holdfast.rows.arrow.tables import TOLD, EncodedTable, encode_table
from holdfast.rows.arrow.written import understood, understood_key
from holdfast.rows.schema.codec import FROM, TO
from holdfast.rows.schema.tabular import BadRow
from holdfast.rows.schema.types import GraphSchema, TypeSchema
from holdfast.rows.schema.values import shown
from holdfast.rows.sources import SOURCES

#: what tells the type of a row
TYPE = "type"
#: rows that are looked at together
ROWS = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceBatch:
    """Rows of one type out of a source, or what is no row of any."""

    #: what the source is called
    source: str
    #: None where no type could be told
    kind: TypeSchema | None
    #: None where there is none that is right
    rows: EncodedTable | None
    #: the first of what is wrong
    bad: list[BadRow]
    #: how many rows are wrong
    refused: int


def rows_batch(source: str, kind: TypeSchema, rows: EncodedTable) -> SourceBatch:
    """Return a batch of rows of a type."""
    return SourceBatch(source=source, kind=kind, rows=rows, bad=rows.bad, refused=rows.refused)


def wrong_batch(source: str, bad: list[BadRow], refused: int | None = None) -> SourceBatch:
    """Return a batch of nothing but what is wrong."""
    return SourceBatch(
        source=source, kind=None, rows=None, bad=bad[:TOLD], refused=len(bad) if refused is None else refused
    )


def no_such_type(schema: GraphSchema, name: object) -> str:
    """Return why what a row has for its type is none."""
    there = ", ".join(each.name for each in schema.live) or "none"
    if name is None:
        return f"it does not say its type; there are {there}"
    return f"there is no type {shown(name)}; there are {there}"


class TableReader:
    """Reads tables of rows, each of the type that is said for all or that its column `type` says."""

    def __init__(self, source: str, schema: GraphSchema, type_name: str | None, *, written: bool = False) -> None:
        self._source = source
        self._schema = schema
        self._type = type_name
        #: whether values are written as text, as those of CSV are
        self._written = written

    def read(self, table: pa.Table, lines: pa.Array) -> Iterator[SourceBatch]:
        """Yield the rows of a table by type; `lines` are their numbers."""
        self._refuse_twins(table.column_names)
        if TYPE not in table.column_names:
            yield from self._of_type(self._type, table, lines, split=False)
            return
        types = plain(table.column(TYPE))
        others = table.drop_columns([TYPE])
        names = types.unique().to_pylist()
        for name in names:
            of_it = types.is_null() if name is None else pc.fill_null(pc.equal(types, name), False)
            rows = others if len(names) == 1 else others.filter(of_it)
            numbers = lines if len(names) == 1 else lines.filter(of_it)
            yield from self._of_type(self._type if name is None else name, rows, numbers, split=True)

    def _refuse_twins(self, names: list[str]) -> None:
        twins = sorted({name for name in names if names.count(name) > 1})
        if twins:
            raise Unsupported(
                f"{self._source} has {names.count(twins[0])} columns called {shown(twins[0])}",
                path=self._source,
                remedy="Give each column a name of its own",
            )

    def _of_type(self, name: object, table: pa.Table, lines: pa.Array, *, split: bool) -> Iterator[SourceBatch]:
        kinds = [each for each in self._schema.live if each.name == name]
        if not kinds:
            reason = no_such_type(self._schema, name)
            told = lines[:TOLD].to_pylist()
            bad = [BadRow(line=line, type="", field=TYPE, value=shown(name or ""), reason=reason) for line in told]
            yield wrong_batch(self._source, bad, len(lines))
            return
        kind = kinds[0]
        if split:
            wrong, table, lines = self._without_others(kind, table, lines)
            if wrong.refused:
                yield wrong
        yield from self._understood(kind, table, lines)

    def _understood(self, kind: TypeSchema, table: pa.Table, lines: pa.Array) -> Iterator[SourceBatch]:
        if self._written:
            wrong, table, lines = self._meant(kind, table, lines)
            if wrong.refused:
                yield wrong
        yield rows_batch(self._source, kind, encode_table(self._schema, kind, table, lines))

    def _without_others(
        self, kind: TypeSchema, table: pa.Table, lines: pa.Array
    ) -> tuple[SourceBatch, pa.Table, pa.Array]:
        """Take out columns of other types, and rows that have something in one."""
        known = {*kind.by_name, SOURCES, *((FROM, TO) if kind.kind == "edge" else ())}
        others = [name for name in table.column_names if name not in known]
        bad: list[BadRow] = []
        wrong = pa.nulls(table.num_rows, pa.bool_()).fill_null(False)
        for name in others:
            given = plain(table.column(name)).is_valid()
            reason = f"there is no property {shown(name)}; there are {', '.join(sorted(known))}"
            told = lines.filter(pc.and_not(given, wrong))[:TOLD].to_pylist()
            bad += [BadRow(line=line, type=kind.name, field="", value="", reason=reason) for line in told]
            wrong = pc.or_(wrong, given)
        return self._split_off(bad, table.drop_columns(others), lines, wrong)

    def _meant(self, kind: TypeSchema, table: pa.Table, lines: pa.Array) -> tuple[SourceBatch, pa.Table, pa.Array]:
        """Read what is written as text, and take out rows with something that means nothing."""
        bad: list[BadRow] = []
        all_wrong = pa.nulls(table.num_rows, pa.bool_()).fill_null(False)
        for number, name in enumerate(table.column_names):
            texts = plain(table.column(name))
            meant, wrong = self._understood_column(kind, name, texts)
            if wrong is not None:
                rows = pc.indices_nonzero(pc.and_not(wrong, all_wrong))[:TOLD].to_pylist()
                bad += [self._meaningless(kind, name, columns.cell(texts, row), lines[row].as_py()) for row in rows]
                all_wrong = pc.or_(all_wrong, wrong)
            table = table.set_column(number, name, meant)
        return self._split_off(bad, table, lines, all_wrong)

    def _split_off(
        self, bad: list[BadRow], table: pa.Table, lines: pa.Array, wrong: pa.Array
    ) -> tuple[SourceBatch, pa.Table, pa.Array]:
        refused = pc.sum(wrong).as_py() or 0
        if refused:
            right = pc.invert(wrong)
            table, lines = table.filter(right), lines.filter(right)
        return wrong_batch(self._source, sorted(bad, key=lambda row: row.line), refused), table, lines

    def _understood_column(self, kind: TypeSchema, name: str, texts: pa.Array) -> tuple[pa.Array, pa.Array | None]:
        node = self._node_at(kind, name)
        if node is not None and len(node.keys) > 1:
            return understood_key([each.name for each in node.keys], texts)
        asked = kind.by_name.get(name) if node is None else node.keys[0]
        return (texts, None) if asked is None else understood(asked.type, texts)

    def _node_at(self, kind: TypeSchema, name: str) -> TypeSchema | None:
        """Return the type of the nodes at the end of an edge that a column is of; None for a column of a property."""
        if kind.kind != "edge" or name not in (FROM, TO):
            return None
        return self._schema.endpoints(kind)[(FROM, TO).index(name)]

    def _meaningless(self, kind: TypeSchema, name: str, text: str, line: int) -> BadRow:
        node = self._node_at(kind, name)
        if node is not None and len(node.keys) > 1:
            reason = f"a key of {node.name} is a list of {', '.join(each.name for each in node.keys)}"
        else:
            asked = kind.by_name[name] if node is None else node.keys[0]
            reason = columns.reason(asked, text)
        return BadRow(line=line, type=kind.name, field=name, value=shown(text), reason=reason)
