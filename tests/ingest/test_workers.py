"""Worker processes: a file may crash, hang or fill the memory of one, and nothing else is harmed."""

import os
import signal
import subprocess
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import holdfast
from holdfast.errors import HoldfastError
from holdfast.front.store import Store
from holdfast.index.embedding.chosen import STANDARD, ChosenEmbedder
from holdfast.ingest.items import FailedFile, Item, Outcome, Prepared
from holdfast.ingest.preparing.worker_pool import Pool
from holdfast.ingest.preparing.worker_process import Setup
from tests.support import documents as samples
from tests.support.processes import PATIENCE, Child

MIB = 1024 * 1024


class Started:
    """A pool, and what a test asks of it."""

    def __init__(self, *, jobs: int = 1, memory: int = 0, seconds: float = 60.0, embedder: ChosenEmbedder = STANDARD):
        self.pool = Pool(jobs, Setup(embedder, memory), seconds)
        self._never, self._end = os.pipe()

    def until_ready(self) -> None:
        while not self.pool.ready:
            self.pool.take(PATIENCE, self._never)

    def give(self, *items: Item) -> None:
        self.until_ready()
        for item in items:
            assert self.pool.give(item, alone=False)

    def answers(self, count: int) -> dict[str, Outcome]:
        """Return so many answers by file name, giving again what comes back."""
        found: dict[str, Outcome] = {}
        waiting: list[Item] = []
        while len(found) < count:
            found.update((item.name, outcome) for item, outcome in self.pool.take(PATIENCE, self._never))
            waiting += self.pool.taken_back()
            waiting = [item for item in waiting if not self.pool.give(item, alone=False)]
        return found

    def close(self) -> None:
        self.pool.close()
        os.close(self._never)
        os.close(self._end)


@pytest.fixture
def started() -> Iterator[Callable[..., Started]]:
    """Return a function that starts a pool."""
    all_started: list[Started] = []

    def start(**how: object) -> Started:
        all_started.append(Started(**how))  # type: ignore[arg-type]
        return all_started[-1]

    yield start
    for each in all_started:
        each.close()


def item(path: Path, order: int = 1) -> Item:
    status = path.stat()
    return Item(
        order=order,
        source=path,
        origin=str(path),
        path=f"/resources/{path.name}",
        size=min(status.st_size, 1000),
        mtime_ns=status.st_mtime_ns,
    )


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.md"
    path.write_text("# Good\n\nNothing is wrong here.")
    return path


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """Return a file whose reading takes hours, and hardly any place on the disk."""
    file = tmp_path / "endless.md"
    file.write_text("text\n" * 2000)
    os.truncate(file, 2**43)
    return file


def test_a_worker_answers_with_all_that_is_stored_of_a_file(started: Callable[..., Started], good: Path) -> None:
    pool = started()
    pool.give(item(good))
    (outcome,) = pool.answers(1).values()
    assert isinstance(outcome, Prepared)
    assert (outcome.data, outcome.rendered) == (good.read_bytes(), None)
    (row,) = outcome.rows
    assert (row.content_id, row.ordinal, row.heading) == (outcome.content_id, 0, "Good")
    assert len(row.vector) == 256 * 4


def test_a_file_that_hangs_its_worker_fails_and_those_behind_it_are_prepared(
    started: Callable[..., Started], endless: Path, good: Path
) -> None:
    pool = started(seconds=1.0)
    pool.give(item(endless), item(good, 2))
    answers = pool.answers(2)
    failed = answers["endless.md"]
    assert isinstance(failed, FailedFile)
    assert failed.code == "timed_out"
    assert "endless.md" in failed.reason
    assert isinstance(answers["good.md"], Prepared)


def test_a_file_that_crashes_its_worker_fails_and_the_worker_is_replaced(
    started: Callable[..., Started], endless: Path, good: Path
) -> None:
    pool = started()
    pool.give(item(endless), item(good, 2))
    (before,) = pool.pool.pids
    os.kill(before, signal.SIGSEGV)
    answers = pool.answers(2)
    failed = answers["endless.md"]
    assert isinstance(failed, FailedFile)
    assert failed.code == "crashed"
    assert "SIGSEGV" in failed.reason
    assert isinstance(answers["good.md"], Prepared)
    assert pool.pool.pids != [before]


