"""What a search finds: only what is visible, all that is visible, at any commit, from any process."""

import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast import SearchMode
from holdfast.errors import Unsupported
from holdfast.front.store import Store
from holdfast.search import order, sizes
from holdfast.search.reader import Instant, SearchReader
from holdfast.sessions.memory import Memory, MemorySource
from tests.support.effort import Effort
from tests.support.processes import Child

LEASES = "# Leases\n\nA lease is renewed by a background thread, and the FencingToken guards the publish.\n"
PASTA = "# Cooking\n\nBoil the pasta for ten minutes in salted water.\n"


def paths(hits: list[holdfast.Hit]) -> list[str]:
    return [hit.path for hit in hits]


def test_a_written_file_is_found_by_the_next_search(store: Store) -> None:
    store.write("/notes/leases.md", LEASES)
    assert paths(store.search("renewed lease", mode="text")) == ["/notes/leases.md"]


def test_a_written_file_is_found_at_once_from_another_process(store: Store, child: Callable[..., Child]) -> None:
    other = child(
        """
        store = holdfast.open(sys.argv[1])
        store.search("warm up")
        say("ready")
        hear()
        say(*(hit.path for hit in store.search("renewed lease", mode="text")))
        """,
        Path(store.address),
    )
    assert other.hear() == "ready"
    store.write("/notes/leases.md", LEASES)
    other.say("go")
    assert other.hear() == "/notes/leases.md"


def test_a_memory_is_found_by_its_title_and_quoted_without_its_front_matter(store: Store) -> None:
    source = MemorySource("/sessions/chat-42/archive-001", (1,))
    memory = Memory(
        kind="preferences",
        title="Units",
        content="The user prefers the metric system.",
        sources=(source,),
    )
    store.write("/memories/preferences/units.md", memory.to_markdown())
    [hit] = store.search("units", mode="text")
    assert (hit.title, hit.text) == ("Units", memory.content)
    assert store.read_text(hit.path)[hit.start : hit.end] == memory.content
    assert store.search("archive-001", mode="text") == []


def test_a_moved_file_is_found_at_its_new_path_only(store: Store) -> None:
    store.write("/notes/leases.md", LEASES)
    store.move("/notes", "/journal")
    assert paths(store.search("lease", mode="text")) == ["/journal/leases.md"]


@pytest.mark.parametrize("mode", ["hybrid", "text", "vector"])
def test_a_removed_file_is_never_returned(store: Store, mode: SearchMode) -> None:
    store.write("/notes/leases.md", LEASES)
    store.write("/pasta.md", PASTA)
    store.remove("/notes", recursive=True)
    assert "/notes/leases.md" not in paths(store.search("lease", mode=mode))


def test_an_overwritten_text_is_found_no_more_and_the_new_one_is(store: Store) -> None:
    store.write("/a.md", LEASES)
    store.write("/a.md", PASTA)
    assert paths(store.search("lease", mode="text")) == []
    assert paths(store.search("pasta", mode="text")) == ["/a.md"]


def test_a_search_at_an_old_commit_finds_what_stood_there_then(store: Store) -> None:
    written = store.write("/notes/leases.md", LEASES).id
    store.move("/notes/leases.md", "/moved.md")
    store.remove("/moved.md")
    hits = store.search("lease", mode="text", at=written)
    assert paths(hits) == ["/notes/leases.md"]
    assert hits[0].commit == written


