"""What is stored for a value: JSON, from which the value comes back as it was.

A text, a number or a truth is itself; a date is `2024-12-31`, a moment `2024-12-31T23:59:59.000000Z`, a decimal its
digits as text: these sort as text as they do in time. What is stored for a value is one thing, whichever way it was
given, so that a change that changes nothing can be told.
"""

import json
import math
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from holdfast import paths
from holdfast.errors import InvalidPath
from holdfast.json_values import WHOLE, canonical, fault_of_number, fault_of_text
from holdfast.rows.schema.types import PropertyType, ValueKind

#: bytes of UTF-8 that one value may take, a JSON value as text; what is larger belongs into a file
MAX_VALUE_BYTES = 1024 * 1024
#: items that a list may have
MAX_ITEMS = 10_000
#: numbers that a vector may have
MAX_DIMENSIONS = 8192
#: lists and objects within each other in a JSON value
MAX_DEPTH = 100
#: digits of a decimal, before and after its point together, and of its exponent's size
MAX_DIGITS = 38
#: whole numbers up to which each is a number with a fraction too
_EXACT = 2**53
#: what a content of this store begins with, where a file is meant that has no path
CONTENT = "content:"
_HASH_DIGITS = 64
_HEX = frozenset("0123456789abcdef")
#: characters of a value that a message quotes
_SHOWN = 40


class Refused(ValueError):
    """Says why a value cannot be one of a property; becomes an InvalidRow, which says where."""


def encoded(wanted: PropertyType, value: object) -> Any:
    """Return what is stored for `value`, which is not None; raises Refused."""
    return _ENCODERS[wanted.kind](wanted, value)


def decoded(wanted: PropertyType, stored: Any) -> Any:
    """Return the value that something is stored for; None for None."""
    if stored is None:
        return None
    if wanted.item:
        return [decoded(wanted.item, each) for each in stored]
    decoder = _DECODERS.get(wanted.kind)
    return decoder(stored) if decoder else stored


def settled(wanted: PropertyType, stored: Any) -> Any:
    """Return what is stored for a value today, of what was when its property was narrower."""
    if stored is None:
        return None
    if wanted.item:
        return [settled(wanted.item, each) for each in stored]
    settler = _SETTLERS.get(wanted.kind)
    return settler(stored) if settler else stored


def comparable(wanted: PropertyType, stored: Any) -> Any:
    """Return something in whose order the stored values of a type stand."""
    return Decimal(stored) if wanted.kind == "decimal" else stored


def shown(value: object) -> str:
    """Return a value as a message quotes it: in few characters, whatever it is."""
    if isinstance(value, str):
        return repr(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!r}..."
    if isinstance(value, int) and value not in WHOLE:
        return f"a number of {value.bit_length()} bits"
    if value is None or isinstance(value, bool | int | float | Decimal | date | Enum):
        return repr(value)[: _SHOWN * 2]
    return f"a value of type {type(value).__name__}"


def checked_text(value: str) -> str:
    """Return a text that can be stored; raises Refused."""
    _check(fault_of_text(value))
    if (size := len(value.encode())) > MAX_VALUE_BYTES:
        raise Refused(f"it has {size} bytes; {MAX_VALUE_BYTES} are allowed, and a longer text belongs into a file")
    return str(value)


def _check(fault: str | None) -> None:
    if fault is not None:
        raise Refused(f"it {fault}")


def _text(wanted: PropertyType, value: object) -> str:
    if not isinstance(value, str):
        raise Refused("it is no text")
    return checked_text(value)


def _int(wanted: PropertyType, value: object) -> int:
    if isinstance(value, bool) or not (hasattr(value, "__index__") or isinstance(value, float)):
        raise Refused("it is no whole number")
    if isinstance(value, float):
        # What has gaps comes as numbers with a fraction from a data frame.
        if not math.isfinite(value) or not value.is_integer() or abs(value) > _EXACT:
            raise Refused("it is no whole number")
        return int(value)
    number = int(value)
    _check(fault_of_number(number))
    return int(number)


def _float(wanted: PropertyType, value: object) -> float:
    if isinstance(value, bool) or not (hasattr(value, "__index__") or hasattr(value, "__float__")):
        raise Refused("it is no number")
    try:
        number = float(value)  # type: ignore[arg-type]
    except (OverflowError, TypeError, ValueError):
        raise Refused("it is no number that fits 64 bits") from None
    _check(fault_of_number(number))
    if hasattr(value, "__index__") and number != value:
        raise Refused("it has more digits than a float keeps")
    # Two zeros that are equal are stored alike.
    return number + 0.0


def _bool(wanted: PropertyType, value: object) -> bool:
    # NumPy has a bool of its own, which is none of Python's.
    if not isinstance(value, bool) and type(value).__name__ not in ("bool", "bool_"):
        raise Refused("it is neither true nor false")
    return bool(value)


def _date(wanted: PropertyType, value: object) -> str:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise Refused("it is no date of the form 2024-12-31") from None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise Refused("it is no date")
    return value.isoformat()


