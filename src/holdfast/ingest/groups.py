"""Groups: consecutive files that are published as one commit, bounded by count, bytes and time."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog import jobs
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection
from holdfast.catalog.jobs import NewJob
from holdfast.documents import Draft
from holdfast.errors import Conflict, HoldfastError, InvalidPath, IsADirectory, NotADirectory, NotFound
from holdfast.ingest.items import Item
from holdfast.transaction import Effect, Terms, Transaction, immediately

#: the job that is enqueued for what was added
DIGEST = "abstract"

#: what one group may hold
GROUP_FILES = 500
#: bytes, as `Prepared.weight` counts them
GROUP_BYTES = 32 * 1024 * 1024
#: seconds from a group's first file to its publish, when there is enough to do
GROUP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Member:
    """A prepared file in its group."""

    item: Item
    draft: Draft
    stamp: str | None
    #: bytes in memory
    weight: int


@dataclass
class Group:
    """The files gathered for the next publish, in scan order."""

    members: list[Member] = field(default_factory=list)
    weight: int = 0
    #: when its first member came, in seconds of the monotonic clock
    began: float = 0.0

    def add(self, member: Member) -> None:
        """Take one more file."""
        self.began = self.began or time.monotonic()
        self.members.append(member)
        self.weight += member.weight

    @property
    def full(self) -> bool:
        """Whether it may take no more."""
        return len(self.members) >= GROUP_FILES or self.weight >= GROUP_BYTES

    @property
    def due(self) -> bool:
        """Whether it is time to publish it."""
        return bool(self.members) and (self.full or time.monotonic() - self.began >= GROUP_SECONDS)


@dataclass(frozen=True, slots=True)
class Removal:
    """A file that was added once and has vanished from its source."""

    path: str
    #: where it came from
    origin: str
    content_id: str


@dataclass
class Published:
    """What publishing one group did."""

    added: int = 0
    updated: int = 0
    #: files that another writer had put there meanwhile, just so
    unchanged: int = 0
    removed: int = 0
    #: the number of the commit; None when there was nothing to change
    commit: int | None = None
    #: the job that the commit enqueued, or that waited already for the same folder
    job: int | None = None
    failed: list[tuple[Item, HoldfastError]] = field(default_factory=list)
    #: staging: blobs, search rows, fsyncs
    stage_seconds: float = 0.0
    #: waiting for the writer's turn and the publishing SQL transaction
    publish_seconds: float = 0.0


@dataclass(frozen=True)
class Attribution:
    """What the commits of one add carry."""

    message: str
    actor: str


def publish(
    backend: Backend, members: Sequence[Member], by: Attribution, removals: Sequence[Removal] = ()
) -> Published:
    """Publish files and removals as one commit.

    A file that cannot stand where it should, or has changed since it was prepared, fails by itself.
    """
    members, lost = list(members), []
    while True:
        try:
            done = _publish(backend, members, by, removals)
        except Conflict as error:
            changed = [member for member in members if member.draft.body.content_id == error.path]
            if not changed:
                raise
            # The bytes of a large file were no longer those that were hashed: it fails, the others are tried again.
            members = [member for member in members if member not in changed]
            lost += [(member.item, error) for member in changed]
        else:
            done.failed += lost
            return done


def _publish(backend: Backend, members: Sequence[Member], by: Attribution, removals: Sequence[Removal]) -> Published:
    began = turn = time.perf_counter()
    done = Published()

    def action(tx: Transaction) -> None:
        # It runs again when the ground moved, each time from the start.
        nonlocal done, turn
        done, turn = Published(), time.perf_counter()
        _remove(tx, removals, done)
        for member in members:
            _put(tx, member, done)
        terms.effects[:] = [_digest_later(members, done)] if done.added or done.updated else []

    terms = Terms(by.message, by.actor)
    commit = immediately(backend, action, [member.draft for member in members], terms)
    if done.added or done.updated or done.removed:
        done.commit = commit.seq
    done.stage_seconds, done.publish_seconds = turn - began, time.perf_counter() - turn
    return done


def _digest_later(members: Sequence[Member], done: Published) -> Effect:
    """Return what enqueues the job that derives abstracts and overviews of what was added, in the same commit."""
    folder = os.path.commonpath([paths.split(member.item.path)[0] for member in members])
    # One unstarted job for a folder is enough: it works on what stands there when it runs.
    job = NewJob(DIGEST, {"path": folder}, key=f"{DIGEST}:{folder}")

    def effect(conn: Connection, commit: Commit) -> None:
        done.job = jobs.enqueue(conn, job, commit.at)

    return effect


def _put(tx: Transaction, member: Member, done: Published) -> None:
    item = member.item
    try:
        there = _content_at(tx, item.path)
        if there == member.draft.body.content_id:
            done.unchanged += 1
            return
        tx.put(item.path, member.draft, source=item.origin, stamp=member.stamp)
        tx.claim(paths.split(item.path)[0])
    except (IsADirectory, NotADirectory, InvalidPath) as error:
        done.failed.append((item, error))
        return
    if there is None:
        done.added += 1
    else:
        done.updated += 1


def _content_at(tx: Transaction, path: str) -> str | None:
    try:
        return tx.stat(path).content_id
    except NotFound:
        return None


def _remove(tx: Transaction, removals: Sequence[Removal], done: Published) -> None:
    folders = set()
    for removal in removals:
        if _is_still(tx, removal):
            tx.remove(removal.path)
            done.removed += 1
            folders.add(paths.split(removal.path)[0])
    for folder in sorted(folders, key=len, reverse=True):
        _remove_emptied(tx, folder)


def _is_still(tx: Transaction, removal: Removal) -> bool:
    # What somebody else wrote there meanwhile, or moved away, is not ours to remove.
    try:
        found = tx.stat(removal.path)
    except (NotFound, NotADirectory):
        return False
    return (found.source, found.content_id) == (removal.origin, removal.content_id)


def _remove_emptied(tx: Transaction, folder: str) -> None:
    """Remove a directory that has just lost its last file, and those above it that are left with nothing."""
    while len(paths.names(folder)) > 1 and not tx.ls(folder):
        tx.remove(folder)
        folder = paths.split(folder)[0]
