"""The values of one property of many rows: checked and stored as `values` and `rules` do it with each, by Arrow.

A column of the type that its property asks for is gone through by Arrow's kernels alone. What they cannot tell, such as
a date that is written as text in an unusual way, is asked of `values.encoded`, once for each different value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.rows.arrow.stored import arrow_type, column
from holdfast.rows.schema import rules, values
from holdfast.rows.schema.types import PropertySchema, PropertyType, ValueKind
from holdfast.rows.schema.values import Refused


@dataclass(frozen=True, slots=True)
class EncodedColumn:
    """What is stored for the values of a property, row by row."""

    #: of the type that `arrow_type` says; whatever, where a value is refused
    cells: pa.Array
    #: whether a value is refused, row by row; None when none is
    refused: pa.Array | None


def encoded_column(asked: PropertySchema, given: pa.Array) -> EncodedColumn:
    """Return what is stored for a column of values; a null is no value, and is not refused here."""
    given = plain(given)
    if pa.types.is_null(given.type) or given.null_count == len(given):
        return EncodedColumn(pa.nulls(len(given), arrow_type(asked.type)), None)
    found = _by_kernels(asked, given)
    if found is None:
        return _one_by_one(asked, given)
    refused = _either(found.refused, _ruled_out(asked, found.cells))
    return EncodedColumn(found.cells, refused if refused is not None and _any(refused) else None)


def reason(asked: PropertySchema, value: Any) -> str:
    """Return why a value is refused, in the words that a single row is refused with; empty when it is not."""
    try:
        rules.check(asked, values.encoded(asked.type, _parsed(asked.type, value)))
    except Refused as refused:
        return str(refused)
    return ""


def plain(given: pa.Array) -> pa.Array:
    """Return a column without dictionaries, chunks, views, large offsets and names of types beyond Arrow's."""
    if isinstance(given, pa.ChunkedArray):
        given = given.combine_chunks()
    if isinstance(given, pa.ChunkedArray):
        given = pa.concat_arrays(given.chunks)
    if isinstance(given.type, pa.BaseExtensionType):
        given = given.storage
    if pa.types.is_dictionary(given.type):
        given = given.dictionary_decode()
    if pa.types.is_large_string(given.type) or pa.types.is_string_view(given.type):
        given = given.cast(pa.string())
    return given


def cell(given: pa.Array, row: int) -> Any:
    """Return a value of a column, also one that is no valid text."""
    if pa.types.is_string(given.type):
        # What is no UTF-8 is shown with half surrogates, which every check refuses.
        raw = given.view(pa.binary())[row].as_py()
        return None if raw is None else raw.decode("utf-8", "surrogateescape")
    try:
        return given[row].as_py()
    except (ValueError, OverflowError):
        # A moment that Python has none for: in nanoseconds, or after the year 9999.
        return str(given[row].value)


def _by_kernels(asked: PropertySchema, given: pa.Array) -> EncodedColumn | None:
    kernel = _KERNELS.get(asked.type.kind)
    try:
        return kernel(asked, given) if kernel else None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _text(asked: PropertySchema, given: pa.Array) -> EncodedColumn | None:
    if not pa.types.is_string(given.type):
        return None
    held = bytes_of(given)
    if len(held) and held.max() > 127:
        given.validate(full=True)
    refused = None
    if (pc.max(pc.binary_length(given)).as_py() or 0) > values.MAX_VALUE_BYTES:
        refused = pc.greater(pc.binary_length(given), values.MAX_VALUE_BYTES)
    if len(held) and held.min() == 0:
        refused = _either(refused, pc.match_substring(given, "\0"))
    return EncodedColumn(given, refused)


def bytes_of(texts: pa.Array) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """Return the bytes of all texts of a column, one after another, and of what is null in it perhaps."""
    _, offsets, held = texts.buffers()
    if held is None or not len(texts):
        return np.empty(0, np.uint8)
    first, last = np.frombuffer(offsets, np.int32)[[texts.offset, texts.offset + len(texts)]]
    return np.frombuffer(held, np.uint8)[first:last]


