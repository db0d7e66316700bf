"""Revision 0001: the tables of the first release, printed by holdfast.catalog.migrations.render."""

import sqlalchemy as sa
from alembic.operations import Operations

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade(op: Operations) -> None:
    """Make every table in an empty catalog."""
    op.create_table(
        "archives",
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("messages_id", TEXT, nullable=False),
        sa.Column("transcript_id", TEXT, nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("first_message", sa.BigInteger(), nullable=False),
        sa.Column("last_message", sa.BigInteger(), nullable=False),
        sa.Column("commit_seq", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "number", name=op.f("pk_archives")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_archives_messages_id"), "archives", ["messages_id"], unique=False)
    op.create_index(op.f("ix_archives_transcript_id"), "archives", ["transcript_id"], unique=False)
    op.create_table(
        "audit",
        sa.Column("audit_id", KEY, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("detail", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit")),
        sa.UniqueConstraint("kind", "subject", name=op.f("uq_audit_kind_subject")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_kind_audit_id"), "audit", ["kind", "audit_id"], unique=False)
    op.create_table(
        "branches",
        sa.Column("branch_id", KEY, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("base_branch_id", sa.BigInteger(), nullable=True),
        sa.Column("fork_seq", sa.BigInteger(), nullable=True),
        sa.Column("head_seq", sa.BigInteger(), nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("of_past", sa.Boolean(), nullable=False),
        sa.Column("deleted", sa.Double(), nullable=True),
        sa.Column("forgotten", sa.Double(), nullable=True),
        sa.Column("cleared", sa.Double(), nullable=True),
        sa.Column("horizon", sa.BigInteger(), nullable=True),
        sa.Column("thinned", sa.Double(), nullable=True),
        sa.Column("thinned_until", sa.BigInteger(), nullable=True),
        sa.Column("emptied", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_branches")),
    )
    op.create_index(
        op.f("ix_branches_base_branch_id_fork_seq"),
        "branches",
        ["base_branch_id", "fork_seq"],
        unique=False,
        sqlite_where=sa.text("forgotten IS NULL"),
        postgresql_where=sa.text("forgotten IS NULL"),
    )
    op.create_index(
        "ix_branches_uncleared",
        "branches",
        ["branch_id"],
        unique=False,
        sqlite_where=sa.text("forgotten IS NOT NULL AND cleared IS NULL"),
        postgresql_where=sa.text("forgotten IS NOT NULL AND cleared IS NULL"),
    )
    op.create_index(
        "uq_branches_name",
        "branches",
        ["name"],
        unique=True,
        sqlite_where=sa.text("deleted IS NULL"),
        postgresql_where=sa.text("deleted IS NULL"),
    )
    op.create_table(
        "commits",
        sa.Column("seq", KEY, nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_seq", sa.BigInteger(), nullable=True),
        sa.Column("merged_seq", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("idempotency_key", TEXT, nullable=True),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("jobs", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_commits")),
        sa.UniqueConstraint("branch_id", "idempotency_key", name=op.f("uq_commits_branch_id_idempotency_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_commits_branch_id_at"), "commits", ["branch_id", "at"], unique=False)
    op.create_index(
        op.f("ix_commits_merged_seq"),
        "commits",
        ["merged_seq"],
        unique=False,
        sqlite_where=sa.text("merged_seq IS NOT NULL"),
        postgresql_where=sa.text("merged_seq IS NOT NULL"),
    )
    op.create_table(
        "content_counts",
        sa.Column("place", TEXT, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_content_counts")),
    )
    op.create_table(
        "contents",
        sa.Column("content_id", TEXT, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", TEXT, nullable=False),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_contents")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entries",
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("content_id", TEXT, nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.Double(), nullable=False),
        sa.Column("source", TEXT, nullable=True),
        sa.Column("source_stamp", TEXT, nullable=True),
        sa.Column("from_seq", sa.BigInteger(), nullable=False),
        sa.Column("to_seq", sa.BigInteger(), server_default=sa.text("9223372036854775807"), nullable=False),
        sa.Column("properties_id", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_entries")),
        sa.UniqueConstraint(
            "branch_id", "parent_id", "name", "to_seq", name=op.f("uq_entries_branch_id_parent_id_name_to_seq")
        ),
    )
    op.create_index(
        op.f("ix_entries_branch_id_node_id_to_seq"), "entries", ["branch_id", "node_id", "to_seq"], unique=False
    )
    op.create_index(
        op.f("ix_entries_branch_id_parent_id_to_seq_from_seq"),
        "entries",
        ["branch_id", "parent_id", "to_seq", "from_seq"],
        unique=False,
    )
    op.create_index(
        op.f("ix_entries_content_id_to_seq"),
        "entries",
        ["content_id", "to_seq"],
        unique=False,
        sqlite_where=sa.text("content_id IS NOT NULL"),
        postgresql_where=sa.text("content_id IS NOT NULL"),
    )
    op.create_index(
        "ix_entries_ended",
        "entries",
        ["to_seq"],
        unique=False,
        sqlite_where=sa.text("to_seq < 9223372036854775807"),
        postgresql_where=sa.text("to_seq < 9223372036854775807"),
    )
    op.create_index(op.f("ix_entries_from_seq"), "entries", ["from_seq"], unique=False)
    op.create_index(
        op.f("ix_entries_properties_id_to_seq"),
        "entries",
        ["properties_id", "to_seq"],
        unique=False,
        sqlite_where=sa.text("properties_id IS NOT NULL"),
        postgresql_where=sa.text("properties_id IS NOT NULL"),
    )
    op.create_table(
        "folder_digests",
        sa.Column("digest_id", KEY, nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("state_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("deriver", TEXT, nullable=False),
        sa.Column("deriver_version", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("commit_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest_id", name=op.f("pk_folder_digests")),
        sa.UniqueConstraint(
            "state_id",
            "kind",
            "deriver",
            "deriver_version",
            name=op.f("uq_folder_digests_state_id_kind_deriver_deriver_version"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_folder_digests_node_id_kind"), "folder_digests", ["node_id", "kind"], unique=False)
    op.create_table(
        "graph_bases",
        sa.Column("base_id", KEY, nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("type_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("covers", sa.BigInteger(), nullable=False),
        sa.Column("loaded", sa.Boolean(), nullable=False),
        sa.Column("table_name", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("base_id", name=op.f("pk_graph_bases")),
        sa.UniqueConstraint(
            "branch_id", "type_id", "seq", "table_name", name=op.f("uq_graph_bases_branch_id_type_id_seq_table_name")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_graph_bases_branch_id_seq"), "graph_bases", ["branch_id", "seq"], unique=False)
    op.create_table(
        "graph_log",
        sa.Column("log_id", KEY, nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("type_id", sa.BigInteger(), nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("src", TEXT, nullable=True),
        sa.Column("dst", TEXT, nullable=True),
        sa.Column("row", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("log_id", name=op.f("pk_graph_log")),
        sa.UniqueConstraint("branch_id", "type_id", "key", "seq", name=op.f("uq_graph_log_branch_id_type_id_key_seq")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_graph_log_branch_id_seq"), "graph_log", ["branch_id", "seq"], unique=False)
    op.create_index(
        op.f("ix_graph_log_branch_id_type_id_dst_seq"),
        "graph_log",
        ["branch_id", "type_id", "dst", "seq"],
        unique=False,
        sqlite_where=sa.text("dst IS NOT NULL"),
        postgresql_where=sa.text("dst IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_graph_log_branch_id_type_id_seq"), "graph_log", ["branch_id", "type_id", "seq"], unique=False
    )
    op.create_index(
        op.f("ix_graph_log_branch_id_type_id_src_seq"),
        "graph_log",
        ["branch_id", "type_id", "src", "seq"],
        unique=False,
        sqlite_where=sa.text("src IS NOT NULL"),
        postgresql_where=sa.text("src IS NOT NULL"),
    )
    op.create_table(
        "graph_schemas",
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("branch_id", "seq", name=op.f("pk_graph_schemas")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "graph_values",
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("property_id", sa.BigInteger(), nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("branch_id", "property_id", "value", "seq", "key", name=op.f("pk_graph_values")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "intents",
        sa.Column("intent_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("staged", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", TEXT, nullable=True),
        sa.Column("started", sa.Double(), nullable=False),
        sa.Column("lease_until", sa.Double(), nullable=False),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("intent_id", name=op.f("pk_intents")),
    )
    op.create_index(op.f("ix_intents_started"), "intents", ["started"], unique=False)
    op.create_index(op.f("ix_intents_state_ended"), "intents", ["state", "ended"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("job_id", KEY, nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("run_at", sa.Double(), nullable=False),
        sa.Column("key", TEXT, nullable=True),
        sa.Column("after_job", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("token", TEXT, nullable=True),
        sa.Column("owner", TEXT, nullable=True),
        sa.Column("lease_until", sa.Double(), nullable=True),
        sa.Column("enqueued", sa.Double(), nullable=False),
        sa.Column("started", sa.Double(), nullable=True),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.Column("error", TEXT, nullable=True),
        sa.Column("result", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_jobs")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_jobs_ended",
        "jobs",
        ["ended", "state"],
        unique=False,
        sqlite_where=sa.text("ended IS NOT NULL"),
        postgresql_where=sa.text("ended IS NOT NULL"),
    )
    op.create_index(
        "ix_jobs_of_branch",
        "jobs",
        ["branch_id", "ended"],
        unique=False,
        sqlite_where=sa.text("branch_id > 1"),
        postgresql_where=sa.text("branch_id > 1"),
    )
    op.create_index("ix_jobs_of_kind", "jobs", [sa.literal_column("(kind || '/' || state)"), "job_id"], unique=False)
    op.create_index("ix_jobs_of_state", "jobs", [sa.literal_column("(state || '')"), "job_id"], unique=False)
    op.create_index(
        "ix_jobs_queued",
        "jobs",
        [sa.literal_column("priority DESC"), "job_id", "run_at", "kind", "attempts"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_jobs_running",
        "jobs",
        ["kind"],
        unique=False,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index(
        "ix_jobs_waiting",
        "jobs",
        ["after_job"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "uq_jobs_key",
        "jobs",
        ["key", "branch_id"],
        unique=True,
        sqlite_where=sa.text("key IS NOT NULL AND state IN ('queued', 'waiting')"),
        postgresql_where=sa.text("key IS NOT NULL AND state IN ('queued', 'waiting')"),
    )
    op.create_table(
        "kept",
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("branch_id", "seq", name=op.f("pk_kept")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lock_counts",
        sa.Column("what", TEXT, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("longest", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_lock_counts")),
    )
    op.create_table(
        "lock_numbers",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("boot", TEXT, nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.Column("reserved_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lock_numbers")),
    )
    op.create_table(
        "lock_queue",
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("mode", TEXT, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("expires", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("ticket", "path", name=op.f("pk_lock_queue")),
    )
    op.create_index(op.f("ix_lock_queue_branch_id_path"), "lock_queue", ["branch_id", "path"], unique=False)
    op.create_index(op.f("ix_lock_queue_expires"), "lock_queue", ["expires"], unique=False)
    op.create_table(
        "locks",
        sa.Column("token", KEY, nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("mode", TEXT, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("expires", sa.Double(), nullable=False),
        sa.Column("claim", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_locks")),
    )
    op.create_index(op.f("ix_locks_branch_id_path"), "locks", ["branch_id", "path"], unique=False)
    op.create_index(
        op.f("ix_locks_claim"),
        "locks",
        ["claim"],
        unique=False,
        sqlite_where=sa.text("claim IS NOT NULL"),
        postgresql_where=sa.text("claim IS NOT NULL"),
    )
    op.create_index(op.f("ix_locks_expires"), "locks", ["expires"], unique=False)
    op.create_table(
        "messages",
        sa.Column("message_id", KEY, nullable=False),
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("content", TEXT, nullable=False),
        sa.Column("parts", TEXT, nullable=True),
        sa.Column("tool_calls", TEXT, nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_messages")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_messages_session_id_message_id"), "messages", ["session_id", "message_id"], unique=False)
    op.create_table(
        "pins",
        sa.Column("pin_id", KEY, nullable=False),
        sa.Column("table_name", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("superseded_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("pin_id", name=op.f("pk_pins")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_pins_table_name_pin_id"), "pins", ["table_name", "pin_id"], unique=False)
    op.create_index(
        "uq_pins_current",
        "pins",
        ["table_name"],
        unique=True,
        sqlite_where=sa.text("superseded_at IS NULL"),
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "properties",
        sa.Column("properties_id", TEXT, nullable=False),
        sa.Column("json", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("properties_id", name=op.f("pk_properties")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "property_values",
        sa.Column("properties_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("to_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("properties_id", "key", "value", name=op.f("pk_property_values")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_property_values_ended",
        "property_values",
        ["key", "to_seq"],
        unique=False,
        sqlite_where=sa.text("to_seq < 9223372036854775807"),
        postgresql_where=sa.text("to_seq < 9223372036854775807"),
    )
    op.create_index(
        "ix_property_values_standing",
        "property_values",
        ["key", "value", "properties_id"],
        unique=False,
        sqlite_where=sa.text("to_seq = 9223372036854775807"),
        postgresql_where=sa.text("to_seq = 9223372036854775807"),
    )
    op.create_table(
        "renditions",
        sa.Column("content_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("deriver", TEXT, nullable=False),
        sa.Column("deriver_version", TEXT, nullable=False),
        sa.Column("rendered_id", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=True),
        sa.Column("meta", TEXT, server_default="{}", nullable=False),
        sa.Column("made", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("content_id", "kind", "deriver", "deriver_version", name=op.f("pk_renditions")),
    )
    op.create_index(
        op.f("ix_renditions_rendered_id"),
        "renditions",
        ["rendered_id"],
        unique=False,
        sqlite_where=sa.text("rendered_id <> content_id"),
        postgresql_where=sa.text("rendered_id <> content_id"),
    )
    op.create_table(
        "searchable",
        sa.Column("embedder", TEXT, nullable=False),
        sa.Column("content_id", TEXT, nullable=False),
        sa.Column("place", TEXT, nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("waits", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("embedder", "content_id", name=op.f("pk_searchable")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_searchable_waiting",
        "searchable",
        ["embedder", "waits", "chunks"],
        unique=False,
        sqlite_where=sa.text("waits = 1"),
        postgresql_where=sa.text("waits = 1"),
    )
    op.create_table(
        "sessions",
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("archives", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_sessions")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_sessions_created", "sessions", ["branch_id", sa.literal_column("created DESC"), "session_id"], unique=False
    )
    op.create_table(
        "settings",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_settings")),
    )
    op.create_table(
        "tags",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("commit_seq", sa.BigInteger(), nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tags")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_tags_commit_seq"), "tags", ["commit_seq"], unique=False)
    op.create_table(
        "tail",
        sa.Column("row_id", KEY, nullable=False),
        sa.Column("embedder", TEXT, nullable=False),
        sa.Column("content_id", TEXT, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("heading", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("terms", TEXT, nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_tail")),
        sa.UniqueConstraint("embedder", "content_id", "ordinal", name=op.f("uq_tail_embedder_content_id_ordinal")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "inline_bytes",
        sa.Column("content_id", TEXT, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["content_id"], ["contents.content_id"], name=op.f("fk_inline_bytes_content_id")),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_inline_bytes")),
    )
