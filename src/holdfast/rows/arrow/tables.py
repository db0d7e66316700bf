"""Tables of rows of one type: checked and stored column by column, with what is wrong told row by row."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.errors import InvalidRow
from holdfast.rows.arrow import columns
from holdfast.rows.arrow.columns import EncodedColumn
from holdfast.rows.arrow.resting import noted_column
from holdfast.rows.arrow.stored import column, stored_values
from holdfast.rows.schema.codec import FROM, MAX_EDGE_KEY_BYTES, MAX_NODE_KEY_BYTES, TO, EncodedRow, RowCodec
from holdfast.rows.schema.tabular import BadRow
from holdfast.rows.schema.types import GraphSchema, PropertySchema, TypeSchema
from holdfast.rows.schema.values import shown
from holdfast.rows.sources import SOURCES

#: rows of one table that are told of; of the others it is counted that they are wrong
TOLD = 100
#: what JSON writes otherwise in a text, beside control characters
_QUOTE, _BACKSLASH = b'"\\'
_CONTROLS = "[\\x00-\\x1f]"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedTable:
    """Rows of a type as they are stored, without those that are wrong."""

    key: pa.Array
    #: of edges: the keys of their endpoints
    src: pa.Array | None
    dst: pa.Array | None
    #: what is stored for each property by its id as text, those of the key too
    columns: dict[str, pa.Array]
    #: the first of the rows that are wrong, each with its place and why
    bad: list[BadRow]
    #: how many are wrong
    refused: int
    #: of rows that are said to rest on something, JSON of their lines and of that as it was given; None where none is
    sources: pa.Array | None = None

    def __len__(self) -> int:
        """Return how many rows are right."""
        return len(self.key)

    def rows(self, kind: TypeSchema) -> Iterator[EncodedRow]:
        """Yield the rows that are right, each as the codec of their type gives it."""
        named = {name: stored_values(kind.by_id[name].type, cells) for name, cells in self.columns.items()}
        none: list[None] = [None] * len(self)
        src, dst = (none if each is None else each.to_pylist() for each in (self.src, self.dst))
        kept = {name: kind.by_id[name].initial is not None for name in named}
        for row, key in enumerate(self.key.to_pylist()):
            data = {name: cells[row] for name, cells in named.items() if cells[row] is not None or kept[name]}
            yield EncodedRow(key, src[row], dst[row], data)


def encode_table(schema: GraphSchema, kind: TypeSchema, table: pa.Table, lines: pa.Array | None = None) -> EncodedTable:
    """Return the rows of a table, whose columns are called as the properties are, an edge's endpoints `from` and `to`.

    A null stands for what is not given: the default. `lines` are the numbers that bad rows are told by, from 1 on else.
    Raises InvalidRow for a column of no property.
    """
    return _Encoding(schema, kind, table, lines).encoded()


class _Encoding:
    """One table on its way."""

    def __init__(self, schema: GraphSchema, kind: TypeSchema, table: pa.Table, lines: pa.Array | None) -> None:
        self._schema = schema
        self._kind = kind
        self._codec = RowCodec(schema, kind)
        self._rows = table.num_rows
        self._lines = lines
        self._given = {name: columns.plain(table.column(name)) for name in table.column_names}
        self._resting = self._given.pop(SOURCES, None)
        self._is_bad = pa.nulls(self._rows, pa.bool_()).fill_null(False)
        self._told: dict[int, BadRow] = {}

    def encoded(self) -> EncodedTable:
        """Return the rows."""
        self._check_names()
        stored = {str(each.id): self._property(each) for each in self._kind.live}
        src, dst = (self._endpoint(name) for name in (FROM, TO)) if self._kind.kind == "edge" else (None, None)
        own = [_key_texts(stored[str(each.id)]) for each in self._kind.keys]
        key = self._keys(own if src is None else [src, dst, *own])
        sources = self._sources()
        right = None if not self._refused() else pc.invert(self._is_bad)

        def kept(cells: pa.Array | None) -> pa.Array | None:
            return cells if right is None or cells is None else cells.filter(right)

        bad = [self._told[row] for row in sorted(self._told)]
        return EncodedTable(
            key=kept(key),
            src=kept(src),
            dst=kept(dst),
            columns={name: kept(cells) for name, cells in stored.items()},
            bad=bad,
            refused=self._refused(),
            sources=kept(sources),
        )

    def _sources(self) -> pa.Array | None:
        if self._resting is None:
            return None
        lines = range(1, self._rows + 1) if self._lines is None else self._lines.to_pylist()
        noted, refused, wrong = noted_column(self._codec, self._resting.to_pylist(), lines)
        for row in self._note(refused):
            self._tell(row, SOURCES, wrong[row].value, wrong[row].reason)
        return noted

    def _refused(self) -> int:
        return int(pc.sum(self._is_bad).as_py() or 0)

    def _check_names(self) -> None:
        known = {*self._kind.by_name, *((FROM, TO) if self._kind.kind == "edge" else ())}
        for name in self._given:
            if name not in known:
                reason = f"there is no property {shown(name)}; there are {', '.join(sorted(known))}"
                raise InvalidRow.of(self._kind.name, "", "", reason)

    def _property(self, asked: PropertySchema) -> pa.Array:
        given = self._given.get(asked.name)
        if given is None:
            given = pa.nulls(self._rows)
        found = columns.encoded_column(asked, given)
        self._refuse(asked, given, found)
        cells, default = found.cells, asked.default
        if given.null_count and default is not None:
            return _filled(cells, given.is_null(), column(asked.type, [default]))
        if asked.required or asked.key:
            self._tell_missing(asked.name, given)
        return cells

    def _refuse(self, asked: PropertySchema, given: pa.Array, found: EncodedColumn) -> None:
        for row in self._note(found.refused):
            value = columns.cell(given, row)
            self._tell(row, asked.name, shown(value), columns.reason(asked, value) or "it cannot be kept exactly")

    def _tell_missing(self, name: str, given: pa.Array) -> None:
        for row in self._note(given.is_null() if given.null_count else None):
            self._tell(row, name, "", "it is missing")

    def _note(self, refused: pa.Array | None) -> Iterator[int]:
        """Take rows for bad, and yield those that are to be told of."""
        if refused is None:
            return
        refused = pc.fill_null(refused, False)
        self._is_bad = pc.or_(self._is_bad, refused)
        for row in pc.indices_nonzero(refused)[: TOLD + 1].to_pylist():
            if len(self._told) < TOLD and row not in self._told:
                yield row

    def _tell(self, row: int, field: str, value: str, reason: str) -> None:
        line = row + 1 if self._lines is None else self._lines[row].as_py()
        self._told[row] = BadRow(line=line, type=self._kind.name, field=field, value=value, reason=reason)

    def _endpoint(self, name: str) -> pa.Array:
        """Return the keys of the nodes at one end."""
        given = self._given.get(name)
        if given is None:
            given = pa.nulls(self._rows)
        self._tell_missing(name, given)
        node = self._schema.endpoints(self._kind)[(FROM, TO).index(name)]
        if len(node.keys) > 1 or pa.types.is_nested(given.type):
            return self._endpoints_one_by_one(name, given)
        asked = node.keys[0]
        found = columns.encoded_column(asked, given)
        self._refuse_endpoints(name, given, found.refused)
        keys = _key_texts(found.cells)
        self._check_keys(name, keys, MAX_NODE_KEY_BYTES)
        return keys

    def _refuse_endpoints(self, name: str, given: pa.Array, refused: pa.Array | None) -> None:
        for row in self._note(refused):
            value = columns.cell(given, row)
            try:
                self._codec.endpoint(name, value)
            except InvalidRow as error:
                self._tell(row, name, error.value, error.reason)

    def _endpoints_one_by_one(self, name: str, given: pa.Array) -> pa.Array:
        known: dict[str, str | None] = {}
        keys = [None if value is None else self._endpoint_key(name, value, known) for value in given.to_pylist()]
        cells = pa.array(keys, pa.string())
        self._refuse_endpoints(name, given, pc.and_(cells.is_null(), given.is_valid()))
        return cells

    def _endpoint_key(self, name: str, value: Any, known: dict[str, str | None]) -> str | None:
        spelt = repr(value)
        if spelt not in known:
            try:
                known[spelt] = self._codec.endpoint(name, value)
            except InvalidRow:
                known[spelt] = None
        return known[spelt]

    def _keys(self, parts: list[pa.Array]) -> pa.Array:
        is_edge = self._kind.kind == "edge"
        most, field = (MAX_EDGE_KEY_BYTES, "") if is_edge else (MAX_NODE_KEY_BYTES, self._kind.keys[0].name)
        keys = parts[0] if len(parts) == 1 else _json_arrays(parts)
        self._check_keys(field, keys, most)
        return keys

    def _check_keys(self, field: str, keys: pa.Array, most: int) -> None:
        sizes = pc.binary_length(keys)
        for row in self._note(pc.or_(pc.equal(sizes, 0), pc.greater(sizes, most))):
            key = columns.cell(keys, row)
            size = len(key.encode("utf-8", "surrogateescape"))
            reason = f"the key has {size} bytes; {most} are allowed" if key else "a key cannot be empty"
            self._tell(row, field, shown(key), reason)


def _filled(cells: pa.Array, missing: pa.Array, filling: pa.Array) -> pa.Array:
    """Return a column with what is missing in it filled in; what is null for being refused may be too."""
    if not pa.types.is_nested(cells.type):
        return pc.if_else(missing, filling[0], cells)
    # Nested columns know no choice: their rows are taken out of the column with the filling behind it.
    rows = pc.if_else(missing, len(cells), pa.array(np.arange(len(cells))))
    return pa.concat_arrays([cells, filling]).take(rows)


def _key_texts(cells: pa.Array) -> pa.Array:
    """Return the texts in keys of what is stored for values."""
    if pa.types.is_timestamp(cells.type):
        return pc.strftime(cells, format="%Y-%m-%dT%H:%M:%SZ")
    return cells if pa.types.is_string(cells.type) else cells.cast(pa.string())


def _json_arrays(parts: list[pa.Array]) -> pa.Array:
    """Return JSON of the texts of each row, as `json_values.canonical` writes it."""
    inner = pc.binary_join_element_wise(*(_escaped(each) for each in parts), '","')
    return pc.binary_join_element_wise('["', inner, '"]', "")


def _escaped(texts: pa.Array) -> pa.Array:
    held = columns.bytes_of(texts)
    if not ((held < 32) | (held == _QUOTE) | (held == _BACKSLASH)).any():
        return texts
    found = pc.replace_substring(pc.replace_substring(texts, "\\", "\\\\"), '"', '\\"')
    controls = pc.fill_null(pc.match_substring_regex(texts, _CONTROLS), False)
    if not pc.any(controls).as_py():
        return found
    written = [json.dumps(each, ensure_ascii=False)[1:-1] for each in texts.filter(controls).to_pylist()]
    return pc.replace_with_mask(found, controls, pa.array(written, pa.string()))
