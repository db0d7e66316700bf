"""docs/architecture.md fits in the head, and what it shows is what happens."""

import re
from pathlib import Path

from holdfast.catalog.intents import ACTIVE, COMMITTED, SET_ASIDE, SWEPT
from holdfast.catalog.work import jobs
from tools.follow_a_note import followed

PAGE = Path(__file__).parent.parent / "docs/architecture.md"
SOURCE = Path(__file__).parent.parent / "src/holdfast"


def test_it_fits_in_the_head() -> None:
    assert len(PAGE.read_text("utf-8").splitlines()) <= 250


def test_the_rows_of_a_note_are_those_that_are_written() -> None:
    shown = "\n".join(followed())
    assert shown in PAGE.read_text("utf-8"), f"`python -m tools.follow_a_note` prints\n{shown}"


def test_every_file_it_names_is_there() -> None:
    named = re.findall(r"`([a-z_]+/[\w/]+\.py)`", PAGE.read_text("utf-8"))
    roots = (SOURCE, SOURCE.parent.parent)
    assert not [name for name in named if not any((root / name).exists() for root in roots)]


def test_every_state_is_in_its_table() -> None:
    text = PAGE.read_text("utf-8")
    states = {ACTIVE, COMMITTED, SWEPT, SET_ASIDE, *jobs.ENDED, *jobs.UNENDED}
    assert not {state for state in states if f"`{state}`" not in text}
