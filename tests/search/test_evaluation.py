"""How well searches do: the figures of queries of one's own, and which of them found least."""

import math

import pytest

from holdfast.errors import Unsupported
from holdfast.front.store import Store
from holdfast.search.evaluation import Evaluation, WantedAnswer, result_of, wanted_answers

TWO = WantedAnswer(query="q", wanted=("/a.md", "/b"))


def test_the_figures_are_those_of_the_field() -> None:
    one = result_of(TWO, [("/x.md",), ("/b/c.md",), ("/b/d.md",), ("/y.md", "/a.md")])
    assert (one.ranks, one.rank, one.recall, one.first) == ((2, 4), 2, 1.0, "/x.md")
    assert one.ndcg == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3)))
    none = result_of(TWO, [])
    assert (none.rank, none.recall, none.ndcg, none.first) == (None, 0.0, 0.0, None)
    best = result_of(TWO, [("/a.md",), ("/b/c.md",)])
    both = Evaluation(results=(one, none, best), limit=10)
    assert both.mrr == pytest.approx((0.5 + 0 + 1) / 3)
    assert [both.recall, both.first] == pytest.approx([2 / 3, 1 / 3])
    assert both.worst == [none, one]


def test_a_store_is_evaluated_by_queries_of_its_own(store: Store) -> None:
    store.write("/locks.md", "# Locks\n\nA stale lock is broken by force.")
    store.write("/tea.md", "# Tea\n\nGreen leaves, hot water, three minutes.")
    lines = ['{"query": "stale lock", "wanted": "/locks.md"}\n', "\n", '{"query": "zyxw", "wanted": ["/no.md"]}']
    found = store.evaluate(lines, mode="text")
    assert [(each.query, each.rank) for each in found.results] == [("stale lock", 1), ("zyxw", None)]
    assert (found.recall, found.first, found.mrr, found.ndcg) == (0.5, 0.5, 0.5, 0.5)
    assert found == store.evaluate([{"query": "stale lock", "wanted": ["/locks.md"]}, *lines[2:]], mode="text")


BAD = ["{", "[]", "3", '{"query": "a"}', '{"query": "", "wanted": ["/a"]}', '{"query": "a", "wanted": []}']
BAD += ['{"query": "a", "wanted": ["a"]}', '{"query": "a", "wanted": [1]}', '{"query": 1, "wanted": ["/a"]}']


@pytest.mark.parametrize("line", BAD)
def test_a_line_that_is_no_query_is_named_by_its_number(store: Store, line: str) -> None:
    with pytest.raises(Unsupported, match="Line 3 is no query"):
        store.evaluate(['{"query": "a", "wanted": ["/a.md"]}', "", line])


def test_no_query_at_all_is_said(store: Store) -> None:
    with pytest.raises(Unsupported, match="no query to ask"):
        store.evaluate(["", "  \n"])


def test_a_mark_at_the_beginning_of_a_file_is_no_part_of_its_first_query() -> None:
    (asked,) = wanted_answers(['\ufeff{"query": "q", "wanted": "/a.md"}', "\n"])
    assert (asked.query, asked.wanted) == ("q", ("/a.md",))
