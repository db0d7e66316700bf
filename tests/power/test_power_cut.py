"""After a power cut at any instant, every acknowledged commit is there whole, and nothing is damaged (G1, G2).

These tests need root and loop devices; elsewhere they are skipped, and say so.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import holdfast
from tests.support.power import Disk, why_not
from tests.support.processes import Child

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")

#: writes notes, large blobs, documents of many chunks and folds, and says each commit once it was acknowledged
WORK = """
store = holdfast.open(sys.argv[1])
for number in range(1000):
    kind = number % 6
    if kind < 3:
        store.write(f"/notes/{number}.md", f"# Note {number}\\n\\nwombat{number} digs")
    elif kind == 3:
        store.write(f"/blobs/{number}.bin", bytes([number % 256]) * 100_000)
    elif kind == 4:
        text = "\\n\\n".join(f"# Section {i}\\n\\n" + f"wombat{number} " + "filler words " * 120 for i in range(300))
        store.write(f"/big/{number}.md", text)
    else:
        store.maintenance.optimize()
        continue
    say(number)
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk.new(tmp_path)
    yield disk
    disk.close()


@pytest.mark.parametrize("acknowledged", [1, 4, 9, 14])
def test_every_acknowledged_commit_survives_a_power_cut(
    disk: Disk, tmp_path: Path, child: Callable[..., Child], acknowledged: int
) -> None:
    folder = disk.mount / "kb"
    holdfast.create(folder).close()
    worker = child(WORK, folder)
    said = [int(worker.hear()) for _ in range(acknowledged)]
    worker.kill()
    said += [int(line) for line in worker.rest()]
    after = disk.cut(tmp_path)
    try:
        check(after.mount / "kb", said)
    finally:
        after.close()


def check(folder: Path, said: list[int]) -> None:
    with holdfast.open(folder) as store:
        for number in said:
            assert store.exists(path_of(number)), f"commit {number} was acknowledged and is gone"
            if number % 6 == 3:
                assert store.read(path_of(number)) == bytes([number % 256]) * 100_000
            else:
                found = [hit.path for hit in store.search(f"wombat{number}", mode="text", limit=1)]
                assert found == [path_of(number)]
        report = store.maintenance.verify(deep=True)
        assert report.ok, report.problems
        store.write("/after.md", "life goes on")
        assert [hit.path for hit in store.search("life goes on", mode="text")] == ["/after.md"]
        store.maintenance.optimize()
        assert store.maintenance.verify(deep=True).ok


def path_of(number: int) -> str:
    return {3: f"/blobs/{number}.bin", 4: f"/big/{number}.md"}.get(number % 6, f"/notes/{number}.md")


def test_a_write_without_fsync_is_lost_by_this_cut(disk: Disk, tmp_path: Path) -> None:
    """The tests above would pass on a disk that loses nothing: this one does lose what was not fsynced."""
    (disk.mount / "unsynced").write_bytes(b"x" * 10_000)
    after = disk.cut(tmp_path)
    lost = not (after.mount / "unsynced").exists() or (after.mount / "unsynced").read_bytes() != b"x" * 10_000
    after.close()
    assert lost
