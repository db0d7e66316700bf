"""Whether an add would put files where others stand that came from elsewhere: looked at before anything is added.

Two folders of one name from different places would end up in each other. Most adds are cleared by a look at what
stands in the store where a source goes; only where something there came from elsewhere is the whole source scanned for
this.
"""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog.entries import Entry
from holdfast.errors import AlreadyExists, HoldfastError, NotADirectory
from holdfast.ingest.items import Item
from holdfast.ingest.plan import Plan, Source
from holdfast.ingest.publishing.standing import ELSEWHERE, Standing
from holdfast.ingest.sources.prefilter import Prefilter
from holdfast.ingest.sources.scan import RefusedFile, SourceFile, name_of, scan
from holdfast.ingest.sources.targets import ONE_BY_ONE, BadName
from holdfast.ingest.sources.urls import is_url
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree

#: files whose places are looked up at once
BATCH = 512
#: clashes that are counted before the add is refused
COUNTED = 1000


def check(backend: Backend, plan: Plan) -> None:
    """Raise AlreadyExists when two sources want one place, or a file of another source stands in one."""
    if plan.overwrite or not plan.look_first:
        return
    local = [source for source in plan.sources if not is_url(source)]
    if not _want_one_place(plan, local) and not any(_meets_others(backend, plan, source) for source in local):
        return
    found = list(islice(_clashes(backend, plan, local), COUNTED))
    if found:
        more = f" ({len(found) - 1:,} more like it)" if len(found) > 1 else ""
        message, path, remedy = found[0]
        raise AlreadyExists(f"{message}{more}; nothing was added", path=path, remedy=remedy)


def _want_one_place(plan: Plan, sources: list[Source]) -> bool:
    """Return whether two sources may have files for the same path."""
    names = [_name(plan, source) for source in sources]
    return len(sources) > 1 and (plan.flatten or len(set(names)) < len(names) or "" in names)


def _name(plan: Plan, source: Source) -> str:
    try:
        return plan.name or name_of(source)
    except (BadName, OSError, ValueError):
        return os.fspath(source)


def _meets_others(backend: Backend, plan: Plan, source: Source) -> bool:
    """Return whether a file that came from elsewhere stands where the source may have one."""
    view = CommittedTree.lasting_at_head(backend.engine.read, plan.branch)
    origin = os.path.normpath(Path(source).absolute())
    place = plan.to if plan.flatten else f"{plan.to}/{_name(plan, source)}"
    try:
        top = walking.find(view, paths.parse(place))
    except (NotADirectory, HoldfastError):
        return False
    if top is None:
        return False
    if plan.flatten:
        return any(_is_other(entry, None, f"{origin}/") for entry in view.children(top.node_id))
    if not top.is_dir:
        return _is_other(top, origin, f"{origin}/")
    waiting = [(top, origin)]
    while waiting:
        directory, folder = waiting.pop()
        for entry in view.children(directory.node_id):
            path = f"{folder}/{entry.name}"
            if entry.is_dir:
                if os.path.isdir(path):  # noqa: PTH112 - a path object for each would take as long as the rest
                    waiting.append((entry, path))
            elif _is_other(entry, path, None) and os.path.lexists(path):
                return True
    return False


def _is_other(entry: Entry, origin: str | None, below: str | None) -> bool:
    source = entry.source
    if source is None or entry.is_dir or source == origin:
        return False
    return below is None or not source.startswith(below)


def _clashes(backend: Backend, plan: Plan, sources: list[Source]) -> Iterator[tuple[str, str, str]]:
    """Yield what is in the way of what, each with the path concerned and what can be done about it."""
    prefilter, found = Prefilter(backend, plan.branch), scan(sources, flatten=plan.flatten, name=plan.name)
    while batch := list(islice(found, BATCH)):
        for refused in batch:
            if isinstance(refused, RefusedFile) and refused.between_sources:
                message = f"{refused.source}: {refused.reason.removesuffix(f'; {ONE_BY_ONE}')}"
                yield message, os.fspath(refused.source), ONE_BY_ONE.capitalize()
        for clash in prefilter.sort(list(_items(plan, batch))).clashes:
            if clash.kind is Standing.FOREIGN:
                yield clash.error.message, clash.item.path, ELSEWHERE


def _items(plan: Plan, batch: list[SourceFile | RefusedFile]) -> Iterator[Item]:
    for order, found in enumerate(batch):
        if isinstance(found, SourceFile):
            try:
                path = paths.parse(f"{plan.to}/{found.target}")
            except HoldfastError:
                continue
            origin = os.path.normpath(found.source.absolute())
            yield Item(
                order=order,
                source=found.at,
                origin=origin,
                path=path,
                size=found.size,
                mtime_ns=found.mtime_ns,
                identity=found.identity,
            )
