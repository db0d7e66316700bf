"""A stop, a Ctrl-C and a SIGKILL during an add, in real processes."""

from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from tests.support.processes import PATIENCE, Child

ADD = """
import signal
components = holdfast.Components(limits=holdfast.Limits(group_files=4))

reached = []
def progress(state):
    if state.files >= 4 and not reached:
        reached.append(1)
        ACTION

with holdfast.open(sys.argv[1], components=components) as store:
    report = store.add(sys.argv[2], workers=1, stop=lambda: bool(reached), progress=progress)
    say(report.interrupted, report.added)
"""


@pytest.fixture
def many(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number:03}.md").write_text(f"# Note {number}\n\nSome words, number {number}.")
    return folder


def added(folder: Path) -> int:
    """Return how many files are there, after checking that they are a prefix of the scan in a sound store."""
    with holdfast.open(folder) as store:
        assert store.maintenance.verify().problems == ()
        there = list(store.glob("/resources/many/*.md"))
    assert there == [f"/resources/many/{number:03}.md" for number in range(len(there))]
    return len(there)


def assert_goes_on(folder: Path, many: Path, there: int) -> None:
    with holdfast.open(folder) as store:
        report = store.add(many)
    assert (report.added, report.skipped) == (200 - there, there)
    assert added(folder) == 200


def test_a_stop_finishes_the_group_in_hand_and_the_same_command_does_the_rest(
    folder: Path, many: Path, child: Callable[..., Child]
) -> None:
    said = child(ADD.replace("ACTION", "pass"), folder, many).finish()
    there = added(folder)
    assert said == f"True {there}"
    assert 0 < there < 200
    assert_goes_on(folder, many, there)


def test_a_ctrl_c_leaves_whole_groups_and_the_same_command_does_the_rest(
    folder: Path, many: Path, child: Callable[..., Child]
) -> None:
    running = child(ADD.replace("ACTION", "signal.raise_signal(signal.SIGINT)"), folder, many)
    _, wrong = running.process.communicate(timeout=PATIENCE)
    assert wrong.strip().endswith("KeyboardInterrupt")
    assert_goes_on(folder, many, added(folder))


def test_a_kill_leaves_whole_groups_and_the_same_command_does_the_rest(
    folder: Path, many: Path, child: Callable[..., Child]
) -> None:
    running = child(ADD.replace("ACTION", "signal.raise_signal(signal.SIGKILL)"), folder, many)
    assert running.ended_by_kill()
    assert_goes_on(folder, many, added(folder))


@pytest.mark.crash
@pytest.mark.parametrize("point", ["publish.before_commit", "table.before_manifest", "publish.after_commit"])
def test_a_kill_at_a_fault_point_leaves_whole_groups(
    folder: Path, many: Path, child: Callable[..., Child], point: str
) -> None:
    code = "components = holdfast.Components(limits=holdfast.Limits(group_files=90))\n"
    code += "from holdfast.publish import staging\nstaging.TAIL_ROWS_PER_COMMIT = 8\n"
    code += "with holdfast.open(sys.argv[1], components=components) as store: store.add(sys.argv[2], workers=1)"
    assert child(code, folder, many, faults=f"{point}=kill@2").ended_by_kill()
    assert_goes_on(folder, many, added(folder))
