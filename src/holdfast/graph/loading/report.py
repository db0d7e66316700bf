"""What a load did, or would do, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from holdfast.catalog.commits import Commit
from holdfast.rows.schema.tabular import BadRow

#: what becomes of rows that are there already: a Conflict, replaced by key, or all of the loaded types replaced
LoadMode = Literal["append", "merge", "overwrite"]
#: of a file
FileFormat = Literal["jsonl", "csv", "tsv", "parquet", "arrow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadProgress:
    """The progress of a load."""

    #: `reading` the source, `checking` what is true of all rows together, or `indexing`
    doing: Literal["reading", "checking", "indexing"]
    #: rows read so far
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """What a load did, or would do."""

    #: rows of the source that are right, by name of type
    rows: Mapping[str, int]
    #: the first of the rows that are wrong; only a dry run tells of them here
    bad: tuple[BadRow, ...] = ()
    #: how many rows are wrong
    refused: int = 0
    #: the commit that has them: the newest one where they changed nothing; None for a dry run
    commit: Commit | None = None
