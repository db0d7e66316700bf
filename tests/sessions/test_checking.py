"""`verify` finds sessions and jobs that point at nothing."""

import pytest

from holdfast.front.store import Store
from holdfast.testing.seams import rooms


def test_a_store_with_sessions_and_jobs_is_whole(store: Store) -> None:
    talk(store)
    report = store.maintenance.verify(deep=True)
    assert not report.problems
    assert (report.checked["sessions"], report.checked["archives"], report.checked["jobs"]) == (1, 2, 2)


@pytest.mark.parametrize(
    ("damage", "kind", "found"),
    [
        ("UPDATE archives SET messages_id = 'gone' WHERE number = 1", "session", "names the content gone"),
        ("UPDATE archives SET transcript_id = 'gone' WHERE number = 2", "session", "names the content gone"),
        ("DELETE FROM sessions", "session", "which is gone"),
        ("DELETE FROM archives WHERE number = 1", "session", "has 2 archives, and has 1"),
        ("DELETE FROM archives WHERE number = 1", "job", "to remember archive 1"),
        ("UPDATE jobs SET state = 'done', ended = 1 WHERE job_id = 1", "job", "waits for job 1"),
        ("DELETE FROM jobs WHERE job_id = 1", "job", "waits for job 1"),
    ],
)
def test_what_points_at_nothing_is_found(store: Store, damage: str, kind: str, found: str) -> None:
    talk(store)
    with rooms(store).engine.write() as conn:
        conn.run(damage)
    problems = store.maintenance.verify().problems
    assert [problem for problem in problems if problem.kind == kind and found in problem.what]


def talk(store: Store) -> None:
    for text in ("one", "two"):
        store.session("chat").append("user", text)
        store.session("chat").commit()
    store.session("chat").append("user", "three")