def test_a_search_that_an_overwrite_and_upkeep_overtake_finds_what_stood_there_when_it_began(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write("/notes/leases.md", LEASES)
    store.maintenance.optimize()
    instant = SearchReader.instant

    def overtaken(reader: SearchReader, *of_the_query: Any, at: int) -> Instant:
        store.write("/notes/leases.md", LEASES + "It ends with its holder.\n")
        store.maintenance.optimize()
        return instant(reader, *of_the_query, at=at)

    monkeypatch.setattr(SearchReader, "instant", overtaken)
    [hit] = store.search("renewed lease", mode="text")
    assert (hit.commit, hit.path, hit.text in LEASES) == (2, "/notes/leases.md", True)


def test_a_search_during_which_the_store_is_closed_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write("/notes/leases.md", LEASES)
    store.search("renewed lease")
    instant = SearchReader.instant

    def closed_meanwhile(reader: SearchReader, *of_the_query: Any, at: int) -> Instant:
        found = instant(reader, *of_the_query, at=at)
        store.close()
        return found

    monkeypatch.setattr(SearchReader, "instant", closed_meanwhile)
    with pytest.raises(Unsupported, match="closed"):
        store.search("renewed lease")


def test_hidden_rows_never_leave_fewer_hits_than_there_are(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "MOST_FURTHER", 1)
    with store.transaction() as tx:
        for number in range(800):
            tx.write(f"/hidden/{number}.md", f"# Wombat {number}\n\nwombat wombat wombat {number}")
        for number in range(7):
            tx.write(
                f"/shown/{number}.md", f"# Other {number}\n\nThe long text mentions a wombat once, in passing {number}."
            )
    store.remove("/hidden", recursive=True)
    found = store.explain("wombat", mode="text", limit=10)
    assert sorted(paths(found.hits)) == [f"/shown/{number}.md" for number in range(7)]
    assert found.rounds > 1
    # It stops asking among all rows before it has seen every hidden one: the rest is asked among what stands.
    assert found.hidden == {"not in the tree": 300}


def test_a_search_that_was_shown_little_asks_for_more_at_once_the_next_time_and_finds_the_same(store: Store) -> None:
    with store.transaction() as tx:
        for number in range(72):
            tx.write(f"/wiki/{number}.md", f"# Paper {number}\n\nA wombat{' wombat' * (number % 7)} in paper {number}.")
    store.maintenance.optimize()
    store.branches.create("draft")
    with store.branch("draft").transaction() as tx:
        for number in range(180):
            tx.write(f"/other/{number}.md", f"# Wombat {number}\n\nwombat wombat wombat {number}")
    store.maintenance.optimize()
    for mode in ("hybrid", "text", "vector"):
        with holdfast.open(store.address) as fresh:
            asked = [fresh.explain("wombat", mode=mode) for _ in range(3)]
        assert [found.rounds for found in asked] == [2, 1, 1]
        assert asked[0].hits == asked[1].hits == asked[2].hits


def test_whether_a_content_stands_is_asked_once_however_many_places_it_has(store: Store) -> None:
    def asked() -> int:
        store.search("wombat")
        with Effort(store) as effort:
            assert len(store.search("wombat", limit=2)) == 2
        return effort.total

    with store.transaction() as tx:
        for number in range(90):
            tx.write(f"/one/{number}.md", f"A wombat in paper {number}.")
    few = asked()
    close = {hit.path for hit in store.search("wombat", limit=order.LIFTED)}
    with store.transaction() as tx:
        # Only those that no passage is read of stand in many places.
        for number in range(90):
            for copy in range(0 if f"/one/{number}.md" in close else 50):
                tx.write(f"/many/{copy}/{number}.md", f"A wombat in paper {number}.")
    assert asked() <= 1.3 * few


def test_a_content_that_was_removed_with_one_directory_is_found_in_another(store: Store) -> None:
    for place in ("/a/kept", "/b/gone", "/c/gone"):
        store.write(f"{place}/x.md", LEASES)
    for place in ("/b", "/c"):
        store.remove(place, recursive=True)
    assert paths(store.search("lease", mode="text")) == ["/a/kept/x.md"]
    store.remove("/a", recursive=True)
    store.write("/d/x.md", LEASES)
    assert [(hit.path, hit.also) for hit in store.search("lease", mode="text")] == [("/d/x.md", ())]


def test_under_restricts_to_a_directory_however_few_its_files(store: Store) -> None:
    with store.transaction() as tx:
        for number in range(100):
            tx.write(f"/many/{number}.md", f"wombat wombat wombat {number}")
        tx.write("/few/one.md", "a long text in which the wombat is named once among many other words")
    for mode in ("hybrid", "text", "vector"):
        assert paths(store.search("wombat", under="/few", mode=mode, limit=5)) == ["/few/one.md"]


def test_under_a_file_searches_that_file(store: Store) -> None:
    store.write("/a.md", LEASES)
    store.write("/b.md", LEASES + "More about a lease.")
    assert paths(store.search("lease", under="/b.md", mode="text")) == ["/b.md"]


def test_under_a_place_that_is_not_there_says_so(store: Store) -> None:
    with pytest.raises(holdfast.NotFound):
        store.search("lease", under="/nowhere")


def test_one_content_at_many_paths_is_one_hit_that_names_the_others(store: Store) -> None:
    for name in ("b", "a", "c"):
        store.write(f"/{name}.md", LEASES)
    [hit] = store.search("lease", mode="text")
    assert (hit.path, hit.also) == ("/a.md", ("/b.md", "/c.md"))


def test_a_content_that_stands_in_thousands_of_places_does_not_hide_others(store: Store) -> None:
    with store.transaction() as tx:
        for number in range(2500):
            tx.write(f"/copies/{number}.md", LEASES)
        tx.write("/other.md", "Another lease, of a house.")
    assert set(paths(store.search("lease", mode="text"))) == {"/copies/0.md", "/other.md"}
    assert paths(store.search("lease", under="/copies/2499.md", mode="text")) == ["/copies/2499.md"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("fencing token", "def check(FencingToken): ..."),
        ("fencing", "value = fencing_token.next()"),
        ("HTTPServer", "class HTTPServer2Go: pass"),
        ("锁定", "数据库锁定机制说明。"),
        ("сессия", "Каждая сессия сохраняется."),
        ("uberprufung", "Die Überprüfung der Straße."),
        ("running", "The worker runs."),
    ],
)
def test_identifiers_and_other_languages_are_found_by_full_text(store: Store, query: str, text: str) -> None:
    store.write("/other.md", "Nothing of the kind stands here.")
    store.write("/wanted.txt", text)
    assert paths(store.search(query, mode="text")) == ["/wanted.txt"]


