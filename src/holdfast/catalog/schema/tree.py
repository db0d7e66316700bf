"""The tables of the versioned tree: branches, commits, their names, and the entries that they show."""

import sqlalchemy as sa

from holdfast.catalog.schema.columns import Key, Text, Time, metadata, rows_where
from holdfast.catalog.values import FOREVER

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
    # Its oldest commit that gc left with all that follow; what came before it was taken, but for `kept`.
    sa.Column("horizon", sa.BigInteger),
    # When gc took commits of it last.
    sa.Column("thinned", Time),
    # Rows that ended up to this commit were looked at: what of them is still there is shown by a kept commit.
    sa.Column("thinned_until", sa.BigInteger),
    # When the last row of a deleted branch was gone.
    sa.Column("emptied", Time),
    sa.Index("uq_branches_name", "name", unique=True, **rows_where("deleted IS NULL")),
    sa.Index(None, "base_branch_id", "fork_seq", **rows_where("forgotten IS NULL")),
    sa.Index("ix_branches_uncleared", "branch_id", **rows_where("forgotten IS NOT NULL AND cleared IS NULL")),
)


# Commits older than their branch's horizon that can be read: something refers to them.
kept: sa.Table = sa.Table(
    "kept",
    metadata,
    sa.Column("branch_id", sa.BigInteger, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True),
    sqlite_with_rowid=False,
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
    sa.Index(None, "merged_seq", **rows_where("merged_seq IS NOT NULL")),
    sqlite_autoincrement=True,
)


tags: sa.Table = sa.Table(
    "tags",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("commit_seq", sa.BigInteger, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("created", Time, nullable=False),
    sa.Index(None, "commit_seq"),
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
    sa.Column("properties_id", Text),
    sa.UniqueConstraint("branch_id", "parent_id", "name", "to_seq"),
    # What began in a directory after a commit and stands is one range of this, however much stands there.
    sa.Index(None, "branch_id", "parent_id", "to_seq", "from_seq"),
    sa.Index(None, "branch_id", "node_id", "to_seq"),
    sa.Index(None, "content_id", "to_seq", **rows_where("content_id IS NOT NULL")),
    sa.Index(None, "properties_id", "to_seq", **rows_where("properties_id IS NOT NULL")),
    # Without the branch in front: SQLite, which has no statistics here, would prefer these to the indexes above.
    sa.Index(None, "from_seq"),
    sa.Index("ix_entries_ended", "to_seq", **rows_where(f"to_seq < {FOREVER}")),
)
