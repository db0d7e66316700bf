"""What properties may be: JSON that comes back as it was given, within stated limits."""

import json
from collections.abc import Mapping
from typing import Any

from holdfast.blobs.hashing import content_id
from holdfast.catalog.properties.stored import PropertySet
from holdfast.errors import HoldfastError, TooLarge, Unsupported
from holdfast.json_values import canonical, fault_of_number, fault_of_text
from holdfast.tree.properties.encoding import found_by

#: bytes that the properties of one path may have, as JSON
MAX_BYTES = 64 * 1024
#: levels of lists and objects in each other
MAX_DEPTH = 16
#: keys and elements of lists, each of which a filter finds
MAX_VALUES = 1_000
#: characters of a key, with those of the objects it is in and the dots between
MAX_KEY_CHARACTERS = 200


def property_set(path: str, given: Mapping[Any, Any]) -> PropertySet | None:
    """Return properties as they are stored, None when there are none; raises Unsupported or TooLarge, naming `path`."""
    plain = checked(given, f"the properties of {path}", path)
    if not plain:
        return None
    text = canonical(plain)
    if (size := len(text.encode())) > MAX_BYTES:
        message = f"The properties of {path} would have {size} bytes; {MAX_BYTES} are allowed"
        raise TooLarge(message, path=path, remedy="Write what is long into a file, and name that in a property")
    return PropertySet(content_id(text.encode()), text, frozenset(found_by(plain)))


def checked(given: Mapping[Any, Any], place: str, path: str = "") -> dict[str, Any]:
    """Return a copy of what is JSON and keeps to the limits; raises Unsupported or TooLarge, naming the `place`."""
    return _Checking(place, path).object(given, "", 1)


def stored_set(text: str) -> PropertySet | None:
    """Return the properties that a stored text says; None when it says none."""
    try:
        plain = json.loads(text)
    except ValueError:
        return None
    if not isinstance(plain, dict):
        return None
    return PropertySet(content_id(text.encode()), text, frozenset(found_by(plain)))


class _Checking:
    """One look at what a caller gave; `at` is where a value stands in it."""

    def __init__(self, place: str, path: str) -> None:
        self._place = place
        self._path = path
        self._values = 0

    def object(self, given: Mapping[Any, Any], at: str, depth: int) -> dict[str, Any]:
        self._check_depth(at, depth)
        return {self._key(key, at): self._value(value, _below(at, key), depth) for key, value in given.items()}

    def _value(self, value: Any, at: str, depth: int) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            message = f"There are more than {MAX_VALUES} keys and elements of lists in {self._place}"
            raise TooLarge(message, path=self._path, remedy="Write what is long into a file")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value, at)
        if isinstance(value, int | float):
            return self._number(value, at)
        if isinstance(value, Mapping):
            return self.object(value, at, depth + 1)
        if isinstance(value, list):
            self._check_depth(at, depth + 1)
            return [self._value(each, at, depth + 1) for each in value]
        remedy = "Give text, a number, true, false, null, a list or an object; of a time its isoformat()"
        raise self._refused(f"{at} is of the type {type(value).__name__}, which JSON does not have", remedy)

    def _number(self, value: float, at: str) -> float:
        if fault := fault_of_number(value):
            raise self._refused(f"{at} {fault}", "Give it as text" if isinstance(value, int) else "Give null")
        return int(value) if isinstance(value, int) else float(value)

    def _text(self, value: str, at: str) -> str:
        if fault := fault_of_text(value):
            raise self._refused(f"{at} {fault}", "Take out what is no text")
        return str(value)

    def _key(self, key: Any, at: str) -> str:
        if not isinstance(key, str):
            raise self._refused(f"The key {key!r:.60} is of the type {type(key).__name__}", "Give text for a key")
        self._text(key, f"The key {key!r:.60}")
        if not key or key.startswith("$"):
            remedy = "Give it another name: what begins with $ is an operator of a filter"
            raise self._refused(f"A property cannot be called {key!r:.60}", remedy)
        if len(name := _below(at, key)) > MAX_KEY_CHARACTERS:
            raise TooLarge(
                f"A key of {len(name)} characters, in {self._place}; {MAX_KEY_CHARACTERS} are allowed",
                path=self._path,
                remedy="Give it a shorter name",
            )
        return str(key)

    def _check_depth(self, at: str, depth: int) -> None:
        if depth > MAX_DEPTH:
            message = f"{at[:60]} is more than {MAX_DEPTH} levels deep, in {self._place}"
            raise TooLarge(message, path=self._path, remedy="Give it as text, or write it into a file")

    def _refused(self, what: str, remedy: str) -> HoldfastError:
        return Unsupported(f"{what}, in {self._place}", path=self._path, remedy=remedy)


def _below(at: str, key: Any) -> str:
    return f"{at}.{key}" if at else str(key)
