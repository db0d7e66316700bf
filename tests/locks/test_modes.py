import pytest

from holdfast.errors import InvalidPath, TooLarge, Unsupported
from holdfast.locks.modes import MAX_PATHS, MOVE, POINT, SUBTREE, PathLock, conflicts, covers, wanted


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (PathLock("/a"), PathLock("/a"), True),
        (PathLock("/a"), PathLock("/b"), False),
        (PathLock("/a"), PathLock("/a/b"), False),
        (PathLock("/a"), PathLock("/ab"), False),
        (PathLock("/a/b"), PathLock("/a", SUBTREE), True),
        (PathLock("/a/b/c/d"), PathLock("/a", SUBTREE), True),
        (PathLock("/ab"), PathLock("/a", SUBTREE), False),
        (PathLock("/a0"), PathLock("/a", SUBTREE), False),
        (PathLock("/a"), PathLock("/", SUBTREE), True),
        (PathLock("/"), PathLock("/a"), False),
        (PathLock("/a"), PathLock("/a", SUBTREE), True),
        (PathLock("/a", SUBTREE), PathLock("/a", SUBTREE), True),
        (PathLock("/a", SUBTREE), PathLock("/a/b", SUBTREE), True),
        (PathLock("/a", SUBTREE), PathLock("/b", SUBTREE), False),
        (PathLock("/", SUBTREE), PathLock("/b/c", SUBTREE), True),
        (PathLock("/a/b", SUBTREE), PathLock("/a"), False),
    ],
)
def test_the_conflict_table(one: PathLock, other: PathLock, clash: bool) -> None:
    assert conflicts(one, other) is clash
    assert conflicts(other, one) is clash


@pytest.mark.parametrize(
    ("held", "asked", "enough"),
    [
        (PathLock("/a"), PathLock("/a"), True),
        (PathLock("/a"), PathLock("/a", SUBTREE), False),
        (PathLock("/a"), PathLock("/a/b"), False),
        (PathLock("/a", SUBTREE), PathLock("/a"), True),
        (PathLock("/a", SUBTREE), PathLock("/a/b", SUBTREE), True),
        (PathLock("/a", SUBTREE), PathLock("/ab"), False),
        (PathLock("/", SUBTREE), PathLock("/x/y", SUBTREE), True),
    ],
)
def test_what_a_lock_covers(held: PathLock, asked: PathLock, enough: bool) -> None:
    assert covers(held, asked) is enough


def test_an_acquire_asks_for_each_path_once_and_for_nothing_that_another_part_covers() -> None:
    assert wanted(["/b", "/a/", "/b", "//a"], POINT) == [PathLock("/a"), PathLock("/b")]
    assert wanted(["/a/b", "/a", "/c"], SUBTREE) == [PathLock("/a", SUBTREE), PathLock("/c", SUBTREE)]


def test_a_move_takes_both_ends_and_the_directory_that_gains() -> None:
    assert wanted(["/a", "/b/c"], MOVE) == [PathLock("/a", SUBTREE), PathLock("/b"), PathLock("/b/c")]
    assert wanted(["/a", "/b/c"], MOVE, source_is_file=True) == [PathLock("/a"), PathLock("/b"), PathLock("/b/c")]


@pytest.mark.parametrize(("names", "mode"), [([], POINT), (["/a"], MOVE), (["/a", "/b", "/c"], MOVE), (["/a"], "tree")])
def test_a_request_that_makes_no_sense_is_refused(names: list[str], mode: str) -> None:
    with pytest.raises(Unsupported):
        wanted(names, mode)


def test_too_many_paths_and_bad_paths_are_refused() -> None:
    with pytest.raises(TooLarge):
        wanted([f"/{i}" for i in range(MAX_PATHS + 1)], POINT)
    with pytest.raises(InvalidPath):
        wanted(["a"], POINT)
