"""The queue's questions go through small partial indexes: their cost must not depend on how many jobs have ended."""

from collections.abc import Callable
from typing import Any

import pytest

import holdfast
from holdfast.catalog.engine import Connection
from holdfast.catalog.work import jobs
from holdfast.testing.seams import rooms
from tests.catalog.test_query_plans import Planning

KINDS = ["abstract", "memory", "overview"]
QUESTIONS: dict[str, tuple[Callable[[Connection], object], str]] = {
    "claimable": (lambda c: jobs.claimable(c, KINDS, 5.0, 3), "ix_jobs_queued"),
    "next_due": (lambda c: jobs.next_due(c, KINDS), "ix_jobs_queued"),
    "running": (jobs.running, "ix_jobs_running"),
    "running_by_kind": (jobs.running_by_kind, "ix_jobs_running"),
    "under_way": (lambda c: jobs.under_way(c, KINDS, 5.0), "ix_jobs_running"),
    "unstarted_with_key": (lambda c: jobs.unstarted_with_key(c, 1, "k"), "uq_jobs_key"),
    "unended_with_prefix": (lambda c: jobs.unended_with_prefix(c, "k"), "uq_jobs_key"),
    "failed": (lambda c: jobs.failed(c, 10), "ix_jobs_of_state"),
    "newest": (lambda c: jobs.newest(c, [jobs.QUEUED, jobs.RUNNING]), "ix_jobs_of_state"),
    "newest of a kind": (lambda c: jobs.newest(c, [jobs.QUEUED, jobs.RUNNING], "k"), "ix_jobs_of_kind"),
    "oldest_unended": (jobs.oldest_unended, "ix_jobs_waiting"),
    "forget_ended": (lambda c: jobs.forget_ended(c, 5.0), "ix_jobs_ended"),
    "holds": (lambda c: jobs.holds(c, 1, "t"), "rowid=?"),
    "cancel": (lambda c: jobs.cancel(c, 1, 5.0), "rowid=?"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_about_jobs_is_answered_through_its_index(name: str, store: holdfast.Store) -> None:
    ask, index = QUESTIONS[name]
    with rooms(store).engine.read() as conn:
        planning: Any = Planning(conn)
        ask(planning)
    touching = [step for step in planning.steps if " jobs" in step]
    assert touching
    assert any(index in step for step in touching)
    assert not [step for step in touching if "INDEX" not in step and "PRIMARY KEY" not in step]


def test_a_claim_sorts_nothing(store: holdfast.Store) -> None:
    with rooms(store).engine.read() as conn:
        planning: Any = Planning(conn)
        jobs.claimable(planning, KINDS, 5.0, 3)
    assert not [step for step in planning.steps if "TEMP B-TREE" in step]
