"""Every operation, killed or failed at every fault point it passes: all or nothing, whole, and done again (G1, G7).

One test is one operation, one point and one way to fail. Which operation passes which points stands in `reached.txt`,
and a run that is let through is held against it; `python -m tests.crash.test_matrix` writes it anew. A point that is
passed more than twice fires at the first passage, at the last, and at one between them that its name decides.
"""

import functools
import shutil
import signal
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import holdfast
from holdfast import faults
from holdfast.errors import CorruptStore, HoldfastError, StoreNotFound
from holdfast.front.store import Store
from holdfast.recovery.sweep import sweep
from holdfast.recovery.verify import verify
from holdfast.testing.seams import rooms
from tests.support.crash.forks import Forks
from tests.support.crash.graph_work import rows_of
from tests.support.crash.operations import OPERATIONS, TOKENS, Operation, quiet
from tests.support.crash.recorder import recording
from tests.support.looking import paths_of

pytestmark = pytest.mark.crash

#: points that stand for a refusal of the disk: there an error must come out as one of Holdfast's own
DISK = ("blob.", "table.", "init.")

#: points between two commits of one operation, where it is neither done nor undone: test_session_crashes.py kills there
BETWEEN_COMMITS = {"session.before_delete"}

#: each operation and the points that it reaches, in order
REACHED = Path(__file__).with_name("reached.txt")

#: what a user can see of a store, on each branch: the tree with its bytes, and where each word is found, and the tags;
#: None where there is no store
Seen = tuple[dict[str, bytes | None], dict[str, list[str]]] | None


@dataclass(frozen=True)
class Prepared:
    """An operation, the folder it starts from, and what is seen before and after."""

    operation: Operation
    folder: Path
    before: Seen
    after: Seen
    #: passages of each point
    passed: Counter[str]

    def passages(self, point: str) -> list[int]:
        """Return the first and the last passage of a point, and one between them."""
        return sampled(self.passed[point], f"{self.operation.name} {point}")

    def fresh(self, place: Path) -> Path:
        """Return a new copy of the folder it starts from, with what lies beside it."""
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        if self.folder.parent.exists():
            shutil.copytree(self.folder.parent, place, dirs_exist_ok=True)
        return place / self.folder.name


def listed() -> dict[str, list[str]]:
    """Return the table of the points that each operation reaches."""
    found: dict[str, list[str]] = {}
    for line in REACHED.read_text("utf-8").splitlines():
        if line.startswith(" "):
            found[[*found][-1]].append(line.strip())
        else:
            found[line] = []
    return found


def written(found: dict[str, list[str]]) -> str:
    """Return a table as it is written."""
    return "".join(f"{name}\n" + "".join(f"    {point}\n" for point in points) for name, points in found.items())


#: every cell of the matrix: an operation and a point that it reaches
CELLS = [(row, point) for row in OPERATIONS for point in listed().get(row.name, [])]


def named(cell: object) -> str:
    """Return what a part of a test's id is called."""
    return cell.name.replace(" ", "-") if isinstance(cell, Operation) else str(cell)


def seen(folder: Path, doing: str = "") -> Seen:
    """Return what a user can see of the store, once it was found whole; what is `doing` nothing is only looked at."""
    try:
        with quiet(folder) as store:
            views = {"": store, **{f"{name}:": store.branch(name) for name in others(store)}}
            found = {f"{on}{token}": where(view, token) for on, view in views.items() for token in TOKENS}
            tree = {f"{on}{path}": read(view, path) for on, view in views.items() for path in paths_of(view)}
            tree |= {
                f"{on}{path} has": told for on, view in views.items() for path, told in properties_of(view).items()
            }
            tree |= {f"{on}{row}": said for on, view in views.items() for row, said in rows_of(view).items()}
            tree |= {f"tag {tag.name}": str(tag.commit).encode() for tag in store.tags.list()}
            if doing:
                check_whole(store, doing)
            return tree, found
    except StoreNotFound:
        return None


def properties_of(store: Store) -> dict[str, bytes]:
    """Return the properties of all that has some."""
    found = {path: store.properties.get(path) for path in ["/", *paths_of(store)]}
    return {f"{path} has": repr(told).encode() for path, told in found.items() if told}


def others(store: Store) -> list[str]:
    """Return the names of the branches but `main`."""
    return [branch.name for branch in store.branches.list() if branch.base is not None]


def where(store: Store, token: str) -> list[str]:
    """Return where a word is found."""
    return sorted({hit.path for hit in store.search(token, mode="text", limit=50)})


def read(store: Store, path: str) -> bytes | None:
    """Return the bytes of a file, None for a directory; what cannot be read is told from what can."""
    try:
        return None if store.stat(path).is_dir else store.read(path)
    except CorruptStore as error:
        return error.code.encode()


def check_whole(store: Store, doing: str) -> None:
    """Check that the store is whole, and that a sweep leaves nobody's work behind."""
    sweep(rooms(store))
    assert store.maintenance.intents() == [], doing
    report = verify(rooms(store), deep=True)
    assert not report.problems, doing