def _datetime(wanted: PropertyType, value: object) -> str:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise Refused("it is no moment of the form 2024-12-31T23:59:59Z") from None
    if not isinstance(value, datetime):
        raise Refused("it is no moment: a date with a time")
    try:
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise Refused("it is before the year 1 or after 9999 in UTC") from None
    # A data frame's moments know nanoseconds, which would be lost.
    if getattr(value, "nanosecond", 0):
        raise Refused("it has nanoseconds; microseconds are kept")
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _decimal(wanted: PropertyType, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Refused("it is no decimal")
    try:
        # A float means the digits that it is written with.
        number = Decimal(repr(value) if type(value) is float else value)
    except InvalidOperation:
        raise Refused("it is no decimal") from None
    if not number.is_finite():
        raise Refused("it is not a finite number")
    _, digits, exponent = number.as_tuple()
    if len(digits) > MAX_DIGITS or abs(int(exponent)) > MAX_DIGITS:
        raise Refused(f"it has more than {MAX_DIGITS} digits")
    return str(number)


def _json(wanted: PropertyType, value: object) -> Any:
    plain = _plain(value, MAX_DEPTH)
    size = len(canonical(plain).encode())
    if size > MAX_VALUE_BYTES:
        raise Refused(f"it has {size} bytes; {MAX_VALUE_BYTES} are allowed, and more belongs into a file")
    return plain


def parsed_json(text: str) -> Any:
    """Return the value that a text has as JSON; raises Refused."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("it is no JSON") from None


def _plain(value: object, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return checked_text(value)
    if isinstance(value, int):
        return _int(_WHOLE_NUMBER, value)
    if isinstance(value, float):
        return _float(_NUMBER, value)
    if not depth:
        raise Refused(f"it is more than {MAX_DEPTH} levels deep")
    if isinstance(value, list | tuple):
        return [_plain(each, depth - 1) for each in value]
    if isinstance(value, Mapping):
        return {_name(key): _plain(each, depth - 1) for key, each in value.items()}
    raise Refused(f"it has {shown(value)}, which JSON has nothing for")


def _name(key: object) -> str:
    if not isinstance(key, str):
        raise Refused(f"it has the key {shown(key)}, which is no text")
    return checked_text(key)


def _vector(wanted: PropertyType, value: object) -> list[float]:
    numbers = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(numbers, list | tuple):
        raise Refused("it is no list of numbers")
    if len(numbers) != wanted.dimensions:
        raise Refused(f"it has {len(numbers)} numbers; {wanted.dimensions} are wanted")
    exact = [_float(_NUMBER, each) for each in numbers]
    form = f"<{len(exact)}f"
    try:
        return list(struct.unpack(form, struct.pack(form, *exact)))
    except OverflowError:
        raise Refused("it has a number that does not fit 32 bits") from None


def _enum(wanted: PropertyType, value: object) -> str:
    text = value.value if isinstance(value, Enum) else value
    if not isinstance(text, str) or text not in wanted.values:
        raise Refused(f"it is none of {', '.join(wanted.values)}")
    return str(text)


def _list(wanted: PropertyType, value: object) -> list[Any]:
    items = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(items, list | tuple):
        raise Refused("it is no list")
    if len(items) > MAX_ITEMS:
        raise Refused(f"it has {len(items)} items; {MAX_ITEMS} are allowed")
    assert wanted.item is not None
    stored = [_item(wanted.item, number, each) for number, each in enumerate(items)]
    size = sum(len(each.encode()) for each in stored if isinstance(each, str))
    if size > MAX_VALUE_BYTES:
        raise Refused(f"its texts have {size} bytes; {MAX_VALUE_BYTES} are allowed")
    return stored


def _item(wanted: PropertyType, number: int, value: object) -> Any:
    try:
        if value is None:
            raise Refused("it is missing")
        return encoded(wanted, value)
    except Refused as refused:
        raise Refused(f"of its item {number}, {shown(value)}: {refused}") from None


def _file(wanted: PropertyType, value: object) -> str:
    if not isinstance(value, str):
        raise Refused("it is no text")
    text = checked_text(value)
    content = text.removeprefix(CONTENT)
    if content != text:
        if len(content) != _HASH_DIGITS or set(content) - _HEX:
            raise Refused(f"{CONTENT} is followed by the {_HASH_DIGITS} digits of a content's id")
        return text
    try:
        return paths.parse(text)
    except InvalidPath as error:
        raise Refused(f"it is neither a path of this store nor {CONTENT}ID ({error.message})") from None


_NUMBER = PropertyType(kind="float")
_WHOLE_NUMBER = PropertyType(kind="int")
_ENCODERS: dict[ValueKind, Callable[[PropertyType, object], Any]] = {
    "text": _text,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "date": _date,
    "datetime": _datetime,
    "decimal": _decimal,
    "json": _json,
    "vector": _vector,
    "enum": _enum,
    "list": _list,
    "file": _file,
}
#: of kinds that another one may have been widened to
_SETTLERS: dict[ValueKind, Callable[[Any], Any]] = {"float": float, "decimal": str}
_DECODERS: dict[ValueKind, Callable[[Any], Any]] = {
    "float": float,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "decimal": Decimal,
}
