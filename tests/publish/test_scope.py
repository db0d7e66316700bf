"""Single operations look at the head and cannot conflict; a callable is run again when it does."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from holdfast.errors import Conflict, NotFound
from holdfast.front.store import Store
from holdfast.publish.transaction import Transaction


def test_a_single_operation_looks_at_the_head_and_never_conflicts(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.write(f"/same/{n % 3}.md", f"text {n}"), range(48)))
    assert len(list(store.ls("/same"))) == 3


def test_a_callable_is_run_again_after_a_conflict(store: Store) -> None:
    store.write("/count", "0")

    def increment(tx: Transaction) -> int:
        value = int(tx.read("/count")) + 1
        tx.write("/count", str(value))
        return value

    with ThreadPoolExecutor(4) as pool:
        values = list(pool.map(lambda _: store.transaction(retries=100)(increment), range(24)))
    assert sorted(values) == list(range(1, 25))
    assert store.read("/count") == b"24"


def test_retries_are_bounded(store: Store) -> None:
    tries = []

    def always_too_late(tx: Transaction) -> None:
        tries.append(tx.base)
        tx.write("/f", "mine")
        store.write("/f", f"theirs {len(tries)}")

    with pytest.raises(Conflict):
        store.transaction(retries=2)(always_too_late)
    assert tries == sorted(set(tries))
    assert len(tries) == 3


def test_an_error_of_the_callable_is_not_tried_again(store: Store) -> None:
    tries = []

    def fails(tx: Transaction) -> None:
        tries.append(1)
        tx.read("/none")

    with pytest.raises(NotFound):
        store.transaction(retries=5)(fails)
    assert len(tries) == 1
