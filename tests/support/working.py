"""Doing the jobs of a store."""

from holdfast.front.store import Store


def work(store: Store) -> None:
    """Run what can be run now, in this thread."""
    worker = store.jobs.worker()
    while worker.turn():
        pass
