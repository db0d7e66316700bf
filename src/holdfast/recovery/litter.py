"""Removing what nobody refers to, without ever taking it from somebody who is still at work.

A blob is removed inside a write transaction that has seen two things: no content of that id is known, and no live
intent names it. A live writer names a blob in its intent before it stores it, and makes it known in the publish; both
need the writer's turn, which the removal holds. So whatever the order, either the writer's blob is left alone, or it is
stored after the removal (tests/recovery/test_interleavings.py steps through all of them). No clock is involved.

A file of a table is removed when no version that anybody may still read refers to it, and it cannot be something that a
live writer is staging: nobody is at work on the table, or the file is older than the oldest of them.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from holdfast import disk
from holdfast.backend import Backend
from holdfast.blobs.objects import TEMPORARY, LocalBlobs, key_of
from holdfast.catalog import contents, intents, pins
from holdfast.catalog.engine import Connection, batches
from holdfast.catalog.intents import Intent
from holdfast.errors import Unsupported
from holdfast.faults import point
from holdfast.index.lance_errors import writing
from holdfast.index.tables import SearchTable
from holdfast.recovery.owners import named

#: blobs removed in one turn of the writer: about a millisecond on a local disk
REMOVALS_PER_TURN = 20
#: seconds that a search may go on reading a version after another one was pinned
READER_GRACE = 600.0
#: seconds by which a file must be older than the oldest live intent: the file system's clock is not quite ours
MARGIN = 2.0
#: where manifests that nobody wrote on purpose are put, in the folder of the tables
ASIDE = "set-aside"
#: what Lance would believe before the pins, were it asked for the latest version
HINT = "latest_version_hint.json"
#: the manifest of the only linear version, in the two ways Lance names it
_FIRST_MANIFESTS = ("1.manifest", f"{2**64 - 2}.manifest")


@dataclass
class TableLitter:
    """Files of one table that nobody needs."""

    #: relative to the table's folder, with their sizes in bytes
    files: list[tuple[str, int]] = field(default_factory=list)
    #: files that a live writer may be staging, or not: the next look will tell
    held: int = 0


def remove_blobs(backend: Backend, ids: Iterable[str]) -> int:
    """Remove those blobs that are neither a known content's nor a live intent's; returns how many were there."""
    removed = 0
    for batch in batches(ids, REMOVALS_PER_TURN):
        for content_id in batch:
            _check_inside(backend, _blob_path(backend, content_id))
        with backend.engine.write(durable=False) as conn:
            point("litter.before_blobs")
            for content_id in free_among(conn, backend, batch):
                if backend.blobs.has(content_id):
                    backend.blobs.remove(content_id)
                    removed += 1
            point("litter.after_blobs")
    return removed


def free_among(conn: Connection, backend: Backend, ids: list[str]) -> set[str]:
    """Return those of `ids` that neither the catalog nor a live intent refers to."""
    # A content that is referred to and not known is damage: its blob is what repair hopes to find.
    wanted = set(ids) - contents.known_among(conn, ids) - contents.referenced_among(conn, ids)
    for intent in intents.live(conn):
        try:
            wanted -= set(named(intent, backend.tables.names).blobs)
        except ValueError:
            # It may name any of them.
            return set()
    return wanted


def remove_temporary(backend: Backend) -> int:
    """Remove temporary files of interrupted puts, older than any put that is going on; returns how many."""
    with backend.engine.read() as conn:
        oldest = min((intent.started for intent in intents.live(conn)), default=backend.clock.now())
    if isinstance(backend.blobs, LocalBlobs):
        _check_inside(backend, backend.blobs.root / TEMPORARY / "any")
    return backend.blobs.sweep_temporary(oldest - MARGIN)


def litter_of(backend: Backend, table: SearchTable) -> TableLitter:
    """Return the files of a table that nobody needs. Raises CorruptStore when a pinned version cannot be read."""
    from holdfast.index.files import alive_files, all_files

    # The files are listed first: whoever begins after that is not in the list, and whoever published in between is
    # among the pins, which are read after it.
    there = all_files(table.table)
    oldest, versions = _in_use(backend, table)
    # Somebody else's sweep may remove a version that has come of age since they were read.
    alive = alive_files(table.table, versions, is_needed=lambda version: version in _in_use(backend, table)[1])
    litter = TableLitter()
    for name, size, modified in there:
        if name in alive or Path(name).name == HINT:
            continue
        if oldest is not None and modified >= oldest - MARGIN:
            litter.held += 1
        else:
            litter.files.append((name, size))
    return litter


def _in_use(backend: Backend, table: SearchTable) -> tuple[float | None, list[int]]:
    """Return when the oldest live writer on a table began, and the versions that anybody may still read."""
    with backend.engine.read() as conn:
        busy = [intent.started for intent in intents.live(conn) if _works_on(intent, backend, table.name)]
        # A live writer may have staged upon a version that others have replaced since.
        since = min([backend.clock.now() - READER_GRACE, *(start - MARGIN for start in busy)])
        return min(busy, default=None), pins.superseded_after(conn, table.name, since)


def remove_files(backend: Backend, table: SearchTable, files: Iterable[tuple[str, int]]) -> None:
    """Remove files of a table that `litter_of` found."""
    folder = table.table.path
    for name, _ in files:
        _check_inside(backend, folder / name)
        point("litter.before_file")
        with writing(table.name):
            (folder / name).unlink(missing_ok=True)
        if Path(name).parent.parent.name == "_indices":
            # The folder of an index segment goes with its last file; nobody else uses it.
            with suppress(OSError):
                (folder / name).parent.rmdir()


def distrust(backend: Backend, table: SearchTable) -> int:
    """Put away what could make Lance open another version than the pinned one; returns how many files.

    After a power cut the newest linear manifest may be empty. We wrote only one, the first; the
    hint is a copy of what the manifests say.
    """
    versions = table.table.path / "_versions"
    _check_inside(backend, versions / HINT)
    strange = [file for file in versions.glob("[0-9]*.manifest") if file.name not in _FIRST_MANIFESTS]
    with writing(table.name):
        (versions / HINT).unlink(missing_ok=True)
        if strange:
            disk.make_dir(backend.tables.root / ASIDE)
        for file in strange:
            with suppress(FileNotFoundError):
                file.rename(backend.tables.root / ASIDE / f"{table.name}-{file.name}")
    return len(strange)


def _works_on(intent: Intent, backend: Backend, table: str) -> bool:
    try:
        return table in named(intent, backend.tables.names).tables
    except ValueError:
        return True


def _check_inside(backend: Backend, path: Path | None) -> None:
    """Raise Unsupported when a path leads out of the store, through a link that somebody made."""
    home = backend.tables.root.parent
    if path is not None and not Path(os.path.realpath(path.parent)).is_relative_to(os.path.realpath(home)):
        raise Unsupported(
            f"{path} leads out of the store", path=str(path), remedy="Nothing outside the store is ever removed"
        )


def _blob_path(backend: Backend, content_id: str) -> Path | None:
    return backend.blobs.root / key_of(content_id) if isinstance(backend.blobs, LocalBlobs) else None
