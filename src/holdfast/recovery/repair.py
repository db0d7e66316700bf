"""Repair: what can be made again from what is there is made again; what cannot is named, with where it still stands.

Lost bytes are looked for at their source and among what can be derived; search rows are derived anew from contents.
Bytes that are nowhere any more cannot be invented: their paths are listed with the last commit that has others.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from holdfast.backend import Backend
from holdfast.catalog import audit, branches, contents, entries, search_rows
from holdfast.catalog.branches import Branch
from holdfast.catalog.checking import checks, statistics
from holdfast.catalog.engine import CatalogDamaged, Connection, within
from holdfast.catalog.history import retention
from holdfast.catalog.values import FOREVER
from holdfast.documents import Derived
from holdfast.errors import HoldfastError
from holdfast.publish.intention import keeping_versions
from holdfast.publish.publication import pinned
from holdfast.recovery.checks.catalog import check_file
from holdfast.recovery.checks.contents import pages, wrong_bytes
from holdfast.recovery.checks.inspection import Inspection, Problem
from holdfast.recovery.checks.search import mismatches, tables, unsearchable
from holdfast.recovery.content_recovery import Rederive, derive, find_again, store_again, typed
from holdfast.recovery.rebuild import Rebuilt, is_readable, rebuild_rows, rebuild_table
from holdfast.recovery.rebuild_values import rebuild_values
from holdfast.recovery.verify import Check, verify
from holdfast.tree.committed import CommittedTree
from holdfast.tree.places import Places

#: rows of one kind that a repair mends in one run
MANY = 1_000_000
#: media type of lost bytes of which nothing else is known
UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Lost:
    """A content whose bytes cannot be found anywhere."""

    content_id: str
    #: where they were
    path: str
    #: the commits that show them: from this one ...
    from_seq: int
    #: ... until before this one; None when the head shows them
    until_seq: int | None
    #: the newest commit at which the same file holds bytes that are there; None when there is none
    intact_at: int | None


@dataclass(kw_only=True)
class RepairReport:
    """What was mended, and what cannot be."""

    #: contents whose bytes were found again
    found_again: int = 0
    #: renditions derived anew
    renditions: int = 0
    #: renditions dropped because what they were made from is not there, and nothing holds it
    forgotten: int = 0
    #: tables made anew, by name
    tables: list[str] = field(default_factory=list)
    #: contents whose search rows were derived anew
    rebuilt: int = 0
    #: whether the figures that are kept of the contents were wrong, and counted anew
    recounted: bool = False
    #: properties, and rows of the graph, that were not found by what they have, and are again
    values: int = 0
    lost: list[Lost] = field(default_factory=list)
    #: what could not be derived from, with the reason, by content
    failed: dict[str, str] = field(default_factory=dict)
    #: what is still wrong, with what to do about it
    left: list[Problem] = field(default_factory=list)


def repair(backend: Backend, rederive: Rederive, also: Iterable[tuple[str, Check]] = ()) -> RepairReport:
    """Mend what `verify` would find, as far as it can be, and look once more. Others may read and write meanwhile.

    Documents are converted by `rederive`: one that its parser cannot cope with is a failure in the report. `also` are
    checks of other rooms, as for `verify`.
    """
    report = RepairReport()
    if damage := _damage_of_the_file(backend):
        report.left.extend(damage)
        return report
    _repair_bytes(backend, rederive, report)
    _repair_renditions(backend, rederive, report)
    # History first: what turns out to be visible is then put where a search looks.
    for table, place in reversed(tables(backend)):
        with keeping_versions(backend, "repair"):
            readable = is_readable(backend, table)
            wrong = _wrong_rows(backend, place) if readable else set()
        if not readable:
            report.tables.append(table.name)
            _add(report, rebuild_table(backend, table, place, rederive))
            wrong = _wrong_rows(backend, place)
        _add(report, rebuild_rows(backend, table, place, wrong, rederive))
    report.recounted = _recount(backend)
    report.values = rebuild_values(backend)
    with backend.engine.write() as conn:
        detail = f"{report.found_again} contents found again, {report.rebuilt} made searchable, {len(report.lost)} lost"
        audit.write(conn, backend.clock.now(), "repair", uuid.uuid4().hex, detail)
    # Bytes that are nowhere are told above, with the commits that show them.
    report.left.extend(problem for problem in verify(backend, also=also).problems if problem.kind != "bytes")
    return report


def _damage_of_the_file(backend: Backend) -> list[Problem]:
    """Return what is wrong with the catalog's own file: nothing is mended by writing more into that."""
    inspection = Inspection(backend, deep=False)
    try:
        check_file(inspection)
    except CatalogDamaged as error:
        inspection.problem("catalog", error.message, error.remedy)
    return inspection.problems


