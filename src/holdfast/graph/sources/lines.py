"""Rows of JSON Lines: read by Arrow in parts of bounded size, and line by line where a part does not go through."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from holdfast.errors import InvalidRow
from holdfast.graph.sources.batches import TYPE, SourceBatch, no_such_type, rows_batch, wrong_batch
from holdfast.rows.arrow.resting import noted_sources
from holdfast.rows.arrow.single import bad_row, encoded_rows
from holdfast.rows.arrow.tables import TOLD, encode_table
from holdfast.rows.schema.codec import FROM, TO, EncodedRow, RowCodec
from holdfast.rows.schema.tabular import BadRow
from holdfast.rows.schema.types import GraphSchema, PropertyType, TypeSchema, ValueKind
from holdfast.rows.schema.values import shown
from holdfast.rows.sources import SOURCES

#: bytes that are read together
PART = 4 * 1024 * 1024
#: bytes that a line may have
MAX_LINE = 64 * 1024 * 1024

_NEWLINE, _OPENING, _CLOSING = b"\n{}"
#: that some programs begin a file with
_MARK = b"\xef\xbb\xbf"
_READ_AS: dict[ValueKind, pa.DataType] = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}


class LineReader:
    """Reads the lines of one source."""

    def __init__(self, source: str, schema: GraphSchema, type_name: str | None) -> None:
        self._source = source
        self._schema = schema
        self._type = type_name
        self._by_name = {each.name: each for each in schema.live}
        self._forms = {each.name: _form(schema, each) for each in schema.live}
        self._codecs = {each.name: RowCodec(schema, each) for each in schema.live}

    def read(self, stream: BinaryIO, line: int = 1) -> Iterator[SourceBatch]:
        """Yield the rows of all lines, part by part, the first of which has the number `line`."""
        for part in _parts(stream):
            lines, numbers, whole = _lines(part, line)
            line += part.count(b"\n")
            yield from self._part(lines.filter(whole), numbers.filter(whole))
            yield from self._one_by_one(lines.filter(pc.invert(whole)), numbers.filter(pc.invert(whole)))

    def _part(self, lines: pa.Array, numbers: pa.Array) -> Iterator[SourceBatch]:
        types = self._types(lines) if len(lines) else pa.array([], pa.string())
        if types is None:
            yield from self._one_by_one(lines, numbers)
            return
        for name in types.unique().to_pylist():
            of_it = types.is_null() if name is None else pc.fill_null(pc.equal(types, name), False)
            of_type, their_numbers = lines.filter(of_it), numbers.filter(of_it)
            kind = self._by_name.get(self._type or "" if name is None else name)
            table = None if kind is None else self._table(kind, of_type)
            if kind is None or table is None:
                yield from self._one_by_one(of_type, their_numbers)
            else:
                yield rows_batch(self._source, kind, encode_table(self._schema, kind, table, their_numbers))

    def _types(self, lines: pa.Array) -> pa.Array | None:
        """Return what each line says its type is; None where that cannot be told of all at once."""
        table = _parsed(lines, pa.schema({TYPE: pa.string()}), "ignore")
        return None if table is None else table.column(TYPE).combine_chunks()

    def _table(self, kind: TypeSchema, lines: pa.Array) -> pa.Table | None:
        form = self._forms[kind.name]
        table = None if form is None else _parsed(lines, form, "error")
        return None if table is None else table.drop_columns([TYPE])

    def _one_by_one(self, lines: pa.Array, numbers: pa.Array) -> Iterator[SourceBatch]:
        rows: dict[str, list[EncodedRow]] = {}
        bad: dict[str, list[BadRow]] = {}
        for line, number in zip(lines.to_pylist(), numbers.to_pylist(), strict=True):
            found = self._row(line, number)
            if isinstance(found, BadRow):
                bad.setdefault(found.type, []).append(found)
            else:
                rows.setdefault(found[0], []).append(found[1])
        if "" in bad:
            yield wrong_batch(self._source, bad[""])
        for name in [each for each in self._by_name if each in rows or each in bad]:
            wrong = bad.get(name, [])
            table = encoded_rows(self._codecs[name], rows.get(name, []), wrong[:TOLD], len(wrong))
            yield rows_batch(self._source, self._by_name[name], table)

    def _row(self, line: bytes, number: int) -> tuple[str, EncodedRow] | BadRow:
        """Return the row of a line with the name of its type, or why it is none."""
        try:
            said = json.loads(line)
        except (ValueError, RecursionError) as error:
            return _wrong(number, _why(error))
        if not isinstance(said, dict):
            return _wrong(number, "it is no JSON object")
        name = said.pop(TYPE, None)
        name = self._type if name is None else name
        if not isinstance(name, str) or name not in self._by_name:
            return _wrong(number, no_such_type(self._schema, name), TYPE, "" if name is None else shown(name))
        sources = said.pop(SOURCES, None)
        given = {field: value for field, value in said.items() if value is not None}
        try:
            row = self._codecs[name].encode(given)
            noted = {} if sources is None else {SOURCES: noted_sources(self._codecs[name], number, sources)}
        except InvalidRow as error:
            return bad_row(number, name, error)
        return name, replace(row, data=row.data | noted)


def _wrong(line: int, reason: str, field: str = "", value: str = "") -> BadRow:
    return BadRow(line=line, type="", field=field, value=value, reason=reason)


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"it is no JSON: {error.msg} at character {error.pos + 1}"
    return "it is not valid UTF-8" if isinstance(error, UnicodeDecodeError) else "it is no JSON that can be read"


def _parts(stream: BinaryIO) -> Iterator[bytes]:
    """Yield parts of a file that end where a line does."""
    rest: list[bytes] = []
    held = lines = 0
    while read := stream.read(PART):
        cut = read.rfind(b"\n") + 1
        if cut:
            yield b"".join((*rest, read[:cut]))
            lines += read.count(b"\n")
            rest, held = [], 0
        rest.append(read[cut:])
        held += len(read) - cut
        if held > MAX_LINE:
            raise InvalidRow.of(f"line {lines + 1}", "", "", f"it has more than {MAX_LINE} bytes")
    if held:
        yield b"".join(rest)


def _lines(part: bytes, first: int) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Return the lines of a part that are not empty, their numbers, and which of them begin and end as an object does.

    Of others Arrow could make one row of two, or two of one, and a null where an object is wanted ends the process.
    """
    held = np.frombuffer(part, np.uint8)
    ends = np.flatnonzero(held == _NEWLINE).astype(np.int32) + 1
    if not part.endswith(b"\n"):
        ends = np.append(ends, np.int32(len(part)))
    offsets = np.concatenate([np.zeros(1, np.int32), ends]).astype(np.int32)
    numbers = pa.array(np.arange(first, first + len(ends)))
    lasts = ends - 1 - (held[ends - 1] == _NEWLINE)
    if (held[offsets[:-1]] == _OPENING).all() and (held[lasts] == _CLOSING).all():
        lines = pa.Array.from_buffers(pa.binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(part)])
        return lines, numbers, pa.array(np.ones(len(ends), bool))
    stripped = [each.strip() for each in part.removeprefix(_MARK).split(b"\n")][: len(ends)]
    full = pa.array([bool(each) for each in stripped], pa.bool_())
    whole = pa.array([each.startswith(b"{") and each.endswith(b"}") for each in stripped], pa.bool_())
    lines = pa.array([each + b"\n" for each in stripped], pa.binary())
    return lines.filter(full), numbers.filter(full), whole.filter(full)


