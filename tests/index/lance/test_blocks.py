import pytest

from holdfast.index.lance.blocks import Block, Most, blocks, to_be_joined
from holdfast.index.lance.segments import drop_segments, fragments, index_ids, index_text, segments
from holdfast.index.lance.table import VersionedTable
from tests.support.search_rows import many


def of(*sizes: int, small: int = 1) -> list[Block]:
    return [Block((number,), rows, small) for number, rows in enumerate(sizes)]


def joined(*sizes: int, most: Most) -> list[int]:
    return [block.rows for block in to_be_joined(of(*sizes), most)]


def test_fragments_that_a_segment_covers_together_are_a_block_and_others_are_blocks_of_their_own(
    table: VersionedTable,
) -> None:
    version = table.create()
    for name in "ab":
        version = table.append(version, many(name, 5))
    version = index_text(table, version)
    for name in "cd":
        version = index_ids(table, table.append(version, many(name, 7)))
    assert [block.rows for block in blocks(table, version)] == [17, 7]
    bare = drop_segments(table, version, segments(table, version))
    found = blocks(table, bare)
    assert [block.rows for block in found] == [5, 5, 7, 7]
    assert [number for block in found for number in block.fragments] == list(fragments(table, bare))


def test_an_old_block_is_joined_when_as_many_rows_have_come_after_it() -> None:
    most = Most(small=32, blocks=8)
    assert joined(100, 30, 10, 10, most=most) == [10, 10]
    assert joined(100, 20, 10, 10, most=most) == [20, 10, 10]
    assert joined(40, 20, 10, 10, most=most) == [40, 20, 10, 10]


def test_more_blocks_are_joined_where_too_many_would_be_left() -> None:
    assert joined(800, 400, 200, 100, 10, most=Most(small=32, blocks=4)) == [100, 10]
    assert joined(800, 400, 200, 100, 10, most=Most(small=32, blocks=3)) == [200, 100, 10]
    assert joined(800, 400, 200, 100, 10, most=Most(small=2, blocks=8)) == [400, 200, 100, 10]
    assert joined(800, 400, 200, 100, 10, most=Most(small=1, blocks=1)) == [800, 400, 200, 100, 10]


@pytest.mark.parametrize("sizes", [(), (5,)])
def test_what_is_one_block_or_none_is_taken_whole(sizes: tuple[int, ...]) -> None:
    assert joined(*sizes, most=Most(1, 1)) == list(sizes)


def test_a_row_is_rearranged_a_few_times_while_a_table_grows_a_hundredfold() -> None:
    most, sizes, moved = Most(small=32, blocks=4), [], 0
    for _ in range(100):
        sizes.append(1)
        if len(sizes) > most.blocks:
            taken = joined(*sizes, most=most)
            sizes[len(sizes) - len(taken) :] = [sum(taken)]
            moved += sum(taken)
        assert len(sizes) <= most.blocks
    assert moved <= 8 * 100
