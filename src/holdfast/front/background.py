"""What an open store does by itself: upkeep after commits, and clearing up after writers that died."""

import functools

from holdfast.backend import Backend
from holdfast.recovery.sweep import sweep
from holdfast.upkeep.upkeep import Upkeep


def upkeep_of(backend: Backend, fold_rows: int) -> Upkeep:
    """Return the upkeep of a store, told of each publish; the tail is folded once it has `fold_rows`."""
    upkeep = Upkeep(backend, fold_rows, functools.partial(sweep, backend), functools.partial(_collect, backend))
    backend.hooks.before_publish.append(upkeep.sweep_after_deaths)
    backend.hooks.after_publish.append(upkeep.notice)
    return upkeep


def _collect(backend: Backend) -> object:
    from holdfast.recovery.gc import collect_files

    return collect_files(backend)
