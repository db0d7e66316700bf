import pytest

from holdfast.errors import InvalidPath, TooLarge, Unsupported
from holdfast.locks.modes import MAX_PATHS, MOVE, POINT, SUBTREE, Want, conflicts, covers, wanted


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (Want("/a"), Want("/a"), True),
        (Want("/a"), Want("/b"), False),
        (Want("/a"), Want("/a/b"), False),
        (Want("/a"), Want("/ab"), False),
        (Want("/a/b"), Want("/a", SUBTREE), True),
        (Want("/a/b/c/d"), Want("/a", SUBTREE), True),
        (Want("/ab"), Want("/a", SUBTREE), False),
        (Want("/a0"), Want("/a", SUBTREE), False),
        (Want("/a"), Want("/", SUBTREE), True),
        (Want("/"), Want("/a"), False),
        (Want("/a"), Want("/a", SUBTREE), True),
        (Want("/a", SUBTREE), Want("/a", SUBTREE), True),
        (Want("/a", SUBTREE), Want("/a/b", SUBTREE), True),
        (Want("/a", SUBTREE), Want("/b", SUBTREE), False),
        (Want("/", SUBTREE), Want("/b/c", SUBTREE), True),
        (Want("/a/b", SUBTREE), Want("/a"), False),
    ],
)
def test_the_conflict_table(one: Want, other: Want, clash: bool) -> None:
    assert conflicts(one, other) is clash
    assert conflicts(other, one) is clash


@pytest.mark.parametrize(
    ("held", "asked", "enough"),
    [
        (Want("/a"), Want("/a"), True),
        (Want("/a"), Want("/a", SUBTREE), False),
        (Want("/a"), Want("/a/b"), False),
        (Want("/a", SUBTREE), Want("/a"), True),
        (Want("/a", SUBTREE), Want("/a/b", SUBTREE), True),
        (Want("/a", SUBTREE), Want("/ab"), False),
        (Want("/", SUBTREE), Want("/x/y", SUBTREE), True),
    ],
)
def test_what_a_lock_covers(held: Want, asked: Want, enough: bool) -> None:
    assert covers(held, asked) is enough


def test_an_acquire_asks_for_each_path_once_and_for_nothing_that_another_part_covers() -> None:
    assert wanted(["/b", "/a/", "/b", "//a"], POINT) == [Want("/a"), Want("/b")]
    assert wanted(["/a/b", "/a", "/c"], SUBTREE) == [Want("/a", SUBTREE), Want("/c", SUBTREE)]


def test_a_move_takes_both_ends_and_the_directory_that_gains() -> None:
    assert wanted(["/a", "/b/c"], MOVE) == [Want("/a", SUBTREE), Want("/b"), Want("/b/c")]
    assert wanted(["/a", "/b/c"], MOVE, source_is_file=True) == [Want("/a"), Want("/b"), Want("/b/c")]


@pytest.mark.parametrize(("names", "mode"), [([], POINT), (["/a"], MOVE), (["/a", "/b", "/c"], MOVE), (["/a"], "tree")])
def test_a_request_that_makes_no_sense_is_refused(names: list[str], mode: str) -> None:
    with pytest.raises(Unsupported):
        wanted(names, mode)


def test_too_many_paths_and_bad_paths_are_refused() -> None:
    with pytest.raises(TooLarge):
        wanted([f"/{i}" for i in range(MAX_PATHS + 1)], POINT)
    with pytest.raises(InvalidPath):
        wanted(["a"], POINT)