def _parsed(lines: pa.Array, form: pa.Schema, unexpected: str) -> pa.Table | None:
    """Return the table that some lines are, each of an object; None when one of them does not go through."""
    start, end = (lines.offset, lines.offset + len(lines))
    offsets = np.frombuffer(lines.buffers()[1], np.int32)
    text = lines.buffers()[2].slice(int(offsets[start]), int(offsets[end] - offsets[start]))
    try:
        table = pj.read_json(
            io.BytesIO(text),
            read_options=pj.ReadOptions(use_threads=False, block_size=text.size + 1),
            parse_options=pj.ParseOptions(explicit_schema=form, unexpected_field_behavior=unexpected),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None
    return table if table.num_rows == len(lines) else None


def _form(schema: GraphSchema, kind: TypeSchema) -> pa.Schema | None:
    """Return the Arrow types that rows of a type are read as; None for a type that Arrow has none for."""
    fields: dict[str, pa.DataType | None] = {TYPE: pa.string()}
    if kind.kind == "edge":
        for name, node in zip((FROM, TO), schema.endpoints(kind), strict=True):
            fields[name] = _read_as(node.keys[0].type) if len(node.keys) == 1 else None
    fields |= {each.name: _read_as(each.type) for each in kind.live}
    return None if None in fields.values() else pa.schema(fields)


def _read_as(kind: PropertyType) -> pa.DataType | None:
    if kind.kind == "json":
        return None
    if kind.kind == "vector":
        return pa.list_(pa.float64())
    return pa.list_(_read_as(kind.item)) if kind.item else _READ_AS.get(kind.kind, pa.string())
