"""What is remembered weakly can be gone through while other threads add to it."""

import weakref
from collections.abc import Iterator
from typing import Any

from holdfast.host.weak import members


class Thing:
    """Something that can be remembered weakly."""


class Busy(weakref.WeakSet[Any]):
    """One that another thread adds to in the middle of the first time that somebody goes through it."""

    late: Thing | None = None

    def __iter__(self) -> Iterator[Any]:
        for each in super().__iter__():
            if self.late is None:
                self.late = Thing()
                self.add(self.late)
            yield each


def test_all_members_are_found_though_one_comes_meanwhile() -> None:
    things = [Thing(), Thing()]
    busy = Busy(things)
    assert set(members(busy)) == {*things, busy.late}
