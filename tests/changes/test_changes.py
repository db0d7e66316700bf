"""The change feed: every change of a branch's line once and in order, wherever one left off, and who waits for more."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import holdfast
from holdfast import AsyncStore, BranchGone, ChangeEvent, InvalidPath, NotFound
from holdfast.catalog.values import ROOT_NODE
from holdfast.front.history import following
from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from tests.support.effort import Effort
from tests.support.processes import PATIENCE, Child

Told = list[tuple[str, str]]


def told(events: Iterator[ChangeEvent]) -> Told:
    """Return what events say of which path."""
    return [(event.change.kind, event.change.path) for event in events]


def work(store: Store) -> None:
    """Make commits of several kinds: of many changes, of one, of none."""
    with store.transaction(message="Begin", actor="agent:7") as tx:
        tx.write("/wiki/a.md", "a pelican")
        tx.write("/wiki/deep/b.md", "a heron")
        tx.write("/notes/c.md", "a stork")
    store.write("/wiki/a.md", "an ibis")
    store.write("/wiki/a.md", "an ibis")
    store.move("/wiki/deep", "/low")
    store.remove("/notes", recursive=True)


WORK = [
    [
        ("added", "/notes"),
        ("added", "/notes/c.md"),
        ("added", "/wiki/a.md"),
        ("added", "/wiki/deep"),
        ("added", "/wiki/deep/b.md"),
    ],
    [("modified", "/wiki/a.md")],
    [("moved", "/low")],
    [("removed", "/notes")],
]
ALL = [each for commit in WORK for each in commit]


class TestWhatItTells:
    def test_every_change_once_in_order_of_commits_with_who_did_it(self, store: Store) -> None:
        start = store.commit_at()
        work(store)
        events = list(store.changes(start))
        assert told(iter(events)) == ALL
        assert (events[0].commit.actor, events[0].commit.message) == ("agent:7", "Begin")
        assert [event.commit.id for event in events] == sorted(event.commit.id for event in events)
        for event in events:
            assert event.commit == store.commit_at(event.commit.id)

    def test_it_is_what_the_differences_of_all_commits_are(self, store: Store) -> None:
        work(store)
        line = list(store.log())[::-1]
        by_commits = [(commit.id, change) for commit in line for change in store.diff(commit.parent, commit)]
        assert [(event.commit.id, event.change) for event in store.changes()] == by_commits

    def test_from_the_beginning_from_now_and_from_a_commit(self, store: Store) -> None:
        assert told(store.changes())[-1] == ("added", "/wiki")
        assert list(store.changes("HEAD")) == []
        work(store)
        assert told(store.changes("HEAD~1")) == [("removed", "/notes")]
        assert told(store.changes(store.commit_at("HEAD~2"))) == [("moved", "/low"), ("removed", "/notes")]

    def test_a_directory_that_moved_went_or_came_back_is_one_event(self, store: Store) -> None:
        work(store)
        gone = store.commit_at("HEAD~1")
        store.restore("/notes", at=gone)
        store.move("/low", "/wiki/low")
        assert told(store.changes(gone)) == [("removed", "/notes"), ("added", "/notes"), ("moved", "/wiki/low")]

    def test_below_a_path_also_what_happened_to_the_directories_above_it(self, store: Store) -> None:
        start = store.commit_at()
        work(store)
        store.move("/low", "/wiki/low")
        assert told(store.changes(start, under="/low")) == [("moved", "/low"), ("moved", "/wiki/low")]
        assert told(store.changes(start, under="/notes/c.md")) == [
            ("added", "/notes"),
            ("added", "/notes/c.md"),
            ("removed", "/notes"),
        ]
        assert told(store.changes(start, under="/not/e")) == []
        with pytest.raises(InvalidPath):
            store.changes(under="/../x")

    def test_at_most_so_many(self, store: Store) -> None:
        start = store.commit_at()
        work(store)
        assert told(store.changes(start, limit=2)) == ALL[:2]
        assert told(store.changes(start, limit=0)) == []

    def test_no_transaction_stays_open_between_two_events(self, store: Store) -> None:
        events = store.changes()
        next(events)
        store.write("/wiki/a.md", "a pelican")
        assert told(events)[-1] == ("added", "/wiki")


class TestWhereOneLeftOff:
    def test_every_cursor_goes_on_behind_its_event(self, store: Store) -> None:
        work(store)
        events = list(store.changes())
        for number, event in enumerate(events, 1):
            assert list(store.changes(event.cursor)) == events[number:]

    @pytest.mark.parametrize("size", [1, 2, 3])
    def test_pieces_over_restarts_are_the_whole(self, folder: Path, size: int) -> None:
        with holdfast.open(folder) as store:
            start: str | None = None
            work(store)
            whole = list(store.changes())
        pieces: list[ChangeEvent] = []
        while True:
            with holdfast.open(folder, read_only=True) as store:
                piece = list(store.changes(start, limit=size))
            if not piece:
                break
            pieces += piece
            start = piece[-1].cursor
        assert pieces == whole

    def test_a_cursor_taken_below_one_path_goes_on_below_another(self, store: Store) -> None:
        start = store.commit_at()
        work(store)
        first = next(store.changes(start, under="/wiki"))
        assert first.change.path == "/wiki/a.md"
        assert told(store.changes(first.cursor)) == ALL[3:]

    def test_what_another_process_commits_comes_next(self, store: Store, child: Callable[..., Child]) -> None:
        work(store)
        last = list(store.changes())[-1].cursor
        code = "with holdfast.open(sys.argv[1]) as store: store.write('/wiki/far.md', 'far')"
        child(code, store.address).finish()
        assert told(store.changes(last)) == [("added", "/wiki/far.md")]

    @pytest.mark.parametrize("cursor", ["c1-999", "c7-2", "c1-999999999999999999-3", "c1", "c1-2-", "c1-x", "nothing"])
    def test_what_is_no_cursor_is_refused_at_once(self, store: Store, cursor: str) -> None:
        with pytest.raises(NotFound):
            store.changes(cursor)


class TestOnBranches:
    def test_a_branch_tells_of_its_own_line_alone(self, store: Store) -> None:
        start = store.commit_at()
        store.write("/wiki/a.md", "a pelican")
        store.branches.create("draft")
        draft = store.branch("draft")
        for number in range(3):
            store.write(f"/wiki/main-{number}.md", "main")
            draft.write(f"/wiki/draft-{number}.md", "draft")
        draft.write("/wiki/a.md", "an ibis")
        before = [("added", "/wiki/a.md")]
        assert told(store.changes(start)) == before + [("added", f"/wiki/main-{number}.md") for number in range(3)]
        own = [("added", f"/wiki/draft-{number}.md") for number in range(3)] + [("modified", "/wiki/a.md")]
        assert told(draft.changes(start)) == before + own
        draft.branches.create("part")
        part = store.branch("part")
        part.move("/wiki", "/book")
        events = list(part.changes(start))
        assert told(iter(events)) == before + own + [("moved", "/book")]
        for number, event in enumerate(events, 1):
            assert list(part.changes(event.cursor)) == events[number:]

    def test_a_merge_tells_what_it_changed_here(self, store: Store) -> None:
        store.write("/wiki/a.md", "a pelican")
        store.branches.create("draft")
        draft = store.branch("draft")
        draft.write("/wiki/deep/b.md", "a heron")
        draft.write("/wiki/a.md", "an ibis")
        draft.move("/wiki/deep/b.md", "/wiki/deep/c.md")
        store.write("/notes/own.md", "main's own")
        before = store.commit_at()
        store.branches.merge("draft")
        events = list(store.changes(before))
        assert {event.commit.merged for event in events} == {draft.commit_at().id}
        assert told(iter(events)) == [
            ("modified", "/wiki/a.md"),
            ("added", "/wiki/deep"),
            ("added", "/wiki/deep/c.md"),
        ]

    def test_a_cursor_is_of_one_branch(self, store: Store) -> None:
        store.branches.create("draft")
        draft = store.branch("draft")
        draft.write("/wiki/a.md", "an ibis")
        mine, its = [list(each.changes())[-1].cursor for each in (store, draft)]
        with pytest.raises(NotFound, match="of the branch draft"):
            store.changes(its)
        with pytest.raises(NotFound, match="of the branch main"):
            draft.changes(mine)
        store.branches.rename("draft", "plan")
        assert list(store.branch("plan").changes(its)) == []

    def test_a_cursor_of_a_deleted_branch_is_refused_by_the_one_made_again(self, store: Store) -> None:
        store.branches.create("draft")
        draft = store.branch("draft")
        draft.write("/wiki/a.md", "an ibis")
        events = draft.changes("HEAD~1")
        cursor = next(events).cursor
        store.branches.delete("draft")
        store.branches.create("draft")
        for each in (store, store.branch("draft"), draft):
            with pytest.raises(BranchGone):
                each.changes(cursor)


class TestFollowing:
    def test_it_gives_what_is_there_then_what_comes_and_ends_when_told(self, store: Store) -> None:
        asked = 0

        def stop() -> bool:
            nonlocal asked
            asked += 1
            if asked == 3:
                store.write("/wiki/later.md", "later")
            return asked > 5

        store.write("/wiki/a.md", "a pelican")
        assert told(store.changes("HEAD~1", follow=True, stop=stop)) == [
            ("added", "/wiki/a.md"),
            ("added", "/wiki/later.md"),
        ]
        assert asked == 6

    def test_it_looks_for_commits_of_other_processes(self, store: Store, child: Callable[..., Child]) -> None:
        other = child("with holdfast.open(sys.argv[1]) as store: hear(); store.write('/x', 'x')", store.address)
        looks = 0

        def stop() -> bool:
            nonlocal looks
            looks += 1
            if looks == 3:
                other.say()
                other.finish()
            return looks > 10

        assert told(store.changes("HEAD", follow=True, stop=stop, limit=1)) == [("added", "/x")]
        assert looks == 3

    def test_a_commit_of_this_process_wakes_it_at_once(self, folder: Path) -> None:
        with holdfast.open(folder) as store, patch.object(following, "LOOK_SECONDS", 10 * PATIENCE):
            came: list[ChangeEvent] = []
            waits = threading.Event()

            def stop() -> bool:
                waits.set()
                return bool(came)

            events = store.changes("HEAD", follow=True, stop=stop)
            follower = threading.Thread(target=lambda: came.extend(events))
            follower.start()
            assert waits.wait(PATIENCE)
            store.branches.create("draft")
            store.branch("draft").write("/elsewhere.md", "not here")
            store.write("/wiki/a.md", "a pelican")
            follower.join(PATIENCE)
            assert told(iter(came)) == [("added", "/wiki/a.md")]

    def test_on_asyncio_too_each_event_comes_at_once(self, store: Store) -> None:
        looks = 0

        def stop() -> bool:
            nonlocal looks
            looks += 1
            return looks > 50

        async def first() -> str:
            async for event in AsyncStore(store).changes(follow=True, stop=stop):
                return str(event.change.path)
            raise AssertionError("nothing came")

        assert asyncio.run(first()) == "/memories"
        assert looks < 10

    def test_who_follows_no_longer_leaves_nothing_behind(self, store: Store) -> None:
        listeners = list(rooms(store).hooks.after_publish)
        events = store.changes(follow=True)
        assert len(list(islice(events, 2))) == 2
        assert len(rooms(store).hooks.after_publish) == len(listeners) + 1
        del events
        assert rooms(store).hooks.after_publish == listeners

    def test_the_end_of_its_branch_is_told(self, store: Store) -> None:
        store.branches.create("draft")
        draft = store.branch("draft")
        events = draft.changes("HEAD", follow=True)
        draft.write("/wiki/a.md", "an ibis")
        assert next(events).change.path == "/wiki/a.md"
        store.branches.delete("draft")
        with pytest.raises(BranchGone):
            next(events)


class TestCost:
    def test_it_follows_the_changes_however_long_the_history_is(self, store: Store) -> None:
        """The commits of another branch that lie between are passed over without a look at what they changed."""

        def effort_of_last() -> int:
            with Effort(store) as effort:
                assert len(list(store.changes("HEAD~1"))) == 1
            return effort.total

        store.write("/wiki/a.md", "0")
        few = effort_of_last()
        long_history(store, 10_000)
        store.write("/wiki/a.md", "1")
        assert effort_of_last() <= few + 200

    def test_a_long_history_is_read_in_pages(self, store: Store) -> None:
        long_history(store, 10_000)
        reads = 0
        engine = rooms(store).engine
        plain = engine.read

        def counted() -> Any:
            nonlocal reads
            reads += 1
            return plain()

        with patch.object(engine, "read", counted):
            events = sum(1 for _ in store.changes())
        assert events == 10_000 + 5
        # One for each commit, and one for each page of them.
        assert reads <= 10_001 + 10_000 // 200 + 5


def long_history(store: Store, commits: int) -> None:
    """Write many commits as rows, each of which made a file."""
    head = store.commit_at().id
    numbers = range(head + 1, head + 1 + commits)
    with rooms(store).engine.write() as conn:
        conn.run_many(
            """INSERT INTO commits (seq, branch_id, parent_seq, at, actor, message, changes)
            VALUES (:seq, 1, :seq - 1, 0, 'user', '', 1)""",
            [{"seq": seq} for seq in numbers],
        )
        conn.run_many(
            """INSERT INTO entries (branch_id, node_id, parent_id, name, content_id, size, modified, from_seq)
            VALUES (1, :node, :root, :name, 'x', 1, 0, :seq)""",
            [{"seq": seq, "node": seq << 20, "root": ROOT_NODE, "name": f"f{seq}"} for seq in numbers],
        )
        conn.run("UPDATE branches SET head_seq = :seq WHERE branch_id = 1", {"seq": numbers[-1]})
