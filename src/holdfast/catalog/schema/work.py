"""The tables of jobs, sessions and abstracts of directories."""

import sqlalchemy as sa

from holdfast.catalog.schema.columns import Key, Text, Time, metadata, rows_where

_UNSTARTED = "state IN ('queued', 'waiting')"

jobs: sa.Table = sa.Table(
    "jobs",
    metadata,
    sa.Column("job_id", Key, primary_key=True),
    sa.Column("branch_id", sa.BigInteger, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("payload", Text, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("run_at", Time, nullable=False),
    sa.Column("key", Text),
    sa.Column("after_job", sa.BigInteger),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("max_attempts", sa.Integer, nullable=False),
    sa.Column("token", Text),
    sa.Column("owner", Text),
    sa.Column("lease_until", Time),
    sa.Column("enqueued", Time, nullable=False),
    sa.Column("started", Time),
    sa.Column("ended", Time),
    sa.Column("error", Text),
    sa.Column("result", Text),
    # What a claim, an idle worker and the count of a kind's running jobs ask is answered by small partial indexes
    # alone, however many jobs have ended.
    sa.Index(
        "ix_jobs_queued",
        sa.text("priority DESC"),
        "job_id",
        "run_at",
        "kind",
        "attempts",
        **rows_where("state = 'queued'"),
    ),
    sa.Index("ix_jobs_running", "kind", **rows_where("state = 'running'")),
    sa.Index("ix_jobs_waiting", "after_job", **rows_where("state = 'waiting'")),
    sa.Index("uq_jobs_key", "key", "branch_id", unique=True, **rows_where(f"key IS NOT NULL AND {_UNSTARTED}")),
    # For the end of a branch, and for what is left of it. `main` has none.
    sa.Index("ix_jobs_of_branch", "branch_id", "ended", **rows_where("branch_id > 1")),
    # For lists of jobs. They lead with expressions that nothing else asks for: an index that led with the state itself
    # SQLite would take for every question about one, and sort the whole queue.
    sa.Index("ix_jobs_of_state", sa.text("(state || '')"), "job_id"),
    sa.Index("ix_jobs_of_kind", sa.text("(kind || '/' || state)"), "job_id"),
    sa.Index("ix_jobs_ended", "ended", "state", **rows_where("ended IS NOT NULL")),
    sqlite_autoincrement=True,
)


sessions: sa.Table = sa.Table(
    "sessions",
    metadata,
    sa.Column("session_id", Text, primary_key=True),
    # The one that it began on: its archives are there.
    sa.Column("branch_id", sa.BigInteger, nullable=False),
    sa.Column("created", Time, nullable=False),
    sa.Column("archives", sa.Integer, nullable=False, server_default="0"),
    sa.Index("ix_sessions_created", "branch_id", sa.text("created DESC"), "session_id"),
    sqlite_with_rowid=False,
)


messages: sa.Table = sa.Table(
    "messages",
    metadata,
    sa.Column("message_id", Key, primary_key=True),
    sa.Column("session_id", Text, nullable=False),
    sa.Column("role", Text, nullable=False),
    sa.Column("content", Text, nullable=False),
    sa.Column("parts", Text),
    sa.Column("tool_calls", Text),
    sa.Column("at", Time, nullable=False),
    sa.Index(None, "session_id", "message_id"),
    sqlite_autoincrement=True,
)


archives: sa.Table = sa.Table(
    "archives",
    metadata,
    sa.Column("session_id", Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("messages_id", Text, nullable=False),
    sa.Column("transcript_id", Text, nullable=False),
    sa.Column("messages", sa.Integer, nullable=False),
    sa.Column("first_message", sa.BigInteger, nullable=False),
    sa.Column("last_message", sa.BigInteger, nullable=False),
    sa.Column("commit_seq", sa.BigInteger, nullable=False),
    sa.Column("job_id", sa.BigInteger, nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.PrimaryKeyConstraint("session_id", "number"),
    sa.Index(None, "messages_id"),
    sa.Index(None, "transcript_id"),
    sqlite_with_rowid=False,
)


folder_digests: sa.Table = sa.Table(
    "folder_digests",
    metadata,
    sa.Column("digest_id", Key, primary_key=True),
    sa.Column("node_id", sa.BigInteger, nullable=False),
    sa.Column("state_id", Text, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("deriver", Text, nullable=False),
    sa.Column("deriver_version", Text, nullable=False),
    sa.Column("text", Text, nullable=False),
    sa.Column("commit_seq", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("state_id", "kind", "deriver", "deriver_version"),
    sa.Index(None, "node_id", "kind"),
    sqlite_autoincrement=True,
)