def _enum(asked: PropertySchema, given: pa.Array) -> EncodedColumn | None:
    if not pa.types.is_string(given.type):
        return None
    known = pc.is_in(given, value_set=pa.array([*asked.type.values, None], pa.string()))
    return EncodedColumn(given, pc.invert(known))


def _int(asked: PropertySchema, given: pa.Array) -> EncodedColumn | None:
    if pa.types.is_integer(given.type):
        return EncodedColumn(given.cast(pa.int64()), None)
    if not pa.types.is_floating(given.type):
        return None
    small = pc.less_equal(pc.abs(given), float(2**53))
    return EncodedColumn(given.cast(pa.int64()), pc.invert(small))


def _float(asked: PropertySchema, given: pa.Array) -> EncodedColumn | None:
    if pa.types.is_integer(given.type):
        return EncodedColumn(given.cast(pa.float64()), None)
    if not pa.types.is_floating(given.type):
        return None
    # Two zeros that are equal are stored alike.
    return EncodedColumn(pc.add(given.cast(pa.float64()), 0.0), pc.invert(pc.is_finite(given)))


def _bool(asked: PropertySchema, given: pa.Array) -> EncodedColumn | None:
    return EncodedColumn(given, None) if pa.types.is_boolean(given.type) else None


def _date(asked: PropertySchema, given: pa.Array) -> EncodedColumn | None:
    if not (pa.types.is_temporal(given.type) or pa.types.is_string(given.type)) or pa.types.is_time(given.type):
        return None
    if pa.types.is_timestamp(given.type) and given.type.tz is not None:
        return None
    days = given.cast(pa.date32())
    refused = _outside(days, date.min, date.max)
    if not pa.types.is_string(given.type):
        # A data frame has no dates, but moments at midnight: those are taken, with a time they are refused.
        refused = pc.or_(refused, pc.not_equal(days.cast(given.type), given))
    return EncodedColumn(days, refused)


def _datetime(asked: PropertySchema, given: pa.Array) -> EncodedColumn | None:
    refused = None
    if pa.types.is_string(given.type):
        moments = _read_moments(given)
    elif pa.types.is_timestamp(given.type):
        moments = given.cast(pa.timestamp("us", given.type.tz), safe=False)
        refused = pc.not_equal(moments.cast(given.type, safe=False), given)
    else:
        return None
    moments = moments.cast(_MOMENT) if moments.type.tz else pc.assume_timezone(moments, "UTC")
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    return EncodedColumn(moments, _either(refused, _outside(moments, first, last)))


_MOMENT = pa.timestamp("us", "UTC")


def _read_moments(given: pa.Array) -> pa.Array:
    try:
        return given.cast(_MOMENT)
    except pa.ArrowInvalid:
        return given.cast(pa.timestamp("us"))


def _outside(cells: pa.Array, least: Any, most: Any) -> pa.Array:
    kind = cells.type
    return pc.or_(pc.less(cells, pa.scalar(least, kind)), pc.greater(cells, pa.scalar(most, kind)))


#: decimals that Python writes as they are written
_AS_WRITTEN = r"^-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,6})?$"


def _decimal(asked: PropertySchema, given: pa.Array) -> EncodedColumn | None:
    if pa.types.is_decimal(given.type) and given.type.scale >= 0:
        given = given.cast(pa.string())
    elif not pa.types.is_string(given.type):
        return None
    as_written = pc.match_substring_regex(given, _AS_WRITTEN)
    return EncodedColumn(given, None) if not _any(pc.invert(as_written)) else None


def _vector(asked: PropertySchema, given: pa.Array) -> EncodedColumn | None:
    if not (pa.types.is_list(given.type) or pa.types.is_fixed_size_list(given.type)):
        return None
    cells = given.cast(arrow_type(asked.type))
    numbers = cells.flatten()
    sound = numbers.null_count == 0 and not _any(pc.invert(pc.is_finite(numbers)))
    return EncodedColumn(cells, None) if sound else None