def test_a_file_that_needs_more_memory_than_allowed_fails(
    started: Callable[..., Started], tmp_path: Path, good: Path
) -> None:
    greedy = tmp_path / "greedy.md"
    greedy.write_bytes(b"word " * (14 * MIB))
    pool = started(memory=256 * MIB)
    pool.give(item(greedy))
    failed = pool.answers(1)["greedy.md"]
    pool.give(item(good, 2))
    answers = pool.answers(1)
    assert isinstance(failed, FailedFile)
    assert failed.code in ("out_of_memory", "too_large")
    assert isinstance(answers["good.md"], Prepared)


def test_workers_ignore_a_ctrl_c(started: Callable[..., Started], good: Path) -> None:
    pool = started()
    pool.until_ready()
    os.kill(pool.pool.pids[0], signal.SIGINT)
    pool.give(item(good))
    assert isinstance(pool.answers(1)["good.md"], Prepared)


def test_workers_that_cannot_start_end_the_add_with_their_reason(started: Callable[..., Started]) -> None:
    with pytest.raises(HoldfastError, match="no embedder named 'nonsense'"):
        started(embedder=ChosenEmbedder("nonsense", "nonsense", 4)).until_ready()


def test_workers_die_with_their_parent_even_in_the_middle_of_a_file(child: Callable[..., Child], endless: Path) -> None:
    parent = child(
        """
        from pathlib import Path
        from tests.ingest.test_workers import Started, item
        started = Started()
        started.give(item(Path(sys.argv[1])))
        say(*started.pool.pids)
        hear()
        """,
        endless,
    )
    workers = [psutil.Process(int(pid)) for pid in parent.hear().split()]
    assert workers
    parent.kill()
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE)
    assert alive == []


def test_the_result_does_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for number in range(40):
        (source / f"{number:02}.md").write_text(f"# Note {number}\n\nBody {number}.")
    (source / "a.pdf").write_bytes(samples.pdf([samples.SENTENCES, samples.SENTENCES]))
    (source / "b.html").write_text("<h1>Title</h1><p>Some words</p>")
    (source / "damaged.pdf").write_bytes(b"%PDF-1.4\nnothing more")
    seen = []
    for jobs in (1, 2):
        with holdfast.create(tmp_path / f"kb{jobs}") as store:
            report = store.add(source, workers=jobs)
            texts = {path: store.read_text(path) for path in store.glob("/resources/in/*")}
            seen.append((texts, report.added, [(f.source, f.code) for f in report.failed]))
    assert seen[0] == seen[1]
    assert (seen[0][1], len(seen[0][2])) == (42, 1)


def test_a_script_without_a_main_guard_can_add(tmp_path: Path, folder: Path, child: Callable[..., Child]) -> None:
    (tmp_path / "a.html").write_text("<h1>Title</h1><p>Some words</p>")
    said = child(
        textwrap.dedent("""
        with holdfast.open(sys.argv[1]) as store:
            say(store.add(sys.argv[2], workers=2).added)
        """),
        folder,
        tmp_path / "a.html",
    ).finish()
    assert said == "1"


def test_a_batch_goes_on_around_a_file_that_takes_too_long(store: Store, tmp_path: Path) -> None:
    (Path(store.address) / "holdfast.toml").write_text("[ingest]\nmax_file_seconds = 0.001\njobs = 1\n")
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.md").write_text("quick")
    (source / "b.pdf").write_bytes(samples.pdf([samples.SENTENCES] * 60))
    (source / "c.md").write_text("quick too")
    report = store.add(source)
    assert report.added == 2
    assert [failure.code for failure in report.failed] == ["timed_out"]


def test_workers_that_the_system_has_no_process_for_are_done_without(
    started: Callable[..., Started], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    start, left = subprocess.Popen, [1]

    def scarce(*args: object, **more: object) -> object:
        if not left:
            raise BlockingIOError("Resource temporarily unavailable")
        left.pop()
        return start(*args, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", scarce)
    running = started(jobs=3)
    assert len(running.pool.pids) == 1
    file = tmp_path / "note.md"
    file.write_text("# A note")
    running.give(item(file))
    assert isinstance(running.answers(1)["note.md"], Prepared)
    with pytest.raises(HoldfastError, match="cannot be started: Resource temporarily unavailable"):
        started()
