"""Converting happens before the writers' turn is asked for: a parser that hangs stops nobody but its caller."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from holdfast.documents import Body, Derived
from holdfast.front.store import Store
from holdfast.testing.seams import rooms

PAGE = "<h1>Slow</h1><p>zebra</p>"


def _written(store: Store) -> Callable[[], object]:
    return lambda: store.write("/slow.html", PAGE)


def _in_a_transaction(store: Store) -> Callable[[], object]:
    return lambda: store.transaction()(lambda tx: tx.write("/slow.html", PAGE))


def _restored(store: Store) -> Callable[[], object]:
    store.write("/slow.html", PAGE)
    at = store.commit_at().id
    store.remove("/slow.html")
    # From here on the content is in the history table: it is converted again when it comes back.
    assert store.maintenance.optimize().retired
    return lambda: store.restore("/slow.html", at=at)


@pytest.mark.parametrize("prepare", [_written, _in_a_transaction, _restored])
def test_others_write_while_a_document_is_converted(
    store: Store, prepare: Callable[[Store], Callable[[], object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = Event(), Event()
    slow = prepare(store)
    derive = rooms(store).deriver.derive

    def hanging(name: str, body: Body) -> Derived:
        if body.size == len(PAGE):
            begun.set()
            assert go_on.wait(60)
        return derive(name, body)

    monkeypatch.setattr(rooms(store).deriver, "derive", hanging)
    with ThreadPoolExecutor(1) as thread:
        try:
            waiting = thread.submit(slow)
            assert begun.wait(60)
            store.write("/quick.md", "quick")
            assert not store.exists("/slow.html")
        finally:
            go_on.set()
        waiting.result(60)
    assert [hit.path for hit in store.search("zebra", mode="text")] == ["/slow.html"]
