"""Where the rows of contents are in a table: the key column read once per data file and kept as hashes.

Sixteen bytes a row. What a data file holds never changes, and what was removed from it has a file of its own, so a new
version costs the reading of what is new.
"""

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from holdfast.host.importing import importing
from holdfast.index.lance.content_set import ContentSet, hashes_of
from holdfast.index.lance.errors import reading
from holdfast.index.lance.row_set import ADDRESS, RowSet
from holdfast.index.lance.table import VersionedTable, deletion_files

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    #: hashes of the contents, and addresses of the rows
    Part = tuple[NDArray[np.int64], NDArray[np.uint64]]

#: sets of rows kept, of the latest searches
_REMEMBERED = 8


class Addresses:
    """Addresses in one table. Threads may share it."""

    def __init__(self, table: VersionedTable) -> None:
        self._table = table
        self._changing = threading.Lock()
        self._parts: dict[tuple[str, ...], Part] = {}
        #: by version and set; a set is kept with its rows, so that no other can be taken for it
        self._known: OrderedDict[tuple[int, ContentSet], RowSet] = OrderedDict()

    def rows_of(self, version: int, contents: ContentSet) -> RowSet:
        """Return the rows of these contents at `version`, and of any others whose hashes are the same."""
        with self._changing:
            known = self._known.get((version, contents))
        return self._note((version, contents), self._look(version, contents)) if known is None else known

    def _note(self, key: tuple[int, ContentSet], rows: RowSet) -> RowSet:
        with self._changing:
            self._known[key] = rows
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return rows

    def _look(self, version: int, contents: ContentSet) -> RowSet:
        with importing():
            import numpy as np

        parts = self._parts_of(version)
        found = [addresses[contents.holds(hashes)] for hashes, addresses in parts]
        return RowSet(np.sort(np.concatenate(found)) if found else np.zeros(0, np.uint64))

    def _parts_of(self, version: int) -> "list[Part]":
        with reading(self._table.name, version):
            fragments = {_identity(part.metadata): part for part in self._table.open(version).get_fragments()}
        with self._changing:
            parts = {identity: self._parts.get(identity) for identity in fragments}
        made = {name: self.read(version, fragments[name]) if part is None else part for name, part in parts.items()}
        with self._changing:
            # Those of files that the version does not have are let go; a search of an older one reads them again.
            self._parts = made
        return [made[identity] for identity in fragments]

    def read(self, version: int, fragment: Any) -> "Part":
        """Read the key column of one data file."""
        with importing():
            import numpy as np

        key = self._table.shape.key
        hashes, addresses = [np.zeros(0, np.int64)], [np.zeros(0, np.uint64)]
        with reading(self._table.name, version):
            for batch in fragment.scanner(columns=[key], with_row_id=True).to_batches():
                hashes.append(hashes_of(batch[key].to_pylist()))
                addresses.append(batch[ADDRESS].to_numpy())
        return np.concatenate(hashes), np.concatenate(addresses)


def _identity(metadata: Any) -> tuple[str, ...]:
    """Return what tells a fragment's rows from all others: its number, its data and what was removed of it."""
    return (str(metadata.id), *(file.path for file in metadata.files), *deletion_files(metadata))
