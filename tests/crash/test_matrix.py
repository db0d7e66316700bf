"""Every operation, killed or failed at every fault point it passes: all or nothing, whole, and done again (G1, G7).

One test is one operation and one way to fail; the points are found by a run that is let through. A point that is
passed more than twice fires at the first passage, at the last, and at one between them that its name decides.
"""

import functools
import shutil
import signal
import subprocess
import sys
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
from tests.support.crash.operations import OPERATIONS, TOKENS, Operation, quiet
from tests.support.crash.recorder import recording
from tests.support.looking import paths_of

pytestmark = pytest.mark.crash

#: points that stand for a refusal of the disk: there an error must come out as one of Holdfast's own
DISK = ("blob.", "table.", "init.")

#: points between two commits of one operation, where it is neither done nor undone: test_session_crashes.py kills there
BETWEEN_COMMITS = {"session.before_delete"}

#: what a user can see of a store: the tree with its bytes, and where each word is found; None where there is no store
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

    def passages(self) -> Iterator[tuple[str, int]]:
        """Yield the first and the last passage of each point, and one between them."""
        for point, times in self.passed.items():
            yield from ((point, passage) for passage in sampled(times, f"{self.operation.name} {point}"))

    def fresh(self, place: Path) -> Path:
        """Return a new copy of the folder it starts from, with what lies beside it."""
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        if self.folder.parent.exists():
            shutil.copytree(self.folder.parent, place, dirs_exist_ok=True)
        return place / self.folder.name


def seen(folder: Path) -> Seen:
    """Return what a user can see of the store."""
    try:
        with quiet(folder) as store:
            found = {
                token: sorted({hit.path for hit in store.search(token, mode="text", limit=50)}) for token in TOKENS
            }
            return {path: read(store, path) for path in paths_of(store)}, found
    except StoreNotFound:
        return None


def read(store: Store, path: str) -> bytes | None:
    """Return the bytes of a file, None for a directory; what cannot be read is told from what can."""
    try:
        return None if store.stat(path).is_dir else store.read(path)
    except CorruptStore as error:
        return error.code.encode()


def check_whole(folder: Path, doing: str) -> None:
    """Check that the store is whole, and that a sweep leaves nobody's work behind."""
    if not (folder / "holdfast.toml").exists():
        return
    with quiet(folder) as store:
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


@pytest.fixture(scope="session")
def preparing(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Operation], Prepared]:
    """Return what prepares a row, once for all its tests."""
    return functools.cache(lambda operation: prepare(operation, pristine, tmp_path_factory.mktemp("prepared")))


@pytest.fixture(params=OPERATIONS, ids=lambda operation: operation.name.replace(" ", "-"))
def prepared(request: pytest.FixtureRequest, preparing: Callable[[Operation], Prepared]) -> Prepared:
    """Return each row, prepared."""
    found = preparing(request.param)
    assert found.passed, "an operation that passes no fault point cannot be in the matrix"
    return found


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Return what makes children."""
    made = Forks()
    yield made
    made.close()


def test_killed_at_every_point_it_passes(prepared: Prepared, forks: Forks, tmp_path: Path) -> None:
    for point, passage in prepared.passages():
        folder = prepared.fresh(tmp_path / "case")
        doing = f"{prepared.operation.name}, killed at passage {passage} of {point}"
        ended = forks.run(prepared.operation.name, folder, f"{point}=kill@{passage}")
        assert ended.code == -signal.SIGKILL, f"{doing}: it was not, but ended with {ended.code}\n{ended.said}"
        check_outcome(prepared, folder, doing)


@pytest.mark.parametrize("failure", ["error", "enospc"])
def test_failed_at_every_point_it_passes(
    prepared: Prepared, tmp_path: Path, armed: Callable[[str], None], failure: str
) -> None:
    for point, passage in prepared.passages():
        folder = prepared.fresh(tmp_path / "case")
        doing = f"{prepared.operation.name}, {failure} at passage {passage} of {point}"
        armed(f"{point}={failure}@{passage}")
        try:
            prepared.operation.act(folder)
        except HoldfastError as error:
            assert error.remedy, doing
        except OSError as error:
            assert not point.startswith(DISK), f"{doing}: {error!r} is no error of Holdfast"
        armed("")
        check_outcome(prepared, folder, doing)


def check_outcome(prepared: Prepared, folder: Path, doing: str) -> None:
    """Check that all or nothing is seen, that the store is whole, and that the operation can be done now."""
    operation, outcome = prepared.operation, seen(folder)
    if not operation.mends:
        assert outcome in (prepared.before, prepared.after), doing
        check_whole(folder, doing)
    if operation.mends or outcome != prepared.after or operation.again:
        operation.act(folder)
        assert seen(folder) == prepared.after, f"{doing}: done again"
        check_whole(folder, doing)


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


def test_every_fault_point_is_passed_by_some_operation(preparing: Callable[[Operation], Prepared]) -> None:
    passed: Counter[str] = Counter()
    for operation in OPERATIONS:
        passed += preparing(operation).passed
    assert faults.POINTS.keys() - passed.keys() == BETWEEN_COMMITS


def test_the_list_of_points_is_printed() -> None:
    ended = subprocess.run([sys.executable, "-m", "holdfast.faults"], capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in ended.stdout.splitlines()] == list(faults.POINTS)


@pytest.mark.parametrize("spec", ["no.such.point=kill", "publish.before_commit=explode", "publish.before_commit"])
def test_a_misspelt_fault_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match="no fault"):
        faults.arm(spec)


def test_a_fault_fires_at_the_passage_it_names(armed: Callable[[str], None]) -> None:
    armed("blob.before_write=error@2, blob.before_rename=enospc")
    faults.point("blob.before_write")
    with pytest.raises(OSError, match="injected"):
        faults.point("blob.before_write")
    faults.point("blob.before_write")
    for _ in range(2):
        with pytest.raises(OSError, match="no space"):
            faults.point("blob.before_rename")
    assert holdfast.__version__
