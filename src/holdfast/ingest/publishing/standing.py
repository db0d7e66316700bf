"""What stands at a path against what an add would put there: the same, older, somebody's own work, or another source's.

A file in the store is replaced only when its source has changed since it was added. What was edited in the store stays,
what came from elsewhere stays, and whoever wants the source instead says so (`overwrite`).
"""

import os
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from holdfast.catalog.entries import Entry
from holdfast.errors import AlreadyExists, Conflict, HoldfastError
from holdfast.ingest.items import Item
from holdfast.ingest.sources.urls import is_url

#: what can be done about a path that somebody else has
ELSEWHERE = "Put it elsewhere with --to, give it another name with --as, or replace what is there with --overwrite"
_OR_OVERWRITE = "Keep it, or replace it with --overwrite; history keeps both"


class Standing(Enum):
    """What is to be done about a file whose path is taken."""

    #: nothing: its source is as it was, or the store has what it holds now
    SAME = auto()
    #: nothing but to note where it comes from now
    ADOPTED = auto()
    #: to be replaced: its source has changed
    OLDER = auto()
    #: changed in the store and in its source
    EDITED = auto()
    #: written in the store, and never added
    OWN = auto()
    #: added from another source
    FOREIGN = auto()


#: what stands in the way
IN_THE_WAY = (Standing.EDITED, Standing.OWN, Standing.FOREIGN)


@dataclass(frozen=True, slots=True)
class Clash:
    """A file that is not added, because of what stands at its path."""

    item: Item
    kind: Standing
    error: HoldfastError


def judge(item: Item, entry: Entry, content_id: str | None) -> Standing:
    """Tell how the file at an item's path stands to it; `content_id` is what its source holds, None when not known."""
    added, stamp = entry.added
    ours = _is_source(entry.source, item)
    if ours and stamp == item.stamp:
        return Standing.SAME
    if content_id == entry.content_id:
        moved_here = not ours and entry.source is not None and _is_gone(entry.source)
        return Standing.ADOPTED if moved_here or (ours and entry.edited) else Standing.SAME
    if ours and entry.edited:
        return Standing.SAME if content_id == added else Standing.EDITED
    if ours:
        return Standing.OLDER
    return Standing.OWN if entry.source is None else Standing.FOREIGN


def clash(item: Item, entry: Entry, kind: Standing) -> Clash:
    """Return why a file is not added."""
    path = item.path
    if kind is Standing.EDITED:
        message = f"{path} was changed in the store and in its source {item.origin} since it was added"
        return Clash(item, kind, Conflict(message, path=path, remedy=_OR_OVERWRITE))
    whose = "was written in the store" if kind is Standing.OWN else f"was added from {entry.source}"
    message = f"{path} {whose}, not from {item.origin}"
    return Clash(item, kind, AlreadyExists(message, path=path, remedy=ELSEWHERE))


def _is_source(source: str | None, item: Item) -> bool:
    """Return whether a file was added from where the item is, by whatever name."""
    if source is None or source == item.origin:
        return source is not None
    if is_url(source) or is_url(item.origin):
        return False
    try:
        return Path(source).samefile(item.origin)
    except (OSError, ValueError):
        return False


def _is_gone(source: str) -> bool:
    try:
        return not is_url(source) and not os.path.lexists(source)
    except (OSError, ValueError):
        return False
