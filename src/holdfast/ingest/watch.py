"""Following folders: what is there first, then every change, added as it comes."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.errors import InvalidPath, NotFound
from holdfast.host.abandoned import is_abandoned
from holdfast.ingest.report import AddReport
from holdfast.ingest.sources.ignore import IGNORE_FILES
from holdfast.ingest.sources.secrets import shown
from holdfast.ingest.sources.urls import is_url

if TYPE_CHECKING:
    from watchfiles import Change

#: milliseconds without a change after which a burst of changes is over, and for which a burst may last at most
QUIET_MS, BURST_MS = 200, 2000
#: milliseconds between looks at whether to stop
LOOK_MS = 300


def watch(
    add: Callable[[], AddReport], sources: Sequence[str | os.PathLike[str]], store: Path, stop: Callable[[], bool]
) -> Iterator[AddReport]:
    """Yield the report of an add at the start, and of one after every burst of changes below `sources`.

    Each add looks at the sources anew, so no change is lost, however it was made: what a change notice says is only
    that there is something to look at. What has not changed costs a look at its size and time. Changes inside the
    folder `store` are the store's own. Ends once `stop` returns true; raises NotFound when a source is not there,
    InvalidPath when it is a URL.
    """
    from watchfiles import watch as notices

    folders = [_folder(source) for source in sources]
    matters = _Matters(sources, store)
    # The watching begins before the first look, so that nothing falls between the two.
    first = True
    for changes in notices(
        *folders,
        watch_filter=matters,
        debounce=BURST_MS,
        step=QUIET_MS,
        rust_timeout=LOOK_MS,
        yield_on_timeout=True,
        raise_interrupt=True,
    ):
        if stop() or is_abandoned():
            return
        if changes or first:
            first = False
            yield add()


def _folder(named: str | os.PathLike[str]) -> Path:
    """Return the folder to watch: for a file its own, as most programs save by replacing."""
    if is_url(named):
        url = shown(str(named))
        raise InvalidPath(f"{url} is a URL, which cannot be watched", path=url, remedy="Add it without --watch")
    source = Path(named)
    if not source.exists():
        raise NotFound(f"{source} does not exist", path=str(source), remedy="Name a file or folder that is there")
    return source if source.is_dir() else source.absolute().parent


class _Matters:
    """Tells changes of documents from all others."""

    def __init__(self, sources: Sequence[str | os.PathLike[str]], store: Path) -> None:
        self._roots = [os.path.realpath(source) for source in sources]
        self._store = os.path.realpath(store)

    def __call__(self, change: "Change", path: str) -> bool:
        path = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))  # noqa: PTH118,PTH119,PTH120
        if path == self._store or path.startswith(self._store + "/"):
            return False
        return any(_visible(path, root) for root in self._roots)


def _visible(path: str, root: str) -> bool:
    if path == root:
        return True
    if not path.startswith(root.rstrip("/") + "/"):
        return False
    names = path[len(root) :].strip("/").split("/")
    return names[-1] in IGNORE_FILES or not any(name.startswith(".") for name in names)
