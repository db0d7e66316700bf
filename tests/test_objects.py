"""What the objects of the public API say of themselves, and that they stay in their process."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast.errors import Unsupported
from holdfast.front.store import Store

LIVING: dict[str, Callable[[Store], object]] = {
    "store": lambda store: store,
    "snapshot": lambda store: store.snapshot(),
    "locks": lambda store: store.locks,
    "sessions": lambda store: store.sessions,
    "memories": lambda store: store.memories,
    "jobs": lambda store: store.jobs,
    "summaries": lambda store: store.summaries,
    "maintenance": lambda store: store.maintenance,
    "lock": lambda store: store.lock("/a"),
    "session": lambda store: store.session("talk"),
    "worker": lambda store: store.jobs.worker(),
    "scope": lambda store: store.transaction(),
    "transaction": lambda store: store.transaction().__enter__(),
}


@pytest.mark.parametrize("made", LIVING.values(), ids=LIVING)
def test_what_belongs_to_an_open_store_says_what_it_is(made: Callable[[Store], object], store: Store) -> None:
    thing = made(store)
    assert " object at 0x" not in repr(thing)
    assert repr(thing).startswith(f"<{type(thing).__name__} ")


@pytest.mark.parametrize("take", [pickle.dumps, copy.deepcopy], ids=["pickle", "deepcopy"])
@pytest.mark.parametrize("made", LIVING.values(), ids=LIVING)
def test_what_belongs_to_an_open_store_stays_in_its_process(
    made: Callable[[Store], object], take: Callable[[object], object], store: Store
) -> None:
    with pytest.raises(Unsupported, match=r"cannot be pickled or copied.*holdfast\.open"):
        take(made(store))


def test_values_can_be_pickled(store: Store, folder: Path) -> None:
    store.write("/a.md", "tea")
    store.session("talk").append("user", "tea")
    values: list[Any] = [
        store.stat("/a.md"),
        store.commit_at(),
        store.search("tea"),
        store.explain("tea"),
        store.status(),
        store.diff(None),
        list(store.sessions.list()),
        store.session("talk").messages(),
        store.maintenance.verify(),
        store.jobs.stats(),
        store.locks.stats(),
        list(store.grep("tea")),
    ]
    assert pickle.loads(pickle.dumps(values)) == values


def test_the_package_shows_what_is_meant_for_users_and_nothing_that_serves_itself() -> None:
    strange = {name for name in dir(holdfast) if name.isidentifier() and not name.startswith("__")}
    modules = {name for name in strange if type(getattr(holdfast, name)) is type(holdfast)}
    assert strange - modules == set(holdfast.__all__)
