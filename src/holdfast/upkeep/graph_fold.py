"""Folding the log of the graph into bases: what it says of the rows of a type, in a table with its indexes.

The seam does not show: a base is read from the commit that it covers on, and what stands at that commit is the same
with it and without. The log stays, for history and for what reads older commits.
"""

import functools
from dataclasses import dataclass

from holdfast.backend import Backend
from holdfast.catalog import branches, commits, settings
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection
from holdfast.catalog.graph import bases, log
from holdfast.catalog.graph.bases import Base
from holdfast.catalog.graph.log import LogSpan
from holdfast.faults import point
from holdfast.index.embedding.chosen import ChosenEmbedder
from holdfast.publish.publication import StagingOutdated, begun, retrying
from holdfast.rows.schema.types import TypeSchema
from holdfast.rows.searched.columns import SearchColumns
from holdfast.rows.standing import codecs_at, rows_at
from holdfast.upkeep.graph_remaking import UnlikeBase, remake

#: rows of the log over a base from which on a look-up in both is slower than one in a new base
FOLD_ROWS = 10_000
#: rows of the log that are written between two looks whether a type has so many
LOOK_EVERY = 2_500
#: rows of the log for which `optimize` makes the first base of a type: fewer are read sooner than Lance is imported
LEAST_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class _Due:
    """A type whose log is long, on a branch at its head."""

    branch: Branch
    head: int
    kind: TypeSchema
    #: rows of the log that are folded, over a base and where there is none yet
    least: int
    least_of_all: int


def is_due(backend: Backend) -> bool:
    """Return whether so much was written to the log that types have to be looked at: a cheap question."""
    with backend.engine.read() as conn:
        looked = settings.get(conn, settings.GRAPH_LOOKED) or "0"
        return looked == settings.SCHEMA_APPLIED or log.newest_id(conn) - int(looked) >= LOOK_EVERY


def fold_graph(backend: Backend, *, thorough: bool = False, least: int = LEAST_ROWS) -> int:
    """Fold the logs that have grown long; returns how many rows they had.

    With `thorough`, all of types that have a base, and those of `least` rows of others.
    """
    with backend.engine.read() as conn:
        newest, looked = log.newest_id(conn), settings.get(conn, settings.GRAPH_LOOKED)
        there = branches.every(conn)
    folded = sum(_fold_branch(backend, branch, (1, least) if thorough else (FOLD_ROWS, FOLD_ROWS)) for branch in there)
    if (looked or "0") != str(newest):
        with backend.engine.write(durable=False) as conn:
            # A schema that was applied meanwhile is to be looked at too.
            if settings.get(conn, settings.GRAPH_LOOKED) == looked:
                settings.put(conn, settings.GRAPH_LOOKED, str(newest))
    return folded


def _fold_branch(backend: Backend, branch: Branch, least: tuple[int, int]) -> int:
    """Fold the logs of the types of a branch that have `least` rows, over a base and without one."""
    with backend.engine.read() as conn:
        if not branches.is_there(conn, branch):
            return 0
        head = commits.head(conn, branch)
    if branch.forks and head <= branch.forks[0].seq:
        # Its log is that of the branch it was made from, which folds it.
        return 0
    schema = codecs_at(backend, branch, head).schema
    folded = 0
    for kind in schema.live:
        attempt = functools.partial(_fold, backend, _Due(branch, head, kind, *least))
        folded += retrying(attempt, otherwise=lambda: 0)
    return folded


def _fold(backend: Backend, due: _Due) -> int:
    """Fold the log of one type, if it is long or its base cannot be searched; returns how many rows it had."""
    from holdfast.rows.bases.staging import BaseStaging

    branch, head, kind = due.branch, due.head, due.kind
    # One for all that is asked here, whatever the store turns to meanwhile.
    chosen = backend.chosen
    with backend.engine.read() as conn:
        base = bases.at(conn, branch, kind.id, head, SearchColumns(kind, chosen).table_name)
        span = LogSpan(branch, base.covers if base else 0, head)
        least = due.least if base else due.least_of_all
        otherwise = base is not None and _is_searched_otherwise(kind, chosen, base)
        if base and base.seq == head:
            return base.rows if otherwise and remake(backend, chosen, UnlikeBase(branch, kind, base)) else 0
        if not otherwise and log.count(conn, span, kind.id, least) < least:
            return 0
        keys = [row.key for row in log.of_type(conn, span, kind.id)]
    rows = rows_at(backend, branch, head)
    with begun(backend, "graph fold", "upkeep", graph=True) as publication:
        staging = BaseStaging(backend.tables, kind, chosen)
        reader = rows.open_base(base) if base else None
        staged = staging.rewritten(base, reader, keys)
        staged = staging.indexed(staging.with_rows(staged, rows.rows(kind.id, keys).values()))
        point("graph_fold.before_publish")
        with publication.publish() as conn:
            _check(conn, due, base.seq if base else None)
            bases.add(conn, branch, staged.as_base(kind, seq=head, covers=head, loaded=False))
    return len(keys)


def _is_searched_otherwise(kind: TypeSchema, chosen: ChosenEmbedder, base: Base) -> bool:
    """Return whether a base was made before what is searched today was declared, or for another embedder."""
    columns = SearchColumns(kind, chosen)
    return bool(columns) and base.table != columns.table_name


def _check(conn: Connection, due: _Due, seq: int | None) -> None:
    """Raise StagingOutdated when another base is read at the commit that is folded up to."""
    now = bases.at(conn, due.branch, due.kind.id, due.head)
    if not branches.is_there(conn, due.branch) or (now.seq if now else None) != seq:
        raise StagingOutdated
