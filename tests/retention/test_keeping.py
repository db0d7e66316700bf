"""`gc(keep=...)`: what stays can be read as it was, and what went says so."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

import holdfast
from holdfast import CommitTaken, Conflict, Unsupported
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from holdfast.testing.seams import rooms
from tests.support.looking import contents_of

DAY = 86_400.0


def rows_of(store: Store) -> int:
    """Return how many rows of the tree there are."""
    with rooms(store).engine.read() as conn:
        row = conn.row("SELECT count(*) FROM entries")
    assert row is not None
    return int(row[0])


def check(store: Store) -> None:
    report = store.maintenance.verify(deep=True)
    assert report.ok, report.problems


@pytest.fixture
def written(store: Store) -> Store:
    """Return a store with a file that is rewritten in commits 2 to 11."""
    for number in range(10):
        store.write("/w/a.md", f"pelican {number}")
    return store


class TestWhatStays:
    def test_the_newest_commits_of_a_branch(self, written: Store) -> None:
        before = {seq: contents_of(written.snapshot(seq)) for seq in (9, 10, 11)}
        report = written.maintenance.gc(keep=3)
        assert (report.commits, report.entries) == (8, 7)
        assert {seq: contents_of(written.snapshot(seq)) for seq in before} == before
        assert [commit.id for commit in written.log() if not commit.taken] == [11, 10, 9]
        assert [commit.id for commit in written.log()] == [*range(11, 0, -1)]
        check(written)

    def test_what_is_derived_and_searched_of_them_and_nothing_else(self, written: Store) -> None:
        written.maintenance.optimize()
        written.maintenance.gc(keep=3)
        assert [hit.path for hit in written.search("pelican 9", mode="text")] == ["/w/a.md"]
        assert "pelican 8" in written.search("pelican 8", mode="text", at=10)[0].text
        held = written.status().searchable
        assert sum(contents for contents, _ in held.values()) == 3

    def test_the_commits_of_a_time_before_the_newest(self, store: Store, clock: ManualClock) -> None:
        for number in range(6):
            store.write("/w/a.md", f"pelican {number}")
            clock.advance(DAY)
        store.maintenance.gc(keep="2d")
        assert [commit.id for commit in store.log() if not commit.taken] == [7, 6, 5]
        store.maintenance.gc(keep=timedelta(hours=1))
        assert [commit.id for commit in store.log() if not commit.taken] == [7]
        check(store)

    def test_a_clock_that_is_set_forward_takes_nothing_more(self, store: Store, clock: ManualClock) -> None:
        for number in range(3):
            store.write("/w/a.md", f"pelican {number}")
        clock.advance(10_000 * DAY)
        assert store.maintenance.gc(keep="1d").commits == 0
        clock.advance(-20_000 * DAY)
        assert store.maintenance.gc(keep="1d").commits == 0

    def test_a_commit_of_a_clock_that_was_wrong_takes_nothing_with_it(self, store: Store, clock: ManualClock) -> None:
        store.write("/w/a.md", "one")
        clock.advance(-10_000 * DAY)
        store.write("/w/a.md", "two")
        clock.advance(10_000 * DAY)
        store.write("/w/a.md", "three")
        store.maintenance.gc(keep="1d")
        assert store.snapshot(3).read("/w/a.md") == b"two"

    def test_a_tag_keeps_its_commit_until_it_is_deleted(self, written: Store) -> None:
        written.tags.create("v1", at=4)
        written.maintenance.gc(keep=1)
        assert written.snapshot("v1").read("/w/a.md") == b"pelican 2"
        assert written.search("pelican 2", mode="text", at="v1")[0].text == "pelican 2"
        check(written)
        written.tags.delete("v1")
        # Until gc has looked again, it can be read by its number.
        written.tags.create("v2", at=4)
        written.maintenance.gc(keep=1)
        assert written.snapshot("v2").read("/w/a.md") == b"pelican 2"
        written.tags.delete("v2")
        assert written.maintenance.gc(keep=1).entries == 1
        with pytest.raises(CommitTaken):
            written.snapshot(4)
        check(written)

    def test_a_reader_in_a_with_keeps_its_commit_from_every_process(self, written: Store) -> None:
        with holdfast.open(written.address) as other:
            with other.snapshot(5) as held:
                loose = other.snapshot(6)
                written.maintenance.gc(keep=1)
                assert held.read("/w/a.md") == b"pelican 3"
                with pytest.raises(CommitTaken):
                    loose.read("/w/a.md")
            written.maintenance.gc(keep=1)
            with pytest.raises(CommitTaken):
                held.read("/w/a.md")
        assert written.maintenance.intents() == []
        check(written)

    def test_a_reader_that_comes_too_late_is_told(self, written: Store) -> None:
        late = written.snapshot(5)
        written.maintenance.gc(keep=1)
        with pytest.raises(CommitTaken), late:
            pass

    def test_a_directory_that_moved_and_what_was_in_it_before(self, store: Store) -> None:
        store.write("/d/e/a.md", "a")
        store.move("/d", "/f")
        store.write("/f/e/a.md", "b")
        store.move("/f/e", "/g")
        store.maintenance.gc(keep=1)
        assert contents_of(store) == {"/f": None, "/g": None, "/g/a.md": b"b"}
        check(store)

    def test_less_is_taken_by_a_longer_keep_and_nothing_comes_back(self, written: Store) -> None:
        written.maintenance.gc(keep=2)
        assert written.maintenance.gc(keep=5).commits == 0
        with pytest.raises(CommitTaken):
            written.snapshot(8)

    def test_memory_jobs_that_have_not_run_keep_what_they_ask_about(self, written: Store) -> None:
        written.session("s").append("user", "hello")
        made = written.session("s").commit()
        for number in range(3):
            written.write("/w/a.md", f"heron {number}")
        written.maintenance.gc(keep=1)
        assert made.archive is not None
        assert not written.commit_at(made.archive.commit).taken
        assert written.commit_at(made.archive.commit - 1).taken

    def test_archives_keep_their_bytes_when_their_files_are_gone(self, written: Store) -> None:
        written.session("s").append("user", "hello")
        written.session("s").commit()
        written.remove("/sessions/s", recursive=True)
        for job in written.jobs.list("queued"):
            written.jobs.cancel(job.id)
        written.write("/w/a.md", "heron")
        written.maintenance.gc(keep=1)
        assert [message.content for message in written.session("s").messages(archived=True)] == ["hello"]
        check(written)


class TestWhatGoes:
    def test_rows_below_a_removed_directory(self, store: Store) -> None:
        rows = rows_of(store)
        for path in ("/d/a.md", "/d/e/b.md", "/d/e/f/c.md"):
            store.write(path, path)
        store.write("/d/e/b.md", "again")
        store.remove("/d", recursive=True)
        store.write("/w.md", "w")
        report = store.maintenance.gc(keep=1)
        assert report.contents == 4
        assert rows_of(store) == rows + 1
        check(store)

    def test_nothing_below_a_directory_that_came_back(self, store: Store) -> None:
        store.write("/d/e/a.md", "a")
        store.remove("/d", recursive=True)
        store.restore("/d", at=2)
        store.maintenance.gc(keep=1)
        assert store.read("/d/e/a.md") == b"a"
        check(store)

    def test_what_a_branch_made_below_a_directory_that_it_brought_back_and_removed_again(self, store: Store) -> None:
        store.write("/d/a.md", "a")
        store.branches.create("draft")
        draft = store.branch("draft")
        draft.remove("/d", recursive=True)
        draft.restore("/d", at=2)
        draft.write("/d/b.md", "b")
        draft.remove("/d", recursive=True)
        draft.write("/w.md", "w")
        draft.write("/w.md", "v")
        report = store.maintenance.gc(keep=1)
        assert report.contents == 2
        assert contents_of(draft) == {"/w.md": b"v"}
        assert contents_of(store) == {"/d": None, "/d/a.md": b"a"}
        check(store)

    def test_what_began_below_a_directory_after_a_tag_that_shows_it(self, store: Store) -> None:
        store.write("/d/a.md", "a")
        store.tags.create("v")
        store.remove("/d", recursive=True)
        store.restore("/d", at="v")
        store.write("/d/b.md", "b")
        store.remove("/d", recursive=True)
        store.write("/w.md", "w")
        assert store.maintenance.gc(keep=1).contents == 1
        assert contents_of(store.snapshot("v")) == {"/d": None, "/d/a.md": b"a"}
        check(store)

    def test_many_rows_in_many_turns(self, store: Store) -> None:
        rows = rows_of(store)
        with store.transaction() as tx:
            for number in range(700):
                tx.write(f"/d/{number % 7}/{number}.bin", bytes([0, *divmod(number, 256)]))
        with store.transaction() as tx:
            for number in range(600):
                tx.write(f"/d/{number % 7}/{number}.bin", bytes([1, *divmod(number, 256)]))
        store.remove("/d", recursive=True)
        store.write("/w.md", "w")
        would = store.maintenance.gc(keep=1, dry_run=True)
        did = store.maintenance.gc(keep=1)
        assert (would.commits, would.entries, would.contents) == (did.commits, did.entries, did.contents)
        assert rows_of(store) == rows + 1
        check(store)

    def test_a_dry_run_says_what_would_go_and_takes_nothing(self, written: Store) -> None:
        written.write("/blob.bin", bytes(100_000))
        written.remove("/blob.bin")
        would = written.maintenance.gc(keep=1, dry_run=True)
        assert written.snapshot(2).read("/w/a.md") == b"pelican 0"
        did = written.maintenance.gc(keep=1)
        for name in ("commits", "entries", "contents", "content_bytes", "blobs"):
            assert getattr(would, name) == getattr(did, name), name
        assert did.blobs == 1

    def test_nothing_without_keep_or_with_all(self, written: Store) -> None:
        assert written.maintenance.gc().commits == 0
        assert written.maintenance.gc(keep="all").commits == 0
        assert written.snapshot(2).read("/w/a.md") == b"pelican 0"

    def test_what_the_settings_say_unless_told(self, written: Store) -> None:
        with (Path(written.address) / "holdfast.toml").open("a") as file:
            file.write('\n[history]\nkeep = "4"\n')
        with holdfast.open(written.address) as again:
            assert again.maintenance.gc(keep="all").commits == 0
            assert again.maintenance.gc().commits == 7

    @pytest.mark.parametrize("keep", [0, -1, "0d", "d", "3 years", "", timedelta(0)])
    def test_what_cannot_be_meant_is_refused(self, store: Store, keep: int) -> None:
        with pytest.raises(Unsupported, match="how much history"):
            store.maintenance.gc(keep=keep)


#: every question that names a commit
ASKED: dict[str, Callable[[Store, int], object]] = {
    "snapshot": lambda store, seq: store.snapshot(seq),
    "search": lambda store, seq: store.search("pelican", at=seq),
    "diff": lambda store, seq: store.diff(seq),
    "restore": lambda store, seq: store.restore("/w/a.md", at=seq),
    "tag": lambda store, seq: store.tags.create("t", at=seq),
    "branch": lambda store, seq: store.branches.create("b", at=seq),
    "changes": lambda store, seq: list(store.changes(seq)),
    "cursor": lambda store, seq: list(store.changes(f"c1-{seq}")),
    "log": lambda store, seq: list(store.log(at=seq)),
    "back": lambda store, seq: store.snapshot(f"HEAD~{11 - seq}"),
    "branch diff": lambda store, seq: store.branches.diff(f"main@{seq}", "main"),
}


class TestTheEdge:
    @pytest.mark.parametrize("question", ASKED)
    def test_what_was_taken_says_so_with_what_is_left(self, written: Store, question: str) -> None:
        written.maintenance.gc(keep=3)
        with pytest.raises(CommitTaken) as raised:
            ASKED[question](written, 5)
        assert "Commit 5 was taken by gc --keep, last on 2023-11-14" in raised.value.message
        assert "the oldest that is kept of main, with all since, is 9" in raised.value.message
        assert "Name commit 9" in raised.value.remedy
        ASKED[question](written, 9)

    def test_by_time(self, store: Store, clock: ManualClock) -> None:
        for number in range(4):
            clock.advance(DAY)
            store.write("/w/a.md", f"pelican {number}")
        store.maintenance.gc(keep=1)
        with pytest.raises(CommitTaken):
            store.snapshot("2023-11-16T23:00:00")

    def test_the_line_of_a_commit_stays(self, written: Store) -> None:
        first = written.commit_at(3)
        written.maintenance.gc(keep=1)
        assert written.commit_at(3).message == first.message
        assert written.commit_at(3).taken

    def test_a_key_is_answered_for_ever(self, store: Store) -> None:
        with store.transaction(idempotency_key="k") as tx:
            tx.write("/w/a.md", "a")
        first = store.commit_at()
        store.write("/w/a.md", "b")
        store.maintenance.gc(keep=1)
        with store.transaction(idempotency_key="k") as tx:
            tx.write("/w/a.md", "a")
        assert tx.published is not None
        assert tx.published.id == first.id
        assert store.read("/w/a.md") == b"b"

    def test_the_log_of_a_path_ends_where_more_was_taken(self, store: Store) -> None:
        for number in range(4):
            store.write("/w/a.md", f"pelican {number}")
            store.write("/w/b.md", f"heron {number}")
        store.maintenance.gc(keep=4)
        assert [commit.id for commit in store.log("/w/a.md")] == [8, 6]
        assert [commit.id for commit in store.log("/w")] == [9, 8, 7, 6]

    def test_changes_go_on_from_what_is_kept_and_miss_nothing_silently(self, written: Store) -> None:
        written.maintenance.gc(keep=3)
        assert [event.commit.id for event in written.changes(9)] == [10, 11]
        for since in (None, 8):
            with pytest.raises(CommitTaken):
                list(written.changes(since))

    def test_changes_since_a_tag_say_that_what_followed_is_gone(self, written: Store) -> None:
        written.tags.create("v", at=4)
        written.maintenance.gc(keep=3)
        with pytest.raises(CommitTaken, match="Commit 5"):
            list(written.changes("v"))

    def test_a_follower_that_fell_behind_is_told(self, written: Store) -> None:
        feed = written.changes(follow=True, since=4)
        assert next(feed).commit.id == 5
        written.maintenance.gc(keep=1)
        with pytest.raises(CommitTaken):
            list(feed)

    def test_a_difference_to_a_kept_commit_is_whole(self, store: Store) -> None:
        store.write("/d/a.md", "a")
        store.write("/d/b.md", "b")
        store.tags.create("v")
        store.remove("/d/a.md")
        store.move("/d", "/e")
        store.write("/e/c.md", "c")
        store.write("/w.md", "w")
        whole = store.diff("v")
        store.maintenance.gc(keep=1)
        assert store.diff("v") == whole
        assert [change.kind for change in store.diff(None)].count("added") == len(list(store.tree("/")))


class TestMeanwhile:
    def test_a_transaction_that_was_open_too_long_conflicts(self, written: Store) -> None:
        with pytest.raises(Conflict, match="was taken"), written.transaction() as tx:
            tx.write("/other.md", tx.read("/w/a.md"))
            written.write("/w/a.md", "heron")
            written.maintenance.gc(keep=1)
        assert not written.exists("/other.md")

    def test_it_is_run_again_where_it_may_be(self, written: Store) -> None:
        tries: list[int] = []

        def action(tx: holdfast.Transaction) -> None:
            tries.append(tx.base)
            if len(tries) == 1:
                written.write("/w/a.md", "heron")
                written.maintenance.gc(keep=1)
            tx.write("/other.md", tx.read("/w/a.md"))

        written.transaction(retries=1)(action)
        assert tries == [11, 12]
        assert written.read("/other.md") == b"heron"

    def test_what_a_transaction_restores_is_not_taken_from_under_it(self, store: Store) -> None:
        store.write("/d/a.md", "a")
        store.remove("/d", recursive=True)
        store.write("/w.md", "w")
        with pytest.raises(Conflict), store.transaction() as tx:
            tx.restore("/d", at=2)
            store.write("/w.md", "v")
            store.maintenance.gc(keep=1)
        assert not store.exists("/d")
        check(store)

    def test_a_walk_over_the_head_ends_with_the_error_and_not_early(self, store: Store) -> None:
        for number in range(100):
            store.write(f"/w/{number:03}.md", f"pelican {number}")
        walk = store.tree("/w")
        next(walk)
        store.remove("/w", recursive=True)
        store.maintenance.gc(keep=1)
        with pytest.raises(CommitTaken):
            list(walk)

    def test_bytes_that_went_while_they_were_read_are_told_of_as_taken(self, store: Store) -> None:
        store.write("/a.bin", bytes(70_000))
        pieces = store.snapshot().stream("/a.bin")
        store.remove("/a.bin")
        store.maintenance.gc(keep=1)
        with pytest.raises(CommitTaken):
            list(pieces)
