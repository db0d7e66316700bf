"""The weights of the ranking are those that docs/search.md gives figures for."""

import re
from pathlib import Path

import pytest

from bench.sets.notes import NOTES
from holdfast.front.store import Store
from holdfast.index import fusion
from holdfast.index.embedding import meaning
from holdfast.search import rerank

PAGE = Path(__file__).parents[2] / "docs" / "search.md"
#: of all 72 questions
MEASURED = 0.48
NAMES = ("TEXT", "EVIDENCE", "VECTOR", "SUBJECT", "PHRASE", "COVERAGE", "OPENING", "POINTERS", "LINKS")


def weight(name: str) -> float:
    found = getattr(fusion, name, None) or getattr(rerank, name)
    assert isinstance(found, float)
    return found


def test_the_page_states_the_weights() -> None:
    stated = dict(re.findall(r"`([A-Z]+)` \| ([0-9.]+) \|", PAGE.read_text("utf-8")))
    assert {name: float(value) for name, value in stated.items()} == {name: weight(name) for name in NAMES}


@pytest.fixture
def notes(store: Store) -> Store:
    """Return a store with the short notes."""
    with store.transaction() as tx:
        for name, text, _ in NOTES:
            tx.write(f"/notes/{name}.md", text)
    return store


def reciprocal(notes: Store) -> float:
    """Return the mean reciprocal rank of the note that each question is about."""
    total = 0.0
    for name, _, question in NOTES:
        paths = [hit.path for hit in notes.search(question)]
        total += 1 / (1 + paths.index(f"/notes/{name}.md")) if f"/notes/{name}.md" in paths else 0.0
    return total / len(NOTES)


def test_the_notes_are_found_as_often_as_when_the_weights_were_chosen(notes: Store) -> None:
    assert reciprocal(notes) == pytest.approx(MEASURED, abs=0.01)


def test_another_weight_of_meaning_would_have_been_noticed(notes: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "nearness_of", lambda _: fusion.Nearness(fusion.VECTOR / 4))
    assert reciprocal(notes) < MEASURED - 0.05
