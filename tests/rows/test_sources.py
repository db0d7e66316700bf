"""What rows rest on: given, kept, found again, and told what has become of it."""

import pytest

from holdfast import InvalidRow, NotFound, Source, Store
from tests.support.graphs import edge, paper, person


@pytest.fixture
def library(graphed: Store) -> Store:
    """Return a store with two files, and a person who rests on the first."""
    with graphed.transaction() as tx:
        tx.write("/papers/notes.md", "# Notes\n\nAda wrote them.\n")
        tx.write("/papers/sums.md", "# Sums\n")
    graphed.graph.insert(person("ada"), paper("notes"), sources=["/papers/notes.md"])
    return graphed


def states(store: Store, kind: str = "Person", key: object = "ada") -> list[tuple[str, str | None]]:
    return [(each.state, each.path) for each in store.graph.why(kind, key)]


def resting(store: Store, path: str) -> list[tuple[str, object, str]]:
    return [(each.type, each.key, each.state) for each in store.graph.rests_on(path)]


# --- given


def test_a_row_says_which_file_it_rests_on_as_it_was(library: Store) -> None:
    [source] = library.graph.get("Person", "ada").sources
    info = library.stat("/papers/notes.md")
    assert (source.path, source.content, source.node) == (info.path, info.content_id, info.id)
    assert source.commit == library.graph.get("Person", "ada").commit
    assert states(library) == [("current", "/papers/notes.md")]


def test_sources_are_given_in_many_ways_and_kept_once(library: Store) -> None:
    content = library.stat("/papers/sums.md").content_id
    given = [
        ("/papers/notes.md", (1, 3)),
        {"path": "/papers/notes.md", "lines": [1, 3]},
        Source("/papers/notes.md", characters=(0, 7), quote="# Notes"),
        f"content:{content}",
        f"content:{content}",
    ]
    library.graph.insert({**person("bob"), "sources": given})
    assert {str(each) for each in library.graph.get("Person", "bob").sources} == {
        "/papers/notes.md, lines 1-3",
        "/papers/notes.md, characters 0-7",
        f"content:{content}",
    }
    assert len(library.graph.get("Person", "bob").sources) == 3


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("/papers/none.md", "there is no file /papers/none.md"),
        ("/papers", "is a directory"),
        ("content:0123", "there is no content"),
        ({"lines": [1, 2]}, "names a path or a content"),
        ({"path": "/papers/sums.md", "page": 3}, "a source has no 'page'"),
        (("/papers/sums.md", (3, 2)), "cannot be 3 to 2"),
        ({"path": "/papers/sums.md", "lines": "3-5"}, "two whole numbers"),
        ({"path": "../sums.md"}, ""),
        (Source("/papers/sums.md", quote="x" * 2001), "2000 are allowed"),
        (3, "a source is a path"),
    ],
)
def test_what_is_no_source_is_refused_and_nothing_written(library: Store, source: object, reason: str) -> None:
    head = library.commit_at().id
    with pytest.raises(InvalidRow, match="sources") as caught:
        library.graph.insert({**person("eva"), "sources": [source]})
    assert reason in caught.value.reason
    assert library.commit_at().id == head


def test_a_file_of_the_same_transaction_is_a_source_by_the_number_that_it_gets(library: Store) -> None:
    with library.transaction() as tx:
        tx.write("/papers/new.md", "new")
        tx.graph.insert(person("eva"), sources=["/papers/new.md"])
        assert tx.graph.get("Person", "eva").sources[0].commit == 0
        tx.move("/papers/new.md", "/papers/newer.md")
    [each] = library.graph.why("Person", "eva")
    assert each.source.node == library.stat("/papers/newer.md").id
    assert (each.source.commit, each.state) == (library.commit_at().id, "current")


