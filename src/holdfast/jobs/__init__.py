"""Jobs that take effect once: the queue as users see it, workers, and what a handler is given."""

from holdfast.catalog.jobs import Job
from holdfast.jobs.context import Failed, JobContext, Skipped
from holdfast.jobs.kinds import Backoff, Kind
from holdfast.jobs.queue import Queue
from holdfast.jobs.worker import Worker

__all__ = ["Backoff", "Failed", "Job", "JobContext", "Kind", "Queue", "Skipped", "Worker"]
