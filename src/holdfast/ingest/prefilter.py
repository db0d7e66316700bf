"""Which of the files found the store has already, just so: asked of the catalog, a batch at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from holdfast import paths, tree
from holdfast.backend import Backend
from holdfast.blobs.hashing import content_id_of, pieces_of
from holdfast.catalog import commits, entries
from holdfast.catalog.engine import Connection
from holdfast.catalog.entries import Entry
from holdfast.errors import NotADirectory
from holdfast.ingest.items import Item
from holdfast.reading import SqlView

#: threads that hash files whose time or size has changed
HASHERS = 4


@dataclass
class Sorted:
    """A batch of items after the prefilter."""

    #: the store has them already
    same: list[Item] = field(default_factory=list)
    #: to be prepared, in scan order, with whether a file stands at their path
    other: list[tuple[Item, bool]] = field(default_factory=list)


class Prefilter:
    """Compares items with the tree at the head."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def sort(self, items: Sequence[Item]) -> Sorted:
        """Tell which of `items` the store has as they are: by size and time, else by content."""
        there = self._entries(items)
        doubtful = [item for item in items if item.path in there and not _same_stamp(item, there[item.path])]
        equal = {item.path for item in self._same_content(doubtful, there)}
        found = Sorted()
        for item in items:
            entry = there.get(item.path)
            if entry is not None and (_same_stamp(item, entry) or item.path in equal):
                found.same.append(item)
            else:
                found.other.append((item, entry is not None))
        return found

    def _entries(self, items: Iterable[Item]) -> dict[str, Entry]:
        """Return what stands at the items' paths."""
        by_folder: dict[str, list[str]] = defaultdict(list)
        for item in items:
            folder, name = paths.split(item.path)
            by_folder[folder].append(name)
        with self._backend.engine.read() as conn:
            return _entries(conn, self._backend, by_folder)

    def _same_content(self, items: Sequence[Item], there: dict[str, Entry]) -> list[Item]:
        sized = [item for item in items if there[item.path].size == item.size]
        if not sized:
            return []
        with ThreadPoolExecutor(min(HASHERS, len(sized)), "holdfast-hash") as pool:
            ids = pool.map(_hash, sized)
            return [item for item, found in zip(sized, ids, strict=True) if found == there[item.path].content_id]


def _entries(conn: Connection, backend: Backend, by_folder: dict[str, list[str]]) -> dict[str, Entry]:
    seq = commits.head(conn, backend.branch)
    view = SqlView(conn, backend.branch, seq)
    found: dict[str, Entry] = {}
    for folder, names in by_folder.items():
        try:
            parent = tree.find(view, folder)
        except NotADirectory:
            continue
        if parent is None or not parent.is_dir:
            continue
        rows = entries.named(conn, backend.branch, seq, parent.node_id, names)
        found.update((paths.join(folder, entry.name), entry) for entry in rows if not entry.is_dir)
    return found


def _same_stamp(item: Item, entry: Entry) -> bool:
    return entry.source_stamp == item.stamp and entry.source == item.origin


def _hash(item: Item) -> str | None:
    try:
        return content_id_of(pieces_of(item.source))[0]
    except OSError:
        # Preparing it will say what is wrong.
        return None
