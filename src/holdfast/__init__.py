"""Holdfast: a crash-safe context store for AI agents.

>>> import holdfast
>>> with holdfast.open("kb") as store:
...     store.write("/notes/today.md", "# Today")
...     store.search("today")
"""

# Nothing is imported here, `typing` neither: the command `holdfast` comes through here before it can answer a Ctrl-C.
# Type checkers know this name.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from holdfast.catalog.audit import AuditRecord
    from holdfast.catalog.branches import BranchInfo
    from holdfast.catalog.commits import Commit
    from holdfast.catalog.history.tags import TagInfo
    from holdfast.catalog.work.enqueueing import JobTicket
    from holdfast.catalog.work.jobs import Job, JobState
    from holdfast.catalog.work.sessions import Archive, Message
    from holdfast.config import (
        EmbedderSettings,
        HistorySettings,
        IngestSettings,
        JobsSettings,
        LlmSettings,
        MemorySettings,
        SearchSettings,
        Settings,
        StoreSettings,
    )
    from holdfast.digest.digest import Summary
    from holdfast.documents import Data
    from holdfast.errors import (
        AlreadyExists,
        BranchGone,
        CommitTaken,
        Conflict,
        ConversionFailed,
        CorruptStore,
        HoldfastError,
        InvalidConfig,
        InvalidPath,
        InvalidRow,
        IsADirectory,
        Locked,
        LockLost,
        MergeConflict,
        MergeConflicted,
        MergeSide,
        NotADirectory,
        NotEmpty,
        NotFound,
        ProviderFailed,
        ReadOnly,
        RowConflict,
        StorageFailed,
        StoreNotFound,
        StoreTooNew,
        TooLarge,
        Unsupported,
    )
    from holdfast.front.annotations.properties import Properties
    from holdfast.front.annotations.summaries import Summaries
    from holdfast.front.async_store import AsyncStore, open_async
    from holdfast.front.branches import Branches
    from holdfast.front.components import Components, Limits
    from holdfast.front.graph.graph import Graph, SchemaInput
    from holdfast.front.history.tags import Tags
    from holdfast.front.jobs import Jobs
    from holdfast.front.locks import Locks
    from holdfast.front.maintenance import Maintenance
    from holdfast.front.memories import Memories
    from holdfast.front.opening import create, doctor, find
    from holdfast.front.opening import open_store as open
    from holdfast.front.sessions import Sessions
    from holdfast.front.store import Store
    from holdfast.graph.exporting import ExportReport
    from holdfast.graph.importing import ImportReport
    from holdfast.graph.loading.report import LoadProgress, LoadReport
    from holdfast.graph.models.markers import (
        Embed,
        File,
        FullText,
        Index,
        Key,
        MaxLength,
        Pattern,
        Range,
        RenamedFrom,
        Unique,
        Vector,
    )
    from holdfast.graph.models.nodes import Edge, Node
    from holdfast.graph.provenance import Provenance, SourceState
    from holdfast.graph.searching.hits import RowExplanation, RowHit, RowHits
    from holdfast.host.clock import Clock
    from holdfast.ingest.reindex import ReindexReport
    from holdfast.ingest.report import AddReport, Failure, Progress
    from holdfast.jobs.context import Failed, JobContext, Skipped, Stopped
    from holdfast.jobs.kinds import Backoff, JobKind
    from holdfast.jobs.queue import JobQueue, JobStats
    from holdfast.jobs.worker import Worker
    from holdfast.locks.lock import Lock
    from holdfast.locks.modes import LockMode
    from holdfast.locks.observer import LockInfo, LockState, LockStats
    from holdfast.models.concurrent_calls import Answer
    from holdfast.publish.graph_changes import RowInput, TransactionGraph
    from holdfast.publish.matching import IfMatch
    from holdfast.publish.merging import MergeReport
    from holdfast.publish.scope import TransactionScope
    from holdfast.publish.transaction import Transaction, TransactionJobs, TransactionProperties
    from holdfast.recovery.checks.inspection import Problem, VerifyReport
    from holdfast.recovery.doctor import Finding
    from holdfast.recovery.gc import GcReport
    from holdfast.recovery.journal import IntentInfo, IntentState
    from holdfast.recovery.repair import Lost, RepairReport
    from holdfast.recovery.status import Status
    from holdfast.rows.differences import RowDifference, RowVersion
    from holdfast.rows.finding.pages import RowList
    from holdfast.rows.graph_rows import GraphRow, PathStep, Reached, RowModel
    from holdfast.rows.schema.steps import CheckKind, RowCheck, SchemaPlan, SchemaStep, StepKind
    from holdfast.rows.schema.tabular import BadRow
    from holdfast.rows.schema.types import (
        Cardinality,
        GraphSchema,
        OnDelete,
        PropertySchema,
        PropertyType,
        TypeKind,
        TypeSchema,
        ValueKind,
    )
    from holdfast.rows.sources import Source, SourceInput
    from holdfast.rows.standing import SnapshotGraph
    from holdfast.search.evaluation import Evaluation, QueryResult
    from holdfast.search.hits import Explanation, Hit, HitKind, HitPassage, ScoreBreakdown, SearchMode
    from holdfast.sessions.archiving import SessionCommit
    from holdfast.sessions.context import SessionContext
    from holdfast.sessions.memory import Memory, MemorySource
    from holdfast.sessions.session import Session, SessionInfo
    from holdfast.tree.feed import ChangeEvent
    from holdfast.tree.history import Change
    from holdfast.tree.reading import FileInfo, GrepMatch
    from holdfast.tree.snapshot import At, Snapshot, SnapshotProperties
    from holdfast.upkeep.upkeep import OptimizeReport

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
    "BadRow",
    "BranchGone",
    "BranchInfo",
    "Branches",
    "Cardinality",
    "Change",
    "ChangeEvent",
    "CheckKind",
    "Clock",
    "Commit",
    "CommitTaken",
    "Components",
    "Conflict",
    "ConversionFailed",
    "CorruptStore",
    "Data",
    "Edge",
    "Embed",
    "EmbedderSettings",
    "Evaluation",
    "Explanation",
    "ExportReport",
    "Failed",
    "Failure",
    "File",
    "FileInfo",
    "Finding",
    "FullText",
    "GcReport",
    "Graph",
    "GraphRow",
    "GraphSchema",
    "GrepMatch",
    "HistorySettings",
    "Hit",
    "HitKind",
    "HitPassage",
    "HoldfastError",
    "IfMatch",
    "ImportReport",
    "Index",
    "IngestSettings",
    "IntentInfo",
    "IntentState",
    "InvalidConfig",
    "InvalidPath",
    "InvalidRow",
    "IsADirectory",
    "Job",
    "JobContext",
    "JobKind",
    "JobQueue",
    "JobState",
    "JobStats",
    "JobTicket",
    "Jobs",
    "JobsSettings",
    "Key",
    "Limits",
    "LlmSettings",
    "LoadProgress",
    "LoadReport",
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
    "MaxLength",
    "Memories",
    "Memory",
    "MemorySettings",
    "MemorySource",
    "MergeConflict",
    "MergeConflicted",
    "MergeReport",
    "MergeSide",
    "Message",
    "Node",
    "NotADirectory",
    "NotEmpty",
    "NotFound",
    "OnDelete",
    "OptimizeReport",
    "PathStep",
    "Pattern",
    "Problem",
    "Progress",
    "Properties",
    "PropertySchema",
    "PropertyType",
    "Provenance",
    "ProviderFailed",
    "QueryResult",
    "Range",
    "Reached",
    "ReadOnly",
    "ReindexReport",
    "RenamedFrom",
    "RepairReport",
    "RowCheck",
    "RowConflict",
    "RowDifference",
    "RowExplanation",
    "RowHit",
    "RowHits",
    "RowInput",
    "RowList",
    "RowModel",
    "RowVersion",
    "SchemaInput",
    "SchemaPlan",
    "SchemaStep",
    "ScoreBreakdown",
    "SearchMode",
    "SearchSettings",
    "Session",
    "SessionCommit",
    "SessionContext",
    "SessionInfo",
    "Sessions",
    "Settings",
    "Skipped",
    "Snapshot",
    "SnapshotGraph",
    "SnapshotProperties",
    "Source",
    "SourceInput",
    "SourceState",
    "Status",
    "StepKind",
    "Stopped",
    "StorageFailed",
    "Store",
    "StoreNotFound",
    "StoreSettings",
    "StoreTooNew",
    "Summaries",
    "Summary",
    "TagInfo",
    "Tags",
    "TooLarge",
    "Transaction",
    "TransactionGraph",
    "TransactionJobs",
    "TransactionProperties",
    "TransactionScope",
    "TypeKind",
    "TypeSchema",
    "Unique",
    "Unsupported",
    "ValueKind",
    "Vector",
    "VerifyReport",
    "Worker",
    "create",
    "doctor",
    "find",
    "open",
    "open_async",
]


if not TYPE_CHECKING:  # else every misspelt name would be one of these to a type checker

    def __getattr__(name: str) -> object:
        from holdfast.homes import MODULE_OF, OTHERWISE

        if name not in MODULE_OF:
            raise AttributeError(f"module 'holdfast' has no attribute {name!r}")
        import importlib

        from holdfast.host.importing import importing

        # Not by two threads at once: see there.
        with importing():
            module = importlib.import_module(MODULE_OF[name])
        value = globals()[name] = getattr(module, OTHERWISE.get(name, name))
        return value


def __dir__() -> list[str]:
    # What helps this module to be is no part of it.
    hidden = {"TYPE_CHECKING", "__getattr__", "__dir__"}
    return sorted({*globals(), *__all__} - hidden)
