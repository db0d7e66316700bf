"""Rows of one version of a table by their addresses, and how Lance is told to look at these alone.

An address is a fragment's number and a place in it, so what was added together lies together: a folder is a few runs of
addresses, which Lance compares with a whole table in a millisecond or two. A list of keys costs it microseconds each.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from holdfast.host.importing import importing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: runs of addresses that a filter names; each is compared with every row
MOST_RUNS = 64
#: addresses that a filter names one by one
MOST_LISTED = 5_000
#: the column that Lance gives a row's address by
ADDRESS = "_rowid"


@dataclass(frozen=True, eq=False)
class RowSet:
    """Rows by their addresses, sorted, each once."""

    addresses: "NDArray[np.uint64]"

    def __len__(self) -> int:
        return len(self.addresses)

    @cached_property
    def is_told(self) -> bool:
        """Whether `predicate` is true of these rows alone; else it is true of some others too."""
        return len(self._runs) <= MOST_RUNS or len(self) <= MOST_LISTED

    @cached_property
    def predicate(self) -> str:
        """The SQL predicate that is true of these rows."""
        if not len(self):
            return "false"
        if len(self._runs) > MOST_RUNS and self.is_told:
            return f"{ADDRESS} IN ({', '.join(map(str, self.addresses.tolist()))})"
        runs = self._runs if self.is_told else _joined(self._runs)
        return " OR ".join(f"({ADDRESS} >= {first} AND {ADDRESS} <= {last})" for first, last in runs.tolist())

    def holds(self, addresses: "NDArray[np.uint64]") -> Any:
        """Return for each address whether it is one of these rows."""
        with importing():
            import numpy as np

        if not len(self):
            return np.zeros(len(addresses), bool)
        at = np.searchsorted(self.addresses, addresses)
        at[at == len(self)] = 0
        return self.addresses[at] == addresses

    @cached_property
    def _runs(self) -> "NDArray[np.uint64]":
        """The first and the last address of each run of neighbours."""
        with importing():
            import numpy as np

        ends = np.flatnonzero(np.diff(self.addresses) != 1)
        first, last = np.concatenate([[0], ends + 1]), np.concatenate([ends, [len(self) - 1]])
        return np.stack([self.addresses[first], self.addresses[last]], axis=1)


def _joined(runs: "NDArray[np.uint64]") -> "NDArray[np.uint64]":
    """Return MOST_RUNS runs that cover all of `runs`, the widest gaps left out."""
    with importing():
        import numpy as np

    gaps = runs[1:, 0] - runs[:-1, 1]
    cuts = np.sort(np.argpartition(gaps, -(MOST_RUNS - 1))[-(MOST_RUNS - 1) :])
    first, last = np.concatenate([[0], cuts + 1]), np.concatenate([cuts, [len(runs) - 1]])
    return np.stack([runs[first, 0], runs[last, 1]], axis=1)
