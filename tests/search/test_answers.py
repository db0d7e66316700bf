"""What a search gives: documents with their best passages, what says the same once, what nobody wrote last."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast.errors import NotFound, Unsupported
from holdfast.front.store import Store
from holdfast.search.answers.generated import generated
from holdfast.search.answers.grouping import page_of
from tests.support.processes import Child

WORDS = "the harbour master keeps a ledger of every vessel that moors beside the copper quay and pays its fee in coin"
PARTS = [f"## Part {n}\n\nThe harbour ledger names vessel {n}. {WORDS}. {'More of it. ' * 60}\n" for n in range(6)]
BOOK = "# Harbour\n\n" + "\n".join(PARTS)


def paths(hits: list[holdfast.Hit]) -> list[str]:
    return [hit.path for hit in hits]


def test_a_document_is_one_hit_with_its_best_passages(store: Store) -> None:
    store.write("/book.md", BOOK)
    store.write("/other.md", "# Quay\n\nA vessel lies at the quay.")
    hits = store.search("harbour ledger vessel", passages=4)
    assert paths(hits) == ["/book.md", "/other.md"]
    book = hits[0]
    assert len(book.passages) == 4
    assert (book.passages[0].text, book.passages[0].score) == (book.text, book.score)
    assert [each.score for each in book.passages] == sorted((each.score for each in book.passages), reverse=True)
    flat = store.search("harbour ledger vessel", by="passage", limit=4)
    assert [hit.text for hit in flat] == [each.text for each in book.passages]
    assert [len(hit.passages) for hit in flat] == [1, 1, 1, 1]
    text = store.read_text("/book.md")
    assert all(text[each.start : each.end] == each.text and each.marks for each in book.passages)


@pytest.mark.parametrize("mode", ["hybrid", "text", "vector"])
def test_what_says_nearly_the_same_is_named_beside_the_first(store: Store, mode: holdfast.SearchMode) -> None:
    store.write("/a/quay.md", f"# Quay\n\n{WORDS}, said the old clerk.")
    store.write("/b/quay.md", f"# Quay\n\n{WORDS}, said the old man.")
    store.write("/c/tea.md", "# Tea\n\nA quay where tea is landed.")
    hits = store.search("copper quay ledger", mode=mode)
    assert {hits[0].path, *hits[0].also} == {"/a/quay.md", "/b/quay.md"}
    assert len([hit for hit in hits if "quay.md" in hit.path]) == 1
    assert len(store.search("copper quay ledger", mode=mode, by="passage")) == 3


def test_what_differs_in_a_number_or_in_a_word_of_the_query_is_not_the_same(store: Store) -> None:
    store.write("/1.md", f"# Invoice\n\n{WORDS}. It comes to 120 crowns in May.")
    store.write("/2.md", f"# Invoice\n\n{WORDS}. It comes to 130 crowns in May.")
    store.write("/3.md", f"# Invoice\n\n{WORDS}. It comes to 120 crowns in June.")
    assert len(store.search("copper quay invoice")) == 2
    assert len(store.search("invoice of june")) == 3 or store.search("invoice of june")[0].path == "/3.md"


def test_both_forms_of_a_page_are_one_hit(store: Store) -> None:
    store.write("/m/quay.html", "<html><body><h1>Quay</h1><p>Vessels moor at the copper quay.</p></body></html>")
    store.write("/m/_sources/quay.rst.txt", "Quay\n====\n\nVessels moor at the :ref:`copper quay`. And more of that.")
    [hit] = store.search("copper quay")
    assert {hit.path, *hit.also} == {"/m/quay.html", "/m/_sources/quay.rst.txt"}
    assert page_of("/m/_sources/a/b.rst.txt") == page_of("/m/a/b.html") == "/m/a/b"


def test_what_no_person_wrote_comes_last_and_is_marked(store: Store) -> None:
    store.write("/m/searchindex.js", "copper quay " * 40)
    store.write("/poetry.lock", "copper quay lock " * 40)
    store.write("/deep/plain.md", "# Fees\n\nOf the copper, nothing.")
    hits = store.search("copper quay")
    assert [hit.generated for hit in hits] == [None, *(hit.generated for hit in hits[1:])]
    assert {hit.path: hit.generated for hit in hits[1:]} == {
        "/m/searchindex.js": "a search index",
        "/poetry.lock": "a lock file",
    }
    assert paths(store.search("copper quay", mode="text", by="passage"))[0] == "/deep/plain.md"
    assert [match.path for match in store.grep("copper quay", "/m")] == ["/m/searchindex.js"]


@pytest.mark.parametrize(
    ("path", "text", "what"),
    [
        ("/app.min.js", "x", "minified"),
        ("/package-lock.json", "{}", "a lock file"),
        ("/a.js.map", "{}", "a source map"),
        ("/genindex.html", "Index", "a search index"),
        ("/bundle.js", "!function(e,t){e.exports=t()}(this,function(){return" + "r.a(x)&&y;" * 60, "minified"),
        ("/locks.md", WORDS * 9, None),
        ("/map.md", "A map.", None),
        ("/key.lock.md", "A lock.", None),
        ("/cn.md", "数据库锁定机制说明" * 60, None),
        ("/links.md", "[a](https://example.org/a/very/long/address/of/a/page/that/goes/on)\n" * 20, None),
    ],
)
def test_a_file_is_told_by_its_name_or_by_how_it_is_written(path: str, text: str, what: str | None) -> None:
    assert generated(path, text) == what


def test_many_passages_that_no_person_wrote_crowd_nothing_out(store: Store) -> None:
    with store.transaction() as tx:
        for number in range(70):
            tx.write(f"/gen/{number}/yarn.lock", f"copper quay copper quay {number}")
        for number in range(12):
            tx.write(f"/notes/{number}.md", f"# Note {number}\n\nWhat the {number}th clerk told of copper, long ago.")
    assert all(hit.generated is None for hit in store.search("copper quay", limit=10))


def test_a_hit_says_what_it_holds_and_what_put_the_one_above_ahead(store: Store) -> None:
    store.write("/copper-quay.md", "# Copper quay\n\nVessels moor at the copper quay.")
    store.write("/fees.md", "# Fees\n\nVessels pay at the quay, among others.")
    first, second = store.search("copper quays")
    assert (first.why.matched, first.why.missing, first.why.behind) == (("copper", "quays"), (), {})
    assert (second.why.matched, second.why.missing) == (("quays",), ("copper",))
    assert sum(second.why.behind.values()) == pytest.approx(first.score - second.score, abs=1e-3)
    assert next(iter(second.why.behind)) in ("text", "vector", "subject")


def test_a_page_is_of_the_commit_of_the_first_one(store: Store) -> None:
    for number in range(6):
        store.write(f"/{number}.md", f"# Note {number}\n\nA vessel at the quay, number {number}.")
    first = store.search("vessel quay", limit=2)
    store.write("/new.md", "# Vessel quay\n\nvessel quay")
    store.remove("/5.md")
    rest = store.search("vessel quay", limit=10, after=first[-1].cursor)
    assert {*paths(first), *paths(rest)} == {f"/{number}.md" for number in range(6)}
    assert len(first) + len(rest) == 6
    assert {hit.commit for hit in rest} == {first[0].commit}


def test_a_cursor_is_taken_by_its_own_question_only(store: Store, tmp_path: Path) -> None:
    for number in range(4):
        store.write(f"/a/{number}.md", f"# Note {number}\n\nA vessel at the quay, number {number}.")
    after = store.search("vessel", limit=2)[-1].cursor
    assert len(store.search("vessel", after=after)) == 2
    with pytest.raises(Unsupported, match="its query differs"):
        store.search("quay", after=after)
    with pytest.raises(Unsupported, match="its mode differs"):
        store.search("vessel", mode="text", after=after)
    with pytest.raises(Unsupported, match="path below which it searches differs"):
        store.search("vessel", under="/a", after=after)
    with pytest.raises(Unsupported, match="its filter differs"):
        store.search("vessel", where={"a": 1}, after=after)
    with pytest.raises(Unsupported, match="of commit 5, and not of 4"):
        store.search("vessel", at="HEAD~1", after=after)
    store.branches.create("draft")
    with pytest.raises(Unsupported, match="its branch differs"):
        store.branch("draft").search("vessel", after=after)
    with pytest.raises(Unsupported, match="is no cursor"):
        store.search("vessel", after="nonsense")
    with holdfast.create(tmp_path / "other") as other:
        for number in range(4):
            other.write(f"/a/{number}.md", f"# Note {number}\n\nA vessel at the quay, number {number}.")
        with pytest.raises(Unsupported, match="its store differs"):
            other.search("vessel", after=after)


@pytest.mark.parametrize("changed", [{1: 0}, {1: -3}, {2: ""}, {2: "ab"}, {3: -1}, {0: -1}, {0: 10**30}], ids=str)
def test_a_cursor_that_was_tampered_with_is_refused(store: Store, changed: dict[int, Any]) -> None:
    for number in range(4):
        store.write(f"/{number}.md", f"# Note {number}\n\nA vessel at the quay, number {number}.")
    cursor = store.search("vessel", limit=2)[-1].cursor
    kind, question, *place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    said = [kind, question, *(changed.get(number, part) for number, part in enumerate(place))]
    with pytest.raises((Unsupported, NotFound)):
        store.search("vessel", after=base64.urlsafe_b64encode(json.dumps(said).encode()).decode())


def test_another_process_goes_on_where_one_left_off(store: Store, child: Callable[..., Child]) -> None:
    for number in range(5):
        store.write(f"/{number}.md", f"# Note {number}\n\nA vessel at the quay, number {number}.")
    first = store.search("vessel quay", limit=2)
    store.maintenance.optimize()
    other = child(
        """
        store = holdfast.open(sys.argv[1])
        say(*(hit.path for hit in store.search("vessel quay", after=sys.argv[2])))
        """,
        Path(store.address),
        first[-1].cursor,
    )
    assert sorted([*paths(first), *other.hear().split()]) == [f"/{number}.md" for number in range(5)]
