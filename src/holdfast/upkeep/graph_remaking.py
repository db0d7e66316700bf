"""Making bases of the graph anew for another embedder, beside those there are.

Both hold the same rows and are read from the same commit on: a search reads the one with its own search columns, and
every other reader either. So nothing that is read changes, whenever this is killed.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from holdfast.backend import Backend
from holdfast.catalog import branches, commits
from holdfast.catalog.branches import Branch
from holdfast.catalog.graph import bases
from holdfast.catalog.graph.bases import Base
from holdfast.faults import point
from holdfast.index.embedding.chosen import ChosenEmbedder
from holdfast.publish.publication import StagingOutdated, begun, retrying
from holdfast.rows.bases.reading import open_base
from holdfast.rows.schema.types import TypeSchema
from holdfast.rows.searched.columns import SearchColumns
from holdfast.rows.standing import codecs_at


@dataclass(frozen=True, slots=True)
class UnlikeBase:
    """A base that a head reads, whose search columns are not those of an embedder."""

    branch: Branch
    kind: TypeSchema
    base: Base


def remake_all(backend: Backend, to: ChosenEmbedder, stop: Callable[[], bool] | None = None) -> int | None:
    """Have every base that a head reads be there for an embedder too.

    Returns the number of the newest base that was looked at; None when it was asked to stop.
    """
    while True:
        with backend.engine.read() as conn:
            newest = bases.newest_id(conn)
        made = 0
        for each in unlike(backend, to):
            if stop is not None and stop():
                return None
            made += retrying(functools.partial(remake, backend, to, each), otherwise=lambda: True)
        if not made:
            return newest


def unlike(backend: Backend, to: ChosenEmbedder) -> Iterator[UnlikeBase]:
    """Yield the bases that heads read and that an embedder cannot search."""
    with backend.engine.read() as conn:
        heads = [(branch, commits.head(conn, branch)) for branch in branches.every(conn)]
    for branch, head in heads:
        for kind in codecs_at(backend, branch, head).schema.live:
            columns = SearchColumns(kind, to)
            if not columns.texts.by_meaning:
                continue
            with backend.engine.read() as conn:
                base = bases.at(conn, branch, kind.id, head, columns.table_name)
            if base is not None and base.table != columns.table_name:
                yield UnlikeBase(branch, kind, base)


def remake(backend: Backend, to: ChosenEmbedder, found: UnlikeBase) -> bool:
    """Make the base of an embedder that has the rows of another; returns whether it did."""
    from holdfast.rows.bases.staging import BaseStaging

    staging = BaseStaging(backend.tables, found.kind, to)
    with backend.engine.read() as conn:
        now = bases.at(conn, found.branch, found.kind.id, found.base.seq, staging.name)
    if now != found.base:
        # Another branch that reads it had it made, or somebody else.
        return False
    with begun(backend, "graph fold", "upkeep", graph=True) as publication:
        reader = open_base(backend, found.branch, found.base)
        staged = staging.indexed(staging.rewritten(found.base, reader, ()))
        point("graph_remaking.before_publish")
        with publication.publish() as conn:
            if not bases.add_beside(conn, found.base, staged.table, staged.version):
                raise StagingOutdated
    return True
