"""The buffer between the workers and the publish, and what goes through the pipe."""

import pickle
from pathlib import Path

import pytest

from holdfast.catalog.contents import Rendition
from holdfast.catalog.search_rows import TailRow
from holdfast.ingest.items import FailedFile, Item, Outcome, Prepared
from holdfast.ingest.preparing.worker_ipc import pack, pack_item, unpack, unpack_item
from holdfast.ingest.publishing import reorder_buffer
from holdfast.ingest.publishing.reorder_buffer import InOrder


def item(order: int) -> Item:
    return Item(
        order=order,
        source=Path(f"/in/{order}.md"),
        origin=f"/in/{order}.md",
        path=f"/resources/{order}.md",
        size=3,
        mtime_ns=10**18,
    )


def prepared(text: bytes = b"abc") -> Prepared:
    return Prepared(content_id="aa" * 32, size=len(text), media_type="text/markdown", data=text, stamp="3:1")


def released(buffer: InOrder) -> list[int]:
    return [item.order for item, _ in buffer.release()]


def test_what_arrives_early_waits_for_what_comes_before_it() -> None:
    buffer = InOrder()
    first, second, third = map(item, (1, 5, 9))
    for each in (first, second, third):
        buffer.expect(each)
    buffer.arrive(third, prepared())
    assert released(buffer) == []
    buffer.arrive(first, prepared())
    assert released(buffer) == [1]
    buffer.arrive(second, FailedFile("crashed", "it crashed"))
    assert released(buffer) == [5, 9]
    assert buffer.empty


def test_what_is_not_taken_stays_in_order() -> None:
    buffer = InOrder()
    for each in map(item, (1, 2)):
        buffer.expect(each)
        buffer.arrive(each, prepared())
    assert next(buffer.release())[0].order == 1
    assert released(buffer) == [2]


def test_many_files_waiting_for_a_slow_one_leave_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reorder_buffer, "WINDOW_FILES", 2)
    buffer = InOrder()
    buffer.expect(item(1))
    assert buffer.room
    buffer.expect(item(2))
    assert not buffer.room


def test_large_files_waiting_for_a_slow_one_leave_no_room_until_they_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reorder_buffer, "WINDOW_BYTES", 1000)
    buffer = InOrder()
    slow, large = item(1), item(2)
    buffer.expect(slow)
    buffer.expect(large)
    buffer.arrive(large, prepared(b"x" * 1000))
    assert not buffer.room
    buffer.arrive(slow, prepared())
    assert released(buffer) == [1, 2]
    assert buffer.room


ROWS = tuple(
    TailRow(
        row_id=0,
        content_id="aa" * 32,
        ordinal=i,
        heading=f"h{i}",
        text=f"t{i}",
        terms=f"t {i}",
        start=i,
        end=i + 2,
        page=i or None,
        vector=bytes([i]) * 8,
    )
    for i in range(3)
)
RENDITION = Rendition(
    content_id="aa" * 32,
    kind="markdown",
    deriver="html",
    deriver_version="1",
    rendered_id="bb" * 32,
    title="Title",
    meta={"pages": 3, "author": "A. Writer"},
)


@pytest.mark.parametrize(
    "outcome",
    [
        FailedFile("timed_out", "it took too long", 1.5),
        prepared(),
        Prepared(
            content_id="aa" * 32,
            size=9,
            media_type="text/html",
            data=None,
            stamp=None,
            rendition=RENDITION,
            rendered=b"# Title",
            rows=ROWS,
            seconds=0.25,
        ),
    ],
)
def test_an_outcome_comes_out_of_the_pipe_as_it_went_in(outcome: Outcome) -> None:
    assert unpack(pickle.loads(pickle.dumps(pack(outcome)))) == outcome


def test_an_item_comes_out_of_the_pipe_as_it_went_in() -> None:
    assert unpack_item(pickle.loads(pickle.dumps(pack_item(item(7))))) == item(7)
