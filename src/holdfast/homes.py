"""Where each name of the package lives: its module is imported when somebody first asks for the name."""

_HOMES = {
    "holdfast.catalog.audit": "AuditRecord",
    "holdfast.catalog.branches": "BranchInfo",
    "holdfast.catalog.commits": "Commit",
    "holdfast.catalog.history.tags": "TagInfo",
    "holdfast.catalog.work.enqueueing": "JobTicket",
    "holdfast.catalog.work.jobs": "Job JobState",
    "holdfast.catalog.work.sessions": "Archive Message",
    "holdfast.config": (
        "EmbedderSettings HistorySettings IngestSettings JobsSettings LlmSettings MemorySettings SearchSettings "
        "Settings StoreSettings"
    ),
    "holdfast.digest.digest": "Summary",
    "holdfast.documents": "Data",
    "holdfast.errors": (
        "AlreadyExists BranchGone CommitTaken Conflict ConversionFailed CorruptStore HoldfastError InvalidConfig "
        "InvalidPath InvalidRow IsADirectory LockLost Locked MergeConflict MergeConflicted MergeSide NotADirectory "
        "NotEmpty NotFound ProviderFailed ReadOnly RowConflict StorageFailed StoreNotFound StoreTooNew TooLarge "
        "Unsupported"
    ),
    "holdfast.front.async_store": "AsyncStore open_async",
    "holdfast.front.components": "Components Limits",
    "holdfast.front.graph.graph": "Graph SchemaInput",
    "holdfast.publish.graph_changes": "RowInput TransactionGraph",
    "holdfast.rows.finding.pages": "RowList",
    "holdfast.rows.graph_rows": "GraphRow PathStep Reached RowModel",
    "holdfast.rows.sources": "Source SourceInput",
    "holdfast.rows.standing": "SnapshotGraph",
    "holdfast.rows.differences": "RowDifference RowVersion",
    "holdfast.rows.schema.steps": "CheckKind RowCheck SchemaPlan SchemaStep StepKind",
    "holdfast.rows.schema.tabular": "BadRow",
    "holdfast.rows.schema.types": (
        "Cardinality GraphSchema OnDelete PropertySchema PropertyType TypeKind TypeSchema ValueKind"
    ),
    "holdfast.front.history.tags": "Tags",
    "holdfast.front.jobs": "Jobs",
    "holdfast.front.branches": "Branches",
    "holdfast.front.locks": "Locks",
    "holdfast.front.maintenance": "Maintenance",
    "holdfast.front.memories": "Memories",
    "holdfast.front.opening": "create doctor find open",
    "holdfast.front.sessions": "Sessions",
    "holdfast.front.store": "Store",
    "holdfast.front.annotations.properties": "Properties",
    "holdfast.front.annotations.summaries": "Summaries",
    "holdfast.graph.exporting": "ExportReport",
    "holdfast.graph.importing": "ImportReport",
    "holdfast.graph.models.markers": (
        "Embed File FullText Index Key MaxLength Pattern Range RenamedFrom Unique Vector"
    ),
    "holdfast.graph.models.nodes": "Edge Node",
    "holdfast.graph.provenance": "Provenance SourceState",
    "holdfast.host.clock": "Clock",
    "holdfast.ingest.reindex": "ReindexReport",
    "holdfast.graph.loading.report": "LoadProgress LoadReport",
    "holdfast.graph.searching.hits": "RowExplanation RowHit RowHits",
    "holdfast.ingest.report": "AddReport Failure Progress",
    "holdfast.jobs.context": "Failed JobContext Skipped Stopped",
    "holdfast.jobs.kinds": "Backoff JobKind",
    "holdfast.jobs.queue": "JobQueue JobStats",
    "holdfast.jobs.worker": "Worker",
    "holdfast.locks.lock": "Lock",
    "holdfast.locks.modes": "LockMode",
    "holdfast.locks.observer": "LockInfo LockState LockStats",
    "holdfast.models.concurrent_calls": "Answer",
    "holdfast.publish.matching": "IfMatch",
    "holdfast.publish.merging": "MergeReport",
    "holdfast.publish.scope": "TransactionScope",
    "holdfast.publish.transaction": "Transaction TransactionJobs TransactionProperties",
    "holdfast.recovery.checks.inspection": "Problem VerifyReport",
    "holdfast.recovery.doctor": "Finding",
    "holdfast.recovery.gc": "GcReport",
    "holdfast.recovery.journal": "IntentInfo IntentState",
    "holdfast.recovery.repair": "Lost RepairReport",
    "holdfast.recovery.status": "Status",
    "holdfast.search.evaluation": "Evaluation QueryResult",
    "holdfast.search.hits": "Explanation Hit HitKind HitPassage ScoreBreakdown SearchMode",
    "holdfast.sessions.archiving": "SessionCommit",
    "holdfast.sessions.context": "SessionContext",
    "holdfast.sessions.memory": "Memory MemorySource",
    "holdfast.sessions.session": "Session SessionInfo",
    "holdfast.tree.feed": "ChangeEvent",
    "holdfast.tree.history": "Change",
    "holdfast.tree.reading": "FileInfo GrepMatch",
    "holdfast.tree.snapshot": "At Snapshot SnapshotProperties",
    "holdfast.upkeep.upkeep": "OptimizeReport",
}

#: the module of each name
MODULE_OF: dict[str, str] = {name: module for module, names in _HOMES.items() for name in names.split()}
#: names that are another one in their module
OTHERWISE: dict[str, str] = {"open": "open_store"}