def prepare(operation: Operation, pristine: Path, place: Path) -> Prepared:
    """Make what the operation starts from, and let it run once on a copy."""
    folder = place / "start" / "kb"
    if operation.name != "init":
        shutil.copytree(pristine, folder)
    operation.before(folder)
    trial = Prepared(operation, folder, None, None, Counter())
    before = seen(trial.fresh(place / "look"))
    done = trial.fresh(place / "look")
    with recording() as passed:
        operation.act(done)
    return Prepared(operation, folder, before, seen(done), passed)


#: prepares a row, once for all its tests
Preparing = Callable[[Operation], Prepared]


@pytest.fixture(scope="session")
def preparing(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Preparing:
    """Return what prepares a row, once for all its tests."""
    return functools.cache(lambda operation: prepare(operation, pristine, tmp_path_factory.mktemp("prepared")))


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Return what makes children."""
    made = Forks()
    yield made
    made.close()


@pytest.mark.parametrize(("operation", "point"), CELLS, ids=named)
def test_killed(operation: Operation, point: str, preparing: Preparing, forks: Forks, tmp_path: Path) -> None:
    prepared = preparing(operation)
    for passage in prepared.passages(point):
        folder = prepared.fresh(tmp_path / "case")
        doing = f"{operation.name}, killed at passage {passage} of {point}"
        ended = forks.run(operation.name, folder, f"{point}=kill@{passage}")
        assert ended.code == -signal.SIGKILL, f"{doing}: it was not, but ended with {ended.code}\n{ended.said}"
        check_outcome(prepared, folder, doing)


@pytest.mark.parametrize(("operation", "point"), CELLS, ids=named)
@pytest.mark.parametrize("failure", ["error", "enospc"])
def test_failed(
    operation: Operation,
    point: str,
    failure: str,
    preparing: Preparing,
    armed: Callable[[str], None],
    tmp_path: Path,
) -> None:
    prepared = preparing(operation)
    for passage in prepared.passages(point):
        folder = prepared.fresh(tmp_path / "case")
        doing = f"{operation.name}, {failure} at passage {passage} of {point}"
        armed(f"{point}={failure}@{passage}")
        try:
            operation.act(folder)
        except HoldfastError as error:
            assert error.remedy, doing
        except OSError as error:
            assert not point.startswith(DISK), f"{doing}: {error!r} is no error of Holdfast"
        armed("")
        check_outcome(prepared, folder, doing)


def check_outcome(prepared: Prepared, folder: Path, doing: str) -> None:
    """Check that all or nothing is seen, that the store is whole, and that the operation can be done now."""
    operation, outcome = prepared.operation, seen(folder, "" if prepared.operation.mends else doing)
    if not operation.mends:
        assert outcome in (prepared.before, prepared.after), doing
    if operation.mends or outcome != prepared.after or operation.again:
        operation.act(folder)
        assert seen(folder, f"{doing}, and done again") == prepared.after, f"{doing}: done again"


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
def test_an_operation_reaches_the_points_that_are_listed(operation: Operation, preparing: Preparing) -> None:
    reached = preparing(operation).passed
    assert reached, "an operation that passes no fault point cannot be in the matrix"
    assert {*reached} == {*listed().get(operation.name, ())}, "if it was meant, write the table anew"


def test_every_point_is_reached_by_some_operation() -> None:
    reached = {point for points in listed().values() for point in points}
    assert faults.POINTS.keys() - reached == BETWEEN_COMMITS
    assert reached <= faults.POINTS.keys()
    assert [*listed()] == [operation.name for operation in OPERATIONS]


def sampled(times: int, name: str) -> list[int]:
    """Return which of so many passages are tried: the first, the last, and one between that `name` decides."""
    between = [2 + zlib.crc32(name.encode()) % (times - 2)] if times > 2 else []
    return [1, *between, *([times] if times > 1 else [])]


@pytest.mark.parametrize(("times", "ends"), [(1, [1]), (2, [1, 2]), (3, [1, 2, 3])])
def test_few_passages_are_all_tried(times: int, ends: list[int]) -> None:
    assert sampled(times, "any") == ends


def test_of_many_passages_one_in_the_middle_is_tried_and_always_the_same() -> None:
    tried = {name: sampled(9, name) for name in map(str, range(100))}
    assert {passage for first, passage, last in tried.values() if (first, last) == (1, 9)} == set(range(2, 9))
    assert tried == {name: sampled(9, name) for name in tried}


def write_table() -> None:
    """Write the table anew, from what each operation passes."""
    found: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as place:
        pristine = Path(place) / "pristine" / "kb"
        holdfast.create(pristine).close()
        for number, operation in enumerate(OPERATIONS):
            found[operation.name] = [*prepare(operation, pristine, Path(place) / str(number)).passed]
    REACHED.write_text(written(found), "utf-8")


if __name__ == "__main__":
    write_table()
