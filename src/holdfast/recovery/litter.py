"""Removing what nobody refers to, without ever taking it from somebody who is still at work. No clock is involved.

A writer says in its intent what it is about to store, before it stores it; what it publishes, it publishes in the
transaction that ends its intent. So whoever looks at files first, and at the catalog after that, knows:

- A blob, or the temporary file of one, is removed inside a write transaction that has seen two things: no content of
  that id is known, and no live intent names it. A live writer needs the writer's turn for naming it and for making it
  known, and the removal holds that turn. Whatever the order, either the writer's blob is left alone, or it is stored
  after the removal (tests/recovery/test_interleavings.py steps through all of them).
- A file of a table is removed when no version needs it that is pinned, or was when a live writer began or later, and
  no live writer can be staging it. Lance chooses the names, so an intent cannot tell them. But a file that is there can
  only be staged under an intent that was there too: it is free once none of the intents lives that did when it was
  seen. Where some do, the files seen are remembered with them, for the next look (`_Seen`).
- A version that a reader has open may go as soon as another one is pinned. A search that finds it gone begins anew on
  the new one (search/search.py), and `verify` and `repair`, which take long, hold an intent themselves.

An intent is live until it was ended or taken over; one of a process that has ended, or that nobody in this process
holds any more, is over even before that is written down: on a full disk it cannot be.
"""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.backend import Backend
from holdfast.blobs.objects import TEMPORARY, LocalBlobs, key_of
from holdfast.catalog import contents, intents, pins, settings
from holdfast.catalog.engine import Connection, batches
from holdfast.catalog.graph import bases
from holdfast.catalog.intents import Intent
from holdfast.errors import StorageFailed, Unsupported
from holdfast.faults import point
from holdfast.host import disk
from holdfast.index.lance.errors import writing
from holdfast.index.tables import GRAPH, GraphTable, SearchTable
from holdfast.recovery.owners import is_over, named

#: blobs removed in one turn of the writer: about a millisecond on a local disk
REMOVALS_PER_TURN = 20
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
    #: files that a live writer may be staging, or not: a look after it has ended will tell
    held: int = 0
    #: what that look has to know; None when it is known already
    to_remember: "_Seen | None" = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """Files of a table that no version needed, and the intents that lived when they were there."""

    writers: frozenset[str]
    #: relative to the table's folder
    files: frozenset[str]

    def to_json(self) -> str:
        return json.dumps({"writers": sorted(self.writers), "files": sorted(self.files)})

    @staticmethod
    def from_json(text: str | None) -> "_Seen":
        """Return what `to_json` wrote; nothing for anything else, which costs no more than another look."""
        try:
            found = json.loads(text or "")
            return _Seen(frozenset(map(str, found["writers"])), frozenset(map(str, found["files"])))
        except (LookupError, TypeError, ValueError):
            return _NOTHING_SEEN


_NOTHING_SEEN = _Seen(frozenset(), frozenset())
#: the setting that keeps what was seen of a table, before its name
_SEEN = "seen:"


@dataclass(frozen=True, slots=True)
class _Use:
    """Who is at work on a table, and what of it is needed."""

    #: live intents on the table
    writers: frozenset[str]
    #: versions that anybody may read or build upon
    versions: list[int]
    seen: _Seen


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
    promised = _promised(conn, backend)
    return set() if promised is None else wanted - promised


def remove_temporary(backend: Backend) -> int:
    """Remove the temporary files of interrupted puts, but none that a live writer may be writing; returns how many."""
    if isinstance(backend.blobs, LocalBlobs):
        _check_inside(backend, backend.blobs.root / TEMPORARY / "any")
    with backend.engine.write(durable=False) as conn:
        promised = _promised(conn, backend)
        return 0 if promised is None else backend.blobs.sweep_temporary(promised)


def litter_of(backend: Backend, table: SearchTable | GraphTable) -> TableLitter:
    """Return the files of a table that nobody needs. Raises CorruptStore when a pinned version cannot be read."""
    from holdfast.index.lance.files import alive_files, all_files

    # The files are listed first: whoever begins after that has none in the list, and whoever published in between is
    # among the pins, which are read after it.
    there = all_files(table.table)
    use = _in_use(backend, table)
    # Somebody else's sweep may remove a version that is not needed any more since they were read.
    alive = alive_files(
        table.table, use.versions, is_needed=lambda version: version in _in_use(backend, table).versions
    )
    unneeded = [(name, size) for name, size in there if name not in alive and Path(name).name != HINT]
    if not use.writers:
        return TableLitter(unneeded)
    waiting = bool(use.seen.writers & use.writers)
    free = frozenset() if waiting else use.seen.files
    held = frozenset(name for name, _ in unneeded) - free
    # While a writer of the last look is at work, what was seen then is waited for; else there is a new list to begin.
    to_remember = None if waiting else _Seen(use.writers, held)
    return TableLitter([file for file in unneeded if file[0] in free], len(held), to_remember)


def remember(backend: Backend, table: SearchTable | GraphTable, litter: TableLitter) -> None:
    """Keep in mind which files were there, so that they are litter once the writers of today have ended."""
    if litter.to_remember is None:
        return
    with suppress(StorageFailed), backend.engine.write(durable=False) as conn:
        settings.put(conn, _SEEN + table.name, litter.to_remember.to_json())


def _in_use(backend: Backend, table: SearchTable | GraphTable) -> _Use:
    """Return who is at work on a table, what anybody may still read or build upon, and what was seen before."""
    is_graph = isinstance(table, GraphTable)
    with backend.engine.read() as conn:
        named_as = GRAPH if is_graph else table.name
        busy = [intent for intent in _live(conn) if _works_on(intent, backend, named_as)]
        since = min(_pins_of(busy, backend), default=None)
        return _Use(
            frozenset(intent.intent_id for intent in busy),
            # A base stays: what it is read from is never replaced.
            bases.versions(conn, table.name) if is_graph else pins.needed(conn, table.name, since),
            _Seen.from_json(settings.get(conn, _SEEN + table.name)),
        )


def is_named(conn: Connection, backend: Backend, table: SearchTable) -> bool:
    """Tell whether a live intent names a table."""
    return any(_works_on(intent, backend, table.name) for intent in _live(conn))


def _live(conn: Connection) -> list[Intent]:
    return [intent for intent in intents.live(conn) if not is_over(intent)]


def _promised(conn: Connection, backend: Backend) -> set[str] | None:
    """Return the blobs that live intents name; None when one cannot be read, as it may name any."""
    promised: set[str] = set()
    for intent in _live(conn):
        try:
            promised.update(named(intent, backend.tables.may_mean).blobs)
        except ValueError:
            return None
    return promised


def _pins_of(writers: Iterable[Intent], backend: Backend) -> list[int]:
    """Return the newest pin of the time when each began; 0 for one that cannot be read."""
    found = []
    for intent in writers:
        try:
            found.append(named(intent, backend.tables.may_mean).pin)
        except ValueError:
            found.append(0)
    return found


def remove_files(backend: Backend, table: SearchTable | GraphTable, files: Iterable[tuple[str, int]]) -> None:
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


def distrust(backend: Backend, table: SearchTable | GraphTable) -> int:
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
        return table in named(intent, backend.tables.may_mean).tables
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