def _list(asked: PropertySchema, given: pa.Array) -> EncodedColumn | None:
    if not pa.types.is_list(given.type) or asked.type.item is None:
        return None
    lengths = pc.list_value_length(given)
    items = given.flatten()
    of_item = PropertySchema(
        name=asked.name,
        type=asked.type.item,
        minimum=asked.minimum,
        maximum=asked.maximum,
        max_length=asked.max_length,
        pattern=asked.pattern,
    )
    found = encoded_column(of_item, items)
    if found.refused is not None or items.null_count or (pc.max(lengths).as_py() or 0) > values.MAX_ITEMS:
        return None
    # Which of the lists it is that has too much text is seen one by one, where one could have.
    if pa.types.is_string(found.cells.type) and found.cells.nbytes > values.MAX_VALUE_BYTES:
        return None
    offsets = pc.cumulative_sum(pc.fill_null(lengths, 0))
    starts = pa.concat_arrays([pa.array([0], pa.int32()), offsets.cast(pa.int32())])
    mask = given.is_null() if given.null_count else None
    return EncodedColumn(pa.ListArray.from_arrays(starts, found.cells, mask=mask), None)


_KERNELS: dict[ValueKind, Callable[[PropertySchema, pa.Array], EncodedColumn | None]] = {
    "text": _text,
    "enum": _enum,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "date": _date,
    "datetime": _datetime,
    "decimal": _decimal,
    "vector": _vector,
    "list": _list,
}


def _ruled_out(asked: PropertySchema, cells: pa.Array) -> pa.Array | None:
    """Return which rows a range, a length or a pattern rules out; of lists that is seen item by item."""
    if asked.type.item:
        return None
    kind, refused = asked.type.kind, None
    limits = [None if each is None else values.comparable(asked.type, each) for each in (asked.minimum, asked.maximum)]
    if kind == "decimal" and limits != [None, None]:
        return pa.array([bool(each is not None and reason(asked, each)) for each in cells.to_pylist()])
    for limit, outside in zip(limits, (pc.less, pc.greater), strict=True):
        if limit is not None:
            refused = _either(refused, outside(cells, column(asked.type, [limit])[0]))
    if asked.max_length is not None:
        refused = _either(refused, pc.greater(pc.utf8_length(cells), asked.max_length))
    if asked.pattern is not None:
        refused = _either(refused, pc.invert(pc.match_substring_regex(cells, asked.pattern)))
    return refused


def _either(first: pa.Array | None, second: pa.Array | None) -> pa.Array | None:
    if first is None or second is None:
        return second if first is None else first
    return pc.or_kleene(first, second)


def _any(flags: pa.Array) -> bool:
    return bool(pc.any(flags).as_py())


def _one_by_one(asked: PropertySchema, given: pa.Array) -> EncodedColumn:
    """Return what `values.encoded` says, asked once for each different value where these can be told apart."""
    if pa.types.is_nested(given.type):
        return _judged(asked, given.to_pylist())
    if pa.types.is_string(given.type):
        found = given.view(pa.binary()).dictionary_encode()
        texts = [each.decode("utf-8", "surrogateescape") for each in found.dictionary.to_pylist()]
    else:
        found = given.dictionary_encode()
        texts = [cell(found.dictionary, row) for row in range(len(found.dictionary))]
    return _spread(_judged(asked, texts), found.indices)


def _judged(asked: PropertySchema, given: list[Any]) -> EncodedColumn:
    stored: list[Any] = []
    refused: list[bool] = []
    for value in given:
        try:
            cell = None if value is None else values.encoded(asked.type, _parsed(asked.type, value))
            if cell is not None:
                rules.check(asked, cell)
        except Refused:
            stored.append(None)
            refused.append(True)
        else:
            stored.append(cell)
            refused.append(False)
    return EncodedColumn(column(asked.type, stored), pa.array(refused, pa.bool_()) if any(refused) else None)


def _spread(judged: EncodedColumn, indices: pa.Array) -> EncodedColumn:
    refused = None if judged.refused is None else pc.fill_null(judged.refused.take(indices), False)
    return EncodedColumn(judged.cells.take(indices), refused)


def _parsed(kind: PropertyType, value: Any) -> Any:
    """Return what a text in a table means for a property of JSON, which a table has no type for."""
    return values.parsed_json(value) if kind.kind == "json" and isinstance(value, str) else value
