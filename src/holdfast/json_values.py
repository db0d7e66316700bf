"""JSON as it is stored: one text for one value, and what cannot come back as it was given."""

import json
import math

#: whole numbers that fit a column
WHOLE = range(-(2**63), 2**63)


def canonical(value: object) -> str:
    """Return JSON that is the same for equal values."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def fault_of_text(text: str) -> str | None:
    """Return why a text cannot be stored, as what is said of it; None when it can."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "is not valid Unicode"
    return "has a NUL character" if "\0" in text else None


def fault_of_number(number: float) -> str | None:
    """Return why a number cannot be stored, as what is said of it; None when it can."""
    if isinstance(number, int):
        return None if number in WHOLE else "does not fit 64 bits"
    return None if math.isfinite(number) else "is not a finite number"
