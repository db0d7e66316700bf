"""Garbage collection: contents that nothing refers to, their search rows and blobs, and files that nobody reads.

History is kept unless somebody says for how long (retention/): a content that any entry of any commit holds is never
collected, nor what a rendition of it is stored in. What is left are contents that a transaction wrote and overwrote
before it was published, renditions that were replaced, and what writers gave up.

A content is forgotten in one SQL transaction that has looked again whether nothing refers to it, with its search rows,
in the tail and in the tables alike: a row left behind would be found twice should the content come back. A writer that
relied on the content finds it unknown when it publishes, and stages it anew (publish/committing.py). Only then
are the blobs removed. After a crash in between they are blobs without a content, which every run looks for.
"""

import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from holdfast.backend import Backend
from holdfast.catalog import audit, contents, intents, pins, search_rows
from holdfast.catalog.contents import Content
from holdfast.catalog.engine import Connection, batches
from holdfast.catalog.intents import Intent
from holdfast.catalog.search_rows import Searchable
from holdfast.errors import StorageFailed
from holdfast.faults import point
from holdfast.index.tables import GraphTable, SearchTable
from holdfast.publish import intention
from holdfast.publish.publication import StagingOutdated, begun, retrying
from holdfast.recovery import litter
from holdfast.recovery.former import collect_former
from holdfast.recovery.retention.keep import Keep
from holdfast.recovery.retention.thinning import thin
from holdfast.recovery.sweep import make_room, sweep
from holdfast.recovery.unnamed_properties import collect_properties

#: contents forgotten in one SQL transaction
CONTENTS_PER_TURN = 200
#: seconds that rows about pins nobody reads any more, and about intents that ended, are kept for the curious
KEPT = 30 * 86_400.0


@dataclass(kw_only=True)
class GcReport:
    """What was collected, or would be."""

    dry_run: bool = False
    #: commits that can be read no more, rows of the tree that nothing showed any more, and deleted branches of which
    #: nothing is left, with their sessions
    commits: int = 0
    entries: int = 0
    branches: int = 0
    sessions: int = 0
    #: contents forgotten, with all that was derived from them
    contents: int = 0
    #: bytes of those contents
    content_bytes: int = 0
    #: blobs removed: those contents' own, and those no content was ever published for
    blobs: int = 0
    #: properties forgotten
    properties: int = 0
    #: files of tables removed
    files: int = 0
    #: bytes of those files
    file_bytes: int = 0
    #: files left alone because a live writer may be staging them
    held: int = 0


def gc(backend: Backend, *, keep: Keep | None = None, dry_run: bool = False) -> GcReport:
    """Collect what nothing refers to; with `dry_run`, only count it. Others go on reading and writing meanwhile.

    With `keep`, what only older commits show goes too.
    """
    report, given_up = GcReport(dry_run=dry_run), _set_aside(backend)
    if not dry_run:
        # A store that may not be changed says so itself, before the first file that cannot be removed does.
        with backend.engine.write(durable=False):
            pass
        try:
            sweep(backend)
            _thin(backend, keep, report)
            _collect_contents(backend, report)
        except StorageFailed:
            # Both take room in the catalog, and forgetting a new version of a table. This takes none, and makes some.
            make_room(backend)
            sweep(backend)
            _collect_contents(backend, report)
            _thin(backend, keep, report)
            _collect_contents(backend, report)
        litter.remove_temporary(backend)
    else:
        _thin(backend, keep, report)
        _collect_contents(backend, report)
    report.properties += collect_properties(backend, dry_run=dry_run)
    report.blobs += _collect_orphans(backend, dry_run)
    if not dry_run:
        collect_former(backend)
    for table in backend.tables.every:
        _collect_files(backend, table, report)
    if not dry_run:
        # On a disk that is full to the last byte, what is done is done, said or not.
        with suppress(StorageFailed):
            _note(backend, report, given_up)
    return report


def _set_aside(backend: Backend) -> list[Intent]:
    with backend.engine.read() as conn:
        return intents.in_state(conn, intents.SET_ASIDE)


def _thin(backend: Backend, keep: Keep | None, report: GcReport) -> None:
    thinned = thin(backend, keep, dry_run=report.dry_run)
    report.commits += thinned.commits
    report.entries += thinned.entries
    report.branches += thinned.branches
    report.sessions += thinned.sessions
    _count(thinned.contents, report)


def _count(would_go: list[Content], report: GcReport) -> None:
    report.contents += len(would_go)
    report.content_bytes += sum(content.size for content in would_go)
    report.blobs += sum(not content.inline for content in would_go)


def _collect_contents(backend: Backend, report: GcReport) -> None:
    for batch in _candidates(backend):
        if report.dry_run:
            _count(batch, report)
            continue
        forgotten = _forget(backend, {content.content_id for content in batch})
        report.contents += len(forgotten)
        report.content_bytes += sum(content.size for content in forgotten)
        point("gc.after_forget")
        in_blobs = [content.content_id for content in forgotten if not content.inline]
        report.blobs += litter.remove_blobs(backend, in_blobs)


