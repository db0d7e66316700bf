"""What lifts a passage above what the two rankings say of it."""

from dataclasses import replace

import pytest

from holdfast.front.store import Store
from holdfast.index.text.analysis import terms_for
from holdfast.search.rerank import (
    COVERAGE,
    FIRST,
    LINKS,
    OPENING,
    PHRASE,
    POINTERS,
    SUBJECT,
    Lift,
    Passage,
    Quote,
    lifts,
)
from holdfast.search.wording import wording


def quote(text: str, *, heading: str = "", path: str = "/a.md", title: str = "", document: str = "d") -> Quote:
    return Quote(Passage(heading, text, terms_for(heading, text), 0, len(text), None), document, path, title)


def lift_of(query: str, *quotes: Quote) -> Lift:
    """Return what lifts the first of the passages."""
    return lifts(wording(query), quotes)[0]


def test_how_a_file_is_written_is_not_what_it_is_about() -> None:
    assert lift_of("html", quote("text", path="/page.html")).subject == 0


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


def test_what_a_document_begins_with_is_lifted_and_what_follows_less() -> None:
    opening = replace(quote("lock"), ordinal=0)
    assert lift_of("lock", opening).opening == OPENING
    assert lift_of("lock", replace(opening, ordinal=3)).opening == OPENING / 4


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
    there, here = lifts(wording("stale lock"), [page, index])
    assert there.pointers >= POINTERS * (4 / 5) ** 2
    assert here.pointers == 0


def test_links_lift_by_the_best_name_alone_and_from_the_first_passages_only() -> None:
    page = quote("text", path="/locks.html")
    link = quote("[Stale locks](locks.html) [more on locks](locks.html)", path="/a.html", document="e")
    assert lift_of("stale lock", page, link, link).pointers == POINTERS
    others = [quote("text", path=f"/{number}.html", document=str(number)) for number in range(FIRST - 1)]
    assert lift_of("stale lock", page, *others, link).pointers == 0


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
    assert lift_of("", quote("text")) == Lift(opening=OPENING)


def test_the_page_about_a_thing_comes_before_pages_that_mention_it(store: Store) -> None:
    for number in range(8):
        store.write(f"/news/{number}.md", f"# News {number}\n\nA task group may gather, and gather again, tasks.\n")
    store.write("/contents.md", "# Contents\n\n- [Task groups](groups.md)\n- [Gather tasks](gather.md)\n")
    about = "Runs what it is given at the same time. Gather waits for all of it, and gives the results in order.\n"
    store.write("/gather.md", f"# Gather tasks\n\n{about}")
    assert store.search("gather tasks", mode="text")[0].path != "/gather.md"
    assert store.search("gather tasks")[0].path == "/gather.md"
