"""The doctor: what is wrong with a store, in plain words, and what to run. It needs no store that opens."""

import functools
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from holdfast import opening
from holdfast.backend import Backend
from holdfast.catalog import audit, intents, pins
from holdfast.catalog.engine import CatalogDamaged, Engine
from holdfast.catalog.work import jobs
from holdfast.documents import Deriver
from holdfast.errors import HoldfastError, InvalidConfig, ReadOnly, StoreNotFound, StoreTooNew
from holdfast.host.clock import Clock
from holdfast.index.embedding.chosen import ChosenEmbedder
from holdfast.index.tables import SearchTable
from holdfast.publish.publication import pinned
from holdfast.recovery.checks.graph import check_graph_indexes
from holdfast.recovery.checks.inspection import Inspection
from holdfast.recovery.checks.search import settled, tables
from holdfast.recovery.journal import in_flight
from holdfast.recovery.litter import ASIDE
from holdfast.recovery.verify import Check, verify

#: bytes of free space below which the doctor warns
LITTLE_SPACE = 200 * 1024 * 1024
#: seconds after which a staging that still goes on is worth a word
LONG_STAGING = 3600.0
#: seconds that trouble in the background is worth a word: what goes on is written down anew every hour
RECENT_TROUBLE = 2 * 3600.0

