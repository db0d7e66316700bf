"""What is damaged on a branch is told with its path and branch, also when the branch was deleted."""

from pathlib import Path

import pytest

from holdfast.front.store import Store

LARGE = bytes(range(256)) * 400


@pytest.mark.parametrize("deleted", [False, True])
def test_a_lost_blob_of_a_branch_is_named_with_it(store: Store, folder: Path, deleted: bool) -> None:
    store.mkdir("/d")
    store.branches.create("draft")
    draft = store.branch("draft")
    draft.write("/d/large.bin", LARGE)
    if deleted:
        store.branches.delete("draft")
    (blob,) = [path for path in (folder / "blobs").rglob("*") if path.is_file()]
    blob.unlink()
    report = store.maintenance.verify(deep=True)
    assert any("/d/large.bin on draft" in problem.what for problem in report.problems), report.problems
    (lost,) = store.maintenance.repair().lost
    assert lost.path == "/d/large.bin"
    store.maintenance.doctor()
    blob.write_bytes(LARGE)
    store.maintenance.optimize()
    store.maintenance.gc()
    assert store.maintenance.verify(deep=True).ok