def orphans(backend: Backend) -> Iterator[list[str]]:
    """Yield the ids of blobs that neither the catalog nor a live intent knows, in lists."""
    for batch in batches(blob.content_id for blob in backend.blobs.list()):
        with backend.engine.read() as conn:
            free = litter.free_among(conn, backend, batch)
        if free:
            yield sorted(free)


def _candidates(backend: Backend) -> Iterator[list[Content]]:
    last = ""
    while True:
        with backend.engine.read() as conn:
            found = contents.unreferenced_after(conn, last, CONTENTS_PER_TURN)
        if not found:
            return
        yield found
        last = found[-1].content_id


def _forget(backend: Backend, wanted: set[str]) -> list[Content]:
    """Forget contents with their search rows, in one commit; returns what is known no more.

    One that somebody has come to refer to is left; a batch that loses too many races is left for the next gc.
    """
    return retrying(lambda: _forget_once(backend, wanted), otherwise=list[Content])


def _forget_once(backend: Backend, wanted: set[str]) -> list[Content]:
    with backend.engine.read() as conn:
        ids = _closed(conn, contents.unreferenced_among(conn, wanted))
        places = search_rows.places(conn, backend.embedder, ids)
        found = contents.among(conn, ids)
    if not ids:
        return []
    in_tables = _in_tables(backend, places)
    with begun(backend, "gc", "gc", tables=bool(in_tables)) as publication:
        for table, rows in in_tables:
            publication.pin(table, table.table.delete_ids(publication.base(table), rows))
        point("gc.before_forget")
        with publication.publish() as conn:
            _check_unreferenced(conn, backend, ids, places)
            search_rows.forget(conn, backend.embedder, ids)
            contents.forget(conn, sorted(ids))
    return found


def _in_tables(backend: Backend, places: dict[str, Searchable]) -> list[tuple[SearchTable, list[str]]]:
    """Return the tables that have rows of contents, with those contents."""
    found = []
    for table, place in ((backend.tables.live, search_rows.TABLE), (backend.tables.history, search_rows.HISTORY)):
        if ids := sorted(content_id for content_id, at in places.items() if at.place == place and at.chunks):
            found.append((table, ids))
    return found


def _check_unreferenced(conn: Connection, backend: Backend, ids: set[str], places: dict[str, Searchable]) -> None:
    """Raise StagingOutdated when somebody has referred to one of the contents, or moved its rows."""
    if contents.unreferenced_among(conn, ids) != ids or _closed(conn, ids) != ids:
        raise StagingOutdated
    if search_rows.places(conn, backend.embedder, ids) != places:
        raise StagingOutdated


def _closed(conn: Connection, ids: set[str]) -> set[str]:
    """Return unreferenced contents such that none is left behind whose Markdown would be gone.

    One that is rendered into a content to be forgotten must go with it: it would be known and searchable, and a writer
    could rely on it.
    """
    kept: set[str] = set()
    while sources := contents.rendered_from(conn, ids) - ids:
        free = contents.unreferenced_among(conn, sources) - kept
        if stays := sources - free:
            needed = {content_id for content_id in ids if contents.rendered_from(conn, [content_id]) & stays}
            kept |= needed
            ids = ids - needed
        ids = ids | free
    return ids


def _collect_orphans(backend: Backend, dry_run: bool) -> int:
    found = 0
    for batch in orphans(backend):
        found += len(batch) if dry_run else litter.remove_blobs(backend, batch)
    return found


def collect_files(backend: Backend) -> GcReport:
    """Remove the files of all tables that nobody needs: versions that others have replaced, mostly."""
    report = GcReport()
    for table in backend.tables.every:
        _collect_files(backend, table, report)
    return report


def _collect_files(backend: Backend, table: SearchTable | GraphTable, report: GcReport) -> None:
    if not report.dry_run:
        litter.distrust(backend, table)
    found = litter.litter_of(backend, table)
    report.held += found.held
    report.files += len(found.files)
    report.file_bytes += sum(size for _, size in found.files)
    if not report.dry_run:
        litter.remove_files(backend, table, found.files)
        litter.remember(backend, table, found)


def _note(backend: Backend, report: GcReport, given_up: list[Intent]) -> None:
    now = backend.clock.now()
    detail = f"{report.contents} contents, {report.blobs} blobs and {report.files} files of tables removed"
    with backend.engine.write(durable=False) as conn:
        pins.forget_superseded(conn, now - KEPT)
        intents.forget_ended(conn, now - KEPT)
        if not report.held:
            # Whatever they left went with all else that nothing refers to.
            for intent in given_up:
                intention.close(conn, intent, now)
        audit.write(conn, now, "gc", uuid.uuid4().hex, detail)
