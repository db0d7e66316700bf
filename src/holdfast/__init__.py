"""Holdfast: a crash-safe context store for AI agents.

>>> import holdfast
>>> with holdfast.open("kb") as store:
...     store.write("/notes/today.md", "# Today")
...     store.search("today")
"""

from typing import TYPE_CHECKING, Any

from holdfast.catalog.audit import AuditRecord
from holdfast.catalog.commits import Commit
from holdfast.catalog.work.enqueueing import JobTicket
from holdfast.catalog.work.jobs import Job, JobState
from holdfast.catalog.work.sessions import Archive, Message
from holdfast.digest.digest import Summary
from holdfast.documents import Data
from holdfast.errors import (
    AlreadyExists,
    BranchGone,
    Conflict,
    ConversionFailed,
    CorruptStore,
    HoldfastError,
    InvalidConfig,
    InvalidPath,
    IsADirectory,
    Locked,
    LockLost,
    NotADirectory,
    NotEmpty,
    NotFound,
    ProviderFailed,
    ReadOnly,
    StorageFailed,
    StoreNotFound,
    StoreTooNew,
    TooLarge,
    Unsupported,
)
from holdfast.front.components import Components, Limits
from holdfast.front.jobs import Jobs
from holdfast.front.locks import Locks
from holdfast.front.maintenance import Maintenance
from holdfast.front.memories import Memories
from holdfast.front.opening import create
from holdfast.front.opening import open_store as open
from holdfast.front.sessions import Sessions
from holdfast.front.store import Store
from holdfast.front.summaries import Summaries
from holdfast.host.clock import Clock
from holdfast.jobs import Backoff, Failed, JobContext, JobKind, JobQueue, JobStats, Skipped, Stopped, Worker
from holdfast.locks.lock import Lock
from holdfast.locks.modes import LockMode
from holdfast.locks.observer import LockInfo, LockState, LockStats
from holdfast.models.concurrent_calls import Answer
from holdfast.publish.matching import IfMatch
from holdfast.publish.scope import TransactionScope
from holdfast.publish.transaction import Transaction, TransactionJobs
from holdfast.search.hits import Explanation, Hit, ScoreBreakdown, SearchMode
from holdfast.sessions.archiving import SessionCommit
from holdfast.sessions.context import SessionContext
from holdfast.sessions.memory import Memory, MemorySource
from holdfast.sessions.session import Session, SessionInfo
from holdfast.tree.history import Change
from holdfast.tree.reading import FileInfo, GrepMatch
from holdfast.tree.snapshot import At, Snapshot
from holdfast.upkeep.upkeep import OptimizeReport

if TYPE_CHECKING:
    from holdfast.front.async_store import AsyncStore, open_async
    from holdfast.ingest.reindex import ReindexReport
    from holdfast.ingest.report import AddReport, Failure, Progress
    from holdfast.recovery.checks.inspection import Problem, VerifyReport
    from holdfast.recovery.doctor import Finding
    from holdfast.recovery.gc import GcReport
    from holdfast.recovery.journal import IntentInfo, IntentState
    from holdfast.recovery.repair import Lost, RepairReport
    from holdfast.recovery.status import Status

__version__ = "0.1.0"

__all__ = [
    "AddReport",
    "AlreadyExists",
    "Answer",
    "Archive",
    "AsyncStore",
    "At",
    "AuditRecord",
    "Backoff",
    "BranchGone",
    "Change",
    "Clock",
    "Commit",
    "Components",
    "Conflict",
    "ConversionFailed",
    "CorruptStore",
    "Data",
    "Explanation",
    "Failed",
    "Failure",
    "FileInfo",
    "Finding",
    "GcReport",
    "GrepMatch",
    "Hit",
    "HoldfastError",
    "IfMatch",
    "IntentInfo",
    "IntentState",
    "InvalidConfig",
    "InvalidPath",
    "IsADirectory",
    "Job",
    "JobContext",
    "JobKind",
    "JobQueue",
    "JobState",
    "JobStats",
    "JobTicket",
    "Jobs",
    "Limits",
    "Lock",
    "LockInfo",
    "LockLost",
    "LockMode",
    "LockState",
    "LockStats",
    "Locked",
    "Locks",
    "Lost",
    "Maintenance",
    "Memories",
    "Memory",
    "MemorySource",
    "Message",
    "NotADirectory",
    "NotEmpty",
    "NotFound",
    "OptimizeReport",
    "Problem",
    "Progress",
    "ProviderFailed",
    "ReadOnly",
    "ReindexReport",
    "RepairReport",
    "ScoreBreakdown",
    "SearchMode",
    "Session",
    "SessionCommit",
    "SessionContext",
    "SessionInfo",
    "Sessions",
    "Skipped",
    "Snapshot",
    "Status",
    "Stopped",
    "StorageFailed",
    "Store",
    "StoreNotFound",
    "StoreTooNew",
    "Summaries",
    "Summary",
    "TooLarge",
    "Transaction",
    "TransactionJobs",
    "TransactionScope",
    "Unsupported",
    "VerifyReport",
    "Worker",
    "create",
    "open",
    "open_async",
]

#: names whose modules are imported when they are first asked for: not every program adds, or repairs
_LATER = {
    "AsyncStore": "holdfast.front.async_store",
    "open_async": "holdfast.front.async_store",
    "AddReport": "holdfast.ingest.report",
    "Failure": "holdfast.ingest.report",
    "Finding": "holdfast.recovery.doctor",
    "GcReport": "holdfast.recovery.gc",
    "IntentInfo": "holdfast.recovery.journal",
    "IntentState": "holdfast.recovery.journal",
    "Lost": "holdfast.recovery.repair",
    "Problem": "holdfast.recovery.checks.inspection",
    "Progress": "holdfast.ingest.report",
    "ReindexReport": "holdfast.ingest.reindex",
    "RepairReport": "holdfast.recovery.repair",
    "Status": "holdfast.recovery.status",
    "VerifyReport": "holdfast.recovery.checks.inspection",
}


if not TYPE_CHECKING:  # else every misspelt name would be one of these to a type checker

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module 'holdfast' has no attribute {name!r}")
        import importlib

        value = globals()[name] = getattr(importlib.import_module(_LATER[name]), name)
        return value


def __dir__() -> list[str]:
    # What helps this module to be is no part of it.
    hidden = {"TYPE_CHECKING", "Any", "_LATER", "__getattr__", "__dir__"}
    return sorted({*globals(), *__all__} - hidden)
