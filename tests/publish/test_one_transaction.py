"""A few operations on the same few paths, in one transaction: what they leave, and what is written of it."""

import itertools
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import holdfast
from holdfast import Components
from holdfast.errors import HoldfastError
from holdfast.front.store import Store
from holdfast.publish.transaction import Transaction
from holdfast.recovery.verify import verify
from holdfast.testing.reference import Reference
from holdfast.testing.seams import rooms
from tests.support.looking import head

#: operations by name, with paths below the directory that a case has to itself
Operation = tuple[str, ...]

#: what came before: a directory that changed, lost something and was removed, with a file put in its place elsewhere
PAST: list[list[Operation]] = [
    [("write", "/d/x", "one"), ("write", "/d/sub/y", "two"), ("write", "/f", "three"), ("mkdir", "/empty")],
    [("write", "/d/x", "four"), ("move", "/f", "/d/f"), ("remove", "/d/sub")],
    [("remove", "/d"), ("write", "/f", "five")],
]
#: the commits of that past; the first one makes the store
EARLIEST, LATEST = 2, 4
OPERATIONS: list[Operation] = [
    ("write", "/d/x", "one"),
    ("write", "/d/x", "new"),
    ("write", "/f", "five"),
    ("write", "/f", "new"),
    ("write", "/e", "e"),
    ("mkdir", "/d"),
    ("mkdir", "/empty"),
    ("move", "/d", "/e"),
    ("move", "/e", "/d"),
    ("move", "/f", "/d/f"),
    ("move", "/d/f", "/f"),
    ("move", "/d/sub", "/e"),
    ("move", "/d", "/empty"),
    ("copy", "/d", "/e"),
    ("copy", "/f", "/d/f"),
    ("copy", "/d/x", "/f"),
    ("remove", "/d"),
    ("remove", "/d/sub"),
    ("remove", "/d/x"),
    ("remove", "/f"),
    ("remove", "/empty"),
    ("restore", "/d", "2"),
    ("restore", "/d", "3"),
    ("restore", "/d/sub/y", "2"),
    ("restore", "/f", "2"),
    ("restore", "/f", "4"),
    ("restore", "", "2"),
    ("restore", "", "4"),
]


def do(tx: Transaction, top: str, operation: Operation) -> None:
    """Do one operation below `top`."""
    name, path, *more = operation
    match name:
        case "write":
            tx.write(top + path, more[0])
        case "mkdir":
            tx.mkdir(top + path)
        case "move":
            tx.move(top + path, top + more[0], overwrite=True)
        case "copy":
            tx.copy(top + path, top + more[0], overwrite=True)
        case "remove":
            tx.remove(top + path, recursive=True)
        case _:
            tx.restore(top + path, at=int(more[0]))


def expect(
    reference: Reference, past: dict[int, Reference], top: str, operation: Operation
) -> type[HoldfastError] | None:
    """Do the same on a reference; returns why it is refused."""
    name, path, *more = operation
    match name:
        case "write":
            return reference.write(top + path, more[0].encode())
        case "mkdir":
            return reference.mkdir(top + path)
        case "move":
            return reference.move(top + path, top + more[0], True)
        case "copy":
            return reference.copy(top + path, top + more[0], True)
        case "remove":
            return reference.remove(top + path, True)
        case _:
            return reference.restore(top + path, past[int(more[0])])


@dataclass
class Cases:
    """A store in which every case has a directory of its own, all with the same past."""

    store: Store
    #: what a case's directory was at each commit, with the directory called as in `top_of`
    past: dict[int, dict[str, bytes | None]]
    used: int = 0

    def run(self, operations: Sequence[Operation]) -> None:
        """Do some operations in one transaction, and check what is there afterwards."""
        self.used += 1
        top = f"/{self.used}"
        past = {seq: Reference({top + path: held for path, held in at.items()}) for seq, at in self.past.items()}
        expected = past[LATEST].copied()
        before = head(self.store)
        with self.store.transaction() as tx:
            for operation in operations:
                refused = expect(expected, past, top, operation)
                try:
                    do(tx, top, operation)
                except HoldfastError as error:
                    assert type(error) is refused, operations
                else:
                    assert refused is None, operations
        below = {info.path: None if info.is_dir else self.store.read(info.path) for info in self.store.tree(top)}
        assert {top: None, **below} == expected.at, operations
        if expected.at != past[LATEST].at:
            assert head(self.store) == before + 1, operations
            assert self.store.diff(before), operations


def cases(folder: Path, count: int) -> Cases:
    """Return a store with room for so many cases."""
    store = holdfast.open(folder, durability="relaxed", components=Components(upkeep=False))
    reference, past = Reference({"": None}), {}
    for seq, operations in enumerate(PAST, start=EARLIEST):
        with store.transaction() as tx:
            for number, operation in itertools.product(range(1, count + 1), operations):
                do(tx, f"/{number}", operation)
        for operation in operations:
            assert expect(reference, {}, "", operation) is None
        past[seq] = dict(reference.at)
    assert head(store) == LATEST
    return Cases(store, past)


def check(found: Cases) -> None:
    """Close the store once nothing in it contradicts itself."""
    report = verify(rooms(found.store), deep=True)
    found.store.close()
    assert not report.problems, report.problems[:5]


def test_any_two_operations_in_one_transaction_leave_what_they_say(folder: Path) -> None:
    pairs = list(itertools.product(OPERATIONS, repeat=2))
    found = cases(folder, len(pairs))
    for pair in pairs:
        found.run(pair)
    check(found)


@pytest.fixture(scope="module")
def many(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cases]:
    found = cases(Path(shutil.copytree(pristine, tmp_path_factory.mktemp("cases") / "kb")), 2000)
    yield found
    check(found)


@settings(max_examples=150)
@given(operations=st.lists(st.sampled_from(OPERATIONS), min_size=3, max_size=8))
def test_any_operations_in_one_transaction_leave_what_they_say(many: Cases, operations: list[Operation]) -> None:
    many.run(operations)
