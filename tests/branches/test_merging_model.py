"""Whatever two branches did, a merge leaves a whole tree, and two branches that merge each other end alike."""

import contextlib
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast import HoldfastError, MergeConflicted
from holdfast.front.store import Store
from tests.support.looking import contents_of

PATHS = st.sampled_from(["/t/a", "/t/b", "/t/d", "/t/d/a", "/t/d/e", "/t/d/e/a", "/t/f", "/t/f/a", "/t/f/d"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), PATHS, st.sampled_from(["one", "two"])),
        st.tuples(st.just("move"), PATHS, PATHS),
        st.tuples(st.just("remove"), PATHS, st.just("")),
        st.tuples(st.just("mkdir"), PATHS, st.just("")),
    ),
    max_size=5,
)
NUMBERS = count()


def do(store: Store, steps: list[tuple[str, str, str]]) -> None:
    """Do each step that can be done."""
    for kind, path, more in steps:
        with contextlib.suppress(HoldfastError):
            if kind == "write":
                store.write(path, more)
            elif kind == "move":
                store.move(path, more)
            elif kind == "remove":
                store.remove(path, recursive=True)
            else:
                store.mkdir(path, parents=True)


@settings(max_examples=25)
@given(before=STEPS, ours=STEPS, theirs=STEPS, more=STEPS, prefer=st.sampled_from(["ours", "theirs"]))
def test_two_branches_that_merge_each_other_end_alike(
    store: Store,
    before: list[tuple[str, str, str]],
    ours: list[tuple[str, str, str]],
    theirs: list[tuple[str, str, str]],
    more: list[tuple[str, str, str]],
    prefer: str,
) -> None:
    number = next(NUMBERS)
    store.branches.create(f"one-{number}", at=1)
    one = store.branch(f"one-{number}")
    do(one, [("write", "/t/a", "base"), ("write", "/t/d/a", "base"), ("write", "/t/d/e/a", "base"), *before])
    one.branches.create(f"other-{number}")
    other = store.branch(f"other-{number}")
    do(one, ours)
    do(other, theirs)
    was = contents_of(one)
    try:
        report = one.branches.merge(f"other-{number}")
        assert not report.settled
    except MergeConflicted as error:
        assert contents_of(one) == was
        report = one.branches.merge(f"other-{number}", prefer="ours" if prefer == "ours" else "theirs")
        assert error.conflicts
        assert report.settled
    if report.commit is not None:
        assert list(report.changes) == one.diff(report.commit.parent, report.commit)
    assert one.branches.merge(f"other-{number}").commit is None
    other.branches.merge(f"one-{number}")
    assert contents_of(one) == contents_of(other)
    do(other, more)
    one.branches.merge(f"other-{number}")
    assert contents_of(one) == contents_of(other)
    assert one.maintenance.verify().ok
    assert other.maintenance.verify().ok