def test_meaning_is_found_without_a_word_in_common(store: Store) -> None:
    store.write("/pasta.md", PASTA)
    store.write("/leases.md", LEASES)
    assert paths(store.search("how long to cook noodles", mode="vector"))[0] == "/pasta.md"


def test_a_hit_quotes_its_place_and_marks_the_match(store: Store) -> None:
    store.write("/guide.md", "# Guide\n\nIntroduction.\n\n## Locks\n\nA stale lock is broken by force.\n")
    [hit, *_] = store.search("stale locks", mode="text")
    assert (hit.title, hit.heading) == ("Guide", "Guide > Locks")
    assert store.read_text("/guide.md")[hit.start : hit.end] == hit.text
    assert [hit.text[start:end] for start, end in hit.marks] == ["Locks", "stale", "lock"]


def test_a_document_without_a_title_is_called_by_its_file_name(store: Store) -> None:
    store.write("/plain.txt", "wombat")
    assert store.search("wombat", mode="text")[0].title == "plain.txt"


def test_explain_says_which_ranks_came_from_where(store: Store) -> None:
    store.write("/leases.md", LEASES)
    store.write("/pasta.md", PASTA)
    found = store.explain("lease")
    first, second = found.hits
    assert (first.why.text_rank, first.why.vector_rank, first.why.place) == (1, 1, "tail")
    assert (second.path, second.why.text_rank, second.why.vector_rank) == ("/pasta.md", None, 2)
    parts = [value for name, value in asdict(first.why).items() if name.startswith("from_")]
    assert first.score == pytest.approx(sum(parts), abs=1e-3)
    assert found.terms == ["leas"]


@pytest.mark.parametrize("query", ["", "   ", "!!!", "\0", "AND OR NOT", '"', "x" * 10_000, "терминатор " * 500])
def test_any_query_gives_an_answer(store: Store, query: str) -> None:
    store.write("/leases.md", LEASES)
    assert isinstance(store.search(query), list)


def test_a_mode_or_a_limit_that_cannot_be_is_refused(store: Store) -> None:
    with pytest.raises(holdfast.Unsupported):
        store.search("lease", mode="psychic")  # type: ignore[arg-type]
    with pytest.raises(holdfast.Unsupported):
        store.search("lease", limit=0)


def test_an_empty_store_gives_no_hits(store: Store) -> None:
    assert store.search("anything") == []


def test_threads_may_search_one_store_while_another_folds(folder: Path) -> None:
    with holdfast.open(folder) as store:
        for number in range(20):
            store.write(f"/{number}.md", f"wombat number {number}")
        wrong: list[object] = []

        def search() -> None:
            for _ in range(15):
                hits = store.search("wombat", mode="text", limit=50)
                if len(hits) != 20:
                    wrong.append(paths(hits))

        threads = [threading.Thread(target=search) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(20, 26):
            store.write("/rewritten.md", f"platypus number {number}")
            store.maintenance.optimize()
        for thread in threads:
            thread.join()
        assert wrong == []
