"""What lifts a passage above what the two rankings say of it."""

import pytest

from holdfast.index.analysis import query_tokens, terms_for
from holdfast.search.lift import COVERAGE, DOCUMENT, LINKS, NAMES, Lift, Passage, Quote, lifts
from holdfast.store import Store


def quote(text: str, *, heading: str = "", path: str = "/a.md", title: str = "", document: str = "d") -> Quote:
    return Quote(Passage(heading, text, terms_for(heading, text), 0, len(text), None), document, path, title)


def lift_of(query: str, *quotes: Quote, first: int = 10) -> Lift:
    """Return what lifts the first of the passages."""
    return lifts(query_tokens(query), quotes, first)[0]


@pytest.mark.parametrize(
    "named",
    [
        quote("text", heading="Guide > Stale locks"),
        quote("text", title="Stale locks"),
        quote("text", path="/notes/stale-locks.md"),
        quote("text", path="/locks/stale.md"),
        quote("text", path="/locks.d/Stale"),
    ],
)
def test_names_that_hold_all_that_is_asked_for_give_the_whole_lift(named: Quote) -> None:
    assert lift_of("stale lock", named).names == NAMES


def test_half_of_the_words_in_the_names_give_a_quarter() -> None:
    assert lift_of("stale lock", quote("stale", title="Locks")).names == NAMES / 4


def test_how_a_file_is_written_is_not_what_it_is_about() -> None:
    assert lift_of("html", quote("text", path="/page.html")).names == 0


def test_words_of_a_question_count_only_where_there_are_no_others() -> None:
    assert lift_of("how do I break a lock", quote("break the lock")).coverage == COVERAGE
    assert lift_of("what is it", quote("what", title="it")).coverage == pytest.approx(COVERAGE * 2 / 3)


def test_coverage_counts_whole_words_of_passage_and_names_once() -> None:
    assert lift_of("stale lock", quote("lock lock lock clocks")).coverage == COVERAGE / 2
    assert lift_of("stale lock", quote("lock", title="Stale")).coverage == COVERAGE


def test_a_document_is_lifted_by_its_other_passages_among_the_first() -> None:
    one, other = quote("lock"), quote("lock", document="e")
    assert lift_of("lock", one, other).document == 0
    assert lift_of("lock", one, one, other).document == pytest.approx(DOCUMENT / 3)
    assert lift_of("lock", *[one] * 9).document == DOCUMENT
    assert lift_of("lock", one, other, one, first=2).document == 0
    assert lifts(["lock"], [other, one, one], 2)[2].document == pytest.approx(DOCUMENT / 3)


def test_a_list_of_links_sinks_and_prose_with_a_link_hardly() -> None:
    assert lift_of("lock", quote("[Locks](locks.html)[Leases](leases.html)")).links == -LINKS
    assert lift_of("lock", quote("No links, but an array[0](x).")).links == pytest.approx(0, abs=0.02)
    assert lift_of("lock", quote("Read about [locks](l.html), which are paths that somebody holds.")).links > -0.1


def test_a_query_without_words_lifts_nothing() -> None:
    assert lift_of("", quote("text")) == Lift()


def test_the_page_about_a_thing_comes_before_pages_that_mention_it(store: Store) -> None:
    for number in range(8):
        store.write(f"/news/{number}.md", f"# News {number}\n\nA task group may gather, and gather again, tasks.\n")
    store.write("/contents.md", "# Contents\n\n- [Task groups](groups.md)\n- [Gather tasks](gather.md)\n")
    about = "Runs what it is given at the same time. Gather waits for all of it, and gives the results in order.\n"
    store.write("/gather.md", f"# Gather tasks\n\n{about}")
    assert store.search("gather tasks", mode="text")[0].path != "/gather.md"
    assert store.search("gather tasks")[0].path == "/gather.md"
