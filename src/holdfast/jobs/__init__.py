"""Jobs that take effect once: the queue as users see it, workers, and what a handler is given."""

from holdfast.catalog.work.jobs import Job
from holdfast.jobs.context import Failed, JobContext, Skipped, Stopped
from holdfast.jobs.kinds import Backoff, JobKind
from holdfast.jobs.queue import JobQueue, JobStats
from holdfast.jobs.worker import Worker

__all__ = ["Backoff", "Failed", "Job", "JobContext", "JobKind", "JobQueue", "JobStats", "Skipped", "Stopped", "Worker"]
