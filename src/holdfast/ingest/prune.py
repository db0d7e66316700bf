"""Which files of the store were added from the sources of an add and have vanished from them since."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from holdfast import tree
from holdfast.backend import Backend
from holdfast.catalog import commits
from holdfast.catalog.entries import Entry
from holdfast.errors import NotADirectory
from holdfast.ingest.placing import Removal
from holdfast.ingest.plan import Plan
from holdfast.snapshot import EngineView

#: removals in one commit
PRUNE_FILES = 500


def vanished(backend: Backend, plan: Plan) -> Iterator[Removal]:
    """Yield the files below `plan.to` that came from one of the sources and are no longer on disk.

    A source that is itself gone is not pruned: an unplugged disk must not empty the store. Only "not found" counts as
    vanished; a file that cannot be looked at is kept. Where a folder has taken a file's place, the file has vanished.
    """
    roots = [root for source in plan.sources if (root := _root(source)) is not None]
    if not roots:
        return
    with backend.engine.read() as conn:
        head = commits.head(conn, backend.branch)
    view = EngineView(backend, head)
    top = _directory(view, plan.to)
    if top is None:
        return
    for path, entry in tree.walk(view, top, plan.to):
        if entry.content_id and entry.source and _is_below(entry.source, roots) and _is_gone(entry.source):
            yield Removal(path, entry.source, entry.content_id)


def _root(source: str | os.PathLike[str]) -> str | None:
    """Return the absolute path of a source that is a folder, ending in a slash."""
    path = Path(source)
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):
        return None
    return os.path.normpath(path.absolute()).rstrip("/") + "/" if is_folder else None


def _directory(view: EngineView, path: str) -> Entry | None:
    try:
        found = tree.find(view, path)
    except NotADirectory:
        return None
    return found if found is not None and found.is_dir else None


def _is_below(origin: str, roots: list[str]) -> bool:
    return any(origin.startswith(root) for root in roots)


def _is_gone(origin: str) -> bool:
    try:
        return stat.S_ISDIR(Path(origin).lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
