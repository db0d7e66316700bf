"""Reindexing: what older converters, chunkers or analysers made of the visible files is made again by today's.

An upgrade changes nothing that is stored: a rendition goes by its converter's name and version, and its search rows go
with it. What a converter of today refuses keeps what it has. Each group of contents is one publish, so a reindex that
was stopped at any instant has made some groups anew, and the next one goes on with the others. No commit is made.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from holdfast.backend import Backend
from holdfast.catalog import contents, search_rows, subtrees
from holdfast.catalog.branches import Branch
from holdfast.catalog.contents import ROWS_BY, Content, Rendition
from holdfast.catalog.engine import Connection, batches
from holdfast.catalog.work import digests
from holdfast.documents import Derived
from holdfast.errors import Unsupported
from holdfast.ingest.conversion.convert import Document, default_registry
from holdfast.ingest.items import FailedFile, Outcome
from holdfast.ingest.preparing.deriver import BINARY, rows_by
from holdfast.ingest.rederiving import Again
from holdfast.ingest.report import PREPARE, Failure, Progress
from holdfast.publish.staging import live_among
from holdfast.recovery.rebuild import Replacement, replace_rows
from holdfast.search.visible import Visibility
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree

if TYPE_CHECKING:
    pass

#: bounds of one publish: contents, search rows, bytes of Markdown
GROUP_CONTENTS, GROUP_ROWS, GROUP_BYTES = 200, 4000, 32 * 1024 * 1024


@dataclass(frozen=True)
class ReindexReport:
    """What a reindex did. A content that stands at several paths is counted once."""

    #: contents looked at: all that are visible below the path
    checked: int = 0
    #: contents whose Markdown and search rows were made anew
    renewed: int = 0
    #: those that could not be made anew, and keep what they have
    failed: tuple[Failure, ...] = ()
    #: whether it was asked to stop before it was through
    interrupted: bool = False


@dataclass
class _Group:
    """Contents that are published together."""

    derived: dict[str, Derived] = field(default_factory=dict)
    rows: int = 0
    #: bytes of Markdown
    size: int = 0

    def add(self, content_id: str, derived: Derived) -> None:
        self.derived[content_id] = derived
        self.rows += len(derived.rows)
        self.size += sum(body.size for _, body in derived.renditions)

    @property
    def full(self) -> bool:
        return len(self.derived) >= GROUP_CONTENTS or self.rows >= GROUP_ROWS or self.size >= GROUP_BYTES


@dataclass
class _Reindex:
    """One run."""

    backend: Backend
    tree: CommittedTree
    under: str
    renewed: int = 0
    failed: list[Failure] = field(default_factory=list)

    def take(self, content: Content, outcome: Outcome, again: Again) -> Derived | None:
        """Return what is made of a content now; None when nothing is, which is noted if it ever was."""
        if not isinstance(outcome, FailedFile):
            return again.derived(content, outcome)
        with self.backend.engine.read() as conn:
            # What never was a document is none now: that is no news.
            if contents.rendition(conn, content.content_id) is not None:
                path = _path(conn, self, content.content_id)
                self.failed.append(Failure(path, PREPARE, outcome.code, outcome.reason))
        return None

    def renew(
        self,
        again: Again,
        wanted: list[Content],
        progress: Callable[[Progress], None] | None,
        stop: Callable[[], bool] | None,
    ) -> bool:
        """Make contents anew, a publish for every group; returns whether it was stopped before the last."""
        group, done, size, whole = _Group(), 0, 0, sum(content.size for content in wanted)
        for content, outcome in again.outcomes(wanted, stop):
            if progress is not None:
                progress(Progress(done, len(wanted), size, whole, True, content.content_id))
            derived = self.take(content, outcome, again)
            done, size = done + 1, size + content.size
            if derived is not None:
                group.add(content.content_id, derived)
            if group.full:
                self.publish(group)
                group = _Group()
        self.publish(group)
        return done < len(wanted)

    def publish(self, group: _Group) -> None:
        """Put what was derived where searches and readers look."""
        if group.derived:
            live = self.backend.tables.live
            new = Replacement(
                table=live,
                place=search_rows.TABLE,
                ids=group.derived,
                derived=group.derived,
                kind="reindex",
                only_live=True,
            )
            replace_rows(self.backend, new)
            self.renewed += len(group.derived)


def reindex(
    again: Again,
    branch: Branch,
    under: str,
    *,
    everything: bool = False,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> ReindexReport:
    """Make anew what is visible at or below `under` and was made by other versions; with `everything`, all of it.

    Once `stop` returns true, the group in hand is published and the reindex ends. Raises NotFound.
    """
    backend = again.backend
    run = _Reindex(backend, CommittedTree.lasting_at_head(backend.engine.read, branch), under)
    visible = _visible(run)
    wanted = [content for batch in batches(visible) for content in _outdated(backend, batch, everything=everything)]
    interrupted = run.renew(again, wanted, progress, stop)
    backend.hooks.announce_published()
    return ReindexReport(len(visible), run.renewed, tuple(run.failed), interrupted)


def _visible(run: _Reindex) -> list[str]:
    with run.tree.in_one_read() as tree, tree.read() as conn:
        entry = walking.need(tree, run.under)
        if entry.content_id is not None:
            return [entry.content_id]
        return sorted(subtrees.subtree_contents(conn, tree.branch, tree.seq, entry.node_id, limit=2**62))


def _outdated(backend: Backend, ids: list[str], *, everything: bool) -> Iterator[Content]:
    """Yield the documents among some contents that would come out by another name and version now."""
    with backend.engine.read() as conn:
        newest = digests.markdown_of(conn, ids)
        # What is nowhere a search looks is damage, and repair's to mend.
        known = [contents.get(conn, content_id) for content_id in sorted(live_among(conn, backend.embedder, ids))]
    for content in _documents(known):
        if everything or _made_by(newest.get(content.content_id)) != (_converter(content), rows_by()):
            yield content


def _documents(found: Iterable[Content | None]) -> Iterator[Content]:
    return (content for content in found if content is not None and _converter(content) is not None)


def _made_by(rendition: Rendition | None) -> tuple[str, str] | None:
    if rendition is None:
        return None
    return f"{rendition.deriver}/{rendition.deriver_version}", str(rendition.meta.get(ROWS_BY))


def _converter(content: Content) -> str | None:
    """Return the name and version of what would convert a content now, None for bytes that are no document."""
    if content.media_type == BINARY:
        return None
    try:
        return default_registry().key(Document("", b"", content.media_type))
    except Unsupported:
        return None


def _path(conn: Connection, run: _Reindex, content_id: str) -> str:
    look = Visibility(run.tree.branch, run.tree.seq, run.under)
    look.read_paths(conn, [content_id])
    return next(iter(look.paths.get(content_id, ())), content_id)
