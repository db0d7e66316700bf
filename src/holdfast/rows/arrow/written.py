"""Values that are written as text in a file, as those of CSV are: what each column means by its property's type."""

import json
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from holdfast.rows.arrow.columns import plain
from holdfast.rows.arrow.stored import arrow_type
from holdfast.rows.schema.types import PropertyType, ValueKind

#: types that Arrow reads of text as it is usually written
_READ: dict[ValueKind, pa.DataType] = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
_WHOLE = re.compile(r"[-+]?[0-9]{1,30}")
_TRUTHS = {"true": True, "false": False}


def understood(kind: PropertyType, texts: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """Return the values that some texts mean, and where one means none, row by row; None when each means one.

    A number, a truth, a list and a vector are written as in JSON; what else there is is text to `values.encoded` too.
    """
    texts = plain(texts)
    if kind.kind not in _READERS or not pa.types.is_string(texts.type):
        return texts, None
    if kind.kind in _READ:
        try:
            return texts.cast(_READ[kind.kind]), None
        except pa.ArrowInvalid:
            pass
    return _one_by_one(kind, texts)


def _one_by_one(kind: PropertyType, texts: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    reader = _READERS[kind.kind]
    found = texts.view(pa.binary()).dictionary_encode()
    read = [reader(each.decode("utf-8", "surrogateescape")) for each in found.dictionary.to_pylist()]
    try:
        given = pa.array(read, _of_lists(kind))
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        # Lists with something else in them: each is looked at by itself.
        read = [each if _is_list_of(each, _of_lists(kind)) else None for each in read]
        given = pa.array(read, _of_lists(kind))
    wrong = pa.array([each is None for each in read], pa.bool_())
    return given.take(found.indices), wrong.take(found.indices).fill_null(False) if any(wrong.to_pylist()) else None


def _of_lists(kind: PropertyType) -> pa.DataType:
    if kind.kind == "vector":
        return pa.list_(pa.float64())
    if kind.item:
        return pa.list_(_READ.get(kind.item.kind, pa.string()))
    return arrow_type(kind)


def _is_list_of(value: Any, kind: pa.DataType) -> bool:
    try:
        pa.array([value], kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return False
    return True


def _int(text: str) -> int | None:
    number = int(text) if _WHOLE.fullmatch(text) else None
    return number if number is not None and -(2**63) <= number < 2**63 else None


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _bool(text: str) -> bool | None:
    return _TRUTHS.get(text.casefold())


def _list(text: str) -> list[Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


_READERS: dict[ValueKind, Callable[[str], Any]] = {
    "int": _int,
    "float": _float,
    "bool": _bool,
    "list": _list,
    "vector": _list,
}


def understood_key(names: list[str], texts: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """Return what some texts mean as keys of several properties, each written as a JSON list of their values."""
    read = [None if each is None else _list(each) for each in plain(texts).to_pylist()]
    whole = [dict(zip(names, each, strict=True)) if each and len(each) == len(names) else None for each in read]
    wrong = [each is None and text.is_valid for each, text in zip(whole, texts, strict=True)]
    return pa.array(whole), pa.array(wrong, pa.bool_()) if any(wrong) else None
