"""Threads share a store, a forked child does not, and one that was closed says so."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import holdfast
from holdfast.errors import Unsupported
from holdfast.front.store import Store
from tests.support.processes import Child


def test_a_store_used_after_a_fork_says_so(folder: Path, child: Callable[..., Child]) -> None:
    other = child(
        """
        import os
        store = holdfast.open(sys.argv[1])
        pid = os.fork()
        if pid == 0:
            try:
                store.ls("/")
            except holdfast.Unsupported as error:
                say(error.message)
                store.close()
            os._exit(0)
        os.waitpid(pid, 0)
        store.write("/parent.md", "lives on")
        """,
        folder,
    )
    assert other.finish() == "The store was opened before a fork"
    with holdfast.open(folder) as store:
        assert store.exists("/parent.md")


def test_a_closed_store_says_so_and_may_be_closed_twice(store: Store) -> None:
    store.close()
    store.close()
    for use in (lambda: list(store.ls("/")), lambda: store.write("/a", "a")):
        with pytest.raises(Unsupported, match="closed"):
            use()


def test_threads_share_a_store(store: Store) -> None:
    def work(number: int) -> bytes:
        store.write(f"/t/{number}.md", f"text {number}")
        store.move(f"/t/{number}.md", f"/t/{number}-moved.md")
        return store.read(f"/t/{number}-moved.md")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(40))) == [f"text {n}".encode() for n in range(40)]
    assert len(list(store.ls("/t"))) == 40
