"""Iterators with a limit and a cursor: in pieces of any size they give what they give at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from holdfast import Change, GrepMatch, Message
from holdfast.catalog.branches import MAIN
from holdfast.catalog.engine import Connection
from holdfast.errors import InvalidPath, NotFound
from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree
from holdfast.tree.paging import in_pages
from holdfast.tree.snapshot import Snapshot

PATHS = ("/a.md", "/d/a.md", "/d/b/c/d.md", "/d/b.md", "/d-e/x.md", "/e/f.md", "/e/f/", "/z.md")


@pytest.fixture
def furnished(store: Store) -> Store:
    for path in PATHS:
        store.mkdir(path[:-1] + "g", parents=True) if path.endswith("/") else store.write(path, f"text of {path}")
    return store


def in_pieces(ask: Callable[[str | None], Iterator[str]]) -> list[str]:
    found: list[str] = []
    while piece := list(ask(found[-1] if found else None)):
        found += piece
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_a_tree_in_pieces_is_the_tree(furnished: Store, limit: int) -> None:
    def tree(after: str | None) -> Iterator[str]:
        return (info.path for info in furnished.tree(limit=limit, after=after))

    def below(after: str | None) -> Iterator[str]:
        return (info.path for info in furnished.tree("/d", limit=limit, after=after))

    assert in_pieces(tree) == [info.path for info in furnished.tree()]
    assert in_pieces(below) == [info.path for info in furnished.tree("/d")]


@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize("pattern", ["**", "/d/**", "/*", "/**/*.md", "/d/b/c/d.md"])
def test_a_glob_in_pieces_is_the_glob(furnished: Store, limit: int, pattern: str) -> None:
    assert in_pieces(lambda after: furnished.glob(pattern, limit=limit, after=after)) == list(furnished.glob(pattern))


def test_a_listing_in_pieces_is_the_listing(furnished: Store) -> None:
    def ls(after: str | None) -> Iterator[str]:
        return (info.path for info in furnished.ls("/d", limit=1, after=after))

    assert in_pieces(ls) == ["/d/a.md", "/d/b", "/d/b.md"]


def test_a_cursor_need_not_stand_any_more(furnished: Store) -> None:
    everything = [info.path for info in furnished.tree("/d")]
    furnished.remove("/d/b", recursive=True)
    assert [info.path for info in furnished.tree("/d", after="/d/b/c")] == everything[everything.index("/d/b.md") :]


def test_a_cursor_elsewhere_is_refused(furnished: Store) -> None:
    with pytest.raises(InvalidPath, match="not below"):
        furnished.ls("/d", after="/e/f.md")


def test_what_an_iterator_gives_is_of_one_commit(furnished: Store) -> None:
    before = [info.path for info in furnished.tree()]
    found = furnished.tree()
    first = next(found).path
    furnished.write("/d/new.md", "new")
    furnished.remove("/e", recursive=True)
    assert [first, *(info.path for info in found)] == before


def test_a_store_can_be_written_while_it_is_listed(furnished: Store) -> None:
    for info in furnished.tree():
        if not info.is_dir:
            furnished.write(info.path, "rewritten")
    assert {furnished.read(path) for path in PATHS if path.endswith(".md")} == {b"rewritten"}


def test_a_path_that_cannot_be_listed_is_refused_at_once(furnished: Store) -> None:
    for ask in (furnished.ls, furnished.tree):
        with pytest.raises(NotFound):
            ask("/nowhere")


def test_a_log_goes_on_where_it_left_off(furnished: Store) -> None:
    for path in (None, "/d"):
        everything = [commit.id for commit in furnished.log(path)]
        found: list[int] = []
        while piece := [commit.id for commit in furnished.log(path, limit=2, after=found[-1] if found else None)]:
            found += piece
        assert found == everything


def test_jobs_sessions_and_memories_go_on_where_they_left_off(store: Store) -> None:
    for number in range(5):
        store.jobs.enqueue("noop")
        store.sessions.create(f"chat-{number}")
        store.write(f"/memories/events/{number}.md", f"event {number}")
        store.write(f"/memories/events/{number}.txt", "no memory")
    jobs = [job.id for job in store.jobs.list()]
    assert [job.id for job in store.jobs.list(limit=2, after=jobs[1])] == jobs[2:4]
    sessions = [info.id for info in store.sessions.list()]
    assert [info.id for info in store.sessions.list(limit=2, after=sessions[1])] == sessions[2:4]
    memories = [memory.path for memory in store.memories.list()]
    assert [memory.path for memory in store.memories.list(limit=2, after=memories[1])] == memories[2:4]
    with pytest.raises(NotFound):
        store.sessions.list(after="nobody")


def test_one_memory_is_read_without_the_others(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        store.write(f"/memories/events/{number}.md", f"event {number}")
    read: list[str] = []
    before = Snapshot.read

    def told(self: Snapshot, path: str) -> bytes:
        read.append(path)
        return before(self, path)

    monkeypatch.setattr(Snapshot, "read", told)
    assert store.memories.get("/memories/events/3.md").content == "event 3"
    assert read == ["/memories/events/3.md"]


@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize("top", ["/", "/d", "/d/b.md"])
def test_matches_in_pieces_are_the_matches(furnished: Store, limit: int, top: str) -> None:
    furnished.write("/d/b.md", "text of one\nof another\ntext of two\n\ntext of three")
    pieces: list[GrepMatch] = []
    while piece := list(furnished.grep("text", top, limit=limit, after=pieces[-1] if pieces else None)):
        pieces += piece
    assert pieces == list(furnished.grep("text", top))
    assert [match.line for match in pieces if match.path == "/d/b.md"] == [1, 3, 5]


def test_the_match_that_was_given_last_need_not_stand_any_more(furnished: Store) -> None:
    last = next(furnished.grep("text", "/d"))
    furnished.remove("/d/b", recursive=True)
    furnished.remove(last.path)
    assert [match.path for match in furnished.grep("text", "/d", after=last)] == ["/d/b.md"]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_changes_in_pieces_are_the_changes(furnished: Store, limit: int) -> None:
    before = furnished.commit_at()
    with furnished.transaction() as tx:
        tx.remove("/a.md")
        tx.mkdir("/a.md")
        tx.write("/z.md", "another")
        tx.write("/new.md", "new")
    pieces: list[Change] = []
    while piece := furnished.diff(before, limit=limit, after=pieces[-1].path if pieces else None):
        pieces += piece
    assert pieces == furnished.diff(before)
    assert furnished.diff(before, limit=0) == []


def test_locks_in_pieces_are_the_locks(store: Store) -> None:
    with store.lock(["/a", "/b", "/c"]):
        first = store.locks.list(limit=2)
        assert [info.path for info in first] == ["/a", "/b"]
        assert [info.path for info in store.locks.list(limit=2, after=first[-1].path)] == ["/c"]


def test_messages_in_pieces_are_the_messages(store: Store) -> None:
    session = store.session("chat")
    for rounds in range(3):
        session.extend({"role": "user", "content": f"{rounds} {number}"} for number in range(3))
        session.commit(keep_recent=1)
    pieces: list[Message] = []
    while piece := session.messages(archived=True, limit=2, after=pieces[-1].id if pieces else None):
        pieces += piece
    assert pieces == session.messages(archived=True)
    assert len(pieces) == 9
    assert session.messages(after=pieces[-2].id) == [pieces[-1]] == session.messages(limit=5)


def test_many_directories_are_read_in_few_transactions(store: Store) -> None:
    with store.transaction() as tx:
        for number in range(300):
            tx.write(f"/wide/{number:03}/a.md", "words")
    view, asked = CommittedTree.at_head(rooms(store).engine.read, MAIN), list[int]()

    @contextmanager
    def counted() -> Iterator[Connection]:
        asked.append(1)
        with view.read() as conn:
            yield conn

    top = walking.need_dir(view, "/wide")
    found = in_pages(replace(view, read=counted), lambda view: walking.walk(view, top, "/wide"))
    assert len([next(found) for _ in range(5)]) == 5
    assert len(asked) == 1
    assert len(list(found)) == 595
    assert len(asked) < 10


def test_no_transaction_is_open_between_two_looks(store: Store) -> None:
    with store.transaction() as tx:
        for number in range(100):
            tx.write(f"/wide/{number:03}/a.md", "words")
    found = store.tree("/wide")
    first = next(found)
    store.remove("/wide", recursive=True)
    assert len([first, *found]) == 200
