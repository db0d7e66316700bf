"""A set of contents, kept as sorted hashes: eight bytes each, and compared with a whole table's rows at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.host.importing import importing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ContentSet:
    """Contents by a hash that holds within this process. Two may share one: what is chosen by it is checked again."""

    #: sorted, each once
    hashes: "NDArray[np.int64]"

    @staticmethod
    def of(ids: Iterable[str]) -> "ContentSet":
        """Return the set of these contents."""
        with importing():
            import numpy as np

        return ContentSet(np.unique(hashes_of(ids)))

    def with_also(self, ids: Iterable[str]) -> "ContentSet":
        """Return the set with more contents; itself when it has them all."""
        with importing():
            import numpy as np

        more = hashes_of(ids)
        return self if bool(self._has(more).all()) else ContentSet(np.union1d(self.hashes, more))

    def holds(self, hashes: "NDArray[np.int64]") -> Any:
        """Return for each of `hashes` (of `hashes_of`) whether it is one of the set."""
        return self._has(hashes)

    def among(self, ids: Iterable[str]) -> set[str]:
        """Return which of `ids` are in the set."""
        asked = list(ids)
        return {
            content_id for content_id, here in zip(asked, self._has(hashes_of(asked)).tolist(), strict=True) if here
        }

    def common(self, other: "ContentSet") -> "ContentSet":
        """Return the contents that are in both sets."""
        return ContentSet(self.hashes[other.holds(self.hashes)])

    def __len__(self) -> int:
        return len(self.hashes)

    def _has(self, hashes: "NDArray[np.int64]") -> Any:
        with importing():
            import numpy as np

        if not len(self.hashes):
            return np.zeros(len(hashes), bool)
        at = np.searchsorted(self.hashes, hashes)
        at[at == len(self.hashes)] = 0
        return self.hashes[at] == hashes


def hashes_of(ids: Iterable[str]) -> "NDArray[np.int64]":
    """Return the hash of each id, in order."""
    with importing():
        import numpy as np

    return np.fromiter(map(hash, ids), np.int64)
