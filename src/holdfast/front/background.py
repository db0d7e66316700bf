"""What an open store does by itself: upkeep after commits, and clearing up after writers that died."""

import functools

from holdfast.backend import Backend
from holdfast.front.components import Components
from holdfast.recovery.sweep import sweep
from holdfast.upkeep.upkeep import Upkeep


def upkeep_of(backend: Backend, components: Components, fold_rows: int) -> Upkeep | None:
    """Return the upkeep of a store, told of each publish; None when its components have none.

    The tail is folded once it has `fold_rows`, unless the components' limits say otherwise.
    """
    if not components.upkeep:
        return None
    fold_rows = components.limits.fold_rows or fold_rows
    upkeep = Upkeep(backend, fold_rows, functools.partial(sweep, backend), functools.partial(_collect, backend))
    backend.hooks.before_publish.append(upkeep.sweep_after_deaths)
    backend.hooks.after_publish.append(upkeep.notice)
    return upkeep


def _collect(backend: Backend) -> object:
    from holdfast.recovery.gc import collect_files

    return collect_files(backend)
