"""Where prepared files go in the tree, inside the transaction that publishes them: put, moved, removed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from holdfast import paths
from holdfast.documents import Draft
from holdfast.errors import AlreadyExists, Conflict, HoldfastError, InvalidPath, IsADirectory, NotADirectory, NotFound
from holdfast.ingest.items import Item
from holdfast.publish.transaction import InternalTransaction


@dataclass(frozen=True, slots=True)
class Member:
    """A prepared file in its group."""

    item: Item
    draft: Draft
    stamp: str | None
    #: bytes in memory
    weight: int


@dataclass(frozen=True, slots=True)
class Removal:
    """A file that was added once and has vanished from its source."""

    path: str
    #: where it came from
    origin: str
    content_id: str


class Vanished:
    """Files that were added from the sources of an add once and are no longer there."""

    def __init__(self, removals: Iterable[Removal] = ()) -> None:
        self._all = list(removals)
        self._by_content: dict[str, list[Removal]] = {}
        self._by_name: dict[tuple[str, str], list[Removal]] = {}
        for removal in self._all:
            self._by_content.setdefault(removal.content_id, []).append(removal)
            self._by_name.setdefault((removal.content_id, paths.split(removal.path)[1]), []).append(removal)

    def __bool__(self) -> bool:
        return bool(self._all)

    def former(self, tx: InternalTransaction, path: str, content_id: str) -> str | None:
        """Return the path of the file that a new one at `path` was, by its content; None when that is not certain.

        Those that the transaction does not show any more are taken. So each is taken once, and which one depends on
        the order of the new files alone, not on how they fall into groups or where an add was killed (G1).
        """
        same_name = self._by_name.get((content_id, paths.split(path)[1]), ())
        return _only(tx, path, same_name) or _only(tx, path, self._by_content.get(content_id, ()))

    def around(self, path: str) -> list[Removal]:
        """Return those where `path` needs a directory, and those below it."""
        return [each for each in self._all if _overlap(each.path, path)]


@dataclass(kw_only=True)
class Published:
    """What publishing one group did."""

    added: int = 0
    updated: int = 0
    #: files that were known under the path of one that has vanished from the source
    moved: int = 0
    #: files that another writer had put there meanwhile, just so
    unchanged: int = 0
    #: those among them of which only where they come from was noted
    adopted: int = 0
    removed: int = 0
    #: the number of the commit; None when there was nothing to change
    commit: int | None = None
    #: the job that the commit enqueued, or that waited already for the same folder
    job: int | None = None
    failed: list[tuple[Item, HoldfastError]] = field(default_factory=list)
    #: staging: blobs, search rows, fsyncs
    stage_seconds: float = 0.0
    #: waiting for other writers to have had their turn, for the intent and for the publish
    wait_seconds: float = 0.0
    #: the publishing SQL transaction
    publish_seconds: float = 0.0


def put(tx: InternalTransaction, members: Iterable[Member], vanished: Vanished, done: Published) -> None:
    """Put files where they go, noting in `done` what became of each; one that cannot stand there fails by itself.

    A new file with the content of one that has vanished from the source is that one, moved.
    """
    left = set()
    for member in members:
        try:
            former = _put(tx, member, vanished, done)
        except (IsADirectory, NotADirectory, InvalidPath, Conflict) as error:
            done.failed.append((member.item, error))
        else:
            left.update([paths.split(former)[0]] if former else [])
    for folder in sorted(left, key=len, reverse=True):
        _remove_emptied(tx, folder, paths.ROOT)


def remove(tx: InternalTransaction, removals: Iterable[Removal], done: Published) -> None:
    """Remove files that are still as they were found, with the directories they leave empty."""
    left = {paths.split(removal.path)[0] for removal in removals if _remove(tx, removal, done)}
    for folder in sorted(left, key=len, reverse=True):
        _remove_emptied(tx, folder, paths.ROOT)


def obstacle(tx: InternalTransaction, path: str, vanished: Vanished) -> HoldfastError | None:
    """Return why no file can be put at `path`, if so, once what vanished there is removed."""
    if vanished:
        _clear(tx, path, vanished, Published())
    try:
        tx.mkdir(paths.split(path)[0], parents=True, exist_ok=True)
        is_directory = tx.exists(path) and tx.stat(path).is_dir
    except (NotADirectory, AlreadyExists) as error:
        return NotADirectory(error.message, path=error.path)
    return IsADirectory(f"{path} is a directory", path=path) if is_directory else None


def _put(tx: InternalTransaction, member: Member, vanished: Vanished, done: Published) -> str | None:
    """Put one file; returns the path that it was moved from, if it was."""
    path, content_id = member.item.path, member.draft.body.content_id
    there = _content_at(tx, path)
    if there == content_id:
        done.adopted += _note_origin(tx, member)
        done.unchanged += 1
        return None
    if there is not None and there != member.item.standing:
        # What stood there when it was looked at may be replaced, and nothing else.
        raise Conflict(f"{path} was changed meanwhile by somebody else", path=path, remedy="Add it again")
    former = _former(tx, member, vanished, done) if there is None and vanished else None
    if former is not None:
        _move(tx, former, member)
    else:
        tx.put(path, member.draft, source=member.item.origin, stamp=member.stamp)
    tx.claim(paths.split(path)[0])
    done.moved += former is not None
    done.added += there is None and former is None
    done.updated += there is not None
    return former


def _note_origin(tx: InternalTransaction, member: Member) -> bool:
    """Note where a file comes from now, when it was found to hold what the store has from a place that is no more."""
    if member.item.standing != member.draft.body.content_id:
        return False
    tx.came_from(member.item.path, member.item.origin, member.stamp)
    tx.claim(paths.split(member.item.path)[0])
    return True


def _content_at(tx: InternalTransaction, path: str) -> str | None:
    try:
        return tx.stat(path).content_id
    except (NotFound, NotADirectory):
        return None


def _former(tx: InternalTransaction, member: Member, vanished: Vanished, done: Published) -> str | None:
    """Return the path that a new file is to be moved from, if any; what vanished in its way is removed."""
    path = member.item.path
    _clear(tx, path, vanished, done)
    return None if _blocked(tx, path) else vanished.former(tx, path, member.draft.body.content_id)


def _clear(tx: InternalTransaction, path: str, vanished: Vanished, done: Published) -> None:
    """Remove what vanished from the source and is in the way of a file at `path`."""
    if _blocked(tx, path):
        for removal in vanished.around(path):
            if _remove(tx, removal, done) and paths.is_within(removal.path, path):
                _remove_emptied(tx, paths.split(removal.path)[0], path)


def _blocked(tx: InternalTransaction, path: str) -> bool:
    """Return whether a directory stands at `path`, or a file where it needs a directory."""
    try:
        return tx.stat(path).is_dir
    except NotFound:
        return False
    except NotADirectory:
        return True


def _move(tx: InternalTransaction, former: str, member: Member) -> None:
    path = member.item.path
    tx.mkdir(paths.split(path)[0], parents=True, exist_ok=True)
    tx.move(former, path)
    tx.came_from(path, member.item.origin, member.stamp)


def _only(tx: InternalTransaction, path: str, candidates: Iterable[Removal]) -> str | None:
    """Return the path of the one candidate that is still there and could be moved to `path`; None unless just one."""
    could = (each.path for each in candidates if not _overlap(each.path, path) and _is_still(tx, each))
    found = list(islice(could, 2))
    return found[0] if len(found) == 1 else None


def _overlap(one: str, other: str) -> bool:
    return paths.is_within(one, other) or paths.is_within(other, one)


def _remove(tx: InternalTransaction, removal: Removal, done: Published) -> bool:
    if not _is_still(tx, removal):
        return False
    tx.remove(removal.path)
    done.removed += 1
    return True


def _is_still(tx: InternalTransaction, removal: Removal) -> bool:
    # What somebody else wrote there meanwhile, or moved away, is not ours to remove.
    try:
        found = tx.stat(removal.path)
    except (NotFound, NotADirectory):
        return False
    return (found.source, found.content_id) == (removal.origin, removal.content_id)


def _remove_emptied(tx: InternalTransaction, folder: str, top: str) -> None:
    """Remove a directory that has lost its last file, and those above it up to `top` that are left with nothing."""
    while len(paths.names(folder)) > 1 and paths.is_within(folder, top) and tx.exists(folder):
        if any(tx.ls(folder)):
            return
        tx.remove(folder)
        folder = paths.split(folder)[0]
