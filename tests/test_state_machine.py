"""A store does what a dictionary does, through any sequence of operations, crashes and reopenings."""

import shutil
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from holdfast import Components
from holdfast.front.store import Store
from holdfast.testing import ManualClock, StoreMachine
from tests.support.looking import contents_of


class Machine(StoreMachine):
    """A store that is copied, which is quicker than making one; `pristine` is set by the test."""

    pristine: ClassVar[Path]

    def make_store(self, folder: Path) -> None:
        shutil.copytree(self.pristine, folder)


class Turned(StoreMachine):
    """A store of other parts, made where it stands."""

    components = Components(clock=ManualClock(), upkeep=False)


@pytest.mark.crash
def test_a_store_does_what_a_dictionary_does(pristine: Path) -> None:
    Machine.pristine = pristine
    run_state_machine_as_test(Machine, settings=settings(max_examples=20, stateful_step_count=20))


@pytest.mark.crash
def test_a_store_of_other_parts_does_so_too() -> None:
    run_state_machine_as_test(Turned, settings=settings(max_examples=2, stateful_step_count=10))


def test_the_head_is_what_the_reference_begins_with(store: Store) -> None:
    assert contents_of(store) == {}