def _repair_bytes(backend: Backend, rederive: Rederive, report: RepairReport) -> None:
    inspection = Inspection(backend, deep=True)
    for page in pages(inspection):
        for content in page:
            if wrong_bytes(inspection, content):
                _bytes_again(backend, content.content_id, content.media_type, rederive, report)
    with backend.engine.read() as conn:
        unknown = {place.content_id for place in checks.entries_without_content(conn, history=True, limit=MANY)}
        unknown |= {rendered for _, _, rendered in checks.renditions_off(conn, MANY)}
        unknown -= contents.known_among(conn, (content_id for content_id in unknown if content_id))
    for content_id in sorted(filter(None, unknown)):
        _bytes_again(backend, content_id, UNKNOWN, rederive, report)


def _bytes_again(backend: Backend, content_id: str, media_type: str, rederive: Rederive, report: RepairReport) -> None:
    try:
        body = find_again(backend, content_id, media_type, rederive)
        if body is not None:
            store_again(backend, typed(backend, body) if media_type == UNKNOWN else body)
            report.found_again += 1
            return
    except (HoldfastError, OSError) as error:
        report.failed[content_id] = str(error)
    with backend.engine.read() as conn:
        report.lost.extend(_lost(conn, backend, content_id))


def _lost(conn: Connection, backend: Backend, content_id: str) -> list[Lost]:
    """Return every place where bytes that are lost were to be seen."""
    found = []
    for place in checks.holders(conn, content_id, MANY):
        branch, until = branches.get(conn, place.branch_id), None if place.to_seq == FOREVER else place.to_seq
        seq = place.from_seq if until is None else until - 1
        path = None if branch is None else Places(CommittedTree(within(conn), branch, seq)).path(place.node_id)
        intact = None if branch is None else _intact_at(conn, backend, branch, place.node_id, content_id)
        found.append(Lost(content_id, path or place.name, place.from_seq, until, intact))
    return found


def _intact_at(conn: Connection, backend: Backend, branch: Branch, node: int, lost: str) -> int | None:
    """Return the newest commit at which a node holds another content whose bytes are there."""
    inspection = Inspection(backend, deep=False)
    for entry in reversed(entries.history_of_node(conn, branch, FOREVER, node)):
        content = contents.get(conn, entry.content_id) if entry.content_id not in (None, lost) else None
        if content is not None and not wrong_bytes(inspection, content):
            return retention.shown_at(conn, branch, entry.from_seq, entry.to_seq)
    return None


def _repair_renditions(backend: Backend, rederive: Rederive, report: RepairReport) -> None:
    """Derive renditions anew whose bytes were not to be found: another version of the deriver gives other bytes."""
    with backend.engine.read() as conn:
        missing = sorted({content_id for content_id, _, _ in checks.renditions_off(conn, MANY)})
        known = [content for content_id in missing if (content := contents.get(conn, content_id)) is not None]
    for content in known:
        try:
            report.renditions += _rendition_again(backend, derive(rederive, content))
        except HoldfastError as error:
            report.failed[content.content_id] = error.message
    with backend.engine.write() as conn:
        report.forgotten += checks.forget_renditions_of_nothing(conn)


def _rendition_again(backend: Backend, derived: Derived) -> int:
    for rendition, body in derived.renditions:
        store_again(backend, body)
        with backend.engine.write() as conn:
            # The search rows stay those of the rendition that was lost, until a reindex.
            meta = {name: value for name, value in rendition.meta.items() if name != contents.ROWS_BY}
            contents.insert_renditions(conn, [replace(rendition, meta=meta)], backend.clock.now())
            contents.point_rendition(conn, rendition)
    return len(derived.renditions)


def _wrong_rows(backend: Backend, place: str) -> set[str]:
    """Return the contents whose search rows at `place` have to be made again."""
    table = next(table for table, here in tables(backend) if here == place)
    with backend.engine.read() as conn:
        version = pinned(conn, table)
        wrong = {mismatch.content_id for mismatch in mismatches(conn, backend, table, place, version)}
        if place == search_rows.TABLE:
            wrong.update(count.content_id for count in checks.tail_off(conn, backend.embedder, MANY))
            wrong.update(checks.searchable_unknown(conn, backend.embedder, MANY))
            wrong.update(unsearchable(conn, backend))
        else:
            wrong.update(checks.never_searchable(conn, backend.embedder, MANY))
    return wrong


def _recount(backend: Backend) -> bool:
    """Count the contents anew where the figures kept of them are wrong; returns whether they were."""
    with backend.engine.read() as conn:
        if checks.stored(conn) == statistics.stored(conn):
            return False
    with backend.engine.write() as conn:
        checks.count_stored_anew(conn)
    return True


def _add(report: RepairReport, rebuilt: Rebuilt) -> None:
    report.rebuilt += len(rebuilt.chunks)
    report.failed.update(rebuilt.failed)
