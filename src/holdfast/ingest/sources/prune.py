"""Which files of the store were added from the sources of an add and have vanished from them since.

"Not there" is not "gone": a disk that is not mounted leaves an empty folder behind. So nothing is pruned of a source
that is on another device than it was, that is empty, or most of which is gone, unless that is asked for by force.
"""

import json
import os
import stat
import unicodedata
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog import settings
from holdfast.catalog.entries import Entry
from holdfast.errors import NotADirectory
from holdfast.ingest.plan import Plan, Source
from holdfast.ingest.publishing.placement import Removal
from holdfast.ingest.report import PRUNE, Failure
from holdfast.ingest.sources.scan import SourceFile, check_origin, name_of, scan
from holdfast.ingest.sources.targets import BadName
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree

#: removals in one commit
PRUNE_FILES = 500
#: files; fewer are removed without asking where most of a source is gone, but not all of it
FEW = 10
#: what becomes of a source that is not pruned
NOT_PRUNED = "not_pruned"

_REMEDY = 'Look whether its disk is mounted; if all of this is meant, say --prune=force (prune="force")'


@dataclass
class _Root:
    """A source folder."""

    source: Source
    #: absolute, ending in a slash
    path: str
    #: where its files go, ending in a slash; None when that cannot be told
    target: str | None
    #: files in the store that came from it
    known: int = 0
    gone: list[Removal] = field(default_factory=list)


@dataclass(frozen=True)
class Findings:
    """What is to be pruned, and the sources of which nothing is."""

    removals: list[Removal]
    refused: list[Failure]


def look(backend: Backend, plan: Plan) -> Findings:
    """Return the files below `plan.to` that came from one of the sources and are no longer on disk.

    Only "not found" counts as vanished; a file that cannot be looked at is kept, and so is one that was changed in the
    store, or stands elsewhere than where it was added. Where a folder has taken a file's place, the file has vanished.
    """
    roots = _roots(plan)
    if roots:
        _count(backend, plan, roots)
    removals: list[Removal] = []
    refused: list[Failure] = []
    for root in roots:
        reason = _doubt(backend, root) if root.gone and plan.prune != "force" else None
        if reason is None:
            removals += root.gone
        else:
            said = f"{len(root.gone):,} of {root.known:,} files are not there any more, but {reason}. {_REMEDY}"
            refused.append(Failure(root.path, PRUNE, NOT_PRUNED, said))
    return Findings(removals, refused)


def remember(backend: Backend, plan: Plan, refused: list[Failure]) -> None:
    """Keep on which devices the source folders are, for the next add to compare."""
    doubted = {failure.source for failure in refused}
    for root in _roots(plan):
        key, device = _key(root), device_of(root.path)
        with backend.engine.read() as conn:
            known = settings.get(conn, key)
        if device != known and (known is None or plan.prune) and root.path not in doubted:
            with backend.engine.write() as conn:
                settings.put(conn, key, device)


def device_of(folder: str) -> str:
    """Return what tells the device of a folder from others: its number, and its file system's, which survives boots."""
    return json.dumps([os.stat(folder).st_dev, os.statvfs(folder).f_fsid])  # noqa: PTH116


def _doubt(backend: Backend, root: _Root) -> str | None:
    """Return why what is not there in a source may not be gone."""
    with backend.engine.read() as conn:
        known = settings.get(conn, _key(root))
    if known is not None and not set(json.loads(known)) & set(json.loads(device_of(root.path))):
        return "the folder is on another device than it was"
    if len(root.gone) * 2 <= root.known:
        return None
    # Most are not where they were. They may have been moved within the source, which counts as being there.
    there = sum(isinstance(found, SourceFile) for found in islice(scan([root.path]), root.known))
    if there == 0:
        return "the folder is empty"
    few = len(root.gone) < FEW
    return None if few or there * 2 >= root.known else "so is most of what the folder held"


def _count(backend: Backend, plan: Plan, roots: list[_Root]) -> None:
    view = CommittedTree.lasting_at_head(backend.engine.read, plan.branch)
    top = _directory(view, plan.to)
    if top is None:
        return
    for path, entry in walking.walk(view, top, plan.to):
        if not entry.content_id or not entry.source or entry.edited:
            continue
        root = next((root for root in roots if entry.source.startswith(root.path)), None)
        if root is not None and _is_where_it_was_put(root, path, entry.source):
            root.known += 1
            if _is_gone(entry.source):
                root.gone.append(Removal(path, entry.source, entry.content_id))


def _is_where_it_was_put(root: _Root, path: str, origin: str) -> bool:
    # A copy or a file that was moved in the store is somebody's own.
    return root.target is None or path == unicodedata.normalize("NFC", root.target + origin[len(root.path) :])


def _roots(plan: Plan) -> list[_Root]:
    return [root for source in plan.sources if (root := _root(plan, source)) is not None]


def _root(plan: Plan, source: Source) -> _Root | None:
    """Return a source if it is a folder."""
    path = Path(source)
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            return None
        name = plan.name or name_of(source)
        check_origin(source)
    except (OSError, ValueError, BadName):
        return None
    to = paths.parse(plan.to).rstrip("/") + "/"
    target = None if plan.flatten else f"{to}{name}/" if name else to
    return _Root(source, os.path.normpath(path.absolute()).rstrip("/") + "/", target)


def _key(root: _Root) -> str:
    return f"device of source {root.path}"


def _directory(view: CommittedTree, path: str) -> Entry | None:
    try:
        found = walking.find(view, path)
    except NotADirectory:
        return None
    return found if found is not None and found.is_dir else None


def _is_gone(origin: str) -> bool:
    try:
        return stat.S_ISDIR(Path(origin).lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
