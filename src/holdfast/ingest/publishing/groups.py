"""Groups: consecutive files that are published as one commit, bounded by count, bytes and time."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection
from holdfast.catalog.work import jobs
from holdfast.catalog.work.enqueueing import NewJob
from holdfast.errors import Conflict
from holdfast.ingest.publishing import placement
from holdfast.ingest.publishing.placement import Member, Published, Removal, Vanished
from holdfast.publish.committing import CommitOptions, Effect
from holdfast.publish.transaction import InternalTransaction, publish_at_head

#: the job that is enqueued for what was added
DIGEST = "abstract"

#: what one group may hold: bytes, as `Prepared.weight` counts them
GROUP_BYTES = 32 * 1024 * 1024
#: seconds from a group's first file to its publish, when there is enough to do
GROUP_SECONDS = 1.0
#: for an add that prunes nothing
NOTHING_VANISHED = Vanished()


@dataclass
class Group:
    """The files gathered for the next publish, in scan order."""

    #: files that it may hold
    most: int
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
        return len(self.members) >= self.most or self.weight >= GROUP_BYTES

    @property
    def due(self) -> bool:
        """Whether it is time to publish it."""
        return bool(self.members) and (self.full or time.monotonic() - self.began >= GROUP_SECONDS)


@dataclass(frozen=True)
class Attribution:
    """What the commits of one add carry."""

    branch: Branch
    message: str
    actor: str


def publish(
    backend: Backend,
    members: Sequence[Member],
    by: Attribution,
    removals: Sequence[Removal] = (),
    vanished: Vanished = NOTHING_VANISHED,
) -> Published:
    """Publish files and removals as one commit; a new file with the content of one that has `vanished` is that one.

    A file that cannot stand where it should, or has changed since it was prepared, fails by itself.
    """
    members, lost = list(members), []
    while True:
        try:
            done = _publish(backend, members, by, removals, vanished)
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


def _publish(
    backend: Backend, members: Sequence[Member], by: Attribution, removals: Sequence[Removal], vanished: Vanished
) -> Published:
    began = turn = time.perf_counter()
    waited = backend.engine.waited
    done = Published()

    def action(tx: InternalTransaction) -> None:
        # It runs again when the ground moved, each time from the start.
        nonlocal done, turn
        done, turn = Published(), time.perf_counter()
        placement.remove(tx, removals, done)
        placement.put(tx, members, vanished, done)
        terms.effects[:] = [_digest_later(by.branch, members, done)] if done.added or done.updated or done.moved else []

    terms = CommitOptions(by.branch, by.message, by.actor)
    commit = publish_at_head(backend, action, [member.draft for member in members], terms)
    if done.added or done.updated or done.moved or done.removed or done.adopted:
        done.commit = commit.id
    done.wait_seconds = backend.engine.waited - waited
    done.stage_seconds = max(0.0, turn - began - done.wait_seconds)
    done.publish_seconds = time.perf_counter() - turn
    return done


def _digest_later(branch: Branch, members: Sequence[Member], done: Published) -> Effect:
    """Return what enqueues the job that derives abstracts and overviews of what was added, in the same commit."""
    folder = os.path.commonpath([paths.split(member.item.path)[0] for member in members])
    # One unstarted job for a folder is enough: it works on what stands there when it runs.
    job = NewJob(kind=DIGEST, payload={"path": folder}, key=f"{DIGEST}:{folder}")

    def effect(conn: Connection, commit: Commit) -> None:
        done.job = jobs.enqueue(conn, branch, job, commit.at.timestamp())

    return effect
