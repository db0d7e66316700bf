"""What lifts a passage above what the two rankings say of it."""

import pytest

from holdfast.front.store import Store
from holdfast.index.text.analysis import query_tokens, terms_for
from holdfast.search.rerank import (
    COVERAGE,
    DOCUMENT,
    LINKS,
    NAMES,
    PHRASE,
    POINTERS,
    SUBJECT,
    Lift,
    Passage,
    Quote,
    lifts,
)


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


@pytest.mark.parametrize(
    "called",
    [
        quote("text", heading="Guide > Stale locks"),
        quote("text", heading="Stale locks > How they are found"),
        quote("text", title="Stale locks"),
        quote("text", path="/notes/stale-locks.md"),
    ],
)
def test_a_name_that_is_just_the_query_gives_the_whole_lift(called: Quote) -> None:
    assert lift_of("stale lock", called).subject == SUBJECT
    assert lift_of("how do I find a stale lock", quote("text", title="Find stale locks")).subject == SUBJECT


def test_a_name_that_holds_other_words_too_lifts_less_and_names_do_not_add_up() -> None:
    longer = quote("text", title="Stale locks in old stores")
    assert lift_of("stale lock", longer).subject == pytest.approx(SUBJECT * (4 / 7) ** 2)
    parted = quote("text", title="Stale", heading="Locks")
    assert lift_of("stale lock", parted).subject == pytest.approx(SUBJECT * (2 / 3) ** 2)


def test_neighbouring_words_lift_where_they_are_neighbours_in_the_same_order() -> None:
    assert lift_of("break a stale lock", quote("to break a stale lock")).phrase == PHRASE
    assert lift_of("break a stale lock", quote("a stale lock breaks")).phrase == pytest.approx(PHRASE * 2 / 3)
    assert lift_of("stale lock", quote("text", heading="Stale locks")).phrase == PHRASE
    assert lift_of("stale lock", quote("a lock, stale")).phrase == 0
    assert lift_of("stale lock", quote("stale locker")).phrase == 0


def test_a_single_word_is_no_phrase_and_an_identifier_is_one() -> None:
    assert lift_of("lock", quote("lock")).phrase == 0
    assert lift_of("lock_path", quote("calls lock_path here")).phrase == PHRASE
    assert lift_of("lock_path", quote("the lock of a path")).phrase == 0


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


@pytest.mark.parametrize(
    "link",
    [
        "[Stale locks](../guide/locks.html)",
        "[`stale_locks`](/guide/locks.html)",
        "[Stale locks](../%67uide/locks.html)",
        "[page 3](../guide/locks.html#stale-locks)",
        "[page 3](../guide/locks.html#stale%2Dlocks)",
        '[see there](../guide/locks.html#stale-locks "Locks that nobody holds")',
    ],
)
def test_a_link_that_is_called_what_was_asked_for_lifts_the_document_it_leads_to(link: str) -> None:
    page = quote("text", path="/guide/locks.html")
    index = quote(f"See {link}.", path="/news/index.html", document="e")
    there, here = lifts(["stale", "lock"], [page, index], 10)
    assert there.pointers >= POINTERS * (4 / 5) ** 2
    assert here.pointers == 0


def test_links_lift_by_the_best_name_alone_and_from_the_first_passages_only() -> None:
    page = quote("text", path="/locks.html")
    link = quote("[Stale locks](locks.html) [more on locks](locks.html)", path="/a.html", document="e")
    assert lift_of("stale lock", page, link, link).pointers == POINTERS
    assert lift_of("stale lock", page, link, first=1).pointers == 0


def test_a_link_to_a_place_of_its_own_page_lifts_the_page() -> None:
    assert lift_of("stale lock", quote("As [said](#stale-locks) above.", path="/locks.html")).pointers == POINTERS


@pytest.mark.parametrize(
    "target", ["https://example.com/locks.html", "other/locks.html", "mailto:locks.html", "", "<>"]
)
def test_a_link_to_elsewhere_lifts_nothing(target: str) -> None:
    page = quote("text", path="/locks.html")
    link = quote(f"[Stale locks]({target})", path="/a.html", document="e")
    assert lift_of("stale lock", page, link).pointers == 0


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
