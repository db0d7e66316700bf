"""The passages that searches looked at lately, kept in memory: reading them takes a good part of a search.

A row at one version of a table never changes, so that what was read of it once stays true.
"""

import sys
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from holdfast.search.rerank import Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: bytes that a process keeps, about
MOST_BYTES = 16 * 2**20
#: what a passage takes beside its texts and its vector, about
_EACH = 700


class ReadPassage(NamedTuple):
    """A passage as it was read from a table."""

    passage: Passage
    #: None where it was not asked for
    vector: "NDArray[np.float32] | None"

    @property
    def size(self) -> int:
        """Return how many bytes of memory it takes, about."""
        texts = (self.passage.heading, self.passage.text, self.passage.terms)
        return sum(map(sys.getsizeof, texts)) + (0 if self.vector is None else self.vector.nbytes) + _EACH


class RecentPassages:
    """Passages by table, version and row address; those that nobody read for longest go first. Threads may share it."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._size = 0
        self._changing = threading.Lock()
        self._kept: OrderedDict[tuple[str, int, int], ReadPassage] = OrderedDict()

    @property
    def size(self) -> int:
        """Return how many bytes of memory all of them take, about."""
        return self._size

    def among(self, table: str, version: int, rows: Iterable[int], *, with_vectors: bool) -> dict[int, ReadPassage]:
        """Return those of some rows that are kept, by row address."""
        found = {}
        with self._changing:
            for row in rows:
                kept = self._kept.get((table, version, row))
                if kept is not None and (kept.vector is not None or not with_vectors):
                    self._kept.move_to_end((table, version, row))
                    found[row] = kept
        return found

    def keep(self, table: str, version: int, read: Mapping[int, ReadPassage]) -> None:
        """Keep what was read, by row address."""
        with self._changing:
            for row, each in read.items():
                before = self._kept.pop((table, version, row), None)
                self._kept[table, version, row] = each
                self._size += each.size - (before.size if before is not None else 0)
            while self._size > self._most:
                self._size -= self._kept.popitem(last=False)[1].size
