"""The catalog's tables, one schema for SQLite and PostgreSQL. docs/architecture.md explains them with a picture.

Versioned rows carry `from_seq` and `to_seq`: they are true at commit s when from_seq <= s < to_seq, and `FOREVER` means
"until further notice". Indexes on versioned rows end in `to_seq`, so that a look-up at or near the head skips all that
ended before, however long the history is (G9).
"""

from typing import Any

import sqlalchemy as sa

from holdfast.catalog.values import FOREVER

metadata: sa.MetaData = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

#: a 64-bit key that SQLite may alias to its rowid
Key: sa.BigInteger = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: text that is compared byte for byte on both engines, and so sorted in one order, whatever the database's language is
Text: sa.Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
#: seconds since the epoch
Time: sa.Double[float] = sa.Double()


_UNSTARTED = "state IN ('queued', 'waiting')"


def _rows_where(condition: str) -> dict[str, Any]:
    """Return the arguments that make an index partial on both databases."""
    return {f"{dialect}_where": sa.text(condition) for dialect in ("sqlite", "postgresql")}


settings: sa.Table = sa.Table(
    "settings",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("value", Text, nullable=False),
)

branches: sa.Table = sa.Table(
    "branches",
    metadata,
    sa.Column("branch_id", Key, primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("base_branch_id", sa.BigInteger),
    sa.Column("fork_seq", sa.BigInteger),
    sa.Column("head_seq", sa.BigInteger, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("created", Time, nullable=False),
    # Whether it was made at a commit that shows what no head showed any more: a search there reads the past too.
    sa.Column("of_past", sa.Boolean, nullable=False),
    # It stays while others have it below them. Its name is free at once, its id never.
    sa.Column("deleted", Time),
    # When it was deleted, and so was all that was made from it: nothing shows what it shows because of it.
    sa.Column("forgotten", Time),
    # When what it alone showed was retired.
    sa.Column("cleared", Time),
    sa.Index("uq_branches_name", "name", unique=True, **_rows_where("deleted IS NULL")),
    sa.Index(None, "base_branch_id", "fork_seq", **_rows_where("forgotten IS NULL")),
    sa.Index("ix_branches_uncleared", "branch_id", **_rows_where("forgotten IS NOT NULL AND cleared IS NULL")),
)

commits: sa.Table = sa.Table(
    "commits",
    metadata,
    sa.Column("seq", Key, primary_key=True),
    sa.Column("branch_id", sa.BigInteger, nullable=False),
    sa.Column("parent_seq", sa.BigInteger),
    # What a merge took over, up to this commit of another branch.
    sa.Column("merged_seq", sa.BigInteger),
    sa.Column("at", Time, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("message", Text, nullable=False),
    sa.Column("idempotency_key", Text),
    sa.Column("changes", sa.Integer, nullable=False),
    # Ids in JSON, of a commit with a key.
    sa.Column("jobs", Text),
    sa.UniqueConstraint("branch_id", "idempotency_key"),
    sa.Index(None, "branch_id", "at"),
    sa.Index(None, "merged_seq", **_rows_where("merged_seq IS NOT NULL")),
    sqlite_autoincrement=True,
)

tags: sa.Table = sa.Table(
    "tags",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("commit_seq", sa.BigInteger, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("created", Time, nullable=False),
    sqlite_with_rowid=False,
)

entries: sa.Table = sa.Table(
    "entries",
    metadata,
    sa.Column("entry_id", Key, primary_key=True),
    sa.Column("branch_id", sa.BigInteger, nullable=False),
    sa.Column("node_id", sa.BigInteger, nullable=False),
    sa.Column("parent_id", sa.BigInteger, nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("content_id", Text),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("modified", Time, nullable=False),
    sa.Column("source", Text),
    sa.Column("source_stamp", Text),
    sa.Column("from_seq", sa.BigInteger, nullable=False),
    sa.Column("to_seq", sa.BigInteger, nullable=False, server_default=sa.text(str(FOREVER))),
    sa.UniqueConstraint("branch_id", "parent_id", "name", "to_seq"),
    # What began in a directory after a commit and stands is one range of this, however much stands there.
    sa.Index(None, "branch_id", "parent_id", "to_seq", "from_seq"),
    sa.Index(None, "branch_id", "node_id", "to_seq"),
    sa.Index(None, "content_id", "to_seq", **_rows_where("content_id IS NOT NULL")),
    # Without the branch in front: SQLite, which has no statistics here, would prefer these to the indexes above.
    sa.Index(None, "from_seq"),
    sa.Index("ix_entries_ended", "to_seq", **_rows_where(f"to_seq < {FOREVER}")),
)

contents: sa.Table = sa.Table(
    "contents",
    metadata,
    sa.Column("content_id", Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("media_type", Text, nullable=False),
    sa.Column("inline", sa.Boolean, nullable=False),
    sqlite_with_rowid=False,
)

content_counts: sa.Table = sa.Table(
    "content_counts",
    metadata,
    sa.Column("place", Text, primary_key=True),
    sa.Column("n", sa.BigInteger, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
)

inline_bytes: sa.Table = sa.Table(
    "inline_bytes",
    metadata,
    sa.Column("content_id", Text, sa.ForeignKey("contents.content_id"), primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

renditions: sa.Table = sa.Table(
    "renditions",
    metadata,
    sa.Column("content_id", Text, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("deriver", Text, nullable=False),
    sa.Column("deriver_version", Text, nullable=False),
    sa.Column("rendered_id", Text, nullable=False),
    sa.Column("title", Text),
    sa.Column("meta", Text, nullable=False, server_default="{}"),
    sa.Column("made", Time, nullable=False),
    sa.PrimaryKeyConstraint("content_id", "kind", "deriver", "deriver_version"),
    # Without those that are stored in what they were made from: Markdown and text are their own renditions.
    sa.Index(None, "rendered_id", **_rows_where("rendered_id <> content_id")),
)

searchable: sa.Table = sa.Table(
    "searchable",
    metadata,
    sa.Column("embedder", Text, nullable=False),
    sa.Column("content_id", Text, nullable=False),
    sa.Column("place", Text, nullable=False),
    sa.Column("chunks", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("embedder", "content_id"),
    # No index of places: whoever goes through the contents of one goes through nearly all, and in a large store each
    # index of hashes is one more page to be written for every file that is added.
    sqlite_with_rowid=False,
)

tail: sa.Table = sa.Table(
    "tail",
    metadata,
    sa.Column("row_id", Key, primary_key=True),
    sa.Column("embedder", Text, nullable=False),
    sa.Column("content_id", Text, nullable=False),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("heading", Text, nullable=False),
    sa.Column("text", Text, nullable=False),
    sa.Column("terms", Text, nullable=False),
    sa.Column("start", sa.BigInteger, nullable=False),
    sa.Column("end", sa.BigInteger, nullable=False),
    sa.Column("page", sa.Integer),
    sa.Column("vector", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("embedder", "content_id", "ordinal"),
    sqlite_autoincrement=True,
)

pins: sa.Table = sa.Table(
    "pins",
    metadata,
    sa.Column("pin_id", Key, primary_key=True),
    sa.Column("table_name", Text, nullable=False),
    sa.Column("version", Text, nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Column("superseded_at", Time),
    sa.Index("uq_pins_current", "table_name", unique=True, **_rows_where("superseded_at IS NULL")),
    sa.Index(None, "table_name", "pin_id"),
    sqlite_autoincrement=True,
)

intents: sa.Table = sa.Table(
    "intents",
    metadata,
    sa.Column("intent_id", Text, primary_key=True),
    sa.Column("kind", Text, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("owner", Text, nullable=False),
    sa.Column("staged", Text, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("error", Text),
    sa.Column("started", Time, nullable=False),
    sa.Column("lease_until", Time, nullable=False),
    sa.Column("ended", Time),
    sa.Index(None, "state", "ended"),
    sa.Index(None, "started"),
)

audit: sa.Table = sa.Table(
    "audit",
    metadata,
    sa.Column("audit_id", Key, primary_key=True),
    sa.Column("at", Time, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("subject", Text, nullable=False),
    sa.Column("detail", Text, nullable=False),
    sa.UniqueConstraint("kind", "subject"),
    sa.Index(None, "kind", "audit_id"),
    sqlite_autoincrement=True,
)

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
        **_rows_where("state = 'queued'"),
    ),
    sa.Index("ix_jobs_running", "kind", **_rows_where("state = 'running'")),
    sa.Index("ix_jobs_waiting", "after_job", **_rows_where("state = 'waiting'")),
    sa.Index("uq_jobs_key", "key", "branch_id", unique=True, **_rows_where(f"key IS NOT NULL AND {_UNSTARTED}")),
    # For the end of a branch. `main` has none.
    sa.Index("ix_jobs_of_branch", "branch_id", **_rows_where("branch_id > 1 AND ended IS NULL")),
    # For lists of jobs. They lead with expressions that nothing else asks for: an index that led with the state itself
    # SQLite would take for every question about one, and sort the whole queue.
    sa.Index("ix_jobs_of_state", sa.text("(state || '')"), "job_id"),
    sa.Index("ix_jobs_of_kind", sa.text("(kind || '/' || state)"), "job_id"),
    sa.Index("ix_jobs_ended", "ended", "state", **_rows_where("ended IS NOT NULL")),
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

locks: sa.Table = sa.Table(
    "locks",
    metadata,
    sa.Column("token", Key, primary_key=True),
    sa.Column("branch_id", sa.BigInteger, nullable=False),
    sa.Column("path", Text, nullable=False),
    sa.Column("mode", Text, nullable=False),
    sa.Column("holder", Text, nullable=False),
    sa.Column("owner", Text, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("purpose", Text, nullable=False),
    sa.Column("since", Time, nullable=False),
    sa.Column("expires", Time, nullable=False),
    sa.Column("claim", Text),
    sa.Index(None, "branch_id", "path"),
    sa.Index(None, "expires"),
    sa.Index(None, "claim", **_rows_where("claim IS NOT NULL")),
)

lock_queue: sa.Table = sa.Table(
    "lock_queue",
    metadata,
    sa.Column("ticket", sa.BigInteger, nullable=False),
    sa.Column("branch_id", sa.BigInteger, nullable=False),
    sa.Column("path", Text, nullable=False),
    sa.Column("mode", Text, nullable=False),
    sa.Column("holder", Text, nullable=False),
    sa.Column("owner", Text, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("purpose", Text, nullable=False),
    sa.Column("since", Time, nullable=False),
    sa.Column("expires", Time, nullable=False),
    sa.PrimaryKeyConstraint("ticket", "path"),
    sa.Index(None, "branch_id", "path"),
    sa.Index(None, "expires"),
)

lock_numbers: sa.Table = sa.Table(
    "lock_numbers",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("boot", Text, nullable=False),
    sa.Column("next_number", sa.BigInteger, nullable=False),
    sa.Column("reserved_until", sa.BigInteger, nullable=False),
)

lock_counts: sa.Table = sa.Table(
    "lock_counts",
    metadata,
    sa.Column("what", Text, primary_key=True),
    sa.Column("n", sa.BigInteger, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("longest", sa.Double, nullable=False),
)
