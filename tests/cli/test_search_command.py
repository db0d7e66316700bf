"""search: what people and programs see of a search."""

import pytest

from tests.support.command_line import Run


@pytest.fixture(autouse=True)
def _library(run: Run) -> None:
    run("write", "/locks.md", "--text", "# Locks\n\n## Fencing\n\nA stale holder is refused by its fencing token.")
    run("write", "/tea.md", "--text", "# Tea\n\nGreen leaves, hot water, three minutes.")


def test_a_hit_names_its_place_and_quotes_it(run: Run) -> None:
    shown = run("search", "fencing", "token", "--mode", "text")
    assert shown.lines[0].startswith("  1. /locks.md  ")
    assert shown.lines[1].strip() == "Locks > Fencing"
    assert "fencing token." in shown.lines[2]


def test_programs_get_places_marks_and_scores(run: Run) -> None:
    hit = run("search", "fencing token", "--json").json["hits"][0]
    assert hit["path"] == "/locks.md"
    assert "fencing" in [hit["text"][start:end].lower() for start, end in hit["marks"]]
    assert "why" not in hit


def test_explain_shows_which_ranks_came_from_where(run: Run) -> None:
    shown = run("search", "fencing", "--explain")
    assert "text rank 1" in shown.out
    assert "vector rank" in shown.out
    assert "words looked for" in shown.out
    explained = run("search", "fencing", "--explain", "--json").json
    assert explained["hits"][0]["why"]["text_rank"] == 1
    assert explained["explain"]["mode"] == "hybrid"


def test_search_keeps_to_a_path_a_limit_and_a_commit(run: Run) -> None:
    assert run("search", "tea", "--under", "locks.md", "--mode", "text").out == ""
    assert len(run("search", "a", "-n", "1", "--json", "--mode", "vector").json["hits"]) == 1
    assert run("search", "tea leaves", "--at", "1", "--json").json["hits"] == []


def test_nothing_found_is_said_on_standard_error_and_is_no_failure(run: Run) -> None:
    nothing = run("search", "zyxw", "--mode", "text")
    assert (nothing.status, nothing.out) == (0, "")
    assert "Nothing found" in nothing.err


def test_an_unknown_mode_or_limit_is_wrong_usage(run: Run) -> None:
    assert run("search", "x", "--mode", "nix").status == 2
    assert run("search", "x", "-n", "0").status == 2


def test_under_a_path_that_is_not_there_is_not_found(run: Run) -> None:
    assert run("search", "x", "--under", "/nix").status == 4