PROBLEM: Final = "problem"
WARNING: Final = "warning"
NOTE: Final = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of the doctor: what it means, and what to do."""

    #: `problem`: something does not work; `warning`: it soon may not; `note`: it is worth knowing
    level: Literal["problem", "warning", "note"]
    #: what is the matter
    what: str
    #: what it means for the user
    meaning: str
    #: what to run or do
    remedy: str


def doctor(
    at: opening.Location,
    *,
    deriver: Callable[[ChosenEmbedder], Deriver],
    clock: Clock,
    also: Iterable[tuple[str, Check]] = (),
) -> list[Finding]:
    """Return all that is the matter with the store `at` a place, the worst first; nothing when it is well.

    The store is opened read-only if it opens at all; nothing is changed. `also` are checks of other rooms, as for
    `verify`.
    """
    folder = at.folder
    findings = [*_folder_findings(folder)]
    try:
        parts = opening.open_parts(at, read_only=True, durability=None, actor="doctor", clock=clock, deriver=deriver)
    except HoldfastError as error:
        findings.append(_not_open(folder, error))
    else:
        try:
            findings.extend(_settings_findings(folder))
            findings.extend(_stopped_writer(parts.engine))
            findings.extend(_store_findings(parts.backend, folder, also))
        finally:
            parts.engine.close()
    return sorted(findings, key=lambda finding: (PROBLEM, WARNING, NOTE).index(finding.level))


def _folder_findings(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        return
    free = shutil.disk_usage(folder).free
    if free < LITTLE_SPACE:
        yield Finding(
            WARNING,
            f"Only {free // (1024 * 1024)} MiB are free on the disk of {folder}",
            "Writes will fail when it is full; nothing that was committed is lost then",
            "Free some space; as long as a little is left, `holdfast gc` removes what is not needed any more",
        )
    missing = [name for name in (opening.BLOBS_DIR, opening.TABLES_DIR) if not (folder / name).is_dir()]
    for name in missing if (folder / opening.CONFIG_FILE).exists() else ():
        yield Finding(
            PROBLEM,
            f"The folder {folder / name} is missing",
            "What was in it cannot be read" if name == opening.BLOBS_DIR else "Nothing can be searched",
            "Restore it from a backup" if name == opening.BLOBS_DIR else "Run `holdfast repair`: it is made anew",
        )
    if not os.access(folder, os.W_OK):
        yield Finding(
            WARNING,
            f"The folder {folder} cannot be written",
            "The store can be read and searched, not changed",
            f"Check who owns it: ls -ld {folder}",
        )
    aside = [*folder.glob(f"{opening.TABLES_DIR}/*.unreadable-*"), *folder.glob(f"{opening.TABLES_DIR}/{ASIDE}/*")]
    if aside:
        yield Finding(
            NOTE,
            f"{len(aside)} damaged files or folders of search tables were set aside in {folder / opening.TABLES_DIR}",
            "They are not used any more",
            "Delete them when you do not want to look at them",
        )


def _not_open(folder: Path, error: HoldfastError) -> Finding:
    """Say why a store does not open, and what that means."""
    meanings: dict[type[HoldfastError], str] = {
        StoreNotFound: "There is nothing to examine",
        StoreTooNew: "This version of Holdfast would damage it, so it does not open it; nothing is wrong with it",
        InvalidConfig: "The settings are broken, not the store: all that was committed is there",
        ReadOnly: "The store needs to be written to before it can be read",
        CatalogDamaged: "What the catalog held (the tree, its history, small files) cannot be read",
    }
    remedies: dict[type[HoldfastError], str] = {
        InvalidConfig: f"Edit {folder / opening.CONFIG_FILE}, or the variable of that name: correct it or take it out",
        CatalogDamaged: f"In {folder}: {error.remedy}",
    }
    meaning = next((text for kind, text in meanings.items() if isinstance(error, kind)), "The store does not open")
    remedy = remedies.get(type(error), error.remedy)
    return Finding(PROBLEM, error.message, meaning, remedy)


def _settings_findings(folder: Path) -> Iterator[Finding]:
    """Check all settings: opening reads but a few of them."""
    from holdfast import config

    try:
        config.load(folder)
    except InvalidConfig as error:
        yield _not_open(folder, error)


def _stopped_writer(engine: Engine) -> Iterator[Finding]:
    stopped = engine.stopped_writer()
    if stopped is not None:
        yield Finding(
            PROBLEM,
            f"{stopped} was stopped while it writes to the store".capitalize(),
            "The store can be read; whoever wants to change it waits, and then gives up",
            f"Let it go on (`kill -CONT {stopped.pid}`), or end it (`kill -9 {stopped.pid}`): nothing is lost",
        )


def _store_findings(backend: Backend, folder: Path, also: Iterable[tuple[str, Check]]) -> Iterator[Finding]:
    damage = functools.partial(_damage, also=also)
    for ask in (damage, _intent_findings, _pin_findings, _embedder_findings, _trouble_findings, _job_findings):
        try:
            yield from ask(backend)
        except HoldfastError as error:
            yield Finding(PROBLEM, error.message, f"A part of {folder} cannot be examined", error.remedy)


def _damage(backend: Backend, also: Iterable[tuple[str, Check]]) -> Iterator[Finding]:
    meanings = {
        "catalog": "The catalog's own file is damaged",
        "tree": "Files may not be found where they are",
        "content": "These files cannot be read",
        "bytes": "These files cannot be read",
        "rendition": "These files can be read as they are, and not as Markdown",
        "figures": "`holdfast status` says so too; nothing else is concerned",
        "session": "Something of this session may be missing",
        "job": "It will never run, or fail when it does",
        "search": "A search may miss these files, or find them twice",
        "graph": "Rows of the graph may not be found, or asking for them fails; files are not concerned",
        "table": "A search fails, or misses files; the files themselves are not concerned",
    }
    report = verify(backend, also=[("table", _check_indexes), ("graph", check_graph_indexes), *also])
    for problem in report.problems:
        yield Finding(PROBLEM, problem.what, meanings.get(problem.kind, "Something is wrong"), problem.remedy)
    for note in report.notes:
        yield Finding(NOTE, note, "Nothing is wrong; it takes some space", "Nothing needs to be done")


def _check_indexes(inspection: Inspection) -> None:
    """Check that searches can read the indexes: it is a search that failed when somebody asks what is wrong."""
    backend = inspection.backend
    if any(problem.kind == "table" for problem in inspection.problems):
        return
    for table, _ in tables(backend):
        settled(inspection, functools.partial(_check_index, table=table))


def _check_index(inspection: Inspection, *, table: SearchTable) -> None:
    from holdfast.index.lance.segments import read_indexes

    with inspection.backend.engine.read() as conn:
        version = pinned(conn, table)
    read_indexes(table.table, version)


def _intent_findings(backend: Backend) -> Iterator[Finding]:
    now = backend.clock.now()
    for entry in in_flight(backend):
        if entry.state == intents.SET_ASIDE:
            yield Finding(
                WARNING,
                f"What the {entry.kind} {entry.id} by {entry.actor} left could not be removed: {entry.error}",
                "It takes some space and stops nobody",
                "Mend the cause, then run `holdfast gc`",
            )
        elif entry.owner_alive and now - entry.started.timestamp() > LONG_STAGING:
            yield Finding(
                NOTE,
                f"The {entry.kind} {entry.id} by {entry.actor} ({entry.owner}) has gone on for"
                f" {(now - entry.started.timestamp()) / 3600:.1f} hours",
                "Litter of search tables that is younger than it is kept",
                "See whether that process still does anything",
            )


def _pin_findings(backend: Backend) -> Iterator[Finding]:
    with backend.engine.read() as conn:
        current = pins.current(conn, backend.tables.names)
        known = pins.names(conn)
    for name in sorted(set(backend.tables.names) - current.keys()):
        yield Finding(
            PROBLEM,
            f"No version of the table {name} is pinned",
            "Nothing in it can be searched",
            "Run `holdfast repair`",
        )
    for name in sorted(set(known) - set(backend.tables.names)):
        yield Finding(
            NOTE,
            f"The table {name} belongs to another embedder",
            "It is not searched, unless the store is moving to that embedder",
            "To go on with the move, run `holdfast reindex --embedder` again; else `holdfast gc` removes the table",
        )


def _embedder_findings(backend: Backend) -> Iterator[Finding]:
    try:
        backend.chosen.load()
    except HoldfastError as error:
        yield Finding(
            PROBLEM,
            error.message,
            "Files can be read, and searched with `--mode text`; nothing new can be embedded, and writes are refused",
            error.remedy,
        )


def _trouble_findings(backend: Backend) -> Iterator[Finding]:
    with backend.engine.read() as conn:
        trouble = audit.newest_of(conn, audit.TROUBLE)
    if trouble is not None and backend.clock.now() - trouble.at.timestamp() < RECENT_TROUBLE:
        yield Finding(
            WARNING,
            f"Work in the background failed: {trouble.detail}",
            "It is tried again by itself, and nothing that was committed is concerned",
            "`holdfast optimize` does the upkeep of search here and now, and says what stands in its way;"
            " if this is said again in two hours, restart that process",
        )


def _job_findings(backend: Backend) -> Iterator[Finding]:
    with backend.engine.read() as conn:
        failed = jobs.failed(conn, 1)
        number = jobs.counts(conn).get(jobs.FAILED, 0) if failed else 0
    for job in failed:
        yield Finding(
            WARNING,
            f"{number} jobs failed, job {job.id} ({job.kind}) as the latest: {job.error}"
            if number > 1
            else f"Job {job.id} ({job.kind}) failed: {job.error}",
            "What it was to make is not there; it is not tried again by itself",
            "Mend the cause, then run `holdfast jobs retry --failed`",
        )
