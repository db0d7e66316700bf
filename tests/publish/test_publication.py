"""A publication shows all of what it staged or nothing, and leaves no intent of a living owner behind."""

import pytest

from holdfast.backend import Backend
from holdfast.catalog import contents, intents, settings
from holdfast.catalog.engine import Connection
from holdfast.catalog.intents import COMMITTED, SWEPT
from holdfast.documents import Body, body_of_bytes
from holdfast.errors import Conflict
from holdfast.front.store import Store
from holdfast.publish.publication import ATTEMPTS, StagingOutdated, begun, pinned, retrying
from holdfast.recovery.gc import gc
from holdfast.recovery.sweep import sweep
from holdfast.testing.seams import rooms
from tests.support.interrupts import in_time, interrupted
from tests.support.litter import tail_row


@pytest.fixture
def backend(store: Store) -> Backend:
    return rooms(store)


def large(fill: bytes = b"x") -> Body:
    return body_of_bytes(fill * 70_000, "application/octet-stream")


def states(backend: Backend) -> list[str]:
    """Return the states of all intents, oldest first."""
    with backend.engine.read() as conn:
        return [intent.state for intent in reversed(intents.newest(conn, 1000))]


def noted(backend: Backend) -> str | None:
    """Return what `note` wrote."""
    with backend.engine.read() as conn:
        return settings.get(conn, "noted")


def note(conn: Connection) -> None:
    settings.put(conn, "noted", "yes")


def version(backend: Backend) -> int:
    with backend.engine.read() as conn:
        return pinned(conn, backend.tables.live)


def test_its_rows_and_its_pins_become_visible_with_the_end_of_its_intent(backend: Backend) -> None:
    live, before = backend.tables.live, version(backend)
    with begun(backend, "fold", "upkeep", tables=True) as publication:
        staged = live.append(publication.base(live), [tail_row()]).version
        publication.pin(live, staged)
        with publication.publish() as conn:
            note(conn)
            assert (noted(backend), version(backend), states(backend)) == (None, before, ["active"])
    assert (noted(backend), version(backend), states(backend)) == ("yes", staged, [COMMITTED])


def test_without_anything_staged_there_is_no_intent(backend: Backend) -> None:
    with begun(backend, "publish", "user") as publication, publication.publish() as conn:
        note(conn)
    assert (noted(backend), states(backend)) == ("yes", [])


def test_one_that_is_left_without_a_publish_ends_its_intent_and_leaves_litter(backend: Backend) -> None:
    with begun(backend, "publish", "user", blobs=[large()]):
        assert states(backend) == ["active"]
    assert states(backend) == [SWEPT]
    assert gc(backend).blobs == 1


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_is_raised_inside_the_publish_takes_back_all_of_it(backend: Backend, error: type[BaseException]) -> None:
    before = version(backend)
    with pytest.raises(error), begun(backend, "fold", "upkeep", tables=True) as publication:
        publication.pin(backend.tables.live, 7)
        with publication.publish() as conn:
            note(conn)
            raise error
    assert (noted(backend), version(backend), states(backend)) == (None, before, [SWEPT])


def test_a_withdrawn_one_publishes_nothing_and_its_intent_is_swept(backend: Backend) -> None:
    with begun(backend, "publish", "user", blobs=[large()]) as publication, publication.publish():
        publication.withdraw()
    assert states(backend) == [SWEPT]


def test_a_version_that_was_built_on_a_pin_which_moved_is_not_pinned(backend: Backend) -> None:
    live = backend.tables.live
    with pytest.raises(StagingOutdated), begun(backend, "index", "upkeep", tables=True) as slow:
        slow.pin(live, live.append(slow.base(live), [tail_row()]).version)
        with begun(backend, "fold", "upkeep", tables=True) as quick:
            quick.pin(live, live.append(quick.base(live), [tail_row("1" * 64)]).version)
            with quick.publish():
                moved = quick
        with slow.publish() as conn:
            note(conn)
    assert moved.ended
    assert (noted(backend), states(backend)) == (None, [SWEPT, COMMITTED])


def test_what_two_appended_side_by_side_is_both_there(backend: Backend) -> None:
    live = backend.tables.live
    for each in ("0", "1"):
        with begun(backend, "publish", "user", tables=True) as slow:
            slow.append(live, [tail_row(each * 64)])
            with begun(backend, "publish", "user", tables=True) as quick:
                quick.append(live, [tail_row(each * 63 + "a")])
                with quick.publish() as conn:
                    quick.pin_appends(conn)
            with slow.publish() as conn:
                slow.pin_appends(conn)
    assert live.table.count(version(backend)) == 4


def test_one_that_relies_on_a_content_which_is_gone_is_refused(backend: Backend) -> None:
    body = body_of_bytes(b"small", "text/plain")
    with begun(backend, "repair", "repair") as publication, publication.publish() as conn:
        contents.insert(conn, [(body.content, body.data())])
    with begun(backend, "repair", "repair") as publication:
        publication.rely_on([body.content_id])
        gc(backend)
        with pytest.raises(StagingOutdated), publication.publish() as conn:
            note(conn)
    assert noted(backend) is None


def test_one_whose_owner_was_taken_for_dead_is_refused(backend: Backend) -> None:
    with pytest.raises(Conflict, match="swept") as refused, begun(backend, "gc", "gc", tables=True) as publication:
        with backend.engine.write() as conn:
            (intent,) = intents.live(conn)
            assert intents.take_over(conn, intent, backend.clock.now())
        with publication.publish() as conn:
            note(conn)
    assert refused.value.remedy
    assert noted(backend) is None


def test_what_no_longer_fits_is_staged_again_a_few_times_and_then_given_up() -> None:
    tried: list[int] = []

    def attempt() -> str:
        tried.append(1)
        raise StagingOutdated

    assert retrying(attempt, otherwise=lambda: "left for later") == "left for later"
    assert len(tried) == ATTEMPTS


def test_an_error_is_not_tried_again() -> None:
    tried: list[int] = []

    def attempt() -> None:
        tried.append(1)
        raise Conflict("somebody was quicker")

    with pytest.raises(Conflict):
        retrying(attempt, otherwise=lambda: None)
    assert len(tried) == 1


def test_an_interrupt_at_any_instant_leaves_all_or_nothing_and_nobodys_intent(store: Store, backend: Backend) -> None:
    def action() -> None:
        with begun(backend, "repair", "repair", tables=True) as publication, publication.publish() as conn:
            contents.insert(conn, [(body.content, body.data())])

    def look() -> None:
        sweep(backend)
        with backend.engine.write() as conn:
            note(conn)

    at, seen = 0, set()
    body = body_of_bytes(b"0", "text/plain")
    action()
    while True:
        at, body = at + 1, body_of_bytes(str(at).encode(), "text/plain")
        if not interrupted(action, at):
            break
        in_time(look)
        assert store.maintenance.intents() == [], f"at instant {at}"
        with backend.engine.read() as conn:
            seen.add(contents.get(conn, body.content_id) is not None)
    assert seen == {False, True}, "it has to go on beyond the commit point"
