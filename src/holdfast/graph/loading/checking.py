"""What must be true of the rows of a load together, and with those that there are: before they are published."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from holdfast.errors import Conflict, InvalidRow
from holdfast.graph.loading.report import LoadMode
from holdfast.graph.loading.rows import LoadedRows
from holdfast.graph.loading.standing import among, stored_hashes
from holdfast.host.importing import importing
from holdfast.rows.bases import shape
from holdfast.rows.committed import CommittedRows
from holdfast.rows.schema import cardinalities
from holdfast.rows.schema.cardinalities import EdgeLimit
from holdfast.rows.schema.types import GraphSchema, TypeSchema

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from holdfast.index.hashing import Hashes

#: keys that are looked up to see whether they are the same, and not only their hashes
ASKED = 1000


class LoadChecks:
    """Checks of one load against the rows of the commit that it is staged at.

    Each raises Conflict for a key or a unique value that is there twice, and InvalidRow for what else cannot be.
    """

    def __init__(
        self, schema: GraphSchema, stored: CommittedRows, loaded: Mapping[int, LoadedRows], mode: LoadMode, seed: int
    ) -> None:
        self._schema = schema
        self._stored = stored
        self._loaded = loaded
        #: types of which the stored rows go
        self._replaced = set(loaded) if mode == "overwrite" else set[int]()
        self._merge = mode == "merge"
        self._seed = seed

    def check(self) -> None:
        """Check all."""
        for rows in self._loaded.values():
            self._check_keys(rows)
            self._check_unique(rows)
        for rows in self._loaded.values():
            if rows.kind.kind == "edge":
                self._check_endpoints(rows)
        for edge in self._schema.live:
            if edge.kind == "edge":
                self._check_left(edge)
                self._check_numbers(edge)

    def _check_keys(self, rows: LoadedRows) -> None:
        kind = rows.kind
        for one, other in _same(rows, shape.KEY):
            raise Conflict(
                f"{kind.name} {rows.texts(shape.KEY, [one])[0]} is in the source twice, as rows {one + 1} and"
                f" {other + 1} of its type",
                path=kind.name,
                remedy="Leave one of them out",
            )
        if kind.id in self._replaced or self._merge:
            return
        there = among(rows.hashes(shape.KEY), self._stored_hashes(kind, shape.KEY))
        for some in _asked(there):
            texts = rows.texts(shape.KEY, some)
            for key in self._stored.rows(kind.id, texts) if texts else ():
                raise Conflict(
                    f"There is a {kind.name} {key} already",
                    path=f"{kind.name} {key}",
                    remedy='Load with mode="merge" to replace rows by their keys',
                )

    def _check_unique(self, rows: LoadedRows) -> None:
        kind = rows.kind
        for each in kind.live:
            column = shape.column_of(each.id)
            if not each.unique or not shape.is_looked_up(each.type):
                continue
            for one, other in _same(rows, column):
                value, keys = rows.texts(column, [one])[0], rows.texts(shape.KEY, [one, other])
                raise _twice(kind, each.name, keys, value)
            if kind.id in self._replaced:
                continue
            there = among(rows.hashes(column), self._others(kind, column))
            for some in _asked(there):
                keys, values = rows.texts(shape.KEY, some), rows.texts(column, some)
                raise _twice(kind, each.name, [keys[0], "a row that is there"], values[0])

    def _check_endpoints(self, rows: LoadedRows) -> None:
        with importing():
            import numpy as np

        for column, node in zip((shape.SRC, shape.DST), self._schema.endpoints(rows.kind), strict=True):
            wanted = rows.hashes(column)
            missing = ~among(wanted, self._nodes(node))
            if missing.any():
                row = int(np.flatnonzero(missing)[0])
                key = rows.texts(column, [row])[0]
                raise InvalidRow(
                    f"{int(missing.sum())} {rows.kind.name} edges have no {node.name} at an end; the first is row"
                    f" {row + 1} of its type, with {key}",
                    path=f"{rows.kind.name} {key}",
                    remedy=f"Load each {node.name} before its edges, or with them",
                )

    def _check_left(self, edge: TypeSchema) -> None:
        """Check that edges which stay keep their endpoints where nodes are replaced."""
        for column, node in zip((shape.SRC, shape.DST), self._schema.endpoints(edge), strict=True):
            if node.id not in self._replaced or edge.id in self._loaded:
                continue
            there = self._stored_hashes(edge, column)
            lost = ~among(there, self._nodes(node))
            if lost.any():
                raise InvalidRow(
                    f"{int(lost.sum())} {edge.name} edges would lose their {node.name}",
                    path=edge.name,
                    remedy=f"Load the {edge.name} edges with the nodes, or delete them first",
                )

    def _check_numbers(self, edge: TypeSchema) -> None:
        for limit in cardinalities.limits(self._schema, edge):
            if edge.id in self._loaded or (limit.least and limit.node.id in self._loaded):
                self._check_end(edge, limit)

    def _check_end(self, edge: TypeSchema, limit: EdgeLimit) -> None:
        with importing():
            import numpy as np

        column, least, most = limit.end, limit.least, limit.most
        rows = self._loaded.get(edge.id)
        ends = np.zeros(0, np.uint64) if rows is None else rows.hashes(column)
        if edge.id not in self._replaced:
            ends = np.concatenate([ends, self._others(edge, column)])
        found, numbers = np.unique(ends, return_counts=True)
        many = found[numbers > most] if most is not None else found[:0]
        if rows is not None and len(many):
            raise self._wrong_number(edge, column, rows, many, f"more than {most}")
        node, new = limit.node, self._loaded.get(limit.node.id)
        if least and new is not None:
            few = ~among(new.hashes(shape.KEY), found[numbers >= least])
            if few.any():
                key = new.texts(shape.KEY, [int(np.flatnonzero(few)[0])])[0]
                raise InvalidRow(
                    f"{node.name} {key} would have too few {edge.name} edges; the schema asks for {least}",
                    path=f"{node.name} {key}",
                )

    def _wrong_number(self, edge: TypeSchema, column: str, rows: LoadedRows, many: "Hashes", said: str) -> InvalidRow:
        with importing():
            import numpy as np

        places = np.flatnonzero(among(rows.hashes(column), many))
        key = rows.texts(column, [int(places[0])])[0] if len(places) else "one that is there"
        return InvalidRow(f"The node {key} would have {said} {edge.name} edges", path=f"{edge.name} {key}")

    def _nodes(self, node: TypeSchema) -> "Hashes":
        with importing():
            import numpy as np

        stored = np.zeros(0, np.uint64) if node.id in self._replaced else self._stored_hashes(node, shape.KEY)
        rows = self._loaded.get(node.id)
        return np.concatenate([stored, rows.hashes(shape.KEY)]) if rows is not None else stored

    def _stored_hashes(self, kind: TypeSchema, column: str) -> "Hashes":
        return stored_hashes(self._stored, kind, column, self._seed)[1]

    def _others(self, kind: TypeSchema, column: str) -> "Hashes":
        """Return the hashes of what rows have that stay beside the loaded ones."""
        rows = self._loaded.get(kind.id)
        if rows is None or not self._merge:
            return self._stored_hashes(kind, column)
        keys, found = stored_hashes(self._stored, kind, column, self._seed)
        return found[~among(keys, rows.hashes(shape.KEY))]


def _same(rows: LoadedRows, column: str) -> Iterator[tuple[int, int]]:
    """Yield the places of two rows that have the same in a column, if there are any."""
    with importing():
        import numpy as np

    hashes = rows.hashes(column)
    ordered = rows.sorted_keys if column == shape.KEY else np.sort(hashes)
    twice = np.unique(ordered[1:][(ordered[1:] == ordered[:-1]) & (ordered[1:] != 0)])
    for each in twice[:ASKED]:
        places = [int(place) for place in np.flatnonzero(hashes == each)[:2]]
        first, second = rows.texts(column, places)
        if first == second or str(first).startswith("row "):
            yield places[0], places[1]


def _asked(there: "NDArray[np.bool_]") -> Iterator[list[int]]:
    with importing():
        import numpy as np

    places = np.flatnonzero(there)
    if len(places):
        yield [int(place) for place in places[:ASKED]]


def _twice(kind: TypeSchema, field: str, keys: list[str], value: object) -> Conflict:
    return Conflict(
        f"{kind.name} {keys[0]} and {keys[1]} have the same {field}, {value!r:.80}",
        path=f"{kind.name} {keys[0]}",
        remedy=f"{field} is unique: choose another value for one of them",
    )
