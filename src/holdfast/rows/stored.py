"""Rows of the graph as they are stored, and where they come from: a base and a log."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from holdfast.catalog.graph.log import End, LogRow
from holdfast.json_values import canonical

#: bytes of UTF-8 of a value that is looked up as it is
MAX_LOOKUP_BYTES = 128
#: stands for a property that a row has no value of, where rows are compared; null is a value
ABSENT = object()


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A node or an edge as it stands at some commit."""

    type_id: int
    key: str
    #: the keys of the nodes that an edge goes from and to; None for a node
    src: str | None
    dst: str | None
    #: JSON values by id of property
    data: dict[str, Any]
    #: the commit that said so; 0 for one that nobody has committed yet
    seq: int = 0

    def end(self, end: End) -> str | None:
        """Return the key of the node at one end of an edge."""
        return self.src if end == "src" else self.dst

    def across(self, begin: End) -> str | None:
        """Return the key of the node at the other end of an edge."""
        return self.dst if begin == "src" else self.src

    def same_as(self, other: "StoredRow | None") -> bool:
        """Return whether another row says the same."""
        return other is not None and alike(self.data, other.data)

    def in_log(self) -> LogRow:
        """Return what a commit writes of this row."""
        return LogRow(self.type_id, self.key, self.src, self.dst, canonical(self.data))

    def removed(self) -> LogRow:
        """Return what the commit that removes this row writes."""
        return LogRow(self.type_id, self.key, self.src, self.dst, None)


def alike(one: object, other: object) -> bool:
    """Return whether two JSON values are the same: to Python 1, 1.0 and True are equal, and to JSON they are not."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == other


def lookup_text(value: object) -> str:
    """Return the text by which a value (JSON) is looked up: of equal numbers the same, with a fraction or without.

    A property that was of whole numbers may be one of numbers with a fraction now, and its rows stay as they are. A
    longer text is looked up by its hash, as an index of PostgreSQL holds 2,704 bytes, the key of an edge with it.
    """
    text = canonical(int(value) if isinstance(value, float) and value.is_integer() else value)
    data = text.encode()
    # No JSON begins so.
    return text if len(data) <= MAX_LOOKUP_BYTES else f"#{hashlib.blake2b(data, digest_size=32).hexdigest()}"


def stored(said: LogRow) -> StoredRow | None:
    """Return the row that a row of the log tells of; None when it was removed."""
    if said.row is None:
        return None
    return StoredRow(said.type_id, said.key, said.src, said.dst, said.values, said.seq)


#: what a filter asks of a table with some columns (an Arrow schema), in SQL; None for nothing
Predicate = Callable[[Any], str | None]


class BaseReader(Protocol):
    """Reads the rows of one type in one version of its table."""

    def rows(self, keys: Iterable[str]) -> Iterator[StoredRow]:
        """Yield those of `keys` that are there, in no order."""
        ...

    def touching(self, end: End, nodes: Iterable[str]) -> Iterator[StoredRow]:
        """Yield the edges that have one of `nodes` at an `end`, in no order."""
        ...

    def across(self, begin: End, nodes: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield the key and the other end of each edge that has one of `nodes` at the end `begin`, in no order."""
        ...

    def with_value(self, property_id: int, values: Sequence[Any]) -> Iterator[StoredRow]:
        """Yield the rows that have one of `values` (JSON) of a property, in no order."""
        ...

    def every(self) -> Iterator[StoredRow]:
        """Yield all rows, in no order."""
        ...

    def sorted(self) -> Iterator[StoredRow]:
        """Yield all rows in order of key."""
        ...

    def matching(self, predicate: Predicate) -> Iterator[StoredRow]:
        """Yield the rows that may meet a filter, in no order."""
        ...

    def in_order(self, predicate: Predicate, after: str) -> Iterator[StoredRow]:
        """Yield the rows with keys after `after` that may meet a filter, in order of key, as they are asked for."""
        ...

    def count(self) -> int:
        """Return how many rows there are."""
        ...
