"""Which of the files found the store has already, just so: asked of the catalog, a batch at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from holdfast import paths
from holdfast.backend import Backend
from holdfast.blobs.hashing import content_id_of
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import within
from holdfast.catalog.entries import Entry
from holdfast.errors import NotADirectory
from holdfast.host.threads import Helpers
from holdfast.ingest.conversion import formats
from holdfast.ingest.items import Item, Prepared
from holdfast.ingest.publishing.standing import IN_THE_WAY, Clash, Standing, clash, judge
from holdfast.ingest.sources.opened_files import pieces
from holdfast.publish.staging import live_among
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree

#: threads that hash files whose time or size has changed
HASHERS = 4


@dataclass(frozen=True, slots=True)
class AddCandidate:
    """A file that the store does not have at its path as it is."""

    item: Item
    #: whether a file stands at its path
    there: bool
    #: all that is needed of it, when the store has its content under another path
    known: Prepared | None = None
    #: whether a directory stands at its path, or a file where it needs a directory
    blocked: bool = False


@dataclass
class Sorted:
    """A batch of items after the prefilter, each part in scan order."""

    #: the store has them already
    same: list[Item] = field(default_factory=list)
    wanted: list[AddCandidate] = field(default_factory=list)
    #: something else stands at their paths
    clashes: list[Clash] = field(default_factory=list)


class Prefilter:
    """Compares items with the tree at the head of a branch; with `overwrite`, nothing is in the way of a source."""

    def __init__(self, backend: Backend, branch: Branch, *, overwrite: bool = False) -> None:
        self._backend = backend
        self._branch = branch
        self._overwrite = overwrite

    def sort(self, items: Sequence[Item]) -> Sorted:
        """Tell which of `items` the store has as they are: by size and time, else by content."""
        there, blocked = self._entries(items)
        ids = _hashes([item for item in items if self._worth_hashing(item, there.get(item.path))])
        live = self._live(ids.values())
        found = Sorted()
        for item in items:
            entry, content_id = there.get(item.path), ids.get(item.order)
            kind = None if entry is None else self._judged(item, entry, content_id)
            if kind is Standing.SAME:
                found.same.append(item)
            elif entry is not None and kind in IN_THE_WAY:
                found.clashes.append(clash(item, entry, kind))
            else:
                item = item if entry is None else replace(item, standing=entry.content_id)
                known = _prepared(item, content_id) if content_id in live else None
                found.wanted.append(AddCandidate(item, entry is not None, known, item.path in blocked))
        return found

    def _judged(self, item: Item, entry: Entry, content_id: str | None) -> Standing:
        kind = judge(item, entry, content_id)
        if not self._overwrite:
            return kind
        edited = kind is Standing.SAME and entry.edited and content_id != entry.content_id
        return Standing.OLDER if edited or kind in IN_THE_WAY else kind

    def _worth_hashing(self, item: Item, entry: Entry | None) -> bool:
        if entry is None:
            # Text is prepared in the time it takes to ask; a PDF that was only moved is not.
            return not formats.is_textual(formats.named(item.name) or formats.TEXT)
        if entry.edited:
            return self._overwrite or entry.source != item.origin or entry.added[1] != item.stamp
        return entry.size == item.size and not _same_stamp(item, entry)

    def _live(self, ids: Iterable[str]) -> set[str]:
        with self._backend.engine.read() as conn:
            return live_among(conn, self._backend.embedder, set(ids))

    def _entries(self, items: Iterable[Item]) -> tuple[dict[str, Entry], set[str]]:
        """Return the files that stand at the items' paths, and the paths at which no file can stand."""
        by_folder: dict[str, list[str]] = defaultdict(list)
        for item in items:
            folder, name = paths.split(item.path)
            by_folder[folder].append(name)
        with self._backend.engine.read() as conn:
            return _entries(CommittedTree.at_head(within(conn), self._branch), by_folder)


def _entries(tree: CommittedTree, by_folder: dict[str, list[str]]) -> tuple[dict[str, Entry], set[str]]:
    found: dict[str, Entry] = {}
    blocked: set[str] = set()
    for folder, names in by_folder.items():
        try:
            parent = walking.find(tree, folder)
        except NotADirectory:
            blocked.update(paths.join(folder, name) for name in names)
            continue
        if parent is None:
            continue
        if not parent.is_dir:
            blocked.update(paths.join(folder, name) for name in names)
            continue
        for entry in tree.named(parent.node_id, names):
            path = paths.join(folder, entry.name)
            if entry.is_dir:
                blocked.add(path)
            else:
                found[path] = entry
    return found, blocked


def _same_stamp(item: Item, entry: Entry) -> bool:
    return entry.source_stamp == item.stamp and entry.source == item.origin


def _hashes(items: Sequence[Item]) -> dict[int, str]:
    """Return the content ids of files by their order; one that cannot be read is left out, preparing it says why."""
    if not items:
        return {}
    with Helpers(min(HASHERS, len(items)), "holdfast-hash") as pool:
        ids = [pool.begin(partial(_hash, item)) for item in items]
        return {item.order: found for item, each in zip(items, ids, strict=True) if (found := each.result())}


def _hash(item: Item) -> str | None:
    try:
        digest, size = content_id_of(pieces(item.source, item.identity))
    except OSError:
        return None
    return digest if size == item.size else None


def _prepared(item: Item, content_id: str | None) -> Prepared | None:
    media_type = formats.named(item.name) or formats.TEXT
    return (
        Prepared(content_id=content_id, size=item.size, media_type=media_type, data=None, stamp=item.stamp, known=True)
        if content_id
        else None
    )
