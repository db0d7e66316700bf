"""The same idempotency key twice gives the first commit back, whoever asks."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import holdfast
from holdfast.catalog.commits import Commit
from holdfast.front.store import Store
from tests.support.looking import contents_of
from tests.support.processes import Child


def test_the_same_key_gives_the_first_commit_back(store: Store) -> None:
    for text in ("first", "second"):
        with store.transaction(idempotency_key="k1") as tx:
            tx.write("/a.md", text)
    assert store.read("/a.md") == b"first"
    seen: list[Commit] = []
    for _ in range(2):
        tx = store.transaction(idempotency_key="k2").__enter__()
        tx.write("/big.bin", b"\1" * 200_000)
        seen.append(tx.commit())
    assert seen[0] == seen[1]
    with store.transaction(idempotency_key="k3") as tx:
        tx.write("/a.md", "third")
    assert store.read("/a.md") == b"third"


def test_a_retried_key_is_answered_even_when_its_own_commit_would_be_a_conflict(store: Store) -> None:
    store.write("/a.md", "0")
    first, again = (store.transaction(idempotency_key="once").__enter__() for _ in range(2))
    for tx in (first, again):
        tx.write("/a.md", tx.read("/a.md") + b"+1")
    assert first.commit() == again.commit()
    assert store.read("/a.md") == b"0+1"


@pytest.mark.parametrize("first", ["nothing", "what stands there", "what it takes back"])
def test_a_key_is_remembered_though_the_first_call_changed_nothing(store: Store, first: str) -> None:
    store.write("/a.md", "there")
    with store.transaction(idempotency_key="k") as tx:
        if first == "what stands there":
            tx.write("/a.md", "there")
        elif first == "what it takes back":
            tx.write("/b.md", "b")
            tx.remove("/b.md")
    with store.transaction(idempotency_key="k") as again:
        again.write("/a.md", "changed meanwhile")
    assert store.read("/a.md") == b"there"
    assert again.published == tx.published
    assert tx.published is not None
    assert (tx.published.idempotency_key, tx.published.changes) == ("k", 0)


def test_a_repeated_enqueue_is_told_the_jobs_of_the_first(store: Store) -> None:
    waiting = store.jobs.enqueue("noop", key="waiting")

    def enqueue(names: str) -> list[int | None]:
        with store.transaction(idempotency_key="k") as tx:
            tickets = [tx.jobs.enqueue("noop", key=name) for name in (*names, "waiting")]
        return [ticket.id for ticket in tickets]

    first = enqueue("ab")
    # A job that waited under the key already is told like one that was written.
    assert first[-1] == waiting
    assert None not in first
    assert enqueue("ab") == first
    # Whoever asks for more under the same key gets no more.
    assert enqueue("abcd") == [*first, None, None]
    assert len(list(store.jobs)) == 3


def test_the_same_key_in_another_process_gives_the_first_commit_back(store: Store, child: Callable[..., Child]) -> None:
    tx = store.transaction(idempotency_key="shared").__enter__()
    tx.write("/a.md", "here")
    commit = tx.commit()
    other = child(
        """
        with holdfast.open(sys.argv[1]) as store:
            tx = store.transaction(idempotency_key="shared").__enter__()
            tx.write("/a.md", "there")
            say(tx.commit().id)
        """,
        Path(store.address),
    )
    assert int(other.finish()) == commit.id
    assert store.read("/a.md") == b"here"


def test_a_race_for_one_key_has_one_commit(store: Store) -> None:
    start = threading.Barrier(6)

    def race(number: int) -> Commit:
        with holdfast.open(Path(store.address)) as mine:
            tx = mine.transaction(idempotency_key="race").__enter__()
            tx.write(f"/winner-{number}", str(number))
            start.wait()
            return tx.commit()

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(race, range(6)))
    assert len(answers) == 1
    assert len(contents_of(store)) == 1
