"""Adding documents: what becomes of every file, in which order, and what a stop leaves."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast import Limits
from holdfast.errors import InvalidPath, Locked, LockLost, StorageFailed
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from holdfast.ingest.publishing import groups, reorder_buffer
from holdfast.ingest.publishing.placement import Published
from holdfast.ingest.report import Progress
from tests.support import documents as samples
from tests.support.adding import files_of, tree


def test_a_folder_is_added_under_its_name_and_can_be_read(store: Store, papers: Path) -> None:
    report = store.add(papers)
    assert (report.added, report.updated, report.skipped, report.failed) == (3, 0, 0, ())
    assert store.read("/resources/papers/deep/c.py") == b"def fence(): ..."
    assert store.read_text("/resources/papers/a.md").startswith("# Leases")


def test_a_small_add_is_one_commit_attributed_to_its_actor(store: Store, papers: Path) -> None:
    report = store.add(papers, actor="agent:7", message="spring cleaning")
    (seq,) = report.commits
    commit = store.commit_at(seq)
    assert (commit.actor, commit.message) == ("agent:7", "spring cleaning")


def test_to_names_the_directory_that_everything_goes_under(store: Store, papers: Path) -> None:
    store.add(papers, to="/wiki/in")
    assert store.exists("/wiki/in/papers/a.md")


def test_an_impossible_to_is_refused_before_anything_is_read(store: Store, papers: Path) -> None:
    with pytest.raises(InvalidPath):
        store.add(papers, to="wiki")


def test_an_entry_knows_where_it_came_from(store: Store, papers: Path) -> None:
    store.add(papers)
    assert store.stat("/resources/papers/a.md").source == str(papers / "a.md")


def test_files_that_are_unchanged_are_skipped_unread(
    store: Store, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(papers)
    (papers / "a.md").chmod(0)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("a file was opened"))
    report = store.add(papers)
    assert (report.added, report.skipped, report.commits) == (0, 3, ())


def test_a_file_that_was_only_touched_is_skipped_after_a_look_at_its_content(store: Store, papers: Path) -> None:
    store.add(papers)
    os.utime(papers / "a.md")
    report = store.add(papers)
    assert (report.updated, report.skipped, report.commits) == (0, 3, ())


def test_an_edited_file_replaces_its_content_and_history_keeps_the_old(store: Store, papers: Path) -> None:
    first = store.add(papers).commits[-1]
    (papers / "a.md").write_text("# Leases\n\nRewritten.")
    report = store.add(papers)
    assert (report.added, report.updated, report.skipped) == (0, 1, 2)
    assert b"Rewritten" in store.read("/resources/papers/a.md")
    assert b"lock with an end" in store.snapshot(first).read("/resources/papers/a.md")


def test_an_edit_of_the_same_size_within_the_clock_s_grain_is_seen(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "n.txt"
    file.write_text("one")
    # As if it were read at once, however long it takes to get there.
    os.utime(file, ns=(0, time.time_ns() + 10**12))
    status = file.stat()
    store.add(file)
    file.write_text("two")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    store.add(file)
    assert store.read("/resources/n.txt") == b"two"


def test_one_content_under_two_names_is_stored_once_and_stands_twice(store: Store, tmp_path: Path) -> None:
    report = store.add(tree(tmp_path / "twice", {"a.md": "same words", "b.md": "same words"}))
    assert report.added == 2
    a, b = store.stat("/resources/twice/a.md"), store.stat("/resources/twice/b.md")
    assert (a.content_id, a.id != b.id) == (b.content_id, True)


def test_a_broken_file_fails_by_itself_with_its_reason(store: Store, papers: Path) -> None:
    tree(papers, {"broken.json.md": b"\x7fELF" + bytes(99)})
    report = store.add(papers)
    (failure,) = report.failed
    assert report.added == 3
    assert failure.source == str(papers / "broken.json.md")
    assert (failure.stage, failure.code) == ("prepare", "unsupported")
    assert "ELF" in failure.reason


def test_a_picture_in_a_folder_is_left_out_but_fails_when_it_is_named(store: Store, papers: Path) -> None:
    tree(papers, {"logo.png": b"\x89PNG\r\n\x1a\n" + bytes(64)})
    report = store.add(papers)
    assert (report.added, report.skipped, report.failed) == (3, 1, ())
    assert [left.source for left in report.left_out] == [str(papers / "logo.png")]
    assert [failure.code for failure in store.add(papers / "logo.png").failed] == ["unsupported"]


def test_every_file_found_is_counted_once(store: Store, papers: Path) -> None:
    tree(papers, {"x.png": b"\x89PNG\r\n\x1a\n", "bad.md": b"\x7fELF" + bytes(99)})
    store.add(papers / "a.md", to="/resources/papers")
    (papers / "link.md").symlink_to("/etc/hostname")
    report = store.add(papers)
    assert (report.added, report.skipped, len(report.failed)) == (2, 3, 1)


def test_a_source_that_is_not_there_fails_and_the_others_are_added(store: Store, papers: Path) -> None:
    report = store.add(papers / "nowhere", papers)
    assert report.added == 3
    assert [(failure.stage, failure.code) for failure in report.failed] == [("scan", "not_found")]


def test_a_file_larger_than_the_setting_allows_fails_unread(store: Store, papers: Path) -> None:
    (Path(store.address) / "holdfast.toml").write_text("[ingest]\nmax_file_bytes = 15\n")
    report = store.add(papers)
    assert sorted(Path(failure.source).name for failure in report.failed) == ["a.md", "c.py"]
    assert {failure.code for failure in report.failed} == {"too_large"}


def test_a_file_whose_place_is_taken_by_a_directory_fails_by_itself(store: Store, papers: Path) -> None:
    store.mkdir("/resources/papers/a.md", parents=True)
    report = store.add(papers)
    assert report.added == 2
    assert [(failure.stage, failure.code) for failure in report.failed] == [("publish", "is_a_directory")]


def test_a_dry_run_tells_what_would_happen_and_changes_nothing(store: Store, papers: Path) -> None:
    store.add(papers / "b.txt", to="/resources/papers")
    (papers / "b.txt").write_text("changed")
    tree(papers, {"bad.md": b"\x7fELF" + bytes(99)})
    head = store.snapshot().commit
    report = store.add(papers, dry_run=True)
    assert (report.added, report.updated, len(report.failed), report.commits) == (2, 1, 1, ())
    assert store.snapshot().commit == head


@pytest.mark.parametrize("limits", [Limits(group_files=4)])
def test_groups_are_published_in_scan_order(store: Store, tmp_path: Path) -> None:
    many = tree(tmp_path / "many", {f"{i:02}.md": f"# {i}" for i in range(10)})
    report = store.add(many)
    assert len(report.commits) >= 3
    order = [
        sorted(change.path for change in store.diff(seq - 1, seq) if change.path.endswith(".md"))
        for seq in report.commits
    ]
    assert [path for paths in order for path in paths] == [f"/resources/many/{i:02}.md" for i in range(10)]


@pytest.mark.parametrize("limits", [Limits(group_files=2)])
def test_the_window_is_bounded_while_publishing_lags(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reorder_buffer, "WINDOW_FILES", 3)
    assert store.add(tree(tmp_path / "many", {f"{i:02}.md": f"# {i}" for i in range(20)})).added == 20


def test_a_file_that_changed_after_it_was_prepared_is_prepared_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.ingest.preparing.preparation.CARRIED_BYTES", 0)
    file = tree(tmp_path, {"log.txt": "x" * 100_000}) / "log.txt"
    publish, calls = groups.publish, []

    def change_first(*args: Any) -> Published:
        calls.append(args)
        if len(calls) == 1:
            file.write_text("y" * 100_000)
        return publish(*args)

    monkeypatch.setattr(groups, "publish", change_first)
    report = store.add(file)
    assert (report.added, report.failed) == (1, ())
    assert store.read("/resources/log.txt") == b"y" * 100_000


def test_a_file_that_never_stands_still_fails_and_the_rest_of_its_group_is_published(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.ingest.preparing.preparation.CARRIED_BYTES", 70_000)
    folder = tree(tmp_path / "in", {"a.md": "still", "log.txt": "0" * 100_000, "z.md": "still too"})
    publish, calls = groups.publish, []

    def change_always(*args: Any) -> Published:
        calls.append(args)
        (folder / "log.txt").write_text(str(len(calls)) * 100_000)
        return publish(*args)

    monkeypatch.setattr(groups, "publish", change_always)
    report = store.add(folder)
    assert report.added == 2
    assert [(failure.stage, failure.code) for failure in report.failed] == [("publish", "conflict")]


def test_a_stop_publishes_the_group_in_hand_and_a_second_add_does_the_rest(store: Store, tmp_path: Path) -> None:
    many = tree(tmp_path / "many", {f"{i:02}.md": f"# {i}" for i in range(20)})
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 7

    first = store.add(many, stop=stop)
    assert first.interrupted
    assert 0 < first.added < 20
    assert list(files_of(store)) == [f"/resources/many/{i:02}.md" for i in range(first.added)]
    second = store.add(many)
    assert (second.added, second.skipped, second.interrupted) == (20 - first.added, first.added, False)


def test_an_exception_from_the_callback_leaves_whole_groups_only(store: Store, papers: Path) -> None:
    def angry(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.add(papers, progress=angry)
    assert files_of(store) in (
        {},
        {info: store.read(info) for info in store.glob("/resources/papers/**") if "." in info},
    )
    assert store.add(papers).failed == ()


def test_progress_ends_with_everything_done(store: Store, papers: Path) -> None:
    seen: list[Progress] = []
    store.add(papers, progress=seen.append)
    last = seen[-1]
    assert (last.files, last.files_found, last.scanned) == (3, 3, True)
    assert last.size == last.size_found == sum(f.stat().st_size for f in papers.rglob("*") if f.is_file())


def test_a_full_disk_ends_the_add_with_its_cause_and_publishes_nothing_more(
    store: Store, papers: Path, armed: Callable[[str], None]
) -> None:
    tree(papers, {"large.txt": "x" * 70_000})
    armed("blob.before_fsync=enospc")
    with pytest.raises(StorageFailed):
        store.add(papers)
    armed("")
    assert files_of(store) == {}
    assert store.add(papers).added == 4


def test_prune_removes_what_vanished_from_the_source_and_the_folders_it_emptied(store: Store, papers: Path) -> None:
    store.add(papers)
    store.write("/resources/papers/mine.md", "not from the source")
    (papers / "deep/c.py").unlink()
    (papers / "deep").rmdir()
    assert store.add(papers).removed == 0
    report = store.add(papers, prune=True)
    assert (report.removed, report.skipped) == (1, 2)
    assert [info.path for info in store.tree("/resources/papers")] == [
        f"/resources/papers/{name}" for name in ("a.md", "b.txt", "mine.md")
    ]


def test_prune_keeps_everything_when_the_source_itself_is_gone(store: Store, papers: Path) -> None:
    store.add(papers)
    papers.rename(papers.with_name("elsewhere"))
    report = store.add(papers, prune=True)
    assert (report.removed, [failure.code for failure in report.failed]) == (0, ["not_found"])
    assert store.exists("/resources/papers/a.md")


def test_prune_keeps_what_was_rewritten_in_the_store_meanwhile(store: Store, papers: Path) -> None:
    store.add(papers)
    (papers / "a.md").unlink()
    store.write("/resources/papers/a.md", "my own words")
    assert store.add(papers, prune=True).removed == 0
    assert store.read("/resources/papers/a.md") == b"my own words"


def test_a_dry_run_with_prune_counts_what_would_go(store: Store, papers: Path) -> None:
    store.add(papers)
    (papers / "a.md").unlink()
    assert store.add(papers, prune=True, dry_run=True).removed == 1
    assert store.exists("/resources/papers/a.md")


def test_flatten_puts_all_files_into_one_directory(store: Store, tmp_path: Path) -> None:
    store.add(tree(tmp_path / "deep", {"a/x.md": "1", "b/x.md": "2"}), flatten=True)
    assert len(list(store.ls("/resources"))) == 2


def test_a_moved_pdf_is_found_by_its_hash_and_not_converted_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pdf = tmp_path / "a.pdf"
    pdf.write_bytes(samples.pdf([samples.SENTENCES]))
    store.write("/resources/before.pdf", pdf)
    monkeypatch.setattr(
        "holdfast.ingest.preparing.dispatch.Preparers.give", lambda *_: pytest.fail("it was prepared again")
    )
    assert store.add(pdf).added == 1
    assert "fencing token" in store.read_text("/resources/a.pdf")


def test_two_adders_at_once_put_every_file_there_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = tree(tmp_path / "many", {f"{i:02}.md": f"# {i}" for i in range(12)})
    publish = groups.publish

    def other_first(*args: Any) -> Published:
        monkeypatch.setattr(groups, "publish", publish)
        with holdfast.open(Path(store.address)) as other:
            other.add(many)
        return publish(*args)

    monkeypatch.setattr(groups, "publish", other_first)
    report = store.add(many)
    assert (report.added, report.skipped, report.commits) == (0, 12, ())
    assert len(files_of(store)) == 12


def test_an_add_inside_a_lock_uses_it(store: Store, papers: Path) -> None:
    with store.lock("/resources", mode="subtree"):
        assert store.add(papers).added == 3


def test_an_add_is_fenced_by_the_lock_it_is_given(store: Store, papers: Path, clock: ManualClock) -> None:
    lock = store.lock("/resources", mode="subtree")
    store.locks.revoke("/resources", force=True)
    with pytest.raises(LockLost):
        store.add(papers, lock=lock)
    assert files_of(store) == {}


def test_an_add_below_somebody_else_s_lock_is_refused(store: Store, papers: Path) -> None:
    with holdfast.open(Path(store.address)) as other, other.lock("/resources", mode="subtree"), pytest.raises(Locked):
        store.add(papers)
    assert store.add(papers).added == 3


def test_prune_keeps_what_cannot_be_looked_at(store: Store, papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add(papers)

    def refuse(path: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "lstat", refuse)
    assert store.add(papers, prune=True).removed == 0
