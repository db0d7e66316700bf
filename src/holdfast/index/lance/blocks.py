"""Blocks of a table: neighbouring fragments that share index segments with no others, oldest first.

A table grows at its end. What was added lately is rearranged often, and an old block only when as many rows have come
after it: so each row is written and indexed anew a few times while the table grows a hundredfold (G9), and the number
of blocks stays small.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.index.lance.segments import fragments, segments
from holdfast.index.lance.table import VersionedTable

#: rows; fragments of fewer are small, and merged with their neighbours
FRAGMENT_ROWS = 50_000
#: blocks that are made one, at least
LEAST_JOINED = 2


@dataclass(frozen=True)
class Block:
    """Neighbouring fragments, and what of them counts."""

    fragments: tuple[int, ...]
    rows: int
    #: how many of the fragments are small
    small: int


@dataclass(frozen=True)
class Most:
    """What may be left of a table's parts."""

    #: fragments that are small
    small: int
    #: blocks, and so segments of each index
    blocks: int

    def allows(self, blocks: Sequence[Block]) -> bool:
        """Return whether these blocks may be left, and one more in which what comes after them is one."""
        return len(blocks) < self.blocks and sum(block.small for block in blocks) < self.small


def blocks(table: VersionedTable, version: int) -> list[Block]:
    """Return all blocks of the table at `version`, oldest first."""
    rows = fragments(table, version)
    order = list(rows)
    place = {number: i for i, number in enumerate(order)}
    reach = list(range(len(order)))
    for segment in segments(table, version):
        if places := [place[number] for number in segment.fragments if number in place]:
            reach[min(places)] = max(reach[min(places)], max(places))
    found, begin, end = [], 0, 0
    for i in range(len(order)):
        end = max(end, reach[i])
        if i == end:
            found.append(_block(order[begin : i + 1], rows))
            begin = end = i + 1
    return found


def to_be_joined(there: Sequence[Block], most: Most) -> list[Block]:
    """Return the newest blocks, of which one is to be made.

    A block joins when those after it together have as many rows, and when too much would be left without it.
    """
    for left in range(len(there) - 1, -1, -1):
        newer = there[left + 1 :]
        taken = sum(block.rows for block in newer)
        if len(newer) >= LEAST_JOINED and there[left].rows > taken and most.allows(there[: left + 1]):
            return list(newer)
    return list(there)


def _block(numbers: Sequence[int], rows: dict[int, int]) -> Block:
    counts = [rows[number] for number in numbers]
    return Block(tuple(numbers), sum(counts), sum(count < FRAGMENT_ROWS for count in counts))