def test_what_is_said_again_changes_nothing(library: Store) -> None:
    library.write("/papers/sums.md", "# Sums\n\nmore")
    head = library.commit_at().id
    library.graph.upsert(person("ada"), sources=["/papers/notes.md"])
    library.graph.upsert(person("ada"))
    library.graph.cite("Person", "ada", "/papers/notes.md")
    library.graph.update("Person", "ada", {}, sources=["/papers/notes.md"])
    assert library.commit_at().id == head


def test_sources_are_added_replaced_and_taken_away(library: Store) -> None:
    library.graph.cite("Person", "ada", "/papers/sums.md")
    assert {path for _, path in states(library)} == {"/papers/notes.md", "/papers/sums.md"}
    library.graph.update("Person", "ada", {"name": "Ada"})
    assert len(states(library)) == 2
    library.graph.update("Person", "ada", {}, sources=["/papers/sums.md"])
    assert states(library) == [("current", "/papers/sums.md")]
    library.graph.update("Person", "ada", {}, sources=[])
    assert states(library) == []
    assert resting(library, "/papers/sums.md") == []


# --- what becomes of them


def test_a_source_survives_moves_and_tells_when_it_changed_or_went(library: Store) -> None:
    library.move("/papers/notes.md", "/papers/old.md")
    library.move("/papers", "/archive")
    assert states(library) == [("current", "/archive/old.md")]
    assert resting(library, "/archive/old.md") == [("Paper", "notes", "current"), ("Person", "ada", "current")]
    library.write("/archive/old.md", "rewritten")
    assert states(library) == [("changed", "/archive/old.md")]
    library.remove("/archive", recursive=True)
    assert states(library) == [("gone", "/papers/notes.md")]
    # Under the path that it had when the row was said to rest on it, and what is above.
    assert resting(library, "/papers/notes.md") == resting(library, "/papers") == resting(library, "/")
    assert resting(library, "/papers")[1] == ("Person", "ada", "gone")
    library.write("/papers/notes.md", "# Notes\n\nAda wrote them.\n")
    assert states(library) == [("current", "/papers/notes.md")]
    assert resting(library, "/papers/notes.md")[1] == ("Person", "ada", "current")


def test_what_rests_on_a_directory_is_what_rests_on_the_files_below(library: Store) -> None:
    library.graph.insert(person("bob"), edge("Wrote", "ada", "notes"), sources=["/papers/sums.md"])
    assert [each[:2] for each in resting(library, "/papers")] == [
        ("Paper", "notes"),
        ("Person", "ada"),
        ("Person", "bob"),
        ("Wrote", ["ada", "notes"]),
    ]
    assert [each.key for each in library.graph.rests_on("/papers", limit=1)] == ["notes"]
    with pytest.raises(NotFound):
        library.graph.rests_on("/nowhere")
    library.graph.delete("Person", "bob")
    assert ("Person", "bob", "current") not in resting(library, "/papers")


