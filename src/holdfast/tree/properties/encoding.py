"""Values of properties as texts whose order, byte by byte, is that of the values: on every database the same.

A value begins with a letter for its kind, so that a number is never compared with a text.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Any

from holdfast.blobs.hashing import content_id
from holdfast.json_values import canonical

#: characters up to which a text is found in its order; of a longer one these, and the whole of it by its hash
ORDERED_CHARACTERS = 200
BOOLEAN, COMPOUND, NUMBER, TEXT, NULL = "bjntz"
_SIGN = 1 << 63
#: what is added to how far a whole number is from the nearest float, which for one of 64 bits is less than this
_HALF = 2048


def encoded(value: Any) -> str:
    """Return a checked value as the text that it is found by; equal numbers are equal texts, `1` and `1.0` too."""
    if isinstance(value, bool):
        return f"{BOOLEAN}{value:d}"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, str):
        rest = f"\x01{content_id(value.encode())}" if len(value) > ORDERED_CHARACTERS else ""
        return TEXT + value[:ORDERED_CHARACTERS] + rest
    return NULL if value is None else COMPOUND + content_id(canonical(_shape(value)).encode())


def found_by(properties: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield (key, value) of all that properties are found by: a list by each of its elements too.

    What is in an object has its key behind that one's and a dot, also where the object is in a list.
    """
    for key, value in properties.items():
        name = above + key
        yield name, encoded(value)
        for each in value if isinstance(value, list) else [value]:
            yield name, encoded(each)
            if isinstance(each, dict):
                yield from found_by(each, f"{name}.")


def _shape(value: Any) -> Any:
    """Return a list or an object with each value in it encoded."""
    if isinstance(value, list):
        return [_shape(each) for each in value]
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items()}
    return encoded(value)


def _number(value: float) -> str:
    # A float's bits are in its order once the sign is turned over; a whole number may be a little beside the float.
    near = float(value) + 0.0
    (bits,) = struct.unpack(">Q", struct.pack(">d", near))
    ordered = bits ^ (2 * _SIGN - 1) if bits & _SIGN else bits | _SIGN
    beside = value - int(near) if isinstance(value, int) else 0
    return f"{NUMBER}{ordered:016x}{beside + _HALF:03x}"