def test_what_rests_on_a_directory_is_the_same_however_it_is_looked_for(
    library: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.graph.provenance.FILES_AT_ONCE", 2)
    library.write("/elsewhere/far.md", "far")
    content = f"content:{library.stat('/papers/sums.md').content_id}"
    library.graph.insert(person("bob"), sources=[content])
    library.graph.insert(person("far"), sources=["/elsewhere/far.md"])
    library.graph.insert(person("gone"), sources=["/papers/sums.md"])
    library.mkdir("/papers/deep")
    library.copy("/papers/sums.md", "/papers/deep/copy.md")
    library.remove("/papers/sums.md")
    library.move("/papers/notes.md", "/papers/deep/notes.md")
    for few in (0, 1, 3, 5_000):
        monkeypatch.setattr("holdfast.graph.provenance.FEW_FILES", few)
        found = {path: {str(each[1]) for each in resting(library, path)} for path in ("/papers", "/papers/deep", "/")}
        assert found["/papers"] == {"ada", "bob", "gone", "notes"}
        assert found["/papers/deep"] == {"ada", "bob", "notes"}
        assert found["/"] == {"ada", "bob", "far", "gone", "notes"}
        assert len(library.graph.rests_on("/", limit=2)) == 2


def test_a_content_is_a_source_wherever_it_stands(library: Store) -> None:
    content = f"content:{library.stat('/papers/sums.md').content_id}"
    library.graph.insert(person("bob"), sources=[content])
    library.copy("/papers/sums.md", "/copy.md")
    library.remove("/papers/sums.md")
    assert states(library, key="bob") == [("current", None)]
    assert resting(library, "/copy.md") == [("Person", "bob", "current")]
    library.remove("/copy.md")
    assert states(library, key="bob") == [("gone", None)]
    assert [each.key for each in library.graph.rests_on(content)] == ["bob"]


# --- history, branches, folds


def test_sources_have_history_and_branches(library: Store) -> None:
    before = library.commit_at()
    library.branches.create("draft")
    draft = library.branch("draft")
    draft.graph.cite("Person", "ada", "/papers/sums.md")
    library.graph.cite("Person", "ada", ("/papers/sums.md", (1, 1)))
    assert len(states(draft)) == len(states(library)) == 2
    library.branches.merge("draft")
    assert len(states(library)) == 3
    assert resting(library, "/papers/sums.md") == [("Person", "ada", "current")] * 2
    assert [each.source.path for each in library.graph.why("Person", "ada", at=before)] == ["/papers/notes.md"]
    assert library.graph.rests_on("/papers/sums.md", at=before) == []
    assert len(library.graph.log("Person", "ada")[-1].sources) == 1
    [change] = library.graph.diff(before)
    assert (len(change.sources_before), len(change.sources_after)) == (1, 3)


def test_rows_that_both_sides_made_alike_rest_on_what_each_said(library: Store) -> None:
    library.branches.create("draft")
    library.branch("draft").graph.insert(person("bob"), sources=["/papers/sums.md"])
    library.graph.insert(person("bob"), sources=["/papers/notes.md"])
    library.branches.merge("draft")
    assert {path for _, path in states(library, key="bob")} == {"/papers/notes.md", "/papers/sums.md"}


def test_what_one_side_takes_away_a_merge_takes_away(library: Store) -> None:
    library.graph.cite("Person", "ada", "/papers/sums.md")
    library.branches.create("draft")
    library.branch("draft").graph.update("Person", "ada", {}, sources=["/papers/sums.md"])
    library.graph.update("Person", "ada", {"name": "Ada"})
    library.branches.merge("draft")
    assert states(library) == [("current", "/papers/sums.md")]


def test_sources_are_the_same_after_a_fold(library: Store) -> None:
    from holdfast.testing.seams import rooms
    from holdfast.upkeep.graph_fold import fold_graph

    told = library.graph.why("Person", "ada"), resting(library, "/papers")
    assert fold_graph(rooms(library), thorough=True, least=1)
    assert (library.graph.why("Person", "ada"), resting(library, "/papers")) == told
    library.graph.cite("Person", "ada", "/papers/sums.md")
    assert len(states(library)) == 2


# --- looking again


def test_a_job_is_enqueued_in_the_commit_that_changes_what_rows_rest_on(library: Store) -> None:
    library.graph.look_again("check")
    library.write("/papers/sums.md", "nobody rests on it")
    library.move("/papers/notes.md", "/papers/old.md")
    assert list(library.jobs.list()) == []
    commit = library.write("/papers/old.md", "rewritten")
    [job] = library.jobs.list()
    node = library.stat("/papers/old.md").id
    assert (job.kind, job.payload) == (
        "check",
        {"path": "/papers/old.md", "node": node, "state": "changed", "commit": commit.id},
    )
    library.remove("/papers", recursive=True)
    [job] = library.jobs.list("queued")
    assert (job.payload["path"], job.payload["state"]) == ("/papers/old.md", "gone")
    library.restore("/papers", at="HEAD~1")
    library.graph.look_again(None)
    library.write("/papers/old.md", "once more")
    assert len(list(library.jobs.list("queued"))) == 1
